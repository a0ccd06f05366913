"""API keys of service accounts, and signing in with them."""

from __future__ import annotations

import hashlib
import secrets

from identity_svc.commands.giving import check_held
from identity_svc.commands.issuing import IssuedTokens
from identity_svc.commands.refusals import check_owned, service_account_missing
from identity_svc.commands.sessions import Begun, Sessions, end_and_tell
from identity_svc.commands.sign_in_refusals import (
    api_key_not_found,
    credentials_invalid,
    request_id_reused,
    too_many_api_keys,
)
from identity_svc.commands.subjects import require_subject
from identity_svc.queries.caller import Caller
from identity_svc.signing.opaque import api_key_id, api_key_of, digest_of, is_same
from identity_svc.storage.api_keys import (
    ApiKeyRow,
    count_api_keys,
    insert_api_key,
    list_api_keys,
    lock_api_key,
    note_uses,
    revoke_api_key,
    share_api_key,
)
from identity_svc.storage.audit import Actor, AuditRecord, append_audit
from identity_svc.storage.layout import SERVICE_ACCOUNT
from identity_svc.storage.security_changes import lock_changes
from identity_svc.storage.sessions import EndReason, Origin, open_sessions_of
from identity_svc.storage.subject_access import read_grants
from identity_svc.storage.subjects import Subject
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.served_database import write_again
from mesh.db.statements import Program
from mesh.ids import new_id

MOST_KEYS = 100
"""How many keys a service account has at most."""
CREATE = "apiKeys.create"
REVOKE = "apiKeys.revoke"
_SECRET_BYTES = 32
_ID_BYTES = 16


