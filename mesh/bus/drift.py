"""What differs between the topics as they are and as they should be. Nothing of it is mended by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from mesh.bus.port import TopicSpec, TopicState

MISSING = "missing"
PARTITIONS = "partitions"
RETENTION = "retention_seconds"
REPLICATION = "replication"
MIN_INSYNC = "min_insync_replicas"


@dataclass(slots=True, frozen=True)
class TopicDrift:
    """One thing that differs. `what`: `MISSING` or the name of a setting; `wanted`, `found`: its values, else 0."""

    topic: str
    what: str
    wanted: int = 0
    found: int = 0

    def __str__(self) -> str:
        if self.what == MISSING:
            return f"{self.topic}: does not exist"
        return f"{self.topic}: {self.what} is {self.found}, should be {self.wanted}"


def compare(
    specs: Iterable[TopicSpec], states: Sequence[TopicState], *, replication: int = 1, min_insync_replicas: int = 1
) -> list[TopicDrift]:
    """Return what differs, by topic in the order of `specs`. Topics that nobody specified are left out."""
    found = {state.name: state for state in states}
    drift: list[TopicDrift] = []
    for spec in specs:
        state = found.get(spec.name)
        if state is None:
            drift.append(TopicDrift(spec.name, MISSING))
            continue
        compared = (
            (PARTITIONS, spec.partitions, state.partitions),
            (RETENTION, spec.retention_seconds, state.retention_seconds),
            (REPLICATION, replication, state.replication),
            (MIN_INSYNC, min_insync_replicas, state.min_insync_replicas),
        )
        drift += [TopicDrift(spec.name, what, wanted, has) for what, wanted, has in compared if wanted != has]
    return drift
