"""Sends what is due: claims deliveries in batches, each for a time, hands them to their channels and writes what became
of them.

A claim is a lease: it ends by itself, so that what a process took that died is taken by another. Nothing is begun that
might not end before its lease does; what was begun when a process died is sent again, which receivers can tell by the
delivery's id.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from mesh.background import end
from mesh.clock import Clock, steady_seconds
from mesh.consumer import PASSING
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.ids import new_id
from mesh.logs import get_log
from notification_svc.channels.port import Channel, Delivered, Failed, Outcome, OutgoingMessage
from notification_svc.delivery.composing import Composer, Later, Nothing, read_material
from notification_svc.delivery.hosts import Hosts, host_of
from notification_svc.storage.deliveries import (
    Claim,
    DeliveryRow,
    Settlement,
    claim,
    claim_for,
    receivers_after,
    settle,
)
from notification_svc.storage.layout import ChannelType, DeliveryState, RecipientKind, WebhookState
from notification_svc.storage.webhooks import Failure, note_failures, note_success, read_webhooks
from notification_svc.timing.wall_clock import MICROS

POLL_SECONDS = 1.0
PAUSE_SECONDS = 1.0
LEASE_SLACK_SECONDS = 5.0
MAX_RETRIES = 3
MAX_SETTLED = 200
LONGEST_HOLD_SECONDS = 600.0
RECEIVERS = 50
"""Webhooks that are looked at in one round."""

_log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class Lane:
    """Channels that share places, so that none waits for another that is slow. `seconds`: for one message at most.

    `host_places`: of webhooks, how many may go to one host at once; 0: the hosts are not told apart. `slow_seconds`: a
    host that lets a message wait for longer is slow.
    """

    name: str
    channels: tuple[ChannelType, ...]
    channel: Channel | None
    places: int
    seconds: float
    host_places: int = 0
    slow_seconds: float = 0.0

    @property
    def lease_seconds(self) -> float:
        """How long a claim holds: as long as two messages may take, since one waits for a place behind another."""
        return 2 * self.seconds + LEASE_SLACK_SECONDS


@dataclass(frozen=True, slots=True)
class Retries:
    """Pauses between attempts: the first one, and by what it grows. `webhook_failures`: so many failed attempts in a
    row disable a webhook, which is left alone for longer after each of them."""

    first_seconds: float = 10.0
    factor: float = 6.0
    webhook_failures: int = 20

    def pause(self, attempts: int) -> float:
        """Return how long to wait after so many attempts."""
        return self.first_seconds * self.factor ** (attempts - 1) * random.uniform(0.8, 1.2)  # noqa: S311 - no secret

    def hold(self, failures: int) -> int:
        """Return for how many microseconds a webhook is left alone after so many failures in a row."""
        # A power that is too large for a float is one too many.
        seconds = self.first_seconds * 2.0 ** min(failures - 1, 32)
        return int(min(seconds, LONGEST_HOLD_SECONDS) * MICROS)


@dataclass(slots=True)
class SendingCounters:
    """What was done since the start."""

    delivered: int = 0
    failed: int = 0
    dead: int = 0
    skipped: int = 0


@dataclass(slots=True, eq=False)
class _Under:
    """A delivery that is under way in this process. `until`: when its lease ends, by `steady_seconds`; `host`: where a
    webhook leads."""

    delivery: DeliveryRow
    until: float
    host: str = ""


class Sender:
    """The lanes of one process."""

    def __init__(
        self, database: Database, clock: Clock, composer: Composer, lanes: Sequence[Lane], retries: Retries
    ) -> None:
        self._clock = clock
        self._settling = _Settling(database, clock, retries)
        self._lanes = [_LaneWorker(database, clock, composer, lane, retries, self._settling) for lane in lanes]

    @property
    def counters(self) -> SendingCounters:
        """What was done since the start."""
        return self._settling.counters

    def start(self) -> None:
        """Begin to send."""
        self._settling.start()
        for lane in self._lanes:
            lane.start()

    def wake(self) -> None:
        """Let the lanes look at once."""
        for lane in self._lanes:
            lane.wake()

    async def stop(self) -> None:
        """Take nothing more, end what is under way within a message's time, and write what became of it."""
        await asyncio.gather(*(lane.stop() for lane in self._lanes))
        await self._settling.stop()


