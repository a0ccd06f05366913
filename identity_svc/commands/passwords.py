"""Setting and changing passwords. Either ends the sessions that were begun with the former one."""

from __future__ import annotations

from identity_svc.commands.giving import check_held
from identity_svc.commands.refusals import check_owned, user_missing
from identity_svc.commands.sessions import end_and_tell
from identity_svc.commands.sign_in import FailureCount
from identity_svc.commands.sign_in_refusals import credentials_invalid, sign_in_locked
from identity_svc.commands.subjects import require_subject
from identity_svc.passwords.hashing import PasswordHashing
from identity_svc.passwords.policy import PasswordPolicy
from identity_svc.queries.caller import Caller
from identity_svc.storage.audit import Actor, AuditRecord, append_audit
from identity_svc.storage.credentials import find_credential, lock_hash, set_password, share_subject
from identity_svc.storage.layout import USER
from identity_svc.storage.security_changes import lock_changes
from identity_svc.storage.sessions import EndReason, open_sessions_of
from identity_svc.storage.sign_in_failures import forget_failures, locked_seconds, name_of
from identity_svc.storage.subject_access import read_grants
from identity_svc.storage.subjects import Subject
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.served_database import write_again
from mesh.db.statements import Program

SET_PASSWORD = "users.setPassword"  # noqa: S105 - the name of a permission


class Passwords:
    """Changes passwords. `database` is one that calls are served from; every method raises `DependencyDown`."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        hashing: PasswordHashing,
        policy: PasswordPolicy,
        failures: FailureCount,
    ) -> None:
        self._database = database
        self._clock = clock
        self._hashing = hashing
        self._policy = policy
        self._failures = failures

    async def hash_of_new(self, password: str, user_id: str, field: str) -> str:
        """Return the hash of a password that is to be stored.

        Raises InvalidField (PASSWORD_TOO_WEAK), naming the `field`, and Overload (BACKPRESSURE).
        """
        self._policy.check(password, user_id, field)
        return await self._hashing.hash(password)

    async def change(self, actor: Actor, old: str, new: str) -> None:
        """Change the password of the user who calls, and end its other sessions than this one.

        Raises Unauthenticated (CREDENTIALS_INVALID), InvalidField (PASSWORD_TOO_WEAK), Overload (SIGN_IN_LOCKED,
        BACKPRESSURE).
        """
        subject_id = actor.id
        self._policy.check(new, subject_id, "new_password")
        name = name_of(subject_id)
        now = self._clock.now_micros()
        left = await self._database.read(locked_seconds(name, now))
        if left > 0:
            raise sign_in_locked(left)
        credential = await self._database.read(find_credential(subject_id))
        stored = credential.hash if credential is not None and credential.subject_id == subject_id else None
        verdict = await self._hashing.verify(stored, old)
        if not verdict.right or stored is None:
            await self._failures.count(subject_id, subject_id, actor)
            raise credentials_invalid()
        new_hash = await self._hashing.hash(new)
        await write_again(
            self._database,
            lambda: self._change(stored, new_hash, actor, self._clock.now_micros()),
        )

    async def set(self, caller: Caller, subject_id: str, password: str) -> None:
        """Give a user another password and end all its sessions. What locked it out is forgotten.

        Raises NotFound (USER_NOT_FOUND), Denied for a user of others' tenants, or one who may do more than the caller,
        InvalidField (PASSWORD_TOO_WEAK), Overload (BACKPRESSURE).
        """
        await self._database.read(_settable(caller, subject_id))
        new_hash = await self.hash_of_new(password, subject_id, "password")
        await write_again(self._database, lambda: self._set(caller, subject_id, new_hash, self._clock.now_micros()))

    def _change(self, verified: str, new_hash: str, actor: Actor, now: int) -> Program[None]:
        subject_id = actor.id
        yield from lock_changes()
        if (yield from lock_hash(subject_id)) != verified:
            raise credentials_invalid()
        subject = yield from share_subject(subject_id)
        yield from set_password(subject_id, new_hash, now)
        yield from forget_failures(name_of(subject_id))
        others = [one for one in (yield from open_sessions_of([subject_id], now)) if one.id != actor.session_id]
        yield from end_and_tell(others, EndReason.PASSWORD_CHANGED, actor, now)
        yield from append_audit([_record("users.changePassword", subject_id, subject.tenants)], actor, now)

    def _set(self, caller: Caller, subject_id: str, new_hash: str, now: int) -> Program[None]:
        yield from lock_changes()
        subject = yield from _settable(caller, subject_id)
        yield from set_password(subject_id, new_hash, now)
        yield from forget_failures(name_of(subject_id))
        sessions = yield from open_sessions_of([subject_id], now)
        yield from end_and_tell(sessions, EndReason.PASSWORD_CHANGED, caller.actor, now)
        yield from append_audit([_record(SET_PASSWORD, subject_id, subject.tenants)], caller.actor, now)


def _settable(caller: Caller, subject_id: str) -> Program[Subject]:
    """Return a user whose password the caller may set. Raises NotFound, Denied."""
    subject = yield from require_subject(caller, subject_id, USER, user_missing(subject_id))
    check_owned(caller, subject.tenants, f"user {subject_id}", SET_PASSWORD)
    # Who knows the password can do all that the user can.
    grants = yield from read_grants(subject_id, subject.tenants)
    yield from check_held(caller, grants)
    return subject


def _record(action: str, subject_id: str, tenants: frozenset[str] | None) -> AuditRecord:
    return AuditRecord(action, "user", subject_id, tenants, {}, {})
