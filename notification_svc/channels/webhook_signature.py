"""Signatures of webhooks as the Standard Webhooks specification has them: HMAC-SHA256, `v1`."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"
LEAST_BYTES = 24
MOST_BYTES = 64
MOST_SECRETS = 3
"""Signatures with more keys than the one in use and those that it replaces would be for nobody."""
_NEW_BYTES = 32


class SecretInvalid(Exception):
    """A text is no secret to sign with; the message says why, without the text."""


def new_secret() -> str:
    """Return a secret that nobody knows."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_NEW_BYTES)).decode()


def check_secret(text: str) -> None:
    """Raise SecretInvalid where a text is no secret: `whsec_` and 24 to 64 bytes in base64."""
    if not text.startswith(PREFIX):
        raise SecretInvalid(f"a secret begins with {PREFIX}")
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise SecretInvalid(f"a secret is base64 after {PREFIX}") from None
    if not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise SecretInvalid(f"a secret has {LEAST_BYTES} to {MOST_BYTES} bytes, not {len(key)}")


def signature_headers(message_id: str, moment: float, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """Return the headers of a message that is sent at `moment` (seconds since 1970), signed with each of the keys.

    Raises SecretInvalid.
    """
    if not 0 < len(keys) <= MOST_SECRETS:
        raise SecretInvalid(f"a message is signed with one to {MOST_SECRETS} secrets, not {len(keys)}")
    for key in keys:
        check_secret(key)
    seconds = int(moment)
    timestamp = datetime.fromtimestamp(seconds, UTC)
    content = body.decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(Webhook(key).sign(message_id, timestamp, content) for key in keys),
    }
