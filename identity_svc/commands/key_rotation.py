"""Rotation of signing keys because somebody asks for it."""

from __future__ import annotations

import asyncio

from identity_svc.commands.key_ring import KeyRing
from identity_svc.signing.key_pairs import KeyPair, KeySeal, make_key_pair
from identity_svc.storage.audit import Actor, AuditRecord, append_audit
from identity_svc.storage.security_changes import lock_changes
from identity_svc.storage.signing_keys import KeyTimes, StoredKey, add_key, read_keys, replace_keys
from mesh.clock import Clock
from mesh.db.database import Database
from mesh.db.served_database import write_again
from mesh.db.statements import Program


class KeyRotation:
    """Rotates keys. `database` is one that calls are served from."""

    def __init__(self, database: Database, clock: Clock, seal: KeySeal, times: KeyTimes, ring: KeyRing) -> None:
        self._database = database
        self._clock = clock
        self._seal = seal
        self._times = times
        self._ring = ring
        self._making = asyncio.Lock()

    async def rotate(self, request_id: str, actor: Actor, *, revoke_now: bool) -> StoredKey:
        """Make a key that follows the others, or, with `revoke_now`, takes their place; return it.

        The same request gets the same key, and so does who asks for one while another is still to come. Raises
        `DependencyDown`.
        """
        # One at a time: each takes a processor for some 200 ms.
        async with self._making:
            fresh = await asyncio.to_thread(make_key_pair, self._seal)
        program = self._replace if revoke_now else self._follow
        key = await write_again(self._database, lambda: program(fresh, request_id, actor, self._clock.now_micros()))
        await self._ring.read()
        return key

    def _follow(self, fresh: KeyPair, request_id: str, actor: Actor, now: int) -> Program[StoredKey]:
        yield from lock_changes()
        keys = yield from read_keys(now)
        for key in keys:
            if (request_id and key.request_id == request_id) or key.sign_from > now:
                return key
        added = yield from add_key(fresh, keys, self._times, now, request_id)
        yield from append_audit([_record("keys.rotate", added, keys)], actor, now)
        return added

    def _replace(self, fresh: KeyPair, request_id: str, actor: Actor, now: int) -> Program[StoredKey]:
        yield from lock_changes()
        keys = yield from read_keys(now)
        for key in keys:
            if request_id and key.request_id == request_id:
                return key
        added = yield from replace_keys(fresh, now, request_id)
        yield from append_audit([_record("keys.revoke", added, keys)], actor, now)
        return added


def _record(action: str, key: StoredKey, former: list[StoredKey]) -> AuditRecord:
    before = {"keyIds": [one.pair.id for one in former]}
    return AuditRecord(action, "signingKey", key.pair.id, None, before, {"signFrom": key.sign_from})
