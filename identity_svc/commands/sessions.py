"""Beginning, refreshing and ending sessions."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace

from identity_svc.commands.issuing import IssuedTokens, TokenIssuer
from identity_svc.commands.sign_in_refusals import credentials_invalid, session_not_found
from identity_svc.signing.opaque import digest_of, new_refresh_token, next_refresh_token
from identity_svc.storage.audit import Actor, AuditRecord, append_audit
from identity_svc.storage.credentials import share_subject, tenants_of
from identity_svc.storage.security_changes import lock_changes
from identity_svc.storage.sessions import (
    EndReason,
    Origin,
    SessionRow,
    end_sessions,
    insert_refresh,
    insert_session,
    lock_refresh,
    lock_session,
    open_sessions_of,
    prolong_session,
    use_refresh,
)
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.served_database import write_again
from mesh.db.statements import Program
from mesh.ids import new_id

_MICROS = 1_000_000
_NO_REFRESH = ""


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """How long sessions last, in seconds.

    `idle`: without being refreshed; `longest`: in any case; `grace`: so long the same refresh gets the same answer.
    """

    idle: float
    longest: float
    grace: float


@dataclass(frozen=True, slots=True)
class Begun:
    """A session that a transaction begins, and the refresh token it has first, empty for none."""

    row: SessionRow
    refresh_token: str


class _Refused(enum.Enum):
    """How a refresh ends that gives no tokens."""

    INVALID = 1
    REUSED = 2


@dataclass(frozen=True, slots=True)
class _Refreshed:
    session: SessionRow
    refresh_token: str
    issued_at: int


class Sessions:
    """The sessions of the mesh. `database` is one that calls are served from; every method raises `DependencyDown`."""

    def __init__(
        self, database: Database, issuer: TokenIssuer, clock: Clock, times: SessionTimes, successor_key: bytes
    ) -> None:
        """`successor_key`: from which refresh tokens are made that follow others."""
        self._database = database
        self._issuer = issuer
        self._clock = clock
        self._times = times
        self._successor_key = successor_key

    def begin(
        self,
        subject_id: str,
        origin: Origin,
        actor: Actor,
        now: int,
        *,
        refreshable: bool = True,
        credential_id: str = "",
    ) -> Program[Begun]:
        """Begin a session in a transaction. `credential_id`: of the API key it is begun with.

        Raises Unauthenticated (CREDENTIALS_INVALID) for a subject that is disabled or gone.
        """
        subject = yield from share_subject(subject_id)
        if not subject.active:
            raise credentials_invalid()
        tokens_until = self._issuer.expires_at(now)
        closes_at = now + int(min(self._times.idle, self._times.longest) * _MICROS) if refreshable else tokens_until
        row = SessionRow(new_id(), subject_id, origin, credential_id, now, now, closes_at, tokens_until)
        yield from insert_session(row)
        refresh_token = _NO_REFRESH
        if refreshable:
            refresh_token = new_refresh_token()
            yield from insert_refresh(digest_of(refresh_token), row.id, now)
        told = {"subjectId": subject_id, "origin": origin.name}
        if credential_id:
            told["credentialId"] = credential_id
        record = AuditRecord("sessions.create", "session", row.id, subject.tenants, {}, told)
        by = replace(actor, id=subject_id, session_id=row.id)
        yield from append_audit([record], by, now)
        return Begun(row, refresh_token)

    async def tokens_of(self, begun: Begun) -> IssuedTokens:
        """Return the tokens of a session that was begun."""
        token_id = new_id()
        return await self._tokens(begun.row, begun.refresh_token, token_id, begun.row.created_at)

    async def refresh(self, refresh_token: str, request_id: str, actor: Actor) -> IssuedTokens:
        """Exchange a refresh token. Raises Unauthenticated (CREDENTIALS_INVALID)."""
        done = await write_again(self._database, lambda: self._refresh(refresh_token, request_id, self._now()))
        if done is _Refused.REUSED:
            digest = digest_of(refresh_token)
            await write_again(self._database, lambda: self._end_family(digest, actor, self._now()))
        if isinstance(done, _Refused):
            raise credentials_invalid()
        # Made from what is secret, so that it tells nothing of it, and the same when it is asked for again.
        token_id = digest_of(f"jti.{done.refresh_token}")[:32]
        return await self._tokens(done.session, done.refresh_token, token_id, done.issued_at)

    async def revoke(self, session_id: str, actor: Actor, *, of: str | None) -> int:
        """End a session; return how many were ended: none where it had been ended before.

        `of`: the one subject whose sessions the caller may end, None for all. Raises NotFound (SESSION_NOT_FOUND).
        """
        return await write_again(self._database, lambda: self._revoke(session_id, of, actor, self._now()))

    async def revoke_all(self, subject_id: str, actor: Actor) -> int:
        """End all sessions of a subject; return how many there were."""
        return await write_again(self._database, lambda: self._revoke_all(subject_id, actor, self._now()))

    def _now(self) -> int:
        return self._clock.now_micros()

    async def _tokens(self, session: SessionRow, refresh_token: str, token_id: str, issued_at: int) -> IssuedTokens:
        access_token = await self._issuer.access_token(
            session.subject_id,
            session.id,
            token_id,
            issued_at,
            service_account=session.origin == Origin.API_KEY,
        )
        return IssuedTokens(
            access_token,
            self._issuer.expires_at(issued_at),
            refresh_token,
            session.closes_at if refresh_token else 0,
            session.id,
            session.subject_id,
        )

    def _refresh(self, refresh_token: str, request_id: str, now: int) -> Program[_Refreshed | _Refused]:
        token = yield from lock_refresh(digest_of(refresh_token))
        if token is None:
            return _Refused.INVALID
        session = yield from lock_session(token.session_id)
        if session is None or not session.is_open(now):
            return _Refused.INVALID
        if not (yield from share_subject(session.subject_id)).active:
            return _Refused.INVALID
        if token.used_at is not None:
            return (yield from self._again(refresh_token, request_id, token.used_at, token.request_id, session, now))
        following = (
            next_refresh_token(self._successor_key, refresh_token, request_id) if request_id else new_refresh_token()
        )
        tokens_until = self._issuer.expires_at(now)
        longest = session.created_at + int(self._times.longest * _MICROS)
        closes_at = min(now + int(self._times.idle * _MICROS), longest)
        yield from use_refresh(token.digest, request_id, now)
        yield from insert_refresh(digest_of(following), session.id, now)
        yield from prolong_session(session.id, now, closes_at, max(tokens_until, session.tokens_until))
        return _Refreshed(replace(session, refreshed_at=now, closes_at=closes_at), following, now)

    def _again(
        self, refresh_token: str, request_id: str, used_at: int, used_by: str, session: SessionRow, now: int
    ) -> Program[_Refreshed | _Refused]:
        """Look at a token that was exchanged before: was it by this very request, and its answer not used yet?"""
        if not request_id or request_id != used_by or now - used_at > self._times.grace * _MICROS:
            return _Refused.REUSED
        following = next_refresh_token(self._successor_key, refresh_token, request_id)
        successor = yield from lock_refresh(digest_of(following))
        if successor is None or successor.used_at is not None:
            return _Refused.REUSED
        return _Refreshed(session, following, used_at)

    def _end_family(self, digest: str, actor: Actor, now: int) -> Program[None]:
        # The lock of the log comes before those of sessions, so this is a transaction of its own. A token that was
        # shown twice stays so.
        yield from lock_changes()
        token = yield from lock_refresh(digest)
        session = None if token is None else (yield from lock_session(token.session_id))
        if session is not None:
            yield from end_and_tell([session], EndReason.REFRESH_REUSED, actor, now)

    def _revoke(self, session_id: str, of: str | None, actor: Actor, now: int) -> Program[int]:
        yield from lock_changes()
        session = yield from lock_session(session_id)
        if session is None or (of is not None and session.subject_id != of):
            raise session_not_found(session_id)
        return (yield from end_and_tell([session], EndReason.REVOKED, actor, now))

    def _revoke_all(self, subject_id: str, actor: Actor, now: int) -> Program[int]:
        yield from lock_changes()
        sessions = yield from open_sessions_of([subject_id], now)
        return (yield from end_and_tell(sessions, EndReason.REVOKED, actor, now))


def end_and_tell(sessions: Sequence[SessionRow], reason: EndReason, actor: Actor, now: int) -> Program[int]:
    """End the open ones of some sessions, and log it for services and people; return how many there were.

    `lock_changes` comes first.
    """
    ending = [session for session in sessions if session.is_open(now)]
    if not ending:
        return 0
    yield from end_sessions(ending, reason, now)
    tenants = yield from tenants_of(sorted({session.subject_id for session in ending}))
    records = [
        AuditRecord(
            "sessions.revoke",
            "session",
            session.id,
            tenants[session.subject_id],
            {"subjectId": session.subject_id},
            {"endReason": reason.name},
        )
        for session in ending
    ]
    yield from append_audit(records, actor, now)
    return len(ending)
