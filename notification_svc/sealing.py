"""Encrypts what must not be read out of the database: secrets of webhooks, addresses with passwords in them."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_PURPOSE = b"flowmesh notification: stored secrets"
_NONCE_BYTES = 12
_FORMAT = b"\x01"


class SealBroken(Exception):
    """What was read was encrypted with another secret, for another place, or was changed."""


class Seal:
    """Encrypts with a key that is derived from a secret. Without a secret it keeps nobody out who knows this code."""

    def __init__(self, secret: str) -> None:
        key = HKDF(hashes.SHA256(), 32, salt=None, info=_PURPOSE).derive(secret.encode())
        self._cipher = AESGCM(key)

    def close(self, place: str, content: bytes) -> bytes:
        """Encrypt something; it can be read in this place alone."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, content, _FORMAT + place.encode())

    def open(self, place: str, sealed: bytes) -> bytes:
        """Decrypt it. Raises SealBroken."""
        nonce, content = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if sealed[:1] != _FORMAT:
                raise SealBroken(place)
            return self._cipher.decrypt(nonce, content, _FORMAT + place.encode())
        except (InvalidTag, ValueError):
            raise SealBroken(place) from None
