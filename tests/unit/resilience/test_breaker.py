"""The circuit breaker, by a clock that the test turns."""

from __future__ import annotations

import asyncio

import pytest

from mesh.metrics import Metrics
from mesh.resilience.breaker import BreakerLimits, BreakerMetrics, BreakerOpen, CircuitBreaker

LIMITS = BreakerLimits(
    failures_in_row=3,
    failure_rate=0.5,
    least_calls=10,
    window_seconds=10,
    open_seconds=1,
    longest_open_seconds=4,
    try_seconds=5,
)


class Down(Exception):
    pass


class Breaker:
    """A breaker with its time and metrics."""

    def __init__(self) -> None:
        self.now = 100.0
        self.metrics = Metrics()
        self.breaker = CircuitBreaker(
            "database",
            (Down,),
            limits=LIMITS,
            metrics=BreakerMetrics(self.metrics),
            monotonic=lambda: self.now,
            jitter=lambda: 0.0,
        )

    def fail(self, times: int = 1) -> None:
        for _ in range(times):
            self.breaker.admit()
            self.breaker.failed()

    def succeed(self, times: int = 1) -> None:
        for _ in range(times):
            self.breaker.admit()
            self.breaker.succeeded()

    def refused(self) -> float:
        with pytest.raises(BreakerOpen) as raised:
            self.breaker.admit()
        assert raised.value.metadata == {"dependency": "database"}
        return raised.value.retry_after_seconds

    @property
    def state(self) -> str:
        return self.breaker.state.name

    def shown(self) -> float:
        lines = self.metrics.exposition()[0].decode().splitlines()
        name = 'flowmesh_dependency_breaker_state{dependency="database"} '
        return next(float(line.removeprefix(name)) for line in lines if line.startswith(name))


def test_failures_in_a_row_open_it() -> None:
    it = Breaker()
    it.fail(2)
    it.succeed()
    it.fail(2)
    assert it.state == "CLOSED"
    it.fail()
    assert it.state == "OPEN"
    assert it.shown() == 2
    assert it.refused() == pytest.approx(1)
    it.now += 0.75
    assert it.refused() == pytest.approx(0.25)


def test_a_rate_of_failures_opens_it() -> None:
    it = Breaker()
    for _ in range(4):
        it.succeed()
        it.fail()
    assert it.state == "CLOSED", "too few calls to tell"
    it.succeed()
    it.fail()
    assert it.state == "OPEN"


def test_old_failures_are_forgotten() -> None:
    it = Breaker()
    for _ in range(4):
        it.succeed()
        it.fail()
    it.now += 11
    it.succeed(6)
    it.fail()
    assert it.state == "CLOSED"


def test_a_try_that_succeeds_closes_it() -> None:
    it = Breaker()
    it.fail(3)
    it.now += 1.5
    it.breaker.admit()
    assert (it.state, it.shown()) == ("HALF_OPEN", 1)
    assert it.refused() == pytest.approx(1), "one try at a time"
    it.breaker.succeeded()
    assert (it.state, it.shown()) == ("CLOSED", 0)
    it.fail(2)
    assert it.state == "CLOSED", "what was before it opened is forgotten"


def test_tries_that_fail_keep_it_open_longer_up_to_a_limit() -> None:
    it = Breaker()
    it.fail(3)
    waits = []
    for _ in range(4):
        waits.append(it.refused())
        it.now += waits[-1]
        it.fail()
    assert waits == [pytest.approx(seconds) for seconds in (1, 2, 4, 4)]
    it.now += 4
    it.succeed()
    it.fail(3)
    assert it.refused() == pytest.approx(1)


def test_a_try_whose_caller_went_away_makes_room() -> None:
    it = Breaker()
    it.fail(3)
    it.now += 1
    it.breaker.admit()
    it.breaker.given_up()
    it.breaker.admit()
    it.refused()
    it.now += 5
    it.breaker.admit()


async def test_work_under_it() -> None:
    it = Breaker()
    asked = 0

    async def fine() -> str:
        return "fine"

    async def wrong() -> str:
        raise ValueError("the caller's own")

    async def down() -> str:
        nonlocal asked
        asked += 1
        raise Down

    assert await it.breaker.run(fine) == "fine"
    for _ in range(20):
        with pytest.raises(ValueError, match="own"):
            await it.breaker.run(wrong)
    assert it.state == "CLOSED"
    for _ in range(3):
        with pytest.raises(Down):
            await it.breaker.run(down)
    with pytest.raises(BreakerOpen):
        await it.breaker.run(down)
    assert asked == 3
    it.now += 1
    hanging = asyncio.create_task(it.breaker.run(asyncio.Event().wait))
    await asyncio.sleep(0)
    hanging.cancel()
    await asyncio.wait([hanging])
    assert await it.breaker.run(fine) == "fine"
    assert it.state == "CLOSED"
