"""Access tokens: JSON Web Tokens (RFC 9068), signed with RS256 by the identity service.

Verifying a signature costs tens of µs, so a token is verified once and then known by its text until it runs out.
Whether its session was ended is not asked here.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from mesh.access import refusals

ALGORITHM = "RS256"
TYPES = frozenset({"at+jwt", "application/at+jwt"})
MAX_CHARACTERS = 4096
"""Length of the header's value. Tokens of this mesh have some 700 characters."""
MAX_KNOWN = 20_000
EARLY_SECONDS = 10.0
"""How far the clock of the identity service may be ahead of this one; nothing is forgiven at the end of a token."""

_REQUIRED = ["iss", "aud", "sub", "sid", "jti", "iat", "exp"]
_SCHEME = "bearer "
_MAX_ID = 64

FindKey = Callable[[str], Awaitable[RSAPublicKey | None]]
"""Finds a public key by its id; None for an id that is unknown. Raises IdentityDown where that cannot be told."""


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """What a verified token says. `expires` is in seconds since 1970."""

    subject_id: str
    session_id: str
    expires: float


class TokenVerifier:
    """Verifies the values of `authorization` headers."""

    def __init__(
        self,
        key: FindKey,
        issuer: str,
        audience: str,
        *,
        max_known: int = MAX_KNOWN,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._key = key
        self._issuer = issuer
        self._audience = audience
        self._max_known = max_known
        self._now = now
        self._known: OrderedDict[str, VerifiedToken] = OrderedDict()
        self._cleared = 0

    def known(self, authorization: str) -> VerifiedToken | None:
        """Return what a header says that was verified before and has not run out, else None."""
        token = self._known.get(authorization)
        if token is None:
            return None
        if token.expires <= self._now():
            del self._known[authorization]
            return None
        self._known.move_to_end(authorization)
        return token

    async def verify(self, authorization: str) -> VerifiedToken:
        """Return what a header says.

        Raises Unauthenticated for one that is missing, invalid or has run out, IdentityDown where its key is not known
        and cannot be asked for.
        """
        known = self.known(authorization)
        if known is not None:
            return known
        if not authorization:
            raise refusals.token_missing()
        if len(authorization) > MAX_CHARACTERS or authorization[: len(_SCHEME)].lower() != _SCHEME:
            raise refusals.token_invalid()
        text = authorization[len(_SCHEME) :].strip()
        key_id = _key_id(text)
        cleared = self._cleared
        key = await self._key(key_id)
        if key is None:
            raise refusals.token_invalid()
        token = self._verified(text, key)
        # What was verified with a key that has gone meanwhile is not to be kept.
        if cleared == self._cleared:
            self._known[authorization] = token
            if len(self._known) > self._max_known:
                self._known.popitem(last=False)
        return token

    def forget(self, session_id: str = "") -> None:
        """Forget the tokens of a session, or all of them: they are verified again."""
        if not session_id:
            self._cleared += 1
            self._known.clear()
            return
        for text in [text for text, token in self._known.items() if token.session_id == session_id]:
            del self._known[text]

    def _verified(self, text: str, key: RSAPublicKey) -> VerifiedToken:
        try:
            claims = jwt.decode(
                text,
                key,
                algorithms=[ALGORITHM],
                audience=self._audience,
                issuer=self._issuer,
                # Times are compared below, with the clock that is also asked for tokens that are known.
                options={
                    "require": _REQUIRED,
                    "strict_aud": True,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, ValueError, TypeError):
            raise refusals.token_invalid() from None
        times = [claims[name] for name in ("iat", "exp")] + [claims.get("nbf", claims["iat"])]
        ids = [claims[name] for name in ("sub", "sid", "jti")]
        if not all(type(moment) in (int, float) for moment in times) or not all(map(_is_id, ids)):
            raise refusals.token_invalid()
        now = self._now()
        begins, expires = max(times[0], times[2]), float(times[1])
        if not begins <= now + EARLY_SECONDS or not begins < expires:
            raise refusals.token_invalid()
        # NaN is not above anything.
        if not expires > now:
            raise refusals.token_expired()
        return VerifiedToken(claims["sub"], claims["sid"], expires)


def _key_id(text: str) -> str:
    """Return the key that a token names. Nothing else of its header is believed, and nothing in it may be demanded."""
    try:
        header: dict[str, Any] = jwt.get_unverified_header(text)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        raise refusals.token_invalid() from None
    key_id, kind = header.get("kid"), header.get("typ")
    if (
        header.get("alg") != ALGORITHM
        or not isinstance(kind, str)
        or kind.lower() not in TYPES
        or not isinstance(key_id, str)
        or not key_id
        or "crit" in header
        or "b64" in header
    ):
        raise refusals.token_invalid()
    return key_id


def _is_id(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _MAX_ID
