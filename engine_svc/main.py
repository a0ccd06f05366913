"""The engine service: the only place where its parts are wired. `python -m engine_svc.main` runs it alone."""

from __future__ import annotations

import asyncio

from flowmesh.engine.v1 import (
    activity_instance_service_pb2,
    ad_hoc_sub_process_service_pb2,
    attachment_service_pb2,
    batch_service_pb2,
    clock_service_pb2,
    comment_service_pb2,
    condition_service_pb2,
    deployment_service_pb2,
    event_subscription_service_pb2,
    explanation_service_pb2,
    incident_service_pb2,
    job_service_pb2,
    message_service_pb2,
    migration_service_pb2,
    process_definition_service_pb2,
    process_instance_service_pb2,
    signal_service_pb2,
    user_task_service_pb2,
    variable_service_pb2,
)

from engine_svc.api.activity_instance_service import ActivityInstanceServicer
from engine_svc.api.ad_hoc_sub_process_service import AdHocSubProcessServicer
from engine_svc.api.attachment_service import AttachmentServicer
from engine_svc.api.batch_operations import BatchOperations
from engine_svc.api.batch_service import BatchServicer
from engine_svc.api.clock_service import ClockServicer
from engine_svc.api.comment_service import CommentServicer
from engine_svc.api.condition_service import ConditionServicer
from engine_svc.api.deployment_service import DeploymentServicer
from engine_svc.api.event_subscription_service import EventSubscriptionServicer
from engine_svc.api.explanation_service import ExplanationServicer
from engine_svc.api.incident_service import IncidentServicer
from engine_svc.api.job_service import JobServicer
from engine_svc.api.message_service import MessageServicer
from engine_svc.api.migration_service import MigrationServicer
from engine_svc.api.process_definition_service import ProcessDefinitionServicer
from engine_svc.api.process_instance_service import ProcessInstanceServicer
from engine_svc.api.signal_service import SignalServicer
from engine_svc.api.user_task_service import UserTaskServicer
from engine_svc.api.variable_service import VariableServicer
from engine_svc.commands.batches import INTERVAL_SECONDS as BATCH_INTERVAL_SECONDS
from engine_svc.commands.batches import BatchWork
from engine_svc.commands.definition_cache import DefinitionCache
from engine_svc.commands.definition_contents import DefinitionContents
from engine_svc.commands.draining import DueWork
from engine_svc.commands.due_jobs import DueJobs
from engine_svc.commands.event_delivery import EventDelivery
from engine_svc.commands.executor import ExecutorLimits, InstanceExecutor
from engine_svc.commands.job_signals import JobSignals
from engine_svc.commands.todo_lists import TodoLists
from engine_svc.relay import EngineRelay
from engine_svc.scripts.sandbox import ScriptRunner
from engine_svc.settings import CONTROLLED, EngineSettings
from engine_svc.storage.commit import Commit, CommitWriter, Written
from engine_svc.storage.migrations import HEAD
from engine_svc.storage.served_database import ServedDatabase
from engine_svc.workers import (
    finished_job_retention,
    job_availability,
    message_buffer,
    message_expiry,
    request_retention,
    start_timers,
    thrown_events,
)
from engine_svc.workers.finished_job_retention import FinishedJobRetention
from engine_svc.workers.internal_jobs import InternalJobs
from engine_svc.workers.job_availability import JobAvailability
from engine_svc.workers.message_buffer import MessageBuffer
from engine_svc.workers.message_expiry import MessageExpiry
from engine_svc.workers.operation_retention import INTERVAL_SECONDS as OPERATION_RETENTION_SECONDS
from engine_svc.workers.operation_retention import OperationRetention
from engine_svc.workers.periodic import Periodic
from engine_svc.workers.request_retention import RequestRetention
from engine_svc.workers.start_timers import StartTimers
from engine_svc.workers.thrown_events import ThrownEvents
from mesh.admin_http import Readiness
from mesh.bus.topics import all_topics
from mesh.cache.opening import Caches
from mesh.cache.port import DEFINITION_SECONDS, TODO_LIST_SECONDS
from mesh.clock import Clock, ControlledClock, SystemClock
from mesh.db.database import Database
from mesh.db.group_commit import GroupCommitter
from mesh.logs import configure_logs, get_log
from mesh.metrics import Metrics
from mesh.process import run, until_stopped
from mesh.rpc_metrics import RpcMetrics
from mesh.server import MeshServer
from mesh.serving import serving
from mesh.stores import database_check
from mesh.telemetry import Telemetry

