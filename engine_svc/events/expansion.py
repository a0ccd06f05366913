"""Turns a commit's record from the outbox into typed events for the bus: one message an event."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import orjson
from flowmesh.events.v1 import event_pb2, workflow_pb2
from flowmesh.internal.v1 import stored_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from engine_svc.events import record as compact
from engine_svc.events.commit_record import COMMIT_RECORD, FORMAT, SINGLE_EVENT
from engine_svc.events.formats import UnknownRecordFormat
from engine_svc.events.job_activation import JOB_ACTIVATION, expand_activation
from engine_svc.events.mentions import mentioned_in
from engine_svc.events.operations import PLACE, operation_recorded
from engine_svc.events.saga_id import saga_id_of
from mesh.audit.operation import RECORDED
from mesh.bus.port import BusMessage
from mesh.bus.topics import AUDIT_EVENTS
from mesh.contract_rules import surely_valid
from mesh.event_decoding import decode
from mesh.event_rows import message_of_row
from mesh.ids import member_id
from mesh.json_values import to_values
from mesh.outbox import OutboxRow
from mesh.wire_format import nested

SOURCE = "engine"
EVENT_VERSION = "1.0"


FIELDS_OF_COLUMNS = {"due_at": "due_time", "follow_up_at": "follow_up_time"}
"""What a column of a task is called in its event, where that is another name."""

Fields = dict[str, Any]
Build = Callable[[str, Fields], Fields]


def expand(row: OutboxRow) -> list[BusMessage]:
    """Return the events of a commit in order, keyed by instance, or the one event or command of another row.

    Behind a commit's events comes the operation that made it, for the audit.

    Event ids are made from the outbox row's id and the position, so that expanding twice gives the same ids. The
    headers are the attributes of CloudEvents 1.0 in binary mode and W3C trace context. Raises `UnknownRecordFormat`,
    and `Unreadable` where an event breaks the rules by which its readers check it.
    """
    if row.kind == JOB_ACTIVATION:
        return expand_activation(row)
    if row.kind == SINGLE_EVENT:
        return [message_of_row(row)]
    if row.kind != COMMIT_RECORD:
        raise UnknownRecordFormat(
            f"outbox row of kind {row.kind}; this release reads {COMMIT_RECORD}, {JOB_ACTIVATION} and {SINGLE_EVENT}"
        )
    record = stored_pb2.CommitRecord.FromString(row.payload)
    if record.format != FORMAT:
        raise UnknownRecordFormat(f"commit record in format {record.format}; this release reads {FORMAT}")
    instance_id = record.process_instance_id
    time = _timestamp(record.time_micros)
    metadata = event_pb2.EventMetadata(user_id=record.user_id, trace_id=_trace_id(record.traceparent))
    headers = {
        "ce_specversion": "1.0",
        "ce_source": f"/flowmesh/{SOURCE}",
        "ce_time": time.ToJsonString(),
        "content-type": "application/protobuf",
        "correlation-id": record.correlation_id,
        "traceparent": record.traceparent,
    }
    # What all events of the commit have in common is serialised once: serialised messages that are put behind one
    # another are one message.
    shared = event_pb2.EventEnvelope(
        event_version=EVENT_VERSION,
        timestamp=time,
        source_service=SOURCE,
        correlation_id=record.correlation_id,
        biz_id=instance_id,
        metadata=metadata,
    ).SerializeToString()
    reference = workflow_pb2.ProcessInstanceRef(
        id=instance_id,
        process_definition_id=record.process_definition_id,
        process_definition_key=record.process_definition_key,
        process_definition_version=record.process_definition_version,
        business_key=record.business_key,
        tenant_id=record.tenant_id,
        revision=record.revision,
    ).SerializeToString()
    messages = []
    events = orjson.loads(record.events_json)
    last = len(events) - 1
    for ordinal, (number, *values) in enumerate(events):
        kind = KINDS[number]
        fields = kind.build(instance_id, dict(zip(compact.POSITIONS[number], values, strict=False)))
        message = kind.message(**fields)
        payload = nested(1, reference + _place(ordinal, ordinal == last)) + message.SerializeToString()
        event_id = event_id_of(row.id, ordinal)
        value = nested(1, event_id.encode()) + kind.type_field + shared + nested(number, payload)
        # Within a commit envelope and instance differ in nothing that can go wrong, and cost most of a check.
        if not ordinal or not surely_valid(message, apart_from="process_instance"):
            decode(value)
        messages.append(
            BusMessage(row.topic, instance_id, value, {**headers, "ce_id": event_id, "ce_type": kind.event_type})
        )
    if record.HasField("operation"):
        messages.append(_operation(row, record, events, shared, headers))
    return messages


@lru_cache(maxsize=1024)
def _place(ordinal: int, last: bool) -> bytes:
    return workflow_pb2.ProcessInstanceRef(ordinal=ordinal, last_in_commit=last).SerializeToString()


def _operation(
    row: OutboxRow, record: stored_pb2.CommitRecord, events: list[Any], shared: bytes, headers: dict[str, str]
) -> BusMessage:
    """Return the message for the audit, which shares with the events what they share."""
    event_id = event_id_of(row.id, PLACE)
    key = record.process_instance_id or record.operation.resource_id
    envelope = event_pb2.EventEnvelope(
        event_id=event_id,
        event_type=RECORDED,
        biz_id=key,
        metadata=event_pb2.EventMetadata(session_id=record.operation.session_id),
        operation_recorded=operation_recorded(record, events),
    ).SerializeToString()
    return BusMessage(AUDIT_EVENTS, key, shared + envelope, {**headers, "ce_id": event_id, "ce_type": RECORDED})


def event_id_of(outbox_id: str, ordinal: int) -> str:
    """Return the id of the event at a position of a commit: the row's UUID with the position mixed into it."""
    return f"{outbox_id[:24]}{int(outbox_id[24:], 16) ^ ordinal:012x}"


