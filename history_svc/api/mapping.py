"""Rows → messages. The order of a row's values is that of the table's columns in `storage.layout`."""

from __future__ import annotations

from typing import Any, Final, cast

from flowmesh.history.v1.history_pb2 import (
    HistoricActivity,
    HistoricAttachment,
    HistoricComment,
    HistoricIncident,
    HistoricJobEvent,
    HistoricProcessInstance,
    HistoricTask,
    HistoricVariable,
    HistoricVariableChange,
    SearchHit,
    TimelineEntry,
)
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from history_svc.queries.activity_details import NO_DETAILS, ActivityDetails
from history_svc.queries.search import Hit
from history_svc.queries.sequence_flows import SEQUENCE_FLOW, flow_record_id
from history_svc.queries.timeline import Entry
from history_svc.storage.layout import ACTIVITY_COLUMNS, UNKNOWN_TIME
from history_svc.storage.values import json_to_value
from mesh.db.statements import Row

_FLOW_ID: Final = ACTIVITY_COLUMNS.index("flow_id")


def instance_of(row: Row) -> HistoricProcessInstance:
    """Return the message of an instance's row."""
    (
        key,
        status,
        definition_id,
        definition_key,
        definition_version,
        business_key,
        tenant_id,
        initiator,
        start_micros,
        end_micros,
        end_reason,
        parent_id,
        parent_activity_id,
        root_id,
        _,
        _,
    ) = row
    return HistoricProcessInstance(
        id=key,
        status=status,
        process_definition_id=definition_id,
        process_definition_key=definition_key,
        process_definition_version=definition_version,
        business_key=business_key,
        tenant_id=tenant_id,
        initiator=initiator,
        start_time=_time(start_micros),
        end_time=_time(end_micros),
        duration=_between(start_micros, end_micros),
        end_reason=end_reason,
        parent_process_instance_id=parent_id,
        parent_activity_id=parent_activity_id,
        root_process_instance_id=root_id or key,
    )


def activity_of(row: Row, details: ActivityDetails) -> HistoricActivity:
    """Return the message of an activity's row, with what else is known of it."""
    (
        key,
        instance_id,
        definition_id,
        definition_key,
        tenant_id,
        element_id,
        element_name,
        element_type,
        parent_id,
        state,
        start_micros,
        sequence,
        end_micros,
        end_reason,
        _,
        _,
    ) = row
    assignee = details.assignees.get(key)
    return HistoricActivity(
        id=key,
        process_instance_id=instance_id,
        process_definition_key=definition_key,
        element_id=element_id,
        element_name=element_name,
        element_type=element_type,
        parent_activity_id=parent_id,
        state=state,
        start_time=_time(start_micros),
        end_time=_time(end_micros),
        duration=_between(start_micros, end_micros),
        end_reason=end_reason,
        sequence=sequence,
        process_definition_id=definition_id,
        tenant_id=tenant_id,
        called_process_instance_id=details.called.get(key, ""),
        # A task and the activity that waits for it have one id.
        task_id="" if assignee is None else key,
        assignee=assignee or "",
    )


def flow_of(row: Row) -> HistoricActivity | None:
    """Return the message of the sequence flow that an activity was reached by, None where it was reached otherwise."""
    flow_id = row[_FLOW_ID]
    if not flow_id:
        return None
    activity = activity_of(row, NO_DETAILS)
    return HistoricActivity(
        id=flow_record_id(activity.id),
        process_instance_id=activity.process_instance_id,
        process_definition_key=activity.process_definition_key,
        element_id=flow_id,
        element_type=SEQUENCE_FLOW,
        parent_activity_id=activity.parent_activity_id,
        state=HistoricActivity.STATE_COMPLETED,
        start_time=activity.start_time,
        end_time=activity.start_time,
        duration=Duration(),
        sequence=activity.sequence,
        process_definition_id=activity.process_definition_id,
        tenant_id=activity.tenant_id,
    )


def task_of(row: Row) -> HistoricTask:
    """Return the message of a task's row."""
    (
        key,
        instance_id,
        _,
        definition_key,
        tenant_id,
        element_id,
        name,
        description,
        assignee,
        priority,
        state,
        create_micros,
        due_micros,
        end_micros,
        end_reason,
        owner,
        follow_up_micros,
        category,
        form_key,
        parent_task_id,
        outcome,
        completed_by,
        _,
        _,
        _,
        _,
    ) = row
    return HistoricTask(
        id=key,
        process_instance_id=instance_id,
        process_definition_key=definition_key,
        element_id=element_id,
        name=name,
        description=description,
        assignee=assignee,
        priority=priority,
        state=state,
        create_time=_time(create_micros),
        due_time=_time(due_micros),
        end_time=_time(end_micros),
        duration=_between(create_micros, end_micros),
        end_reason=end_reason,
        tenant_id=tenant_id,
        owner=owner,
        follow_up_time=_time(follow_up_micros),
        category=category,
        form_key=form_key,
        parent_task_id=parent_task_id,
        outcome=outcome,
        completed_by=completed_by,
    )


