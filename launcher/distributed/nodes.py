"""The processes of the services: names, ports, and the environment each is started with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gateway_envoy.settings import GatewaySettings
from launcher.client.local_mesh import BOOTSTRAP_FILE
from launcher.distributed.options import DistributedOptions
from launcher.distributed.services import ENGINE, FORM, IDENTITY, SERVICES, Service
from launcher.distributed.stores import Stores
from launcher.embedded.addresses import reachable, settled_ports
from launcher.files import definition_schema, openapi

PORT_STEP = 100
HEALTH_CHECK_SECONDS = 1.0
DRAIN_NOTICE_SECONDS = 2.5
"""How long a process that is to end still takes calls: two health checks of the gateway, and a bit."""


@dataclass(frozen=True, slots=True)
class Node:
    """One process of a service."""

    service: Service
    name: str
    """`engine-1`"""
    port: int
    admin_port: int


def settled_nodes(options: DistributedOptions) -> tuple[int, list[Node]]:
    """Return the gateway's port and the processes, all with ports that are free now. Raises StartupError."""
    wanted = {"--port": options.port}
    for service in SERVICES:
        port, admin_port = options.first_ports(service.name)
        for number in range(options.counts()[service.name]):
            for kind, first in (("", port), ("-metrics", admin_port)):
                option = f"--{service.name}{kind}-port" + (f" + {number * PORT_STEP}" if number else "")
                wanted[option] = first + number * PORT_STEP if first else 0
    settled = iter(settled_ports(options.host, wanted).values())
    gateway_port = next(settled)
    nodes = [
        Node(service, f"{service.name}-{number + 1}", next(settled), next(settled))
        for service in SERVICES
        for number in range(options.counts()[service.name])
    ]
    return gateway_port, nodes


def node_environment(
    node: Node, options: DistributedOptions, stores: Stores, nodes: Sequence[Node], inherited: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of a process: the settings of this mesh, of `nodes`, over what is inherited."""
    own = f"FLOWMESH_{node.service.name.upper()}_"
    environment = {
        f"{own}HOST": options.host,
        f"{own}PORT": str(node.port),
        f"{own}ADMIN_PORT": str(node.admin_port),
        f"{own}DATA_DIR": str(options.data),
        f"{own}BUS_URL": stores.bus,
        f"{own}AUTHENTICATION": options.authentication,
        f"{own}IDENTITY_ADDRESS": address_of(IDENTITY, options, nodes),
        f"{own}FORM_ADDRESS": address_of(FORM, options, nodes),
        f"{own}ENGINE_ADDRESS": address_of(ENGINE, options, nodes),
    }
    if node.service.migrations:
        environment[f"{own}DATABASE_URL"] = stores.databases[node.service.name]
    if node.service is IDENTITY:
        environment[f"{own}BOOTSTRAP_TOKEN_FILE"] = str(options.data / BOOTSTRAP_FILE)
    if stores.cache:
        environment[f"{own}CACHE_URL"] = stores.cache
    if options.clock != "system" and node.service.name in ("engine", "notification"):
        environment[f"{own}CLOCK"] = options.clock
    if options.clock != "system" and node.service.name == "engine":
        environment[f"{own}CLOCK_FORCED"] = str(options.force_clock)
    # The address of the server, which is no service's own database.
    kept = {name: value for name, value in inherited.items() if name != "FLOWMESH_DATABASE_URL"}
    return {"FLOWMESH_DRAIN_NOTICE_SECONDS": str(DRAIN_NOTICE_SECONDS), **kept, **environment}


def address_of(service: Service, options: DistributedOptions, nodes: Sequence[Node]) -> str:
    """Return where other services ask a service: all its processes, as gRPC names several addresses."""
    host = reachable(options.host)
    addresses = ",".join(f"{host}:{node.port}" for node in nodes if node.service is service)
    return f"{'ipv6' if host.startswith('[') else 'ipv4'}:{addresses}"


def gateway_settings(options: DistributedOptions, port: int, nodes: list[Node]) -> GatewaySettings:
    """Return the settings of the gateway before these processes."""
    host = reachable(options.host)
    backends: dict[str, list[str]] = {}
    for node in nodes:
        backends.setdefault(node.service.package, []).append(f"{host}:{node.port}")
    return GatewaySettings(
        backends=backends,
        listen_host=options.host,
        listen_port=port,
        authentication=options.authentication,
        cors_origins=options.cors_origins,
        openapi=openapi(),
        definition_schema=definition_schema(),
        health_check_interval=HEALTH_CHECK_SECONDS,
        hash_on_instance=True,
    )
