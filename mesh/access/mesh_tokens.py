"""By what the services of a mesh know each other: short-lived tokens made with a secret that they share."""

from __future__ import annotations

import time
from collections.abc import Callable

import jwt

from mesh.access import refusals

ALGORITHM = "HS256"
AUDIENCE = "flowmesh-mesh"
KIND = "mesh+jwt"
LIFE_SECONDS = 60
EARLY_SECONDS = 10
SERVICE_PREFIX = "service:"
LEAST_SECRET = 32
"""Characters of the secret."""

_MAX_CHARACTERS = 1024
_MAX_KNOWN = 256


class MeshTokenMaker:
    """Makes the tokens of one service; one serves for half of its life."""

    def __init__(self, secret: str, service: str, *, now: Callable[[], float] = time.time) -> None:
        """Raises ValueError for a secret that is too short."""
        self._secret = _checked(secret)
        self._service = service
        self._now = now
        self._token = ""
        self._fresh_until = 0.0

    def token(self) -> str:
        """Return a token."""
        now = self._now()
        # A clock that was put back must not keep a token alive that others see as one of the future.
        if not self._fresh_until - LIFE_SECONDS / 2 <= now < self._fresh_until:
            claims = {
                "aud": AUDIENCE,
                "sub": SERVICE_PREFIX + self._service,
                "iat": int(now),
                "exp": int(now) + LIFE_SECONDS,
            }
            self._token = jwt.encode(claims, self._secret, algorithm=ALGORITHM, headers={"typ": KIND})
            self._fresh_until = now + LIFE_SECONDS / 2
        return self._token


class MeshTokenVerifier:
    """Verifies the tokens of other services."""

    def __init__(self, secret: str, *, now: Callable[[], float] = time.time) -> None:
        """Raises ValueError for a secret that is too short."""
        self._secret = _checked(secret)
        self._now = now
        self._known: dict[str, tuple[str, float]] = {}

    def verify(self, token: str) -> str:
        """Return the name of the service that made a token. Raises Unauthenticated for any other token and for none."""
        known = self._known.get(token)
        if known is None:
            known = self._verified(token)
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            self._known[token] = known
        service, expires = known
        if expires <= self._now():
            del self._known[token]
            raise refusals.mesh_only()
        return service

    def _verified(self, token: str) -> tuple[str, float]:
        if not token or len(token) > _MAX_CHARACTERS:
            raise refusals.mesh_only()
        try:
            read = jwt.decode_complete(
                token,
                self._secret,
                algorithms=[ALGORITHM],
                audience=AUDIENCE,
                options={
                    "require": ["aud", "sub", "iat", "exp"],
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_iat": False,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise refusals.mesh_only() from None
        claims, kind = read["payload"], read["header"].get("typ")
        subject, made, expires = claims["sub"], claims["iat"], claims["exp"]
        if (
            kind != KIND
            or not subject.startswith(SERVICE_PREFIX)
            or type(made) is not int
            or type(expires) is not int
            or made > self._now() + EARLY_SECONDS
            or not made < expires <= made + LIFE_SECONDS
        ):
            raise refusals.mesh_only()
        return subject.removeprefix(SERVICE_PREFIX), float(expires)


def _checked(secret: str) -> bytes:
    if len(secret) < LEAST_SECRET:
        raise ValueError(f"a mesh secret has at least {LEAST_SECRET} characters")
    return secret.encode()
