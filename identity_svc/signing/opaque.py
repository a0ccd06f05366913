"""Secrets that are shown once and kept as their SHA-256 alone: refresh tokens, API keys, the bootstrap token.

They have 256 bits of chance, so that a fast hash is enough: nobody finds one by trying.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

REFRESH_PREFIX = "fmr_"
BOOTSTRAP_PREFIX = "fmb_"
API_KEY_PREFIX = "fmk_"

_SECRET_BYTES = 32


def new_refresh_token() -> str:
    """Return a new refresh token."""
    return REFRESH_PREFIX + secrets.token_urlsafe(_SECRET_BYTES)


def next_refresh_token(key: bytes, token: str, request_id: str) -> str:
    """Return the refresh token that follows `token` in the request `request_id`, the same each time it is asked.

    So the answer to a request can be given again without being kept. Nobody can tell it without the `key`.
    """
    digest = hmac.new(key, f"{len(token)}.{token}.{request_id}".encode(), hashlib.sha256).digest()
    return REFRESH_PREFIX + _encoded(digest)


def bootstrap_token(key: bytes, nonce: str) -> str:
    """Return the bootstrap token of a mesh, the same in each of its processes. Nobody can tell it without the `key`."""
    return BOOTSTRAP_PREFIX + _encoded(hmac.new(key, nonce.encode(), hashlib.sha256).digest())


def api_key_of(key: bytes, key_id: str, nonce: str) -> str:
    """Return the API key with an id, `fmk_<key id>_<secret>`. Nobody can tell it without the `key`."""
    return f"{API_KEY_PREFIX}{key_id}_{_encoded(hmac.new(key, f'{key_id}.{nonce}'.encode(), hashlib.sha256).digest())}"


def api_key_id(api_key: str) -> str | None:
    """Return the id in an API key, None for what is none."""
    key_id, mark, secret = api_key.removeprefix(API_KEY_PREFIX).partition("_")
    return key_id if api_key.startswith(API_KEY_PREFIX) and mark and key_id and secret else None


def digest_of(secret: str) -> str:
    """Return what is kept of a secret: 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def is_same(stored: str, secret: str) -> bool:
    """Tell whether a secret is the one kept as `stored`, in the same time whatever they are."""
    return hmac.compare_digest(stored, digest_of(secret))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
