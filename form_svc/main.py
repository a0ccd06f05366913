"""The form service: the only place where its parts are wired. `python -m form_svc.main` runs it alone."""

from __future__ import annotations

from functools import partial

from flowmesh.form.v1 import (
    form_definition_service_pb2,
    form_file_service_pb2,
    start_form_service_pb2,
    submission_service_pb2,
    task_form_service_pb2,
)

from form_svc.api.form_definition_service import FormDefinitionServicer
from form_svc.api.form_file_service import FormFileServicer
from form_svc.api.start_form_service import StartFormServicer
from form_svc.api.submission_service import SubmissionServicer
from form_svc.api.task_form_service import TaskFormServicer
from form_svc.commands.bundles import Bundles
from form_svc.commands.form_lookup import FormLookup
from form_svc.commands.form_reading import SchemaReader
from form_svc.commands.submitting import Submitting, Times
from form_svc.commands.uploads import Limits, Uploads
from form_svc.commands.writing import RequestWriter
from form_svc.consumers.deployments import DeploymentConsumer
from form_svc.engine.host import EngineHost
from form_svc.settings import FormSettings
from form_svc.storage.layout import STATE_NAMES
from form_svc.storage.schema import HEAD, MIGRATIONS
from form_svc.workers import retention, settlement
from form_svc.workers.retention import Retention
from form_svc.workers.settlement import Settlement
from mesh.admin_http import Readiness
from mesh.audit.refusals import RefusalLog
from mesh.bus.port import Bus
from mesh.bus.topics import all_topics
from mesh.clock import Clock, SystemClock
from mesh.consumer import ConsumerCounters
from mesh.database_clock import DatabaseClock
from mesh.db.database import Database
from mesh.db.served_database import ServedDatabase
from mesh.logs import configure_logs, get_log
from mesh.metrics import Metrics
from mesh.periodic import Periodic
from mesh.process import run, until_stopped
from mesh.resilience.breaker import BreakerMetrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import Authorize, MeshServer
from mesh.serving import serving
from mesh.stores import database_check
from mesh.telemetry import Telemetry

MIGRATIONS_HEAD = HEAD
MICROS = 1_000_000

_OBSERVED = {
    "handled": "Events about deployments with forms that were dealt with.",
    "retries": "Attempts at such events after a failure.",
    "dead_letters": "Such events that could not be dealt with.",
}

_log = get_log(__name__)


class FormService:
    """A running form service, on a database that is open and has its tables: its gRPC server and its background work.

    What it is given it does not close. `rpcs` is needed where several services share `metrics`. Without `authorize`
    nobody has to sign in.
    """

    def __init__(
        self,
        settings: FormSettings,
        database: Database,
        bus: Bus,
        metrics: Metrics,
        *,
        rpcs: RpcMetrics | None = None,
        telemetry: Telemetry | None = None,
        authorize: Authorize | None = None,
        breakers: BreakerMetrics | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._bus = bus
        self._database_clock = DatabaseClock(database) if clock is None and settings.shares_database else None
        clock = clock or self._database_clock or SystemClock()
        self._refusals = RefusalLog(bus, settings.service_name)
        self.server = MeshServer(
            settings, rpcs or RpcMetrics(metrics), telemetry=telemetry, authorize=authorize, refusals=self._refusals
        )
        served = ServedDatabase(database)
        self._engine = engine = EngineHost(settings, telemetry=telemetry, breakers=breakers)
        writer, reader = RequestWriter(served, clock), SchemaReader()
        bundles = Bundles(served, clock, engine, reader)
        lookup = FormLookup(served, bundles, reader)
        file_retention = settings.file_retention_seconds * MICROS
        times = Times(
            int(settings.settle_after_seconds * MICROS),
            settings.engine_request_retention_seconds * MICROS,
            file_retention,
        )
        ends = metrics.counter("flowmesh_form_submissions_total", "Submissions that ended, by how.", ["state"])
        self.submitting = submitting = Submitting(
            served, clock, engine, times, lambda state: ends.at(STATE_NAMES[state]).add()
        )
        limits = Limits(
            settings.max_file_bytes, settings.max_loose_files, file_retention, tuple(settings.file_types.split(","))
        )
        self.uploads = uploads = Uploads(served, clock, writer, limits)
        for module, name, servicer in (
            (form_definition_service_pb2, "FormDefinitionService", FormDefinitionServicer(served, writer, reader)),
            (task_form_service_pb2, "TaskFormService", TaskFormServicer(served, clock, engine, lookup, submitting)),
            (start_form_service_pb2, "StartFormService", StartFormServicer(served, clock, engine, lookup, submitting)),
            (form_file_service_pb2, "FormFileService", FormFileServicer(served, writer, engine, uploads)),
            (submission_service_pb2, "SubmissionService", SubmissionServicer(served)),
        ):
            self.server.add(module.DESCRIPTOR.services_by_name[name], servicer)
        self.consumer = DeploymentConsumer(bus, bundles, by_type=settings.event_topics == "type")
        counters = self.consumer.counters
        for name, about in _OBSERVED.items():
            metrics.observe(f"flowmesh_form_consumer_{name}", about, partial(_counted, counters, name))
        old = Retention(database, clock, settings.request_retention_seconds, settings.draft_retention_seconds)
        self._workers = (
            Periodic("form submissions", settlement.INTERVAL_SECONDS, Settlement(submitting).run),
            Periodic("form retention", retention.INTERVAL_SECONDS, old.run),
        )

    async def start(self) -> int:
        """Listen and begin the work beside the calls; return the port.

        Raises `StartupError` where the port cannot be had, `DatabaseError` and `BusError` where one does not answer.
        """
        await self._bus.ensure_topics(all_topics())
        if self._database_clock is not None:
            await self._database_clock.start()
        self._engine.open()
        port = await self.server.serve(self._settings.host, self._settings.listen_port)
        self._refusals.start()
        self.consumer.start()
        for worker in self._workers:
            worker.start()
        return port

    async def stop(self) -> None:
        """Drain the server, and end the work beside the calls."""
        await self.server.stop()
        await self._refusals.stop()
        await self.consumer.stop()
        for worker in self._workers:
            await worker.stop()
        await self._engine.close()
        if self._database_clock is not None:
            await self._database_clock.stop()

    def add_checks(self, readiness: Readiness) -> None:
        """Let a process say that it is ready only while the database answers; without events it is degraded."""
        readiness.add("form database", database_check(self._database))
        readiness.add("form consumer", self.consumer.check, optional=True)
        self.server.follow(readiness)


def _counted(counters: ConsumerCounters, name: str) -> float:
    return float(getattr(counters, name))


async def serve(settings: FormSettings) -> None:
    """Run the service alone until the process is told to stop.

    Raises `StartupError` where database, bus or ports cannot be used.
    """
    async with serving(settings) as process:
        await process.open_admin()
        database = await process.open_database(settings, MIGRATIONS, MIGRATIONS_HEAD)
        bus = await process.open_bus()
        service = FormService(
            settings,
            database,
            bus,
            process.metrics,
            telemetry=process.telemetry,
            authorize=process.open_access(),
            breakers=process.breakers,
        )
        service.add_checks(process.readiness)
        process.at_end(service.stop)
        port = await service.start()
        _log.info("Forms are serving", host=settings.host, port=port)
        await until_stopped()


async def main() -> None:
    """Run the service alone, with the settings of the environment."""
    settings = FormSettings.from_environment()
    configure_logs(settings.service_name, settings.instance, settings.log_level)
    await serve(settings)


if __name__ == "__main__":
    run(main)
