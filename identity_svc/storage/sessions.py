"""Sessions and their refresh tokens."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from identity_svc.storage.security_changes import ChangeKind, SecurityChange, append_changes
from mesh.db.select import Select
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, InsertMany, Program, Row, UpdateKeys, placeholders

PRUNE_BATCH = 500
LONGEST_TOKEN_MICROS = 3_600_000_000
"""No access token lives longer, whatever is set."""

_COLUMNS = (
    "id",
    "subject_id",
    "origin",
    "credential_id",
    "created_at",
    "refreshed_at",
    "closes_at",
    "tokens_until",
    "ended_at",
)


class Origin(enum.IntEnum):
    """What a session was begun with; the numbers are those of the contract."""

    PASSWORD = 1
    API_KEY = 2
    BOOTSTRAP = 3
    OIDC = 4


class EndReason(enum.IntEnum):
    """Why a session was ended."""

    NOT_ENDED = 0
    REVOKED = 1
    REFRESH_REUSED = 2
    PASSWORD_CHANGED = 3
    SUBJECT_CLOSED = 4
    API_KEY_REVOKED = 5


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session; times in microseconds since the Unix epoch.

    `credential_id`: of the API key it was begun with. `closes_at`: when it runs out or was ended.
    """

    id: str
    subject_id: str
    origin: int
    credential_id: str
    created_at: int
    refreshed_at: int
    closes_at: int
    tokens_until: int
    ended_at: int | None = None

    def is_open(self, now: int) -> bool:
        """Whether it has neither run out nor been ended."""
        return self.ended_at is None and self.closes_at > now


@dataclass(frozen=True, slots=True)
class RefreshRow:
    """A refresh token. `used_at` and `request_id`: when and by which request it was exchanged."""

    digest: str
    session_id: str
    created_at: int
    used_at: int | None
    request_id: str


@dataclass(frozen=True, slots=True)
class RevokedSession:
    """A session that was ended, and when its last token runs out."""

    id: str
    tokens_until: int


def insert_session(session: SessionRow) -> Program[None]:
    """Store a session that begins."""
    values = (
        session.id,
        session.subject_id,
        session.origin,
        session.credential_id,
        session.created_at,
        session.refreshed_at,
        session.closes_at,
        session.tokens_until,
        session.ended_at,
    )
    yield InsertMany("session", (*_COLUMNS, "end_reason"), [(*values, int(EndReason.NOT_ENDED))])


def insert_refresh(digest: str, session_id: str, now: int) -> Program[None]:
    """Store the refresh token that a session has from now on."""
    columns = ("digest", "session_id", "created_at", "used_at", "request_id")
    yield InsertMany("refresh_token", columns, [(digest, session_id, now, None, "")])


def lock_refresh(digest: str) -> Program[RefreshRow | None]:
    """Return the refresh token with this digest, locked until the transaction ends."""
    rows: list[Row] = yield Fetch(
        "SELECT digest, session_id, created_at, used_at, request_id FROM refresh_token WHERE digest=?",
        (digest,),
        lock=True,
    )
    return RefreshRow(*rows[0]) if rows else None


def use_refresh(digest: str, request_id: str, now: int) -> Program[None]:
    """Note that a refresh token was exchanged."""
    yield Execute("UPDATE refresh_token SET used_at=?, request_id=? WHERE digest=?", (now, request_id, digest))


def lock_session(session_id: str) -> Program[SessionRow | None]:
    """Return a session, locked until the transaction ends."""
    rows: list[Row] = yield Fetch(f"SELECT {','.join(_COLUMNS)} FROM session WHERE id=?", (session_id,), lock=True)
    return SessionRow(*rows[0]) if rows else None


def prolong_session(session_id: str, refreshed_at: int, closes_at: int, tokens_until: int) -> Program[None]:
    """Note that a session was refreshed."""
    yield Execute(
        "UPDATE session SET refreshed_at=?, closes_at=?, tokens_until=? WHERE id=?",
        (refreshed_at, closes_at, tokens_until, session_id),
    )


def open_sessions_of(subject_ids: Sequence[str], now: int) -> Program[list[SessionRow]]:
    """Return the sessions of subjects that are not over, locked until the transaction ends."""
    if not subject_ids:
        return []
    rows: list[Row] = yield Fetch(
        f"SELECT {','.join(_COLUMNS)} FROM session WHERE subject_id IN {placeholders(len(subject_ids))} "
        "AND closes_at>? AND ended_at IS NULL ORDER BY id",
        (*subject_ids, now),
        lock=True,
    )
    return [SessionRow(*row) for row in rows]


def end_sessions(sessions: Sequence[SessionRow], reason: EndReason, now: int) -> Program[int]:
    """End open sessions and log it for all services; return how many there were. `lock_changes` comes first."""
    ending = [session for session in sessions if session.is_open(now)]
    if not ending:
        return 0
    yield UpdateKeys(
        "session",
        "ended_at=?, closes_at=?, end_reason=?",
        (now, now, int(reason)),
        ("id",),
        [(session.id,) for session in ending],
    )
    yield from append_changes(
        [
            SecurityChange(ChangeKind.SESSION_REVOKED, session.subject_id, session.id, session.tokens_until)
            for session in ending
        ],
        now,
    )
    return len(ending)


def read_session(session_id: str) -> Program[SessionRow | None]:
    """Return a session."""
    rows: list[Row] = yield FetchKeys("session", _COLUMNS, ("id",), [(session_id,)])
    return SessionRow(*rows[0]) if rows else None


def list_sessions(subject_id: str, now: int, after: str | None, limit: int) -> Program[list[SessionRow]]:
    """Return the sessions of a subject that are not over, the latest first, from behind the one with the id `after`."""
    select = Select("session", _COLUMNS).where("subject_id=?", subject_id)
    select.where("closes_at>?", now).where("ended_at IS NULL")
    rows: list[Row] = yield select.page(("id",), None if after is None else (after,), limit, descending=True).fetch()
    return [SessionRow(*row) for row in rows]


def revoked_sessions(now: int) -> Program[list[RevokedSession]]:
    """Return the sessions that were ended and whose tokens have not run out."""
    rows: list[Row] = yield Fetch(
        "SELECT id, tokens_until FROM session WHERE ended_at>? AND tokens_until>?", (now - LONGEST_TOKEN_MICROS, now)
    )
    return [RevokedSession(*row) for row in rows]


def prune_sessions(before: int) -> Program[int]:
    """Forget a bounded batch of sessions that were over before a time, with their refresh tokens; return how many."""
    rows: list[Row] = yield Fetch(
        f"SELECT id FROM session WHERE closes_at<? ORDER BY closes_at LIMIT {PRUNE_BATCH}", (before,)
    )
    if rows:
        # There are as many tokens as the session was refreshed; `prune_refresh_tokens` bounds them.
        tokens: list[Row] = yield Fetch(
            f"SELECT digest FROM refresh_token WHERE session_id IN {placeholders(len(rows))}",
            [session_id for (session_id,) in rows],
        )
        if tokens:
            yield DeleteMany("refresh_token", ("digest",), tokens)
        yield DeleteMany("session", ("id",), rows)
    return len(rows)


def prune_refresh_tokens(before: int) -> Program[int]:
    """Forget a bounded batch of refresh tokens that were used before a time; return how many."""
    rows: list[Row] = yield Fetch(
        f"SELECT digest FROM refresh_token WHERE used_at<? ORDER BY used_at LIMIT {PRUNE_BATCH}", (before,)
    )
    if rows:
        yield DeleteMany("refresh_token", ("digest",), rows)
    return len(rows)
