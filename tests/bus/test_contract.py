"""What every bus promises, by the port."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest

from mesh.bus.port import (
    Bus,
    BusError,
    BusMessage,
    CommitRejected,
    Consumer,
    GroupActive,
    GroupOffset,
    MessageRefused,
    ReceivedMessage,
    RewindTarget,
    TopicSpec,
    TopicState,
)
from tests.bus.conftest import TOPICS, OpenBus
from tests.bus.reading import by_key, messages, none_more, settle, take


async def test_messages_arrive_whole_and_in_order_of_their_key(bus: Bus) -> None:
    headers = {"traceparent": "00-abc", "ünï": "流程", "empty": ""}
    value = bytes(range(256))
    await bus.publish([BusMessage("other", "key", value, headers), BusMessage("other", "", b"")])
    for start in range(0, 1_000, 100):
        await bus.publish(messages(100, start=start))
    consumer = await bus.consumer("group", ["events", "other"])
    received = await take(consumer, 1_002)
    await none_more(consumer)
    first, second = (message for message in received if message.topic == "other")
    assert (first.key, first.value, dict(first.headers), first.partition) == ("key", value, headers, 0)
    assert (second.key, second.value, dict(second.headers)) == ("", b"", {})
    assert abs(first.timestamp_micros - time.time() * 1_000_000) < 600_000_000
    events = [message for message in received if message.topic == "events"]
    assert by_key(events) == {f"k{key}": list(range(key, 1_000, 5)) for key in range(5)}
    # A key has one partition.
    assert len({(message.key, message.partition) for message in events}) == 5


async def test_what_was_committed_does_not_come_again(bus: Bus, another: OpenBus) -> None:
    await bus.publish(messages(100))
    first = await bus.consumer("group", ["events"])
    received = await take(first, 1, max_messages=30)
    lost = await take(first, 1, commit=False)
    await first.close()
    second = await (await another()).consumer("group", ["events"])
    rest = await take(second, 100 - len(received))
    assert sorted(int(message.value) for message in [*received, *rest]) == list(range(100))
    assert {message.value for message in lost} <= {message.value for message in rest}
    await none_more(second)
    # Another group has its own place.
    assert len(await take(await bus.consumer("others", ["events"]), 100)) == 100


async def test_a_waiting_poll_gets_what_another_process_publishes(bus: Bus, another: OpenBus) -> None:
    consumer = await bus.consumer("group", ["events"])
    await settle([consumer], 4)
    waiting = asyncio.create_task(consumer.poll(10, 30.0))
    await asyncio.sleep(0.1)
    await (await another()).publish(messages(1))
    assert [int(message.value) for message in await waiting] == [0]


async def test_an_empty_poll_ends_in_time(bus: Bus) -> None:
    consumer = await bus.consumer("group", ["events"])
    async with asyncio.timeout(20):
        assert await consumer.poll(10, 0.0) == []
        assert await consumer.poll(10, 0.2) == []


async def test_cancelled_polls_lose_nothing(bus: Bus) -> None:
    consumer = await bus.consumer("group", ["events"])
    received: list[ReceivedMessage] = []
    publishing = asyncio.create_task(_trickle(bus, 300))
    pause = 0.0
    deadline = time.monotonic() + 40
    while len(received) < 300:
        assert time.monotonic() < deadline
        poll = asyncio.create_task(consumer.poll(7, 5.0))
        await asyncio.sleep(pause)
        pause = (pause + 0.0007) % 0.01
        poll.cancel()
        try:
            received += await poll
        except asyncio.CancelledError:
            continue
    await publishing
    assert by_key(received) == {f"k{key}": list(range(key, 300, 5)) for key in range(5)}


async def _trickle(bus: Bus, count: int) -> None:
    for number in range(count):
        await bus.publish(messages(1, start=number))


async def test_members_share_the_partitions(bus: Bus, another: OpenBus) -> None:
    first = await bus.consumer("group", ["events"])
    await settle([first], 4)
    second = await (await another()).consumer("group", ["events"])
    await settle([first, second], 4)
    await bus.publish(messages(40, keys=40))
    received: list[int] = []
    deadline = time.monotonic() + 40
    while len(received) < 40:
        assert time.monotonic() < deadline
        for page, consumer in zip(
            await asyncio.gather(first.poll(10, 0.5), second.poll(10, 0.5)), (first, second), strict=True
        ):
            received += [int(message.value) for message in page]
            await consumer.commit(page)
    assert sorted(received) == list(range(40))
    # Who leaves is replaced.
    await second.close()
    await settle([first], 4)


async def test_a_partition_stays_while_a_batch_of_it_is_in_work(bus: Bus, another: OpenBus) -> None:
    first = await bus.consumer("group", ["events"])
    await bus.publish(messages(20, keys=20))
    batch = await take(first, 1, commit=False)
    second = await (await another()).consumer("group", ["events"])
    assert await second.poll(10, 2.0) == []
    # Still its own, though another has come.
    await first.commit(batch)
    received = [int(message.value) for message in batch]
    deadline = time.monotonic() + 40
    while len(received) < 20 or not second.partitions:
        assert time.monotonic() < deadline
        for page, consumer in zip(
            await asyncio.gather(first.poll(10, 0.5), second.poll(10, 0.5)), (first, second), strict=True
        ):
            received += [int(message.value) for message in page]
            await consumer.commit(page)
    # Nothing came twice: what was committed was not given to the other.
    assert sorted(received) == list(range(20))


PAUSED = """
import asyncio, sys; sys.path[:0] = ['.', 'gen']
from mesh.bus.opening import open_bus
from mesh.bus.port import CommitRejected
async def main():
    bus = await open_bus(sys.argv[1])
    consumer = await bus.consumer('group', ['events'])
    batch = []
    while not batch:
        batch = await consumer.poll(10, 1.0)
    print('working', flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    try:
        await consumer.commit(batch)
    except CommitRejected:
        print('rejected', flush=True)
    else:
        print('committed', flush=True)
    await bus.close()
asyncio.run(main())
"""


@pytest.mark.slow
async def test_a_member_that_slept_is_replaced_and_its_commit_refused(bus: Bus, bus_url: str) -> None:
    import os
    import signal

    await bus.publish(messages(20, keys=20))
    sleeper = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PAUSED, bus_url, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert sleeper.stdout is not None
    assert sleeper.stdin is not None
    try:
        assert await sleeper.stdout.readline() == b"working\n"
        os.kill(sleeper.pid, signal.SIGSTOP)
        consumer = await bus.consumer("group", ["events"])
        received = await take(consumer, 20)
        os.kill(sleeper.pid, signal.SIGCONT)
        sleeper.stdin.write(b"go on\n")
        assert await sleeper.stdout.readline() == b"rejected\n"
        assert sorted(int(message.value) for message in received) == list(range(20))
        assert await sleeper.wait() == 0
    finally:
        if sleeper.returncode is None:
            sleeper.kill()
            await sleeper.wait()


@pytest.mark.slow
async def test_a_killed_member_is_replaced(bus: Bus, bus_url: str) -> None:
    await bus.publish(messages(20, keys=20))
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PAUSED, bus_url, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert victim.stdout is not None
    assert await victim.stdout.readline() == b"working\n"
    victim.kill()
    await victim.wait()
    consumer = await bus.consumer("group", ["events"])
    assert sorted(int(message.value) for message in await take(consumer, 20)) == list(range(20))


async def test_the_commit_of_nothing(bus: Bus) -> None:
    consumer = await bus.consumer("group", ["events"])
    await consumer.commit([])


async def test_unknown_topics_are_refused_and_nothing_is_published(bus: Bus) -> None:
    with pytest.raises(MessageRefused):
        await bus.publish([*messages(3), BusMessage("nowhere", "k", b"")])
    with pytest.raises(BusError):
        await bus.consumer("group", ["nowhere"])
    await bus.publish([])
    await none_more(await bus.consumer("group", ["events"]), 1.0)


async def test_large_messages(bus: Bus) -> None:
    large = [BusMessage("other", "k", bytes([n]) * (2 * 1024 * 1024 + n)) for n in range(6)]
    await bus.publish(large)
    consumer = await bus.consumer("group", ["other"])
    assert [message.value for message in await take(consumer, 6)] == [message.value for message in large]


async def test_publishers_of_many_processes_at_once(bus: Bus, bus_url: str) -> None:
    code = (
        "import asyncio, sys; sys.path[:0]=['.', 'gen']\n"
        "from mesh.bus.opening import open_bus\n"
        "from mesh.bus.port import BusMessage\n"
        "async def main():\n"
        "    bus = await open_bus(sys.argv[1])\n"
        "    for n in range(50):\n"
        "        await bus.publish([BusMessage('events', sys.argv[2], str(n).encode())] * 2)\n"
        "    await bus.close()\n"
        "asyncio.run(main())\n"
    )
    publishers = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", code, bus_url, f"k{number}") for number in range(3)
    ]
    for publisher in publishers:
        assert await publisher.wait() == 0
    received = by_key(await take(await bus.consumer("group", ["events"]), 300))
    assert received == {f"k{key}": [n for n in range(50) for _ in range(2)] for key in range(3)}


async def test_topics_are_created_once_by_many(bus: Bus, another: OpenBus) -> None:
    buses = [bus, await another(), await another()]
    late = TopicSpec("late", 3, 7200)
    await asyncio.gather(*(one.ensure_topics([*TOPICS, late]) for one in buses))
    await buses[1].publish([BusMessage("late", "k", b"v")])
    states = {state.name: state for state in await buses[2].topics()}
    assert states["late"] == TopicState("late", 3, 7200, 1, 1)
    assert set(states) == {"events", "other", "events.dlq", "late"}
    # Another number of partitions would send a key's later messages elsewhere than its earlier ones.
    await bus.ensure_topics([TopicSpec("late", 5, 7200)])
    assert {state.name: state.partitions for state in await bus.topics()}["late"] == 3


async def test_where_groups_stand(bus: Bus) -> None:
    assert await bus.consumer_groups() == []
    assert await bus.group_offsets("group") == []
    await bus.publish(messages(10, keys=10))
    consumer = await bus.consumer("group", ["events"])
    received = await take(consumer, 10)
    await bus.publish(messages(4, keys=1))
    offsets = await bus.group_offsets("group")
    assert [(offset.topic, offset.partition) for offset in offsets] == [("events", number) for number in range(4)]
    assert sum(offset.lag for offset in offsets) == 4
    assert sum(offset.end for offset in offsets) == 14
    assert sum(offset.committed or 0 for offset in offsets) == len(received)
    assert all(offset.begin == 0 for offset in offsets)
    assert await bus.consumer_groups() == ["group"]


async def test_rewind_by_time(bus: Bus) -> None:
    await bus.publish(messages(20))
    await asyncio.sleep(0.05)
    between = int(time.time() * 1_000_000)
    await asyncio.sleep(0.05)
    await bus.publish(messages(10, start=20))
    consumer = await bus.consumer("group", ["events"])
    await take(consumer, 30)
    with pytest.raises(GroupActive):
        await bus.rewind("group", "events", RewindTarget(published_at_micros=0))
    await consumer.close()

    offsets = await bus.rewind("group", "events", RewindTarget(published_at_micros=between))
    assert sum(offset.lag for offset in offsets) == 10
    consumer = await bus.consumer("group", ["events"])
    assert sorted(int(message.value) for message in await take(consumer, 10)) == list(range(20, 30))
    await none_more(consumer)
    await consumer.close()

    await bus.rewind("group", "events", RewindTarget(published_at_micros=0))
    consumer = await bus.consumer("group", ["events"])
    assert by_key(await take(consumer, 30)) == {f"k{key}": list(range(key, 30, 5)) for key in range(5)}
    await consumer.close()
    # Nothing was published after now.
    later = int(time.time() * 1_000_000) + 60_000_000
    assert sum(o.lag for o in await bus.rewind("group", "events", RewindTarget(published_at_micros=later))) == 0


async def test_rewind_by_offset(bus: Bus) -> None:
    await bus.publish(messages(20, keys=1))
    partition = next(offset.partition for offset in await _offsets(bus) if offset.end == 20)
    # A group that never was is made.
    offsets = await bus.rewind("fresh", "events", RewindTarget(offsets={partition: 15}))
    assert [(o.partition, o.committed) for o in offsets if o.committed is not None] == [(partition, 15)]
    consumer = await bus.consumer("fresh", ["events"])
    assert [int(message.value) for message in await take(consumer, 5)] == [15, 16, 17, 18, 19]
    await consumer.close()
    # No further than there are messages.
    offsets = await bus.rewind("fresh", "events", RewindTarget(offsets={partition: 1_000}))
    assert [o.committed for o in offsets if o.partition == partition] == [20]
    with pytest.raises(BusError):
        await bus.rewind("fresh", "events", RewindTarget(offsets={9: 0}))
    with pytest.raises(BusError):
        await bus.rewind("fresh", "nowhere", RewindTarget(published_at_micros=0))


async def _offsets(bus: Bus) -> list[GroupOffset]:
    consumer = await bus.consumer("looking", ["events"])
    await take(consumer, 20)
    await consumer.close()
    return await bus.group_offsets("looking")


async def test_a_commit_of_a_former_membership_is_refused(bus: Bus, another: OpenBus) -> None:
    first = await bus.consumer("group", ["events"])
    await bus.publish(messages(20, keys=20))
    batch = await take(first, 20, commit=False)
    second = await (await another()).consumer("group", ["events"])
    await settle_some(first, second)
    with pytest.raises(CommitRejected):
        await first.commit(batch)
    await second.close()


async def settle_some(first: Consumer, second: Consumer) -> None:
    """Poll until the second member has something; both may get messages."""
    deadline = time.monotonic() + 40
    while not second.partitions:
        assert time.monotonic() < deadline
        await asyncio.gather(first.poll(1, 0.2), second.poll(1, 0.2))
