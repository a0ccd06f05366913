"""What the audit is told of changes, in the transaction that makes them: no secrets, nor where anybody is reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mesh.audit.operation import Maker, Operation
from mesh.audit.rows import operation_row
from mesh.bus.port import BusMessage
from mesh.db.statements import Program
from mesh.event_rows import message_of_row
from mesh.ids import new_id
from mesh.outbox import OutboxRow, outbox_insert

SOURCE: Final = "notification"
TRACED_ENVELOPE: Final = 1
"""The kind of the outbox's rows, see `mesh.event_rows`."""


def tell_change(
    maker: Maker,
    now: int,
    resource_type: str,
    resource_id: str,
    tenants: Sequence[str] | None,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    *,
    definition_key: str = "",
) -> Program[None]:
    """Tell what was changed, by the fields as they were and are; those that stay the same are left out.

    `tenants`: None for what belongs to all of them; `now`: in microseconds.
    """
    same = {name for name in before if name in after and before[name] == after[name]}
    operation = Operation(
        resource_type,
        resource_id,
        tenants,
        definition_key=definition_key,
        before={name: value for name, value in before.items() if name not in same},
        after={name: value for name, value in after.items() if name not in same},
    )
    yield outbox_insert([operation_row(new_id(), TRACED_ENVELOPE, SOURCE, operation, maker, now)])


def expand(row: OutboxRow) -> list[BusMessage]:
    """Return the event of a row as a message for the bus. Raises ValueError for a row of another release's kind."""
    if row.kind != TRACED_ENVELOPE:
        raise ValueError(f"outbox row of kind {row.kind}; this release reads {TRACED_ENVELOPE}")
    return [message_of_row(row)]
