"""Ports for servers that a test starts."""

from __future__ import annotations

import contextlib
import random
import socket
from pathlib import Path

_FIRST = 10_000
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_EPHEMERAL = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32_768
"""From here on the system takes ports for outgoing connections: a server that is started again on one of them may find
it taken."""


def free_ports(count: int) -> list[int]:
    """Return ports that nothing listens on now, and that no outgoing connection takes. Raises `RuntimeError`."""
    with contextlib.ExitStack() as stack:
        ports: list[int] = []
        for port in random.sample(range(_FIRST, _EPHEMERAL), 100 * count):
            probe = stack.enter_context(socket.socket())
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                ports.append(port)
            if len(ports) == count:
                return ports
    raise RuntimeError(f"there are no {count} free ports")


def free_port() -> int:
    """Return a port as `free_ports` does."""
    return free_ports(1)[0]
