"""Ports that cannot be had, said in one sentence."""

from __future__ import annotations

import errno
import ipaddress
import socket

from mesh.startup import StartupError


def port_unavailable(host: str, port: int, variable: str, error: OSError) -> StartupError:
    """Return the error that names the port, why it cannot be had, and the setting that changes it."""
    if error.errno == errno.EADDRINUSE:
        why = f"Port {port} on {host} is in use by another program"
        return StartupError(f"{why}: stop that program, or set {variable} to another port.")
    if error.errno == errno.EACCES:
        why = f"Port {port} on {host} may not be used by this user"
        return StartupError(f"{why}: set {variable} to a port above 1023.")
    reason = error.strerror or str(error)
    return StartupError(f"Cannot listen on {host}, port {port} ({reason}): check FLOWMESH_HOST and {variable}.")


def probe(host: str, port: int) -> OSError | None:
    """Try to bind a port and let go of it; return why it failed, None where it worked.

    gRPC says only that binding failed; this finds out why.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(1)
    except OSError as error:
        return error
    return None


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches what listens on `host`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"
