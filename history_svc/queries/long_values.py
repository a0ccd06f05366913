"""Long values of changes, which lie apart from them."""

from __future__ import annotations

from typing import Final

from history_svc.queries.pages import Listing, read_row
from history_svc.storage.layout import LONG_VALUE_TABLE, VARIABLE_CHANGE_COLUMNS
from mesh.access.rows import Rows
from mesh.db.statements import Fetch, Program, Row

_VALUE: Final = VARIABLE_CHANGE_COLUMNS.index("value_json")


def read_change(listing: Listing, instance_id: str, change_id: str, opened: Rows) -> Program[Row | None]:
    """Read a change with its value, however long; None where there is none or it is closed to the call."""
    row = yield from read_row(listing, change_id, opened, {"process_instance_id": instance_id})
    if row is None or row[_VALUE] is not None:
        return row
    values: list[Row] = yield Fetch(
        f"SELECT value_json FROM {LONG_VALUE_TABLE} WHERE process_instance_id=? AND id=?", (instance_id, change_id)
    )
    return (*row[:_VALUE], values[0][0], *row[_VALUE + 1 :]) if values else row
