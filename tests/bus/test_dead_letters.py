"""Dead letters on every bus: listed, replayed once, discarded."""

from __future__ import annotations

import asyncio
import sys

import pytest

from mesh.bus import headers
from mesh.bus.port import Bus, BusError, BusMessage, MessagePosition, MessageRefused
from tests.bus.conftest import DEAD, OpenBus
from tests.bus.reading import at, none_more, take


def letter(number: int, *, topic: str = "events", offset: int | None = None) -> BusMessage:
    found = {
        "traceparent": "00-a",
        headers.ORIGINAL_TOPIC: topic,
        headers.ORIGINAL_PARTITION: "1",
        headers.ORIGINAL_OFFSET: str(number if offset is None else offset),
        headers.GROUP: "history",
        headers.REASON: "ValueError",
    }
    return BusMessage(DEAD.name, f"k{number}", str(number).encode(), found)


async def test_listing_replaying_and_discarding(bus: Bus) -> None:
    await bus.publish([letter(number) for number in range(10)])
    page = await bus.dead_letters("events", None, 4)
    assert [message.value for message in page] == [b"0", b"1", b"2", b"3"]
    assert [message.key for message in page] == ["k0", "k1", "k2", "k3"]
    assert dict(page[0].headers) == dict(letter(0).headers)
    rest = await bus.dead_letters("events", at(page[-1]), 100)
    assert [message.value for message in rest] == [b"4", b"5", b"6", b"7", b"8", b"9"]
    assert await bus.dead_letters("events", at(rest[-1]), 100) == []

    assert await bus.discard_dead_letters([at(page[0]), at(page[0])]) == 1
    assert await bus.discard_dead_letters([at(page[0])]) == 0
    assert await bus.replay_dead_letters([at(page[1]), at(page[2])]) == 2
    assert await bus.replay_dead_letters([at(page[1])]) == 0
    consumer = await bus.consumer("group", ["events"])
    replayed = await take(consumer, 2)
    await none_more(consumer)
    await none_more(consumer)
    assert sum(offset.lag for offset in await bus.group_offsets("group")) == 0
    assert sorted((message.key, message.value) for message in replayed) == [("k1", b"1"), ("k2", b"2")]
    assert dict(replayed[0].headers) == {"traceparent": "00-a", headers.REPLAY_FOR: "history"}
    left = await bus.dead_letters("events", None, 100)
    assert [message.value for message in left] == [b"3", b"4", b"5", b"6", b"7", b"8", b"9"]
    # Only dead letters can be removed so.
    assert await bus.discard_dead_letters([at(replayed[0]), MessagePosition("nowhere", 0, 0)]) == 0
    assert await bus.dead_letters("nothing", None, 10) == []


async def test_every_process_sees_what_is_left(bus: Bus, another: OpenBus) -> None:
    other = await another()
    await bus.publish([letter(number) for number in range(6)])
    seen = await other.dead_letters("events", None, 100)
    assert await bus.discard_dead_letters([at(message) for message in seen[:3]]) == 3
    assert [message.value for message in await other.dead_letters("events", None, 100)] == [b"3", b"4", b"5"]
    assert await other.replay_dead_letters([at(message) for message in seen]) == 3
    assert await bus.dead_letters("events", None, 100) == []
    await bus.publish([letter(7)])
    assert [message.value for message in await other.dead_letters("events", None, 100)] == [b"7"]


async def test_replays_of_two_at_once_happen_once(bus: Bus, another: OpenBus) -> None:
    buses = [bus, await another(), await another()]
    await bus.publish([letter(number) for number in range(30)])
    positions = [at(message) for message in await bus.dead_letters("events", None, 100)]
    counts = await asyncio.gather(*(one.replay_dead_letters(positions) for one in buses), return_exceptions=True)
    # Who is pushed aside by another says so and has changed nothing.
    assert all(isinstance(count, int | BusError) for count in counts), counts
    while await bus.dead_letters("events", None, 1):
        await bus.replay_dead_letters(positions)
    consumer = await bus.consumer("group", ["events"])
    replayed = await take(consumer, 30)
    await none_more(consumer)
    assert sorted(int(message.value) for message in replayed) == list(range(30))


async def test_a_letter_whose_topic_is_gone_stays(bus: Bus) -> None:
    await bus.publish([letter(1), letter(2, topic="nowhere")])
    positions = [at(message) for message in await bus.dead_letters("events", None, 10)]
    with pytest.raises(MessageRefused):
        await bus.replay_dead_letters(positions)
    assert len(await bus.dead_letters("events", None, 10)) == 2
    consumer = await bus.consumer("group", ["events"])
    await none_more(consumer)
    # What was given up holds nobody up.
    await bus.publish([BusMessage("events", f"k{number}", b"after") for number in range(40)])
    assert {message.value for message in await take(consumer, 40)} == {b"after"}
    assert await bus.replay_dead_letters(positions[:1]) == 1


async def test_large_letters(bus: Bus) -> None:
    large = [letter(number) for number in range(3)]
    await bus.publish([BusMessage(one.topic, one.key, bytes(3 * 1024 * 1024), one.headers) for one in large])
    letters = await bus.dead_letters("events", None, 10)
    assert await bus.replay_dead_letters([at(message) for message in letters]) == 3
    consumer = await bus.consumer("group", ["events"])
    assert [len(message.value) for message in await take(consumer, 3)] == [3 * 1024 * 1024] * 3


REPLAYING = """
import asyncio, sys; sys.path[:0] = ['.', 'gen']
from mesh.bus.opening import open_bus
from mesh.bus.port import BusError
from tests.bus.reading import at
async def main():
    bus = await open_bus(sys.argv[1])
    print('ready', flush=True)
    while letters := await bus.dead_letters('events', None, 5):
        try:
            await bus.replay_dead_letters([at(letter) for letter in letters])
        except BusError as error:
            print(error, file=sys.stderr)
    await bus.close()
asyncio.run(main())
"""


@pytest.mark.slow
async def test_replays_killed_in_the_middle_happen_once(bus: Bus, bus_url: str) -> None:
    await bus.publish([letter(number) for number in range(100)])
    for round_ in range(6):
        replaying = await asyncio.create_subprocess_exec(
            sys.executable, "-c", REPLAYING, bus_url, stdout=asyncio.subprocess.PIPE
        )
        assert replaying.stdout is not None
        await replaying.stdout.readline()
        await asyncio.sleep(0.05 + 0.06 * round_)
        if replaying.returncode is None:
            replaying.kill()
        await replaying.wait()
    while letters := await bus.dead_letters("events", None, 50):
        await bus.replay_dead_letters([at(message) for message in letters])
    consumer = await bus.consumer("group", ["events"])
    replayed = await take(consumer, 100)
    await none_more(consumer)
    assert sorted(int(message.value) for message in replayed) == list(range(100))
