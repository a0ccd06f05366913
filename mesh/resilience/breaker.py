"""Circuit breaker: what fails again and again is left alone for a while, and its callers get their answer at once.

Closed it lets everything through and counts; open it refuses; half-open it lets one try through, whose outcome decides.
Only what says that the dependency does not work counts as a failure: an error of the caller's own (a broken
constraint, a wrong statement) shows that it does.
"""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from mesh.errors import DependencyDown
from mesh.logs import get_log
from mesh.metrics import Family, Gauge, Metrics

T = TypeVar("T")

_log = get_log(__name__)


class BreakerState(IntEnum):
    """The value is that of the metric."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


@dataclass(frozen=True, slots=True)
class BreakerLimits:
    """When a breaker opens, and for how long.

    It opens after so many failures in a row, or where of at least `least_calls` within `window_seconds` the share
    `failure_rate` failed. It stays open for `open_seconds` (a little more by chance, so that processes do not try at
    the same moment), twice as long after each failed try, up to `longest_open_seconds`. A try that has no outcome
    after `try_seconds` makes room for another one.
    """

    failures_in_row: int = 5
    failure_rate: float = 0.5
    least_calls: int = 20
    window_seconds: float = 10.0
    open_seconds: float = 0.5
    longest_open_seconds: float = 5.0
    try_seconds: float = 10.0


class BreakerOpen(DependencyDown):
    """UNAVAILABLE: the dependency is being left alone; the caller may come back after `retry_after_seconds`."""

    def __init__(self, dependency: str, retry_after_seconds: float) -> None:
        super().__init__(
            "DEPENDENCY_UNAVAILABLE",
            f"the {dependency} has not answered lately and is left alone for a moment; send the call again, with the "
            "same request id where it has one",
            metadata={"dependency": dependency},
            retry_after_seconds=retry_after_seconds,
        )
        self.dependency = dependency


class BreakerMetrics:
    """`flowmesh_dependency_breaker_state{dependency}`; made once for each `Metrics`."""

    def __init__(self, metrics: Metrics) -> None:
        self.state: Family[Gauge] = metrics.gauge(
            "flowmesh_dependency_breaker_state",
            "Circuit breaker of a dependency: 0 closed, 1 half-open, 2 open.",
            ("dependency",),
        )
        self.opened = metrics.counter(
            "flowmesh_dependency_breaker_opened_total", "How often a dependency was left alone.", ("dependency",)
        )


class CircuitBreaker:
    """The breaker of one dependency, for one event loop.

    Either `run` does a piece of work under it; or each piece begins with `admit` and ends with exactly one of
    `succeeded`, `failed` and `given_up`. `failures` are the exceptions that count against the dependency for `run`,
    `answers` those of their kinds that do not.
    """

    def __init__(
        self,
        dependency: str,
        failures: tuple[type[Exception], ...] = (OSError, TimeoutError),
        *,
        answers: tuple[type[Exception], ...] = (),
        limits: BreakerLimits | None = None,
        metrics: BreakerMetrics | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.dependency = dependency
        self.state = BreakerState.CLOSED
        self._failures = failures
        self._answers = answers
        self._limits = limits or BreakerLimits()
        self._monotonic = monotonic
        self._jitter = jitter
        self._gauge = metrics.state.at(dependency) if metrics else Gauge()
        self._opened = metrics.opened.at(dependency) if metrics else None
        self._in_row = 0
        # Two halves of the window: [calls, failures] of the one that runs and of the one before.
        self._now_half = [0, 0]
        self._last_half = [0, 0]
        self._half_ends = 0.0
        self._open_until = 0.0
        self._open_seconds = self._limits.open_seconds
        self._try_began: float | None = None

    def admit(self) -> None:
        """Let a piece of work begin. Raises `BreakerOpen` where it must not."""
        if self.state is BreakerState.CLOSED:
            return
        now = self._monotonic()
        if self.state is BreakerState.OPEN:
            if now < self._open_until:
                raise BreakerOpen(self.dependency, self._open_until - now)
            self._become(BreakerState.HALF_OPEN)
        elif self._try_began is not None and now < self._try_began + self._limits.try_seconds:
            raise BreakerOpen(self.dependency, self._limits.open_seconds)
        self._try_began = now

    def succeeded(self) -> None:
        """The dependency answered."""
        self._in_row = 0
        if self.state is not BreakerState.CLOSED:
            # Whatever was begun before it opened counts as well: an answer is an answer.
            self._close()
        else:
            self._count(failed=False)

    def failed(self) -> None:
        """The dependency did not answer, or said that it cannot work."""
        self._in_row += 1
        if self.state is BreakerState.OPEN:
            return
        if self.state is BreakerState.HALF_OPEN:
            self._open_seconds = min(self._open_seconds * 2, self._limits.longest_open_seconds)
            self._open()
            return
        self._count(failed=True)
        calls = self._now_half[0] + self._last_half[0]
        failures = self._now_half[1] + self._last_half[1]
        if self._in_row >= self._limits.failures_in_row or (
            calls >= self._limits.least_calls and failures >= self._limits.failure_rate * calls
        ):
            self._open()

    def given_up(self) -> None:
        """The work ended without showing anything, for example because its caller went away."""
        self._try_began = None

    async def run(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do a piece of work. Raises `BreakerOpen`, or what the work raises."""
        self.admit()
        try:
            result = await work()
        except self._failures as error:
            if isinstance(error, self._answers):
                self.succeeded()
            else:
                self.failed()
            raise
        except Exception:
            self.succeeded()
            raise
        except BaseException:
            self.given_up()
            raise
        self.succeeded()
        return result

    def _count(self, *, failed: bool) -> None:
        now = self._monotonic()
        if now >= self._half_ends:
            half = self._limits.window_seconds / 2
            self._last_half = self._now_half if now < self._half_ends + half else [0, 0]
            self._now_half = [0, 0]
            self._half_ends = now + half
        self._now_half[0] += 1
        self._now_half[1] += failed

    def _open(self) -> None:
        self._try_began = None
        self._open_until = self._monotonic() + self._open_seconds * (1 + self._jitter() / 4)
        if self._opened is not None:
            self._opened.add()
        self._become(BreakerState.OPEN)

    def _close(self) -> None:
        self._try_began = None
        self._now_half, self._last_half = [0, 0], [0, 0]
        self._open_seconds = self._limits.open_seconds
        self._become(BreakerState.CLOSED)

    def _become(self, state: BreakerState) -> None:
        if state is not BreakerState.HALF_OPEN and self.state is not BreakerState.HALF_OPEN:
            _log.warning("The circuit breaker of a dependency changed", dependency=self.dependency, state=state.name)
        elif state is BreakerState.CLOSED:
            _log.warning("A dependency works again", dependency=self.dependency)
        self.state = state
        self._gauge.set(float(state))
