"""The end of the chain, and what was its end once: signed, so that who can write to the database alone cannot make
them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from history_svc.audit.entry import FIRST_HASH, text_of

_PURPOSE: Final = b"flowmesh history: audit"
_KEY_ID_DIGITS: Final = 16


class Head(NamedTuple):
    """The chain ended with the entry at `sequence`. `checkpoint`: the last checkpoint before it, 0 for none.

    A checkpoint is a head that is kept. `key_id` and `signature` are empty where it is not signed.
    """

    sequence: int
    hash: str
    time_micros: int
    checkpoint: int
    key_id: str = ""
    signature: str = ""

    def signed_text(self, purpose: str) -> bytes:
        """Return what the signature is made of."""
        text = f"flowmesh.audit.{purpose}.1\n{self.sequence}\n{self.hash}\n{self.time_micros}\n{self.checkpoint}\n"
        return text.encode()


def head_of(row: Sequence[Any]) -> Head:
    """Return the head of a row as `HEAD_COLUMNS`; values of another kind, which nobody has signed, as -1 and empty."""
    sequence, digest, micros, checkpoint, *signature = row
    numbers = [value if isinstance(value, int) else -1 for value in (sequence, micros, checkpoint)]
    return Head(numbers[0], text_of(digest), numbers[1], numbers[2], *map(text_of, signature))


HEAD_COLUMNS: Final = ("sequence", "hash", "time_micros", "previous_sequence", "key_id", "signature")
NO_HEAD: Final = Head(0, FIRST_HASH, 0, 0)
"""Of a chain without entries."""
END: Final = "head"
START: Final = "start"
"""What a signature says of an entry: that the chain ended with it once, or that what is kept begins behind it. So the
one cannot be put into the place of the other."""


class Signer:
    """Signs heads with the service's own key, and knows those by which earlier ones were signed."""

    def __init__(self, secret: str, trusted: Iterable[str] = ()) -> None:
        """`secret`: what the key is derived from; empty: nothing is signed.

        `trusted`: public keys of earlier secrets, 64 hexadecimal digits each. Raises ValueError for others.
        """
        self._key: Ed25519PrivateKey | None = None
        self._public: dict[str, Ed25519PublicKey] = {}
        self.key_id = ""
        self.public_key = ""
        for text in trusted:
            self._trust(Ed25519PublicKey.from_public_bytes(bytes.fromhex(text)))
        if secret:
            seed = HKDF(hashes.SHA256(), 32, salt=None, info=_PURPOSE).derive(secret.encode())
            self._key = Ed25519PrivateKey.from_private_bytes(seed)
            self.key_id = self._trust(self._key.public_key())
            self.public_key = _raw(self._key.public_key()).hex()

    @property
    def signs(self) -> bool:
        """Whether there is a key."""
        return self._key is not None

    def sign(self, head: Head, purpose: str = END) -> Head:
        """Return a head with its signature; as it is without a key."""
        if self._key is None:
            return head._replace(key_id="", signature="")
        return head._replace(key_id=self.key_id, signature=self._key.sign(head.signed_text(purpose)).hex())

    def fault(self, head: Head, purpose: str = END) -> str:
        """Return what is wrong with the signature of a head; empty where nothing is, or nothing can be said."""
        if not self._public or head == NO_HEAD:
            return ""
        if not head.signature:
            return "it is not signed"
        key = self._public.get(head.key_id)
        if key is None:
            return f"it is signed with the unknown key {head.key_id}"
        try:
            key.verify(bytes.fromhex(head.signature), head.signed_text(purpose))
        except (InvalidSignature, ValueError):
            return "its signature does not fit"
        return ""

    def _trust(self, key: Ed25519PublicKey) -> str:
        digest = hashes.Hash(hashes.SHA256())
        digest.update(_raw(key))
        key_id = digest.finalize().hex()[:_KEY_ID_DIGITS]
        self._public[key_id] = key
        return key_id


def _raw(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
