"""The monitoring service: the only place where its parts are wired. `python -m monitoring_svc.main` runs it alone."""

from __future__ import annotations

from flowmesh.monitoring.v1 import consumer_group_service_pb2, dead_letter_service_pb2, topic_service_pb2

from mesh.admin_http import Readiness
from mesh.audit.refusals import RefusalLog
from mesh.bus.opening import expected_copies
from mesh.bus.port import Bus
from mesh.bus.topics import expected_topics
from mesh.logs import configure_logs, get_log
from mesh.metrics import Metrics
from mesh.process import run, until_stopped
from mesh.rpc_metrics import RpcMetrics
from mesh.server import Authorize, MeshServer
from mesh.serving import serving
from mesh.telemetry import Telemetry
from monitoring_svc.api.consumer_group_service import ConsumerGroupServicer
from monitoring_svc.api.dead_letter_service import DeadLetterServicer
from monitoring_svc.api.topic_service import TopicServicer
from monitoring_svc.asking import asking
from monitoring_svc.lag import LagSampler
from monitoring_svc.settings import MonitoringSettings

_log = get_log(__name__)


class MonitoringService:
    """A running monitoring service on an open bus. It keeps nothing of its own; any number of processes may run one.

    What it is given it does not close. `rpcs` is needed where several services share `metrics`.
    """

    def __init__(
        self,
        settings: MonitoringSettings,
        bus: Bus,
        metrics: Metrics,
        *,
        rpcs: RpcMetrics | None = None,
        telemetry: Telemetry | None = None,
        authorize: Authorize | None = None,
    ) -> None:
        self._settings = settings
        self._bus = bus
        seconds = settings.bus_timeout_seconds
        expected, copies = expected_topics(settings.event_topics), expected_copies(settings.own_bus_url)
        self._refusals = RefusalLog(bus, settings.service_name)
        self.server = MeshServer(
            settings, rpcs or RpcMetrics(metrics), telemetry=telemetry, authorize=authorize, refusals=self._refusals
        )
        for file, name, servicer in (
            (
                topic_service_pb2,
                "TopicService",
                TopicServicer(bus, seconds, expected, copies),
            ),
            (consumer_group_service_pb2, "ConsumerGroupService", ConsumerGroupServicer(bus, seconds)),
            (dead_letter_service_pb2, "DeadLetterService", DeadLetterServicer(bus, seconds)),
        ):
            self.server.add(file.DESCRIPTOR.services_by_name[name], servicer)
        self._sampler = LagSampler(bus, metrics, settings.lag_interval_seconds, seconds)

    async def start(self) -> int:
        """Listen and begin to measure; return the port. Raises `StartupError` where the port cannot be had."""
        port = await self.server.serve(self._settings.host, self._settings.listen_port)
        self._refusals.start()
        self._sampler.start()
        return port

    async def stop(self) -> None:
        """Drain the server."""
        await self._sampler.stop()
        await self.server.stop()
        await self._refusals.stop()

    def add_checks(self, readiness: Readiness) -> None:
        """Let a process say that it is degraded while the bus does not answer: callers are told so by each call."""
        readiness.add("monitoring bus", self._check, optional=True)
        self.server.follow(readiness)

    async def _check(self) -> str:
        async with asking(self._settings.bus_timeout_seconds):
            return f"{len(await self._bus.topics())} topics"


async def serve(settings: MonitoringSettings) -> None:
    """Run the service alone until the process is told to stop.

    Raises `StartupError` where bus or ports cannot be used.
    """
    async with serving(settings) as process:
        await process.open_admin()
        bus = await process.open_bus()
        service = MonitoringService(
            settings, bus, process.metrics, telemetry=process.telemetry, authorize=process.open_access()
        )
        service.add_checks(process.readiness)
        process.at_end(service.stop)
        port = await service.start()
        _log.info("Monitoring is serving", host=settings.host, port=port)
        await until_stopped()


async def main() -> None:
    """Run the service alone, with the settings of the environment."""
    settings = MonitoringSettings.from_environment()
    configure_logs(settings.service_name, settings.instance, settings.log_level)
    await serve(settings)


if __name__ == "__main__":
    run(main)
