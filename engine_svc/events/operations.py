"""The operation behind a commit, as the audit is told it: out of the commit's record, by the relay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flowmesh.events.v1.audit_pb2 import OperationRecorded
from flowmesh.internal.v1 import stored_pb2
from google.protobuf.timestamp_pb2 import Timestamp

from engine_svc.events import record as compact
from mesh.audit.operation import MAX_ITEMS, SUCCEEDED, bounded_json
from mesh.ids import member_id

PLACE: Final = 1 << 46
"""Takes the place of an event's ordinal in the id of the operation: no commit has as many events."""

Told = dict[str, Any]


def operation_recorded(record: stored_pb2.CommitRecord, events: list[Any]) -> OperationRecorded:
    """Return what the audit is told of the operation of a commit."""
    made = record.operation
    before, after = changes_told(record.process_instance_id, events)
    return OperationRecorded(
        method=made.method.lstrip("/"),
        resource_type=made.resource_type or ("processInstance" if record.process_definition_id else "userTask"),
        resource_id=made.resource_id or record.process_instance_id,
        tenant_ids=(record.tenant_id,),
        process_definition_key=record.process_definition_key,
        acting_for=made.acting_for,
        client_address=made.client_address,
        traceparent=record.traceparent,
        before_json=bounded_json(before),
        after_json=bounded_json(after),
        outcome=SUCCEEDED,
    )


def changes_told(instance_id: str, events: list[Any]) -> tuple[Told, Told]:
    """Return what a commit changed: as it was, as far as that is known, and as it is.

    Of variables the names alone: the audit keeps what it has for ever, and values are no business of it. Runs through
    elements are left out, history has them.
    """
    before: Told = {}
    after: Told = {}
    for number, *values in events:
        tell = _TELLS.get(number)
        if tell is not None:
            fields = dict(zip(compact.POSITIONS[number], values, strict=False))
            tell(instance_id, fields, before, after)
    return before, after


Tell = Callable[[str, Told, Told, Told], None]


def _status(status: str, *names: str, was: str = "") -> Tell:
    def tell(_: str, fields: Told, before: Told, after: Told) -> None:
        if was:
            before["status"] = was
        after["status"] = status
        for name in names:
            if fields.get(name):
                after[name] = fields[name]

    return tell


def _started(_: str, fields: Told, before: Told, after: Told) -> None:
    after["status"] = "RUNNING"
    if fields["initiator"]:
        after["initiator"] = fields["initiator"]
    if fields["variables"]:
        after["variables"] = sorted(fields["variables"])


def _migrated(_: str, fields: Told, before: Told, after: Told) -> None:
    before["processDefinitionId"] = fields["source_id"]
    after["migrated"] = True


def _of(told: Told, kind: str, instance_id: str, key: int) -> Told:
    """Return what is told of one thing within the instance; of more than are kept, nothing."""
    things: Told = told.setdefault(kind, {})
    name = member_id(instance_id, key)
    if name not in things and len(things) > MAX_ITEMS:
        return {}
    thing: Told = things.setdefault(name, {})
    return thing


def _task_created(instance_id: str, fields: Told, before: Told, after: Told) -> None:
    task = _of(after, "userTasks", instance_id, fields["key"])
    task["state"] = "CREATED"
    task["elementId"] = fields["element_id"]
    if fields["assignee"]:
        task["assignee"] = fields["assignee"]


def _task_assigned(instance_id: str, fields: Told, before: Told, after: Told) -> None:
    _of(before, "userTasks", instance_id, fields["key"])["assignee"] = fields["previous_assignee"]
    _of(after, "userTasks", instance_id, fields["key"])["assignee"] = fields["assignee"]


def _task_completed(instance_id: str, fields: Told, before: Told, after: Told) -> None:
    task = _of(after, "userTasks", instance_id, fields["key"])
    task["state"] = "COMPLETED"
    for name, shown in (("outcome", "outcome"), ("completed_by", "completedBy")):
        if fields.get(name):
            task[shown] = fields[name]


