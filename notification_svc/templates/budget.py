"""What one rendering may still take."""

from __future__ import annotations

import time
from typing import Any

from notification_svc.templates.template import Reader, RenderLimits

CONTEXT_NAME = "_budget"
"""Under which name filters find it; templates cannot name what begins with an underscore."""
_LOOK_EVERY = 32


class LimitReached(Exception):
    """The rendering took too much; the message says of what."""


class Budget:
    """Counts steps and looks at the time. Computing time, since a machine that is busy is no fault of a template."""

    __slots__ = ("_deadline", "_left", "_seconds", "_steps", "_value_characters", "reader")

    def __init__(self, limits: RenderLimits, reader: Reader) -> None:
        self.reader = reader
        self._steps = limits.steps
        self._left = limits.steps
        self._seconds = limits.cpu_seconds
        self._deadline = time.thread_time() + limits.cpu_seconds
        self._value_characters = limits.value_characters

    def step(self) -> None:
        """Count a step. Raises LimitReached."""
        self._left -= 1
        if self._left < 0:
            raise LimitReached(f"it takes more than {self._steps} steps: turns of loops, filters and operators")
        if self._left % _LOOK_EVERY == 0:
            self.look()

    def look(self) -> None:
        """Look at the time. Raises LimitReached."""
        if time.thread_time() > self._deadline:
            raise LimitReached(f"it takes more than {self._seconds:g} s of computing time")

    def value(self, value: Any) -> Any:
        """Return a value that is not too long. Raises LimitReached."""
        if isinstance(value, str) and len(value) > self._value_characters:
            raise LimitReached(f"a text on its way has more than {self._value_characters} characters")
        return value
