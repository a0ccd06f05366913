"""What is Kafka's own: brokers that go and come back, half-published batches, retention, many dead letters."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from aiokafka.protocol.fetch import FetchRequest

from mesh.bus import headers, kafka_consumer
from mesh.bus.drift import compare
from mesh.bus.kafka import KafkaBus
from mesh.bus.kafka_address import parse_address
from mesh.bus.kafka_producer import KafkaPublisher
from mesh.bus.kafka_records import MAX_MESSAGE_BYTES
from mesh.bus.port import Bus, BusError, BusMessage, CommitRejected, MessageRefused
from mesh.bus.topics import all_topics
from tests.bus.conftest import TOPICS
from tests.bus.reading import at, by_key, messages, take
from tests.infrastructure.kafka import SASL_PASSWORD, SASL_USER, KafkaCluster, running_cluster

pytestmark = pytest.mark.kafka


@pytest.fixture
async def bus(kafka_url: str) -> AsyncIterator[KafkaBus]:
    opened = await KafkaBus.open(parse_address(kafka_url))
    await opened.ensure_topics(TOPICS)
    yield opened
    await opened.close()


async def test_the_topics_of_the_mesh(bus: KafkaBus) -> None:
    await bus.ensure_topics(all_topics())
    assert compare(all_topics(), await bus.topics()) == []


async def test_meshes_with_other_prefixes_do_not_meet(bus: KafkaBus, kafka_cluster: KafkaCluster) -> None:
    await bus.publish(messages(1))
    await take(await bus.consumer("group", ["events"]), 1)
    with kafka_cluster.own_url() as url:
        other = await KafkaBus.open(parse_address(url))
        try:
            assert await other.topics() == []
            assert await other.consumer_groups() == []
            with pytest.raises(MessageRefused):
                await other.publish(messages(1))
        finally:
            await other.close()


async def test_a_message_that_is_too_large_is_refused_and_the_others_can_go(bus: KafkaBus) -> None:
    with pytest.raises(MessageRefused):
        await bus.publish([BusMessage("events", "k", bytes(MAX_MESSAGE_BYTES))])
    await bus.publish([BusMessage("events", "k", bytes(20 * 1024 * 1024))])
    assert len(await take(await bus.consumer("group", ["events"]), 1)) == 1


async def until_refused(bus: KafkaBus, kafka_url: str) -> None:
    """Let the broker refuse messages of 20,000 bytes to `other`."""
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

    address = parse_address(kafka_url)
    admin = AIOKafkaAdminClient(**address.client_options())
    await admin.start()
    topic = ConfigResource(ConfigResourceType.TOPIC, address.real("other"), {"max.message.bytes": "10000"})
    await admin.alter_configs([topic])
    await admin.close()
    deadline = time.monotonic() + 20
    with pytest.raises(MessageRefused):
        while time.monotonic() < deadline:
            await bus.publish([BusMessage("other", "k", bytes(20_000))])


async def test_a_refusal_of_the_broker(bus: KafkaBus, kafka_url: str) -> None:
    """Some other limit than ours: refused, and the same publisher goes on."""
    await until_refused(bus, kafka_url)
    await bus.publish([*messages(10), BusMessage("other", "k", b"small")])
    consumer = await bus.consumer("group", ["other"])
    while (await take(consumer, 1, max_messages=1))[0].value != b"small":
        continue


async def test_a_producer_that_failed_meanwhile_takes_a_batch(
    bus: KafkaBus, kafka_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One batch is about to be handed over while another one of the same producer fails for good."""
    from aiokafka import AIOKafkaProducer

    await until_refused(bus, kafka_url)
    send_batch = AIOKafkaProducer.send_batch
    reached, go_on = asyncio.Event(), asyncio.Event()

    async def held_up(self: AIOKafkaProducer, batch: Any, topic: str, *, partition: int) -> Any:
        if topic.endswith("events"):
            reached.set()
            await go_on.wait()
        return await send_batch(self, batch, topic, partition=partition)

    monkeypatch.setattr(AIOKafkaProducer, "send_batch", held_up)
    publishing = asyncio.create_task(bus.publish(messages(1)))
    await reached.wait()
    with pytest.raises(MessageRefused):
        await bus.publish([BusMessage("other", "k", bytes(20_000))])
    go_on.set()
    await publishing
    await bus.publish(messages(1, start=1, keys=1))
    assert len(await take(await bus.consumer("group", ["events"]), 2)) == 2


