"""Key pairs that sign access tokens: RSA with 2048 bits, the private half encrypted wherever it is kept.

Making a pair takes some 200 ms and reading one some milliseconds: neither is for the event loop.
"""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from mesh.ids import new_id

KEY_BITS = 2048
_EXPONENT = 65537
_KEY_BYTES = 32
_NONCE_BYTES = 12
_FORMAT = b"\x01"


class SecretWrong(Exception):
    """A private key was encrypted with another secret, or its bytes were changed."""


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A key pair. `public_key` and `sealed_key` are how the halves are kept: DER, the private half encrypted."""

    id: str
    public_key: bytes
    sealed_key: bytes


class KeySeal:
    """Encrypts private keys with a key that is derived from a setting, and derives keys for other ends from it."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._cipher = AESGCM(self.derived("flowmesh identity: private keys"))

    def derived(self, purpose: str) -> bytes:
        """Return a key of 32 bytes for one purpose."""
        return HKDF(hashes.SHA256(), _KEY_BYTES, salt=None, info=purpose.encode()).derive(self._secret)

    def close(self, key_id: str, content: bytes) -> bytes:
        """Encrypt a private key; it can be read under this id alone."""
        nonce = os.urandom(_NONCE_BYTES)
        return _FORMAT + nonce + self._cipher.encrypt(nonce, content, _FORMAT + key_id.encode())

    def open(self, key_id: str, sealed: bytes) -> bytes:
        """Decrypt a private key. Raises SecretWrong."""
        nonce, content = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if sealed[:1] != _FORMAT:
                raise SecretWrong(key_id)
            return self._cipher.decrypt(nonce, content, _FORMAT + key_id.encode())
        except (InvalidTag, ValueError):
            raise SecretWrong(key_id) from None


def make_key_pair(seal: KeySeal) -> KeyPair:
    """Make a new key pair."""
    key_id = new_id()
    private = generate_private_key(_EXPONENT, KEY_BITS)
    content = private.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return KeyPair(key_id, public, seal.close(key_id, content))


def private_key_of(seal: KeySeal, pair: KeyPair) -> RSAPrivateKey:
    """Return the private half of a pair. Raises SecretWrong."""
    key = serialization.load_der_private_key(seal.open(pair.id, pair.sealed_key), None)
    assert isinstance(key, RSAPrivateKey)
    return key


def json_web_key(key_id: str, public_key: bytes) -> dict[str, str]:
    """Return the public half as a JSON Web Key (RFC 7517)."""
    key = serialization.load_der_public_key(public_key)
    assert isinstance(key, RSAPublicKey)
    numbers = key.public_numbers()
    return {
        "kty": "RSA",
        "use": "sig",
        "alg": "RS256",
        "kid": key_id,
        "n": _number(numbers.n),
        "e": _number(numbers.e),
    }


def _number(value: int) -> str:
    return base64.urlsafe_b64encode(value.to_bytes((value.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()
