"""The ledger: what the mesh acknowledged. It is all that the checker believes."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Ledger:
    """Acknowledged operations, those without an answer yet, and answers that nobody may get."""

    begun: set[str] = field(default_factory=set)
    """Business keys of all starts that were asked for."""
    started: dict[str, str] = field(default_factory=dict)
    """Business key to instance id."""
    published: dict[str, str] = field(default_factory=dict)
    """Message id to correlation key."""
    completed_tasks: set[str] = field(default_factory=set)
    completed_jobs: dict[str, str] = field(default_factory=dict)
    """Job id to the lease token that completed it."""
    surprises: list[str] = field(default_factory=list)
    """Answers that are wrong whatever broke: conflicts, internal errors, a second id for one request."""
    starts_at: list[float] = field(default_factory=list)
    """When starts were acknowledged, by the monotonic clock."""
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def next_key(self) -> str:
        """Return the business key of an instance to start."""
        key = f"order-{next(self._numbers)}"
        self.begun.add(key)
        return key

    def start(self, key: str, instance_id: str) -> None:
        """Note a start."""
        self.starts_at.append(time.monotonic())
        if self.started.setdefault(key, instance_id) != instance_id:
            self.surprises.append(f"{key} was started as {self.started[key]} and as {instance_id}")

    def job(self, job_id: str, lease_token: str) -> None:
        """Note the completion of a job."""
        if self.completed_jobs.setdefault(job_id, lease_token) != lease_token:
            self.surprises.append(f"job {job_id} was completed under two leases")

    @property
    def operations(self) -> int:
        """How many operations were acknowledged."""
        return len(self.started) + len(self.published) + len(self.completed_tasks) + len(self.completed_jobs)

    def longest_gap(self, begin: float, end: float) -> float:
        """Return the longest time without an acknowledged start between two moments, in seconds."""
        moments = [begin, *(moment for moment in self.starts_at if begin < moment < end), end]
        return max(later - earlier for earlier, later in itertools.pairwise(moments))
