"""Looking up names of hosts, in threads of its own.

The event loop's own threads are few and everybody's: names whose servers do not answer would take them all, for as long
as the system waits, and with them every other connection. The threads end with the process, whatever they wait for.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading

MOST_LOOKUPS = 64
"""Names that are looked up at once."""


class NameLookups:
    """Looks each name up once for all who wait for it. Used on one event loop."""

    def __init__(self, most: int = MOST_LOOKUPS) -> None:
        self._places = asyncio.Semaphore(most)
        self._under: dict[tuple[str, int], asyncio.Task[list[str]]] = {}

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host for TCP. Raises socket.gaierror and UnicodeError."""
        key = (host, port)
        task = self._under.get(key)
        if task is None:
            task = self._under[key] = asyncio.create_task(self._look_up(host, port), name=f"look-up of {host}")
            task.add_done_callback(lambda done: self._done(key, done))
        # Whoever gives up waiting does not end it: the thread cannot be stopped, and keeps its place.
        return await asyncio.shield(task)

    def _done(self, key: tuple[str, int], task: asyncio.Task[list[str]]) -> None:
        del self._under[key]
        if not task.cancelled():
            # Those who asked may be gone, and nobody else is interested.
            task.exception()

    async def _look_up(self, host: str, port: int) -> list[str]:
        async with self._places:
            loop = asyncio.get_running_loop()
            answer: asyncio.Future[list[str]] = loop.create_future()
            thread = threading.Thread(target=_answer, args=(loop, answer, host, port), name="name look-up", daemon=True)
            thread.start()
            return await answer


def _answer(loop: asyncio.AbstractEventLoop, answer: asyncio.Future[list[str]], host: str, port: int) -> None:
    found: list[str] | Exception
    try:
        entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        found = list(dict.fromkeys(str(entry[4][0]) for entry in entries))
    except Exception as error:  # noqa: BLE001 - it is raised where it is waited for
        found = error
    # The loop may have ended meanwhile.
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(_tell, answer, found)


def _tell(answer: asyncio.Future[list[str]], found: list[str] | Exception) -> None:
    if answer.done():
        return
    if isinstance(found, Exception):
        answer.set_exception(found)
    else:
        answer.set_result(found)
