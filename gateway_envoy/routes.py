"""Which call goes where, and how long it may take.

A REST call is routed twice: by its own path, only to reach the transcoder, and then like a gRPC call by
`/package.Service/Method`. So every method has exactly one route with its own times, and its name is in the log.
"""

from __future__ import annotations

from typing import Any

from gateway_envoy.access_tokens import HEALTH_PATH, HEALTH_SERVICE, SERVER_SERVICES
from gateway_envoy.clusters import reflection_cluster
from gateway_envoy.contract import Contract, ContractError, Method
from gateway_envoy.cors import cors_policy
from gateway_envoy.docs_pages import docs_routes
from gateway_envoy.hashing import hash_policy
from gateway_envoy.headers import set_header
from gateway_envoy.rate_limiting import no_rate_limit
from gateway_envoy.settings import GatewaySettings
from gateway_envoy.streaming import event_stream_routes
from gateway_envoy.transcoding import no_transcoding

_GRPC = {"name": "content-type", "string_match": {"prefix": "application/grpc"}}
"""gRPC and gRPC-Web: the latter is routed before its filter makes it gRPC."""

_NO_GRPC = {**_GRPC, "invert_match": True, "treat_missing_header_as_empty": True}


def virtual_host(contract: Contract, descriptor_set: bytes, settings: GatewaySettings) -> dict[str, Any]:
    """Return the only virtual host."""
    routes: list[dict[str, Any]] = [_two_hosts_route(), _health_route(settings)]
    routes.extend(docs_routes(settings))
    for method in contract.methods:
        routes.extend(_method_routes(contract, method, settings))
    cluster = reflection_cluster(contract, settings)
    # Real routes, though nothing goes along them: CORS works on no other, and the transcoder refuses what it does
    # not know.
    routes.extend(event_stream_routes(contract, descriptor_set, settings, cluster))
    routes.append(_way_to_transcoder("preflight", {"prefix": "/", "headers": [_preflight()]}, cluster))
    routes.append(_way_to_transcoder("rest", {"prefix": "/v1/", "headers": [_NO_GRPC]}, cluster))
    elsewhere = {rule.path for method in contract.methods for rule in method.rules if not rule.path.startswith("/v1/")}
    for path in sorted(elsewhere):
        if "{" in path:
            raise ContractError(f"{path}: paths with variables must begin with /v1/")
        routes.append(_way_to_transcoder("rest", {"path": path, "headers": [_NO_GRPC]}, cluster))
    routes.extend(_server_service_route(prefix, cluster, settings) for prefix in SERVER_SERVICES)
    routes.append({"name": "unknown", "match": {"prefix": "/"}, "direct_response": {"status": 404}})
    host: dict[str, Any] = {
        "name": "flowmesh",
        "domains": ["*"],
        "routes": routes,
        "request_body_buffer_limit": settings.body_limit,
    }
    if policy := cors_policy(settings):
        host["typed_per_filter_config"] = policy
    return host


def _two_hosts_route() -> dict[str, Any]:
    """Refuse what RFC 9112 has refused, and Envoy joins: whoever reads on could choose one of them."""
    several = {"name": ":authority", "string_match": {"contains": ","}}
    return {
        "name": "two-hosts",
        "match": {"prefix": "/", "headers": [several]},
        "direct_response": {"status": 400, "body": {"inline_string": "There is more than one host."}},
    }


def _health_route(settings: GatewaySettings) -> dict[str, Any]:
    return {
        "name": "healthz",
        "match": {"path": HEALTH_PATH},
        "direct_response": {"status": 200, "body": {"inline_string": '{"status":"SERVING"}\n'}},
        "response_headers_to_add": [
            set_header("content-type", "application/json"),
            set_header("cache-control", "no-store"),
        ],
        "typed_per_filter_config": {**no_transcoding(), **no_rate_limit(settings)},
    }


UNSENT = "connect-failure,refused-stream"
"""When a call is sent to another server whatever it does: no server has seen it."""
UNANSWERED = f"{UNSENT},unavailable"


def _method_routes(contract: Contract, method: Method, settings: GatewaySettings) -> list[dict[str, Any]]:
    name = f"{method.service}/{method.name}"
    match: dict[str, Any] = {"path": method.grpc_path, "headers": [_GRPC]}
    action: dict[str, Any] = {
        "cluster": method.package,
        # max_stream_duration rules: an expired call is DEADLINE_EXCEEDED and 504 then, here it would be UNAVAILABLE.
        "timeout": "0s",
    }
    if policy := hash_policy(method, settings):
        action["hash_policy"] = list(policy)
    if method.server_streaming or method.client_streaming:
        action["max_stream_duration"] = {"max_stream_duration": "0s"}
        action["idle_timeout"] = seconds(settings.stream_idle_timeout)
        return [{"name": name, "match": match, "route": action}]
    limit = settings.unary_timeout
    longest = settings.max_deadline
    if contract.waits_for_work(method):
        limit += settings.long_poll_timeout
        longest = max(longest, limit)
    action["max_stream_duration"] = {
        "max_stream_duration": seconds(limit),
        "grpc_timeout_header_max": seconds(longest),
    }
    action["idle_timeout"] = "0s"
    action["retry_policy"] = _retry_policy(UNANSWERED if method.idempotent else UNSENT)
    own_deadline = {"name": "grpc-timeout", "present_match": True}
    # Where the limit is ours the service hears of a later one, so that the answer is the gateway's, with details.
    grace = set_header("grpc-timeout", f"{round((limit + 1) * 1000)}m")
    return [
        {"name": name, "match": {**match, "headers": [_GRPC, own_deadline]}, "route": action},
        {"name": name, "match": match, "route": action, "request_headers_to_add": [grace]},
    ]


def _retry_policy(retry_on: str) -> dict[str, Any]:
    previous_hosts = "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
    return {
        "retry_on": retry_on,
        "num_retries": 2,
        "retry_back_off": {"base_interval": "0.025s", "max_interval": "0.25s"},
        "retry_host_predicate": [
            {"name": "envoy.retry_host_predicates.previous_hosts", "typed_config": {"@type": previous_hosts}}
        ],
        "host_selection_retry_max_attempts": 3,
    }


def _server_service_route(prefix: str, cluster: str, settings: GatewaySettings) -> dict[str, Any]:
    route: dict[str, Any] = {
        "name": prefix.strip("/."),
        "match": {"prefix": prefix, "headers": [_GRPC]},
        "route": {"cluster": cluster, "timeout": "0s", "idle_timeout": "300s"},
    }
    # Many balancers may look after the gateway's health from one address.
    if prefix == HEALTH_SERVICE and (config := no_rate_limit(settings)):
        route["typed_per_filter_config"] = config
    return route


def _way_to_transcoder(name: str, match: dict[str, Any], cluster: str) -> dict[str, Any]:
    return {"name": name, "match": match, "route": {"cluster": cluster}}


def _preflight() -> dict[str, Any]:
    return {"name": ":method", "string_match": {"exact": "OPTIONS"}}


def seconds(value: float) -> str:
    """Return a duration as the configuration writes it."""
    return f"{value:g}s"
