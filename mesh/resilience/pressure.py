"""Back-pressure: while something behind a service cannot keep up, new work is refused before it is begun.

What is watched says how far behind it is, as a number with a bound. From the bound on work that adds to the load (a
new instance) is refused, from twice the bound on whatever writes; what reads is never. It ends at half the value at
which it began, so that it does not flicker.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from mesh.background import end
from mesh.errors import Overload
from mesh.logs import get_log
from mesh.metrics import Metrics

LOOK_SECONDS = 0.1
_ALL_AT = 2.0
"""How many times the bound everything that writes is refused at."""
_ENDS_AT = 0.5
"""Share of the value it began at, at which a refusal ends."""

_log = get_log(__name__)


class Demand(IntEnum):
    """What a method asks of what is behind the service; the value is the level from which it is refused."""

    NEW_WORK = 1
    WORK = 2
    NONE = 3


@dataclass(frozen=True, slots=True)
class Watched:
    """Something that may fall behind.

    `name` is its label in the metrics, `about` a sentence for callers with the value as `{value:g}`; `read` must be
    cheap, it is asked ten times a second.
    """

    name: str
    about: str
    bound: float
    read: Callable[[], float]


class BackPressure:
    """The level of a process: 0 nothing is refused, 1 new work is, 2 all that writes is."""

    def __init__(self, watched: Sequence[Watched] = (), *, metrics: Metrics | None = None) -> None:
        self.level = 0
        self._watched = tuple(watched)
        self._levels = [0] * len(watched)
        self._values = [0.0] * len(watched)
        self._task: asyncio.Task[None] | None = None
        if metrics is not None:
            level = metrics.gauge(
                "flowmesh_backpressure_level",
                "What is refused because this is behind: 0 nothing, 1 new work, 2 all that writes.",
                ("source",),
            )
            value = metrics.gauge(
                "flowmesh_backpressure_value_ratio", "How far this is behind, as a share of its bound.", ("source",)
            )
            self._gauges = [(level.at(each.name), value.at(each.name)) for each in watched]
        else:
            self._gauges = []

    def look(self) -> None:
        """Ask everything that is watched, and set the level."""
        for number, each in enumerate(self._watched):
            value = self._values[number] = each.read()
            before = self._levels[number]
            level = self._levels[number] = _level(before, value / each.bound)
            if level != before:
                _log.warning("Back-pressure changed", source=each.name, level=level, value=round(value, 3))
        self.level = max(self._levels, default=0)
        for (level_gauge, ratio), level, value, each in zip(
            self._gauges, self._levels, self._values, self._watched, strict=False
        ):
            level_gauge.set(level)
            ratio.set(value / each.bound)

    def refusal(self, retry_after_seconds: float) -> Overload:
        """Return the error for a call that is refused; callers are asked to come back at different times."""
        number = max(range(len(self._watched)), key=self._levels.__getitem__)
        each = self._watched[number]
        return Overload(
            "BACKPRESSURE",
            f"{each.about.format(value=self._values[number])}; come back later",
            retry_after_seconds=retry_after_seconds * (1 + random.random()),  # noqa: S311 - spreads callers
        )

    def start(self) -> None:
        """Look again and again until `stop`."""
        self._task = asyncio.create_task(self._run(), name="back-pressure")

    async def stop(self) -> None:
        """End."""
        await end(self._task)

    async def _run(self) -> None:
        while True:
            self.look()
            await asyncio.sleep(LOOK_SECONDS)


def _level(before: int, ratio: float) -> int:
    """Return the level for a value as a share of its bound."""
    if ratio >= _ALL_AT or (before == 2 and ratio > _ALL_AT * _ENDS_AT):
        return 2
    return 1 if ratio >= 1 or (before >= 1 and ratio > _ENDS_AT) else 0
