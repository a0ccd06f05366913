"""A member of a consumer group on Kafka.

While a batch is in work, the partitions stay: a rebalance waits for the next `poll`, as long as the broker lets it
wait. Who takes longer, or slept, is thrown out of the group by the broker, and its commits are refused.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from mesh.bus.kafka_address import KafkaAddress
from mesh.bus.kafka_errors import bus_errors
from mesh.bus.kafka_records import from_record
from mesh.bus.port import CommitRejected, ReceivedMessage

if TYPE_CHECKING:
    from collections.abc import Callable

SESSION_MS = 6_000
"""How long a member lives without a heartbeat: the least that brokers allow unless told otherwise."""
HEARTBEAT_MS = 1_500
REBALANCE_MS = 30_000
"""How long the others wait for a member that works on a batch."""
FETCH_BYTES = 8 * 1024 * 1024
"""One answer of a broker has at most this much, or one larger batch."""
PARTITION_FETCH_BYTES = 1024 * 1024
FETCH_WAIT_MS = 100
"""How long a broker waits for messages before it answers that there are none; not the latency of a message."""
COMMIT_SECONDS = 10.0
STOP_SECONDS = 3.0
GAP_CHECK_SECONDS = 5.0
POLL_GRACE_SECONDS = 1.0

log = logging.getLogger(__name__)


class KafkaConsumer(ConsumerRebalanceListener):  # type: ignore[misc]
    """See `mesh.bus.port.Consumer`. Made by `KafkaBus.consumer`; one task at a time may use it."""

    def __init__(
        self,
        address: KafkaAddress,
        group: str,
        topics: Sequence[str],
        forget: Callable[[KafkaConsumer], None] = lambda _: None,
    ) -> None:
        self.group = group
        self._address = address
        self._topics = {address.real(topic): topic for topic in topics}
        self._forget = forget
        self._idle = asyncio.Event()
        self._idle.set()
        self._membership = 0
        self._batch_membership = 0
        self._returned: dict[Any, int] = {}
        self._committed: dict[Any, int] = {}
        """By partition the offset behind what `poll` has returned and what was committed, in this membership."""
        self._consumer = AIOKafkaConsumer(
            **address.client_options(),
            group_id=address.real(group),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            # Transactions replay dead letters: one that was cut off must not be seen.
            isolation_level="read_committed",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=HEARTBEAT_MS,
            rebalance_timeout_ms=REBALANCE_MS,
            max_poll_interval_ms=10 * REBALANCE_MS,
            fetch_max_bytes=FETCH_BYTES,
            max_partition_fetch_bytes=PARTITION_FETCH_BYTES,
            fetch_max_wait_ms=FETCH_WAIT_MS,
            partition_assignment_strategy=(RoundRobinPartitionAssignor,),
        )

    @property
    def partitions(self) -> list[tuple[str, int]]:
        """Topic and number of the partitions that it works on."""
        return sorted((self._topics[place.topic], place.partition) for place in self._consumer.assignment())

    async def join(self) -> None:
        """Connect, and become a member of the group in the background. Raises `BusError`."""
        with bus_errors(f"the consumer group {self.group} could not be joined"):
            await self._consumer.start()
            self._consumer.subscribe(list(self._topics), listener=self)

    async def poll(self, max_messages: int, timeout_seconds: float) -> list[ReceivedMessage]:
        """See `Consumer.poll`."""
        self._idle.set()
        with bus_errors(f"the consumer group {self.group} could not read"):
            fetching = self._consumer._fetcher.error_future
            if fetching.done():
                # The library tells nobody: there would be no messages for ever.
                fetching.result()
            try:
                # Awaited by this task itself: cancelled, it has not taken anything out yet.
                async with asyncio.timeout(timeout_seconds + POLL_GRACE_SECONDS):
                    found = await self._consumer.getmany(
                        timeout_ms=int(timeout_seconds * 1000), max_records=max_messages
                    )
            except TimeoutError:
                # Another member is not ready to share out anew.
                return []
            if not found:
                await self._pass_markers()
        if found:
            # No pause lies between taking the messages and this: a rebalance sees either both or none.
            self._idle.clear()
            self._batch_membership = self._membership
            self._returned.update((place, records[-1].offset + 1) for place, records in found.items())
        return [
            from_record(self._topics[place.topic], record)
            for place, records in found.items()
            for record in records
            if record.value is not None
        ]

    async def commit(self, messages: Sequence[ReceivedMessage]) -> None:
        """See `Consumer.commit`."""
        offsets: dict[Any, int] = {}
        for message in messages:
            place = TopicPartition(self._address.real(message.topic), message.partition)
            offsets[place] = max(offsets.get(place, 0), message.offset + 1)
        if not offsets:
            return
        if self._batch_membership != self._membership:
            raise CommitRejected(f"{self.group} was shared out anew while a batch was in work: its messages come again")
        with bus_errors(f"the consumer group {self.group} could not commit"):
            try:
                async with asyncio.timeout(COMMIT_SECONDS):
                    await self._consumer.commit(offsets)
            except (CommitFailedError, IllegalStateError) as error:
                raise CommitRejected(f"another member of {self.group} may have these partitions now") from error
        if self._batch_membership == self._membership:
            self._committed.update(offsets)

    async def _pass_markers(self) -> None:
        """Commit past the markers of transactions, which have offsets too: else they would be told as lag."""
        passed = {}
        for place in self._consumer.assignment():
            done = self._committed.get(place)
            if done is not None and done == self._returned.get(place):
                position = await self._consumer.position(place)
                if position > done:
                    passed[place] = position
        if not passed:
            return
        try:
            async with asyncio.timeout(COMMIT_SECONDS):
                await self._consumer.commit(passed)
        except (CommitFailedError, IllegalStateError):
            # Shared out anew meanwhile: whoever has them now does it.
            return
        self._returned.update(passed)
        self._committed.update(passed)

    async def close(self) -> None:
        """See `Consumer.close`."""
        self._forget(self)
        self._idle.set()
        stopping = asyncio.create_task(self._consumer.stop())
        done, _ = await asyncio.wait((stopping,), timeout=STOP_SECONDS)
        if not done:
            # Waits for an answer of the broker, for example until another member has finished its batch.
            stopping.cancel()
        error = (await asyncio.gather(stopping, return_exceptions=True))[0]
        if error is not None:
            log.warning("a consumer could not leave the group %s, its session runs out: %r", self.group, error)
            rest = [self._consumer._client.close()]
            if self._consumer._fetcher is not None:
                rest.insert(0, self._consumer._fetcher.close())
            await asyncio.gather(*rest, return_exceptions=True)

    async def on_partitions_revoked(self, revoked: object) -> None:
        """Hold a rebalance until the batch is dealt with."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._idle.wait(), REBALANCE_MS / 1000)
        self._membership += 1
        self._returned.clear()
        self._committed.clear()

    async def on_partitions_assigned(self, assigned: Sequence[Any]) -> None:
        """Say so where messages passed their retention before this group read them."""
        try:
            async with asyncio.timeout(GAP_CHECK_SECONDS):
                oldest = await self._consumer.beginning_offsets(list(assigned)) if assigned else {}
                for place, begin in oldest.items():
                    committed = await self._consumer.committed(place)
                    if committed is not None and committed < begin:
                        log.error(
                            "consumer group %s missed messages that were past their retention: %s/%s offsets %s to %s",
                            self.group,
                            self._topics.get(place.topic, place.topic),
                            place.partition,
                            committed,
                            begin - 1,
                        )
        except (TimeoutError, KafkaError, OSError) as error:
            log.warning("could not tell whether %s missed messages: %r", self.group, error)
