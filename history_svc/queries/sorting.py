"""What rows are sorted by, as SQL and as keys to go on from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from mesh.access.row_conditions import Condition
from mesh.db.statements import Row

SORTED_CHARACTERS = 200
"""Of a long text: what follows does not count for its place."""


@dataclass(slots=True, frozen=True)
class Sort:
    """One thing that rows are sorted by. Where it may be missing (`nullable`), rows without it come last, and first
    where the order is `descending`."""

    expression: str
    value: Callable[[Row], Any]
    kind: type[str] | type[int]
    descending: bool = False
    nullable: bool = False

    def turned(self, *, descending: bool) -> Sort:
        """Return the same in a direction."""
        return Sort(self.expression, self.value, self.kind, descending, self.nullable)


Key = tuple[Any, ...]
"""The values of a row's sorts; None where there is none."""


def by_column(columns: Sequence[str], column: str, kind: type[str] | type[int], *, nullable: bool = False) -> Sort:
    """Return the sort by a column of a row in these columns."""
    place = columns.index(column)
    return Sort(column, lambda row: row[place], kind, nullable=nullable)


def by_text(columns: Sequence[str], column: str) -> Sort:
    """Return the sort by a column with text of any length."""
    place = columns.index(column)
    expression = f"SUBSTR({column},1,{SORTED_CHARACTERS})"
    return Sort(expression, lambda row: row[place][:SORTED_CHARACTERS], str)


def by_duration(columns: Sequence[str], start: str, end: str) -> Sort:
    """Return the sort by how long something took; what has not ended has none."""
    first, last = columns.index(start), columns.index(end)

    def duration(row: Row) -> int | None:
        return None if row[last] is None else row[last] - row[first]

    return Sort(f"({end}-{start})", duration, int, nullable=True)


def key_of(sorts: Sequence[Sort], row: Row) -> Key:
    """Return the key of a row."""
    return tuple(sort.value(row) for sort in sorts)


def comparable(key: Key) -> tuple[Any, ...]:
    """Return a key so that Python orders it as the databases do; all sorts have one direction."""
    return tuple((value is None, 0 if value is None else value) for value in key)


def order_by(sorts: Sequence[Sort]) -> str:
    """Return what follows ORDER BY where no index has the order."""
    return ",".join(f"{sql}{' DESC' if descending else ''}" for sql, _, descending in _steps(sorts, None))


def behind(sorts: Sequence[Sort], key: Key) -> Condition:
    """Return the condition for rows behind a key where no index has the order."""
    sql, values = "", list[Any]()
    for expression, value, descending in reversed(list(_steps(sorts, key))):
        than = "<" if descending else ">"
        if sql:
            sql, values = f"({expression}{than}? OR ({expression}=? AND {sql}))", [value, value, *values]
        else:
            sql, values = f"{expression}{than}?", [value]
    return sql, tuple(values)


def _steps(sorts: Sequence[Sort], key: Key | None) -> list[tuple[str, Any, bool]]:
    steps: list[tuple[str, Any, bool]] = []
    for place, sort in enumerate(sorts):
        value = None if key is None else key[place]
        if sort.nullable:
            steps.append((f"({sort.expression} IS NULL)", int(value is None), sort.descending))
            steps.append((f"COALESCE({sort.expression},0)", 0 if value is None else value, sort.descending))
        else:
            steps.append((sort.expression, value, sort.descending))
    return steps
