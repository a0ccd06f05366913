"""The audit log: every change, by whom, when, and what it made of what. Each entry is told to the audit trail of the
whole mesh as well, by the outbox and under the same id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from identity_svc.storage.events import SOURCE, TRACED_ENVELOPE
from mesh.audit.operation import Maker, Operation
from mesh.audit.rows import operation_row
from mesh.call import CallContext
from mesh.db.statements import InsertMany, Program
from mesh.ids import new_id
from mesh.outbox import outbox_insert

_COLUMNS = (
    "id",
    "created_at",
    "actor_id",
    "session_id",
    "action",
    "resource_type",
    "resource_id",
    "correlation_id",
    "everywhere",
    "before_json",
    "after_json",
)


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something, and in which call. `id` is empty for the mesh itself and where nobody has to sign in."""

    id: str = ""
    session_id: str = ""
    correlation_id: str = ""
    traceparent: str = ""
    method: str = ""
    client_address: str = ""

    def maker(self) -> Maker:
        """Return what the audit trail says of who it is."""
        return Maker(
            self.id,
            self.session_id,
            client_address=self.client_address,
            correlation_id=self.correlation_id,
            traceparent=self.traceparent,
            method=self.method,
        )


def actor_of(call: CallContext) -> Actor:
    """Return who makes a call."""
    return Actor(
        call.user_id or "",
        call.session_id,
        call.correlation_id,
        call.traceparent,
        call.method.lstrip("/"),
        call.client_address,
    )


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """A change of one thing.

    `action`: `<resource>.<action>`, as permissions are named: `users.create`. `before` and `after`: its fields, as far
    as they changed, never a secret; empty where it was not there. `tenants`: those that the thing belongs to, whose
    administrators see the entry; None: it concerns all of them or none, and only who may see everything does.
    """

    action: str
    resource_type: str
    resource_id: str
    tenants: frozenset[str] | None
    before: Mapping[str, Any]
    after: Mapping[str, Any]


def append_audit(records: Sequence[AuditRecord], actor: Actor, now: int) -> Program[None]:
    """Log changes in the transaction that makes them. `now`: microseconds since the Unix epoch."""
    entries = [(new_id(), record) for record in records]
    if not entries:
        return
    yield InsertMany(
        "audit_entry",
        _COLUMNS,
        [
            (
                entry_id,
                now,
                actor.id,
                actor.session_id,
                record.action,
                record.resource_type,
                record.resource_id,
                actor.correlation_id,
                int(record.tenants is None),
                orjson.dumps(record.before, option=orjson.OPT_SORT_KEYS),
                orjson.dumps(record.after, option=orjson.OPT_SORT_KEYS),
            )
            for entry_id, record in entries
        ],
    )
    tenants = [(entry_id, tenant) for entry_id, record in entries for tenant in sorted(record.tenants or ())]
    if tenants:
        yield InsertMany("audit_entry_tenant", ("entry_id", "tenant_id"), tenants)
    maker = actor.maker()
    yield outbox_insert(
        [
            operation_row(
                entry_id,
                TRACED_ENVELOPE,
                SOURCE,
                Operation(
                    record.resource_type,
                    record.resource_id,
                    None if record.tenants is None else sorted(record.tenants),
                    record.action,
                    before=record.before,
                    after=record.after,
                ),
                maker,
                now,
            )
            for entry_id, record in entries
        ]
    )
