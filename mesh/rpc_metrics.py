"""Rate, errors and duration of every method, under the names that dashboards for gRPC know."""

from __future__ import annotations

from mesh.metrics import Counter, Metrics


class MethodMetrics:
    """The instruments of one method."""

    __slots__ = ("_counters", "_handled", "_labels", "seconds")

    def __init__(self, rpcs: RpcMetrics, service: str, method: str) -> None:
        self._labels = (service, method)
        self._handled = rpcs.handled
        self._counters: dict[str, Counter] = {}
        self.seconds = rpcs.seconds.at(*self._labels)

    def finished(self, code: str, seconds: float) -> None:
        """Count a call that ended with this code (`NOT_FOUND`) after so many seconds."""
        counter = self._counters.get(code)
        if counter is None:
            counter = self._counters[code] = self._handled.at(*self._labels, code)
        counter.value += 1.0
        self.seconds.observe(seconds)


class RpcMetrics:
    """The metrics of all methods a process serves; made once for each `Metrics`."""

    def __init__(self, metrics: Metrics) -> None:
        labels = ("grpc_service", "grpc_method")
        self.handled = metrics.counter(
            "grpc_server_handled_total", "Calls that ended, by code.", (*labels, "grpc_code")
        )
        self.seconds = metrics.histogram("grpc_server_handling_seconds", "Time from the request to the end.", labels)
        self.in_flight = metrics.gauge("grpc_server_in_flight", "Calls at work now.", ("server", "kind"))
