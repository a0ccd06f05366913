"""The issuers that are trusted, as a YAML or JSON file names them.

issuers:
  - alias: corp                         # users are called corp:<subject>
    issuer: https://login.example.com
    audience: flowmesh                  # or a list
    groups_claim: groups                # default
    groups: {engineering: developers}   # value of the claim: id of the group
    tenants_claim: tenants              # without it: the tenants below
    tenants: [acme]                     # without them: the tenant without a name
    match_email: false                  # true: an address that the issuer has verified finds the user
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from mesh.startup import StartupError

_ALIAS = re.compile(r"[a-z0-9][a-z0-9-]{0,19}")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_KNOWN = frozenset(
    {
        "alias",
        "issuer",
        "audience",
        "groups_claim",
        "groups",
        "tenants_claim",
        "tenants",
        "match_email",
    }
)


class _Wrong(Exception):
    """An entry is not as it must be; the message says which and how."""


@dataclass(frozen=True, slots=True)
class TrustedIssuer:
    """An issuer, and what its tokens mean here. `groups`: ids of groups by the values of the claim."""

    alias: str
    issuer: str
    audiences: tuple[str, ...]
    groups_claim: str = "groups"
    groups: Mapping[str, str] = field(default_factory=dict)
    tenants_claim: str = ""
    tenants: tuple[str, ...] = ()
    match_email: bool = False


def read_issuers(file: Path | None) -> tuple[TrustedIssuer, ...]:
    """Return the issuers of a file, none without one. Raises StartupError, naming what is wrong."""
    if file is None:
        return ()
    try:
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise StartupError(f"The file of trusted issuers, {file}, cannot be read: {error}") from error
    entries = document.get("issuers") if isinstance(document, dict) else None
    if not isinstance(entries, list) or set(document) != {"issuers"}:
        raise StartupError(f"The file of trusted issuers, {file}, must have one list: issuers.")
    try:
        issuers = tuple(_issuer(entry, f"issuers[{number}]") for number, entry in enumerate(entries))
    except _Wrong as error:
        raise StartupError(f"The file of trusted issuers, {file}: {error}.") from error
    for what, values in (("alias", [one.alias for one in issuers]), ("issuer", [one.issuer for one in issuers])):
        if len(set(values)) < len(values):
            raise StartupError(f"The file of trusted issuers, {file}: two entries have the same {what}.")
    return issuers


def is_safe_url(url: str) -> bool:
    """Tell whether nobody in between can change what is fetched from there: HTTPS, or this machine."""
    parts = urlsplit(url)
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
    )


def _issuer(entry: Any, where: str) -> TrustedIssuer:
    if not isinstance(entry, dict):
        raise _Wrong(f"{where} must be a mapping")
    if unknown := sorted(map(str, set(entry) - _KNOWN)):
        raise _Wrong(f"{where}.{unknown[0]} is not known; there are {', '.join(sorted(_KNOWN))}")
    alias = _text(entry, "alias", where)
    if _ALIAS.fullmatch(alias) is None:
        raise _Wrong(f"{where}.alias must be up to 20 lower-case letters, digits and hyphens")
    issuer = _text(entry, "issuer", where)
    if not is_safe_url(issuer):
        raise _Wrong(f"{where}.issuer must be an https:// URL (http:// on this machine alone)")
    audience = entry.get("audience")
    audiences = _texts([audience] if isinstance(audience, str) else audience, f"{where}.audience")
    if not audiences:
        raise _Wrong(f"{where}.audience must be set: else tokens for other services would be taken")
    groups = entry.get("groups", {})
    if not isinstance(groups, dict) or not all(isinstance(one, str) and one for pair in groups.items() for one in pair):
        raise _Wrong(f"{where}.groups must map values of the claim to ids of groups")
    match_email = entry.get("match_email", False)
    if not isinstance(match_email, bool):
        raise _Wrong(f"{where}.match_email must be true or false")
    return TrustedIssuer(
        alias,
        issuer,
        audiences,
        _text(entry, "groups_claim", where, "groups"),
        groups,
        _text(entry, "tenants_claim", where, ""),
        _texts(entry.get("tenants", []), f"{where}.tenants"),
        match_email,
    )


def _text(entry: Mapping[str, Any], name: str, where: str, default: str | None = None) -> str:
    value = entry.get(name, default)
    if not isinstance(value, str) or (not value and default is None):
        raise _Wrong(f"{where}.{name} must be a text")
    return value


def _texts(values: Any, where: str) -> tuple[str, ...]:
    if not isinstance(values, Sequence) or isinstance(values, str) or not all(isinstance(one, str) for one in values):
        raise _Wrong(f"{where} must be a list of texts")
    return tuple(values)
