"""Gives messages that are kept to what waits for them, where nobody did so when the one or the other came.

That is so after a crash between the two steps of publishing or subscribing, when a paused instance was resumed, when a
definition was deployed or resumed, and when the instance has ended that kept a correlation key from starting another.
"""

from __future__ import annotations

from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.message_delivery import MessageDelivery
from engine_svc.storage.messages import wanted_messages

INTERVAL_SECONDS = 0.5


class MessageBuffer:
    """Goes round and round through the messages that are kept, a bounded batch each time."""

    def __init__(self, executor: InstanceExecutor, messages: MessageDelivery) -> None:
        self._executor = executor
        self._messages = messages
        self._after = ""

    async def run(self) -> bool:
        """Look through the next batch; there is never more to do at once."""
        now = self._executor.clock.now_micros()
        rows, self._after = await self._executor.database.read(wanted_messages(self._after, now))
        for row in rows:
            await self._messages.match(row)
        return False
