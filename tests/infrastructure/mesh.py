"""A whole mesh for a test, as `flowmesh up` runs it, on free ports and a folder of its own: of either profile."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import httpx

from tests.infrastructure.ports import free_ports
from tests.infrastructure.signing import MeshAuth, key_in

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 60.0
STOP_SECONDS = 30.0


def _environment() -> dict[str, str]:
    # The variables of the tests are no settings of a mesh, which refuses those it does not know.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWMESH_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(sys.path), "XDG_CONFIG_HOME": str(config_home())}


@functools.cache
def config_home() -> Path:
    """Return a folder of this test run for what commands keep for their user."""
    folder = tempfile.TemporaryDirectory(prefix="flowmesh-config-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


@dataclass(slots=True)
class Mesh:
    """A mesh on `folder`; `start` again on the same folder is a restart.

    `options`: more of `flowmesh up`; with the distributed profile `--engine-port 0` among them.
    """

    folder: Path
    options: Sequence[str] = ()
    gateway_port: int = 0
    engine_port: int = 0
    history_port: int = 0
    process: subprocess.Popen[bytes] | None = None
    settings: dict[str, str] = field(default_factory=dict)
    """Environment variables of the mesh."""
    _output: list[Path] = field(default_factory=list)
    _auth: MeshAuth | None = None

    def __post_init__(self) -> None:
        if not self.gateway_port:
            self.gateway_port, self.engine_port, self.history_port = free_ports(3)

    @property
    def url(self) -> str:
        """Address of REST."""
        return f"http://127.0.0.1:{self.gateway_port}"

    @property
    def target(self) -> str:
        """Address of gRPC through the gateway."""
        return f"127.0.0.1:{self.gateway_port}"

    @property
    def auth(self) -> MeshAuth:
        """Signs calls as the service account of its machine, which may do everything."""
        if self._auth is None:
            self._auth = MeshAuth(self.url, lambda: key_in(self.folder / "data"))
        return self._auth

    def rest(self, timeout: float = 30) -> httpx.AsyncClient:
        """Return a client of REST that has signed in."""
        return httpx.AsyncClient(base_url=self.url, timeout=timeout, auth=self.auth)

    def sync_rest(self, timeout: float = 30) -> httpx.Client:
        """Return a client of REST that has signed in, for what is no coroutine."""
        return httpx.Client(base_url=self.url, timeout=timeout, auth=self.auth)

    def channel(self) -> grpc.aio.Channel:
        """Return a channel through the gateway that has signed in."""
        return grpc.aio.insecure_channel(self.target, interceptors=self.auth.interceptors)

    def start(self) -> Mesh:
        """Start and wait until REST answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        log = self.folder / f"up-{len(self._output)}.log"
        self._output.append(log)
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "launcher",
                    "up",
                    "--data",
                    str(self.folder / "data"),
                    "--port",
                    str(self.gateway_port),
                    "--engine-port",
                    str(self.engine_port),
                    "--history-port",
                    str(self.history_port),
                    "--notification-port",
                    "0",
                    "--identity-port",
                    "0",
                    "--form-port",
                    "0",
                    "--monitoring-port",
                    "0",
                    "--engine-metrics-port",
                    "0",
                    "--history-metrics-port",
                    "0",
                    *self.options,
                ],
                cwd=ROOT,
                env={**_environment(), **self.settings},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            assert self.process.poll() is None, f"the mesh ended:\n{self.output()}"
            assert time.monotonic() < deadline, f"the mesh is not ready after {READY_SECONDS} s:\n{self.output()}"
            time.sleep(0.02)
        return self

    def _answers(self) -> bool:
        try:
            with httpx.Client(base_url=self.url, timeout=1, auth=self.auth) as rest:
                history = rest.get("/v1/history/processInstances?pageSize=1")
                engine = rest.get("/v1/processInstances?pageSize=1")
        except (httpx.HTTPError, FileNotFoundError, KeyError):
            # There is no key yet, or only the note that one was asked for.
            return False
        return history.status_code == 200 and engine.status_code == 200

    def output(self) -> str:
        """Return what the last start printed."""
        return self._output[-1].read_text(errors="replace")

    def state(self) -> dict[str, Any]:
        """Return what it says of itself: addresses and processes."""
        state: dict[str, Any] = json.loads((self.folder / "data" / "run" / "mesh.json").read_text())
        return state

    @property
    def bus_url(self) -> str:
        """Address of its bus, as another program would use it."""
        url: str = self.state().get("stores", {}).get("bus", f"sqlite:///{self.folder / 'data' / 'bus.db'}")
        return url

    def pids(self) -> list[int]:
        """Return the ids of all its processes."""
        assert self.process is not None
        found = [self.process.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    found += [int(child) for child in (task / "children").read_text().split()]
        return found

    def kill(self) -> None:
        """Kill every process at once, as a power cut would."""
        assert self.process is not None
        pids = self.pids()
        # Stopped first, so that none of them can react to the death of another.
        for sent in (signal.SIGSTOP, signal.SIGKILL):
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, sent)
        self.process.wait(STOP_SECONDS)
        deadline = time.monotonic() + STOP_SECONDS
        while any(Path(f"/proc/{pid}/exe").exists() for pid in pids):
            assert time.monotonic() < deadline, f"processes of {pids} are still there"
            time.sleep(0.01)

    def stop(self) -> int:
        """End it as Ctrl-C does; return the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)


@contextlib.contextmanager
def running_mesh(
    folder: Path, options: Sequence[str] = (), settings: Mapping[str, str] | None = None
) -> Iterator[Mesh]:
    """A started mesh that is ended with the block; `settings`: environment variables of it."""
    mesh = Mesh(folder, options, settings=dict(settings or {}))
    try:
        mesh.start()
        yield mesh
    finally:
        if mesh.process is not None and mesh.process.poll() is None:
            mesh.stop()
