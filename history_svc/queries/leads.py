"""What a query may be led by instead of the order that it is read in: few rows are gathered and sorted.

Whether there are few is asked of the index, which is read no further than it matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from mesh.access.row_conditions import Condition
from mesh.db.statements import Fetch, Program

FEW: Final = 2_000
"""So many are rather gathered than looked for in the order of a list."""
SORTABLE: Final = 5_000
"""So many are sorted where no index has the order that is asked for."""


@dataclass(slots=True, frozen=True)
class Lead:
    """A query for ids, as `own_id`, and the column that has them.

    `most` is set where it is known that there are no more. `implies`: a condition that all those meet.
    """

    query: str
    parameters: tuple[Any, ...]
    column: str = "id"
    most: int | None = None
    implies: Condition | None = None


def lead_of(table: str, condition: str, parameters: Sequence[Any], most: int | None = None) -> Lead:
    """Return the lead of a condition on a table's own rows, for which it has an index."""
    return Lead(f"SELECT id AS own_id FROM {table} WHERE {condition}", tuple(parameters), "id", most)


def shortest(leads: Sequence[Lead], limit: int) -> Program[Lead | None]:
    """Return the lead to the fewest ids, None where all lead to more than `limit`."""
    best: Lead | None = None
    for lead in sorted(leads, key=lambda each: limit + 1 if each.most is None else each.most):
        if lead.most is not None:
            count = lead.most
        else:
            rows = yield Fetch(
                f"SELECT COUNT(*) FROM (SELECT own_id FROM ({lead.query}) led LIMIT ?) some",
                (*lead.parameters, limit + 1),
            )
            count = rows[0][0] if rows else 0
        if count <= limit:
            best = lead
            if count <= 1:
                break
            limit = count - 1
    return best