async def test_a_batch_that_is_cut_off_repeats_a_prefix_only(bus: KafkaBus, monkeypatch: pytest.MonkeyPatch) -> None:
    """Partitions and batches fail at random; who publishes again from the start keeps the order of each key."""
    import random

    from aiokafka.errors import KafkaTimeoutError

    from mesh.bus import kafka_producer

    monkeypatch.setattr(kafka_producer, "BATCH_BYTES", 400)
    rng = random.Random(11)
    hand_over = KafkaPublisher._hand_over

    async def failing(self: KafkaPublisher, *arguments: Any) -> asyncio.Future[Any]:
        taken = await hand_over(self, *arguments)
        if rng.random() < 0.1:
            # The broker has it, the publisher does not hear of it.
            await asyncio.wait((taken,))
            lost: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            lost.set_exception(KafkaTimeoutError())
            return lost
        return taken

    monkeypatch.setattr(KafkaPublisher, "_hand_over", failing)
    failures = 0
    for start in range(0, 600, 60):
        while True:
            try:
                await bus.publish(messages(60, start=start, keys=7))
                break
            except BusError:
                failures += 1
    assert failures > 5
    ends = sum(offset.end for offset in await _offsets_of(bus))
    received = by_key(await take(await bus.consumer("group", ["events"]), ends))
    assert ends > 600
    for key, numbers in received.items():
        first_times = list(dict.fromkeys(numbers))
        assert first_times == list(range(int(key[1:]), 600, 7)), key


async def _offsets_of(bus: Bus) -> list[Any]:
    looking = await bus.consumer("looking", ["events"])
    await looking.poll(1, 5.0)
    try:
        return await bus.group_offsets("looking")
    finally:
        await looking.close()


