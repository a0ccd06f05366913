"""A child of the supervisor that runs Python."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from launcher.embedded.child_start import encode_arguments
from launcher.embedded.log_files import ProcessLog
from mesh.child_process import end_now, send_signal
from mesh.startup import StartupError

START_SECONDS = 90.0
"""More than services wait for what they need, and a migration may come first."""
STOP_SECONDS = 15.0
"""More than the services' own drain time."""
_CANNOT_START = 2
_PIECE = 64 << 10


class ServiceProcess:
    """One child: `start` returns when it serves, `stop` lets it finish what it is doing."""

    def __init__(
        self,
        name: str,
        module: str,
        settings: dict[str, dict[str, Any]],
        log: ProcessLog,
        log_path: Path,
        *,
        inherited: int,
        before_exec: Callable[[], None],
    ) -> None:
        """`settings`: values by service; `inherited`: a file descriptor that the child keeps open."""
        self.name = name
        self.log = log
        self.log_path = log_path
        self._module = module
        self._settings = settings
        self._inherited = inherited
        self._before_exec = before_exec
        self._process: asyncio.subprocess.Process | None = None
        self._readers: list[asyncio.Task[None]] = []
        self._starting = False
        self._words: list[str] = []
        self._report = -1

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start the child and wait until it serves. Raises StartupError; nothing is left running then."""
        self._starting, self._words = True, []
        self._process = await self._launch()
        self._readers = [
            asyncio.create_task(self._read_log(self._process)),
            asyncio.create_task(self._read_errors(self._process)),
        ]
        try:
            async with asyncio.timeout(START_SECONDS):
                if not await self._serves(self._process):
                    await self._explain_end(self._process)
        except TimeoutError:
            await self._end_now()
            raise StartupError(
                f"The {self.name} process did not start within {START_SECONDS:g} s; {self.log_path} tells more."
            ) from None
        except BaseException:
            await self._end_now()
            raise
        self._starting = False
        self._tell_words()

    async def _launch(self) -> asyncio.subprocess.Process:
        """Start the program."""
        self._report, report_of_child = os.pipe()
        try:
            return await self._execute(
                self._module,
                encode_arguments(report_of_child, self._settings),
                inherited=(report_of_child, self._inherited),
                environment=child_environment(),
            )
        except BaseException:
            os.close(self._report)
            raise
        finally:
            os.close(report_of_child)

    async def _execute(
        self, module: str, *arguments: str, inherited: tuple[int, ...], environment: dict[str, str]
    ) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", module, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=inherited,
            # Ctrl-C in the terminal is for the supervisor, which stops its children in order.
            start_new_session=True,
            preexec_fn=self._before_exec,
            env=environment,
        )

    async def _serves(self, process: asyncio.subprocess.Process) -> bool:
        """Wait until the child serves; False where it ended before."""
        return await _read_report(self._report)

    async def wait(self) -> int:
        """Wait until the child ends; return its exit code, or minus the signal that ended it."""
        assert self._process is not None
        code = await self._process.wait()
        await self._end_readers()
        return code

    async def stop(self) -> None:
        """Tell the child to finish; kill it where that takes too long."""
        if self.pid is None or self._process is None:
            return
        send_signal(self._process, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._process.wait()
        except TimeoutError:
            self.log.line("warning", f"It did not stop within {STOP_SECONDS:g} s and is killed.")
            await end_now(self._process)
        await self._end_readers()

    def kill(self) -> None:
        """End the child at once."""
        if self.pid is not None and self._process is not None:
            send_signal(self._process, signal.SIGKILL)

    async def _explain_end(self, process: asyncio.subprocess.Process) -> NoReturn:
        code = await process.wait()
        await self._end_readers()
        if code == _CANNOT_START and self._words:
            raise StartupError(self._words[-1])
        self._starting = False
        self._tell_words()
        raise StartupError(
            f"The {self.name} process ended with {ending(code)} while it started; {self.log_path} tells more."
        )

    async def _end_now(self) -> None:
        self.kill()
        await self.wait()

    async def _end_readers(self) -> None:
        await asyncio.gather(*self._readers)

    async def _read_log(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while piece := await process.stdout.read(_PIECE):
            self.log.feed(piece)

    async def _read_errors(self, process: asyncio.subprocess.Process) -> None:
        """Read what is not a log: why the child cannot start, or the last words of a crash."""
        assert process.stderr is not None
        rest = b""
        while piece := await process.stderr.read(_PIECE):
            *lines, rest = (rest + piece).split(b"\n")
            self._words += [line.decode("utf-8", "replace") for line in lines if line.strip()]
            self._tell_words()
        if rest.strip():
            self._words.append(rest.decode("utf-8", "replace"))
            self._tell_words()

    def _tell_words(self) -> None:
        # The one sentence of a failed start is shown by whoever asked for the start.
        if not self._starting:
            for text in self._words:
                self.log.line("error", text)
            self._words.clear()


def child_environment() -> dict[str, str]:
    """Return the environment of a Python child: this one, with the same import path."""
    # Two malloc arenas instead of sixteen: the threads of gRPC and SQLite would each keep memory of their own.
    return {"MALLOC_ARENA_MAX": "2", **os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}


def ending(code: int) -> str:
    """Return an exit code in words."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


async def _read_report(report: int) -> bool:
    """Return whether the child said that it is ready; False where it ended without a word."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport, _ = await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(report, "rb", buffering=0)
    )
    try:
        return await reader.readline() == b"ready\n"
    finally:
        transport.close()
