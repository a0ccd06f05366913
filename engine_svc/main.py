"""The engine service: the only place where its parts are wired. `python -m engine_svc.main` runs it alone."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

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
    form_host_service_pb2,
    incident_service_pb2,
    job_service_pb2,
    message_service_pb2,
    migration_service_pb2,
    process_definition_service_pb2,
    process_instance_service_pb2,
    saga_service_pb2,
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
from engine_svc.api.form_host_service import FormHostServicer
from engine_svc.api.incident_service import IncidentServicer
from engine_svc.api.job_service import JobServicer
from engine_svc.api.message_service import MessageServicer
from engine_svc.api.migration_service import MigrationServicer
from engine_svc.api.process_definition_service import ProcessDefinitionServicer
from engine_svc.api.process_instance_service import ProcessInstanceServicer
from engine_svc.api.saga_service import SagaServicer
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
from engine_svc.commands.job_dispatch import DispatchLimits, JobDispatch
from engine_svc.commands.job_signals import JobSignals
from engine_svc.commands.lease_tokens import LeaseTokens
from engine_svc.commands.sagas import INTERVAL_SECONDS as SAGA_INTERVAL_SECONDS
from engine_svc.commands.sagas import CompletionSagas
from engine_svc.commands.todo_lists import TodoLists
from engine_svc.consumers.answers import AnswerConsumer
from engine_svc.consumers.job_answers import JobAnswers
from engine_svc.form_checks import FormChecks
from engine_svc.relay import EngineRelay
from engine_svc.scripts.sandbox import ScriptRunner
from engine_svc.settings import CONTROLLED, EngineSettings
from engine_svc.storage.commit import Commit, CommitWriter, Written
from engine_svc.storage.migrations import HEAD
from engine_svc.workers import (
    finished_job_retention,
    job_availability,
    message_buffer,
    message_expiry,
    request_retention,
    saga_retention,
    start_timers,
    thrown_events,
)
from engine_svc.workers.finished_job_retention import FinishedJobRetention
from engine_svc.workers.internal_jobs import InternalJobs
from engine_svc.workers.job_availability import JobAvailability
from engine_svc.workers.job_dispatch import DispatchWorker
from engine_svc.workers.message_buffer import MessageBuffer
from engine_svc.workers.message_expiry import MessageExpiry
from engine_svc.workers.operation_retention import INTERVAL_SECONDS as OPERATION_RETENTION_SECONDS
from engine_svc.workers.operation_retention import OperationRetention
from engine_svc.workers.request_retention import RequestRetention
from engine_svc.workers.saga_retention import SagaRetention
from engine_svc.workers.start_timers import StartTimers
from engine_svc.workers.thrown_events import ThrownEvents
from mesh.admin_http import Readiness
from mesh.audit.refusals import RefusalLog
from mesh.background import end
from mesh.bus.port import Bus
from mesh.bus.topics import all_topics
from mesh.cache.opening import Caches
from mesh.cache.port import DEFINITION_SECONDS, TODO_LIST_SECONDS
from mesh.clock import Clock, ControlledClock, SystemClock
from mesh.database_clock import DatabaseClock
from mesh.db.database import Database
from mesh.db.group_commit import GroupCommitter
from mesh.db.served_database import ServedDatabase
from mesh.logs import configure_logs, get_log
from mesh.metrics import Metrics
from mesh.periodic import Periodic
from mesh.process import run, until_stopped
from mesh.resilience.outbox_backlog import OutboxBacklog
from mesh.resilience.pressure import BackPressure, Watched
from mesh.rpc_metrics import RpcMetrics
from mesh.server import Authorize, MeshServer
from mesh.serving import serving
from mesh.shared_work import Kind, SharedWork
from mesh.stores import database_check
from mesh.telemetry import Telemetry

MIGRATIONS = "engine_svc.storage.migrations"
MIGRATIONS_HEAD = HEAD

_log = get_log(__name__)

NEW_WORK = frozenset(
    {
        "CreateProcessInstance",
        "BatchCreateProcessInstances",
        "RestartProcessInstance",
        "EvaluateStartConditions",
        "PublishMessage",
        "BroadcastSignal",
        "CreateUserTask",
        "CreateBatch",
        "CreateDeployment",
        "UploadDeployment",
    }
)
"""Methods that begin what others go on with: refused first while database or relay cannot keep up."""
Worker = Periodic | SharedWork | InternalJobs | DispatchWorker | AnswerConsumer

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
        bus: Bus | None = None,
        authorize: Authorize | None = None,
    ) -> None:
        """Without a bus, no answers come over one, and no jobs are given out over it."""
        self._database_clock: DatabaseClock | None = None
        if clock is None and settings.clock == CONTROLLED:
            clock = ControlledClock()
        elif clock is None and settings.shares_database:
            clock = self._database_clock = DatabaseClock(database)
        clock = clock or SystemClock()
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
        self.backlog = OutboxBacklog(database)
        self._pressure = BackPressure(
            [
                Watched(
                    "database",
                    "the database is behind: a write would wait for {value:.1f} s",
                    settings.max_commit_wait_seconds,
                    self._committer.waiting_seconds,
                ),
                Watched(
                    "outbox rows",
                    "the relay is behind: the events of {value:.0f} commits wait for the bus",
                    settings.max_outbox_rows,
                    lambda: self.backlog.rows,
                ),
                Watched(
                    "outbox age",
                    "the relay is behind: events have waited for the bus for {value:.0f} s",
                    settings.max_outbox_age_seconds,
                    lambda: self.backlog.age_seconds,
                ),
            ],
            metrics=metrics,
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
        ends = metrics.counter(
            "flowmesh_engine_sagas_total", "Completion sagas that ended, by how they were answered.", ["result"]
        )
        self._sagas = CompletionSagas(executor, lambda result: ends.at(result).add())
        other_due_work: list[DueWork] = [timers.run_due, thrown.run_due, batches.run_due, self._sagas.run_due]
        self._form_checks = FormChecks(settings, telemetry=telemetry)
        task_servicer = UserTaskServicer(executor, served, largest, todo_lists)
        self._refusals = None if bus is None else RefusalLog(bus, settings.service_name)
        self.server = MeshServer(
            settings,
            rpcs or RpcMetrics(metrics),
            telemetry=telemetry,
            authorize=authorize,
            pressure=self._pressure,
            refusals=self._refusals,
        )
        for module, name, servicer in (
            (deployment_service_pb2, "DeploymentService", DeploymentServicer(executor, served, self._form_checks)),
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
            (user_task_service_pb2, "UserTaskService", task_servicer),
            (
                form_host_service_pb2,
                "FormHostService",
                FormHostServicer(served, contents, task_servicer, instance_servicer),
            ),
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
            (saga_service_pb2, "SagaService", SagaServicer(self._sagas, served)),
            (batch_service_pb2, "BatchService", BatchServicer(served, clock, largest)),
        ):
            self.server.add(module.DESCRIPTOR.services_by_name[name], servicer, new_work=NEW_WORK)
        availability = JobAvailability(database, clock, signals)
        retention = RequestRetention(database, clock, settings.request_retention_seconds)
        buffer = MessageBuffer(executor, self._delivery.messages)
        expiry = MessageExpiry(database, clock)
        operation_retention = OperationRetention(
            database, clock, settings.batch_retention_seconds, settings.migration_retention_seconds
        )
        saga_records = SagaRetention(database, clock, settings.saga_retention_seconds)
        kinds = [
            Kind("operation retention", OPERATION_RETENTION_SECONDS, operation_retention.run),
            Kind("saga retention", saga_retention.INTERVAL_SECONDS, saga_records.run),
            Kind("message buffer", message_buffer.INTERVAL_SECONDS, buffer.run),
            Kind("message expiry", message_expiry.INTERVAL_SECONDS, expiry.run),
            Kind("job availability", job_availability.INTERVAL_SECONDS, availability.run),
            Kind("request retention", request_retention.INTERVAL_SECONDS, retention.run),
            Kind("finished job retention", finished_job_retention.INTERVAL_SECONDS, FinishedJobRetention(database).run),
        ]
        self._workers: list[Worker] = self._rounds("engine-work", kinds)
        if settings.runs_jobs:
            job_kinds = [
                Kind("start timers", start_timers.INTERVAL_SECONDS, timers.run),
                Kind("thrown events", thrown_events.INTERVAL_SECONDS, thrown.run),
                Kind("sagas", SAGA_INTERVAL_SECONDS, self._sagas.run),
            ]
            self._workers += [
                *self._rounds("engine-jobs", job_kinds),
                # These take their items with leases, and are the faster the more engines do them.
                Periodic("batches", BATCH_INTERVAL_SECONDS, batches.run),
                InternalJobs(due_jobs, settings.concurrent_jobs),
            ]

        self._answers: AnswerConsumer | None = None
        if bus is not None:
            self._connect(bus, metrics)

    def _rounds(self, name: str, kinds: Sequence[Kind]) -> list[Worker]:
        if self._settings.shares_database:
            return [SharedWork(self._database, name, kinds)]
        return [Periodic(kind.name, kind.interval_seconds, kind.work) for kind in kinds]

    @property
    def answers_handled(self) -> int:
        """How many answers of workers and business systems took effect, or had before."""
        return self._answers.counters.handled if self._answers is not None else 0

    def _connect(self, bus: Bus, metrics: Metrics) -> None:
        """Take answers off the bus, and give out over it the jobs of the types that the settings name."""
        settings, executor = self._settings, self.executor
        tokens = LeaseTokens(executor.database)
        consumer = AnswerConsumer(bus, JobAnswers(executor, tokens, settings.max_variable_bytes), self._sagas)
        counters = consumer.counters
        metrics.observe(
            "flowmesh_engine_answers_handled",
            "Answers of workers and business systems that took effect, or had before.",
            lambda: counters.handled,
        )
        metrics.observe(
            "flowmesh_engine_answers_dead_letters",
            "Answers that went to the dead letters.",
            lambda: counters.dead_letters,
        )
        self._answers = consumer
        self._workers.append(consumer)
        if settings.event_job_patterns and settings.background_jobs != "off":
            limits = DispatchLimits(
                settings.event_job_lease_seconds * 1_000_000, settings.event_job_limit, settings.event_job_bytes
            )
            dispatch = JobDispatch(executor, tokens, settings.event_job_patterns, limits)
            self._workers.append(DispatchWorker(dispatch, executor.signals))

    async def start(self) -> int:
        """Listen and begin the background work; return the port. Raises `DatabaseError` where it does not answer."""
        if self._database_clock is not None:
            await self._database_clock.start()
        self._caches.start()
        port = await self.server.serve(self._settings.host, self._settings.listen_port)
        if self._refusals is not None:
            self._refusals.start()
        self._warming = asyncio.create_task(self._warm_up(), name="warm-up")
        self.backlog.start()
        self._pressure.start()
        for worker in self._workers:
            worker.start()
        return port

    async def stop(self) -> None:
        """Drain the server, stop the background work, write what is queued."""
        await self.server.stop()
        if self._refusals is not None:
            await self._refusals.stop()
        await end(self._warming)
        await self._pressure.stop()
        await self.backlog.stop()
        for worker in self._workers:
            await worker.stop()
        await self._form_checks.close()
        await self._delivery.close()
        await self._committer.close()
        await self._scripts.close()
        await self._caches.close()
        if self._database_clock is not None:
            await self._database_clock.stop()

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
        self.server.follow(readiness)


async def serve(settings: EngineSettings) -> None:
    """Run the engine and its relay alone until the process is told to stop.

    Raises `StartupError` where database, bus or ports cannot be used.
    """
    configure_logs(settings.service_name, settings.instance, settings.log_level)
    async with serving(settings) as process:
        await process.open_admin()
        database = await process.open_database(settings, MIGRATIONS, MIGRATIONS_HEAD)
        bus = await process.open_bus()
        await bus.ensure_topics(all_topics())
        service = EngineService(
            settings,
            database,
            process.metrics,
            telemetry=process.telemetry,
            bus=bus,
            authorize=process.open_access(),
        )
        service.add_checks(process.readiness)
        relay = EngineRelay(database, bus, process.metrics)
        relay.start()
        process.at_end(relay.stop)

        async def flush() -> None:
            await service.backlog.relayed(settings.relay_flush_seconds)

        process.at_end(flush)
        process.at_end(service.stop)
        port = await service.start()
        _log.info("The engine is serving", host=settings.host, port=port)
        await until_stopped()


async def main() -> None:
    """Run the engine alone, with the settings of the environment."""
    await serve(EngineSettings.from_environment())


if __name__ == "__main__":
    run(main)
