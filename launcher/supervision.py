"""What a supervisor does for its processes in every profile: restart what ends, end all in order, obey signals."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

from launcher.client.local_mesh import BOOTSTRAP_FILE, note_mesh
from launcher.embedded.data_folder import DataFolder
from launcher.embedded.log_files import InheritedLogFile, LogFile, ProcessLog
from launcher.embedded.service_process import ending
from mesh.startup import StartupError

RESTART_WINDOW_SECONDS = 60.0
FIRST_RESTART_SECONDS = 0.25
LONGEST_RESTART_SECONDS = 5.0
ROTATION_SECONDS = 15.0

EXIT_FAILED = 1
EXIT_CANNOT_START = 2
EXIT_FORCED = 130


class MeshFailed(Exception):
    """A process of the mesh cannot be kept running; the message is one sentence for people."""


class Child(Protocol):
    """What the supervisor needs of a process."""

    name: str
    log: ProcessLog
    log_path: Path

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""

    async def start(self) -> None:
        """Start it and wait until it serves; raises StartupError."""

    async def wait(self) -> int:
        """Wait for its end; return its exit code, or minus the signal."""

    async def stop(self) -> None:
        """End it when it has finished what it is doing."""

    def kill(self) -> None:
        """End it at once."""


class SupervisedMesh(ABC):
    """The processes of one mesh, on a data folder that this process holds."""

    max_restarts: int | None = None
    """Restarts of one process within `RESTART_WINDOW_SECONDS` before the mesh is given up; None: it never is."""

    def __init__(self, folder: DataFolder, *, verbose: bool) -> None:
        """Raises StartupError where a log file cannot be had."""
        self.folder = folder
        self._verbose = verbose
        try:
            self._access_log = InheritedLogFile(folder.logs / "access.log")
        except OSError as error:
            raise self.unwritable_logs(error) from None

    @property
    @abstractmethod
    def stages(self) -> Sequence[Sequence[Child]]:
        """The processes in the order in which they are stopped; those of a stage stop at the same time."""

    @abstractmethod
    async def start(self) -> None:
        """Start every process. Raises StartupError; what was started must be stopped by `stop`."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """Return where everything listens, for those who look into the folder."""

    @property
    def children(self) -> list[Child]:
        """Every process."""
        return [child for stage in self.stages for child in stage]

    @property
    def bootstrap_token(self) -> str:
        """What makes the first administrator; empty where there is one. Raises OSError."""
        try:
            return (self.folder.path / BOOTSTRAP_FILE).read_text("utf-8").strip()
        except FileNotFoundError:
            return ""

    def unwritable_logs(self, error: OSError) -> StartupError:
        """Return why a log file cannot be had, as one sentence."""
        return StartupError(f"The logs in {self.folder.logs} cannot be written: {error.strerror}.")

    def process_log(self, name: str) -> tuple[ProcessLog, Path]:
        """Return the log of a process and its path. Raises OSError."""
        path = self.folder.logs / f"{name}.log"
        return ProcessLog(name, LogFile(path), verbose=self._verbose), path

    async def watch(self) -> None:
        """Restart what ends. Raises MeshFailed where a process ends again and again."""
        tasks = [asyncio.create_task(self._keep_running(child)) for child in self.children]
        tasks.append(asyncio.create_task(self._rotate_access_log()))
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def stop(self) -> None:
        """Stop what runs, stage by stage."""
        for stage in self.stages:
            await asyncio.gather(*(child.stop() for child in stage))
        for child in self.children:
            child.log.close()
        self._access_log.close()

    def kill(self) -> None:
        """End every process at once."""
        for child in self.children:
            child.kill()

    def write_state(self) -> None:
        """Write where everything listens, and the ids of the processes, into the folder."""
        content = {
            "supervisor": os.getpid(),
            **self.state(),
            "processes": {child.name: child.pid for child in self.children},
        }
        fresh = self.folder.state.with_suffix(".tmp")
        fresh.write_text(json.dumps(content, indent=2) + "\n")
        fresh.replace(self.folder.state)

    def note_for_commands(self) -> None:
        """Let commands of this user find the mesh's data folder, from wherever they are run."""
        try:
            note_mesh(self.state()["gateway"], self.folder.path)
        except OSError as error:
            sys.stderr.write(
                f"Commands cannot note where this mesh is ({error.strerror}): let FLOWMESH_DATA_DIR name its folder.\n"
            )

    async def _keep_running(self, child: Child) -> None:
        endings: deque[float] = deque()
        while True:
            why = f"It ended with {ending(await child.wait())}"
            while why:
                now = time.monotonic()
                endings.append(now)
                while endings[0] < now - RESTART_WINDOW_SECONDS:
                    endings.popleft()
                if self.max_restarts is not None and len(endings) > self.max_restarts:
                    raise MeshFailed(
                        f"The {child.name} process ended {len(endings)} times within "
                        f"{RESTART_WINDOW_SECONDS:g} s; {child.log_path} tells why."
                    )
                pause = min(FIRST_RESTART_SECONDS * 2 ** min(len(endings) - 1, 10), LONGEST_RESTART_SECONDS)
                child.log.line("error", why, restart_in_seconds=pause)
                await asyncio.sleep(pause)
                try:
                    await child.start()
                    why = ""
                except StartupError as error:
                    why = str(error)
            child.log.line("warning", "It runs again", pid=child.pid)
            self.write_state()

    async def _rotate_access_log(self) -> None:
        while True:
            await asyncio.sleep(ROTATION_SECONDS)
            try:
                await asyncio.to_thread(self._access_log.rotate_if_large)
            except OSError as error:
                sys.stderr.write(f"The access log cannot start afresh: {error.strerror}\n")


