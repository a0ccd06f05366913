"""Runs JavaScript in worker processes, off the event loop, with limits on time, memory and output.

Every script has an interpreter context of its own that sees nothing of the machine. The interpreter holds the limits;
a worker that does not answer is killed and replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from engine_svc.scripts.call import (
    TASK_METHODS,
    ScriptCall,
    ScriptError,
    ScriptResult,
    ScriptUnavailable,
    TaskCall,
    VariableWrite,
)
from mesh.child_process import end_now
from mesh.logs import get_log

_log = get_log(__name__)

_FOLDER = Path(__file__).parent
_LENGTH = struct.Struct(">I")
_CALL = struct.Struct(">?I")
_START_SECONDS = 20.0
_RUNS_OF_A_WORKER = 20_000
"""Runs after which a worker is replaced, so that nothing can add up in it."""


@dataclass(slots=True, frozen=True, kw_only=True)
class ScriptLimits:
    """What one script may use."""

    seconds: float = 1.0
    """Computing time."""
    grace_seconds: float = 2.0
    """Time beyond `seconds` after which a worker that has not answered is killed."""
    memory_bytes: int = 32 * 1024 * 1024
    """Memory of the interpreter, variables included."""
    stack_bytes: int = 512 * 1024
    output_bytes: int = 1024 * 1024
    """Result, written variables and log together, as JSON."""
    waiting: int = 1000
    """Scripts that wait for a worker; any more are refused."""


class ScriptRunner:
    """A pool of worker processes, each started when it is first needed."""

    def __init__(self, workers: int = 1, limits: ScriptLimits | None = None) -> None:
        self._limits = limits or ScriptLimits()
        # The worker used last is taken first: the others are started only when there is work for them.
        self._idle: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        self._workers = [_Worker(self._limits) for _ in range(workers)]
        for worker in reversed(self._workers):
            self._idle.put_nowait(worker)
        self._waiting = 0
        self._closed = False

    async def run(self, call: ScriptCall) -> ScriptResult:
        """Run a script.

        Raises `ScriptError` (the script's fault) or `ScriptUnavailable` (try again).
        """
        request = _encoded(call)
        if self._closed:
            raise ScriptUnavailable("the process is stopping")
        if self._waiting >= self._limits.waiting:
            raise ScriptUnavailable(f"{self._waiting} scripts are waiting already")
        self._waiting += 1
        try:
            worker = await self._idle.get()
        finally:
            self._waiting -= 1
        try:
            if self._closed:
                raise ScriptUnavailable("the process is stopping")
            answer = await worker.ask(request)
        finally:
            self._idle.put_nowait(worker)
        return _decoded(answer, self._limits)

    async def close(self) -> None:
        """End the workers; scripts that run fail with `ScriptUnavailable`."""
        self._closed = True
        for worker in self._workers:
            await worker.stop()

    @property
    def process_ids(self) -> list[int]:
        """The processes that run now."""
        return [worker.process_id for worker in self._workers if worker.process_id]


class _Worker:
    """One place in the pool: its process, replaced whenever it cannot be trusted any more."""

    def __init__(self, limits: ScriptLimits) -> None:
        self._limits = limits
        self._process: Process | None = None
        self._runs = 0

    @property
    def process_id(self) -> int:
        """The process that runs now; 0 where there is none."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else 0

    async def ask(self, request: bytes) -> bytes:
        """Return the answer to a request; only one may be on its way."""
        process = await self._running()
        limits = self._limits
        self._runs += 1
        clean = False
        try:
            async with asyncio.timeout(limits.seconds + limits.grace_seconds):
                answer = await _exchange(process, request)
            clean = True
        except TimeoutError:
            raise ScriptError(f"the script did not end within {limits.seconds:g} s") from None
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise ScriptUnavailable(f"the script's process ended while it ran{await _last_words(process)}") from error
        finally:
            # Also when the caller was cancelled: the answer of this call must not be taken for the next one's.
            if not clean:
                await self.stop()
        return answer

    async def stop(self) -> None:
        """End the process, if there is one."""
        process, self._process = self._process, None
        if process is not None:
            await _ended(process)

    async def _running(self) -> Process:
        process = self._process
        if process is not None:
            assert process.stdout is not None
            if process.returncode is None and not process.stdout.at_eof() and self._runs < _RUNS_OF_A_WORKER:
                return process
            await self.stop()
        try:
            return await self._start()
        except ScriptUnavailable as error:
            # Nothing was asked of it yet, so another one may as well be.
            _log.warning("A process for scripts did not start, trying once more", error=error)
            return await self._start()

    async def _start(self) -> Process:
        limits = self._limits
        # The process knows neither the environment nor the packages' settings of this one.
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(_FOLDER / "worker.py"),
            str(limits.seconds),
            str(limits.memory_bytes),
            str(limits.stack_bytes),
            str(limits.output_bytes),
            *(str(_FOLDER / name) for name in ("prelude.js", "java.js", "task.js")),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env={},
            cwd="/",
        )
        self._process = process
        self._runs = 0
        started = False
        try:
            async with asyncio.timeout(_START_SECONDS):
                await _read_frame(process)
            started = True
        except TimeoutError:
            raise ScriptUnavailable(f"a process for scripts was not ready within {_START_SECONDS:g} s") from None
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise ScriptUnavailable(f"a process for scripts did not start{await _last_words(process)}") from error
        finally:
            if not started:
                await self.stop()
        return process