class Kind:
    """How one kind of event is built."""

    __slots__ = ("build", "event_type", "field", "message", "type_field")

    def __init__(self, event_type: str, field: str, build: Build) -> None:
        self.event_type = event_type
        self.type_field = event_pb2.EventEnvelope(event_type=event_type).SerializeToString()
        self.field = field
        self.message: Any = getattr(workflow_pb2, "".join(p.title() for p in field.split("_")))
        self.build = build


def _timestamp(micros: int) -> Timestamp:
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def _trace_id(traceparent: str) -> str:
    return traceparent[3:35] if len(traceparent) == 55 else ""


def _plain(_: str, fields: Fields) -> Fields:
    return fields


def _with_start(_: str, fields: Fields) -> Fields:
    fields["start_time"] = _timestamp(fields.pop("start_micros"))
    return fields


def _instance_completed(instance_id: str, fields: Fields) -> Fields:
    fields = _with_start(instance_id, fields)
    if fields.pop("has_saga", 0):
        fields["saga_id"] = saga_id_of(instance_id)
    return fields


def _instance_failed(instance_id: str, fields: Fields) -> Fields:
    return {**_with_start(instance_id, fields), "saga_id": saga_id_of(instance_id)}


def _completion_pending(instance_id: str, fields: Fields) -> Fields:
    return {
        "saga_id": saga_id_of(instance_id),
        "attempt": fields["attempt"],
        "acknowledge_before": _timestamp(fields["until_micros"]),
    }


def _with_id(name: str) -> Build:
    def build(instance_id: str, fields: Fields) -> Fields:
        fields[name] = member_id(instance_id, fields.pop("key"))
        return fields

    return build


def _activity(instance_id: str, fields: Fields) -> Fields:
    key, parent = fields["key"], fields["parent_key"]
    built: Fields = {
        "activity": workflow_pb2.ActivityRef(
            id=member_id(instance_id, key),
            element_id=fields["element_id"],
            element_name=fields["element_name"],
            element_type=fields["element_type"],
            parent_activity_id=member_id(instance_id, parent) if parent else "",
            sequence=key,
            flow_id=fields.get("flow_id", ""),
        )
    }
    if "start_micros" in fields:
        built["start_time"] = _timestamp(fields["start_micros"])
    if "reason" in fields:
        built["reason"] = fields["reason"]
    return built


def _task_created(instance_id: str, fields: Fields) -> Fields:
    fields = _task_with_times(instance_id, fields)
    if parent := fields.pop("parent_key", 0):
        fields["parent_task_id"] = member_id(instance_id, parent)
    return fields


def _task_updated(instance_id: str, fields: Fields) -> Fields:
    previous = fields.pop("previous", None) or {}
    fields["changed"] = [FIELDS_OF_COLUMNS.get(name, name) for name in fields["changed"]]
    fields = _task_with_times(instance_id, fields)
    for name in ("due", "follow_up"):
        if micros := previous.get(f"{name}_micros"):
            fields[f"previous_{name}_time"] = _timestamp(micros)
    for name in ("priority", "owner", "name"):
        if name in previous:
            fields[f"previous_{name}"] = previous[name]
    return fields


def _task_with_times(instance_id: str, fields: Fields) -> Fields:
    fields = _with_id("task_id")(instance_id, fields)
    for name in ("due", "follow_up"):
        if micros := fields.pop(f"{name}_micros", 0):
            fields[f"{name}_time"] = _timestamp(micros)
    return fields


def _with_task(name: str) -> Build:
    build_id = _with_id(name)

    def build(instance_id: str, fields: Fields) -> Fields:
        fields = build_id(instance_id, fields)
        task = fields.pop("task_key")
        fields["task_id"] = member_id(instance_id, task) if task else ""
        return fields

    return build


_with_comment = _with_task("comment_id")


def _comment_created(instance_id: str, fields: Fields) -> Fields:
    return {**_with_comment(instance_id, fields), "mentioned_user_ids": mentioned_in(fields["text"])}


def _incident_raised(instance_id: str, fields: Fields) -> Fields:
    fields = _with_id("incident_id")(instance_id, fields)
    fields["job_id"] = member_id(instance_id, fields.pop("job_key"))
    return fields


