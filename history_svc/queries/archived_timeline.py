"""What happened in an instance of a restored archive, in the order of its commits, out of three kinds of rows."""

from __future__ import annotations

from typing import Any, Final

from history_svc.queries.timeline import Entry, entry_of_row
from history_svc.storage.archives import read_records, values_of
from history_svc.storage.event_id import event_id, position_of_event_id
from history_svc.storage.retention_layout import JOB_LOG, TIMELINE, VARIABLE_CHANGES, InstanceRows
from mesh.db.statements import Program

ArchivedEntryKey = tuple[int, int, str]
"""Position of the event, place of the kind among those below, id of the row."""

_KINDS: Final = (TIMELINE, VARIABLE_CHANGES, JOB_LOG)
"""The start of an instance comes with its first variables, and before them."""
_BEHIND: Final = "~"
"""Sorts behind everything that follows the id of an event."""


def read_archived_timeline(
    archive_id: str, instance_id: str, after: ArchivedEntryKey | None, size: int
) -> Program[tuple[list[Entry], ArchivedEntryKey | None]]:
    """Read so many entries behind the one with the key `after`, and the key of the last one where there are more."""
    found: list[tuple[ArchivedEntryKey, Entry]] = []
    for place, rows_of in enumerate(_KINDS):
        start = None if after is None else _start(place, rows_of, instance_id, after)
        for key, record in (yield from read_records(archive_id, rows_of, instance_id, start, size + 1)):
            row_id: str = key[-1]
            position = key[1] if rows_of is TIMELINE else position_of_event_id(row_id)
            found.append(((position, place, row_id), entry_of_row(rows_of.table, values_of(record))))
    found.sort(key=lambda one: one[0])
    return [entry for _, entry in found[:size]], found[size - 1][0] if len(found) > size else None


def _start(place: int, rows_of: InstanceRows, instance_id: str, after: ArchivedEntryKey) -> tuple[Any, ...]:
    """Return the sort key of restored rows behind which those of a kind are to be read."""
    position, last_place, last_id = after
    if rows_of is TIMELINE:
        # One row at most for a position, and before the rows of other kinds.
        return instance_id, position, 0, _BEHIND
    if place == last_place:
        return instance_id, 0, 0, last_id
    prefix = event_id(instance_id, position)
    return instance_id, 0, 0, prefix if place > last_place else prefix + _BEHIND
