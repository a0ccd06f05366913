"""Rebuilds as they are stored: what was asked for, how far it is."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, NamedTuple

import orjson

from history_svc.storage.generations import next_names, redirected
from history_svc.storage.projection_tables import PROJECTION_TABLES
from mesh.db.statements import Execute, Fetch, FetchKeys, InsertMany, Program, Row, UpdateKeys, UpsertMany

TABLE: Final = "history_rebuild"
STATE_TABLE: Final = "history_rebuild_state"
SEEN_TABLE: Final = "history_rebuild_seen"
BEGUN_TABLE: Final = "history_rebuild_begun"
NEXT_NAMES: Final = next_names(table.name for table in PROJECTION_TABLES)


class State(enum.IntEnum):
    """How far a rebuild is; the numbers are those of the contract."""

    PREPARING = 1
    KEEPING = 2
    REPLAYING = 3
    WAITING = 4
    SWITCHING = 5
    CLEANING = 6
    SUCCEEDED = 7
    CANCELLED = 8
    FAILED = 9


BEFORE_THE_SWITCH: Final = frozenset({State.PREPARING, State.KEEPING, State.REPLAYING, State.WAITING})


@dataclass(slots=True)
class Rebuild:
    """A rebuild; the fields are the columns of its table. Times in microseconds since the Unix epoch."""

    id: str
    generation: int
    state: int
    keep_older: int
    user_id: str
    request_id: str
    start_micros: int
    end_micros: int | None = None
    events_total: int = 0
    events_read: int = 0
    events_applied: int = 0
    events_skipped: int = 0
    rows_kept: int = 0
    problem: str = ""
    ends_json: str = "{}"
    cursor_json: str = "[]"
    cleaned: int = 0

    @property
    def ends(self) -> dict[int, int]:
        """By partition the offset up to which the log is to be read; empty: not known yet."""
        return {int(partition): end for partition, end in orjson.loads(self.ends_json).items()}


COLUMNS: Final = tuple(column.name for column in fields(Rebuild))


@dataclass(slots=True)
class Begun:
    """The answer to who asks for a rebuild: it, or the one that is in the way."""

    rebuild: Rebuild
    repeated: bool = False
    in_the_way: bool = False


def begin(wanted: Rebuild) -> Program[Begun]:
    """Store a rebuild, unless another one has not ended, or the request was made before."""
    yield from lock_state()
    if wanted.request_id:
        rows: list[Row] = yield Fetch(
            f"SELECT {','.join(COLUMNS)} FROM {TABLE} WHERE request_id=? ORDER BY id LIMIT 1", (wanted.request_id,)
        )
        if rows:
            return Begun(Rebuild(*rows[0]), repeated=True)
    running = yield from find_unfinished()
    if running is not None:
        return Begun(running, in_the_way=True)
    generation: list[Row] = yield FetchKeys("history_generation", ("generation",), ("id",), [(1,)])
    wanted.generation = generation[0][0] + 1
    yield InsertMany(TABLE, COLUMNS, [_row(wanted)])
    return Begun(wanted)


def find_unfinished() -> Program[Rebuild | None]:
    """Return the rebuild that there is still something to do for."""
    rows: list[Row] = yield Fetch(f"SELECT {','.join(COLUMNS)} FROM {TABLE} WHERE cleaned=0 ORDER BY id LIMIT 1")
    return Rebuild(*rows[0]) if rows else None


def find(rebuild_id: str, *, lock: bool = False) -> Program[Rebuild | None]:
    """Return a rebuild."""
    rows: list[Row] = yield FetchKeys(TABLE, COLUMNS, ("id",), [(rebuild_id,)], lock=lock)
    return Rebuild(*rows[0]) if rows else None


def list_rebuilds(before: str | None, limit: int) -> Program[list[Rebuild]]:
    """Return rebuilds, the latest first."""
    where, parameters = ("", ()) if before is None else (" WHERE id<?", (before,))
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(COLUMNS)} FROM {TABLE}{where} ORDER BY id DESC LIMIT ?", (*parameters, limit)
    )
    return [Rebuild(*row) for row in rows]


def change(rebuild_id: str, expected: Sequence[int], **columns: Any) -> Program[bool]:
    """Change a rebuild that is in one of these states; say whether it was."""
    assignments = ",".join(f"{name}=?" for name in columns)
    keys = [(rebuild_id, int(state)) for state in expected]
    count: int = yield UpdateKeys(TABLE, assignments, tuple(columns.values()), ("id", "state"), keys)
    return count > 0


def _row(rebuild: Rebuild) -> tuple[Any, ...]:
    return tuple(getattr(rebuild, column) for column in COLUMNS)


def lock_state() -> Program[bool]:
    """Let nobody take events in until the transaction ends; say whether they go into both generations."""
    rows: list[Row] = yield FetchKeys(STATE_TABLE, ("filling",), ("id",), [(1,)], lock=True)
    return bool(rows[0][0])


def set_filling(filling: bool) -> Program[None]:
    """Let events go into the next generation as well, or no longer. Waits for who takes some in."""
    yield Execute(f"UPDATE {STATE_TABLE} SET filling=? WHERE id=1", (int(filling),))


class Following(NamedTuple):
    """What else is told when rows of history change: the next generation, and the search server."""

    filling: bool
    indexing: bool


def following() -> Program[Following]:
    """Tell what else is told when rows change, and keep it so until the transaction ends."""
    rows: list[Row] = yield FetchKeys(STATE_TABLE, ("filling", "indexing"), ("id",), [(1,)], share=True)
    return Following(bool(rows[0][0]), bool(rows[0][1]))


def set_indexing(indexing: bool) -> Program[None]:
    """Let changes be noted for the search server, or no longer. Waits for who takes events in."""
    yield Execute(f"UPDATE {STATE_TABLE} SET indexing=? WHERE id=1", (int(indexing),))


def is_filling() -> Program[bool]:
    """Tell whether events go into both generations, and keep it so until the transaction ends."""
    return (yield from following()).filling


def is_rebuilding() -> Program[bool]:
    """Tell whether there is a rebuild that has not ended; until the transaction ends none begins."""
    yield from is_filling()
    rows: list[Row] = yield Fetch(f"SELECT id FROM {TABLE} WHERE cleaned=0 ORDER BY id LIMIT 1", share=True)
    return bool(rows)


def on_both(program: Program[None], again: Program[None]) -> Program[None]:
    """Run a program, and where a rebuild is on, the same one made anew on the tables of the next generation.

    For what changes the projection's rows otherwise than by events and cannot wait for the end of a rebuild.
    """
    filling = yield from is_filling()
    yield from program
    if filling:
        yield from redirected(again, NEXT_NAMES)
    else:
        again.close()


def unseen_by_next(event_ids: Sequence[str]) -> Program[set[str]]:
    """Return which of the events the next generation has not taken in yet, and note that it has."""
    rows: list[Row] = yield FetchKeys(SEEN_TABLE, ("event_id",), ("event_id",), [(one,) for one in event_ids])
    new = set(event_ids).difference(row[0] for row in rows)
    if new:
        yield InsertMany(SEEN_TABLE, ("event_id",), [(event_id,) for event_id in sorted(new)])
    return new


def note_begun(instance_ids: Sequence[str]) -> Program[None]:
    """Note that the log tells these instances from their beginning."""
    if instance_ids:
        yield UpsertMany(BEGUN_TABLE, ("id",), ("id",), (), [(one,) for one in sorted(set(instance_ids))])


def begun_among(instance_ids: Sequence[str]) -> Program[set[str]]:
    """Return which of the instances the log tells from their beginning."""
    rows: list[Row] = yield FetchKeys(BEGUN_TABLE, ("id",), ("id",), [(one,) for one in sorted(set(instance_ids))])
    return {row[0] for row in rows}


@dataclass(slots=True, frozen=True)
class Progressed:
    """How many events of the log were read, taken in and passed over."""

    read: int = 0
    applied: int = 0
    skipped: int = 0


def add_progress(rebuild_id: str, by: Progressed) -> Program[None]:
    """Count events."""
    yield Execute(
        f"UPDATE {TABLE} SET events_read=events_read+?, events_applied=events_applied+?, "
        "events_skipped=events_skipped+? WHERE id=?",
        (by.read, by.applied, by.skipped, rebuild_id),
    )
