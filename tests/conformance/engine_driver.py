"""The second driver: the engine service with its database, reached by gRPC, its clock turned by the case.

Each case has a tenant of its own, and takes everything away again when it is over.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import grpc
import grpc.aio
import orjson
from flowmesh.engine.v1 import (
    activity_instance_service_pb2 as activity_pb2,
)
from flowmesh.engine.v1 import (
    ad_hoc_sub_process_service_pb2,
    clock_service_pb2,
    condition_service_pb2,
    deployment_pb2,
    deployment_service_pb2,
    event_subscription_service_pb2,
    job_pb2,
    job_service_pb2,
    message_service_pb2,
    migration_pb2,
    migration_service_pb2,
    modification_pb2,
    process_definition_service_pb2,
    process_instance_pb2,
    process_instance_service_pb2,
    signal_service_pb2,
    user_task_pb2,
    user_task_service_pb2,
    variable_service_pb2,
)
from flowmesh.engine.v1.activity_instance_service_pb2_grpc import ActivityInstanceServiceStub
from flowmesh.engine.v1.ad_hoc_sub_process_service_pb2_grpc import AdHocSubProcessServiceStub
from flowmesh.engine.v1.condition_service_pb2_grpc import ConditionServiceStub
from flowmesh.engine.v1.event_subscription_service_pb2_grpc import EventSubscriptionServiceStub
from flowmesh.engine.v1.incident_service_pb2 import Incident, ListIncidentsRequest
from flowmesh.engine.v1.message_service_pb2_grpc import MessageServiceStub
from flowmesh.engine.v1.migration_service_pb2_grpc import MigrationServiceStub
from flowmesh.engine.v1.signal_service_pb2_grpc import SignalServiceStub
from flowmesh.engine.v1.variable_service_pb2_grpc import VariableServiceStub
from flowmesh.internal.v1 import stored_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from engine_svc.events import record
from engine_svc.events.commit_record import COMMIT_RECORD
from engine_svc.expressions.timers import duration
from mesh.db.database import Database
from mesh.db.statements import Fetch, fetch
from mesh.json_values import from_value, to_values
from mesh.status import error_info_of
from tests.conformance.case import Step
from tests.conformance.driver import CannotDo, Failed, Outcome, Refused, Seen
from tests.integration.engine.serving import Engine
from tests.unit.bpmn_models import definitions
from tests.unit.runtime.running import NOW

STATUS_NAMES = {
    process_instance_pb2.ProcessInstance.STATUS_RUNNING: "running",
    process_instance_pb2.ProcessInstance.STATUS_PAUSED: "suspended",
    process_instance_pb2.ProcessInstance.STATUS_COMPLETED: "completed",
    process_instance_pb2.ProcessInstance.STATUS_FAILED: "failed",
    process_instance_pb2.ProcessInstance.STATUS_TERMINATED: "terminated",
}
SUBSCRIPTION_NAMES = {
    event_subscription_service_pb2.EventSubscription.TYPE_MESSAGE: "message",
    event_subscription_service_pb2.EventSubscription.TYPE_SIGNAL: "signal",
}
PAGE = 1000
LEASE = Duration(seconds=86_400)
LEASABLE = (job_pb2.Job.STATE_READY, job_pb2.Job.STATE_LEASED)
_tenants = itertools.count(1)


class Stubs:
    """What a driver calls, beside what tests of the engine call anyway."""

    def __init__(self, engine: Engine, database: Database) -> None:
        self.engine = engine
        self.database = database
        channel = engine.channel
        self.messages: Any = MessageServiceStub(channel)
        self.signals: Any = SignalServiceStub(channel)
        self.migrations: Any = MigrationServiceStub(channel)
        self.ad_hoc: Any = AdHocSubProcessServiceStub(channel)
        self.conditions: Any = ConditionServiceStub(channel)
        self.activities: Any = ActivityInstanceServiceStub(channel)
        self.variables: Any = VariableServiceStub(channel)
        self.subscriptions: Any = EventSubscriptionServiceStub(channel)


class EngineDriver:
    """Commands by element id on a running engine."""

    def __init__(self, stubs: Stubs) -> None:
        self.stubs = stubs
        self.engine = stubs.engine
        self.tenant = f"case-{next(_tenants)}"
        self.now = NOW
        self.aliases: dict[str, str] = {}
        self.deployments: list[str] = []
        self.known: dict[str, tuple[str, str]] = {}
        """Tasks and jobs by id, also those that are no more: instance and element."""
        self.work: dict[str, str] = {}
        """Job types of workers' jobs by id."""
        self.leases: dict[str, str] = {}
        self.inputs: dict[str, dict[str, Any]] = {}
        """What workers are given, by job."""
        self._do: dict[str, Callable[[Step], Awaitable[Outcome | None]]] = {
            "start": self._start,
            "complete": self._complete,
            "claim": self._claim,
            "unclaim": self._unclaim,
            "assign": self._assign,
            "delegate": self._delegate,
            "resolve": self._resolve,
            "fail": self._fail,
            "throw": self._throw,
            "retry": self._retry,
            "signal": self._signal,
            "message": self._message,
            "trigger": self._trigger,
            "set": self._set,
            "remove": self._remove,
            "begin": self._begin,
            "finish": self._finish,
            "modify": self._modify,
            "migrate": self._migrate,
            "evaluate": self._evaluate,
            "evaluate_starts": self._evaluate_starts,
            "advance": self._advance,
            "run": self._run,
            "suspend": self._suspend,
            "resume": self._resume,
            "cancel": self._cancel,
            "suspend_definition": self._suspend_definition,
            "resume_definition": self._resume_definition,
            "undeploy": self._undeploy,
            "look": self._look,
        }

    async def deploy(self, models: Sequence[bytes]) -> list[str]:
        """Deploy files. Raises `Refused`."""
        if not self.deployments:
            await self._turn(NOW)
        warnings: list[str] = []
        for number, model in enumerate(models):
            request = deployment_service_pb2.CreateDeploymentRequest(
                resources=[deployment_pb2.Resource(name=f"m{number}.bpmn", content=model)],
                force=True,
                tenant_id=self.tenant,
            )
            try:
                answer = await self.engine.deployments.CreateDeployment(request)
            except grpc.aio.AioRpcError as error:
                raise await self._refused(request, error) from error
            self.deployments.append(answer.deployment.id)
            warnings += [problem.rule for problem in answer.warnings]
        return warnings

    async def _refused(self, request: Any, error: grpc.aio.AioRpcError) -> Exception:
        validation = deployment_service_pb2.ValidateDeploymentRequest(resources=request.resources)
        found = await self.engine.deployments.ValidateDeployment(validation)
        errors = [problem for problem in found.problems if problem.severity == deployment_pb2.Problem.SEVERITY_ERROR]
        if not errors:
            return _failed(error)
        return Refused([problem.rule for problem in errors], [problem.message for problem in errors])

    async def do(self, step: Step) -> Outcome:
        """Do what a step says. Raises `Failed`, `CannotDo`."""
        if step.verb == "deploy":
            await self.deploy([definitions(step.subject)])
            return Outcome()
        if step.verb not in self._do:
            raise CannotDo(step.verb)
        await self._note()
        try:
            return await self._do[step.verb](step) or Outcome()
        except grpc.aio.AioRpcError as error:
            raise _failed(error) from error

    async def close(self) -> None:
        """Take away what the case has left."""
        for deployment in reversed(self.deployments):
            request = deployment_service_pb2.DeleteDeploymentRequest(id=deployment, cascade=True)
            await self.engine.deployments.DeleteDeployment(request)

    # Commands

    async def _start(self, step: Step) -> None:
        started = await self.engine.start(
            step.subject,
            step.options.get("with"),
            tenant_id=self.tenant,
            business_key=step.options.get("business_key", ""),
            initiator=step.options.get("by", ""),
        )
        self.aliases[step.options.get("as", "")] = started.id

    async def _complete(self, step: Step) -> None:
        task_id = await self._place(step)
        if task_id in self.work:
            lease = self._lease(task_id)
            variables = to_values(step.options.get("with", {}))
            await self.engine.jobs.CompleteJob(
                job_service_pb2.CompleteJobRequest(id=task_id, lease_token=lease, variables=variables)
            )
            # Work of a listener may follow under the same id.
            del self.leases[task_id]
        else:
            await self.engine.complete_task(task_id, step.options.get("with"))

    async def _claim(self, step: Step) -> None:
        request = user_task_service_pb2.ClaimUserTaskRequest(id=await self._place(step), user_id=step.options["by"])
        await self.engine.tasks.ClaimUserTask(request)

    async def _unclaim(self, step: Step) -> None:
        await self.engine.tasks.UnclaimUserTask(
            user_task_service_pb2.UnclaimUserTaskRequest(id=await self._place(step))
        )

    async def _assign(self, step: Step) -> None:
        request = user_task_service_pb2.AssignUserTaskRequest(id=await self._place(step), user_id=step.options["to"])
        await self.engine.tasks.AssignUserTask(request)

    async def _delegate(self, step: Step) -> None:
        request = user_task_service_pb2.DelegateUserTaskRequest(id=await self._place(step), user_id=step.options["to"])
        await self.engine.tasks.DelegateUserTask(request)

    async def _resolve(self, step: Step) -> None:
        variables = to_values(step.options.get("with", {}))
        request = user_task_service_pb2.ResolveUserTaskRequest(id=await self._place(step), variables=variables)
        await self.engine.tasks.ResolveUserTask(request)

    async def _fail(self, step: Step) -> None:
        job_id = await self._place(step)
        request = job_service_pb2.FailJobRequest(
            id=job_id,
            lease_token=self._lease(job_id),
            retries=step.options.get("left", 0),
            error_message=step.options.get("text", ""),
            retry_backoff=Duration(),
        )
        await self.engine.jobs.FailJob(request)
        self.leases.pop(job_id, None)

    async def _throw(self, step: Step) -> Outcome:
        job_id = await self._place(step)
        request = job_service_pb2.ThrowJobErrorRequest(
            id=job_id,
            lease_token=self._lease(job_id),
            error_code=step.options["code"],
            error_message=step.options.get("text", ""),
            variables=to_values(step.options.get("with", {})),
        )
        answer = await self.engine.jobs.ThrowJobError(request)
        self.leases.pop(job_id, None)
        return Outcome(caught=answer.caught)

    async def _retry(self, step: Step) -> None:
        job_id = await self._place(step)
        request = job_service_pb2.SetJobRetriesRequest(id=job_id, retries=step.options.get("left", 1))
        await self.engine.jobs.SetJobRetries(request)

    async def _signal(self, step: Step) -> Outcome:
        only = await self._instance(step.options["to"]) if "to" in step.options else ""
        request = signal_service_pb2.BroadcastSignalRequest(
            name=step.subject,
            variables=to_values(step.options.get("with", {})),
            tenant_id=self.tenant,
            process_instance_id=only,
        )
        answer = await self.stubs.signals.BroadcastSignal(request)
        return Outcome(fired=answer.delivered + answer.started)

    async def _message(self, step: Step) -> None:
        request = message_service_pb2.CorrelateMessageRequest(
            name=step.subject,
            variables=to_values(step.options.get("with", {})),
            tenant_id=self.tenant,
            process_instance_id=await self._at(step) or "",
            business_key=step.options.get("business_key", ""),
            correlation_key=step.options.get("key", ""),
            all=step.options.get("all", False),
        )
        answer = await self.stubs.messages.CorrelateMessage(request)
        started = [given.process_instance.id for given in answer.correlations if given.started]
        if started:
            self.aliases[step.options.get("as", "")] = started[0]

    async def _trigger(self, step: Step) -> None:
        activity = await self._activity(step.subject, await self._at(step))
        variables = to_values(step.options.get("with", {}))
        await self.stubs.activities.TriggerActivityInstance(
            activity_pb2.TriggerActivityInstanceRequest(id=activity.id, variables=variables)
        )

    async def _set(self, step: Step) -> None:
        request = variable_service_pb2.UpdateVariablesRequest(
            scope_id=await self._scope(step),
            variables=to_values(step.subject),
            local=step.options.get("locally", False),
        )
        await self.stubs.variables.UpdateVariables(request)

    async def _remove(self, step: Step) -> None:
        request = variable_service_pb2.DeleteVariablesRequest(
            scope_id=await self._scope(step), names=step.subject, local=step.options.get("locally", False)
        )
        await self.stubs.variables.DeleteVariables(request)

    async def _scope(self, step: Step) -> str:
        """The id of the instance, or of the activity, whose variables a step is about."""
        at = await self._at(step)
        if "at" in step.options:
            activity_id: str = (await self._activity(step.options["at"], at)).id
            return activity_id
        return at or await self._first()

    async def _begin(self, step: Step) -> None:
        activity = await self._activity(step.options["of"], await self._at(step))
        request = ad_hoc_sub_process_service_pb2.StartAdHocActivityRequest(
            id=activity.id, element_id=step.subject, variables=to_values(step.options.get("with", {}))
        )
        await self.stubs.ad_hoc.StartAdHocActivity(request)

    async def _finish(self, step: Step) -> None:
        activity = await self._activity(step.subject, await self._at(step))
        await self.stubs.ad_hoc.CompleteAdHocSubProcess(
            ad_hoc_sub_process_service_pb2.CompleteAdHocSubProcessRequest(id=activity.id)
        )

    async def _modify(self, step: Step) -> None:
        request = process_instance_service_pb2.ModifyProcessInstanceRequest(
            id=await self._at(step) or await self._first(), instructions=[_instruction(entry) for entry in step.subject]
        )
        await self.engine.instances.ModifyProcessInstance(request)

    async def _migrate(self, step: Step) -> None:
        instance_id = await self._instance(step.subject)
        (instance,) = [found for found in await self._instances() if found.id == instance_id]
        definitions_of_case = await self.engine.definitions.ListProcessDefinitions(
            process_definition_service_pb2.ListProcessDefinitionsRequest(tenant_id=self.tenant, page_size=PAGE)
        )
        newest = max(
            (
                definition
                for definition in definitions_of_case.process_definitions
                if definition.key == instance.process_definition_key
            ),
            key=lambda definition: definition.version,
        )
        plan = migration_pb2.MigrationPlan(
            target_process_definition_id=newest.id,
            mappings=[
                migration_pb2.ElementMapping(source_element_ids=[source], target_element_ids=[target])
                for source, target in step.options.get("mapping", {}).items()
            ],
            variables=to_values(step.options.get("with", {})),
        )
        await self.stubs.migrations.MigrateProcessInstance(
            migration_service_pb2.MigrateProcessInstanceRequest(id=instance_id, plan=plan)
        )

    async def _evaluate(self, step: Step) -> Outcome:
        request = condition_service_pb2.EvaluateInstanceConditionsRequest(
            id=await self._at(step) or await self._first(), variables=to_values(step.options.get("with", {}))
        )
        answer = await self.stubs.conditions.EvaluateInstanceConditions(request)
        return Outcome(fired=answer.fired)

    async def _evaluate_starts(self, step: Step) -> Outcome:
        request = condition_service_pb2.EvaluateStartConditionsRequest(
            variables=to_values(step.options.get("with", {})), tenant_id=self.tenant
        )
        answer = await self.stubs.conditions.EvaluateStartConditions(request)
        return Outcome(fired=len(answer.process_instances))

    async def _advance(self, step: Step) -> None:
        until = duration(step.subject).after(self.now)
        await self._run(step)
        while True:
            due = [_next_time(job) for job in await self._jobs() if job.kind != job_pb2.Job.KIND_EXTERNAL]
            due = [time for time in due if self.now < time <= until]
            if not due:
                break
            await self._turn(min(due))
            await self._run(step)
        await self._turn(until)
        await self._run(step)

    async def _turn(self, micros: int) -> None:
        if micros - self.now >= LEASE.ToMicroseconds():
            self.leases.clear()
        self.now = micros
        time = Timestamp()
        time.FromMicroseconds(micros)
        await self.engine.clocks.SetClock(clock_service_pb2.SetClockRequest(time=time))

    async def _run(self, step: Step) -> None:
        await self.engine.clocks.Drain(clock_service_pb2.DrainRequest())

    async def _suspend(self, step: Step) -> None:
        await self.engine.suspend(await self._instance(step.subject))

    async def _resume(self, step: Step) -> None:
        await self.engine.resume(await self._instance(step.subject))

    async def _suspend_definition(self, step: Step) -> None:
        await self.engine.definitions.SuspendProcessDefinition(
            process_definition_service_pb2.SuspendProcessDefinitionRequest(
                id=await self._definition(step.subject), include_instances=step.options.get("with_instances", False)
            )
        )

    async def _resume_definition(self, step: Step) -> None:
        await self.engine.definitions.ResumeProcessDefinition(
            process_definition_service_pb2.ResumeProcessDefinitionRequest(
                id=await self._definition(step.subject), include_instances=step.options.get("with_instances", False)
            )
        )

    async def _definition(self, key: str) -> str:
        request = process_definition_service_pb2.ListProcessDefinitionsRequest(
            key=key, tenant_id=self.tenant, latest_only=True
        )
        (found,) = (await self.engine.definitions.ListProcessDefinitions(request)).process_definitions
        return str(found.id)

    async def _undeploy(self, step: Step) -> None:
        request = deployment_service_pb2.DeleteDeploymentRequest(id=self.deployments.pop(), cascade=True)
        await self.engine.deployments.DeleteDeployment(request)

    async def _cancel(self, step: Step) -> None:
        request = process_instance_service_pb2.CancelProcessInstanceRequest(
            id=await self._instance(step.subject), reason=step.options.get("reason", "")
        )
        await self.engine.instances.CancelProcessInstance(request)

    async def _look(self, step: Step) -> None:
        pass

    # Finding

    async def _instances(self) -> list[process_instance_pb2.ProcessInstance]:
        """All instances of the case, the oldest first."""
        request = process_instance_service_pb2.ListProcessInstancesRequest(tenant_id=self.tenant, page_size=PAGE)
        answer = await self.engine.instances.ListProcessInstances(request)
        return sorted(answer.process_instances, key=lambda instance: instance.id)

    async def _instance(self, name: str) -> str:
        if name in self.aliases:
            return self.aliases[name]
        for instance in await self._instances():
            if instance.process_definition_key == name:
                found: str = instance.id
                return found
        raise AssertionError(f"there is no instance {name}")

    async def _at(self, step: Step) -> str | None:
        return await self._instance(step.options["in"]) if "in" in step.options else None

    async def _first(self) -> str:
        first: str = (await self._instances())[0].id
        return first

    async def _jobs(self) -> list[job_pb2.Job]:
        jobs = await self.engine.open_jobs(tenant_id=self.tenant, page_size=PAGE)
        for job in jobs:
            self.known[job.id] = (job.process_instance_id, job.element_id)
            if job.kind == job_pb2.Job.KIND_EXTERNAL:
                self.work[job.id] = job.type
        return sorted(jobs, key=lambda job: _order(job.id))

    async def _tasks(self) -> list[user_task_pb2.UserTask]:
        tasks = await self.engine.user_tasks(tenant_id=self.tenant, page_size=PAGE)
        for task in tasks:
            self.known[task.id] = (task.process_instance_id, task.element_id)
            self.work.pop(task.id, None)
        return sorted(tasks, key=lambda task: _order(task.id))

    async def _note(self) -> list[str]:
        """Note what is open now, for those who ask for it when it is no more, and lease all work; return the ids."""
        jobs = await self._jobs()
        for job in jobs:
            if job.id in self.work and job.id not in self.leases and job.state in LEASABLE:
                await self._activate(job.type)
        return [entry.id for entry in (*await self._tasks(), *jobs)]

    async def _activate(self, job_type: str) -> None:
        leased = await self.engine.activate(
            job_type, tenant_id=self.tenant, max_jobs=PAGE, lease_duration=LEASE, worker="case"
        )
        for job in leased:
            self.leases[job.id] = job.lease_token
            self.inputs[job.id] = {name: from_value(value) for name, value in job.variables.items()}

    async def _place(self, step: Step) -> str:
        """The oldest open task or job of an element; the newest that was open where there is none any more."""
        at = await self._at(step)
        still = await self._note()
        found = [
            entry
            for entry, (instance, element) in self.known.items()
            if element == step.subject and at in (None, instance)
        ]
        assert found, f"there was never a task or job of {step.subject}"
        open_ones = [entry for entry in found if entry in still]
        return min(open_ones, key=_order) if open_ones else max(found, key=_order)

    def _lease(self, job_id: str) -> str:
        return self.leases.get(job_id, "no lease")

    async def _running(self, instance_id: str) -> list[activity_pb2.ActivityInstance]:
        request = activity_pb2.ListActivityInstancesRequest(process_instance_id=instance_id, page_size=PAGE)
        answer = await self.stubs.activities.ListActivityInstances(request)
        return sorted(answer.activity_instances, key=lambda activity: _order(activity.id))

    async def _activity(self, element_id: str, at: str | None) -> activity_pb2.ActivityInstance:
        for instance in await self._instances():
            if at in (None, instance.id) and instance.status == process_instance_pb2.ProcessInstance.STATUS_RUNNING:
                for activity in await self._running(instance.id):
                    if activity.element_id == element_id:
                        return activity
        raise AssertionError(f"nothing runs in {element_id}")

    # Looking

    async def see(self, instance: str | None, wanted: Mapping[str, Any]) -> Seen:
        """Look at all instances together, or at one."""
        only = None if instance is None else await self._instance(instance)
        instances = [found for found in await self._instances() if only in (None, found.id)]
        ids = {found.id for found in instances}
        tasks = [task for task in await self._tasks() if task.process_instance_id in ids]
        jobs = [job for job in await self._jobs() if job.process_instance_id in ids]
        begun, completed, variables = await self._told(ids)
        seen = Seen(
            open=[task.element_id for task in tasks],
            jobs=[job.element_id for job in jobs if job.kind == job_pb2.Job.KIND_EXTERNAL],
            timers=[job.element_id for job in jobs if job.kind == job_pb2.Job.KIND_TIMER],
            async_jobs=[job.element_id for job in jobs if job.kind == job_pb2.Job.KIND_ASYNC],
            begun=begun,
            completed=completed,
            ended=all(found.HasField("end_time") for found in instances),
            retries={job.element_id: job.retries for job in jobs},
            headers={job.element_id: dict(job.headers) for job in jobs},
            types={job.element_id: job.type for job in jobs},
            priorities={job.element_id: job.priority for job in jobs},
        )
        if instances:
            seen.status = STATUS_NAMES[instances[0].status]
            seen.business_key = instances[0].business_key
            seen.variables = variables.get(instances[0].id, {})
        if wanted.keys() & {"waiting", "local"}:
            for found in instances:
                await self._look_into(found.id, seen, wanted.get("local", {}))
        if "enabled" in wanted:
            seen.enabled = [name for found in instances for name in await self._enabled(found.id)]
        if "subscriptions" in wanted:
            request = event_subscription_service_pb2.ListEventSubscriptionsRequest(
                tenant_id=self.tenant, page_size=PAGE
            )
            answer = await self.stubs.subscriptions.ListEventSubscriptions(request)
            seen.subscriptions = [
                f"{SUBSCRIPTION_NAMES[row.type]}:{row.name}"
                for row in answer.event_subscriptions
                if row.process_instance_id in ids and row.type in SUBSCRIPTION_NAMES
            ]
        if "incidents" in wanted:
            answer = await self.engine.incidents.ListIncidents(
                ListIncidentsRequest(tenant_id=self.tenant, page_size=PAGE)
            )
            seen.incidents = [
                {
                    "element": row.element_id,
                    "type": Incident.Type.Name(row.type).removeprefix("TYPE_"),
                    "message": row.message,
                }
                for row in sorted(answer.incidents, key=lambda row: _order(row.id))
                if row.process_instance_id in ids
            ]
        if "inputs" in wanted:
            await self._note()
            seen.inputs = {job.element_id: self.inputs[job.id] for job in jobs if job.id in self.inputs}
        for task in tasks:
            if task.element_id not in seen.tasks:
                seen.tasks[task.element_id] = _attributes(task)
        return seen

    async def _look_into(self, instance_id: str, seen: Seen, scopes: Mapping[str, Any]) -> None:
        for activity in await self._running(instance_id):
            if not activity.attached_activity_id:
                seen.waiting.append(activity.element_id)
            if activity.element_id not in scopes or activity.element_id in seen.local:
                continue
            request = variable_service_pb2.GetVariablesRequest(scope_id=activity.id, local=True)
            answer = await self.stubs.variables.GetVariables(request)
            seen.local[activity.element_id] = {name: from_value(value) for name, value in answer.variables.items()}

    async def _enabled(self, instance_id: str) -> list[str]:
        found: list[str] = []
        for activity in await self._running(instance_id):
            if activity.element_type == "adHocSubProcess":
                request = ad_hoc_sub_process_service_pb2.ListEnabledActivitiesRequest(id=activity.id)
                answer = await self.stubs.ad_hoc.ListEnabledActivities(request)
                found += [enabled.element_id for enabled in answer.enabled_activities]
        return found

    async def _told(self, ids: set[str]) -> tuple[Counter[str], list[str], dict[str, dict[str, Any]]]:
        """What the events in the outbox tell: activities begun, those completed, variables of each instance."""
        rows = await self.stubs.database.read(
            fetch(Fetch("SELECT payload FROM outbox WHERE kind=? ORDER BY seq", (COMMIT_RECORD,)))
        )
        begun: dict[tuple[str, int], str] = {}
        completed: list[str] = []
        variables: dict[str, dict[str, Any]] = {}
        for (payload,) in rows:
            commit = stored_pb2.CommitRecord.FromString(payload)
            at = commit.process_instance_id
            if at not in ids:
                continue
            own = variables.setdefault(at, {})
            for kind, *fields in orjson.loads(commit.events_json):
                match kind:
                    case record.ACTIVITY_STARTED | record.ACTIVITY_COMPLETED | record.ACTIVITY_TERMINATED:
                        begun[(at, fields[0])] = fields[1]
                        if kind == record.ACTIVITY_COMPLETED:
                            completed.append(fields[1])
                    case record.INSTANCE_STARTED:
                        own.update(fields[1])
                    case record.VARIABLES_UPDATED if fields[0] == 0:
                        own.update(fields[1])
                    case record.VARIABLES_DELETED if fields[0] == 0:
                        for name in fields[1]:
                            own.pop(name, None)
        return Counter(begun.values()), completed, variables


