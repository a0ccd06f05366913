"""Puts a changed instance into the rows of a commit."""

from __future__ import annotations

from typing import Any

import orjson

from engine_svc.events.commit_record import COMMIT_RECORD, encode_commit
from engine_svc.runtime.changes import Changes, JobKind, NewJob, NewUserTask
from engine_svc.state.instance import Instance, Wait
from engine_svc.state.snapshot import encode_snapshot
from engine_svc.storage.commit import Commit
from engine_svc.storage.instance_parts import write_apart
from engine_svc.storage.jobs import LEASE_BITS, JobState
from engine_svc.storage.sagas import begin_saga
from engine_svc.storage.user_tasks import CANDIDATE_GROUP, CANDIDATE_USER
from mesh.errors import InvalidField
from mesh.ids import new_id
from mesh.outbox import OutboxEntry

TOPIC = "workflow-execution-events"


def add_to_commit(commit: Commit, instance: Instance, changes: Changes, max_state_bytes: int) -> int:
    """Add an instance and its changes; return the size of its state in bytes.

    Raises `InvalidField` (VARIABLE_TOO_LARGE) where its state is too large."""
    if instance.revision:
        commit.expected.append((instance.id, instance.revision))
    instance.revision += 1
    instance.silent_commits = 0 if changes.events else instance.silent_commits + 1
    commit.told.append((instance.id, instance.revision - instance.silent_commits))
    snapshot, apart = encode_snapshot(instance)
    size = len(snapshot) if apart is None else len(snapshot) + apart.size
    # An end is never refused: its last variables are written in another way, which may take a little more.
    if size > max_state_bytes and not instance.ended:
        raise _too_large(instance, size, max_state_bytes)
    if apart is not None:
        commit.statements += write_apart(instance.id, apart)
    definition = instance.definition
    commit.instances.append(
        (
            instance.id,
            instance.revision,
            int(instance.status),
            definition.id,
            definition.key,
            definition.version,
            instance.business_key,
            instance.tenant_id,
            instance.start_micros,
            instance.end_micros,
            len(instance.incidents),
            instance.parent_id,
            instance.root_id,
            instance.restarted_from,
            instance.initiator,
            int(instance.parts is not None or instance.large_values is not None),
            snapshot,
        )
    )
    if changes.awaits_acknowledgement:
        commit.statements += begin_saga(instance, commit.now)
    if changes.events:
        payload = encode_commit(instance, changes.events, commit.now)
        commit.outbox.append(OutboxEntry(new_id(), TOPIC, instance.id, COMMIT_RECORD, payload, commit.now))
    for task in changes.new_user_tasks:
        _add_user_task(commit, instance, task)
    for job in changes.new_jobs:
        _add_job(commit, instance, job)
    for incident in changes.new_incidents:
        commit.incidents.append(
            (
                instance.id,
                incident.key,
                incident.type,
                incident.element_id,
                incident.job_key,
                incident.message,
                commit.now,
                definition.id,
                definition.key,
                instance.tenant_id,
            )
        )
    for subscription in changes.new_subscriptions:
        commit.subscriptions.append(
            (
                instance.id,
                subscription.key,
                subscription.type,
                subscription.name,
                subscription.correlation_key,
                commit.now,
                subscription.element_id,
                subscription.activity_key,
                definition.id,
                definition.key,
                instance.business_key,
                instance.tenant_id,
            )
        )
    for signal in changes.signals:
        _add_thrown(commit, instance, Wait.SIGNAL, signal.name, "", signal.variables, everywhere=signal.everywhere)
    for message in changes.messages:
        _add_thrown(
            commit, instance, Wait.MESSAGE, message.name, message.correlation_key, message.variables, everywhere=True
        )
    if changes.ended_subscriptions:
        commit.ended_subscriptions += [(instance.id, key) for key in changes.ended_subscriptions]
    if changes.ended_user_tasks:
        commit.ended_user_tasks += [(instance.id, key) for key in changes.ended_user_tasks]
    if changes.ended_jobs:
        commit.ended_jobs += [(instance.id, key) for key in changes.ended_jobs]
    if changes.ended_incidents:
        commit.ended_incidents += [(instance.id, key) for key in changes.ended_incidents]
    return size


def _too_large(instance: Instance, size: int, limit: int) -> InvalidField:
    variables = [
        (len(orjson.dumps(value)), name)
        for scope in instance.scopes.values()
        for name, value in scope.variables.items()
    ]
    largest = max(variables)[1] if variables else ""
    hint = f"; the largest of its variables is {largest}" if largest else ""
    return InvalidField(
        "VARIABLE_TOO_LARGE",
        f"the variables of process instance {instance.id} would take {size} bytes, more than the {limit} "
        f"allowed{hint}; keep large documents elsewhere and their address here",
        metadata={"variable": largest, "bytes": str(size), "limit": str(limit)},
    )


def _add_thrown(
    commit: Commit,
    instance: Instance,
    kind: Wait,
    name: str,
    correlation_key: str,
    variables: dict[str, Any],
    *,
    everywhere: bool,
) -> None:
    commit.thrown.append(
        (
            new_id(),
            int(kind),
            name,
            correlation_key,
            orjson.dumps(variables),
            int(everywhere),
            instance.id,
            instance.tenant_id,
            commit.now,
        )
    )


def _add_user_task(commit: Commit, instance: Instance, task: NewUserTask) -> None:
    definition = instance.definition
    commit.user_tasks.append(
        (
            instance.id,
            task.key,
            task.element_id,
            task.name,
            task.description,
            task.assignee,
            orjson.dumps(task.candidate_users).decode(),
            orjson.dumps(task.candidate_groups).decode(),
            task.priority,
            commit.now,
            task.due_micros,
            commit.now if task.assignee else 0,
            task.form_key,
            0,
            definition.id,
            definition.key,
            instance.tenant_id,
            task.owner,
            0,
            task.follow_up_micros,
            task.category,
            instance.business_key,
            task.parent_key,
            instance.revision,
        )
    )
    for kind, candidates in ((CANDIDATE_USER, task.candidate_users), (CANDIDATE_GROUP, task.candidate_groups)):
        commit.candidates += [(instance.id, task.key, kind, candidate, commit.now) for candidate in candidates]


def _add_job(commit: Commit, instance: Instance, job: NewJob) -> None:
    definition = instance.definition
    commit.jobs.append(
        (
            instance.id,
            job.key,
            job.type,
            int(JobState.READY if job.kind is JobKind.EXTERNAL else JobState.SCHEDULED),
            -job.priority,
            commit.now,
            job.due_micros,
            job.retries,
            "",
            # A recurring timer makes jobs of one key: a lease of an earlier one must not open a later one.
            0 if job.kind is JobKind.EXTERNAL else instance.revision << LEASE_BITS,
            "",
            job.element_id,
            definition.id,
            definition.key,
            instance.business_key,
            instance.tenant_id,
            orjson.dumps(job.headers),
            orjson.dumps(job.inputs),
            int(job.kind),
            job.due_micros,
            ",".join(map(str, job.waits_micros)),
        )
    )
