"""What a search server is to be told, and its indexes: which are being built, which one answers.

A record whose texts may have changed has a row in `history_search_change` from the commit that changed it until the
search server has it. Whoever indexes reads the record's own row then, so what is sent is what is there.
"""

from __future__ import annotations

import enum
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple

from history_svc.storage import record_kinds as kinds
from history_svc.storage.generations import present_generation
from history_svc.storage.layout import (
    ATTACHMENT_TABLE,
    COMMENT_TABLE,
    INCIDENT_TABLE,
    INSTANCE_TABLE,
    TASK_TABLE,
    VARIABLE_TABLE,
)
from history_svc.storage.rebuilds import lock_state, set_indexing
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, InsertMany, Program, Row, UpdateKeys, UpsertMany
from mesh.ids import new_id

CHANGE_TABLE: Final = "history_search_change"
CHANGE_KEY: Final = ("record_id", "kind")
CHANGE_COLUMNS: Final = (*CHANGE_KEY, "mark")
INDEX_TABLE: Final = "history_search_index"

KIND_OF_TABLE: Final[Mapping[str, int]] = {
    INSTANCE_TABLE: kinds.INSTANCE,
    TASK_TABLE: kinds.TASK,
    VARIABLE_TABLE: kinds.VARIABLE,
    COMMENT_TABLE: kinds.COMMENT,
    ATTACHMENT_TABLE: kinds.ATTACHMENT,
    INCIDENT_TABLE: kinds.INCIDENT,
}
"""Tables whose rows are searched; the id of a row is that of the record."""


class Change(NamedTuple):
    """A record that the search server is to be told about. `mark` is another one after each change."""

    record_id: str
    kind: int
    mark: int


class IndexState(enum.IntEnum):
    """How far an index is; the numbers are those of the contract."""

    BUILDING = 1
    SERVING = 2
    REMOVING = 3
    REMOVED = 4


@dataclass(slots=True)
class SearchIndex:
    """An index on the search server; the fields are the columns of its table. Times in microseconds since 1970.

    `generation` of the rows that it was built from. `cursor_kind` and `cursor_id`: the last record that building has
    read.
    """

    id: str
    name: str
    generation: int
    state: int
    request_id: str
    user_id: str
    start_micros: int
    end_micros: int | None = None
    cursor_kind: int = 0
    cursor_id: str = ""
    records: int = 0


INDEX_COLUMNS: Final = tuple(column.name for column in fields(SearchIndex))
_LIVE: Final = (int(IndexState.BUILDING), int(IndexState.SERVING))


@dataclass(slots=True)
class BegunIndex:
    """The answer to who asks for an index: it, or the one that is in the way."""

    index: SearchIndex
    repeated: bool = False
    in_the_way: bool = False


@dataclass(slots=True, frozen=True)
class Indexes:
    """The indexes that there is something to do for, and the generation of the rows that answer now."""

    generation: int
    all: tuple[SearchIndex, ...]

    def in_state(self, state: IndexState) -> list[SearchIndex]:
        """Return those in a state, the latest last."""
        return [index for index in self.all if index.state == state]

    @property
    def live(self) -> list[SearchIndex]:
        """Those that are told what changes."""
        return [index for index in self.all if index.state in _LIVE]


def note_changes(records: Collection[tuple[str, int]]) -> Program[None]:
    """Note records, by id and kind, whose texts may have changed."""
    if records:
        mark = secrets.randbits(62)
        rows = [(*record, mark) for record in sorted(records)]
        yield UpsertMany(CHANGE_TABLE, CHANGE_COLUMNS, CHANGE_KEY, ("mark",), rows)


def next_changes(limit: int) -> Program[list[Change]]:
    """Read some of what the search server is still to be told."""
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(CHANGE_COLUMNS)} FROM {CHANGE_TABLE} ORDER BY record_id,kind LIMIT ?", (limit,)
    )
    return [Change(*row) for row in rows]


def forget_changes(changes: Sequence[Change]) -> Program[None]:
    """Forget what the search server was told, unless it has changed again."""
    yield DeleteMany(CHANGE_TABLE, CHANGE_COLUMNS, changes)


def count_changes(limit: int) -> Program[int]:
    """Count what the search server is still to be told, up to a limit."""
    rows: list[Row] = yield Fetch(f"SELECT COUNT(*) FROM (SELECT 1 FROM {CHANGE_TABLE} LIMIT ?) some", (limit,))
    count: int = rows[0][0]
    return count


