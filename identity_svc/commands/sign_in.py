"""Signing in with a password, and what becomes of failures.

Nobody can tell an unknown user from a wrong password: both take one look-up, one hash and one transaction, and get one
answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from identity_svc.commands.issuing import IssuedTokens
from identity_svc.commands.sessions import Begun, Sessions
from identity_svc.commands.sign_in_refusals import credentials_invalid, sign_in_locked
from identity_svc.passwords.hashing import PasswordHashing
from identity_svc.storage.audit import Actor, AuditRecord, append_audit
from identity_svc.storage.credentials import Credential, find_credential, lock_hash, replace_hash
from identity_svc.storage.sessions import Origin
from identity_svc.storage.sign_in_failures import (
    LockOut,
    forget_failures,
    lock_failures,
    lock_out_of,
    locked_seconds,
    name_of,
    store_failures,
)
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.served_database import write_again
from mesh.db.statements import Program

_ATTEMPTS = 3
"""How often a password is verified whose hash is changed meanwhile."""


@dataclass(frozen=True, slots=True)
class LockOuts:
    """When failures lock out: those under one name, and those under all names together."""

    one_name: LockOut
    all_names: LockOut


class FailureCount:
    """Counts failures to prove who one is. `database` is one that calls are served from."""

    def __init__(self, database: Database, clock: Clock, rules: LockOuts, failed: Callable[[], None]) -> None:
        """`failed` is called at each failure."""
        self._database = database
        self._clock = clock
        self._rules = rules
        self._failed = failed

    async def count(self, user: str, subject_id: str, actor: Actor) -> None:
        """Count a failure under a name. Raises Overload (SIGN_IN_LOCKED) where nobody may try now."""
        self._failed()
        name = name_of(user)
        left = await write_again(self._database, lambda: self._count(name, subject_id, actor, self._clock.now_micros()))
        if left > 0:
            raise sign_in_locked(left)

    def _count(self, name: str, subject_id: str, actor: Actor, now: int) -> Program[float]:
        own, everybody, left = yield from lock_failures(name, now)
        if left > 0:
            # It was tried at the same time as others that failed: it does not count, and tells nothing.
            return left
        own_after = own.after_failure(self._rules.one_name, now)
        all_after = everybody.after_failure(self._rules.all_names, now)
        yield from store_failures([own_after, all_after])
        records = []
        if own_after.locked_until > own.locked_until:
            records.append(_lock_record("user", subject_id or name, own_after.locked_until - now))
        if all_after.locked_until > everybody.locked_until:
            records.append(_lock_record("everybody", "", all_after.locked_until - now))
        yield from append_audit(records, actor, now)
        return 0.0


class PasswordSignIn:
    """Signs users in by their passwords. `database` is one that calls are served from."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        hashing: PasswordHashing,
        sessions: Sessions,
        failures: FailureCount,
    ) -> None:
        self._database = database
        self._clock = clock
        self._hashing = hashing
        self._sessions = sessions
        self._failures = failures

    async def sign_in(self, user: str, password: str, actor: Actor) -> IssuedTokens:
        """Begin a session for the user with this id or e-mail address.

        Raises Unauthenticated (CREDENTIALS_INVALID), Overload (SIGN_IN_LOCKED, BACKPRESSURE), DependencyDown.
        """
        name = name_of(user)
        for _ in range(_ATTEMPTS):
            left, credential = await self._database.read(_looked_up(name, user, self._clock.now_micros()))
            if left > 0:
                raise sign_in_locked(left)
            stored = credential.hash if credential is not None else None
            verdict = await self._hashing.verify(stored, password)
            if not verdict.right or credential is None or stored is None:
                await self._failures.count(user, credential.subject_id if credential is not None else "", actor)
                raise credentials_invalid()
            begun = await self._begun(name, credential.subject_id, stored, verdict.new_hash, actor)
            if begun is not None:
                return await self._sessions.tokens_of(begun)
        raise credentials_invalid()

    async def _begun(
        self, name: str, subject_id: str, verified: str, new_hash: str | None, actor: Actor
    ) -> Begun | None:
        return await write_again(
            self._database,
            lambda: self._begin(name, subject_id, verified, new_hash, actor, self._clock.now_micros()),
        )

    def _begin(
        self, name: str, subject_id: str, verified: str, new_hash: str | None, actor: Actor, now: int
    ) -> Program[Begun | None]:
        left = yield from lock_out_of(name, now)
        if left > 0:
            raise sign_in_locked(left)
        if (yield from lock_hash(subject_id)) != verified:
            # Another password, or another hash of the same one: it is verified anew.
            return None
        yield from forget_failures(name)
        if new_hash is not None:
            yield from replace_hash(subject_id, verified, new_hash)
        return (yield from self._sessions.begin(subject_id, Origin.PASSWORD, actor, now, refreshable=True))


def _looked_up(name: str, user: str, now: int) -> Program[tuple[float, Credential | None]]:
    left = yield from locked_seconds(name, now)
    credential = yield from find_credential(user)
    return left, credential


def _lock_record(what: str, resource_id: str, micros: int) -> AuditRecord:
    return AuditRecord("signIns.lock", what, resource_id, None, {}, {"seconds": micros // 1_000_000})
