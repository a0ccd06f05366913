"""Tries what a plugin must not do, under the guard; says of each whether it was refused."""

from __future__ import annotations

import ctypes  # noqa: F401 - loaded before the guard, as plugins' libraries are
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import apprise
import requests

from notification_svc.channels.apprise_process import Guard, Refused, _readable
from notification_svc.channels.network_rules import NetworkRules


def main() -> None:
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    unix = socket.socket(socket.AF_UNIX)
    tcp = socket.socket()
    udp = socket.socket(type=socket.SOCK_DGRAM)
    six = socket.socket(socket.AF_INET6)
    readable = _readable({"key_dir": str(folder / "keys"), "ca_file": str(folder / "ca.pem")})
    attempts: dict[str, Callable[[], object]] = {
        "connect": lambda: tcp.connect(("127.0.0.1", port)),
        "connect by name": lambda: tcp.connect(("localhost", port)),
        "connect_ex": lambda: tcp.connect_ex(("127.0.0.1", port)),
        "connect mapped": lambda: six.connect(("::ffff:127.0.0.1", port)),
        "create_connection": lambda: socket.create_connection(("localhost", port), 1),
        "send a datagram": lambda: udp.sendto(b"x", ("127.0.0.1", port)),
        "send a message": lambda: udp.sendmsg([b"x"], [], 0, ("127.0.0.1", port)),
        "unix socket": lambda: unix.connect(str(folder / "socket")),
        "requests": lambda: requests.get(f"http://localhost:{port}/", timeout=1),
        "read a file": lambda: Path("/etc/passwd").read_text(),
        "read by a detour": lambda: Path("/usr/share/zoneinfo/../../../etc/passwd").read_text(),
        "read by descriptor": lambda: os.open("/etc/passwd", os.O_RDONLY),
        "read beside": lambda: (folder / "keys-of-others").read_text(),
        "write a file": lambda: (folder / "keys" / "new").write_text("x"),
        "write a library": lambda: os.open(str(apprise.__file__), os.O_WRONLY | os.O_APPEND),
        "list processes": lambda: Path("/proc/self/environ").read_bytes(),
        "system": lambda: os.system("true"),
        "subprocess": lambda: subprocess.run(["/bin/true"], check=False),
        "fork": lambda: os.fork() or os._exit(0),
        "spawn": lambda: os.posix_spawn("/bin/true", ["true"], {}),
        "exec": lambda: os.execv("/bin/true", ["true"]),
    }
    allowed: dict[str, Callable[[], object]] = {
        "read a key": lambda: (folder / "keys" / "fcm.json").read_text(),
        "read the authority": lambda: (folder / "ca.pem").read_text(),
        "import a plugin": lambda: apprise.Apprise.instantiate("ntfy://topic"),
        "read a zone": lambda: Path("/usr/share/zoneinfo/UTC").read_bytes(),
    }
    sys.addaudithook(Guard(NetworkRules(), readable))
    refused = {name: _refused(attempt) for name, attempt in attempts.items()}
    permitted = {name: not _refused(attempt) for name, attempt in allowed.items()}
    print(json.dumps({"refused": refused, "permitted": permitted}))


def _refused(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except Refused:
        return True
    except requests.ConnectionError as error:
        return "none on the public internet" in str(error)
    return False


if __name__ == "__main__":
    main()
