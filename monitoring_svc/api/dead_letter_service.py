"""`flowmesh.monitoring.v1.DeadLetterService`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.monitoring.v1.dead_letter_service_pb2 import (
    DeadLetter,
    DiscardDeadLettersRequest,
    DiscardDeadLettersResponse,
    GetDeadLetterRequest,
    GetDeadLetterResponse,
    ListDeadLettersRequest,
    ListDeadLettersResponse,
    ReplayDeadLettersRequest,
    ReplayDeadLettersResponse,
)
from google.protobuf.json_format import Error as JsonError
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError

from mesh.audit.operation import Operation
from mesh.audit.telling import AuditedBus
from mesh.bus.port import Bus, MessagePosition, MessageRefused, ReceivedMessage
from mesh.bus.topics import dead_letter_topic
from mesh.clock import Clock, SystemClock
from mesh.errors import NotFound, Violation
from mesh.event_decoding import Unreadable, decode
from mesh.logs import get_log
from mesh.paging import decode_page_token, encode_page_token, page_size_of
from mesh.validation import invalid
from monitoring_svc.asking import SERVICE, asking, caller
from monitoring_svc.letters import before, letter_of, position_named, position_of

MAX_COUNT: Final = 1_000
MAX_SCANNED: Final = 10_000
"""Letters that one call reads at most in search of those of a group."""
MAX_SHOWN_BYTES: Final = 64 << 10
_READ: Final = 500
"""Letters read at a time; the bus returns fewer where their events are large."""
_ACT: Final = 500
_ACT_UNSEEN: Final = 100
_ACT_BYTES: Final = 16 << 20
"""Letters replayed or discarded at a time, by number, by number where their size is not known, and by size."""

_log = get_log(__name__)

Act = Callable[[Sequence[MessagePosition]], Awaitable[int]]


class DeadLetterServicer:
    """Shows, replays and discards what lies in the dead-letter topics. `bus_seconds`: how long the bus may take."""

    def __init__(self, bus: Bus, bus_seconds: float, clock: Clock | None = None) -> None:
        self._bus = bus
        self._audit = AuditedBus(bus, SERVICE)
        self._bus_seconds = bus_seconds
        self._clock = clock or SystemClock()

    async def ListDeadLetters(self, request: ListDeadLettersRequest) -> ListDeadLettersResponse:
        """List letters. Raises `NotFound` for an unknown topic, `InvalidField` for a foreign page token."""
        key = decode_page_token(request, int, int)
        await self._check_topic(request.topic)
        after = None if key is None else MessagePosition(dead_letter_topic(request.topic), *_two_numbers(key))
        size = page_size_of(request)
        found: list[tuple[MessagePosition, DeadLetter]] = []
        scanned = 0
        while len(found) <= size and scanned < MAX_SCANNED:
            wanted = _READ if request.consumer_group else min(size + 1 - len(found), _READ)
            batch = await self._read(request.topic, after, wanted)
            if not batch:
                break
            for message in batch:
                after = position_of(message)
                letter = _summary(message)
                if request.consumer_group in ("", letter.consumer_group):
                    found.append((after, letter))
            scanned += len(batch)
        else:
            # There may be more: behind the page's last letter, or behind the last one that was looked at.
            after = found[size - 1][0] if len(found) > size else after
            assert after is not None
            token = encode_page_token(request, (after.partition, after.offset))
            return ListDeadLettersResponse(dead_letters=[letter for _, letter in found[:size]], next_page_token=token)
        return ListDeadLettersResponse(dead_letters=[letter for _, letter in found])

    async def GetDeadLetter(self, request: GetDeadLetterRequest) -> GetDeadLetterResponse:
        """Read a letter with its event. Raises `NotFound`."""
        position = position_named(request.name)
        if position is not None:
            topic = request.name.rsplit(".", 2)[0]
            found = await self._read(topic, before(position), 1)
            if found and position_of(found[0]) == position:
                return GetDeadLetterResponse(dead_letter=_whole(found[0]))
        raise NotFound(
            "DEAD_LETTER_NOT_FOUND",
            f"There is no dead letter {request.name}: it was replayed, discarded, or is past its time.",
            metadata={"name": request.name},
        )

    async def ReplayDeadLetters(self, request: ReplayDeadLettersRequest) -> ReplayDeadLettersResponse:
        """Give letters back to their groups. Raises `InvalidField`, and `NotFound` for an unknown topic."""
        count, more = await self._act(request, self._bus.replay_dead_letters)
        _tell("Dead letters were replayed", request, count)
        return ReplayDeadLettersResponse(replayed_count=count, more=more)

    async def DiscardDeadLetters(self, request: DiscardDeadLettersRequest) -> DiscardDeadLettersResponse:
        """Remove letters. Raises `InvalidField`, and `NotFound` for an unknown topic."""
        count, more = await self._act(request, self._bus.discard_dead_letters)
        _tell("Dead letters were discarded", request, count)
        return DiscardDeadLettersResponse(discarded_count=count, more=more)

    async def _act(self, request: ReplayDeadLettersRequest | DiscardDeadLettersRequest, act: Act) -> tuple[int, bool]:
        """Do something to the letters that a request asks for; return to how many, and whether there may be more."""
        _check(request)
        more = False
        if request.names:
            named = dict.fromkeys(position_named(name) for name in request.names)
            positions = [position for position in named if position is not None]
            batches = [positions[start : start + _ACT_UNSEEN] for start in range(0, len(positions), _ACT_UNSEEN)]
        else:
            await self._check_topic(request.topic)
            batches, more = await self._find(request)
        count = 0
        for batch in batches:
            letters = [f"{at.topic}.{at.partition}.{at.offset}" for at in batch]
            operation = Operation("deadLetters", request.topic or batch[0].topic, before={"letters": letters})
            async with asking(self._bus_seconds):
                try:
                    async with self._audit.operation(operation) as came_of_it:
                        came_of_it["count"] = done = await act(batch)
                except MessageRefused as error:
                    raise NotFound("TOPIC_NOT_FOUND", f"The letters cannot go back: {error}.") from error
            count += done
        return count, more

    async def _find(
        self, request: ReplayDeadLettersRequest | DiscardDeadLettersRequest
    ) -> tuple[list[list[MessagePosition]], bool]:
        """Find letters, in batches, before anything is done to one: so what fails again is not met again."""
        if request.HasField("failed_before"):
            failed_before = request.failed_before.ToMicroseconds()
        else:
            failed_before = self._clock.now_micros()
        wanted = request.max_count or MAX_COUNT
        batches: list[list[MessagePosition]] = []
        after: MessagePosition | None = None
        found = scanned = size = 0
        while scanned < MAX_SCANNED:
            batch = await self._read(request.topic, after, _READ)
            if not batch:
                return batches, False
            for message in batch:
                after = position_of(message)
                letter = letter_of(message)
                if letter.failed_at >= failed_before or request.consumer_group not in ("", letter.group):
                    continue
                if found == wanted:
                    return batches, True
                if not batches or len(batches[-1]) == _ACT or size >= _ACT_BYTES:
                    batches.append([])
                    size = 0
                batches[-1].append(after)
                found += 1
                size += len(message.value)
            scanned += len(batch)
        return batches, True

    async def _read(self, topic: str, after: MessagePosition | None, limit: int) -> list[ReceivedMessage]:
        async with asking(self._bus_seconds):
            return await self._bus.dead_letters(topic, after, limit)

    async def _check_topic(self, topic: str) -> None:
        async with asking(self._bus_seconds):
            names = {state.name for state in await self._bus.topics()}
        if dead_letter_topic(topic) not in names:
            text = f"The event bus has no topic {topic} with dead letters."
            raise NotFound("TOPIC_NOT_FOUND", text, metadata={"topic": topic})


def _two_numbers(key: Sequence[str | int | None]) -> tuple[int, int]:
    partition, offset = key
    return int(partition or 0), int(offset or 0)


def _check(request: ReplayDeadLettersRequest | DiscardDeadLettersRequest) -> None:
    """Raise `InvalidField` unless a request names either letters or a topic, and filters a topic alone."""
    if bool(request.names) == bool(request.topic):
        raise invalid([Violation("names", "Give either names or a topic.")])
    if not request.names:
        return
    given = [
        field
        for field, there in (
            ("consumer_group", bool(request.consumer_group)),
            ("failed_before", request.HasField("failed_before")),
            ("max_count", request.max_count != 0),
        )
        if there
    ]
    if given:
        raise invalid([Violation(field, "Goes with a topic only.") for field in given])


def _tell(what: str, request: ReplayDeadLettersRequest | DiscardDeadLettersRequest, count: int) -> None:
    if count:
        _log.info(what, count=count, topic=request.topic, request_id=request.request_id, user_id=caller())


def _summary(message: ReceivedMessage) -> DeadLetter:
    letter = letter_of(message)
    found = DeadLetter(
        name=letter.name,
        topic=letter.topic,
        original_partition=letter.partition,
        original_offset=letter.offset,
        consumer_group=letter.group,
        reason=letter.reason,
        attempts=letter.attempts,
        key=message.key,
        size=len(message.value),
    )
    found.fail_time.FromMicroseconds(letter.failed_at)
    try:
        envelope = EventEnvelope.FromString(message.value)
    except DecodeError:
        return found
    found.event_id, found.event_type = envelope.event_id, envelope.event_type
    return found


def _whole(message: ReceivedMessage) -> DeadLetter:
    found, letter = _summary(message), letter_of(message)
    found.stack = letter.stack
    found.headers.update(letter.others)
    found.unreadable = _fault(message.value)
    event = _shown(message.value)
    if event is not None:
        found.event.CopyFrom(event)
    else:
        found.content = message.value[:MAX_SHOWN_BYTES]
    return found


def _fault(value: bytes) -> str:
    """Return why this release cannot read an event, empty where it can."""
    try:
        known = decode(value)
    except Unreadable as error:
        return f"{error.reason}: {error}"
    return "" if known is not None else "It is an event of a type that a newer release has."


def _shown(value: bytes) -> EventEnvelope | None:
    """Return the event, also one that breaks rules; None for what is no event or has no form as JSON."""
    try:
        envelope = EventEnvelope.FromString(value)
        return envelope if MessageToDict(envelope) else None
    except (DecodeError, JsonError, ValueError):
        return None
