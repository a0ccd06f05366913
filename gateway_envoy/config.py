"""The complete Envoy configuration as a pure function of the contracts and the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gateway_envoy.clusters import clusters
from gateway_envoy.contract import ContractError, read_contract
from gateway_envoy.inner_listener import inner_listener
from gateway_envoy.listeners import public_listener
from gateway_envoy.overload import RUNTIME, overload_manager
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
    listeners = [public_listener(contract, descriptor_set, settings, resources)]
    if settings.tokens_required:
        listeners.append(inner_listener(contract, descriptor_set, settings))
    return {
        "node": {"id": "gateway", "cluster": "flowmesh"},
        "admin": {
            "address": {"socket_address": {"address": settings.admin_host, "port_value": settings.admin_port}},
        },
        # Large bodies come seldom; what they took goes back to the system within seconds.
        "memory_allocator_manager": {"bytes_to_release": 16 * 1024 * 1024, "memory_release_interval": "1s"},
        "overload_manager": overload_manager(settings),
        "layered_runtime": {"layers": [{"name": "limits", "static_layer": dict(RUNTIME)}]},
        "static_resources": {
            "listeners": listeners,
            "clusters": clusters(contract, settings, resources),
        },
    }
