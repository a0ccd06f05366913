"""Metrics of the caches of a service."""

from __future__ import annotations

from dataclasses import dataclass

from mesh.metrics import Counter, Family, Gauge, Metrics


@dataclass(slots=True)
class CacheMeasures:
    """What one cache counts."""

    local_hits: Counter
    local_misses: Counter
    remote_hits: Counter
    remote_misses: Counter
    entries: Gauge
    size: Gauge

    def held(self, entries: int, size: int) -> None:
        """Note what the memory of this process holds."""
        self.entries.set(entries)
        self.size.set(size)


class ServiceMeasures:
    """What the caches of a service count, by cache."""

    def __init__(self, service: str, metrics: Metrics) -> None:
        prefix = f"flowmesh_{service}_cache"
        self._requests = metrics.counter(
            f"{prefix}_requests_total",
            "What was looked up, by cache, level (local, remote) and result (hit, miss).",
            ["cache", "level", "result"],
        )
        self._entries = metrics.gauge(f"{prefix}_local_entries", "Entries in the memory of the process.", ["cache"])
        self._bytes = metrics.gauge(f"{prefix}_local_bytes", "Bytes in the memory of the process.", ["cache"])
        self.remote_errors: Family[Counter] = metrics.counter(
            f"{prefix}_remote_errors_total",
            "Calls to Redis that failed, by kind (timeout, connection, refused).",
            ["kind"],
        )
        self.remote_up = metrics.gauge(f"{prefix}_remote_up", "Whether Redis is used now; 0 without it.").at()

    def of(self, cache: str) -> CacheMeasures:
        """Return what one cache counts."""
        requests = self._requests
        return CacheMeasures(
            requests.at(cache, "local", "hit"),
            requests.at(cache, "local", "miss"),
            requests.at(cache, "remote", "hit"),
            requests.at(cache, "remote", "miss"),
            self._entries.at(cache),
            self._bytes.at(cache),
        )
