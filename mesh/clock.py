"""Time as the services see it: microseconds since the Unix epoch, UTC."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Where the time comes from."""

    def now_micros(self) -> int:
        """Return the time in microseconds since the Unix epoch."""


class SystemClock:
    """The machine's clock."""

    def now_micros(self) -> int:
        """Return the time in microseconds since the Unix epoch."""
        return time.time_ns() // 1000
