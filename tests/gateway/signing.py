"""Access tokens as the identity service makes them, and everything that is not one."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.api import httpbody_pb2

from tests.gateway.backend import Backend


class SigningKey:
    """An RSA key with the id by which tokens name it."""

    def __init__(self, key_id: str) -> None:
        self.key_id = key_id
        self.private = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    @property
    def public_pem(self) -> bytes:
        form = serialization.PublicFormat.SubjectPublicKeyInfo
        return self.private.public_key().public_bytes(serialization.Encoding.PEM, form)

    def jwk(self) -> dict[str, Any]:
        """Return the public part as it stands in a key set."""
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key()))
        return {"kty": "RSA", "n": key["n"], "e": key["e"], "kid": self.key_id, "use": "sig", "alg": "RS256"}


def claims(**changes: Any) -> dict[str, Any]:
    """Return what an access token of a user says; None takes a claim away."""
    now = int(time.time())
    said = {
        "iss": "flowmesh",
        "aud": "flowmesh",
        "sub": "ann",
        "sid": "s-1",
        "jti": "t-1",
        "kind": "user",
        "iat": now,
        "exp": now + 600,
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


def token(key: SigningKey, *, headers: dict[str, Any] | None = None, **changes: Any) -> str:
    """Return an access token signed by a key."""
    return jwt.encode(
        claims(**changes), key.private, "RS256", headers={"typ": "at+jwt", "kid": key.key_id, **(headers or {})}
    )


def bearer(text: str) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"authorization": f"Bearer {text}"}


def encoded(part: Any) -> str:
    """Return one part of a token."""
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def publish(identity: Backend, *keys: SigningKey) -> None:
    """Let the identity service answer with these keys."""
    body = json.dumps({"keys": [key.jwk() for key in keys]}).encode()
    identity.answers["GetKeySet"] = lambda *_: httpbody_pb2.HttpBody(content_type="application/json", data=body)