async def _exchange(process: Process, request: bytes) -> bytes:
    assert process.stdin is not None
    process.stdin.write(_LENGTH.pack(len(request)) + request)
    await process.stdin.drain()
    return await _read_frame(process)


async def _read_frame(process: Process) -> bytes:
    assert process.stdout is not None
    (length,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
    return await process.stdout.readexactly(length)


async def _last_words(process: Process) -> str:
    """Return how a process ended, and what it wrote as its error, for a message."""
    assert process.stderr is not None
    words, code = b"", None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(1):
            words = (await process.stderr.read(4000)).strip()
            code = await process.wait()
    ended = "" if code is None else f" (exit status {code})"
    return f"{ended}: {words.decode(errors='replace')[-500:]}" if words else ended


async def _ended(process: Process) -> None:
    """Kill a process and wait until it is gone."""
    if process.stdin is not None:
        process.stdin.close()
    await end_now(process)


def _encoded(call: ScriptCall) -> bytes:
    source = call.source.encode()
    try:
        given = orjson.dumps(
            {
                "scopes": list(call.scopes),
                "execution": call.execution,
                "task": call.task,
                "auto_store": call.auto_store,
                "now_millis": None if call.now_micros is None else call.now_micros / 1000,
            }
        )
    except TypeError as error:
        raise ScriptError(f"the variables cannot be passed to a script: {error}") from error
    return _CALL.pack(call.task is not None, len(source)) + source + given


def _decoded(answer: bytes, limits: ScriptLimits) -> ScriptResult:
    try:
        read: dict[str, Any] = orjson.loads(answer)
    except orjson.JSONDecodeError as error:
        raise ScriptError("the script gave a text that is not valid Unicode (half of a surrogate pair)") from error
    # A script can forge the answer of its own context, so that everything in it is looked at.
    try:
        if "too_large" in read:
            raise ScriptError(
                f"the script gave {int(read['too_large'])} bytes of result, variables and log, more than the "
                f"{limits.output_bytes} allowed"
            )
        if "error" in read:
            raise ScriptError(str(read["error"]), int(read["line"]), int(read["column"]))
        thrown = read.get("bpmn_error")
        return ScriptResult(
            value=read["value"],
            writes=tuple(_write(*written) for written in read["writes"]),
            task_calls=tuple(_task_call(*called) for called in read["calls"]),
            bpmn_error=None if thrown is None else (_text(thrown[0]), _text(thrown[1])),
            log=tuple(_text(line) for line in read["log"]),
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise ScriptError("the script broke the answer's encoding") from error


def _write(scope: Any, name: Any, value: Any, removed: Any) -> VariableWrite:
    if scope not in ("nearest", "local", "transient") or not name or name == "execution":
        raise ValueError("not a variable")
    return VariableWrite(scope, _text(name), value, bool(removed))


def _task_call(method: Any, arguments: Any) -> TaskCall:
    if method not in TASK_METHODS or not isinstance(arguments, list):
        raise ValueError("not a method")
    return TaskCall(method, tuple(arguments))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("not a text")
    return value