class _LaneWorker:
    def __init__(
        self, database: Database, clock: Clock, composer: Composer, lane: Lane, retries: Retries, settling: _Settling
    ) -> None:
        self._database = database
        self._clock = clock
        self._composer = composer
        self._lane = lane
        self._retries = retries
        self._settling = settling
        self._places = asyncio.Semaphore(lane.places)
        self._hosts = Hosts(lane.places, lane.host_places, lane.slow_seconds) if lane.host_places else None
        self._last_receiver = ""
        self._progress = False
        self._under: dict[asyncio.Task[None], _Under] = {}
        self._wake = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name=f"sending {self._lane.name}")

    def wake(self) -> None:
        self._wake.set()

    async def stop(self) -> None:
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._under:
            await asyncio.wait(self._under, timeout=self._lane.seconds)
        for task in list(self._under):
            await end(task)

    async def _run(self) -> None:
        while not self._stopping:
            self._wake.clear()
            try:
                more = await self._round()
            except Exception as error:  # noqa: BLE001 - the work must go on whatever happens to one round of it
                _log.error("Deliveries could not be taken and will be tried again", error=error, lane=self._lane.name)
                more = False
            if not more:
                await self._rest()

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._wake.wait()
        except TimeoutError:
            return

    async def _round(self) -> bool:
        """Claim what there is room for; say whether there may be more to claim at once."""
        room = 2 * self._lane.places - len(self._under)
        if room < self._lane.places:
            if self._under:
                await asyncio.wait(self._under, return_when=asyncio.FIRST_COMPLETED)
            return True
        now, begun = self._clock.now_micros(), steady_seconds()
        until = now + int(self._lane.lease_seconds * MICROS)
        wanted = Claim(now, until, new_id(), {one.delivery.id for one in self._under.values()})
        if self._hosts is None:
            claimed = await self._database.write(claim(self._lane.channels, wanted, room))
            hosts: Mapping[str, str] = {}
            more = len(claimed) == room
        else:
            claimed, hosts, more = await self._claim_by_host(self._hosts, wanted, room)
        if not claimed:
            return more
        if self._lane.channel is None:
            reason = "This channel is not set up."
            skipped = [Settlement(delivery, DeliveryState.SKIPPED, reason) for delivery in claimed]
            await asyncio.gather(*(self._settling.settled(one) for one in skipped))
            return more
        material = await self._database.read(read_material(claimed))
        for delivery in claimed:
            under = _Under(delivery, begun + self._lane.lease_seconds, hosts.get(delivery.recipient_id, ""))
            composing = self._composer.compose(delivery, material, now)
            task = asyncio.create_task(self._deliver(under, composing, self._lane.channel))
            self._under[task] = under
            if self._hosts is not None:
                self._hosts.claim(under.host)
            task.add_done_callback(self._done)
        return more

    def _done(self, task: asyncio.Task[None]) -> None:
        under = self._under.pop(task)
        if self._hosts is not None and self._hosts.done(under.host):
            self.wake()

    async def _claim_by_host(
        self, hosts: Hosts, wanted: Claim, room: int
    ) -> tuple[list[DeliveryRow], Mapping[str, str], bool]:
        """Claim for the next receivers in turn; return that with their hosts, and whether there are more of them."""
        (channel,) = self._lane.channels
        receivers = await self._database.read(receivers_after(channel, wanted.now, self._last_receiver, RECEIVERS))
        webhooks = await self._database.read(read_webhooks(receivers))
        named = {one: host_of(webhooks[one].url) if one in webhooks else "" for one in receivers}
        under = {each.delivery.recipient_id for each in self._under.values()}
        # What waits for others becomes dead letters.
        enabled = [webhook for webhook in webhooks.values() if webhook.state == WebhookState.ENABLED]
        failing = {webhook.id for webhook in enabled if webhook.consecutive_failures}
        # Behind its pause one message finds out whether a receiver takes them again.
        held = {one.id for one in enabled if wanted.now < one.held_until} | (failing & under)
        given = hosts.rooms({one: host for one, host in named.items() if one not in held})
        rooms = {one: min(given[one], 1 if one in failing else room) for one in receivers if one not in held}
        claimed = await self._database.write(claim_for(channel, rooms, wanted, room)) if receivers else []
        self._progress = self._progress or bool(claimed)
        if len(claimed) == room:
            # Those behind were not asked.
            got = {delivery.recipient_id for delivery in claimed}
            self._last_receiver = next(one for one in reversed(receivers) if one in got)
            return claimed, named, True
        if len(receivers) == RECEIVERS:
            self._last_receiver = receivers[-1]
            return claimed, named, True
        # All had their turn. Where none of them could be sent to, it is waited until one can.
        more, self._last_receiver, self._progress = self._progress, "", False
        return claimed, named, more

    async def _deliver(
        self, under: _Under, composing: Awaitable[OutgoingMessage | Nothing | Later], channel: Channel
    ) -> None:
        delivery = under.delivery
        try:
            composed = await composing
        except Exception as error:  # noqa: BLE001 - one that cannot be worded must not keep the others
            _log.error("A delivery could not be composed", error=error, delivery=delivery.id)
            await self._settling.settled(
                self._failed(delivery, Failed(True, f"It could not be composed: {error}."), None)
            )
            return
        if isinstance(composed, Later):
            await self._settling.settled(Settlement(delivery, DeliveryState.PENDING, next_attempt_at=composed.at))
        elif isinstance(composed, Nothing):
            state = DeliveryState.DEAD if composed.dead else DeliveryState.SKIPPED
            await self._settling.settled(Settlement(delivery, state, composed.reason))
        else:
            await self._send(under, composed, channel)

    async def _send(self, under: _Under, message: OutgoingMessage, channel: Channel) -> None:
        delivery = under.delivery
        outcome: Outcome | None = None
        async with self._place(under):
            now, begun = self._clock.now_micros(), steady_seconds()
            if not self._stopping and begun + self._lane.seconds <= under.until:
                outcome = await self._outcome(channel, message)
                if self._hosts is not None:
                    timed_out = isinstance(outcome, Failed) and outcome.timed_out
                    self._hosts.note(under.host, steady_seconds() - begun, timed_out=timed_out)
        if outcome is None:
            # Nothing was sent: whoever comes next may begin at once.
            done = Settlement(delivery, DeliveryState.PENDING, next_attempt_at=now)
        elif isinstance(outcome, Delivered):
            done = Settlement(delivery, DeliveryState.DELIVERED, outcome.reference, attempted_at=now)
        else:
            done = self._failed(delivery, outcome, now)
        # It is under way until this is written: what a crash repeats is no more than that.
        await self._settling.settled(done, outcome)

    @asynccontextmanager
    async def _place(self, under: _Under) -> AsyncIterator[None]:
        if self._hosts is None:
            async with self._places:
                yield
        else:
            # That of the host first: whoever waits for it takes no place from others.
            async with self._hosts.place(under.host), self._places:
                yield

    async def _outcome(self, channel: Channel, message: OutgoingMessage) -> Outcome:
        try:
            async with asyncio.timeout(self._lane.seconds):
                return await channel.send(message)
        except TimeoutError:
            return Failed(
                True, f"It took longer than {self._lane.seconds:g} s; it may have been received.", timed_out=True
            )
        except Exception as error:  # noqa: BLE001 - a bug of one channel must not keep a delivery for ever
            _log.error("A channel failed by a bug", error=error, lane=self._lane.name)
            return Failed(True, f"The channel failed by a bug: {type(error).__name__}.", ours=True)

    def _failed(self, delivery: DeliveryRow, outcome: Failed, attempted_at: int | None) -> Settlement:
        now = self._clock.now_micros()
        if not outcome.retryable or delivery.attempts > MAX_RETRIES:
            return Settlement(delivery, DeliveryState.DEAD, outcome.reason, attempted_at=attempted_at or now)
        pause = max(outcome.retry_after, self._retries.pause(delivery.attempts))
        return Settlement(
            delivery,
            DeliveryState.PENDING,
            outcome.reason,
            now + int(pause * MICROS),
            attempted_at=attempted_at or now,
        )


