"""Rows and instances of the engine as messages of the contract."""

from __future__ import annotations

import orjson
from flowmesh.engine.v1 import (
    attachment_service_pb2,
    comment_service_pb2,
    deployment_pb2,
    incident_service_pb2,
    job_pb2,
    process_definition_pb2,
    process_instance_pb2,
    user_task_pb2,
)
from google.protobuf.timestamp_pb2 import Timestamp

from engine_svc.commands.jobs import LeasedJob
from engine_svc.model.problem import Problem
from engine_svc.state.instance import Instance, Status
from engine_svc.storage.definitions import DefinitionState, StoredDeployment
from engine_svc.storage.jobs import JobState
from mesh.db.statements import Row
from mesh.ids import member_id
from mesh.json_values import to_values

STATUSES = {
    Status.RUNNING: process_instance_pb2.ProcessInstance.STATUS_RUNNING,
    Status.PAUSED: process_instance_pb2.ProcessInstance.STATUS_PAUSED,
    Status.COMPLETED: process_instance_pb2.ProcessInstance.STATUS_COMPLETED,
    Status.FAILED: process_instance_pb2.ProcessInstance.STATUS_FAILED,
    Status.TERMINATED: process_instance_pb2.ProcessInstance.STATUS_TERMINATED,
}


def timestamp(micros: int) -> Timestamp | None:
    """Return microseconds since the Unix epoch as a message; None for 0, which stands for "never"."""
    if not micros:
        return None
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def process_instance(instance: Instance) -> process_instance_pb2.ProcessInstance:
    """Return an instance as it will be once the commit that is being prepared is written."""
    definition = instance.definition
    return process_instance_pb2.ProcessInstance(
        id=instance.id,
        status=STATUSES[instance.status],
        process_definition_id=definition.id,
        process_definition_key=definition.key,
        process_definition_version=definition.version,
        business_key=instance.business_key,
        tenant_id=instance.tenant_id,
        start_time=timestamp(instance.start_micros),
        end_time=timestamp(instance.end_micros),
        etag=str(instance.revision),
        incident_count=len(instance.incidents),
        parent_process_instance_id=instance.parent_id,
        root_process_instance_id=instance.root_id,
        restarted_from=instance.restarted_from,
    )


def process_instance_of_row(row: Row) -> process_instance_pb2.ProcessInstance:
    """Return a row in the order of `SUMMARY_COLUMNS`."""
    (
        instance_id,
        revision,
        status,
        definition_id,
        key,
        version,
        business_key,
        tenant_id,
        started,
        ended,
        count,
        parent_id,
        root_id,
        restarted_from,
        _,
    ) = row
    return process_instance_pb2.ProcessInstance(
        id=instance_id,
        status=status,
        process_definition_id=definition_id,
        process_definition_key=key,
        process_definition_version=version,
        business_key=business_key,
        tenant_id=tenant_id,
        start_time=timestamp(started),
        end_time=timestamp(ended),
        etag=str(revision),
        incident_count=count,
        parent_process_instance_id=parent_id,
        root_process_instance_id=root_id,
        restarted_from=restarted_from,
    )


def user_task_of_row(row: Row) -> user_task_pb2.UserTask:
    """Return a row in the order of `USER_TASK_COLUMNS`."""
    (
        instance_id,
        key,
        element_id,
        name,
        description,
        assignee,
        candidate_users,
        candidate_groups,
        priority,
        created_at,
        due_at,
        claimed_at,
        form_key,
        suspended,
        definition_id,
        definition_key,
        tenant_id,
        owner,
        delegation_state,
        follow_up_at,
        category,
        business_key,
        parent_key,
        revision,
    ) = row
    return user_task_pb2.UserTask(
        id=member_id(instance_id, key),
        element_id=element_id,
        name=name,
        description=description,
        # A stand-alone task runs no process.
        process_instance_id=instance_id if definition_id else "",
        process_definition_id=definition_id,
        process_definition_key=definition_key,
        tenant_id=tenant_id,
        assignee=assignee,
        candidate_users=orjson.loads(candidate_users),
        candidate_groups=orjson.loads(candidate_groups),
        priority=priority,
        create_time=timestamp(created_at),
        due_time=timestamp(due_at),
        claim_time=timestamp(claimed_at),
        form_key=form_key,
        suspended=bool(suspended),
        owner=owner,
        delegation_state=delegation_state,
        follow_up_time=timestamp(follow_up_at),
        category=category,
        parent_task_id=member_id(instance_id, parent_key) if parent_key else "",
        business_key=business_key,
        etag=str(revision),
    )


def comment_of_row(row: Row) -> comment_service_pb2.Comment:
    """Return a row in the order of `COMMENT_COLUMNS`."""
    instance_id, key, task_key, definition_id, user_id, text, created_at = row
    return comment_service_pb2.Comment(
        id=member_id(instance_id, key),
        process_instance_id=instance_id if definition_id else "",
        user_task_id=member_id(instance_id, task_key) if task_key else "",
        user_id=user_id,
        text=text,
        create_time=timestamp(created_at),
    )


def attachment_of_row(row: Row) -> attachment_service_pb2.Attachment:
    """Return a row in the order of `ATTACHMENT_COLUMNS`."""
    (
        instance_id,
        key,
        task_key,
        definition_id,
        user_id,
        name,
        description,
        content_type,
        url,
        size_bytes,
        created_at,
    ) = row
    return attachment_service_pb2.Attachment(
        id=member_id(instance_id, key),
        process_instance_id=instance_id if definition_id else "",
        user_task_id=member_id(instance_id, task_key) if task_key else "",
        user_id=user_id,
        name=name,
        description=description,
        content_type=content_type,
        url=url,
        size_bytes=size_bytes,
        create_time=timestamp(created_at),
    )


