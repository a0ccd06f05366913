"""What a change of the directory leaves behind: audit entries, events, and word to all services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowmesh.events.v1.event_pb2 import EventEnvelope, EventMetadata
from flowmesh.events.v1.event_types import EVENT_TYPES
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from identity_svc.queries.caller import Caller, Tenants
from identity_svc.storage.audit import AuditRecord, append_audit
from identity_svc.storage.events import SOURCE, outbox_entry
from identity_svc.storage.security_changes import append_changes, subjects_changed
from mesh.db.statements import Program
from mesh.event_messages import EVENT_VERSION
from mesh.ids import new_id
from mesh.outbox import OutboxEntry, outbox_insert
from mesh.trace_context import parse_traceparent


class Changes:
    """Gathers what one transaction has to tell; `write` writes it behind the change itself.

    `now`: microseconds since the Unix epoch.
    """

    def __init__(self, caller: Caller, now: int) -> None:
        self.caller = caller
        self.now = now
        self._audit: list[AuditRecord] = []
        self._events: list[OutboxEntry] = []
        self._subjects: dict[str, None] = {}

    def audit(
        self,
        action: str,
        resource: tuple[str, str],
        tenants: Tenants,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
    ) -> None:
        """Note a change of a resource, which is named by its type and id; of fields that stay the same nothing."""
        kept = {name for name in before if name in after and before[name] == after[name]}
        self._audit.append(
            AuditRecord(
                action,
                *resource,
                tenants,
                {name: value for name, value in before.items() if name not in kept},
                {name: value for name, value in after.items() if name not in kept},
            )
        )

    def tell(self, payload: str, biz_id: str, message: Message) -> None:
        """Tell an event. `payload`: the field of the envelope that has it; `biz_id`: whom it is about."""
        actor = self.caller.actor
        trace = parse_traceparent(actor.traceparent)
        envelope = EventEnvelope(
            event_id=new_id(),
            event_type=EVENT_TYPES[payload],
            event_version=EVENT_VERSION,
            timestamp=Timestamp(seconds=self.now // 1_000_000, nanos=self.now % 1_000_000 * 1000),
            source_service=SOURCE,
            correlation_id=actor.correlation_id,
            biz_id=biz_id,
            metadata=EventMetadata(
                user_id=actor.id, session_id=actor.session_id, trace_id=trace.trace_id if trace else ""
            ),
        )
        getattr(envelope, payload).CopyFrom(message)
        self._events.append(outbox_entry(envelope, actor.traceparent if trace else "", self.now))

    def subjects(self, subject_ids: Sequence[str]) -> None:
        """Say that what some users and service accounts may do has changed."""
        self._subjects.update(dict.fromkeys(subject_ids))

    def write(self) -> Program[None]:
        """Write it all."""
        yield from append_audit(self._audit, self.caller.actor, self.now)
        if self._events:
            yield outbox_insert(self._events)
        if self._subjects:
            yield from append_changes(subjects_changed(list(self._subjects)), self.now)
