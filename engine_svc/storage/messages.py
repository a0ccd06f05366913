"""Messages that came, and who waits for them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

import orjson

from engine_svc.state.instance import Status, Wait
from engine_svc.storage.commit import MESSAGE_COLUMNS, Claim
from mesh.access.row_conditions import row_condition
from mesh.access.rows import Rows
from mesh.db.select import Select
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, Program, Row, UpdateKeys

RETENTION_MICROS = 3_600_000_000
"""How long it is kept what became of a message."""
MAX_SETTLED = 3_300
"""Messages of each state, other than those that are buffered, that are kept at most."""
BATCH = 500


class MessageState(enum.IntEnum):
    """What became of a message; the numbers are those of the contract and of the database."""

    BUFFERED = 1
    CORRELATED = 2
    EXPIRED = 3
    UNMATCHED = 4


SETTLED = (MessageState.CORRELATED, MessageState.EXPIRED, MessageState.UNMATCHED)


@dataclass(slots=True, frozen=True)
class NewMessage:
    """A message that came. Times in microseconds; `ttl` 0: it is not kept where nothing waits for it."""

    id: str
    name: str
    correlation_key: str
    tenant_id: str
    variables: dict[str, Any]
    message_id: str = ""
    ttl: int = 0

    def row(
        self, state: MessageState, now: int, *, instance_id: str = "", started: bool = False, explanation: str = ""
    ) -> Row:
        """Return the message as it is stored."""
        expires_at = now + self.ttl
        kept_until = expires_at if state is MessageState.BUFFERED else now + RETENTION_MICROS
        return (
            self.id,
            self.name,
            self.correlation_key,
            self.message_id,
            self.tenant_id,
            int(state),
            now,
            expires_at,
            kept_until,
            instance_id,
            int(started),
            explanation,
            orjson.dumps(self.variables),
        )


def stored_message(row: Row) -> NewMessage:
    """Return the message of a row of `MESSAGE_COLUMNS`."""
    return NewMessage(row[0], row[1], row[2], row[4], orjson.loads(row[12]), row[3], row[7] - row[6])


@dataclass(slots=True, frozen=True)
class Waiting:
    """An event of a running instance that waits."""

    instance_id: str
    key: int


def find_waiting(tenant_id: str, name: str, correlation_key: str) -> Program[Waiting | None]:
    """Return the event, of the oldest instance, that waits for a message; paused instances take none."""
    rows: list[Row] = yield Fetch(
        "SELECT s.instance_id, s.subscription_key FROM event_subscription s CROSS JOIN process_instance i "
        "WHERE s.type=? AND s.name=? AND s.correlation_key=? AND s.tenant_id=? AND i.id=s.instance_id AND i.status=? "
        "ORDER BY s.instance_id, s.subscription_key LIMIT 1",
        (int(Wait.MESSAGE), name, correlation_key, tenant_id, int(Status.RUNNING)),
    )
    return Waiting(*rows[0]) if rows else None


def fetch_message(message_id: str) -> Program[Row | None]:
    """Read a message, in the order of `MESSAGE_COLUMNS`."""
    rows: list[Row] = yield FetchKeys("message", MESSAGE_COLUMNS, ("id",), [(message_id,)])
    return rows[0] if rows else None


def find_buffered(tenant_id: str, name: str, correlation_key: str, now: int) -> Program[Row | None]:
    """Read the oldest message that is kept for a name and key, in the order of `MESSAGE_COLUMNS`."""
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(MESSAGE_COLUMNS)} FROM message WHERE name=? AND correlation_key=? AND tenant_id=? "
        "AND state=? AND expires_at>? ORDER BY id LIMIT 1",
        (name, correlation_key, tenant_id, int(MessageState.BUFFERED), now),
    )
    return rows[0] if rows else None


def wanted_messages(after: str, now: int) -> Program[tuple[list[Row], str]]:
    """Look through a bounded batch of the messages that are kept, those behind an id.

    Returns those that something may wait for, in the order of `MESSAGE_COLUMNS`, and the last id that was looked at;
    empty where it was the last of all.
    """
    kept: list[Row] = yield Fetch(
        f"SELECT id FROM message WHERE state=? AND id>? ORDER BY id LIMIT {BATCH}", (int(MessageState.BUFFERED), after)
    )
    if not kept:
        return [], ""
    last = kept[-1][0]
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(MESSAGE_COLUMNS)} FROM message m WHERE m.state=? AND m.id>? AND m.id<=? AND m.expires_at>? "
        "AND (EXISTS(SELECT 1 FROM event_subscription s WHERE s.type=? AND s.name=m.name "
        "AND s.correlation_key=m.correlation_key AND s.tenant_id=m.tenant_id) "
        "OR EXISTS(SELECT 1 FROM start_subscription t WHERE t.type=? AND t.name=m.name "
        "AND t.tenant_id=m.tenant_id AND t.active=1)) ORDER BY m.id",
        (int(MessageState.BUFFERED), after, last, now, int(Wait.MESSAGE), int(Wait.MESSAGE)),
    )
    return rows, last if len(kept) == BATCH else ""


def message_claim(message_id: str) -> Claim:
    """Return what lets one commit only take a message that is kept."""
    return Claim("message", ("id",), (message_id,), ("state",), (int(MessageState.BUFFERED),))


def taken(message_id: str, instance_id: str, now: int, *, started: bool) -> Execute:
    """Return the statement that notes who took a message."""
    return Execute(
        "UPDATE message SET state=?, kept_until=?, instance_id=?, started=?, explanation='' WHERE id=?",
        (int(MessageState.CORRELATED), now + RETENTION_MICROS, instance_id, int(started), message_id),
    )


def note_refusal(message_id: str, explanation: str) -> Program[None]:
    """Note on a message that is kept why who waits for it could not take it."""
    yield Execute(
        "UPDATE message SET explanation=? WHERE id=? AND state=?",
        (explanation, message_id, int(MessageState.BUFFERED)),
    )


def expire_messages(now: int) -> Program[bool]:
    """End the keeping of messages whose time is over, and forget old ones; say whether there may be more.

    A bounded batch.
    """
    expired: list[Row] = yield Fetch(
        f"SELECT id FROM message WHERE state=? AND kept_until<=? ORDER BY kept_until LIMIT {BATCH}",
        (int(MessageState.BUFFERED), now),
        lock=True,
        skip_locked=True,
    )
    if expired:
        yield UpdateKeys(
            "message",
            "state=?, kept_until=?, explanation=CASE WHEN explanation='' THEN ? ELSE explanation END",
            (
                int(MessageState.EXPIRED),
                now + RETENTION_MICROS,
                "nothing waited for its name and correlation key before its time to live was over",
            ),
            ("id",),
            expired,
        )
    more = len(expired) == BATCH
    for state in SETTLED:
        old: list[Row] = yield Fetch(
            f"SELECT id FROM message WHERE state=? AND kept_until<=? ORDER BY kept_until LIMIT {BATCH}",
            (int(state), now),
        )
        if not old:
            old = yield Fetch(
                f"SELECT id FROM message WHERE state=? ORDER BY kept_until DESC LIMIT {BATCH} OFFSET {MAX_SETTLED}",
                (int(state),),
            )
        if old:
            yield DeleteMany("message", ("id",), old)
        more = more or len(old) == BATCH
    return more


def anything_over(now: int) -> Program[bool]:
    """Say whether `expire_messages` would find anything; costs no write."""
    for state in MessageState:
        rows: list[Row] = yield Fetch(
            "SELECT 1 FROM message WHERE state=? AND kept_until<=? LIMIT 1", (int(state), now)
        )
        if not rows and state is not MessageState.BUFFERED:
            rows = yield Fetch(
                f"SELECT 1 FROM message WHERE state=? ORDER BY kept_until DESC LIMIT 1 OFFSET {MAX_SETTLED}",
                (int(state),),
            )
        if rows:
            return True
    return False


def list_messages(
    name: str, correlation_key: str, state: int, tenant_id: str, opened: Rows, after: str | None, limit: int
) -> Program[list[Row]]:
    """Read messages that are open, newest first, in the order of `MESSAGE_COLUMNS`."""
    select = (
        Select("message", MESSAGE_COLUMNS)
        .open_to(row_condition(opened, "tenant_id"))
        .equal("name", name)
        .equal("correlation_key", correlation_key)
        .equal("state", state)
        .equal("tenant_id", tenant_id)
        .page(("id",), None if after is None else (after,), limit, descending=True)
    )
    rows: list[Row] = yield select.fetch()
    return rows