def _variables_updated(instance_id: str, fields: Fields) -> Fields:
    scope = fields["scope_key"]
    return {
        "scope_activity_id": member_id(instance_id, scope) if scope else "",
        "variables": to_values(fields["variables"]),
    }


def _variables_deleted(instance_id: str, fields: Fields) -> Fields:
    scope = fields.pop("scope_key")
    return {"scope_activity_id": member_id(instance_id, scope) if scope else "", "names": fields["names"]}


def _instance_migrated(instance_id: str, fields: Fields) -> Fields:
    return {
        "source_process_definition_id": fields["source_id"],
        "source_process_definition_key": fields["source_key"],
        "source_process_definition_version": fields["source_version"],
        "activities": [
            workflow_pb2.ActivityRef(
                id=member_id(instance_id, key),
                element_id=element_id,
                element_name=name,
                element_type=element_type,
                sequence=key,
            )
            for key, element_id, name, element_type in fields["activities"]
        ],
    }


def _instance_started(_: str, fields: Fields) -> Fields:
    fields["variables"] = to_values(fields["variables"])
    parent_id, parent_key, root_id = (fields.pop(name, None) for name in ("parent_id", "parent_key", "root_id"))
    if parent_id:
        fields["parent_process_instance_id"] = parent_id
        fields["parent_activity_id"] = member_id(parent_id, parent_key)
        fields["root_process_instance_id"] = root_id
    if "name" in fields:
        fields["process_definition_name"] = fields.pop("name")
    return fields


KINDS: dict[int, Kind] = {
    compact.INSTANCE_STARTED: Kind("workflow.instance.started.v1", "process_instance_started", _instance_started),
    compact.INSTANCE_COMPLETED: Kind(
        "workflow.instance.completed.v1", "process_instance_completed", _instance_completed
    ),
    compact.INSTANCE_TERMINATED: Kind("workflow.instance.terminated.v1", "process_instance_terminated", _with_start),
    compact.INSTANCE_SUSPENDED: Kind("workflow.instance.suspended.v1", "process_instance_suspended", _plain),
    compact.INSTANCE_RESUMED: Kind("workflow.instance.resumed.v1", "process_instance_resumed", _plain),
    compact.INSTANCE_MIGRATED: Kind("workflow.instance.migrated.v1", "process_instance_migrated", _instance_migrated),
    compact.INSTANCE_FAILED: Kind("workflow.instance.failed.v1", "process_instance_failed", _instance_failed),
    compact.COMPLETION_PENDING: Kind("workflow.completion.pending.v1", "completion_pending", _completion_pending),
    compact.ACTIVITY_STARTED: Kind("workflow.activity.started.v1", "activity_started", _activity),
    compact.ACTIVITY_COMPLETED: Kind("workflow.activity.completed.v1", "activity_completed", _activity),
    compact.ACTIVITY_TERMINATED: Kind("workflow.activity.terminated.v1", "activity_terminated", _activity),
    compact.USER_TASK_CREATED: Kind("workflow.task.created.v1", "user_task_created", _task_created),
    compact.USER_TASK_ASSIGNED: Kind("workflow.task.assigned.v1", "user_task_assigned", _with_id("task_id")),
    compact.USER_TASK_COMPLETED: Kind("workflow.task.completed.v1", "user_task_completed", _with_id("task_id")),
    compact.USER_TASK_TERMINATED: Kind("workflow.task.terminated.v1", "user_task_terminated", _with_id("task_id")),
    compact.USER_TASK_UPDATED: Kind("workflow.task.updated.v1", "user_task_updated", _task_updated),
    compact.JOB_SCHEDULED: Kind("workflow.task.scheduled.v1", "job_scheduled", _with_id("job_id")),
    compact.JOB_COMPLETED: Kind("workflow.job.completed.v1", "job_completed", _with_id("job_id")),
    compact.JOB_FAILED: Kind("workflow.job.failed.v1", "job_failed", _with_id("job_id")),
    compact.INCIDENT_RAISED: Kind("workflow.incident.raised.v1", "incident_raised", _incident_raised),
    compact.INCIDENT_RESOLVED: Kind("workflow.incident.resolved.v1", "incident_resolved", _with_id("incident_id")),
    compact.VARIABLES_UPDATED: Kind("workflow.variables.updated.v1", "variables_updated", _variables_updated),
    compact.VARIABLES_DELETED: Kind("workflow.variables.deleted.v1", "variables_deleted", _variables_deleted),
    compact.COMMENT_CREATED: Kind("workflow.comment.created.v1", "comment_created", _comment_created),
    compact.COMMENT_DELETED: Kind("workflow.comment.deleted.v1", "comment_deleted", _with_task("comment_id")),
    compact.ATTACHMENT_CREATED: Kind(
        "workflow.attachment.created.v1", "attachment_created", _with_task("attachment_id")
    ),
    compact.ATTACHMENT_DELETED: Kind(
        "workflow.attachment.deleted.v1", "attachment_deleted", _with_task("attachment_id")
    ),
}
