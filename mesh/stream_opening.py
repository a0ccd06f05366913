"""When a stream says that it is open: with its first message, or by itself where that is long in coming.

What is refused before the first message is then an error of the whole call, which over REST has a status of its own:
once metadata was sent, the gateway has answered 200.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

OPEN_SECONDS: Final = 0.5


class StreamOpening:
    """Sends the initial metadata of a stream, once. `send` does that."""

    __slots__ = ("_later", "_send", "_sending", "said")

    def __init__(self, send: Callable[[], Awaitable[None]]) -> None:
        self._send = send
        self._sending: asyncio.Task[None] | None = None
        self.said = False
        self._later = asyncio.get_running_loop().call_later(OPEN_SECONDS, self._begin)

    async def say(self) -> None:
        """Say that the stream is open, unless that was said."""
        self._later.cancel()
        await self._begin()
        self.said = True

    async def settle(self) -> None:
        """Return when nothing of it is under way: the call can be ended. It is not said any more."""
        self._later.cancel()
        if self._sending is not None and not self._sending.done():
            await asyncio.wait([self._sending])

    def end(self) -> None:
        """Leave nothing behind."""
        self._later.cancel()
        if self._sending is None:
            return
        if not self._sending.done():
            self._sending.cancel()
        elif not self._sending.cancelled():
            # A caller that is gone cannot be told, and its call ends by itself.
            self._sending.exception()

    def _begin(self) -> asyncio.Task[None]:
        if self._sending is None:
            self._sending = asyncio.ensure_future(self._sent())
        return self._sending

    async def _sent(self) -> None:
        await self._send()