M = TypeVar("M", bound=SupervisedMesh)


def run_mesh(data: Path, make: Callable[[DataFolder], M], on_ready: Callable[[M, float], None]) -> int:
    """Run the mesh that `make` returns until SIGINT, SIGTERM or SIGHUP, and return the exit code.

    `on_ready` gets the mesh and the seconds its start took. 0 after a signal; `EXIT_CANNOT_START` and `EXIT_FAILED`
    after one sentence on standard error; `EXIT_FORCED` after a second signal, which kills every process.
    """
    # What a mesh keeps is for its own user: hashes of passwords, and what people wrote into variables.
    os.umask(0o077)
    try:
        asyncio.run(_run(data, make, on_ready))
    except StartupError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CANNOT_START
    except MeshFailed as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_FAILED
    return 0


async def all_or_none(*works: Coroutine[Any, Any, None]) -> None:
    """Do these at once; where one fails, cancel the others, wait for them, and raise what it raised."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise


async def _run(data: Path, make: Callable[[DataFolder], M], on_ready: Callable[[M, float], None]) -> None:
    started = time.monotonic()
    task = asyncio.current_task()
    assert task is not None
    folder = DataFolder.open(data, lambda: print("Waiting for a former mesh to end ...", file=sys.stderr))
    try:
        mesh = make(folder)
        with _Signals(mesh, task) as signals:
            try:
                await mesh.start()
                mesh.write_state()
                mesh.note_for_commands()
                on_ready(mesh, time.monotonic() - started)
                await mesh.watch()
            except asyncio.CancelledError:
                if not signals.stopping:
                    raise
                # Until then asyncio.timeout (in stop) does not raise TimeoutError, but CancelledError again.
                signals.task.uncancel()
                sys.stderr.write("Stopping ...\n")
            finally:
                await mesh.stop()
    finally:
        folder.close()


class _Signals:
    """The first signal cancels the task; the second kills the mesh."""

    _NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __init__(self, mesh: SupervisedMesh, task: asyncio.Task[None]) -> None:
        self._mesh = mesh
        self.task = task
        self.stopping = False

    def _stop(self) -> None:
        if self.stopping:
            self._mesh.kill()
            os._exit(EXIT_FORCED)
        self.stopping = True
        self.task.cancel()

    def __enter__(self) -> _Signals:
        loop = asyncio.get_running_loop()
        for number in self._NUMBERS:
            loop.add_signal_handler(number, self._stop)
        return self

    def __exit__(self, *exception: object) -> None:
        loop = asyncio.get_running_loop()
        for number in self._NUMBERS:
            loop.remove_signal_handler(number)
