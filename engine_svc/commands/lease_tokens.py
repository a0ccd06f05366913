"""Tokens of leases that are given out over the bus: nobody but the engine can make one."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from typing import Final

from mesh.db.database import Database
from mesh.db.statements import FetchKeys, Program, Row, UpsertMany

_NAME: Final = "lease-tokens"
SECRET_BYTES: Final = 32
MAC_LENGTH: Final = 32
"""Hexadecimal digits of the token's second part: 128 bits."""


def _shared_secret(fresh: bytes) -> Program[bytes]:
    # Who comes second finds the secret of who came first.
    yield UpsertMany("engine_secret", ("name", "content"), ("name",), (), [(_NAME, fresh)])
    rows: list[Row] = yield FetchKeys("engine_secret", ("content",), ("name",), [(_NAME,)], lock=True)
    secret: bytes = rows[0][0]
    return secret


class LeaseTokens:
    """Makes and checks tokens: the lease's number, which fences, and a code over it and the job's id.

    The secret is in the engine's database, so that all engine processes have the same.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._secret: bytes | None = None
        self._reading = asyncio.Lock()

    async def token_of(self, job_id: str, sequence: int) -> str:
        """Return the token of a lease. Raises what the database raises."""
        return f"{sequence}-{_code(await self._key(), job_id, sequence)}"

    async def is_genuine(self, job_id: str, token: str) -> bool:
        """Say whether a token was made for this job, whether its lease still holds or not."""
        sequence, _, code = token.partition("-")
        if not (sequence.isascii() and sequence.isdigit() and len(sequence) <= 18 and code.isascii()):
            return False
        return hmac.compare_digest(_code(await self._key(), job_id, int(sequence)), code)

    async def _key(self) -> bytes:
        async with self._reading:
            if self._secret is None:
                self._secret = bytes(await self._database.write(_shared_secret(secrets.token_bytes(SECRET_BYTES))))
        return self._secret


def _code(secret: bytes, job_id: str, sequence: int) -> str:
    return hmac.new(secret, f"{job_id} {sequence}".encode(), hashlib.sha256).hexdigest()[:MAC_LENGTH]
