"""What has happened that somebody may want to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from notification_svc.storage.comments import CommentRow
from notification_svc.storage.layout import COMMENTS, Concern, EventType, RecipientKind, Role
from notification_svc.storage.matters import InstanceRow, TaskRow
from notification_svc.storage.notifications import Matter

MICROS: Final = 1_000_000
HOUR: Final = 3_600 * MICROS
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

DEFAULT_ROLES: Final[Mapping[EventType, tuple[Role, ...]]] = {
    EventType.TASK_ASSIGNED: (Role.ASSIGNEE,),
    EventType.TASK_OFFERED: (Role.CANDIDATES,),
    EventType.TASK_DUE_SOON: (Role.ASSIGNEE,),
    EventType.TASK_OVERDUE: (Role.ASSIGNEE,),
    EventType.TASK_ESCALATED: (Role.ASSIGNEE_MANAGER,),
    EventType.PROCESS_COMPLETED: (Role.INITIATOR,),
    EventType.PROCESS_FAILED: (Role.INITIATOR,),
    EventType.PROCESS_TERMINATED: (Role.INITIATOR,),
    EventType.COMMENT_MENTIONED: (Role.MENTIONED,),
}
"""Who is told where no rule says something else; of other events nobody, but see `default_roles`."""

NAMES: Final[Mapping[EventType, str]] = {one: one.name.lower().replace("_", ".", 1) for one in EventType}
"""How templates and webhooks call events: `task.assigned`, `task.due_soon`."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that has happened. `key` tells it from all others: nobody is told of one twice.

    `matter_id`: the task or incident by which it becomes obsolete, as `matter` has it now. `actor`: who need not be
    told, as it was them. `rule_id`: it is told for this rule alone, not for all that hold. `data`: what templates and
    webhooks see. `shared_key`: the key for users, of whom each is told only the first of several facts that share it.
    `due_micros`: the due time of the task by which it is told.
    """

    event_type: EventType
    key: str
    tenant_id: str
    process_instance_id: str
    process_definition_key: str
    business_key: str
    event_at: int
    task_id: str = ""
    element_id: str = ""
    matter_id: str = ""
    matter: Matter | None = None
    actor: str = ""
    assignee: str = ""
    owner: str = ""
    initiator: str = ""
    candidate_users: tuple[str, ...] = ()
    candidate_groups: tuple[str, ...] = ()
    mentioned: tuple[str, ...] = ()
    rule_id: str = ""
    shared_key: str = ""
    due_micros: int | None = None
    data: Mapping[str, Any] = field(default_factory=dict)

    def key_for(self, kind: RecipientKind) -> str:
        """Return by what a recipient was told of it already."""
        return self.shared_key if self.shared_key and kind == RecipientKind.USER else self.key

    def user_in(self, role: Role) -> str:
        """Return the user of a role that one user has; empty where there is none."""
        return {Role.ASSIGNEE: self.assignee, Role.OWNER: self.owner, Role.INITIATOR: self.initiator}.get(role, "")

    def concern_of(self, role: Role | None) -> Concern:
        """Return how a recipient has to do with the matter: one of a role, or one that a rule names otherwise."""
        if not self.matter_id:
            return Concern.NONE
        if self.event_type in COMMENTS:
            # Also who hands the task on is asked something.
            return Concern.WATCHER
        if role == Role.ASSIGNEE:
            return Concern.ASSIGNEE
        if role == Role.CANDIDATES and self.event_type == EventType.TASK_OFFERED:
            return Concern.CANDIDATE
        return Concern.WATCHER


def task_fact(
    task: TaskRow, event_type: EventType, occurrence: str, event_at: int, *, initiator: str = "", **more: Any
) -> Fact:
    """Return a fact about a task as it is now. `occurrence` tells it from others of its kind about the task."""
    lasting = event_type != EventType.TASK_COMPLETED
    return Fact(
        event_type,
        f"{int(event_type)}:{task.id}:{occurrence}",
        task.tenant_id,
        task.process_instance_id,
        task.process_definition_key,
        task.business_key,
        event_at,
        task_id=task.id,
        element_id=task.element_id,
        matter_id=task.id if lasting else "",
        matter=Matter(task.open, task.assignee, task.due_micros) if lasting else None,
        assignee=task.assignee,
        owner=task.owner,
        initiator=initiator,
        candidate_users=tuple(task.users),
        candidate_groups=tuple(task.groups),
        **{"data": task_data(task), **more},
    )


def default_roles(fact: Fact) -> tuple[Role, ...]:
    """Return who is told of a fact where no rule says something else."""
    if fact.event_type == EventType.COMMENT_CREATED:
        return (Role.ASSIGNEE, Role.OWNER) if fact.task_id else (Role.PARTICIPANTS,)
    return DEFAULT_ROLES.get(fact.event_type, ())


def comment_fact(comment: CommentRow, event_type: EventType, instance: InstanceRow, task: TaskRow | None) -> Fact:
    """Return a fact about a comment, on a task as far as that is known, or on an instance."""
    data: dict[str, Any] = {
        "comment": {
            "id": comment.id,
            "text": comment.text,
            "author": comment.user_id,
            "mentioned": comment.users,
        },
        "process": process_data(
            instance.id, instance.process_definition_key, instance.business_key, instance.process_name
        ),
    }
    if task is not None:
        data["task"] = task_data(task, instance.process_name)["task"]
    return Fact(
        event_type,
        f"{int(event_type)}:{comment.id}",
        instance.tenant_id,
        instance.id,
        instance.process_definition_key,
        instance.business_key,
        comment.commented_at,
        task_id=comment.task_id,
        element_id="" if task is None else task.element_id,
        matter_id=comment.id,
        matter=Matter(not comment.deleted),
        actor=comment.user_id,
        assignee="" if task is None else task.assignee,
        owner="" if task is None else task.owner,
        initiator=instance.initiator,
        candidate_users=() if task is None else tuple(task.users),
        candidate_groups=() if task is None else tuple(task.groups),
        mentioned=tuple(comment.users),
        shared_key=f"comment:{comment.id}",
        data=data,
    )


def task_data(task: TaskRow, process_name: str = "") -> dict[str, Any]:
    """Return what templates and webhooks see of a task and its process instance. Users are named by their ids."""
    told: dict[str, Any] = {
        "id": task.id,
        "name": task.name or task.element_id or task.id,
        "assignee": task.assignee,
        "priority": task.priority,
    }
    if task.due_micros is not None:
        told["due_time"] = moment(task.due_micros)
    return {
        "task": told,
        "process": process_data(task.process_instance_id, task.process_definition_key, task.business_key, process_name),
    }


def process_data(instance_id: str, definition_key: str, business_key: str, name: str = "") -> dict[str, Any]:
    """Return what templates and webhooks see of a process instance."""
    return {"id": instance_id, "name": name or definition_key, "key": definition_key, "business_key": business_key}


def moment(micros: int) -> str:
    """Return a time as data has it: ISO 8601."""
    return (_EPOCH + timedelta(microseconds=micros)).isoformat()
