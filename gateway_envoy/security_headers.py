"""Headers that every call and every answer gets, errors of Envoy's own included.

The filter stands first: it is the last one that an answer passes.
"""

from __future__ import annotations

from typing import Any

from gateway_envoy.headers import CLIENT_ADDRESS, set_header
from gateway_envoy.settings import GatewaySettings

CORRELATION_ID = "x-correlation-id"
FORGEABLE = ("x-flowmesh-", "x-envoy-")
"""Beginnings of headers that services, the gateway's own filters and Envoy believe."""

UNSPEAKABLE = "[^:a-z0-9_.-]"
"""What no name of a header of gRPC may hold. HTTP allows more; a service would fail a call that has such a header."""
BINARY = "-bin"
"""Ending of headers that must hold base64; a service would fail a call where they do not. None of them is read."""

_CORRELATION = '%COALESCE({"operators": [{"command": "REQ", "param": "X-CORRELATION-ID"}, {"command": "UNIQUE_ID"}]})%'
"""A request that is refused before this filter has seen it has no correlation id yet."""

_EXTENSIONS = "type.googleapis.com/envoy.extensions"
_DEFAULTS = {
    # What an answer holds is for its caller; what may be kept says so itself.
    "cache-control": "no-store",
    # Nothing that is answered is a page; pages of our own bring a policy of theirs.
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
_ALWAYS = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
}


def header_filter(settings: GatewaySettings) -> dict[str, Any]:
    """Return the HTTP filter."""
    always = dict(_ALWAYS)
    if seconds := settings.strict_transport_seconds:
        # Of this host alone: what else runs under its name is not ours to say.
        always["strict-transport-security"] = f"max-age={seconds}"
    return {
        "name": "envoy.filters.http.header_mutation",
        "typed_config": {
            "@type": f"{_EXTENSIONS}.filters.http.header_mutation.v3.HeaderMutation",
            "mutations": {
                # A correlation id is made where the caller sent none.
                "request_mutations": [
                    _default(CORRELATION_ID, "%REQ(X-REQUEST-ID)%"),
                    # For the audit. Of `x-forwarded-for` only Envoy knows which entry may be believed.
                    {"append": set_header(CLIENT_ADDRESS, "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%")},
                ],
                "request_trailers_mutations": _without_forged(),
                "response_mutations": [
                    {"append": set_header(CORRELATION_ID, _CORRELATION)},
                    *(_default(name, value) for name, value in _DEFAULTS.items()),
                    *({"append": set_header(name, value)} for name, value in always.items()),
                    {"remove": "server"},
                ],
            },
        },
    }


def forged_headers() -> dict[str, Any]:
    """Return the extension that takes away, before anything else looks, what only the gateway may say, and what no
    service could be told."""
    return {
        "name": "forged-headers",
        "typed_config": {
            "@type": f"{_EXTENSIONS}.http.early_header_mutation.header_mutation.v3.HeaderMutation",
            "mutations": _without_forged(),
        },
    }


def _without_forged() -> list[dict[str, Any]]:
    forged: list[dict[str, Any]] = [{"prefix": prefix, "ignore_case": True} for prefix in FORGEABLE]
    unspeakable = [{"safe_regex": {"regex": f".*{UNSPEAKABLE}.*"}}, {"suffix": BINARY, "ignore_case": True}]
    return [{"remove_on_match": {"key_matcher": matcher}} for matcher in (*forged, *unspeakable)]


def _default(key: str, value: str) -> dict[str, Any]:
    return {"append": {"header": {"key": key, "value": value}, "append_action": "ADD_IF_ABSENT"}}
