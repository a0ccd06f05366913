"""Start events that wait: for messages, signals and conditions, and timers.

Every version keeps its rows. Those of the newest version are active: its subscriptions count, and its timers have a
time to run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson

from engine_svc.expressions.timers import Cycle, InvalidTimer, due_date
from engine_svc.state.instance import Wait
from engine_svc.storage.commit import Claim
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, InsertMany, Program, Row, UpdateKeys
from mesh.errors import AlreadyExists

START_SUBSCRIPTION_COLUMNS = (
    "definition_id",
    "element_id",
    "type",
    "name",
    "active",
    "definition_key",
    "tenant_id",
    "created_at",
)
START_TIMER_COLUMNS = (
    "definition_id",
    "element_id",
    "kind",
    "text",
    "end_date",
    "cycle",
    "fired",
    "due_at",
    "run_at",
    "failures",
    "error_message",
    "definition_key",
    "tenant_id",
)
START_KEY = ("definition_id", "element_id")
ACTIVE_DEFINITION = 1
"""`DefinitionState.ACTIVE`, whose module needs this one."""
FIRST_RETRY_MICROS = 10_000_000
MAX_RETRY_MICROS = 3_600_000_000


@dataclass(slots=True, frozen=True)
class StartSubscription:
    """A start event that waits. `type` is MESSAGE, SIGNAL or CONDITION; a condition has no name."""

    element_id: str
    type: Wait
    name: str


@dataclass(slots=True, frozen=True)
class StartTimer:
    """A start timer: `date`, `duration` or `cycle`, its text, and when a cycle ends (empty: never)."""

    element_id: str
    kind: str
    text: str
    end_date: str

    def first(self, now: int) -> tuple[Cycle | None, int | None]:
        """Return its cycle where it has one, and when it is due; None: never. Raises `InvalidTimer`."""
        if self.kind == "cycle":
            cycle = Cycle.parse(self.text, now, self.end_date or None)
            return cycle, cycle.first()
        return None, due_date(self.text, now)


@dataclass(slots=True, frozen=True)
class Starts:
    """What starts a process by itself."""

    subscriptions: Sequence[StartSubscription] = ()
    timers: Sequence[StartTimer] = ()


NO_STARTS = Starts()


def insert_starts(definition_id: str, key: str, tenant_id: str, starts: Starts, now: int) -> Program[None]:
    """Store what starts a version; nothing does until the version is the newest."""
    if starts.subscriptions:
        subscriptions = [
            (definition_id, start.element_id, int(start.type), start.name, 0, key, tenant_id, now)
            for start in starts.subscriptions
        ]
        yield InsertMany("start_subscription", START_SUBSCRIPTION_COLUMNS, subscriptions)
    if starts.timers:
        timers = [
            (
                definition_id,
                timer.element_id,
                timer.kind,
                timer.text,
                timer.end_date,
                "",
                0,
                0,
                0,
                0,
                "",
                key,
                tenant_id,
            )
            for timer in starts.timers
        ]
        yield InsertMany("start_timer", START_TIMER_COLUMNS, timers)


def deactivate_starts(definition_id: str) -> Program[None]:
    """Let nothing start a version by itself any more."""
    yield Execute("UPDATE start_subscription SET active=0 WHERE definition_id=?", (definition_id,))
    yield Execute("UPDATE start_timer SET due_at=0, run_at=0 WHERE definition_id=?", (definition_id,))


def activate_starts(definition_id: str, now: int) -> Program[None]:
    """Let what starts a version count; its timers begin anew.

    A message that another process has taken over meanwhile stays with that one.
    """
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(START_SUBSCRIPTION_COLUMNS)} FROM start_subscription WHERE definition_id=?", (definition_id,)
    )
    free = []
    for row in rows:
        _, element_id, kind, name, _, key, tenant_id, _ = row
        if kind != Wait.MESSAGE or not (yield from _taken_by(tenant_id, key, name)):
            free.append((definition_id, element_id))
    if free:
        yield UpdateKeys("start_subscription", "active=1", (), START_KEY, free)
    timers: list[Row] = yield Fetch(
        "SELECT element_id, kind, text, end_date FROM start_timer WHERE definition_id=?", (definition_id,)
    )
    for timer in timers:
        try:
            cycle, due = StartTimer(*timer).first(now)
        except InvalidTimer:
            # It was right when it was deployed; a date that lies too far ahead by now is never due.
            cycle, due = None, None
        text = "" if cycle is None else orjson.dumps(cycle.to_dict()).decode()
        yield Execute(
            "UPDATE start_timer SET cycle=?, fired=0, due_at=?, run_at=?, failures=0, error_message='' "
            "WHERE definition_id=? AND element_id=?",
            (text, due or 0, due or 0, definition_id, timer[0]),
        )


def refuse_taken_messages(tenant_id: str, key: str, starts: Starts) -> Program[None]:
    """Raise `AlreadyExists` (START_MESSAGE_TAKEN) where another process is started by a message of this one."""
    for start in starts.subscriptions:
        if start.type is not Wait.MESSAGE:
            continue
        other = yield from _taken_by(tenant_id, key, start.name)
        if other:
            raise AlreadyExists(
                "START_MESSAGE_TAKEN",
                f"process {other} is started by the message {start.name!r} already, and a message starts one process "
                f"only; give the start event {start.element_id} of process {key} another message",
                metadata={"name": start.name, "key": other, "element_id": start.element_id},
            )


def claim_messages(definition_id: str) -> Program[None]:
    """Let the start events of a newest version wait for their messages, which no other process has."""
    yield Execute("UPDATE start_subscription SET active=1 WHERE definition_id=?", (definition_id,))


def _taken_by(tenant_id: str, key: str, name: str) -> Program[str]:
    rows: list[Row] = yield Fetch(
        "SELECT definition_key FROM start_subscription "
        "WHERE type=? AND name=? AND tenant_id=? AND active=1 AND definition_key<>? LIMIT 1",
        (int(Wait.MESSAGE), name, tenant_id, key),
    )
    return rows[0][0] if rows else ""


def remove_starts(definition_ids: Iterable[str]) -> Program[None]:
    """Remove what starts these versions."""
    keys = [(definition_id,) for definition_id in definition_ids]
    if keys:
        yield DeleteMany("start_subscription", ("definition_id",), keys)
        yield DeleteMany("start_timer", ("definition_id",), keys)


@dataclass(slots=True, frozen=True)
class FoundStart:
    """An active start event of a newest version."""

    definition_id: str
    element_id: str
    definition_key: str
    version: int
    suspended: bool


def find_starts(tenant_id: str, kind: Wait, name: str, definition_key: str = "") -> Program[list[FoundStart]]:
    """Return the start events of the newest versions that wait for a message, signal or condition (name: empty)."""
    rows: list[Row] = yield Fetch(
        "SELECT s.definition_id, s.element_id, s.definition_key, d.version, d.state FROM start_subscription s "
        "CROSS JOIN process_definition d WHERE s.type=? AND s.name=? AND s.tenant_id=? AND s.active=1 "
        "AND d.id=s.definition_id ORDER BY s.definition_key, s.element_id",
        (int(kind), name, tenant_id),
    )
    return [
        FoundStart(definition_id, element_id, key, version, state != ACTIVE_DEFINITION)
        for definition_id, element_id, key, version, state in rows
        if not definition_key or key == definition_key
    ]


def find_message_start(tenant_id: str, name: str) -> Program[tuple[FoundStart | None, int]]:
    """Return the start event that waits for a message, and the epoch at which it was so."""
    epoch: list[Row] = yield Fetch("SELECT epoch FROM definition_epoch WHERE id=1")
    found = yield from find_starts(tenant_id, Wait.MESSAGE, name)
    return (found[0] if found else None), epoch[0][0]


# Timers


def due_start_timers(now: int, limit: int) -> Program[list[Row]]:
    """Read timers of definitions that are not suspended and are due, as `START_TIMER_COLUMNS`."""
    columns = ",".join(f"t.{column}" for column in START_TIMER_COLUMNS)
    rows: list[Row] = yield Fetch(
        f"SELECT {columns} FROM start_timer t CROSS JOIN process_definition d "
        "WHERE t.run_at>0 AND t.run_at<=? AND d.id=t.definition_id AND d.state=? "
        f"ORDER BY t.run_at LIMIT {int(limit)}",
        (now, ACTIVE_DEFINITION),
    )
    return rows


def timer_claim(definition_id: str, element_id: str, due_at: int, fired: int) -> Claim:
    """Return what lets one commit only fire a timer."""
    return Claim("start_timer", START_KEY, (definition_id, element_id), ("due_at", "fired"), (due_at, fired))


def after_firing(row: Row, now: int) -> Execute:
    """Return the statement that sets a timer, a row of `START_TIMER_COLUMNS`, to its next time."""
    definition_id, element_id, _, _, _, cycle, fired, due_at = row[:8]
    due = None
    if cycle:
        due = Cycle.from_dict(orjson.loads(cycle)).next(due_at, fired + 1, now)
    return Execute(
        "UPDATE start_timer SET fired=fired+1, due_at=?, run_at=?, failures=0, error_message='' "
        "WHERE definition_id=? AND element_id=?",
        (due or 0, due or 0, definition_id, element_id),
    )


def after_failure(row: Row, now: int, message: str) -> Program[None]:
    """Let a timer that could not start its instance be tried again later, ever more seldom."""
    definition_id, element_id, due_at, fired, failures = (*row[:2], row[7], row[6], row[9])
    again = now + min(FIRST_RETRY_MICROS << min(failures, 20), MAX_RETRY_MICROS)
    yield Execute(
        "UPDATE start_timer SET run_at=?, failures=failures+1, error_message=? "
        "WHERE definition_id=? AND element_id=? AND due_at=? AND fired=?",
        (again, message, definition_id, element_id, due_at, fired),
    )


def message_start_row(tenant_id: str, name: str, correlation_key: str) -> Program[tuple[str, bool]]:
    """Return the instance that messages of a name and key started last, and whether it has not ended."""
    key = (tenant_id, name, correlation_key)
    rows: list[Row] = yield FetchKeys("message_start", ("instance_id",), MESSAGE_START_KEY, [key])
    if not rows:
        return "", False
    found: list[Row] = yield Fetch("SELECT ended_at FROM process_instance WHERE id=?", (rows[0][0],))
    return rows[0][0], bool(found) and not found[0][0]


MESSAGE_START_KEY = ("tenant_id", "name", "correlation_key")
