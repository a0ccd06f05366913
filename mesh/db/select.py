"""Lists: filters that may be absent, a stable order, and pages that go on behind the last row (keyset paging)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mesh.access.row_conditions import Condition
from mesh.db.statements import Fetch, placeholders


class Select:
    """Builds one query on one table. Column names come from the code, values become parameters."""

    def __init__(self, table: str, columns: Sequence[str], *parameters: Any) -> None:
        """`parameters` are those of a table that is itself a query."""
        self._head = f"SELECT {','.join(columns)} FROM {table}"
        self._conditions: list[str] = []
        self._parameters: list[Any] = [*parameters]
        self._tail = ""

    def where(self, condition: str, *parameters: Any) -> Select:
        """Keep only rows that meet a condition written with `?`."""
        self._conditions.append(condition)
        self._parameters += parameters
        return self

    def equal(self, column: str, value: Any) -> Select:
        """Keep only rows with this value; no filter where it is empty or 0."""
        return self.where(f"{column}=?", value) if value else self

    def open_to(self, condition: Condition | None) -> Select:
        """Keep only the rows that are open to a call, see `row_condition`."""
        return self if condition is None else self.where(condition[0], *condition[1])

    def one_of(self, column: str, values: Sequence[Any]) -> Select:
        """Keep only rows with one of these values; there must be one at least."""
        return self.where(f"{column} IN {placeholders(len(values))}", *values)

    def page(
        self, order: Sequence[str], after: Sequence[Any] | None, limit: int, *, descending: bool = False
    ) -> Select:
        """Order by these columns, which together are unique, and begin behind the row with the key `after`."""
        if after is not None:
            comparison = "<" if descending else ">"
            # A plain bound on the first column lets every database use the index; comparing whole rows does not.
            condition, parameters = _behind(order, after, comparison)
            self.where(f"{order[0]}{comparison}=?", after[0]).where(condition, *parameters)
        direction = " DESC" if descending else ""
        self._tail = f" ORDER BY {','.join(column + direction for column in order)} LIMIT {int(limit)}"
        return self

    def fetch(self) -> Fetch:
        """Return the query."""
        where = f" WHERE {' AND '.join(self._conditions)}" if self._conditions else ""
        return Fetch(f"{self._head}{where}{self._tail}", self._parameters)


def _behind(order: Sequence[str], after: Sequence[Any], comparison: str) -> tuple[str, list[Any]]:
    column, value = order[0], after[0]
    if len(order) == 1:
        return f"{column}{comparison}?", [value]
    condition, parameters = _behind(order[1:], after[1:], comparison)
    return f"({column}{comparison}? OR ({column}=? AND {condition}))", [value, value, *parameters]