def _task_terminated(instance_id: str, fields: Told, before: Told, after: Told) -> None:
    _of(after, "userTasks", instance_id, fields["key"])["state"] = "TERMINATED"


def _task_updated(instance_id: str, fields: Told, before: Told, after: Told) -> None:
    task = _of(after, "userTasks", instance_id, fields["key"])
    previous = fields.get("previous") or {}
    was = _of(before, "userTasks", instance_id, fields["key"]) if previous else {}
    for column in fields["changed"]:
        place, shown = _PLACES.get(column, (column, column))
        for told, values in ((task, fields), (was, previous)):
            if place in values:
                told[shown] = _shown(values[place]) if place.endswith("_micros") else values[place]


_PLACES: Final = {
    "due_at": ("due_micros", "dueTime"),
    "follow_up_at": ("follow_up_micros", "followUpTime"),
    "form_key": ("form_key", "formKey"),
    "delegation_state": ("delegation_state", "delegationState"),
    "candidate_users": ("candidate_users", "candidateUsers"),
    "candidate_groups": ("candidate_groups", "candidateGroups"),
}
"""By column of a task the event's value, and what it is called in the audit."""


def _shown(micros: int) -> str | None:
    """Return a time as the contracts' JSON has it; None for none."""
    if not micros:
        return None
    time = Timestamp()
    time.FromMicroseconds(micros)
    return time.ToJsonString()


def _thing(kind: str, key: str, state: str, *names: str) -> Tell:
    def tell(instance_id: str, fields: Told, before: Told, after: Told) -> None:
        thing = _of(after, kind, instance_id, fields[key])
        thing["state"] = state
        for name in names:
            if fields.get(name):
                thing[name] = fields[name]

    return tell


def _variables(name: str, field: str) -> Tell:
    def tell(_: str, fields: Told, before: Told, after: Told) -> None:
        after[name] = sorted({*after.get(name, ()), *fields[field]})

    return tell


_TELLS: Final[dict[int, Tell]] = {
    compact.INSTANCE_STARTED: _started,
    compact.INSTANCE_COMPLETED: _status("COMPLETED"),
    compact.INSTANCE_TERMINATED: _status("TERMINATED", "reason"),
    compact.INSTANCE_SUSPENDED: _status("PAUSED", was="RUNNING"),
    compact.INSTANCE_RESUMED: _status("RUNNING", was="PAUSED"),
    compact.INSTANCE_MIGRATED: _migrated,
    compact.INSTANCE_FAILED: _status("FAILED", "reason", was="COMPLETED"),
    compact.USER_TASK_CREATED: _task_created,
    compact.USER_TASK_ASSIGNED: _task_assigned,
    compact.USER_TASK_COMPLETED: _task_completed,
    compact.USER_TASK_TERMINATED: _task_terminated,
    compact.USER_TASK_UPDATED: _task_updated,
    compact.JOB_COMPLETED: _thing("jobs", "key", "COMPLETED"),
    compact.JOB_FAILED: _thing("jobs", "key", "FAILED", "retries", "error_code"),
    compact.INCIDENT_RAISED: _thing("incidents", "key", "RAISED", "type", "element_id"),
    compact.INCIDENT_RESOLVED: _thing("incidents", "key", "RESOLVED"),
    compact.VARIABLES_UPDATED: _variables("variables", "variables"),
    compact.VARIABLES_DELETED: _variables("variablesDeleted", "names"),
    compact.COMMENT_CREATED: _thing("comments", "key", "CREATED", "user_id"),
    compact.COMMENT_DELETED: _thing("comments", "key", "DELETED"),
    compact.ATTACHMENT_CREATED: _thing("attachments", "key", "CREATED", "user_id", "name", "content_type"),
    compact.ATTACHMENT_DELETED: _thing("attachments", "key", "DELETED"),
}
