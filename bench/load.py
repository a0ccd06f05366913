"""A closed loop of callers, and what it saw."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bench.processes import Server

Work = Callable[[], Awaitable[object]]
"""One unit of work; raises where it fails, which ends the benchmark."""


@dataclass(slots=True, frozen=True)
class Window:
    """What was done in a stretch of time. `rate`: units a second; `p50`, `p99`: ms; `server_micros`: CPU a unit."""

    rate: float
    p50: float
    p99: float
    server_micros: float


async def run_window(work: Work, in_flight: int, seconds: float, server: Server) -> Window:
    """Keep `in_flight` units of work going for so many seconds."""
    taken: list[float] = []
    clock = time.perf_counter
    cpu = server.cpu_seconds()
    started = clock()
    end = started + seconds

    async def caller() -> None:
        now = clock()
        while now < end:
            await work()
            after = clock()
            taken.append(after - now)
            now = after

    async with asyncio.TaskGroup() as callers:
        for _ in range(in_flight):
            callers.create_task(caller())
    elapsed = clock() - started
    spent = server.cpu_seconds() - cpu
    taken.sort()
    return Window(
        rate=len(taken) / elapsed,
        p50=_percentile(taken, 0.50) * 1000,
        p99=_percentile(taken, 0.99) * 1000,
        server_micros=spent / len(taken) * 1e6,
    )


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
