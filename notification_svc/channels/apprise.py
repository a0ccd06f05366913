"""Chats, SMS and push services by URLs of apprise: DingTalk, WeCom, Feishu, Slack, Telegram, Twilio and many more.

apprise runs in a process of its own, which is started with the first message and ends when there is none for a while.
A message that does not end in time ends its process, as soon as those beside it are done.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import re
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mesh.child_process import end_now
from mesh.errors import DependencyDown
from mesh.logs import get_log
from notification_svc.channels.network_rules import NetworkRules
from notification_svc.channels.port import AddressInvalid, Delivered, Failed, Outcome, OutgoingMessage
from notification_svc.channels.process_frames import LENGTH, MOST_BYTES, frame

MOST_URL = 2000
MOST_TITLE = 250
MOST_TEXT = 20_000
_START_SECONDS = 30.0
_RETRY_SECONDS = 1.0
_GRACE_SECONDS = 2.0
"""So much later than its own deadline a message is given up."""
_GIVEN_UP = "It was given up before it was sent."
_STOPPING = "Nothing is sent any more: the service is stopping."
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,31}://", re.IGNORECASE | re.ASCII)
_COMMAND = (sys.executable, "-m", "notification_svc.channels.apprise_process")

_log = get_log(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseLimits:
    """How long a message may take, and how many are under way at once."""

    threads: int = 8
    answer_seconds: float = 10.0
    seconds: float = 30.0
    idle_seconds: float = 300.0


class _Ended(Exception):
    """The process is gone; the message is for the delivery log."""


class AppriseChannel:
    """Sends messages to services. The address of a message is a URL of apprise with one target."""

    def __init__(
        self,
        rules: NetworkRules,
        limits: AppriseLimits | None = None,
        *,
        ca_file: Path | None = None,
        key_dir: Path | None = None,
        command: Sequence[str] = _COMMAND,
    ) -> None:
        self._limits = limits or AppriseLimits()
        self._options = {
            "networks": [str(network) for network in rules.allowed],
            "threads": self._limits.threads,
            "answer_seconds": self._limits.answer_seconds,
            "ca_file": "" if ca_file is None else str(ca_file),
            "key_dir": "" if key_dir is None else str(key_dir.resolve()),
        }
        self._command = command
        self._places = asyncio.Semaphore(self._limits.threads)
        self._starting = asyncio.Lock()
        self._process: _AppriseProcess | None = None
        self._tired: set[_AppriseProcess] = set()
        self._idle: asyncio.TimerHandle | None = None
        self._start_work: asyncio.Task[_AppriseProcess] | None = None
        self._closed = False
        self._tasks: set[asyncio.Task[Any]] = set()

    async def check(self, address: str) -> None:
        """Raise AddressInvalid where a URL is none of a service, DependencyDown where that cannot be told now."""
        _look_at(address)
        answer = await self._ask({"what": "check", "url": address})
        if isinstance(answer, Failed):
            raise DependencyDown(
                "DEPENDENCY_UNAVAILABLE",
                "The process that knows the services cannot be asked now; try again.",
                metadata={"dependency": "push services"},
                retry_after_seconds=_RETRY_SECONDS,
            )
        if answer["fault"]:
            raise AddressInvalid(str(answer["fault"]))

    async def send(self, message: OutgoingMessage) -> Outcome:
        """Send the subject and the text of a message."""
        try:
            _look_at(message.address)
        except AddressInvalid as error:
            return Failed(False, str(error))
        title = _cut(message.subject, MOST_TITLE)
        answer = await self._ask(
            {
                "what": "send",
                "url": message.address,
                "title": title,
                # No plugin takes a message without a body.
                "body": _cut(message.text, MOST_TEXT) or title or message.event_type,
                "seconds": self._limits.seconds,
            }
        )
        if isinstance(answer, Failed):
            return answer
        if "delivered" in answer:
            return Delivered(str(answer["delivered"]))
        return Failed(bool(answer["retryable"]), str(answer["reason"]), float(answer["retry_after"]))

    async def close(self) -> None:
        """End the process; messages that it sends fail."""
        self._closed = True
        if self._idle is not None:
            self._idle.cancel()
        if self._start_work is not None:
            self._start_work.cancel()
            await asyncio.wait([self._start_work])
        process, self._process = self._process, None
        for each in [process, *self._tired]:
            if each is not None:
                await each.end()
        if self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def process_ids(self) -> list[int]:
        """The processes that run now."""
        running = [*self._tired] if self._process is None else [self._process, *self._tired]
        return [process.pid for process in running]

    async def _ask(self, request: dict[str, Any]) -> dict[str, Any] | Failed:
        # Whoever gives up waiting does not make the process stop: its place is taken until it does.
        given_up = asyncio.Event()
        task = asyncio.ensure_future(self._asked(request, given_up))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            return await asyncio.shield(task)
        except asyncio.CancelledError:
            given_up.set()
            raise

    async def _asked(self, request: dict[str, Any], given_up: asyncio.Event) -> dict[str, Any] | Failed:
        async with self._places:
            if given_up.is_set():
                return Failed(True, _GIVEN_UP)
            if self._idle is not None:
                self._idle.cancel()
            try:
                process = await self._running()
                # What the process was not asked yet would come beside the next attempt at it.
                if given_up.is_set():
                    return Failed(True, _GIVEN_UP)
                async with asyncio.timeout(self._limits.seconds + _GRACE_SECONDS):
                    return await process.ask(request)
            except TimeoutError:
                self._let_go(process)
                return Failed(
                    True, f"The service did not answer within {self._limits.seconds:g} s; it may have the message."
                )
            except _Ended as error:
                return Failed(True, str(error))
            finally:
                self._rest()

    async def _running(self) -> _AppriseProcess:
        async with self._starting:
            if self._process is not None and self._process.gone:
                self._process = None
            if self._closed:
                raise _Ended(_STOPPING)
            if self._process is None:
                self._start_work = asyncio.ensure_future(_AppriseProcess.start(self._command, self._options))
                try:
                    self._process = await self._start_work
                except asyncio.CancelledError:
                    if self._closed:
                        raise _Ended(_STOPPING) from None
                    raise
                if self._closed:
                    process, self._process = self._process, None
                    await process.end()
                    raise _Ended(_STOPPING)
            return self._process

    def _let_go(self, process: _AppriseProcess) -> None:
        """Give a process no further message, and end it when those that it has are done."""
        if self._process is process:
            self._process = None
            self._tired.add(process)
            _log.warning("A process of push services hangs and is replaced", process_id=process.pid)
            self._start(self._retire(process))

    async def _retire(self, process: _AppriseProcess) -> None:
        try:
            await process.until_done()
            await process.end()
        finally:
            self._tired.discard(process)

    def _rest(self) -> None:
        if self._process is not None and not self._process.busy and not self._closed:
            if self._idle is not None:
                self._idle.cancel()
            self._idle = asyncio.get_running_loop().call_later(self._limits.idle_seconds, self._end_idle)

    def _end_idle(self) -> None:
        process = self._process
        if process is not None and not process.busy and not self._starting.locked():
            self._process = None
            self._start(process.end())

    def _start(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _AppriseProcess:
    """One process and what it was asked."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._numbers = itertools.count()
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._done = asyncio.Event()
        self._done.set()
        self._reading = asyncio.ensure_future(self._read())

    @classmethod
    async def start(cls, command: Sequence[str], options: dict[str, Any]) -> _AppriseProcess:
        """Start a process and wait until it is ready. Raises _Ended."""
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            cwd="/",
            env=_environment(),
        )
        ready = False
        try:
            assert process.stdin is not None
            process.stdin.write(frame(options))
            async with asyncio.timeout(_START_SECONDS):
                await process.stdin.drain()
                await _next_frame(process)
            ready = True
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
            raise _Ended("The process of push services does not start.") from error
        finally:
            if not ready:
                await end_now(process)
        return cls(process)

    @property
    def pid(self) -> int:
        """Its id."""
        return self._process.pid

    @property
    def busy(self) -> bool:
        """Whether it was asked something that it has not answered."""
        return bool(self._asked)

    @property
    def gone(self) -> bool:
        """Whether it has ended."""
        return self._reading.done() or self._process.returncode is not None

    async def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a request. Raises _Ended."""
        if self.gone:
            raise _Ended("The process of push services has ended.")
        number = next(self._numbers)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        self._done.clear()
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(frame({**request, "number": number}))
            with contextlib.suppress(OSError):
                await self._process.stdin.drain()
            return await answer
        finally:
            del self._asked[number]
            if not self._asked:
                self._done.set()

    async def until_done(self) -> None:
        """Wait until nobody waits for an answer."""
        await self._done.wait()

    async def end(self) -> None:
        """End the process at once."""
        await end_now(self._process)
        await asyncio.wait([self._reading])

    async def _read(self) -> None:
        try:
            while True:
                told = await _next_frame(self._process)
                answer = self._asked.get(told["number"])
                if answer is not None and not answer.done():
                    answer.set_result(told)
        except (asyncio.IncompleteReadError, OSError, ValueError):
            await end_now(self._process)
        finally:
            for answer in self._asked.values():
                if not answer.done():
                    answer.set_exception(
                        _Ended("The process of push services ended; the service may have the message.")
                    )


def _environment() -> dict[str, str]:
    """Return the environment of the process: nothing of this one's, no proxies, no netrc, no secrets."""
    return {
        "PYTHONPATH": os.pathsep.join(str(Path(place).resolve()) for place in sys.path),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PATH": "/usr/bin:/bin",
        "HOME": "/nonexistent",
        "NETRC": "/dev/null",
        "LC_ALL": "C.UTF-8",
    }


async def _next_frame(process: Process) -> Any:
    assert process.stdout is not None
    (length,) = LENGTH.unpack(await process.stdout.readexactly(LENGTH.size))
    if length > MOST_BYTES:
        raise ValueError("the frame is too long")
    return json.loads(await process.stdout.readexactly(length))


def _look_at(address: str) -> None:
    if len(address) > MOST_URL:
        raise AddressInvalid(f"A URL has at most {MOST_URL} characters.")
    if not address.isprintable() or _SCHEME.match(address) is None:
        raise AddressInvalid("It is no URL.")


def _cut(text: str, most: int) -> str:
    clean = text.encode(errors="replace").decode()
    return clean if len(clean) <= most else clean[: most - 1].rstrip() + "…"
