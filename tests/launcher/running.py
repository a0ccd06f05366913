"""A mesh as `flowmesh up` runs it, watched from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from launcher.embedded.options import MeshOptions
from tests.infrastructure.mesh import config_home
from tests.infrastructure.signing import MeshAuth, key_in

ROOT = Path(__file__).resolve().parents[2]
FREE_PORTS = tuple(word for option in MeshOptions().ports() for word in (option, "0"))
LIMIT_SECONDS = 60.0


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FLOWMESH_")}
    return {**kept, "PYTHONPATH": os.pathsep.join(sys.path), "XDG_CONFIG_HOME": str(config_home()), **more}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "launcher", *arguments]


def flowmesh(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(*arguments), cwd=ROOT, env=environment(**more), capture_output=True, text=True, timeout=LIMIT_SECONDS
    )


def eventually(condition: Callable[[], Any], what: str, seconds: float = LIMIT_SECONDS) -> Any:
    """Wait until a condition holds, and return its value."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what} took more than {seconds:g} s"
        time.sleep(0.01)
    return value


def is_alive(pid: int) -> bool:
    try:
        # A process that has ended but was not waited for is dead all the same.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def memory_mebibytes(pid: int) -> float:
    """Return what a process takes of the memory; what it shares with others counts by its share of it."""
    sizes = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return int(sizes.partition("\nPss:")[2].split()[0]) / 1024


class Up:
    """`flowmesh up` on a folder, with free ports."""

    def __init__(self, folder: Path, *options: str, **more: str) -> None:
        self.folder = folder
        self._output = folder.parent / f"{folder.name}.out"
        self.started = time.monotonic()
        with self._output.open("wb") as output:
            self.process = subprocess.Popen(
                command("up", "--data", str(folder), *FREE_PORTS, *options),
                cwd=ROOT,
                env=environment(**more),
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        self.seconds = 0.0
        self._auth: MeshAuth | None = None

    def ready(self) -> Up:
        eventually(lambda: self.process.poll() is not None or "Ctrl-C stops it" in self.output(), "the start")
        assert self.process.poll() is None, self.output()
        self.seconds = time.monotonic() - self.started
        return self

    def output(self) -> str:
        return self._output.read_text(errors="replace")

    @property
    def state(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "run" / "mesh.json").read_text())
        return content

    @property
    def url(self) -> str:
        return str(self.state["gateway"])

    @property
    def auth(self) -> MeshAuth:
        """Signs calls as the service account of the machine."""
        if self._auth is None:
            self._auth = MeshAuth(self.url, lambda: key_in(self.folder))
        return self._auth

    def pids(self) -> dict[str, int]:
        return {"supervisor": self.process.pid, **self.state["processes"]}

    def children(self) -> list[int]:
        """Return the ids of the processes that it has started."""
        try:
            return [
                int(child)
                for child in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            ]
        except OSError:
            return []

    def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until a condition holds, or the start is over."""
        while not condition() and self.process.poll() is None and "Ctrl-C" not in self.output():
            time.sleep(0.005)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.process.send_signal(number)
        return self.process.wait(LIMIT_SECONDS)

    def end(self) -> None:
        """Leave nothing behind, whatever the test did."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(LIMIT_SECONDS)
