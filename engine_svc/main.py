"""The engine service: the only place where its parts are wired. `python -m engine_svc.main` runs it alone."""

from __future__ import annotations

import asyncio

from flowmesh.engine.v1 import (
    deployment_service_pb2,
    incident_service_pb2,
    job_service_pb2,
    process_definition_service_pb2,
    process_instance_service_pb2,
    user_task_service_pb2,
)

from engine_svc.api.deployment_service import DeploymentServicer
from engine_svc.api.incident_service import IncidentServicer
from engine_svc.api.job_service import JobServicer
from engine_svc.api.process_definition_service import ProcessDefinitionServicer
from engine_svc.api.process_instance_service import ProcessInstanceServicer
from engine_svc.api.user_task_service import UserTaskServicer
from engine_svc.commands.definition_cache import DefinitionCache
from engine_svc.commands.executor import ExecutorLimits, InstanceExecutor
from engine_svc.commands.job_signals import JobSignals
from engine_svc.events.expansion import expand
from engine_svc.settings import EngineSettings
from engine_svc.storage.commit import Commit, CommitWriter, Written
from engine_svc.storage.migrations import HEAD
from engine_svc.storage.served_database import ServedDatabase
from engine_svc.workers import job_availability, request_retention
from engine_svc.workers.job_availability import JobAvailability
from engine_svc.workers.periodic import Periodic
from engine_svc.workers.request_retention import RequestRetention
from mesh.bus.port import Bus
from mesh.clock import Clock, SystemClock
from mesh.db.database import Database
from mesh.db.group_commit import GroupCommitter
from mesh.metrics import Metrics
from mesh.relay import Relay
from mesh.rpc_metrics import RpcMetrics
from mesh.server import MeshServer
from mesh.telemetry import Telemetry

MIGRATIONS = "engine_svc.storage.migrations"
MIGRATIONS_HEAD = HEAD

BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class EngineService:
    """A running engine: its gRPC server and background work on a database that is open and has its tables."""

    def __init__(
        self,
        settings: EngineSettings,
        database: Database,
        metrics: Metrics,
        *,
        clock: Clock | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        clock = clock or SystemClock()
        self._settings = settings
        signals = JobSignals()
        served = ServedDatabase(database)
        definitions = DefinitionCache(served)
        batch = metrics.histogram(
            "flowmesh_engine_commit_batch_size", "Commands written in one transaction.", bounds=BATCH_BUCKETS
        ).at()
        self._committer: GroupCommitter[Commit, Written] = GroupCommitter(
            database, CommitWriter(), on_batch=batch.observe
        )
        metrics.observe(
            "flowmesh_engine_commits_pending",
            "Commands that wait for the next transaction.",
            lambda: float(self._committer.pending),
        )
        limits = ExecutorLimits(settings.max_instance_variable_bytes, settings.cached_instances)
        executor = InstanceExecutor(served, self._committer, definitions, clock, signals, limits)
        largest = settings.max_variable_bytes
        self.server = MeshServer(settings, RpcMetrics(metrics), telemetry=telemetry)
        for module, name, servicer in (
            (deployment_service_pb2, "DeploymentService", DeploymentServicer(served, definitions, clock)),
            (process_definition_service_pb2, "ProcessDefinitionService", ProcessDefinitionServicer(served)),
            (
                process_instance_service_pb2,
                "ProcessInstanceService",
                ProcessInstanceServicer(executor, served, largest),
            ),
            (user_task_service_pb2, "UserTaskService", UserTaskServicer(executor, served, largest)),
            (job_service_pb2, "JobService", JobServicer(executor, served, largest)),
            (incident_service_pb2, "IncidentService", IncidentServicer(executor, served)),
        ):
            self.server.add(module.DESCRIPTOR.services_by_name[name], servicer)
        availability = JobAvailability(database, clock, signals)
        retention = RequestRetention(database, clock, settings.request_retention_seconds)
        self._workers = [
            Periodic("job availability", job_availability.INTERVAL_SECONDS, availability.run),
            Periodic("request retention", request_retention.INTERVAL_SECONDS, retention.run),
        ]

    async def start(self) -> int:
        """Listen and begin the background work; return the port."""
        port = await self.server.serve(self._settings.host, self._settings.listen_port)
        for worker in self._workers:
            worker.start()
        return port

    async def stop(self) -> None:
        """Drain the server, stop the background work, write what is queued."""
        await self.server.stop()
        for worker in self._workers:
            await worker.stop()
        await self._committer.close()


class EngineRelay:
    """Takes the engine's events from its outbox to the bus. It may run in another process than the engine."""

    def __init__(self, database: Database, bus: Bus, metrics: Metrics, *, clock: Clock | None = None) -> None:
        self._relay = Relay(database, bus, expand, clock or SystemClock())
        self._task: asyncio.Task[None] | None = None
        counters = self._relay.counters
        metrics.observe(
            "flowmesh_engine_relay_messages", "Events taken to the bus since the start.", lambda: counters.messages
        )
        metrics.observe(
            "flowmesh_engine_relay_failed_rows", "Commits whose events could not be relayed.", lambda: counters.failed
        )

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._relay.run(), name="engine relay")

    async def stop(self) -> None:
        """End after the batch that is being relayed."""
        self._relay.stop()
        if self._task is not None:
            await self._task
