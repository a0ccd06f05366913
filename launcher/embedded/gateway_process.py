"""The gateway as a child of the supervisor."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from gateway_envoy.launch import EnvoyProcess, GatewayError
from gateway_envoy.settings import GatewaySettings
from launcher.embedded.log_files import InheritedLogFile, ProcessLog
from launcher.embedded.service_process import child_environment
from mesh.child_process import end_now
from mesh.startup import StartupError

DRAIN_SECONDS = 2.0
"""How long calls in flight may take at the end. Long polls are cut by it: workers ask again by themselves."""


class GatewayProcess:
    """Envoy: `prepare` writes its configuration, `start` returns when it takes calls."""

    name = "gateway"

    def __init__(
        self,
        settings: GatewaySettings,
        run_folder: Path,
        log: ProcessLog,
        log_path: Path,
        access_log: InheritedLogFile,
        *,
        before_exec: Callable[[], None],
    ) -> None:
        self.log = log
        self.log_path = log_path
        self._settings = settings
        self._run_folder = run_folder
        self._access_log = access_log
        self._before_exec = before_exec
        self._envoy: EnvoyProcess | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return None if self._envoy is None else self._envoy.pid

    async def prepare(self) -> None:
        """Write the configuration. Raises StartupError."""
        settings = dataclasses.asdict(self._settings)
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "launcher.embedded.gateway_config", json.dumps([str(self._run_folder), settings], default=str)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            preexec_fn=self._before_exec,
            start_new_session=True,
            env=child_environment(),
        )
        try:
            _, errors = await process.communicate()
        except asyncio.CancelledError:
            await end_now(process)
            raise
        if process.returncode != 0:
            words = errors.decode("utf-8", "replace").strip().splitlines()
            raise StartupError(f"The gateway cannot be configured: {words[-1] if words else 'no reason was given'}")

    async def start(self) -> None:
        """Start Envoy on the prepared configuration. Raises StartupError; nothing is left running then."""
        self._envoy = EnvoyProcess(
            b"",
            self._settings,
            self._run_folder,
            access_log=self._access_log.fileno(),
            on_log_line=lambda line: self.log.line("warning", line),
            prepared_config=self._run_folder / "envoy.json",
            before_exec=self._before_exec,
        )
        try:
            await self._envoy.start()
        except GatewayError as error:
            raise StartupError(str(error)) from error

    async def wait(self) -> int:
        """Wait until Envoy ends; return its exit code, or minus the signal that ended it."""
        assert self._envoy is not None
        return await self._envoy.wait()

    async def stop(self) -> None:
        """Let calls in flight end, for a moment, then end Envoy."""
        if self._envoy is not None:
            await self._envoy.stop(drain=DRAIN_SECONDS)

    def kill(self) -> None:
        """End Envoy at once."""
        if self._envoy is not None:
            self._envoy.kill()
