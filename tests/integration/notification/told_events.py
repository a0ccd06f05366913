"""Events of the engine and of identity, as a test wants them."""

from __future__ import annotations

from typing import Any

from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.events.v1.event_types import EVENT_TYPES

from mesh.bus.port import BusMessage
from mesh.bus.topics import USER_PERMISSION_EVENTS, WORKFLOW_EXECUTION_EVENTS
from mesh.ids import new_id

MICROS = 1_000_000
NOON = 1_800_000_000 * MICROS
"""2027-01-15, 08:00 UTC."""


def envelope(payload: str, biz_id: str, at: int, by: str = "", **fields: Any) -> EventEnvelope:
    """Return an event with a payload."""
    made = EventEnvelope(
        event_id=new_id(),
        event_type=EVENT_TYPES[payload],
        event_version="1.0",
        source_service="test",
        biz_id=biz_id,
    )
    made.timestamp.FromMicroseconds(at)
    made.metadata.user_id = by
    getattr(made, payload).CopyFrom(type(getattr(made, payload))(**fields))
    return made


class Instance:
    """A process instance that tells what happens to it, with rising revisions."""

    def __init__(self, name: str, *, tenant: str = "", key: str = "vacation", at: int = NOON) -> None:
        self.id = name
        self.tenant = tenant
        self.key = key
        self.at = at
        self.revision = 0

    def reference(self, revision: int | None = None) -> dict[str, Any]:
        self.revision += 1
        return {
            "id": self.id,
            "process_definition_id": f"{self.key}:1",
            "process_definition_key": self.key,
            "process_definition_version": 1,
            "business_key": f"B-{self.id}",
            "tenant_id": self.tenant,
            "revision": revision or self.revision,
        }

    def tell(self, payload: str, *, by: str = "", **fields: Any) -> EventEnvelope:
        return envelope(payload, self.id, self.at, by, process_instance=self.reference(), **fields)

    def started(self, initiator: str) -> EventEnvelope:
        return self.tell("process_instance_started", initiator=initiator)

    def completed(self) -> EventEnvelope:
        return self.tell("process_instance_completed")

    def task(self, name: str, assignee: str = "", *, due: int | None = None, **fields: Any) -> EventEnvelope:
        made = self.tell("user_task_created", task_id=name, name=f"Task {name}", element_id="approve", **fields)
        made.user_task_created.assignee = assignee
        if due is not None:
            made.user_task_created.due_time.FromMicroseconds(due)
        return made

    def assigned(self, name: str, assignee: str, by: str = "") -> EventEnvelope:
        return self.tell("user_task_assigned", by=by, task_id=name, assignee=assignee)

    def done(self, name: str, by: str = "") -> EventEnvelope:
        return self.tell("user_task_completed", by=by, task_id=name, assignee=by, completed_by=by)


def user(name: str, *tenants: str, at: int = NOON - MICROS, locale: str = "", **attributes: str) -> EventEnvelope:
    """Return the event that there is a user with an e-mail address."""
    return envelope(
        "user_created",
        name,
        at,
        user={"id": name, "tenant_ids": tenants or ("",)},
        display_name=name.capitalize(),
        profile={"email": f"{name}@example.com", "locale": locale, "attributes": attributes},
    )


def member(group: str, name: str, at: int = NOON - MICROS) -> EventEnvelope:
    """Return the event that somebody is in a group."""
    return envelope("group_member_added", name, at, subject_id=name, group_id=group)


def message(event: EventEnvelope) -> BusMessage:
    """Return an event as it is published."""
    identity = event.event_type.startswith("identity.")
    topic = USER_PERMISSION_EVENTS if identity else WORKFLOW_EXECUTION_EVENTS
    return BusMessage(topic, event.biz_id, event.SerializeToString())
