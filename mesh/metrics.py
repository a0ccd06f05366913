"""Metrics of a process: cheap instruments, shown in Prometheus' text format.

The instruments are plain objects: an update is 0.1-0.5 µs, without a lock. prometheus-client (35-50 ms and 2 MB
at import, most of it an HTTP server) does what it is best at, the exposition and the metrics of the process; it is
imported by the first scrape, in the thread that answers it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from prometheus_client.core import Metric
    from prometheus_client.registry import CollectorRegistry

SECONDS_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds for durations of calls, in seconds."""


# `x += n` on an attribute runs without giving up the interpreter lock in between (no call, no backward jump), so
# the instruments may be used from the database's threads as well.
class Counter:
    """A number that only grows."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def add(self, amount: float = 1.0) -> None:
        """Add an amount, not below 0."""
        self.value += amount


class Gauge:
    """A number that rises and falls."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0.0

    def set(self, value: float) -> None:
        """Set the number."""
        self.value = value

    def add(self, amount: float) -> None:
        """Change the number by an amount."""
        self.value += amount


class Histogram:
    """Counts values by bucket and sums them up."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float] = SECONDS_BUCKETS) -> None:
        self.bounds = tuple(map(float, bounds))
        self.counts = [0] * (len(self.bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        """Count a value in the first bucket whose bound is not below it."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    def cumulative(self) -> list[tuple[str, float]]:
        """Return the buckets as Prometheus wants them: bound and the number of values up to it."""
        total = 0
        buckets = []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), list(self.counts), strict=True):
            total += count
            buckets.append((bound, float(total)))
        return buckets


Instrument = TypeVar("Instrument", Counter, Gauge, Histogram)


class Family(Generic[Instrument]):
    """The instruments of one metric, one for each combination of label values."""

    def __init__(self, name: str, about: str, labels: Sequence[str], make: Callable[[], Instrument]) -> None:
        self.name = name
        self.about = about
        self.labels = tuple(labels)
        self._make: Callable[[], Instrument] = make
        self._children: dict[tuple[str, ...], Instrument] = {}

    def at(self, *values: str) -> Instrument:
        """Return the instrument of these label values, made where missing; keep it where the path is hot.

        Raises ValueError where the number of values is not that of the labels.
        """
        child = self._children.get(values)
        if child is None:
            if len(values) != len(self.labels):
                raise ValueError(f"{self.name} has the labels {self.labels}, not {len(values)} values")
            child = self._children.setdefault(values, self._make())
        return child

    def children(self) -> list[tuple[tuple[str, ...], Instrument]]:
        """Return the instruments with their label values."""
        return list(self._children.items())


class Metrics:
    """All metrics of a process."""

    def __init__(self) -> None:
        self._families: dict[str, Family[Counter] | Family[Gauge] | Family[Histogram]] = {}
        self._observed: dict[str, tuple[str, Callable[[], float]]] = {}
        self._registry: CollectorRegistry | None = None

    def counter(self, name: str, about: str, labels: Sequence[str] = ()) -> Family[Counter]:
        """Register a counter; its name ends in `_total`. Raises ValueError for a name in use."""
        if not name.endswith("_total"):
            raise ValueError(f"the name of the counter {name} does not end in _total")
        return self._add(Family(name, about, labels, Counter))

    def gauge(self, name: str, about: str, labels: Sequence[str] = ()) -> Family[Gauge]:
        """Register a gauge. Raises ValueError for a name in use."""
        return self._add(Family(name, about, labels, Gauge))

    def histogram(
        self, name: str, about: str, labels: Sequence[str] = (), bounds: Sequence[float] = SECONDS_BUCKETS
    ) -> Family[Histogram]:
        """Register a histogram with ascending upper bounds. Raises ValueError for a name in use."""
        return self._add(Family(name, about, labels, lambda: Histogram(bounds)))

    def observe(self, name: str, about: str, read: Callable[[], float]) -> None:
        """Register a gauge that is read at each scrape, in a thread of its own. Raises ValueError for a name in use."""
        self._claim(name)
        self._observed[name] = (about, read)

    def collect(self) -> Iterator[Metric]:
        """Yield everything as prometheus-client wants it."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        for family in list(self._families.values()):
            counter: CounterMetricFamily | None = None
            gauge: GaugeMetricFamily | None = None
            histogram: HistogramMetricFamily | None = None
            for values, child in family.children():
                if isinstance(child, Histogram):
                    histogram = histogram or HistogramMetricFamily(family.name, family.about, labels=family.labels)
                    histogram.add_metric(values, buckets=child.cumulative(), sum_value=child.sum)
                elif isinstance(child, Counter):
                    counter = counter or CounterMetricFamily(family.name, family.about, labels=family.labels)
                    counter.add_metric(values, child.value)
                else:
                    gauge = gauge or GaugeMetricFamily(family.name, family.about, labels=family.labels)
                    gauge.add_metric(values, child.value)
            yield from (metric for metric in (counter, gauge, histogram) if metric is not None)
        for name, (about, read) in list(self._observed.items()):
            yield GaugeMetricFamily(name, about, value=read())

    def exposition(self) -> tuple[bytes, str]:
        """Return the page of `/metrics` and its content type. Takes milliseconds: call it off the event loop."""
        from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

        return generate_latest(self._prometheus_registry()), CONTENT_TYPE_LATEST

    def _prometheus_registry(self) -> CollectorRegistry:
        if self._registry is None:
            from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
            from prometheus_client.registry import CollectorRegistry

            registry = CollectorRegistry()
            ProcessCollector(registry=registry)
            PlatformCollector(registry=registry)
            GCCollector(registry=registry)
            registry.register(_Source(self))
            self._registry = registry
        return self._registry

    def _add(self, family: Family[Instrument]) -> Family[Instrument]:
        self._claim(family.name)
        self._families[family.name] = family
        return family

    def _claim(self, name: str) -> None:
        if name in self._families or name in self._observed:
            raise ValueError(f"the metric {name} is registered already")


class _Source:
    """What the registry asks at a scrape."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def collect(self) -> Iterator[Metric]:
        return self._metrics.collect()

    def describe(self) -> list[Metric]:
        # Names are checked by Metrics; the registry need not collect once just to learn them.
        return []
