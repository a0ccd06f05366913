"""`flowmesh.engine.v1.ExplanationService`."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from flowmesh.engine.v1 import explanation_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from engine_svc.api import messages
from engine_svc.commands.executor import InstanceExecutor, instance_missing
from engine_svc.runtime.explanation import Waiting, host_key, waiting_tokens
from engine_svc.state.instance import Instance, Status, Wait
from engine_svc.storage.commit import JOB_COLUMNS, MESSAGE_COLUMNS, SUBSCRIPTION_COLUMNS, USER_TASK_COLUMNS
from engine_svc.storage.explanations import WaitRows, fetch_missed_messages, fetch_wait_rows
from engine_svc.storage.jobs import JobState
from engine_svc.storage.subscriptions import statuses
from mesh.call import open_rows
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.ids import member_id

DEFAULT_WAITS = 100

ASSIGNEE = USER_TASK_COLUMNS.index("assignee")
CANDIDATE_USERS = USER_TASK_COLUMNS.index("candidate_users")
CANDIDATE_GROUPS = USER_TASK_COLUMNS.index("candidate_groups")
JOB_STATE = JOB_COLUMNS.index("state")
RETRIES = JOB_COLUMNS.index("retries")
LEASE_OWNER = JOB_COLUMNS.index("lease_owner")
ERROR_MESSAGE = JOB_COLUMNS.index("error_message")
DUE_AT = JOB_COLUMNS.index("due_at")
MESSAGE_KEY = MESSAGE_COLUMNS.index("correlation_key")
CREATED_AT = MESSAGE_COLUMNS.index("created_at")
EXPLANATION = MESSAGE_COLUMNS.index("explanation")
NAME = SUBSCRIPTION_COLUMNS.index("name")
CORRELATION_KEY = SUBSCRIPTION_COLUMNS.index("correlation_key")

KINDS = {
    Wait.USER_TASK: pb.InstanceWait.KIND_USER_TASK,
    Wait.EXTERNAL_JOB: pb.InstanceWait.KIND_EXTERNAL_JOB,
    Wait.TIMER: pb.InstanceWait.KIND_TIMER,
    Wait.ASYNC_JOB: pb.InstanceWait.KIND_ASYNC_JOB,
    Wait.MESSAGE: pb.InstanceWait.KIND_MESSAGE,
    Wait.SIGNAL: pb.InstanceWait.KIND_SIGNAL,
    Wait.CONDITION: pb.InstanceWait.KIND_CONDITION,
    Wait.VARIABLE: pb.InstanceWait.KIND_VARIABLE,
    Wait.CALL: pb.InstanceWait.KIND_CALLED_INSTANCE,
    Wait.TRIGGER: pb.InstanceWait.KIND_TRIGGER,
    Wait.NOTHING: pb.InstanceWait.KIND_JOIN,
}


@dataclass(slots=True)
class ExplanationServicer:
    """Serves ExplanationService."""

    executor: InstanceExecutor
    database: Database

    async def ExplainProcessInstance(
        self, request: pb.ExplainProcessInstanceRequest
    ) -> pb.ExplainProcessInstanceResponse:
        """See the contract."""
        instance = await self.executor.load(request.id)
        if instance is None:
            raise instance_missing(request.id)
        rows = await self.database.read(fetch_wait_rows(instance.id))
        waiting = waiting_tokens(instance)
        told = waiting[: request.max_waits or DEFAULT_WAITS]
        waits = [self._wait(instance, entry, rows) for entry in told]
        await self._add_near_misses(instance, waits)
        await self._add_lost_calls(waits)
        return pb.ExplainProcessInstanceResponse(
            process_instance=messages.process_instance(instance),
            summary=summary(instance, waits, len(waiting)),
            waits=waits,
            wait_count=len(waiting),
        )

    async def _add_near_misses(self, instance: Instance, waits: list[pb.InstanceWait]) -> None:
        if not open_rows().allow(instance.tenant_id):
            # Messages belong to the whole tenant.
            return
        names = {wait.name for wait in waits if wait.kind == pb.InstanceWait.KIND_MESSAGE}
        missed = {
            name: await self.database.read(fetch_missed_messages(instance.tenant_id, name)) for name in sorted(names)
        }
        for wait in waits:
            if wait.kind == pb.InstanceWait.KIND_MESSAGE:
                wait.near_misses.extend(_near_miss(wait, row) for row in missed[wait.name])

    async def _add_lost_calls(self, waits: list[pb.InstanceWait]) -> None:
        calls = [wait for wait in waits if wait.called_process_instance_id]
        if not calls:
            return
        found = await self.database.read(statuses([wait.called_process_instance_id for wait in calls]))
        for wait in calls:
            status = found.get(wait.called_process_instance_id)
            if status is None or status == int(Status.TERMINATED):
                how = "deleted" if status is None else "terminated"
                wait.description = (
                    f"{wait.element_type} {wait.element_id} called the process instance "
                    f"{wait.called_process_instance_id}, which was {how}: only a modification, a migration or a "
                    "cancellation moves this instance on"
                )

    def _wait(self, instance: Instance, waiting: Waiting, rows: WaitRows) -> pb.InstanceWait:
        token, element = waiting.token, waiting.element
        host = host_key(token)
        message = pb.InstanceWait(
            kind=KINDS[token.waits_for],
            activity_id=member_id(instance.id, token.key),
            element_id=element.id,
            element_name=element.name,
            element_type=element.bpmn_type,
            start_time=messages.timestamp(token.start_micros),
            host_activity_id=member_id(instance.id, host) if host else "",
            name=waiting.watched,
            missing_flow_ids=waiting.missing_flows,
        )
        if (task := rows.tasks.get(token.key)) is not None:
            message.assignee = task[ASSIGNEE]
            message.candidate_users.extend(orjson.loads(task[CANDIDATE_USERS]))
            message.candidate_groups.extend(orjson.loads(task[CANDIDATE_GROUPS]))
        job = rows.jobs.get(token.key)
        if job is not None:
            message.job.CopyFrom(messages.job_of_row(job))
            message.incidents.extend(messages.incident_of_row(row) for row in rows.incidents.get(token.key, ()))
        if (subscription := rows.subscriptions.get(token.key)) is not None:
            message.name = subscription[NAME]
            message.correlation_key = subscription[CORRELATION_KEY]
        if token.waits_for is Wait.CALL and token.detail is not None:
            message.called_process_instance_id = token.detail["called"]
        message.description = describe(message, job)
        return message


def _near_miss(wait: pb.InstanceWait, row: Row) -> pb.NearMiss:
    correlation_key, created_at, explanation = row[MESSAGE_KEY], row[CREATED_AT], row[EXPLANATION]
    if correlation_key != wait.correlation_key:
        reason = f"its correlation key is {correlation_key!r}, not {wait.correlation_key!r}"
    elif timestamp_micros(wait.start_time) > created_at:
        reason = "it came before the instance waited for it, and its time to live ended"
    else:
        reason = explanation or "the instance could not take it when it came"
    return pb.NearMiss(
        message_id=row[0],
        correlation_key=correlation_key,
        receive_time=messages.timestamp(created_at),
        reason=reason,
    )


def timestamp_micros(time: Timestamp) -> int:
    """Return a time in microseconds since the Unix epoch."""
    return time.seconds * 1_000_000 + time.nanos // 1000


def describe(wait: pb.InstanceWait, job: Row | None) -> str:
    """Return what a wait is and what would move it, in one sentence."""
    what = f"{wait.element_type} {wait.element_id}"
    match wait.kind:
        case pb.InstanceWait.KIND_USER_TASK:
            return f"{what} waits for {_whoever(wait)} to complete its task"
        case pb.InstanceWait.KIND_TIMER | pb.InstanceWait.KIND_ASYNC_JOB | pb.InstanceWait.KIND_EXTERNAL_JOB:
            return f"{what} waits for {_work(wait, job)}"
        case pb.InstanceWait.KIND_MESSAGE:
            key = f" with the correlation key {wait.correlation_key!r}" if wait.correlation_key else ""
            return f"{what} waits for the message {wait.name!r}{key}"
        case pb.InstanceWait.KIND_SIGNAL:
            return f"{what} waits for the signal {wait.name!r}"
        case pb.InstanceWait.KIND_CONDITION:
            return f"{what} waits until the condition {wait.name} holds"
        case pb.InstanceWait.KIND_VARIABLE:
            return f"{what} waits for a change of the variable {wait.name!r}"
        case pb.InstanceWait.KIND_CALLED_INSTANCE:
            return f"{what} waits for the process instance {wait.called_process_instance_id} that it called to end"
        case pb.InstanceWait.KIND_TRIGGER:
            return f"{what} waits to be triggered"
        case _:
            flows = ", ".join(wait.missing_flow_ids)
            return f"{what} waits for tokens by the sequence flows {flows}" if flows else f"{what} joins tokens"


def _whoever(wait: pb.InstanceWait) -> str:
    if wait.assignee:
        return wait.assignee
    candidates = [*wait.candidate_users, *(f"group {group}" for group in wait.candidate_groups)]
    return f"one of {', '.join(candidates)} to claim and" if candidates else "somebody"


def _work(wait: pb.InstanceWait, job: Row | None) -> str:
    if job is None:
        return "a timer that does not come again" if wait.kind == pb.InstanceWait.KIND_TIMER else "its job"
    state = job[JOB_STATE]
    name = {
        pb.InstanceWait.KIND_TIMER: "a timer",
        pb.InstanceWait.KIND_ASYNC_JOB: "an asynchronous job",
    }.get(wait.kind, f"a worker of type {wait.job.type}")
    if state == JobState.FAILED:
        return f"{name} that has failed and has no retries left: {job[ERROR_MESSAGE]}"
    if state == JobState.SUSPENDED:
        return f"{name}, which is paused with its instance"
    failed = f" ({job[RETRIES]} retries left after: {job[ERROR_MESSAGE]})" if job[ERROR_MESSAGE] else ""
    if state == JobState.LEASED and job[LEASE_OWNER]:
        return f"{name}; {job[LEASE_OWNER]} is at it{failed}"
    if wait.kind == pb.InstanceWait.KIND_TIMER:
        return f"{name} that is due at {wait.job.due_time.ToJsonString()}{failed}"
    if state == JobState.BACKOFF:
        return f"{name}, to be tried again at {wait.job.retry_time.ToJsonString()}{failed}"
    return f"{name}{failed}"


def summary(instance: Instance, waits: list[pb.InstanceWait], count: int) -> str:
    """Return why an instance does not move, in one sentence."""
    if instance.ended:
        return f"The instance is {instance.status.name.lower()}: nothing can move it."
    paused = "The instance is paused: nothing moves until it is resumed. " if instance.status is Status.PAUSED else ""
    if not waits:
        return f"{paused}It waits for nothing."
    troubled = next((wait for wait in waits if wait.incidents), waits[0])
    more = f", and {count - 1} more" if count > 1 else ""
    return f"{paused}{troubled.description[0].upper()}{troubled.description[1:]}{more}."
