"""Requests about user tasks as the commands and lists take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flowmesh.engine.v1 import user_task_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from engine_svc.storage.user_task_lists import OLDEST_FIRST, ORDERS, Order, UserTaskFilter
from mesh.errors import InvalidField, Violation
from mesh.ids import split_member_id

COLUMNS = {
    "name": "name",
    "description": "description",
    "assignee": "assignee",
    "owner": "owner",
    "priority": "priority",
    "due_time": "due_at",
    "follow_up_time": "follow_up_at",
    "category": "category",
    "form_key": "form_key",
}
"""Column of each field of `UserTaskDetails`."""

_TIMES = frozenset({"due_time", "follow_up_time"})
_OF_USERS = "of candidate_user with candidate_groups, assignee_or_candidate and involved_user only one may be given"


def detail_values(details: pb.UserTaskDetails, fields: Sequence[str]) -> dict[str, Any]:
    """Return the columns of some fields of a task. Raises `InvalidField`."""
    values: dict[str, Any] = {}
    for field in fields:
        if field in _TIMES:
            moment: Timestamp = getattr(details, field)
            values[COLUMNS[field]] = _micros(moment) if details.HasField(field) else 0
        elif field == "priority" and not details.HasField("priority"):
            raise _invalid("details.priority", "a task has a priority; 50 is the usual one")
        else:
            values[COLUMNS[field]] = getattr(details, field)
    return values


def fields_set(details: pb.UserTaskDetails) -> list[str]:
    """Return the names of the fields that are set."""
    return [field.name for field, _ in details.ListFields()]


def masked_fields(request: pb.UpdateUserTaskRequest) -> list[str]:
    """Return the names of the fields that an update is about. Raises `InvalidField`."""
    paths = list(dict.fromkeys(request.update_mask.paths)) or fields_set(request.details)
    for path in paths:
        if path not in COLUMNS:
            raise _invalid("update_mask", f"{path} is no field of the details; they are {', '.join(COLUMNS)}")
    if not paths:
        raise _invalid("details", "there is nothing to change")
    return paths


def filter_of(request: pb.ListUserTasksRequest) -> UserTaskFilter:
    """Return what a list request asks for. Raises `InvalidField`."""
    groups = tuple(dict.fromkeys(request.candidate_groups))
    asks_candidate = bool(request.candidate_user or (groups and not request.assignee_or_candidate))
    if asks_candidate + bool(request.assignee_or_candidate) + bool(request.involved_user) > 1:
        raise _invalid("assignee_or_candidate", _OF_USERS)
    parent = None
    if request.parent_task_id:
        parent = split_member_id(request.parent_task_id) or ("", 0)
    return UserTaskFilter(
        assignee=request.assignee,
        candidate_user=request.candidate_user,
        candidate_groups=groups,
        assignee_or_candidate=request.assignee_or_candidate,
        involved_user=request.involved_user,
        unassigned=request.unassigned,
        owner=request.owner,
        name=request.name,
        name_contains=request.name_contains,
        instance_id=request.process_instance_id,
        definition_id=request.process_definition_id,
        definition_key=request.process_definition_key,
        business_key=request.business_key,
        element_id=request.element_id,
        tenant_id=request.tenant_id,
        category=request.category,
        delegation_state=request.delegation_state,
        parent=parent,
        due=(_micros(request.due_after), _micros(request.due_before)),
        follow_up=(_micros(request.follow_up_after), _micros(request.follow_up_before)),
        created=(_micros(request.created_after), _micros(request.created_before)),
        priority_min=request.priority_min if request.HasField("priority_min") else None,
        priority_max=request.priority_max if request.HasField("priority_max") else None,
    )


def order_of(text: str, wanted: UserTaskFilter) -> tuple[Order, ...]:
    """Return the order that a list request asks for. Raises `InvalidField`."""
    if not text.strip():
        return OLDEST_FIRST
    order = []
    for part in text.split(","):
        name, _, direction = part.strip().partition(" ")
        if name not in ORDERS or direction.strip() not in ("", "asc", "desc"):
            raise _invalid(
                "order_by", f"{part.strip()!r} must be one of {', '.join(ORDERS)}, with desc for the reverse"
            )
        order.append(Order(name, direction.strip() == "desc", all_have_it=any(wanted.due)))
    if len({part.name for part in order}) < len(order):
        raise _invalid("order_by", "a field is named twice")
    return tuple(order)


def _micros(moment: Timestamp) -> int:
    return moment.seconds * 1_000_000 + moment.nanos // 1000


def _invalid(field: str, description: str) -> InvalidField:
    return InvalidField("FIELD_INVALID", f"{field}: {description}", violations=[Violation(field, description)])
