"""Makes access tokens: JSON Web Tokens of RFC 9068, signed with RS256."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import jwt

from identity_svc.commands.key_ring import KeyRing, SigningKey

_MICROS = 1_000_000
TOKEN_TYPE = "at+jwt"  # noqa: S105 - no secret
ALGORITHM = "RS256"
USER_KIND, SERVICE_KIND = "user", "service"


@dataclass(frozen=True, slots=True)
class Issuing:
    """What stands in every token: who issued it, for whom, and for how many seconds it is good."""

    issuer: str
    audience: str
    seconds: int


@dataclass(frozen=True, slots=True)
class IssuedTokens:
    """What signing in gives; times in microseconds since the Unix epoch. `refresh_token` may be empty."""

    access_token: str
    access_expires_at: int
    refresh_token: str
    refresh_expires_at: int
    session_id: str
    subject_id: str


class TokenIssuer:
    """Signs access tokens with the key whose turn it is, in a thread: a signature takes about a millisecond."""

    def __init__(self, ring: KeyRing, issuing: Issuing) -> None:
        self._ring = ring
        self._issuing = issuing
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="signing")

    def expires_at(self, issued_at: int) -> int:
        """Return when a token runs out that is issued at a time."""
        return (issued_at // _MICROS + self._issuing.seconds) * _MICROS

    async def access_token(
        self, subject_id: str, session_id: str, token_id: str, issued_at: int, *, service_account: bool
    ) -> str:
        """Return the access token of a session; the same for the same arguments as long as the key is there."""
        issued = issued_at // _MICROS
        claims: dict[str, object] = {
            "iss": self._issuing.issuer,
            "aud": self._issuing.audience,
            "sub": subject_id,
            "sid": session_id,
            # The gateway lets service accounts call more often than people.
            "kind": SERVICE_KIND if service_account else USER_KIND,
            "jti": token_id,
            "iat": issued,
            "exp": issued + self._issuing.seconds,
        }
        key = self._ring.signing_key(issued_at)
        return await asyncio.get_running_loop().run_in_executor(self._thread, _signed, claims, key)

    def close(self) -> None:
        """End the thread."""
        self._thread.shutdown(wait=False, cancel_futures=True)


def _signed(claims: dict[str, object], key: SigningKey) -> str:
    return jwt.encode(claims, key.private_key, algorithm=ALGORITHM, headers={"typ": TOKEN_TYPE, "kid": key.id})