def job_of_row(row: Row, failed_attempts: int = 0, error_details: str = "") -> job_pb2.Job:
    """Return a row in the order of `JOB_COLUMNS`."""
    (
        instance_id,
        key,
        job_type,
        state,
        priority_order,
        created_at,
        available_at,
        retries,
        lease_owner,
        _,
        error_message,
        element_id,
        definition_id,
        definition_key,
        business_key,
        tenant_id,
        headers,
        _,
        kind,
        due_at,
        _,
    ) = row
    return job_pb2.Job(
        id=member_id(instance_id, key),
        type=job_type,
        state=state,
        element_id=element_id,
        process_instance_id=instance_id,
        process_definition_id=definition_id,
        process_definition_key=definition_key,
        business_key=business_key,
        tenant_id=tenant_id,
        priority=-priority_order,
        retries=retries,
        create_time=timestamp(created_at),
        headers=orjson.loads(headers),
        worker=lease_owner,
        lease_expire_time=timestamp(available_at) if state == JobState.LEASED else None,
        retry_time=timestamp(available_at) if state == JobState.BACKOFF else None,
        error_message=error_message,
        kind=kind,
        due_time=timestamp(due_at),
        failed_attempts=failed_attempts,
        error_details=error_details,
    )


def listed_job(row: Row) -> job_pb2.Job:
    """Return a row in the order of `LISTED_COLUMNS`."""
    return job_of_row(row[:-1], row[-1])


def detailed_job(row: Row) -> job_pb2.Job:
    """Return a row in the order of `DETAILED_COLUMNS`."""
    return job_of_row(row[:-2], row[-2], row[-1] or "")


def finished_job_of_row(row: Row) -> job_pb2.FinishedJob:
    """Return a row in the order of `FINISHED_JOB_COLUMNS`."""
    (
        definition_key,
        outcome,
        record_id,
        instance_id,
        key,
        kind,
        element_id,
        definition_id,
        tenant_id,
        created_at,
        due_at,
        ended_at,
        error_message,
        error_details,
    ) = row
    return job_pb2.FinishedJob(
        id=record_id,
        job_id=member_id(instance_id, key),
        kind=kind,
        outcome=outcome,
        element_id=element_id,
        process_instance_id=instance_id,
        process_definition_id=definition_id,
        process_definition_key=definition_key,
        tenant_id=tenant_id,
        create_time=timestamp(created_at),
        due_time=timestamp(due_at),
        end_time=timestamp(ended_at),
        error_message=error_message,
        error_details=error_details,
    )


def leased_job(job: LeasedJob, worker: str) -> job_pb2.Job:
    """Return a job as its worker gets it."""
    message = job_of_row(job.row)
    message.state = job_pb2.Job.STATE_LEASED
    message.worker = worker
    message.lease_token = str(job.lease_sequence)
    message.lease_expire_time.CopyFrom(timestamp(job.lease_until) or Timestamp())
    message.ClearField("retry_time")
    for name, value in to_values(job.variables).items():
        message.variables[name].CopyFrom(value)
    return message


def incident_of_row(row: Row) -> incident_service_pb2.Incident:
    """Return a row in the order of `INCIDENT_COLUMNS`."""
    (
        instance_id,
        key,
        incident_type,
        element_id,
        job_key,
        message,
        created_at,
        definition_id,
        definition_key,
        tenant_id,
    ) = row
    return incident_service_pb2.Incident(
        id=member_id(instance_id, key),
        type=incident_type,
        element_id=element_id,
        job_id=member_id(instance_id, job_key),
        process_instance_id=instance_id,
        process_definition_id=definition_id,
        process_definition_key=definition_key,
        tenant_id=tenant_id,
        message=message,
        create_time=timestamp(created_at),
    )


def definition_of_row(row: Row) -> process_definition_pb2.ProcessDefinition:
    """Return a row in the order of `DEFINITION_COLUMNS`."""
    (
        definition_id,
        key,
        version,
        name,
        description,
        version_tag,
        deployment_id,
        resource_name,
        tenant_id,
        latest,
        created_at,
        state,
    ) = row
    return process_definition_pb2.ProcessDefinition(
        id=definition_id,
        key=key,
        version=version,
        name=name,
        description=description,
        version_tag=version_tag,
        deployment_id=deployment_id,
        resource_name=resource_name,
        tenant_id=tenant_id,
        create_time=timestamp(created_at),
        suspended=state == DefinitionState.SUSPENDED,
        latest=bool(latest),
    )


def deployment(stored: StoredDeployment) -> deployment_pb2.Deployment:
    """Return a deployment."""
    deployment_id, name, tenant_id, created_at, _, deleting = stored.row
    return deployment_pb2.Deployment(
        id=deployment_id,
        name=name,
        tenant_id=tenant_id,
        create_time=timestamp(created_at),
        resource_names=stored.resource_names,
        process_definitions=[definition_of_row(row) for row in stored.definitions],
        deleting=bool(deleting),
    )


def problem(resource_name: str, found: Problem) -> deployment_pb2.Problem:
    """Return a problem of a model."""
    severity = deployment_pb2.Problem.SEVERITY_ERROR if found.is_error else deployment_pb2.Problem.SEVERITY_WARNING
    return deployment_pb2.Problem(
        severity=severity,
        rule=str(found.rule),
        resource_name=resource_name,
        element_id=found.element_id or "",
        line=found.line,
        column=found.column,
        message=found.message,
    )