def _instruction(entry: Mapping[str, Any]) -> modification_pb2.ModificationInstruction:
    """Return an instruction as a case writes it."""
    variables = to_values(entry.get("with", {}))
    instruction = modification_pb2.ModificationInstruction()
    if "move" in entry:
        instruction.move.CopyFrom(
            modification_pb2.MoveActivities(
                element_ids=[entry["move"]], target_element_ids=[entry["to"]], variables=variables
            )
        )
    elif "cancel" in entry:
        instruction.cancel.element_ids.append(entry["cancel"])
    elif "add_child" in entry:
        instruction.add_multi_instance_child.CopyFrom(
            modification_pb2.AddMultiInstanceChild(element_id=entry["add_child"], variables=variables)
        )
    elif "start_before" in entry:
        instruction.start_before.CopyFrom(
            modification_pb2.StartActivity(element_id=entry["start_before"], variables=variables)
        )
    else:
        instruction.start_after.CopyFrom(
            modification_pb2.StartActivity(element_id=entry["start_after"], variables=variables)
        )
    return instruction


def _order(entry_id: str) -> tuple[str, int]:
    """Instances by age, and what they hold by number."""
    instance, _, key = entry_id.partition(".")
    return instance, int(key or 0)


def _next_time(job: job_pb2.Job) -> int:
    """When a timer or asynchronous job is done next, in microseconds."""
    time = job.retry_time if job.HasField("retry_time") else job.due_time
    micros: int = time.ToMicroseconds()
    return micros


def _failed(error: grpc.aio.AioRpcError) -> Failed:
    info = error_info_of(error)
    assert info is not None, error
    return Failed(info.reason, error.details() or "")


def _attributes(task: user_task_pb2.UserTask) -> dict[str, Any]:
    return {
        "name": task.name,
        "description": task.description,
        "assignee": task.assignee,
        "owner": task.owner,
        "users": sorted(task.candidate_users),
        "groups": sorted(task.candidate_groups),
        "priority": task.priority,
        "form": task.form_key,
        "due": _time(task, "due_time"),
        "follow_up": _time(task, "follow_up_time"),
        "category": task.category,
        "delegated": task.delegation_state == user_task_pb2.UserTask.DELEGATION_STATE_PENDING,
    }


def _time(task: user_task_pb2.UserTask, name: str) -> str:
    text: str = getattr(task, name).ToJsonString() if task.HasField(name) else ""
    return text
