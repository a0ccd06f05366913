"""Where the mesh listens."""

from __future__ import annotations

import dataclasses
import socket
from collections.abc import Mapping

from gateway_envoy.settings import GatewaySettings
from launcher.embedded.options import OFF, MeshOptions
from launcher.files import definition_schema, openapi
from mesh.listening import is_loopback, probe
from mesh.startup import StartupError

_PORT_FIELDS = (
    "port",
    "engine_port",
    "identity_port",
    "form_port",
    "notification_port",
    "history_port",
    "monitoring_port",
    "engine_metrics_port",
    "history_metrics_port",
)


def settled(options: MeshOptions) -> MeshOptions:
    """Return the options with a free port for each that was 0, so that every process knows them from the start.

    Raises StartupError where a port cannot be had, or two are the same.
    """
    by_option = settled_ports(options.host, options.ports())
    chosen = dict(zip(_PORT_FIELDS, by_option.values(), strict=True))
    return dataclasses.replace(options, **chosen)  # type: ignore[arg-type] # all of them are ports


def settled_ports(host: str, ports: Mapping[str, int]) -> dict[str, int]:
    """Return ports by the option that sets them, with a free one for each that was 0.

    Raises StartupError where a port cannot be had, or two are the same.
    """
    by_port: dict[int, str] = {}
    for option, port in ports.items():
        if port and port in by_port:
            raise StartupError(f"{by_port[port]} and {option} are both {port}: every port is needed once.")
        by_port[port] = option
        error = probe(host, port) if port else None
        if error is not None:
            raise StartupError(_unavailable(host, port, option, error))
    open_sockets: list[socket.socket] = []
    try:
        return {option: port or _free_port(host, open_sockets) for option, port in ports.items()}
    except OSError as error:
        raise StartupError(_unavailable(host, 0, "--host", error)) from None
    finally:
        for held in open_sockets:
            held.close()


def check_authentication(authentication: str, host: str) -> None:
    """Refuse a mesh that lets everybody in and can be reached from elsewhere. Raises StartupError."""
    if authentication == OFF and not is_loopback(host):
        raise StartupError(
            f"With --authentication off everybody who reaches {host} may do everything: leave it out, or listen on "
            "this machine alone by --host 127.0.0.1."
        )


def gateway_settings(options: MeshOptions) -> GatewaySettings:
    """Return the gateway's settings for settled options."""
    host = reachable(options.host)
    return GatewaySettings(
        backends={
            "flowmesh.engine.v1": [f"{host}:{options.engine_port}"],
            "flowmesh.identity.v1": [f"{host}:{options.identity_port}"],
            "flowmesh.form.v1": [f"{host}:{options.form_port}"],
            "flowmesh.notification.v1": [f"{host}:{options.notification_port}"],
            "flowmesh.history.v1": [f"{host}:{options.history_port}"],
            "flowmesh.monitoring.v1": [f"{host}:{options.monitoring_port}"],
        },
        listen_host=options.host,
        listen_port=options.port,
        authentication=options.authentication,
        cors_origins=options.cors_origins,
        openapi=openapi(),
        definition_schema=definition_schema(),
    )


def reachable(host: str) -> str:
    """Return the address by which this machine reaches what listens on `host`."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 - compared, not bound
        return "127.0.0.1" if host == "0.0.0.0" else "[::1]"  # noqa: S104
    return f"[{host}]" if ":" in host else host


def _free_port(host: str, open_sockets: list[socket.socket]) -> int:
    family, kind, protocol, _, address = socket.getaddrinfo(host, 0, type=socket.SOCK_STREAM)[0]
    held = socket.socket(family, kind, protocol)
    # Held until all are chosen, so that none is chosen twice.
    open_sockets.append(held)
    held.bind(address)
    port: int = held.getsockname()[1]
    return port


def _unavailable(host: str, port: int, option: str, error: OSError) -> str:
    import errno

    if error.errno == errno.EADDRINUSE:
        return f"Port {port} on {host} is in use by another program: stop that program, or choose another by {option}."
    if error.errno == errno.EACCES:
        return f"Port {port} on {host} may not be used by this user: choose one above 1023 by {option}."
    return f"Cannot listen on {host}, port {port} ({error.strerror or error}): check --host and {option}."
