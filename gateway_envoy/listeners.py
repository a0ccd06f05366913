"""The public listener: the HTTP connection manager and its filters, in an order that matters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway_envoy.access_log import access_log
from gateway_envoy.access_tokens import token_filters
from gateway_envoy.caching import release_tag
from gateway_envoy.clusters import TRACES
from gateway_envoy.contract import Contract
from gateway_envoy.cors import cors_filter
from gateway_envoy.docs_pages import largest_file
from gateway_envoy.errors import local_reply_config
from gateway_envoy.hashing import hashing_filters
from gateway_envoy.rate_limiting import rate_limit_filters
from gateway_envoy.routes import virtual_host
from gateway_envoy.security_headers import forged_headers, header_filter
from gateway_envoy.settings import GatewaySettings
from gateway_envoy.strict_json import lua_filter
from gateway_envoy.tls import edge_socket
from gateway_envoy.transcoding import transcoder_filter

NAME = "public"
_EXTENSIONS = "type.googleapis.com/envoy.extensions"
_HTTP = f"{_EXTENSIONS}.filters.http"


def public_listener(
    contract: Contract, descriptor_set: bytes, settings: GatewaySettings, resources: Path
) -> dict[str, Any]:
    """Return the listener for REST, gRPC and gRPC-Web."""
    manager = _connection_manager(contract, descriptor_set, settings)
    return {
        "name": NAME,
        "address": {"socket_address": {"address": settings.listen_host, "port_value": settings.listen_port}},
        "enable_reuse_port": settings.reuse_port,
        "per_connection_buffer_limit_bytes": 1024 * 1024,
        "filter_chains": [
            {
                "filters": [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}],
                **edge_socket(settings.tls, resources),
            }
        ],
    }


def _connection_manager(contract: Contract, descriptor_set: bytes, settings: GatewaySettings) -> dict[str, Any]:
    manager: dict[str, Any] = {
        "@type": f"{_EXTENSIONS}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": NAME,
        "codec_type": "AUTO",
        "use_remote_address": True,
        "xff_num_trusted_hops": settings.trusted_proxies,
        # Nobody is let do more for being near.
        "internal_address_config": {"unix_sockets": False, "cidr_ranges": []},
        "server_header_transformation": "PASS_THROUGH",
        "generate_request_id": True,
        "normalize_path": True,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "max_request_headers_kb": settings.headers_limit_kib,
        "request_headers_timeout": f"{settings.headers_timeout:g}s",
        "request_timeout": f"{settings.request_timeout:g}s",
        "common_http_protocol_options": {
            "idle_timeout": f"{settings.idle_timeout:g}s",
            "max_headers_count": 100,
            "headers_with_underscores_action": "REJECT_REQUEST",
        },
        "http2_protocol_options": {
            "max_concurrent_streams": 1024,
            "initial_stream_window_size": 256 * 1024,
            "initial_connection_window_size": 1024 * 1024,
        },
        "early_header_mutation_extensions": [forged_headers()],
        "access_log": access_log(settings),
        "local_reply_config": local_reply_config(settings),
        "route_config": {
            "name": NAME,
            "max_direct_response_body_size_bytes": max(4096, largest_file(settings)),
            "virtual_hosts": [virtual_host(contract, descriptor_set, settings)],
        },
        "http_filters": _filters(contract, descriptor_set, settings),
    }
    if settings.otlp_endpoint:
        manager["tracing"] = _tracing(settings)
    return manager


def _filters(contract: Contract, descriptor_set: bytes, settings: GatewaySettings) -> list[dict[str, Any]]:
    # Preflights carry no token. Tokens and limits stand before the strict check, so that of nobody unknown, and of
    # nobody who calls too often, a body is buffered; limits behind tokens, by whose subject they count.
    filters = [header_filter(settings), cors_filter()]
    filters.append(_plain("envoy.filters.http.grpc_web", f"{_HTTP}.grpc_web.v3.GrpcWeb"))
    filters.extend(token_filters(contract, settings))
    filters.extend(rate_limit_filters(settings))
    filters.append(lua_filter(contract, release_tag(descriptor_set, settings)))
    filters.append(transcoder_filter(contract, descriptor_set, settings))
    filters.extend(hashing_filters(contract, descriptor_set, settings))
    router = {"@type": f"{_HTTP}.router.v3.Router", "suppress_envoy_headers": True}
    filters.append({"name": "envoy.filters.http.router", "typed_config": router})
    return filters


def _plain(name: str, type_url: str) -> dict[str, Any]:
    return {"name": name, "typed_config": {"@type": type_url}}


def _tracing(settings: GatewaySettings) -> dict[str, Any]:
    return {
        "random_sampling": {"value": settings.trace_sampling_percent},
        "spawn_upstream_span": True,
        "provider": {
            "name": "envoy.tracers.opentelemetry",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
                "service_name": "gateway",
                "grpc_service": {"envoy_grpc": {"cluster_name": TRACES}, "timeout": "1s"},
            },
        },
    }
