"""The walls between tenants as conditions of queries."""

from __future__ import annotations

from typing import Any

from identity_svc.queries.caller import Caller
from mesh.db.select import Select
from mesh.db.statements import placeholders

_LAST = "\U0010ffff"


def begins_with(query: Select, column: str, prefix: str) -> Select:
    """Keep only rows whose text begins like this, by an index; no filter where the prefix is empty."""
    return query.where(f"{column}>=? AND {column}<?", prefix, prefix + _LAST) if prefix else query


def open_tenants(caller: Caller) -> tuple[str, list[Any]] | None:
    """Return a list of marks and the tenants open to the caller as parameters; None where all are."""
    if caller.tenants is None:
        return None
    # A list must not be empty. No tenant has such an id.
    tenants: list[Any] = sorted(caller.tenants) or ["\x00"]
    return placeholders(len(tenants)), tenants


def only_visible_subjects(query: Select, column: str, caller: Caller) -> Select:
    """Keep only rows whose column is the id of somebody that the caller sees."""
    opened = open_tenants(caller)
    if opened is None:
        return query
    marks, tenants = opened
    # Who belongs to all tenants has no row there.
    return query.where(
        f"{column} IN (SELECT o.subject_id FROM subject_tenant o WHERE o.tenant_id IN {marks})", *tenants
    )
