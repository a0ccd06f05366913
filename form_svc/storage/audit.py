"""What the audit is told of changes, in the transaction that makes them: of what users fill in the names alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from mesh.audit.operation import Maker, Operation
from mesh.audit.rows import operation_row
from mesh.bus.port import BusMessage
from mesh.db.statements import Program
from mesh.event_rows import message_of_row
from mesh.ids import new_id
from mesh.outbox import OutboxRow, outbox_insert

SOURCE: Final = "form"
FORM: Final = "form"
DRAFT: Final = "formDraft"
FILE: Final = "formFile"
SUBMISSION: Final = "submission"
TRACED_ENVELOPE: Final = 1
"""The kind of the outbox's rows, see `mesh.event_rows`."""


def tell_operation(
    maker: Maker,
    now: int,
    resource_type: str,
    resource_id: str,
    tenant_id: str,
    *,
    action: str = "",
    definition_key: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Program[None]:
    """Tell what was changed, and how. `action`: where no method of this service tells it; `now`: in microseconds."""
    operation = Operation(
        resource_type,
        resource_id,
        (tenant_id,),
        action,
        definition_key=definition_key,
        before=before or {},
        after=after or {},
    )
    yield outbox_insert([operation_row(new_id(), TRACED_ENVELOPE, SOURCE, operation, maker, now)])


def expand(row: OutboxRow) -> list[BusMessage]:
    """Return the event of a row as a message for the bus. Raises ValueError for a row of another release's kind."""
    if row.kind != TRACED_ENVELOPE:
        raise ValueError(f"outbox row of kind {row.kind}; this release reads {TRACED_ENVELOPE}")
    return [message_of_row(row)]
