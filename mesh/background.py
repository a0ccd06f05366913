"""How a task that runs beside the calls is ended."""

from __future__ import annotations

import asyncio
from typing import Any


async def end(task: asyncio.Task[Any] | None) -> None:
    """Cancel a task, if there is one, and wait until it has ended, however it does.

    A caller that is cancelled meanwhile hears of it, which suppressing the task's cancellation would keep from it.
    """
    if task is not None:
        task.cancel()
        await asyncio.wait([task])
