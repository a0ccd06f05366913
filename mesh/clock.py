"""Time as the services see it: microseconds since the Unix epoch, UTC."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now_micros(self) -> int:
        """Return the time in microseconds since the Unix epoch."""


class ControlledClock:
    """The machine's clock, until it is turned; then it stands still until it is turned again or reset."""

    def __init__(self) -> None:
        self._system = SystemClock()
        self._stopped_at: int | None = None

    @property
    def stopped(self) -> bool:
        """Whether it stands still."""
        return self._stopped_at is not None

    def now_micros(self) -> int:
        """Return the time in microseconds since the Unix epoch."""
        return self._system.now_micros() if self._stopped_at is None else self._stopped_at

    def turn_to(self, micros: int) -> None:
        """Stop it at a time."""
        self._stopped_at = micros

    def reset(self) -> None:
        """Let it run as the machine's again."""
        self._stopped_at = None


class SystemClock:
    """The machine's clock."""

    def now_micros(self) -> int:
        """Return the time in microseconds since the Unix epoch."""
        return time.time_ns() // 1000


def steady_micros() -> int:
    """Return microseconds that nobody turns, and that go on while the machine sleeps."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000


def steady_seconds() -> float:
    """Return `steady_micros` in seconds."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
