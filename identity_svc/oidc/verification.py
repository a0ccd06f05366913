"""Whether a token was made by a trusted issuer for this mesh, and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from identity_svc.oidc.issuer_keys import IssuerKeys
from identity_svc.oidc.issuers import TrustedIssuer

CLOCK_SECONDS = 30
"""How far the clocks of issuers may be off."""
_MOST_VALUES = 1000
_MOST_ID = 255


class TokenRefused(Exception):
    """The token is none that is taken; the message is for the log."""


@dataclass(frozen=True, slots=True)
class ExternalUser:
    """Who a token says its bearer is. `email` is empty where the issuer has not verified it."""

    issuer: TrustedIssuer
    external_id: str
    display_name: str
    email: str
    given_name: str
    family_name: str
    group_ids: frozenset[str]
    tenant_ids: frozenset[str]


class TokenVerification:
    """Verifies the tokens of all issuers that are trusted."""

    def __init__(self, issuers: Sequence[TrustedIssuer], keys: Mapping[str, IssuerKeys] | None = None) -> None:
        """`keys`: by the URL of the issuer."""
        self._issuers = {one.issuer: one for one in issuers}
        self._keys = keys or {one.issuer: IssuerKeys(one.alias, one.issuer) for one in issuers}

    async def verify(self, token: str) -> ExternalUser:
        """Return whom a token is about. Raises TokenRefused, and DependencyDown where that cannot be told now."""
        try:
            header = jwt.get_unverified_header(token)
            # Not to be believed, but it says by whose keys the token is to be verified.
            claimed = jwt.decode(token, options={"verify_signature": False}).get("iss")
        except jwt.PyJWTError as error:
            raise TokenRefused(f"it cannot be read: {error}") from error
        issuer = self._issuers.get(claimed) if isinstance(claimed, str) else None
        if issuer is None:
            raise TokenRefused("its issuer is not trusted")
        key_id = header.get("kid")
        key = await self._keys[issuer.issuer].find(key_id) if isinstance(key_id, str) else None
        if key is None:
            raise TokenRefused("its key is not known")
        try:
            claims = jwt.decode(
                token,
                key.key,
                # The key says what it is for; a token does not choose.
                algorithms=[key.algorithm_name],
                audience=list(issuer.audiences),
                issuer=issuer.issuer,
                leeway=CLOCK_SECONDS,
                options={"require": ["iss", "sub", "aud", "exp", "iat"]},
            )
        except jwt.PyJWTError as error:
            raise TokenRefused(str(error)) from error
        return _user_of(issuer, claims)


def _user_of(issuer: TrustedIssuer, claims: Mapping[str, Any]) -> ExternalUser:
    external_id = claims["sub"]
    if not external_id or len(external_id) > _MOST_ID:
        raise TokenRefused("its subject is empty or too long")
    verified = claims.get("email_verified") is True
    groups = _values(claims.get(issuer.groups_claim))
    tenants = _values(claims.get(issuer.tenants_claim)) if issuer.tenants_claim else set(issuer.tenants)
    return ExternalUser(
        issuer,
        external_id,
        _text(claims, "name") or _text(claims, "preferred_username"),
        _text(claims, "email") if verified else "",
        _text(claims, "given_name"),
        _text(claims, "family_name"),
        frozenset(issuer.groups[value] for value in groups if value in issuer.groups),
        frozenset(tenants),
    )


def _values(claim: Any) -> set[str]:
    """Return the texts of a claim: a list, or one text (some issuers send a single value bare)."""
    values = [claim] if isinstance(claim, str) else claim if isinstance(claim, list) else []
    return {value for value in values[:_MOST_VALUES] if isinstance(value, str)}


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value[:_MOST_ID] if isinstance(value, str) else ""