MIGRATIONS = "engine_svc.storage.migrations"
MIGRATIONS_HEAD = HEAD

_log = get_log(__name__)

BATCH_BUCKETS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class EngineService:
    """A running engine: its gRPC server and background work on a database that is open and has its tables."""

    def __init__(
        self,
        settings: EngineSettings,
        database: Database,
        metrics: Metrics,
        *,
        rpcs: RpcMetrics | None = None,
        clock: Clock | None = None,
        telemetry: Telemetry | None = None,
    ) -> None:
        clock = clock or (ControlledClock() if settings.clock == CONTROLLED else SystemClock())
        self._settings = settings
        self._database = database
        self._warming: asyncio.Task[None] | None = None
        signals = JobSignals()
        served = ServedDatabase(database)
        self._caches = Caches(settings, metrics)
        contents = DefinitionContents(served, self._caches.cache("definitions", DEFINITION_SECONDS))
        todo_lists = TodoLists(served, self._caches.cache("todo_lists", TODO_LIST_SECONDS))
        self._definitions = definitions = DefinitionCache(served, contents)
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
        self._scripts = ScriptRunner()
        self.executor = executor = InstanceExecutor(
            served, self._committer, definitions, clock, signals, self._scripts, limits
        )
        self._delivery = EventDelivery(executor, runs_asynchronous=settings.runs_jobs)
        executor.follow_up = self._delivery.follow_up
        largest = settings.max_variable_bytes
        runs = metrics.counter(
            "flowmesh_engine_jobs_total",
            "Timers and asynchronous jobs that were tried, by result.",
            ["result"],
        )
        due_jobs = DueJobs(
            executor,
            settings.instance,
            settings.job_lease_seconds * 1_000_000,
            lambda result: runs.at(result.value).add(),
        )
        timers, thrown = StartTimers(executor), ThrownEvents(executor, self._delivery)
        instance_servicer = ProcessInstanceServicer(executor, served, largest)
        job_servicer = JobServicer(executor, served, largest, due_jobs)
        migration_servicer = MigrationServicer(executor, served, largest)
        operations = BatchOperations(instance_servicer, migration_servicer, job_servicer)
        batches = BatchWork(served, clock, operations.perform)
        other_due_work: list[DueWork] = [timers.run_due, thrown.run_due, batches.run_due]
        self.server = MeshServer(settings, rpcs or RpcMetrics(metrics), telemetry=telemetry)
        for module, name, servicer in (
            (deployment_service_pb2, "DeploymentService", DeploymentServicer(executor, served)),
            (
                process_definition_service_pb2,
                "ProcessDefinitionService",
                ProcessDefinitionServicer(executor, served, contents),
            ),
            (
                process_instance_service_pb2,
                "ProcessInstanceService",
                instance_servicer,
            ),
            (user_task_service_pb2, "UserTaskService", UserTaskServicer(executor, served, largest, todo_lists)),
            (job_service_pb2, "JobService", job_servicer),
            (clock_service_pb2, "ClockService", ClockServicer(clock, signals, due_jobs, other_due_work)),
            (comment_service_pb2, "CommentService", CommentServicer(executor, served)),
            (attachment_service_pb2, "AttachmentService", AttachmentServicer(executor, served)),
            (
                ad_hoc_sub_process_service_pb2,
                "AdHocSubProcessService",
                AdHocSubProcessServicer(executor, largest),
            ),
            (incident_service_pb2, "IncidentService", IncidentServicer(executor, served)),
            (variable_service_pb2, "VariableService", VariableServicer(executor, largest)),
            (explanation_service_pb2, "ExplanationService", ExplanationServicer(executor, served)),
            (
                message_service_pb2,
                "MessageService",
                MessageServicer(executor, served, self._delivery.messages, largest),
            ),
            (signal_service_pb2, "SignalService", SignalServicer(self._delivery.signals, largest)),
            (event_subscription_service_pb2, "EventSubscriptionService", EventSubscriptionServicer(served)),
            (
                activity_instance_service_pb2,
                "ActivityInstanceService",
                ActivityInstanceServicer(executor, largest),
            ),
            (condition_service_pb2, "ConditionService", ConditionServicer(executor, largest)),
            (migration_service_pb2, "MigrationService", migration_servicer),
            (batch_service_pb2, "BatchService", BatchServicer(served, clock, largest)),
        ):
            self.server.add(module.DESCRIPTOR.services_by_name[name], servicer)
        availability = JobAvailability(database, clock, signals)
        retention = RequestRetention(database, clock, settings.request_retention_seconds)
        buffer = MessageBuffer(executor, self._delivery.messages)
        expiry = MessageExpiry(database, clock)
        operation_retention = OperationRetention(
            database, clock, settings.batch_retention_seconds, settings.migration_retention_seconds
        )
        self._workers: list[Periodic | InternalJobs] = [
            Periodic("operation retention", OPERATION_RETENTION_SECONDS, operation_retention.run),
            Periodic("message buffer", message_buffer.INTERVAL_SECONDS, buffer.run),
            Periodic("message expiry", message_expiry.INTERVAL_SECONDS, expiry.run),
            Periodic("job availability", job_availability.INTERVAL_SECONDS, availability.run),
            Periodic("request retention", request_retention.INTERVAL_SECONDS, retention.run),
            Periodic(
                "finished job retention", finished_job_retention.INTERVAL_SECONDS, FinishedJobRetention(database).run
            ),
        ]
        if settings.runs_jobs:
            self._workers += [
                Periodic("start timers", start_timers.INTERVAL_SECONDS, timers.run),
                Periodic("batches", BATCH_INTERVAL_SECONDS, batches.run),
                Periodic("thrown events", thrown_events.INTERVAL_SECONDS, thrown.run),
                InternalJobs(due_jobs, settings.concurrent_jobs),
            ]

    async def start(self) -> int:
        """Listen and begin the background work; return the port."""
        self._caches.start()
        port = await self.server.serve(self._settings.host, self._settings.listen_port)
        self._warming = asyncio.create_task(self._warm_up(), name="warm-up")
        for worker in self._workers:
            worker.start()
        return port

    async def stop(self) -> None:
        """Drain the server, stop the background work, write what is queued."""
        await self.server.stop()
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait([self._warming])
        for worker in self._workers:
            await worker.stop()
        await self._delivery.close()
        await self._committer.close()
        await self._scripts.close()
        await self._caches.close()

    async def _warm_up(self) -> None:
        try:
            count = await self._definitions.warm_up()
        except Exception as error:  # noqa: BLE001 - whoever needs a definition reads it then
            _log.error("Definitions could not be read ahead", error=error)
        else:
            _log.info("Definitions were read ahead", count=count)

    def add_checks(self, readiness: Readiness) -> None:
        """Let a process say that it is ready only while the database answers."""
        readiness.add("engine database", database_check(self._database))


async def serve(settings: EngineSettings) -> None:
    """Run the engine and its relay alone until the process is told to stop.

    Raises `StartupError` where database, bus or ports cannot be used.
    """
    configure_logs(settings.service_name, settings.instance, settings.log_level)
    async with serving(settings) as process:
        database = await process.open_database(settings, MIGRATIONS, MIGRATIONS_HEAD)
        bus = await process.open_bus()
        await bus.ensure_topics(all_topics())
        service = EngineService(settings, database, process.metrics, telemetry=process.telemetry)
        service.add_checks(process.readiness)
        await process.open_admin()
        relay = EngineRelay(database, bus, process.metrics)
        relay.start()
        process.at_end(relay.stop)
        process.at_end(service.stop)
        port = await service.start()
        _log.info("The engine is serving", host=settings.host, port=port)
        await until_stopped()


async def main() -> None:
    """Run the engine alone, with the settings of the environment."""
    await serve(EngineSettings.from_environment())


if __name__ == "__main__":
    run(main)
