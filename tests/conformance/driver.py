"""What a case needs of an engine: commands by element id, and what can be seen. Two things implement it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.conformance.case import Step


class Refused(Exception):
    """A deployment was refused; `rules` says why."""

    def __init__(self, rules: Sequence[str], messages: Sequence[str]) -> None:
        super().__init__("; ".join(messages))
        self.rules = tuple(rules)


class Failed(Exception):
    """A command was refused, and changed nothing."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(f"{reason}: {message}")
        self.reason = reason


class CannotDo(Exception):
    """This driver does not know a verb or an expectation (yet)."""


@dataclass
class Outcome:
    """What a command answered."""

    caught: bool | None = None
    """Whether an error that was thrown was caught."""
    fired: int | None = None
    """How many waited for what came."""


@dataclass
class Seen:
    """How an instance, or all of them together, can be seen to stand."""

    open: list[str] = field(default_factory=list)
    jobs: list[str] = field(default_factory=list)
    timers: list[str] = field(default_factory=list)
    async_jobs: list[str] = field(default_factory=list)
    waiting: list[str] = field(default_factory=list)
    subscriptions: list[str] = field(default_factory=list)
    enabled: list[str] = field(default_factory=list)
    """Activities of ad-hoc sub-processes that can be begun."""
    variables: dict[str, Any] = field(default_factory=dict)
    local: dict[str, dict[str, Any]] = field(default_factory=dict)
    """Variables of the scopes of running activities by element id: those of the oldest activity of each."""
    begun: Counter[str] = field(default_factory=Counter)
    completed: list[str] = field(default_factory=list)
    status: str = ""
    ended: bool = False
    incidents: list[dict[str, str]] = field(default_factory=list)
    tasks: dict[str, dict[str, Any]] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    inputs: dict[str, dict[str, Any]] = field(default_factory=dict)
    retries: dict[str, int] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    priorities: dict[str, int] = field(default_factory=dict)
    business_key: str = ""


class Driver(Protocol):
    """An engine with the definitions of one case."""

    async def deploy(self, models: Sequence[bytes]) -> list[str]:
        """Deploy files, each as a deployment of its own; return the rules of the warnings. Raises `Refused`."""

    async def do(self, step: Step) -> Outcome:
        """Do what a step says. Raises `Failed`, `CannotDo`."""

    async def see(self, instance: str | None, wanted: Mapping[str, Any]) -> Seen:
        """Look at all instances together, or at one: by its alias, else the first one of that process.

        Only what is wanted needs to be looked up.
        """

    async def close(self) -> None:
        """Let go of everything."""
