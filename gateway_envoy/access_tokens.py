"""Access tokens are checked before anything of a call is kept.

Deny by default: what the contract does not call public, and is no page of our own, needs a token, unknown paths
included. Services check the token again: it is forwarded, and no header stands for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from gateway_envoy.contract import Contract, ContractError, Method
from gateway_envoy.docs_pages import docs_files
from gateway_envoy.headers import KIND, SUBJECT
from gateway_envoy.settings import GatewaySettings

FILTER = "envoy.filters.http.jwt_authn"
CLAIMS = "claims"
"""Key in the filter's dynamic metadata under which the claims of the token stand."""
KEY_SET_CLUSTER = "key-set"
KEY_SET_PATH = "/.well-known/jwks.json"
HEALTH_PATH = "/healthz"
HEALTH_SERVICE = "/grpc.health."
SERVER_SERVICES = (HEALTH_SERVICE, "/grpc.reflection.")
"""Beginnings of the paths that tell nothing but what everybody may know."""

_PROVIDER = "flowmesh"
_SKEW_SECONDS = 5
_FETCH_SECONDS = 1
_TYPE = "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication"


def token_filters(contract: Contract, settings: GatewaySettings) -> list[dict[str, Any]]:
    """Return the HTTP filter that checks tokens; none where nobody has to sign in.

    Raises `ContractError` for a public method with a variable in its path: a rule that is not one exact path could let
    another method's calls pass.
    """
    if not settings.tokens_required:
        return []
    provider = {
        "issuer": settings.token_issuer,
        "audiences": [settings.token_audience],
        "require_expiration": True,
        "clock_skew_seconds": _SKEW_SECONDS,
        # Nowhere else: by default a token would be taken from the query as well, which is logged and remembered.
        "from_headers": [{"name": "authorization", "value_prefix": "Bearer "}],
        "forward": True,
        "payload_in_metadata": CLAIMS,
        "claim_to_headers": [
            {"header_name": SUBJECT, "claim_name": "sub"},
            {"header_name": KIND, "claim_name": "kind"},
        ],
        "remote_jwks": {
            "http_uri": {
                "uri": f"http://{KEY_SET_CLUSTER}{KEY_SET_PATH}",
                "cluster": KEY_SET_CLUSTER,
                "timeout": f"{_FETCH_SECONDS}s",
            },
            "cache_duration": f"{settings.key_set_seconds:g}s",
            # The gateway starts without keys, and answers 503 until it has them. No cache of tokens: it would take
            # those of a key that was removed.
            "async_fetch": {"fast_listener": False, "failed_refetch_duration": "1s"},
        },
    }
    open_matches = [*_own_pages(settings), *_public_methods(contract)]
    return [
        {
            "name": FILTER,
            "typed_config": {
                "@type": _TYPE,
                "providers": {_PROVIDER: provider},
                "rules": [
                    *({"match": match} for match in open_matches),
                    {"match": {"prefix": "/"}, "requires": {"provider_name": _PROVIDER}},
                    # It has no path that could begin with anything.
                    {"match": {"connect_matcher": {}}, "requires": {"provider_name": _PROVIDER}},
                ],
            },
        }
    ]


def key_set_method(contract: Contract) -> Method:
    """Return the method that answers with the keys. Raises `ContractError` where there is none."""
    for method in contract.methods:
        if method.public and any(rule.path == KEY_SET_PATH for rule in method.rules):
            return method
    raise ContractError(f"calls need a token, but no public method answers GET {KEY_SET_PATH} with the keys")


def _own_pages(settings: GatewaySettings) -> Iterable[dict[str, Any]]:
    yield from ({"path": path} for path in (HEALTH_PATH, *docs_files(settings)))
    yield from ({"prefix": prefix} for prefix in SERVER_SERVICES)


def _public_methods(contract: Contract) -> Iterable[dict[str, Any]]:
    for method in contract.methods:
        if not method.public:
            continue
        yield {"path": method.grpc_path}
        for rule in method.rules:
            if rule.template.variables:
                raise ContractError(f"{method.name} is public, so its path {rule.path} must not hold a variable")
            verb = {"name": ":method", "string_match": {"exact": rule.verb}}
            yield {"path": rule.path, "headers": [verb]}
