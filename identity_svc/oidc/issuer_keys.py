"""The keys of an issuer, found by its discovery document (OpenID Connect Discovery 1.0) and kept for a while."""

from __future__ import annotations

import asyncio
import ssl
import time
import urllib.request
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

import orjson
from jwt import PyJWK, PyJWTError

from identity_svc.oidc.issuers import is_safe_url
from mesh.errors import DependencyDown
from mesh.logs import get_log

FRESH_SECONDS = 3600.0
"""How long keys are used before they are asked for again."""
PAUSE_SECONDS = 30.0
"""How long after an attempt nothing is asked for again: tokens can name keys that there are not."""
ANSWER_SECONDS = 5.0
MOST_BYTES = 1 << 20
SIGNATURES = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"})
"""Only with keys of which one half is secret: with the others, who can verify can sign."""
_DISCOVERY = "/.well-known/openid-configuration"

_log = get_log(__name__)


class FetchFailed(Exception):
    """A document of an issuer cannot be had, or is not what it should be."""


class IssuerKeys:
    """The keys of one issuer."""

    def __init__(
        self,
        alias: str,
        issuer: str,
        *,
        fetch: Callable[[str], Any] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`fetch` returns the JSON behind a URL, in a thread."""
        self._alias = alias
        self._issuer = issuer
        self._fetch = fetch or fetch_json
        self._monotonic = monotonic
        self._keys: dict[str, PyJWK] = {}
        self._read_at = -FRESH_SECONDS
        self._tried_at = -PAUSE_SECONDS
        self._reading = asyncio.Lock()

    async def find(self, key_id: str) -> PyJWK | None:
        """Return a key, None where the issuer has none of this id.

        Raises DependencyDown where the issuer does not answer and the key is not known.
        """
        key = self._keys.get(key_id)
        if key is not None and self._monotonic() - self._read_at < FRESH_SECONDS:
            return key
        async with self._reading:
            failure = None
            if self._monotonic() - self._tried_at >= PAUSE_SECONDS:
                self._tried_at = self._monotonic()
                try:
                    self._keys = await asyncio.to_thread(self._read)
                    self._read_at = self._monotonic()
                except FetchFailed as error:
                    failure = error
                    _log.warning("The keys of an issuer could not be read", issuer=self._issuer, detail=str(error))
            key = self._keys.get(key_id)
            if key is None and (failure is not None or not self._keys):
                raise DependencyDown(
                    "DEPENDENCY_UNAVAILABLE",
                    f"The keys of the issuer {self._alias} cannot be had; try again.",
                    metadata={"dependency": f"oidc:{self._alias}"},
                    retry_after_seconds=PAUSE_SECONDS,
                ) from failure
            return key

    def _read(self) -> dict[str, PyJWK]:
        document = self._fetch(self._issuer.rstrip("/") + _DISCOVERY)
        if not isinstance(document, dict) or document.get("issuer") != self._issuer:
            raise FetchFailed(f"the discovery document is not one of the issuer {self._issuer}")
        url = document.get("jwks_uri")
        if not isinstance(url, str) or not is_safe_url(url):
            raise FetchFailed("the discovery document names no keys behind HTTPS")
        keys = self._fetch(url)
        listed = keys.get("keys") if isinstance(keys, dict) else None
        if not isinstance(listed, list):
            raise FetchFailed(f"there is no key set at {url}")
        found: dict[str, PyJWK] = {}
        for one in listed:
            if isinstance(one, dict) and isinstance(one.get("kid"), str) and one.get("use", "sig") == "sig":
                try:
                    key = PyJWK(one)
                except PyJWTError:
                    # Of a kind that only others use.
                    continue
                if key.algorithm_name in SIGNATURES:
                    found[one["kid"]] = key
        return found


def fetch_json(url: str) -> Any:
    """Return the JSON behind a URL. It blocks. Raises FetchFailed."""
    if not is_safe_url(url):
        raise FetchFailed(f"{url}: not behind HTTPS")
    context = ssl.create_default_context()
    opener = urllib.request.build_opener(_NoRedirects, urllib.request.HTTPSHandler(context=context))
    request = urllib.request.Request(url, headers={"accept": "application/json"})  # noqa: S310 - looked at above
    try:
        with opener.open(request, timeout=ANSWER_SECONDS) as answer:
            content = answer.read(MOST_BYTES + 1)
    except (OSError, ValueError, HTTPException) as error:
        raise FetchFailed(f"{url}: {error}") from error
    if len(content) > MOST_BYTES:
        raise FetchFailed(f"{url}: the answer is longer than {MOST_BYTES} bytes")
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise FetchFailed(f"{url}: the answer is no JSON") from error


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Goes nowhere else than to what was set."""

    def redirect_request(self, *arguments: Any) -> None:
        """Refuse."""
        return
