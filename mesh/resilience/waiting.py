"""A process that starts waits for what it needs, says so, and gives up after a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from mesh.admin_http import Readiness
from mesh.logs import get_log

T = TypeVar("T")

FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 1.0
SAY_SECONDS = 5.0

_log = get_log(__name__)


async def wait_for(
    what: str,
    attempt: Callable[[], Awaitable[T]],
    passing: Callable[[Exception], bool],
    *,
    seconds: float | None,
    readiness: Readiness | None = None,
) -> T:
    """Try until it works; return what it gave.

    What `attempt` raises is waited out while `passing` says that it may pass, at most so many seconds (None: without
    end). Says what it waits for and why, at once and then every five seconds, in the log and on the page of
    readiness. Raises what the last attempt raised.
    """
    now = asyncio.get_running_loop().time
    began = now()
    say_at = began
    pause = FIRST_PAUSE_SECONDS
    try:
        while True:
            try:
                result = await attempt()
            except Exception as error:
                left = float("inf") if seconds is None else began + seconds - now()
                if not passing(error) or left <= 0:
                    raise
                if readiness is not None:
                    readiness.waiting[what] = str(error)
                if now() >= say_at:
                    _log.warning("Waiting", what=what, reason=str(error), seconds=round(now() - began, 1))
                    say_at = now() + SAY_SECONDS
                await asyncio.sleep(min(pause, left))
                pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
            else:
                if say_at > began:
                    _log.info("It is there", what=what, seconds=round(now() - began, 1))
                return result
    finally:
        if readiness is not None:
            readiness.waiting.pop(what, None)
