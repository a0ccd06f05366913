"""The keys of access tokens as one process has them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import orjson
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from identity_svc.signing.key_pairs import KeySeal, SecretWrong, json_web_key, make_key_pair, private_key_of
from identity_svc.storage.signing_keys import KeyTimes, StoredKey, is_due, read_keys, rotate_if_due
from mesh.clock import Clock
from mesh.db.database import Database, DatabaseError
from mesh.logs import get_log
from mesh.startup import StartupError

_log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What signs: the id that tokens name, and the private key."""

    id: str
    private_key: RSAPrivateKey


@dataclass(frozen=True, slots=True)
class _RingKey:
    stored: StoredKey
    private_key: RSAPrivateKey
    public: dict[str, str]


class KeyRing:
    """Reads the keys of the database, and sees to it that there is one and that it gets its successor in time."""

    def __init__(self, database: Database, seal: KeySeal, clock: Clock, times: KeyTimes) -> None:
        self._database = database
        self._seal = seal
        self._clock = clock
        self._times = times
        self._keys: list[_RingKey] = []
        self._reading = asyncio.Lock()
        self._reads_begun = 0
        self._reads_done = 0

    async def open(self) -> None:
        """Read the keys; make the first one.

        Raises StartupError where they were encrypted with another secret, `DatabaseError`, `OutcomeUnknown`.
        """
        try:
            await self.read()
        except SecretWrong as error:
            raise StartupError(
                f"The signing key {error} of the database cannot be decrypted: FLOWMESH_IDENTITY_KEY_ENCRYPTION_SECRET "
                "(or FLOWMESH_MESH_SECRET, where that is not set) is another one than when the key was made; set it as "
                "it was."
            ) from error
        await self.rotate_if_due()

    async def read(self) -> None:
        """Read the keys anew, unless somebody else has begun to since this was called.

        Raises `SecretWrong`, `DatabaseError`.
        """
        wanted = self._reads_begun + 1
        async with self._reading:
            if self._reads_done >= wanted:
                return
            self._reads_begun = number = self._reads_begun + 1
            stored = await self._database.read(read_keys(self._clock.now_micros()))
            known = {key.stored.pair.id: key for key in self._keys}
            self._keys = await asyncio.to_thread(self._opened, stored, known)
            self._reads_done = number

    async def rotate_if_due(self) -> bool:
        """Give the newest key a successor if it is old enough; say whether this process did.

        Raises `DatabaseError`, `OutcomeUnknown`.
        """
        now = self._clock.now_micros()
        if not is_due([key.stored for key in self._keys], self._times, now):
            return False
        fresh = await asyncio.to_thread(make_key_pair, self._seal)
        rotated = await self._database.write(rotate_if_due(fresh, self._times, now))
        await self.read()
        if rotated:
            _log.info("A signing key was made", key=fresh.id)
        return rotated

    def signing_key(self, at: int) -> SigningKey:
        """Return the key that signs at a time, in microseconds since the Unix epoch."""
        begun = [key for key in self._keys if key.stored.sign_from <= at]
        # The clock may have been turned back since the first key was made.
        key = begun[-1] if begun else self._keys[0]
        return SigningKey(key.stored.pair.id, key.private_key)

    async def key_set(self) -> bytes:
        """Return the JSON Web Key Set of all tokens that are taken now, and of those that will be soon.

        It is the same text as long as the keys are the same, in every process. It is never older than the call,
        whichever process changed the keys, but where the database does not answer.
        """
        try:
            await self.read()
        except DatabaseError as error:
            _log.warning("The signing keys could not be read; those known go on", error=error)
        now = self._clock.now_micros()
        keys = [key.public for key in self._keys if key.stored.drop_at is None or key.stored.drop_at > now]
        return orjson.dumps({"keys": keys})

    @property
    def keys(self) -> list[StoredKey]:
        """The keys as they are stored, the one first that signs first."""
        return [key.stored for key in self._keys]

    def _opened(self, stored: list[StoredKey], known: dict[str, _RingKey]) -> list[_RingKey]:
        keys = []
        for one in stored:
            same = known.get(one.pair.id)
            private = same.private_key if same else private_key_of(self._seal, one.pair)
            public = same.public if same else json_web_key(one.pair.id, one.pair.public_key)
            keys.append(_RingKey(one, private, public))
        return keys
