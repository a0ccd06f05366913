"""The public keys by which access tokens are verified, kept while the identity service is down."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextvars import Context
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWTError
from jwt.algorithms import RSAAlgorithm

from mesh.access.refusals import IdentityDown
from mesh.background import end
from mesh.logs import get_log

REFETCH_SECONDS = 1.0
"""Tokens with keys that nobody knows make the keys be asked for at most this often."""
MAX_WAITING = 64
"""Calls that may wait for that at one time; more of them are refused at once."""
LEAST_BITS = 2048

_log = get_log(__name__)


class KeySetUnreadable(ValueError):
    """What should be a JSON Web Key Set has no key that can be used."""


class KeySet:
    """Keys by their id, from `fetch`: a JSON Web Key Set as text, or `IdentityDown`.

    `replaced` is called when a key is gone or has become another, so that what it signed is looked at again.
    """

    def __init__(
        self,
        fetch: Callable[[], Awaitable[bytes]],
        replaced: Callable[[], None],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._replaced = replaced
        self._monotonic = monotonic
        self._keys: dict[str, RSAPublicKey] = {}
        self._begun = -REFETCH_SECONDS
        self._fetching: asyncio.Task[None] | None = None
        self._waiting = 0
        self.known = asyncio.Event()
        """Set once there are keys."""

    async def key(self, key_id: str) -> RSAPublicKey | None:
        """Return a key, None where the identity service has none of this id.

        Raises IdentityDown where it cannot be asked.
        """
        key = self._keys.get(key_id)
        if key is not None or self._waiting >= MAX_WAITING:
            return key
        self._waiting += 1
        try:
            pause = self._begun + REFETCH_SECONDS - self._monotonic()
            if self._fetching is None and pause > 0 and self._keys:
                await asyncio.sleep(pause)
            if key_id not in self._keys:
                await self.refresh()
        finally:
            self._waiting -= 1
        return self._keys.get(key_id)

    async def refresh(self, *, anew: bool = False) -> None:
        """Ask for the keys; who comes while that is under way shares the answer, unless it wants one made `anew`.

        Raises IdentityDown.
        """
        if anew and self._fetching is not None:
            await asyncio.wait([self._fetching])
        if self._fetching is None:
            self._begun = self._monotonic()
            # In a context of its own: it must not end with the call that happened to come first.
            self._fetching = asyncio.create_task(self._replace(), name="key set", context=Context())
            self._fetching.add_done_callback(self._fetched)
        await asyncio.shield(self._fetching)

    async def close(self) -> None:
        """End what is under way."""
        await end(self._fetching)

    def _fetched(self, done: asyncio.Task[None]) -> None:
        self._fetching = None
        if not done.cancelled():
            # Whoever waited got it; where all have given up nobody else would fetch it.
            done.exception()

    async def _replace(self) -> None:
        try:
            keys = parse_key_set(await self._fetch())
        except KeySetUnreadable as error:
            _log.error("The key set of the identity service cannot be used", detail=str(error))
            raise IdentityDown(str(error)) from error
        former, self._keys = self._keys, keys
        same = {key_id for key_id, key in former.items() if key_id in keys and keys[key_id] == key}
        self.known.set()
        if former.keys() != same:
            self._replaced()


def parse_key_set(text: bytes) -> dict[str, RSAPublicKey]:
    """Return the keys for RS256 of a JSON Web Key Set, by id; others are left out.

    Raises KeySetUnreadable where none is left.
    """
    try:
        content = json.loads(text)
        listed = content["keys"]
    except (ValueError, KeyError, TypeError):
        raise KeySetUnreadable("it is no JSON Web Key Set") from None
    keys: dict[str, RSAPublicKey] = {}
    for described in listed if isinstance(listed, list) else ():
        key = _key(described)
        if key is not None:
            keys[described["kid"]] = key
    if not keys:
        raise KeySetUnreadable("it has no RSA key for RS256 with an id")
    return keys


def _key(described: Any) -> RSAPublicKey | None:
    if not isinstance(described, dict) or not isinstance(described.get("kid"), str):
        return None
    if (
        described.get("kty") != "RSA"
        or described.get("use", "sig") != "sig"
        or described.get("alg", "RS256") != "RS256"
    ):
        return None
    try:
        # A private part would be no business of ours, and is not read.
        key = RSAAlgorithm.from_jwk({name: described.get(name) for name in ("kty", "n", "e")})
    except (PyJWTError, ValueError, TypeError):
        return None
    return key if isinstance(key, RSAPublicKey) and key.key_size >= LEAST_BITS else None
