"""The history service: the only place where its parts are wired. `python -m history_svc.main` runs it alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from flowmesh.history.v1 import (
    archive_service_pb2,
    audit_service_pb2,
    history_query_service_pb2,
    history_service_pb2,
    rebuild_service_pb2,
    retention_service_pb2,
    search_index_service_pb2,
    statistics_service_pb2,
)

from history_svc.api.archive_service import ArchiveServicer
from history_svc.api.audit_service import AuditServicer
from history_svc.api.query_service import HistoryQueryServicer
from history_svc.api.reading import Reading
from history_svc.api.rebuild_service import RebuildServicer
from history_svc.api.retention_service import RetentionServicer
from history_svc.api.search_index_service import SearchIndexServicer
from history_svc.api.service import HistoryServicer
from history_svc.api.statistics_service import StatisticsServicer
from history_svc.archiving.running import ArchiveFiles
from history_svc.audit.head import Signer
from history_svc.commands.changing import Changer
from history_svc.consumers.audit import AuditTrail
from history_svc.consumers.consuming import WorkflowEventConsumer
from history_svc.consumers.rebuilding import RebuildWorker
from history_svc.indexing.address import parse_search_url
from history_svc.indexing.places import IndexedPlaces
from history_svc.indexing.server import SearchServer
from history_svc.queries.commit_waits import CommitWaits
from history_svc.queries.search import WordTable
from history_svc.settings import HistorySettings
from history_svc.storage.schema import HEAD, MIGRATIONS
from history_svc.workers.retention import RetentionWork
from history_svc.workers.search_indexing import SearchIndexing, WithoutSearchServer
from mesh.admin_http import Readiness
from mesh.audit.refusals import RefusalLog
from mesh.bus.port import Bus
from mesh.bus.topics import all_topics
from mesh.clock import Clock, SystemClock
from mesh.db.database import Database
from mesh.db.served_database import ServedDatabase
from mesh.db.sqlite import SqliteDatabase
from mesh.logs import configure_logs, get_log
from mesh.metrics import Metrics
from mesh.process import run, until_stopped
from mesh.resilience.breaker import BreakerMetrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import Authorize, MeshServer
from mesh.serving import serving
from mesh.stores import database_check
from mesh.telemetry import Telemetry

MIGRATIONS_HEAD = HEAD

_OBSERVED = {
    "received": "Messages read from the bus.",
    "handled": "Events taken into history.",
    "duplicates": "Events that had been taken in before.",
    "unknown_types": "Events of types that only a newer release knows.",
    "retries": "Attempts at single events after a failure.",
    "dead_letters": "Events that could not be taken in.",
}

_AUDITED = {
    "received": "Messages read from the topic of the audit.",
    "handled": "Entries added to the audit trail.",
    "retries": "Attempts at single events of the audit after a failure.",
    "dead_letters": "Events of the audit that could not be added.",
}

_RETENTION = {
    "purged": "Instances that retention deleted.",
    "archived": "Instances that were written to archives.",
    "failures": "Work on archives that failed and is tried again.",
}

_SEARCHED = {
    "answered": "Readings of the search server that found records by words.",
    "fallbacks": "Readings of the database's words instead, since the search server has no index or did not answer.",
}

_INDEXING = {
    "told": "Changed records that the search server was told about.",
    "built": "Records that were sent in building indexes.",
    "refused": "Records that the search server refused.",
}

_log = get_log(__name__)


class HistoryService:
    """A running history service: consumer, gRPC server, retention and indexing, on a database that has its tables.

    What it is given it does not close. `rpcs` is needed where several services share `metrics`. `hasten` is called
    when a read begins to wait for events.
    """

    def __init__(
        self,
        settings: HistorySettings,
        database: Database,
        bus: Bus,
        metrics: Metrics,
        *,
        rpcs: RpcMetrics | None = None,
        telemetry: Telemetry | None = None,
        authorize: Authorize | None = None,
        hasten: Callable[[], None] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._bus = bus
        self._refusals = RefusalLog(bus, settings.service_name)
        self.server = MeshServer(
            settings, rpcs or RpcMetrics(metrics), telemetry=telemetry, authorize=authorize, refusals=self._refusals
        )
        waits = CommitWaits(database, hasten=hasten)
        self._search = (
            SearchServer(parse_search_url(settings.search_url), settings.search_ca_file)
            if settings.search_url
            else None
        )
        self.indexing = (
            WithoutSearchServer(database)
            if self._search is None
            else SearchIndexing(
                database, self._search, clock or SystemClock(), interval_seconds=settings.search_interval_seconds
            )
        )
        self.server.add(
            history_service_pb2.DESCRIPTOR.services_by_name["HistoryService"], HistoryServicer(database, waits)
        )
        self.server.add(
            history_query_service_pb2.DESCRIPTOR.services_by_name["HistoryQueryService"],
            HistoryQueryServicer(database, waits, self._places(waits, metrics)),
        )
        self.server.add(
            search_index_service_pb2.DESCRIPTOR.services_by_name["SearchIndexService"],
            SearchIndexServicer(
                ServedDatabase(database), bus, None if self._search is None else self._search.address.index, clock=clock
            ),
        )
        signer = Signer(
            settings.audit_secret or settings.mesh_secret, filter(None, settings.audit_public_keys.split(","))
        )
        if not signer.signs:
            _log.warning(
                "The audit trail is not signed", missing=f"{settings.variable('audit_secret')} or a secret of the mesh"
            )
        self.server.add(
            audit_service_pb2.DESCRIPTOR.services_by_name["AuditService"],
            AuditServicer(ServedDatabase(database), signer),
        )
        self.audit = AuditTrail(bus, database, signer, retention_days=settings.audit_retention_days)
        self.rebuilds = RebuildWorker(bus, database, sqlite=isinstance(database, SqliteDatabase))
        self.server.add(
            rebuild_service_pb2.DESCRIPTOR.services_by_name["RebuildService"],
            RebuildServicer(ServedDatabase(database), bus, self.rebuilds.wake),
        )
        for name, about in _AUDITED.items():
            metrics.observe(f"flowmesh_history_audit_{name}", about, self._audit_counter(name))
        self._add_statistics_and_archives(waits, clock or SystemClock(), signer)
        self.consumer = WorkflowEventConsumer(bus, database, max_batch=settings.consumer_batch, applied=waits.reached)
        for name, about in _OBSERVED.items():
            metrics.observe(f"flowmesh_history_consumer_{name}", about, self._counter(name))
        for name, about in _RETENTION.items():
            metrics.observe(f"flowmesh_history_retention_{name}", about, self._retention_counter(name))

    def _places(self, waits: CommitWaits, metrics: Metrics) -> IndexedPlaces | None:
        """Return where records are found by words, None in the database alone."""
        if self._search is None or not isinstance(self.indexing, SearchIndexing):
            return None
        read = Reading(self._database, waits).read
        places = IndexedPlaces(self._search, WordTable(read), read, breaker_metrics=BreakerMetrics(metrics))
        for counters, subjects in ((places.counters, _SEARCHED), (self.indexing.counters, _INDEXING)):
            for name, about in subjects.items():
                metrics.observe(f"flowmesh_history_search_{name}", about, partial(_number, counters, name))
        return places

    def _add_statistics_and_archives(self, waits: CommitWaits, clock: Clock, signer: Signer) -> None:
        settings, database = self._settings, self._database
        served, changer = ServedDatabase(database), Changer(database, clock, signer)
        files = ArchiveFiles(settings.own_archive_dir, settings.own_database_url)
        for module, name, servicer in (
            (statistics_service_pb2, "StatisticsService", StatisticsServicer(served, waits, clock)),
            (
                retention_service_pb2,
                "RetentionService",
                RetentionServicer(served, changer, archives=files.folder is not None),
            ),
            (archive_service_pb2, "ArchiveService", ArchiveServicer(served, changer, files)),
        ):
            self.server.add(module.DESCRIPTOR.services_by_name[name], servicer)
        self.retention = RetentionWork(
            database,
            clock,
            files,
            interval_seconds=settings.retention_interval_seconds,
            archive_instances=settings.archive_instances,
        )

    async def start(self) -> int:
        """Listen and begin to consume; return the port.

        Raises `StartupError` where the port cannot be had, `BusError` where the bus does not answer.
        """
        await self._bus.ensure_topics(all_topics())
        port = await self.server.serve(self._settings.host, self._settings.listen_port)
        self._refusals.start()
        self.consumer.start()
        self.audit.start()
        self.rebuilds.start()
        self.retention.start()
        self.indexing.start()
        return port

    async def stop(self) -> None:
        """Drain the server, and finish the batch at work."""
        await self.server.stop()
        await self._refusals.stop()
        await self.consumer.stop()
        await self.retention.stop()
        await self.audit.stop()
        await self.rebuilds.stop()
        await self.indexing.stop()
        if self._search is not None:
            await self._search.close()

    def add_checks(self, readiness: Readiness) -> None:
        """Let a process say that it is ready only while the database answers; without events it is degraded."""
        readiness.add("history database", database_check(self._database))
        # What is in the database can be read all the same.
        readiness.add("history consumer", self.consumer.check, optional=True)
        readiness.add("history audit", self.audit.check, optional=True)
        readiness.add("history rebuild", self.rebuilds.check, optional=True)
        if isinstance(self.indexing, SearchIndexing):
            # The database finds what the search server does.
            readiness.add("history search", self.indexing.check, optional=True)
        self.server.follow(readiness)

    def _audit_counter(self, name: str) -> Callable[[], float]:
        counters = self.audit.counters
        return lambda: float(getattr(counters, name))

    def _counter(self, name: str) -> Callable[[], float]:
        counters = self.consumer.counters
        return lambda: float(getattr(counters, name))

    def _retention_counter(self, name: str) -> Callable[[], float]:
        counters = self.retention.counters
        return lambda: float(getattr(counters, name))


def _number(counters: object, name: str) -> float:
    return float(getattr(counters, name))


async def serve(settings: HistorySettings) -> None:
    """Run the service alone until the process is told to stop.

    Raises `StartupError` where database, bus or ports cannot be used.
    """
    async with serving(settings) as process:
        await process.open_admin()
        database = await process.open_database(settings, MIGRATIONS, MIGRATIONS_HEAD)
        bus = await process.open_bus()
        service = HistoryService(
            settings, database, bus, process.metrics, telemetry=process.telemetry, authorize=process.open_access()
        )
        service.add_checks(process.readiness)
        process.at_end(service.stop)
        port = await service.start()
        _log.info("History is serving", host=settings.host, port=port)
        await until_stopped()


async def main() -> None:
    """Run the service alone, with the settings of the environment."""
    settings = HistorySettings.from_environment()
    configure_logs(settings.service_name, settings.instance, settings.log_level)
    await serve(settings)


if __name__ == "__main__":
    run(main)
