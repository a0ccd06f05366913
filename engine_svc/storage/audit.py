"""What the audit is told of changes that are no commits of instances, in the transaction that makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from engine_svc.events.commit_record import SINGLE_EVENT
from mesh.audit.operation import Maker, Operation
from mesh.audit.rows import operation_row
from mesh.db.statements import Program
from mesh.ids import new_id
from mesh.outbox import outbox_insert

SOURCE: Final = "engine"


def tell_operation(
    maker: Maker,
    now: int,
    resource_type: str,
    resource_id: str,
    tenant_id: str | None,
    *,
    definition_key: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> Program[None]:
    """Tell what was changed, and how. `tenant_id`: None for what belongs to several; `now`: in microseconds."""
    operation = Operation(
        resource_type,
        resource_id,
        None if tenant_id is None else (tenant_id,),
        definition_key=definition_key,
        before=before or {},
        after=after or {},
    )
    yield outbox_insert([operation_row(new_id(), SINGLE_EVENT, SOURCE, operation, maker, now)])
