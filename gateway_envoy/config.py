"""The complete Envoy configuration as a pure function of the contracts and the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway_envoy.clusters import clusters
from gateway_envoy.contract import ContractError, read_contract
from gateway_envoy.listeners import public_listener
from gateway_envoy.settings import GatewaySettings

__all__ = ["ContractError", "envoy_config"]


def envoy_config(
    descriptor_set: bytes, settings: GatewaySettings, resources: Path = Path("/run/flowmesh")
) -> dict[str, Any]:
    """Return the bootstrap configuration, ready to be written as JSON.

    `descriptor_set` is a serialized `FileDescriptorSet` with every import and `google/rpc/error_details.proto`;
    `resources` is the folder with what `gateway_envoy.tls.write_resources` wrote.
    Raises `ContractError` where the contracts hold something that the gateway cannot carry, or the settings lack
    the address of a service.
    """
    contract = read_contract(descriptor_set)
    if not contract.methods:
        raise ContractError("the descriptors hold no method with an HTTP rule")
    if fault := settings.tls.fault():
        raise ContractError(fault)
    return {
        "node": {"id": "gateway", "cluster": "flowmesh"},
        "admin": {
            "address": {"socket_address": {"address": settings.admin_host, "port_value": settings.admin_port}},
        },
        # Large bodies come seldom; what they took goes back to the system within seconds.
        "memory_allocator_manager": {"bytes_to_release": 16 * 1024 * 1024, "memory_release_interval": "1s"},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.resource_monitors.downstream_connections.v3"
                        ".DownstreamConnectionsConfig",
                        "max_active_downstream_connections": settings.max_connections,
                    },
                }
            ]
        },
        "static_resources": {
            "listeners": [public_listener(contract, descriptor_set, settings, resources)],
            "clusters": clusters(contract, settings, resources),
        },
    }