@dataclass(slots=True)
class _Done:
    settlement: Settlement
    outcome: Outcome | None = field(default=None)
    written: asyncio.Event = field(default_factory=asyncio.Event)


class _Settling:
    """Writes what became of deliveries, as many together as came in while the last ones were written."""

    def __init__(self, database: Database, clock: Clock, retries: Retries) -> None:
        self._database = database
        self._clock = clock
        self._retries = retries
        self._done: list[_Done] = []
        self._more = asyncio.Event()
        self._stopping = False
        self._task: asyncio.Task[None] | None = None
        self.counters = SendingCounters()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="settling deliveries")

    async def stop(self) -> None:
        self._stopping = True
        self._more.set()
        if self._task is not None:
            await self._task

    async def settled(self, settlement: Settlement, outcome: Outcome | None = None) -> None:
        """Wait until it is written, or given up."""
        done = _Done(settlement, outcome)
        self._done.append(done)
        self._more.set()
        await done.written.wait()

    async def _run(self) -> None:
        while not (self._stopping and not self._done):
            await self._more.wait()
            self._more.clear()
            while self._done:
                batch, self._done = self._done[:MAX_SETTLED], self._done[MAX_SETTLED:]
                going_on = await self._written(batch)
                for one in batch:
                    one.written.set()
                if not going_on:
                    return

    async def _written(self, batch: Sequence[_Done]) -> bool:
        """Write; wait out what passes. False where that has to end: the leases end by themselves."""
        while True:
            try:
                await self._database.write(self._settle(batch))
            except PASSING as error:
                _log.warning("What became of deliveries cannot be written now", error=error)
                if self._stopping:
                    return False
                await asyncio.sleep(PAUSE_SECONDS)
            except Exception as error:  # noqa: BLE001 - a bug must not end it for good; the leases end by themselves
                _log.error("What became of deliveries could not be written", error=error)
                return True
            else:
                self._count(batch)
                return True

    def _settle(self, batch: Sequence[_Done]) -> Program[None]:
        now = self._clock.now_micros()
        yield from settle([one.settlement for one in batch], now)
        to_webhooks = [
            one
            for one in batch
            if one.outcome is not None and one.settlement.delivery.recipient_kind == RecipientKind.WEBHOOK
        ]
        taken = {one.settlement.delivery.recipient_id for one in to_webhooks if isinstance(one.outcome, Delivered)}
        yield from note_success(taken)
        failures: dict[str, list[Failure]] = {}
        for one in to_webhooks:
            webhook_id, outcome = one.settlement.delivery.recipient_id, one.outcome
            if not isinstance(outcome, Failed) or outcome.ours:
                continue
            # Who takes one and asks to be left alone with the next is left alone.
            if webhook_id not in taken or outcome.retry_after or outcome.address_gone:
                begun_at, wait = one.settlement.attempted_at or now, int(outcome.retry_after * MICROS)
                failures.setdefault(webhook_id, []).append(
                    Failure(begun_at, outcome.reason, wait, outcome.address_gone)
                )
        yield from note_failures(failures, self._retries.hold, self._retries.webhook_failures, now)

    def _count(self, batch: Sequence[_Done]) -> None:
        counters = self.counters
        for one in batch:
            state = one.settlement.state
            counters.delivered += state == DeliveryState.DELIVERED
            counters.dead += state == DeliveryState.DEAD
            counters.skipped += state == DeliveryState.SKIPPED
            counters.failed += isinstance(one.outcome, Failed)