def variable_of(row: Row) -> HistoricVariable:
    """Return the message of a variable's row."""
    key, instance_id, definition_key, tenant_id, scope_activity_id, name, value_json, update_micros, deleted, *_ = row
    return HistoricVariable(
        id=key,
        process_instance_id=instance_id,
        name=name,
        value=None if deleted else json_to_value(value_json),
        scope_activity_id=scope_activity_id,
        update_time=_time(update_micros),
        process_definition_key=definition_key,
        tenant_id=tenant_id,
        deleted=bool(deleted),
    )


def variable_change_of(row: Row) -> HistoricVariableChange:
    """Return the message of a change of a variable."""
    (
        key,
        instance_id,
        definition_key,
        tenant_id,
        variable_id,
        scope_activity_id,
        name,
        change_micros,
        deleted,
        user_id,
        value_type,
        value_size,
        value_json,
    ) = row
    return HistoricVariableChange(
        id=key,
        process_instance_id=instance_id,
        process_definition_key=definition_key,
        tenant_id=tenant_id,
        variable_id=variable_id,
        name=name,
        scope_activity_id=scope_activity_id,
        change_time=_time(change_micros),
        user_id=user_id,
        deleted=bool(deleted),
        type=value_type,
        value=json_to_value(value_json) if value_json else None,
        value_size=value_size,
    )


def incident_of(row: Row) -> HistoricIncident:
    """Return the message of an incident's row."""
    (
        key,
        instance_id,
        definition_id,
        definition_key,
        tenant_id,
        kind,
        element_id,
        job_id,
        message,
        state,
        create_micros,
        end_micros,
    ) = row
    return HistoricIncident(
        id=key,
        process_instance_id=instance_id,
        process_definition_id=definition_id,
        process_definition_key=definition_key,
        tenant_id=tenant_id,
        type=kind,
        element_id=element_id,
        job_id=job_id,
        message=message,
        state=state,
        create_time=_time(create_micros),
        end_time=_time(end_micros),
        duration=_between(create_micros, end_micros),
    )


def job_event_of(row: Row) -> HistoricJobEvent:
    """Return the message of an entry of the log of jobs."""
    (
        key,
        instance_id,
        definition_id,
        definition_key,
        tenant_id,
        job_id,
        job_type,
        element_id,
        event,
        event_micros,
        retries,
        error_message,
        error_code,
        user_id,
    ) = row
    return HistoricJobEvent(
        id=key,
        process_instance_id=instance_id,
        process_definition_id=definition_id,
        process_definition_key=definition_key,
        tenant_id=tenant_id,
        job_id=job_id,
        job_type=job_type,
        element_id=element_id,
        event=event,
        event_time=_time(event_micros),
        retries=retries,
        error_message=error_message,
        error_code=error_code,
        user_id=user_id,
    )


def comment_of(row: Row) -> HistoricComment:
    """Return the message of a comment's row."""
    key, instance_id, _, tenant_id, task_id, user_id, text, create_micros, delete_micros = row
    return HistoricComment(
        id=key,
        process_instance_id=instance_id,
        task_id=task_id,
        user_id=user_id,
        text=text,
        create_time=_time(create_micros),
        delete_time=_time(delete_micros),
        tenant_id=tenant_id,
    )


def attachment_of(row: Row) -> HistoricAttachment:
    """Return the message of an attachment's row."""
    (
        key,
        instance_id,
        _,
        tenant_id,
        task_id,
        user_id,
        name,
        content_type,
        url,
        size_bytes,
        create_micros,
        delete_micros,
    ) = row
    return HistoricAttachment(
        id=key,
        process_instance_id=instance_id,
        task_id=task_id,
        user_id=user_id,
        name=name,
        content_type=content_type,
        url=url,
        size_bytes=size_bytes,
        create_time=_time(create_micros),
        delete_time=_time(delete_micros),
        tenant_id=tenant_id,
    )


def entry_of(entry: Entry) -> TimelineEntry:
    """Return the message of a timeline's entry."""
    return TimelineEntry(
        process_instance_id=entry.process_instance_id,
        kind=cast("Any", entry.kind),
        time=_time(entry.micros),
        user_id=entry.user_id,
        record_id=entry.record_id,
        element_id=entry.element_id,
        name=entry.name,
        subject=entry.subject,
        detail=entry.detail,
        value=json_to_value(entry.value_json) if entry.value_json else None,
    )


def hit_of(hit: Hit) -> SearchHit:
    """Return the message of what a search has found."""
    return SearchHit(
        kind=cast("Any", hit.kind),
        record_id=hit.record_id,
        process_instance_id=hit.process_instance_id,
        process_definition_key=hit.process_definition_key,
        tenant_id=hit.tenant_id,
        title=hit.title,
        field=hit.field,
        snippet=hit.snippet,
    )


def _time(micros: int | None) -> Timestamp | None:
    if micros is None or micros == UNKNOWN_TIME:
        return None
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1_000)


def _between(start_micros: int, end_micros: int | None) -> Duration | None:
    if end_micros is None or start_micros == UNKNOWN_TIME:
        return None
    # Clocks of two machines may disagree; nothing takes less than no time.
    seconds, rest = divmod(max(0, end_micros - start_micros), 1_000_000)
    return Duration(seconds=seconds, nanos=rest * 1_000)
