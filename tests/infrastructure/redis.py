"""A Redis server for the test run, and servers of their own for tests that kill, pause or restart one.

The server is the machine's own `redis-server`, started on first use on a free port with a folder of its own, one for
each process of the test run. FLOWMESH_TEST_REDIS_URL names another, whose databases the tests may flush; without
either the tests of Redis are skipped. Servers that a test kills are always the machine's own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

START_SECONDS = 30.0
STOP_SECONDS = 20.0
URL_VARIABLE = "FLOWMESH_TEST_REDIS_URL"
DUMP = "dump.rdb"


@dataclass(slots=True)
class RedisServer:
    """A Redis server in `folder` on `port`; it keeps nothing but what `save` writes."""

    binary: str
    folder: Path
    port: int = 0
    tls_options: Sequence[str] = ()
    """With them it listens on `tls_port` as well: `--tls-cert-file` and so on."""
    tls_port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        self.port = self.port or _free_port()
        self.tls_port = self.tls_port or _free_port()

    @property
    def url(self) -> str:
        """Address of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start and wait until it answers, with what `save` wrote last."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    self.binary,
                    *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
                    *("--dbfilename", DUMP, "--save", "", "--appendonly", "no", "--daemonize", "no"),
                    *(("--tls-port", str(self.tls_port), *self.tls_options) if self.tls_options else ()),
                ],
                stdout=log,
                stderr=log,
                # Ctrl-C ends the test run first, then the server.
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise RuntimeError(f"redis-server did not start:\n{(self.folder / 'server.log').read_text()}")
            time.sleep(0.01)

    def _answers(self) -> bool:
        try:
            return self.command("PING") == b"+PONG\r\n"
        except OSError:
            return False

    def command(self, *words: str) -> bytes:
        """Send a command and return the first bytes of the answer. Raises `OSError`."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
            connection.sendall(
                b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w.encode()), w.encode()) for w in words)
            )
            return connection.recv(65536)

    def save(self) -> None:
        """Write what it holds to disk, for the next start to begin with."""
        answer = self.command("SAVE")
        assert answer == b"+OK\r\n", answer

    def kill(self) -> None:
        """Kill it at once, paused or not."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(STOP_SECONDS)

    def pause(self) -> None:
        """Stop it where it is: connections stay open, nothing is answered."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after `pause`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Kill it and start it again, with what `save` wrote last."""
        self.kill()
        self.start()

    def memory(self) -> int:
        """Return the bytes of memory that the process has resident."""
        assert self.process is not None
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def running_redis(tls_options: Sequence[str] = ()) -> Iterator[RedisServer]:
    """Give a server of the machine's own, to kill and pause; skip where there is none, or none that has TLS."""
    binary = shutil.which("redis-server") or shutil.which("redis-server", path="/usr/sbin:/usr/local/bin")
    if binary is None:
        pytest.skip("needs redis-server on this machine")
    if tls_options and "libssl" not in subprocess.run(["ldd", binary], capture_output=True, text=True).stdout:
        pytest.skip("needs a redis-server that is built with TLS")
    with tempfile.TemporaryDirectory(prefix="flowmesh-redis-") as folder:
        server = RedisServer(binary, Path(folder), tls_options=tls_options)
        server.start()
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """Give the URL of a running Redis that other tests use too: names in it must be a test's own."""
    url = os.environ.get(URL_VARIABLE)
    if url:
        yield url
        return
    with running_redis() as server:
        yield server.url


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """Give an empty Redis of this test alone, which it may kill, pause and restart."""
    with running_redis() as server:
        yield server
