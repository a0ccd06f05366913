"""Starts the processes of the embedded mesh, keeps them running, and ends them in order."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from launcher.embedded.addresses import reachable, settled
from launcher.embedded.data_folder import DataFolder
from launcher.embedded.gateway_process import GatewayProcess
from launcher.embedded.log_files import InheritedLogFile, LogFile, ProcessLog
from launcher.embedded.options import MeshOptions
from launcher.embedded.parent_death import end_with_parent
from launcher.embedded.service_process import ServiceProcess, ending
from mesh.startup import StartupError

MAX_RESTARTS = 5
"""Restarts of one process that are tried within `RESTART_WINDOW_SECONDS`."""
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


class EmbeddedMesh:
    """The processes of one mesh, on a data folder that this process holds."""

    def __init__(self, options: MeshOptions, folder: DataFolder) -> None:
        """Raises StartupError where a port or a log file cannot be had."""
        self.options = settled(dataclasses.replace(options, data=folder.path))
        self.folder = folder
        options = self.options
        before_exec = end_with_parent()
        data = str(folder.path)
        engine = {"host": options.host, "data_dir": data}
        engine_settings = {
            **engine,
            "port": options.engine_port,
            "admin_port": options.engine_metrics_port,
            # None leaves it to the environment.
            "clock": None if options.clock == "system" else options.clock,
        }
        history = {**engine, "port": options.history_port, "admin_port": options.history_metrics_port}
        monitoring = {**engine, "port": options.monitoring_port}
        try:
            self._access_log = InheritedLogFile(folder.logs / "access.log")
            self._engine = ServiceProcess(
                "engine",
                "launcher.embedded.engine_process",
                {"engine": engine_settings},
                *self._log("engine"),
                inherited=folder.lock,
                before_exec=before_exec,
            )
            self._services = ServiceProcess(
                "services",
                "launcher.embedded.services_process",
                {"history": history, "monitoring": monitoring},
                *self._log("services"),
                inherited=folder.lock,
                before_exec=before_exec,
            )
            self._gateway = GatewayProcess(
                options, folder.run, *self._log("gateway"), self._access_log, before_exec=before_exec
            )
        except OSError as error:
            raise StartupError(f"The logs in {folder.logs} cannot be written: {error.strerror}.") from None

    @property
    def children(self) -> tuple[Child, ...]:
        """The processes, in the order in which they are stopped."""
        return (self._gateway, self._services, self._engine)

    @property
    def url(self) -> str:
        """The gateway's URL, as this machine reaches it."""
        return f"http://{reachable(self.options.host)}:{self.options.port}"

    def _log(self, name: str) -> tuple[ProcessLog, Path]:
        path = self.folder.logs / f"{name}.log"
        return ProcessLog(name, LogFile(path), verbose=self.options.verbose), path

    async def start(self) -> None:
        """Start every process; the gateway comes last, so that its first call finds the services.

        Raises StartupError; what was started must be stopped by `stop`.
        """
        first = [
            asyncio.create_task(work)
            for work in (self._engine.start(), self._services.start(), self._gateway.prepare())
        ]
        try:
            await asyncio.gather(*first)
        except BaseException:
            for task in first:
                task.cancel()
            await asyncio.gather(*first, return_exceptions=True)
            raise
        await self._gateway.start()
        self._write_state()

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
        """Stop what runs: first the gateway, when its calls are answered, then the services, then the engine."""
        for child in self.children:
            await child.stop()
        for child in self.children:
            child.log.close()
        self._access_log.close()

    def kill(self) -> None:
        """End every process at once."""
        for child in self.children:
            child.kill()

    async def _keep_running(self, child: Child) -> None:
        endings: deque[float] = deque()
        while True:
            why = f"It ended with {ending(await child.wait())}"
            while why:
                now = time.monotonic()
                endings.append(now)
                while endings[0] < now - RESTART_WINDOW_SECONDS:
                    endings.popleft()
                if len(endings) > MAX_RESTARTS:
                    raise MeshFailed(
                        f"The {child.name} process ended {len(endings)} times within "
                        f"{RESTART_WINDOW_SECONDS:g} s; {child.log_path} tells why."
                    )
                pause = min(FIRST_RESTART_SECONDS * 2 ** (len(endings) - 1), LONGEST_RESTART_SECONDS)
                child.log.line("error", why, restart_in_seconds=pause)
                await asyncio.sleep(pause)
                try:
                    await child.start()
                    why = ""
                except StartupError as error:
                    why = str(error)
            child.log.line("warning", "It runs again", pid=child.pid)
            self._write_state()

    async def _rotate_access_log(self) -> None:
        while True:
            await asyncio.sleep(ROTATION_SECONDS)
            try:
                await asyncio.to_thread(self._access_log.rotate_if_large)
            except OSError as error:
                self._gateway.log.line("warning", f"The access log cannot start afresh: {error.strerror}")

    def _write_state(self) -> None:
        host = reachable(self.options.host)
        content = {
            "supervisor": os.getpid(),
            "gateway": self.url,
            "engine": f"{host}:{self.options.engine_port}",
            "history": f"{host}:{self.options.history_port}",
            "monitoring": f"{host}:{self.options.monitoring_port}",
            "engine_metrics": f"http://{host}:{self.options.engine_metrics_port}/metrics",
            "services_metrics": f"http://{host}:{self.options.history_metrics_port}/metrics",
            "processes": {child.name: child.pid for child in self.children},
        }
        fresh = self.folder.state.with_suffix(".tmp")
        fresh.write_text(json.dumps(content, indent=2) + "\n")
        fresh.replace(self.folder.state)


def run_embedded_mesh(options: MeshOptions, on_ready: Callable[[EmbeddedMesh, float], None]) -> int:
    """Run the mesh until SIGINT, SIGTERM or SIGHUP, and return the exit code.

    `on_ready` gets the mesh and the seconds its start took. 0 after a signal; `EXIT_CANNOT_START` and `EXIT_FAILED`
    after one sentence on standard error; `EXIT_FORCED` after a second signal, which kills every process.
    """
    try:
        asyncio.run(_run(options, on_ready))
    except StartupError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CANNOT_START
    except MeshFailed as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_FAILED
    return 0


async def _run(options: MeshOptions, on_ready: Callable[[EmbeddedMesh, float], None]) -> None:
    started = time.monotonic()
    task = asyncio.current_task()
    assert task is not None
    folder = DataFolder.open(options.data, lambda: print("Waiting for a former mesh to end ...", file=sys.stderr))
    try:
        mesh = EmbeddedMesh(options, folder)
        with _Signals(mesh, task) as signals:
            try:
                await mesh.start()
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

    def __init__(self, mesh: EmbeddedMesh, task: asyncio.Task[None]) -> None:
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
