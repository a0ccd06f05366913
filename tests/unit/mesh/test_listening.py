from __future__ import annotations

import errno
import socket

import pytest

from mesh.listening import port_unavailable, probe


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EADDRINUSE, "Port 3001 on 127.0.0.1 is in use by another program: stop that program, or set X to"),
        (errno.EACCES, "Port 3001 on 127.0.0.1 may not be used by this user: set X to a port above 1023."),
        (errno.EADDRNOTAVAIL, "Cannot listen on 127.0.0.1, port 3001 (gone): check FLOWMESH_HOST and X."),
    ],
)
def test_each_cause_in_one_sentence(number: int, said: str) -> None:
    assert str(port_unavailable("127.0.0.1", 3001, "X", OSError(number, "gone"))).startswith(said)


def test_probe_finds_out_why() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = probe("127.0.0.1", port)
        assert error is not None
        assert error.errno == errno.EADDRINUSE
    assert probe("127.0.0.1", port) is None
    assert probe("no.such.host.invalid", 1) is not None
