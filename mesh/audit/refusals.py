"""Calls that were refused for who makes them, counted and told together, so that they cost little however many come."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Final

from flowmesh.events.v1.audit_pb2 import OperationRefused
from flowmesh.events.v1.event_pb2 import EventEnvelope, EventMetadata
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.bus.port import Bus, BusError
from mesh.bus.topics import AUDIT_EVENTS
from mesh.call import CallContext
from mesh.clock import Clock, SystemClock
from mesh.event_messages import EVENT_VERSION, event_message
from mesh.ids import new_id
from mesh.logs import get_log

REFUSED: Final = "audit.operation.refused.v1"
INTERVAL_SECONDS: Final = 5.0
MAX_KINDS: Final = 500
"""Different callers, methods, reasons and addresses that are told apart in one interval."""
ANYBODY: Final = "anonymous"
"""Key on the bus of refusals whose caller is not known."""

_log = get_log(__name__)
_Key = tuple[str, str, str, str, str]


@dataclass(slots=True)
class _Count:
    first: int
    last: int
    calls: int = 0


class RefusalLog:
    """Counts refused calls of a service, and tells the audit of them every few seconds.

    What was counted and not told is lost where the process is killed. While the bus does not answer, the counts are
    kept and grow.
    """

    def __init__(
        self,
        bus: Bus,
        source: str,
        *,
        clock: Clock | None = None,
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        self._bus = bus
        self._source = source
        self._clock = clock or SystemClock()
        self._interval = interval_seconds
        self._counts: dict[_Key, _Count] = {}
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def note(self, call: CallContext, reason: str) -> None:
        """Count a refused call."""
        key = (call.method.lstrip("/"), reason, call.user_id or "", call.session_id, call.client_address)
        now = self._clock.now_micros()
        self._add(key, _Count(now, now, 1))

    def _add(self, key: _Key, more: _Count) -> None:
        if key not in self._counts and len(self._counts) >= MAX_KINDS:
            key = ("", key[1], "", "", "")
        count = self._counts.setdefault(key, _Count(more.first, more.last))
        count.first = min(count.first, more.first)
        count.last = max(count.last, more.last)
        count.calls += more.calls

    def start(self) -> None:
        """Begin to tell."""
        self._task = asyncio.create_task(self._run(), name="refused calls")

    async def stop(self) -> None:
        """Tell what is left, as far as the bus takes it."""
        self._stopping.set()
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        failed = False
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), self._interval)
            try:
                await self.tell()
                failed = False
            except Exception as error:  # noqa: BLE001 - a bug as well: the next calls are to be told of all the same
                if not failed:
                    log = _log.warning if isinstance(error, BusError) else _log.error
                    log("Refused calls could not be told to the audit, trying again", error=error)
                failed = True

    async def tell(self) -> None:
        """Tell what was counted since the last time. Raises `BusError`; it is told the next time then."""
        counts, self._counts = self._counts, {}
        if not counts:
            return
        now = self._clock.now_micros()
        messages = [event_message(AUDIT_EVENTS, self._event(key, count, now), "") for key, count in counts.items()]
        try:
            await self._bus.publish(messages)
        except BusError:
            for key, count in counts.items():
                self._add(key, count)
            raise

    def _event(self, key: _Key, count: _Count, now: int) -> EventEnvelope:
        method, reason, user_id, session_id, address = key
        return EventEnvelope(
            event_id=new_id(),
            event_type=REFUSED,
            event_version=EVENT_VERSION,
            timestamp=_timestamp(now),
            source_service=self._source,
            biz_id=user_id or ANYBODY,
            metadata=EventMetadata(user_id=user_id, session_id=session_id),
            operation_refused=OperationRefused(
                method=method,
                reason=reason,
                client_address=address,
                count=count.calls,
                first_time=_timestamp(count.first),
                last_time=_timestamp(count.last),
            ),
        )


def _timestamp(micros: int) -> Timestamp:
    return Timestamp(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1000)
