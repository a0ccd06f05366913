"""The rows of a call as a condition of a query: what the query does not find does not exist for the call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from mesh.access.rows import RowGrant, Rows

Condition = tuple[str, tuple[Any, ...]]
"""SQL with `?`, and the values for it."""

NOTHING: Final[Condition] = ("1=0", ())
"""Is met by no row."""

_LAST: Final = "\U0010ffff"
"""Sorts behind every character that a key has."""


def beside(column: str) -> str:
    """Return a column as no index is chosen by: the condition is looked at row by row, and another one leads."""
    # Neither database looks into an index for an expression.
    return f"COALESCE({column},NULL)"


def row_condition(rows: Rows, tenant: str, key: str = "", involved: Condition | None = None) -> Condition | None:
    """Return the condition for the rows that are open, None where all are.

    `tenant` and `key` are the columns of the tenant and of the definition's key, `involved` is met by the rows in which
    the caller takes part. A grant that is narrowed by what is not told here opens nothing.
    """
    if rows.unrestricted:
        return None
    alternatives = [
        _of_grant(grant, tenant, key, involved)
        for grant in rows.grants
        if (key or grant.keys is None) and (involved is not None or not grant.involved_only)
    ]
    if not alternatives:
        return NOTHING
    if len(alternatives) == 1:
        return alternatives[0]
    return f"({' OR '.join(f'({sql})' for sql, _ in alternatives)})", _values(alternatives)


def _of_grant(grant: RowGrant, tenant: str, key: str, involved: Condition | None) -> Condition:
    parts: list[Condition] = []
    if grant.tenants is not None:
        parts.append(_one_of(tenant, sorted(grant.tenants)))
        if len(grant.tenants) == 1 and "" not in grant.tenants:
            # SQLite uses an index of some rows only where the query says that it wants no others.
            parts.append((f"{tenant}<>''", ()))
    if grant.keys is not None:
        parts.append(_matching(key, grant.keys))
    if grant.involved_only and involved is not None:
        parts.append(involved)
    return " AND ".join(sql for sql, _ in parts) or "1=1", _values(parts)


def _matching(column: str, patterns: Sequence[str]) -> Condition:
    exact = [pattern for pattern in patterns if not pattern.endswith("*")]
    alternatives = [_one_of(column, exact)] if exact else []
    for pattern in patterns:
        if pattern.endswith("*"):
            # Unlike LIKE, this tells upper from lower case on every database, and can be read from an index.
            alternatives.append((f"{column}>=? AND {column}<?", (pattern[:-1], pattern[:-1] + _LAST)))
    if not alternatives:
        return NOTHING
    return f"({' OR '.join(sql for sql, _ in alternatives)})", _values(alternatives)


def _one_of(column: str, values: Sequence[str]) -> Condition:
    if not values:
        return NOTHING
    if len(values) == 1:
        return f"{column}=?", (values[0],)
    return f"{column} IN ({','.join('?' * len(values))})", tuple(values)


def _values(conditions: Sequence[Condition]) -> tuple[Any, ...]:
    return tuple(value for _, values in conditions for value in values)