def read_indexes() -> Program[Indexes]:
    """Read the indexes that there is something to do for."""
    generation = yield from present_generation()
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(INDEX_COLUMNS)} FROM {INDEX_TABLE} WHERE state<? ORDER BY state,id",
        (int(IndexState.REMOVED),),
    )
    return Indexes(generation, tuple(sorted((SearchIndex(*row) for row in rows), key=lambda index: index.id)))


def serving_index() -> Program[SearchIndex | None]:
    """Return the index that answers."""
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(INDEX_COLUMNS)} FROM {INDEX_TABLE} WHERE state=? ORDER BY id DESC LIMIT 1",
        (int(IndexState.SERVING),),
    )
    return SearchIndex(*rows[0]) if rows else None


def find_index(index_id: str) -> Program[SearchIndex | None]:
    """Return an index."""
    rows: list[Row] = yield FetchKeys(INDEX_TABLE, INDEX_COLUMNS, ("id",), [(index_id,)])
    return SearchIndex(*rows[0]) if rows else None


def list_indexes(before: str | None, limit: int) -> Program[list[SearchIndex]]:
    """Return indexes, the latest first."""
    where, parameters = ("", ()) if before is None else (" WHERE id<?", (before,))
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(INDEX_COLUMNS)} FROM {INDEX_TABLE}{where} ORDER BY id DESC LIMIT ?", (*parameters, limit)
    )
    return [SearchIndex(*row) for row in rows]


def new_index(prefix: str, request_id: str, user_id: str, now: int) -> SearchIndex:
    """Return an index that is to be built, with a name that begins so; its generation is set as it is stored."""
    index_id = new_id()
    return SearchIndex(index_id, f"{prefix}-{index_id}", 0, int(IndexState.BUILDING), request_id, user_id[:255], now)


def begin_index(wanted: SearchIndex) -> Program[BegunIndex]:
    """Store an index that is to be built, unless one is being built, or the request was made before.

    From the commit on every change of a record is noted, so that building may read the rows as they are.
    """
    yield from lock_state()
    if wanted.request_id:
        rows: list[Row] = yield Fetch(
            f"SELECT {','.join(INDEX_COLUMNS)} FROM {INDEX_TABLE} WHERE request_id=? ORDER BY id LIMIT 1",
            (wanted.request_id,),
        )
        if rows:
            return BegunIndex(SearchIndex(*rows[0]), repeated=True)
    building: list[Row] = yield Fetch(
        f"SELECT {','.join(INDEX_COLUMNS)} FROM {INDEX_TABLE} WHERE state=? ORDER BY id LIMIT 1",
        (int(IndexState.BUILDING),),
    )
    if building:
        return BegunIndex(SearchIndex(*building[0]), in_the_way=True)
    wanted.generation = yield from present_generation()
    yield InsertMany(INDEX_TABLE, INDEX_COLUMNS, [tuple(getattr(wanted, column) for column in INDEX_COLUMNS)])
    yield from set_indexing(True)
    return BegunIndex(wanted)


def note_cursor(index_id: str, kind: int, record_id: str, records: int) -> Program[None]:
    """Note how far the building of an index is."""
    yield Execute(
        f"UPDATE {INDEX_TABLE} SET cursor_kind=?, cursor_id=?, records=records+? WHERE id=? AND state=?",
        (kind, record_id, records, index_id, int(IndexState.BUILDING)),
    )


def change_index(index_id: str, expected: IndexState, **columns: Any) -> Program[bool]:
    """Change an index that is in a state; say whether it was."""
    assignments = ",".join(f"{name}=?" for name in columns)
    keys = [(index_id, int(expected))]
    count: int = yield UpdateKeys(INDEX_TABLE, assignments, tuple(columns.values()), ("id", "state"), keys)
    return count > 0


def serve(index_id: str, now: int) -> Program[bool]:
    """Let an index that is built answer, and no other one; say whether it does."""
    if not (yield from change_index(index_id, IndexState.BUILDING, state=int(IndexState.SERVING), end_micros=now)):
        return False
    yield Execute(
        f"UPDATE {INDEX_TABLE} SET state=? WHERE state=? AND id<>?",
        (int(IndexState.REMOVING), int(IndexState.SERVING), index_id),
    )
    return True


def leave_all() -> Program[None]:
    """Let no index answer any more, nor be built."""
    yield Execute(
        f"UPDATE {INDEX_TABLE} SET state=? WHERE state<?", (int(IndexState.REMOVING), int(IndexState.REMOVING))
    )
