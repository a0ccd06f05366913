"""What was measured at one point, over its rounds."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field

from bench.load import Window


@dataclass(slots=True)
class Point:
    """A workload at a number of calls in flight. `reference`: the echo's rate around each window."""

    workload: str
    in_flight: int
    calls: int = 1
    """Calls that a unit of work makes."""
    windows: list[Window] = field(default_factory=list)
    reference: list[float] = field(default_factory=list)

    @property
    def best(self) -> Window:
        """The window with the highest rate."""
        return max(self.windows, key=lambda window: window.rate)

    @property
    def spread(self) -> float:
        """How far the slowest window is below the best, as a share."""
        return 1 - min(window.rate for window in self.windows) / self.best.rate

    @property
    def ratio(self) -> float | None:
        """Calls a second as a share of the echo's around the same moment: the median over the rounds."""
        if not self.reference:
            return None
        pairs = zip(self.windows, self.reference, strict=True)
        return statistics.median(window.rate * self.calls / reference for window, reference in pairs)

    def as_json(self) -> dict[str, object]:
        """Return everything, for programs."""
        return {
            "workload": self.workload,
            "in_flight": self.in_flight,
            "calls_a_unit": self.calls,
            "rate": self.best.rate,
            "p50_ms": self.best.p50,
            "p99_ms": self.best.p99,
            "server_cpu_micros": self.best.server_micros,
            "spread": self.spread,
            "ratio_to_echo": self.ratio,
            "windows": [asdict(window) for window in self.windows],
        }


@dataclass(slots=True)
class Throughput:
    """A figure without calls in flight: what was done a second in each round."""

    workload: str
    unit: str
    rates: list[float] = field(default_factory=list)

    @property
    def best(self) -> float:
        """The highest rate."""
        return max(self.rates)

    @property
    def spread(self) -> float:
        """How far the slowest round is below the best, as a share."""
        return 1 - min(self.rates) / self.best

    def as_json(self) -> dict[str, object]:
        """Return everything, for programs."""
        return {
            "workload": self.workload,
            "unit": self.unit,
            "rate": self.best,
            "spread": self.spread,
            "rates": self.rates,
        }
