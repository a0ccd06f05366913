"""What is the local bus's own: its file, its heartbeats, what wakes it. What every bus promises is in `tests/bus`."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from mesh.bus import local_consumer
from mesh.bus.local import LocalBus, opened
from mesh.bus.local_consumer import LocalConsumer
from mesh.bus.local_groups import SESSION_MICROS, share_out
from mesh.bus.local_store import Topic
from mesh.bus.port import (
    BusError,
    BusMessage,
    CommitRejected,
    ReceivedMessage,
    TopicSpec,
)
from mesh.bus.topics import dead_letter_topic

TOPIC = TopicSpec("events", 4, 3_600)
OTHER = TopicSpec("other", 2, 3_600)
DEAD = TopicSpec(dead_letter_topic("events"), 1, 3_600)


class TurnableClock:
    def __init__(self) -> None:
        self.offset = 0

    def now_micros(self) -> int:
        return time.time_ns() // 1000 + self.offset


@pytest.fixture
def clock() -> TurnableClock:
    return TurnableClock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bus.db"


@pytest.fixture
async def bus(path: Path, clock: TurnableClock) -> AsyncIterator[LocalBus]:
    bus = await LocalBus.open(path, clock=clock)
    await bus.ensure_topics([TOPIC, OTHER, DEAD])
    yield bus
    await bus.close()


def messages(count: int, keys: int = 10, start: int = 0) -> list[BusMessage]:
    return [BusMessage("events", f"k{n % keys}", str(n).encode()) for n in range(start, start + count)]


async def drain(consumer: LocalConsumer, *, commit: bool = True) -> list[ReceivedMessage]:
    found: list[ReceivedMessage] = []
    while batch := await consumer.poll(100, 0):
        found += batch
        if commit:
            await consumer.commit(batch)
    return found


def by_key(received: Sequence[ReceivedMessage]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = defaultdict(list)
    for message in received:
        found[message.key].append(int(message.value))
    return dict(found)


async def test_a_waiting_poll_is_woken_by_a_message(bus: LocalBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local_consumer, "FIRST_PAUSE_SECONDS", 30)
    consumer = await bus.consumer("group", ["events"])
    polling = asyncio.create_task(consumer.poll(10, 30))
    await asyncio.sleep(0.05)
    assert not polling.done()
    await bus.publish(messages(1))
    assert len(await asyncio.wait_for(polling, 5)) == 1
    started = time.monotonic()
    assert await consumer.poll(10, 0.1) == []
    assert 0.09 < time.monotonic() - started < 2


async def test_a_message_of_another_process_is_seen_soon(path: Path, bus: LocalBus) -> None:
    consumer = await bus.consumer("group", ["events"])
    async with opened(path) as other:
        delays = []
        for number in range(10):
            polling = asyncio.create_task(consumer.poll(10, 30))
            await asyncio.sleep(0.1)
            started = time.monotonic()
            await other.publish(messages(1, start=number))
            assert len(await polling) == 1
            delays.append(time.monotonic() - started)
    assert sorted(delays)[5] < 0.2


async def test_a_cancelled_poll_loses_nothing(bus: LocalBus) -> None:
    consumer = await bus.consumer("group", ["events"])
    rng = random.Random(7)
    received: list[ReceivedMessage] = []
    for number in range(200):
        polling = asyncio.create_task(consumer.poll(10, 1))
        for _ in range(rng.randrange(6)):
            await asyncio.sleep(0)
        await bus.publish(messages(1, start=number))
        polling.cancel()
        try:
            received += await polling
        except asyncio.CancelledError:
            continue
    received += await drain(consumer)
    assert sorted(int(message.value) for message in received) == list(range(200))


async def test_members_share_the_partitions(path: Path, bus: LocalBus) -> None:
    async with opened(path) as other_process:
        first = await bus.consumer("group", ["events"])
        assert len(first.partitions) == 4
        second = await other_process.consumer("group", ["events", "other"])
        # Nothing moves before the first one asks for more.
        assert [topic for topic, _ in second.partitions] == ["other", "other"]
        await first.poll(1, 0)
        await second.poll(1, 0)
        assert len(first.partitions) == 2
        assert not set(first.partitions) & set(second.partitions)
        await bus.publish(messages(400, keys=100))
        received = [*(await drain(first)), *(await drain(second))]
        assert by_key(received) == {f"k{key}": list(range(key, 400, 100)) for key in range(100)}
        await first.close()
        await second.poll(1, 0)
        assert len(second.partitions) == 6


async def test_a_silent_member_loses_its_partitions_and_cannot_commit(
    path: Path, bus: LocalBus, clock: TurnableClock
) -> None:
    await bus.publish(messages(40))
    silent = await bus.consumer("group", ["events"])
    batch = await silent.poll(40, 0)
    later = TurnableClock()
    later.offset = SESSION_MICROS + 1_000_000
    other = await LocalBus.open(path, clock=later)
    # Its heart beats in between, or does not: it is late by the other's clock either way.
    takes_over = await other.consumer("group", ["events"])
    assert len(takes_over.partitions) == 4
    taken = await takes_over.poll(40, 0)
    assert len(taken) == 40
    with pytest.raises(CommitRejected):
        await silent.commit(batch)
    await takes_over.commit(taken)
    clock.offset = later.offset
    # It comes back as a new member.
    name = silent.member
    assert await silent.poll(10, 0) == []
    assert silent.member != name
    await takes_over.poll(1, 0)
    await silent.poll(1, 0)
    assert len(silent.partitions) == 2
    await other.close()


async def test_a_killed_member_is_replaced_at_once(path: Path, bus: LocalBus) -> None:
    await bus.publish(messages(40))
    code = (
        "import asyncio, sys; sys.path[:0]=['.', 'gen']\n"
        "from pathlib import Path\n"
        "from mesh.bus.local import opened\n"
        "async def main():\n"
        "    async with opened(Path(sys.argv[1])) as bus:\n"
        "        consumer = await bus.consumer('group', ['events'])\n"
        "        print(len(await consumer.poll(100, 1)), flush=True)\n"
        "        await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"40\n"
    consumer = await bus.consumer("group", ["events"])
    assert consumer.partitions == []
    process.send_signal(signal.SIGKILL)
    await process.wait()
    received: list[ReceivedMessage] = []
    started = time.monotonic()
    while len(received) < 40 and time.monotonic() - started < 10:
        received += await consumer.poll(100, 0.1)
    assert len(received) == 40
    assert time.monotonic() - started < 3


def test_partitions_are_shared_out_evenly() -> None:
    topics = {name: Topic(n, name, tuple(range(n * 100, n * 100 + 12))) for n, name in enumerate(["a", "b"])}
    shares = share_out({"m1": ["a"], "m2": ["a", "b"], "m3": ["a"]}, topics)
    assert len(shares) == 24
    assert sorted(list(shares.values()).count(member) for member in ("m1", "m2", "m3")) == [4, 4, 16]
    assert share_out({}, topics) == {}


async def test_keys_keep_their_partition() -> None:
    # Fixed by the CRC: files of earlier releases hold earlier messages of the same keys.
    topic = Topic(1, "t", tuple(range(12)))
    assert [topic.partition_of(key) for key in ("", "a", "instance-1", "流程")] == [0, 3, 5, 6]


async def test_a_file_of_a_newer_release_is_refused(path: Path, bus: LocalBus) -> None:
    import sqlite3

    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version=2")
    connection.close()
    with pytest.raises(BusError, match="start the newer release"):
        await LocalBus.open(path)


async def test_retention(bus: LocalBus, clock: TurnableClock, caplog: pytest.LogCaptureFixture) -> None:
    consumer = await bus.consumer("group", ["events"])
    clock.offset = -3_700 * 1_000_000
    await bus.publish(messages(1, keys=1))
    await consumer.commit(await consumer.poll(1, 0))
    await bus.publish(messages(2_500, keys=1, start=1))
    await bus.publish([BusMessage("other", "k", b"old")])
    clock.offset = 0
    await bus.publish(messages(10, keys=1, start=2_501))
    assert await bus.prune() == 4
    assert await bus.prune() == 0
    # Never read by this group: gone all the same, but it is said.
    assert [int(message.value) for message in await drain(consumer)] == list(range(2_501, 2_511))
    assert "missed messages that were past their retention: events/" in caplog.text
    assert sum(offset.lag for offset in await bus.group_offsets("group")) == 0


async def test_idle_bus_costs_little(bus: LocalBus) -> None:
    consumer = await bus.consumer("group", ["events"])
    before = os.times()
    await consumer.poll(10, 2.0)
    after = os.times()
    assert after.user + after.system - before.user - before.system < 0.3