class ApiKeys:
    """The API keys of the mesh. `database` is one that calls are served from; every method raises `DependencyDown`."""

    def __init__(self, database: Database, clock: Clock, sessions: Sessions, secret_key: bytes) -> None:
        """`secret_key`: from which the secrets of keys are made, so that the same request can be told them again."""
        self._database = database
        self._clock = clock
        self._sessions = sessions
        self._secret_key = secret_key
        self._uses: dict[str, int] = {}

    async def create(
        self, caller: Caller, account_id: str, display_name: str, expires_at: int | None, request_id: str
    ) -> tuple[ApiKeyRow, str]:
        """Make a key; return it, and what is shown of it once.

        Raises NotFound (SERVICE_ACCOUNT_NOT_FOUND), Denied for an account of others' tenants, or one that may do more
        than the caller, WrongState (API_KEYS_TOO_MANY), RequestIdReused, and NotFound (API_KEY_NOT_FOUND) where the key
        that this request made was revoked.
        """
        actor = caller.actor
        key_id = _id_of(actor.id, account_id, request_id) if request_id else new_id()
        nonce = secrets.token_hex(_SECRET_BYTES)

        def create() -> Program[ApiKeyRow]:
            now = self._clock.now_micros()
            secret = self._secret(key_id, nonce)
            key = ApiKeyRow(key_id, account_id, display_name, digest_of(secret), nonce, now, actor.id, expires_at)
            return self._create(caller, key, now)

        key = await write_again(self._database, create)
        return key, self._secret(key.id, key.nonce)

    async def keys_of(self, caller: Caller, account_id: str, after: str | None, limit: int) -> list[ApiKeyRow]:
        """Return the keys of a service account, the oldest first. Raises NotFound (SERVICE_ACCOUNT_NOT_FOUND)."""
        return await self._database.read(_keys_of(caller, account_id, after, limit))

    async def revoke(self, caller: Caller, account_id: str, key_id: str) -> int:
        """End a key and the sessions begun with it; return how many these were.

        Raises NotFound (SERVICE_ACCOUNT_NOT_FOUND, and API_KEY_NOT_FOUND for a key that never was, or is forgotten) and
        Denied for an account of others' tenants. A key that was ended stays so.
        """
        return await write_again(
            self._database, lambda: self._revoke(caller, account_id, key_id, self._clock.now_micros())
        )

    async def sign_in(self, api_key: str, actor: Actor) -> IssuedTokens:
        """Begin a session without a refresh token. Raises Unauthenticated (CREDENTIALS_INVALID)."""
        key_id = api_key_id(api_key)
        if key_id is None:
            raise credentials_invalid()
        begun = await write_again(
            self._database, lambda: self._sign_in(key_id, api_key, actor, self._clock.now_micros())
        )
        self._uses[key_id] = begun.row.created_at
        return await self._sessions.tokens_of(begun)

    async def store_uses(self) -> bool:
        """Note when keys were used last, of all that were since the last time. Raises `DependencyDown`."""
        uses, self._uses = self._uses, {}
        if uses:
            try:
                await write_again(self._database, lambda: note_uses(uses))
            except BaseException:
                self._uses = {**uses, **self._uses}
                raise
        return False

    def _secret(self, key_id: str, nonce: str) -> str:
        return api_key_of(self._secret_key, key_id, nonce)

    def _create(self, caller: Caller, key: ApiKeyRow, now: int) -> Program[ApiKeyRow]:
        # One at a time: the same request that comes twice at once, and the number of keys.
        yield from lock_changes()
        account = yield from _changeable(caller, key.subject_id, CREATE)
        # Who has a key can do all that the account can.
        grants = yield from read_grants(account.id, account.tenants)
        yield from check_held(caller, grants)
        existing = yield from lock_api_key(key.id)
        if existing is not None:
            if existing.revoked_at is not None:
                raise api_key_not_found(key.id)
            if (existing.display_name, existing.expires_at) != (key.display_name, key.expires_at):
                raise request_id_reused()
            return existing
        if (yield from count_api_keys(key.subject_id)) >= MOST_KEYS:
            raise too_many_api_keys(key.subject_id, MOST_KEYS)
        yield from insert_api_key(key)
        told = {"serviceAccountId": key.subject_id, "displayName": key.display_name, "expiresAt": key.expires_at}
        yield from append_audit([AuditRecord(CREATE, "apiKey", key.id, account.tenants, {}, told)], caller.actor, now)
        return key

    def _revoke(self, caller: Caller, account_id: str, key_id: str, now: int) -> Program[int]:
        yield from lock_changes()
        account = yield from _changeable(caller, account_id, REVOKE)
        key = yield from lock_api_key(key_id)
        if key is None or key.subject_id != account_id:
            raise api_key_not_found(key_id)
        if key.revoked_at is not None:
            return 0
        yield from revoke_api_key(key_id, now)
        sessions = yield from open_sessions_of([account_id], now)
        begun_with_it = [session for session in sessions if session.credential_id == key_id]
        ended = yield from end_and_tell(begun_with_it, EndReason.API_KEY_REVOKED, caller.actor, now)
        told = {"serviceAccountId": account_id, "displayName": key.display_name}
        yield from append_audit([AuditRecord(REVOKE, "apiKey", key_id, account.tenants, told, {})], caller.actor, now)
        return ended

    def _sign_in(self, key_id: str, api_key: str, actor: Actor, now: int) -> Program[Begun]:
        key = yield from share_api_key(key_id)
        # Compared in any case, so that nobody can tell by the time whether there is a key with this id.
        same = is_same(key.digest if key is not None else digest_of(""), api_key)
        if key is None or not same or not key.is_good(now):
            raise credentials_invalid()
        return (
            yield from self._sessions.begin(
                key.subject_id, Origin.API_KEY, actor, now, refreshable=False, credential_id=key_id
            )
        )


def _changeable(caller: Caller, account_id: str, permission: str) -> Program[Subject]:
    """Return a service account that the caller may change. Raises NotFound, Denied."""
    account = yield from require_subject(caller, account_id, SERVICE_ACCOUNT, service_account_missing(account_id))
    check_owned(caller, account.tenants, f"service account {account_id}", permission)
    return account


def _keys_of(caller: Caller, account_id: str, after: str | None, limit: int) -> Program[list[ApiKeyRow]]:
    yield from require_subject(caller, account_id, SERVICE_ACCOUNT, service_account_missing(account_id))
    return (yield from list_api_keys(account_id, after, limit))


def _id_of(actor_id: str, account_id: str, request_id: str) -> str:
    """Return the id of the key that a request makes, the same each time it is sent."""
    digest = hashlib.blake2b(digest_size=_ID_BYTES)
    for part in (actor_id, account_id, request_id):
        digest.update(len(part).to_bytes(4, "big") + part.encode())
    return digest.hexdigest()
