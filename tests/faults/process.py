"""A process of the mesh that faults are done to."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

READY_SECONDS = 60.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.05


class NotReady(Exception):
    """A process did not come up in time; the message has the end of its log."""


class FaultyProcess:
    """A process that is started again with the same command after each death.

    `ready` is asked in a thread. `environment` is called at each start.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        ready: Callable[[], bool],
        environment: Callable[[], Mapping[str, str]] = lambda: os.environ,
    ) -> None:
        self.name = name
        self._command = list(command)
        self._log = log
        self._ready = ready
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The id of the process that was started last."""
        return None if self._process is None else self._process.pid

    def start(self) -> None:
        """Start it; `until_ready` waits for it."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self._environment()),
                # Ctrl-C ends the run, which ends its processes in their order.
                start_new_session=True,
            )

    async def until_ready(self) -> None:
        """Wait until it serves. Raises `NotReady`."""
        deadline = time.monotonic() + READY_SECONDS
        while not await asyncio.to_thread(self._ready):
            if not self.running or time.monotonic() > deadline:
                raise NotReady(f"{self.name} is not ready:\n{self.log_end()}")
            await asyncio.sleep(POLL_SECONDS)

    async def kill(self) -> None:
        """Kill it, with whatever it is doing and what it has started."""
        self._signal(signal.SIGKILL)
        await self._gone()

    async def stop(self) -> None:
        """End it as an operator does; kill it where that takes too long."""
        if not self.running:
            return
        self._signal(signal.SIGCONT)
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._gone()
        except TimeoutError:
            await self.kill()

    def pause(self) -> None:
        """Let it stand still, with its connections open."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        self._signal(signal.SIGCONT)

    def log_end(self, size: int = 3_000) -> str:
        """Return the last of what it has printed."""
        return self._log.read_text(errors="replace")[-size:]

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        if self.running:
            # The whole group: an engine has script processes of its own.
            os.killpg(self._process.pid, number)

    async def _gone(self) -> None:
        assert self._process is not None
        await asyncio.to_thread(self._process.wait)
