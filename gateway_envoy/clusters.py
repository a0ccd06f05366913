"""The services behind the gateway: HTTP/2, health by the gRPC health protocol, limits on what one may hold up."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from gateway_envoy import inner_listener, rate_limiting
from gateway_envoy.access_tokens import KEY_SET_CLUSTER
from gateway_envoy.contract import Contract, ContractError
from gateway_envoy.hashing import balancing
from gateway_envoy.settings import GatewaySettings
from gateway_envoy.tls import service_socket

TRACES = "otlp"
_HTTP2 = {
    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {
            "http2_protocol_options": {
                "initial_stream_window_size": 1024 * 1024,
                "initial_connection_window_size": 4 * 1024 * 1024,
                "connection_keepalive": {"interval": "30s", "timeout": "5s"},
            }
        },
    }
}


_DNS = {
    "name": "envoy.clusters.dns",
    "typed_config": {
        "@type": "type.googleapis.com/envoy.extensions.clusters.dns.v3.DnsCluster",
        # Processes that come and go behind one name are seen within two seconds.
        "dns_refresh_rate": "2s",
        "dns_lookup_family": "V4_PREFERRED",
    },
}


def clusters(contract: Contract, settings: GatewaySettings, resources: Path) -> list[dict[str, Any]]:
    """Return a cluster for each package with HTTP rules, named like it.

    Raises `ContractError` where the settings have no address for one.
    """
    names = dict.fromkeys((*contract.packages, reflection_cluster(contract, settings)))
    result = [_cluster(name, settings, resources) for name in names]
    if settings.tokens_required:
        result.append(_on_socket(KEY_SET_CLUSTER, inner_listener.SOCKET))
    if rate_limiting.shared(settings):
        shared = _on_socket(rate_limiting.CLUSTER, rate_limiting.SOCKET)
        result.append({**shared, "typed_extension_protocol_options": _HTTP2})
    if settings.otlp_endpoint:
        result.append({**_endpoints(TRACES, [settings.otlp_endpoint]), "typed_extension_protocol_options": _HTTP2})
    return result


def reflection_cluster(contract: Contract, settings: GatewaySettings) -> str:
    """Return the cluster that answers `grpc.reflection` and `grpc.health`."""
    return settings.reflection_package or next(iter(settings.backends), contract.packages[0])


def _cluster(package: str, settings: GatewaySettings, resources: Path) -> dict[str, Any]:
    addresses = settings.backends.get(package)
    if not addresses:
        raise ContractError(f"no backend address for {package} in the gateway's settings")
    limits = {
        "max_connections": 1024,
        "max_pending_requests": settings.max_requests_per_backend,
        "max_requests": settings.max_requests_per_backend,
        "retry_budget": {"budget_percent": {"value": 20.0}, "min_retry_concurrency": 10},
    }
    return {
        **_endpoints(package, addresses),
        **balancing(package, settings),
        # Health checks go the same way.
        **service_socket(settings.tls, [_split(address)[0] for address in addresses], resources),
        "typed_extension_protocol_options": _HTTP2,
        "circuit_breakers": {"thresholds": [limits]},
        "health_checks": [
            {
                "timeout": "2s",
                "interval": f"{settings.health_check_interval:g}s",
                "no_traffic_interval": "0.25s",
                # A service that starts after the gateway is found soon.
                "unhealthy_interval": "0.5s",
                "no_traffic_healthy_interval": f"{settings.health_check_interval:g}s",
                "unhealthy_threshold": 2,
                "healthy_threshold": 1,
                "grpc_health_check": {},
            }
        ],
        "outlier_detection": {
            "consecutive_5xx": 5,
            "consecutive_gateway_failure": 5,
            "interval": "2s",
            "base_ejection_time": "5s",
            "max_ejection_time": "30s",
            # Half of the backends stay whatever happens; an only one is never ejected.
            "max_ejection_percent": 50,
        },
    }


def _endpoints(name: str, addresses: Sequence[str]) -> dict[str, Any]:
    split = [_split(address) for address in addresses]
    static = all(_is_ip(host) for host, _ in split)
    return {
        "name": name,
        **({"type": "STATIC"} if static else {"cluster_type": _DNS}),
        "connect_timeout": "1s",
        "per_connection_buffer_limit_bytes": 1024 * 1024,
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [
                {
                    "lb_endpoints": [
                        {"endpoint": {"address": {"socket_address": {"address": host, "port_value": port}}}}
                        for host, port in split
                    ]
                }
            ],
        },
    }


def _on_socket(name: str, path: str) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": {"pipe": {"path": path}}}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _split(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or not port.isdigit() or not host:
        raise ContractError(f"{address!r} is not host:port")
    return host.strip("[]"), int(port)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