@pytest.mark.slow
async def test_a_member_that_works_too_long_is_replaced(
    bus: KafkaBus, kafka_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The others wait; after the time they are ready to wait, the commit is refused."""
    monkeypatch.setattr(kafka_consumer, "REBALANCE_MS", 4_000)
    await bus.publish(messages(20, keys=20))
    slow = await bus.consumer("group", ["events"])
    batch = await take(slow, 20, commit=False)
    quick = await bus.consumer("group", ["events"])
    received = await take(quick, 20)
    assert sorted(int(message.value) for message in received) == list(range(20))
    with pytest.raises(CommitRejected):
        await slow.commit(batch)
    await slow.close()


async def test_a_consumer_that_fetches_no_more_says_so(bus: KafkaBus, monkeypatch: pytest.MonkeyPatch) -> None:
    consumer = await bus.consumer("fetching", [TOPICS[0].name])
    send = consumer._consumer._client.send

    async def lost(node_id: int, request: Any, **named: Any) -> Any:
        if not isinstance(request, FetchRequest):
            return await send(node_id, request, **named)
        # As uvloop says it.
        raise RuntimeError("unable to perform operation on <TCPTransport closed=True>; the handler is closed")

    async with asyncio.timeout(60):
        while not consumer.partitions:
            await consumer.poll(10, 0.1)
        monkeypatch.setattr(consumer._consumer._client, "send", lost)
        with pytest.raises(BusError, match="data retrieval"):
            while True:
                await consumer.poll(10, 0.1)
    await consumer.close()


async def test_retention(bus: KafkaBus, kafka_url: str, caplog: pytest.LogCaptureFixture) -> None:
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.structs import TopicPartition

    await bus.publish([BusMessage("other", "k", str(number).encode()) for number in range(10)])
    consumer = await bus.consumer("group", ["other"])
    await consumer.commit(await take(consumer, 1, commit=False, max_messages=3))
    await consumer.close()
    # What retention does, without waiting for it.
    address = parse_address(kafka_url)
    admin = AIOKafkaAdminClient(**address.client_options())
    await admin.start()
    deleted = await admin.describe_topics([address.real("other")])
    assert deleted
    await _delete_records(address, TopicPartition(address.real("other"), 0), 7)
    await admin.close()
    with caplog.at_level(logging.ERROR):
        rest = await take(await bus.consumer("group", ["other"]), 3)
    assert [int(message.value) for message in rest] == [7, 8, 9]
    assert "missed messages that were past their retention: other/0" in caplog.text
    [offset] = await bus.group_offsets("group")
    assert (offset.begin, offset.end, offset.lag) == (7, 10, 0)


async def _delete_records(address: Any, place: Any, before: int) -> None:
    from aiokafka.admin import AIOKafkaAdminClient
    from aiokafka.admin.records_to_delete import RecordsToDelete

    admin = AIOKafkaAdminClient(**address.client_options())
    await admin.start()
    await admin.delete_records({place: RecordsToDelete(before_offset=before)})
    await admin.close()


async def test_a_letter_that_is_buried_again_is_the_same_letter(bus: KafkaBus) -> None:
    of = {headers.ORIGINAL_TOPIC: "events", headers.ORIGINAL_PARTITION: "0", headers.ORIGINAL_OFFSET: "7"}
    letters = [BusMessage("events.dlq", "k", b"x", {**of, headers.GROUP: group}) for group in ("a", "b", "a")]
    await bus.publish(letters)
    left = await bus.dead_letters("events", None, 10)
    assert [message.headers[headers.GROUP] for message in left] == ["b", "a"]


@pytest.mark.slow
async def test_a_hundred_thousand_letters(bus: KafkaBus, kafka_url: str) -> None:
    for start in range(0, 100_000, 5_000):
        await bus.publish(
            [
                BusMessage("events.dlq", f"k{n}", b"x" * 300, {headers.ORIGINAL_TOPIC: "events"})
                for n in range(start, start + 5_000)
            ]
        )
    fresh = await KafkaBus.open(parse_address(kafka_url))
    try:
        page = await fresh.dead_letters("events", None, 200)
        assert [message.key for message in page] == [f"k{n}" for n in range(200)]
        assert await fresh.discard_dead_letters([at(message) for message in page[::2]]) == 100
        seen = 100
        while page := await fresh.dead_letters("events", at(page[-1]), 5_000):
            seen += len(page)
        assert seen == 99_900
        assert [m.key for m in await bus.dead_letters("events", None, 3)] == ["k1", "k3", "k5"]
    finally:
        await fresh.close()


@pytest.fixture
def own_broker(tmp_path: Path) -> Any:
    with running_cluster(tmp_path / "kafka") as cluster:
        yield cluster


@pytest.mark.slow
async def test_signing_in(own_broker: KafkaCluster) -> None:
    place = f"127.0.0.1:{own_broker.brokers[0].sasl_port}?security=SASL_PLAINTEXT"
    bus = await KafkaBus.open(parse_address(f"kafka://{SASL_USER}:{quote(SASL_PASSWORD)}@{place}"))
    try:
        await bus.ensure_topics(TOPICS)
        await bus.publish([*messages(10), BusMessage("events.dlq", "k", b"", {headers.ORIGINAL_TOPIC: "events"})])
        assert len(await take(await bus.consumer("group", ["events"]), 10)) == 10
        [letter] = await bus.dead_letters("events", None, 10)
        assert await bus.replay_dead_letters([at(letter)]) == 1
        assert len(await bus.group_offsets("group")) == 4
    finally:
        await bus.close()
    with pytest.raises(BusError):
        await KafkaBus.open(parse_address(f"kafka://{SASL_USER}:wrong@{place}"))


@pytest.mark.slow
async def test_a_broker_that_is_gone_and_comes_back(own_broker: KafkaCluster) -> None:
    address = parse_address(own_broker.url())
    bus = await KafkaBus.open(address)
    impatient = KafkaPublisher(address, delivery_seconds=2.0)
    try:
        await bus.ensure_topics(TOPICS)
        await bus.publish(messages(10))
        await impatient.publish(messages(10, start=10))
        consumer = await bus.consumer("group", ["events"])
        assert len(await take(consumer, 20)) == 20
        own_broker.brokers[0].kill()
        for _ in range(2):
            with pytest.raises(BusError):
                await impatient.publish(messages(10, start=20))
        with pytest.raises(BusError):
            await bus.topics()
        with pytest.raises(BusError):
            await KafkaBus.open(address)
        waiting = asyncio.create_task(bus.publish(messages(10, start=30)))
        await asyncio.to_thread(own_broker.brokers[0].start)
        own_broker.await_ready()
        await waiting
        await impatient.publish(messages(10, start=20))
        late: list[Any] = []
        deadline = time.monotonic() + 40
        while len({message.value for message in late}) < 20:
            assert time.monotonic() < deadline
            late += await _polled(consumer)
        late.sort(key=lambda message: (message.partition, message.offset))
        # By two publishers: each one's own come in order, those of the first attempts perhaps again.
        for key, numbers in by_key(late).items():
            for low, high in ((20, 30), (30, 40)):
                own = list(dict.fromkeys(n for n in numbers if low <= n < high))
                assert own == [n for n in range(low, high) if n % 5 == int(key[1:])], key
    finally:
        await impatient.close()
        await bus.close()


@pytest.mark.slow
async def test_closing_while_the_broker_is_gone(own_broker: KafkaCluster) -> None:
    bus = await KafkaBus.open(parse_address(own_broker.url()))
    await bus.ensure_topics(TOPICS)
    await bus.publish(messages(10))
    consumer = await bus.consumer("group", ["events"])
    await take(consumer, 10)
    own_broker.brokers[0].kill()
    publishing = asyncio.create_task(bus.publish(messages(10)))
    await asyncio.sleep(0.5)
    publishing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await publishing
    async with asyncio.timeout(30):
        await bus.close()


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_one_of_three_brokers_dies_again_and_again(kafka_trio: KafkaCluster) -> None:
    bus = await KafkaBus.open(parse_address(kafka_trio.url(prefix="dies.")))
    try:
        await bus.ensure_topics(TOPICS)
        assert compare(TOPICS, await bus.topics(), replication=3, min_insync_replicas=2) == []
        stop = asyncio.Event()
        published = 0

        async def publish() -> None:
            nonlocal published
            while not stop.is_set():
                try:
                    await bus.publish(messages(20, start=published, keys=8))
                except BusError:
                    continue
                published += 20

        publishing = asyncio.create_task(publish())
        consumer = await bus.consumer("group", ["events"])
        received: list[Any] = []
        for broker in kafka_trio.brokers:
            await asyncio.to_thread(broker.kill)
            before = published
            deadline = time.monotonic() + 60
            while published < before + 200:
                assert time.monotonic() < deadline
                received += await _polled(consumer)
            await asyncio.to_thread(broker.start)
            await asyncio.to_thread(kafka_trio.await_ready)
        stop.set()
        await publishing
        deadline = time.monotonic() + 60
        while len({message.value for message in received}) < published:
            assert time.monotonic() < deadline
            received += await _polled(consumer)
        # A rebalance may deliver again what was delivered: what counts is how it lies.
        received.sort(key=lambda message: (message.partition, message.offset))
        for key, numbers in by_key(received).items():
            assert list(dict.fromkeys(numbers)) == list(range(int(key[1:]), published, 8)), key
    finally:
        await bus.close()


async def _polled(consumer: Any) -> list[Any]:
    page: list[Any] = await consumer.poll(200, 0.5)
    try:
        await consumer.commit(page)
    except (CommitRejected, BusError):
        return page
    return page
