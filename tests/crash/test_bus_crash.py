"""Kill -9 of producers, relays and consumers at random moments: nothing is lost, nothing happens twice."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from mesh.bus.opening import open_bus
from mesh.bus.topics import EVENT_TOPICS, all_topics
from mesh.db.sqlite import SqliteDatabase
from tests.crash import bus_processes

KILLS = {"sqlite": 40, "kafka": 25}
RUN_SECONDS = {"sqlite": (0.05, 0.5), "kafka": (0.2, 2.0)}
"""How long processes live; those with Kafka take longer to begin."""
CATCH_UP_SECONDS = 60
PAUSES = 8
ROLES = {
    "produce-0": ("produce", 0),
    "produce-1": ("produce", 1),
    "relay-0": ("relay", 0),
    "relay-1": ("relay", 1),
    "consume-0": ("consume", 0),
    "consume-1": ("consume", 1),
}


class Fleet:
    """The processes, and what the producers said they had committed."""

    def __init__(self, folder: Path, bus_url: str) -> None:
        self._folder = folder
        self._bus_url = bus_url
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._readers: list[asyncio.Task[None]] = []
        self.acknowledged: dict[str, int] = {}

    async def start(self, name: str) -> None:
        role, number = ROLES[name]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(Path(bus_processes.__file__)),
            role,
            str(self._folder),
            str(number),
            self._bus_url,
            stdout=asyncio.subprocess.PIPE,
        )
        self._processes[name] = process
        self._readers.append(asyncio.create_task(self._read(process)))

    async def kill(self, name: str) -> None:
        process = self._processes.pop(name)
        assert process.returncode is None, f"{name} ended by itself with {process.returncode}"
        process.kill()
        await process.wait()

    def pause(self, name: str) -> None:
        self._processes[name].send_signal(signal.SIGSTOP)

    def resume(self, name: str) -> None:
        self._processes[name].send_signal(signal.SIGCONT)

    async def end(self) -> None:
        for name in list(self._processes):
            # Also ends a process that is stopped.
            self._processes[name].kill()
            await self._processes.pop(name).wait()
        await asyncio.gather(*self._readers)

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        while line := await process.stdout.readline():
            if line.endswith(b"\n"):
                key, number = line.decode().split()
                self.acknowledged[key] = int(number)


def query(path: Path, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(path, timeout=10)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


async def prepare(folder: Path, bus_url: str) -> None:
    for name in ("producer.db", "consumer.db"):
        database = SqliteDatabase(folder / name)
        await database.write(bus_processes.create_tables())
        await database.close()
    bus = await open_bus(bus_url)
    await bus.ensure_topics(all_topics())
    await bus.close()


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_kill_at_random_moments(tmp_path: Path, bus_url: str) -> None:
    seed = int(os.environ.get("FLOWMESH_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
    print(f"FLOWMESH_TEST_SEED={seed}")
    rng = random.Random(seed)
    await prepare(tmp_path, bus_url)
    fleet = Fleet(tmp_path, bus_url)
    kind = bus_url.partition(":")[0]
    try:
        for name in ROLES:
            await fleet.start(name)
        for turn in range(KILLS[kind]):
            await asyncio.sleep(rng.uniform(*RUN_SECONDS[kind]) + (1.0 if turn == 0 else 0.0))
            # Now and then several at once, as when the machine goes down.
            victims = list(ROLES) if rng.random() < 0.1 else rng.sample(list(ROLES), rng.choice((1, 1, 1, 2)))
            for name in victims:
                await fleet.kill(name)
            for name in victims:
                await fleet.start(name)
        # On a busy machine a producer may have been killed each time before it wrote anything.
        async with asyncio.timeout(CATCH_UP_SECONDS):
            while len(fleet.acknowledged) < 2 * bus_processes.KEYS:
                await asyncio.sleep(0.1)
        for name in ("produce-0", "produce-1"):
            await fleet.kill(name)
        await wait_until_caught_up(tmp_path)
    finally:
        await fleet.end()
    check(tmp_path, fleet.acknowledged)
    bus = await open_bus(bus_url)
    try:
        for topic in EVENT_TOPICS:
            assert await bus.dead_letters(topic.name, None, 10) == []
    finally:
        await bus.close()


@pytest.mark.slow
@pytest.mark.timeout(240)
async def test_relays_that_are_paused_beyond_their_leases(tmp_path: Path, bus_url: str) -> None:
    """Wherever they stand when they are stopped, and whatever others have published when they go on."""
    seed = int(os.environ.get("FLOWMESH_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 2**31)
    print(f"FLOWMESH_TEST_SEED={seed}")
    rng = random.Random(seed)
    await prepare(tmp_path, bus_url)
    fleet = Fleet(tmp_path, bus_url)
    try:
        for name in ROLES:
            await fleet.start(name)
        async with asyncio.timeout(CATCH_UP_SECONDS):
            while not fleet.acknowledged:
                await asyncio.sleep(0.1)
        for turn in range(PAUSES):
            await asyncio.sleep(rng.uniform(0.5, 1.5))
            relay = f"relay-{turn % 2}"
            fleet.pause(relay)
            await asyncio.sleep(bus_processes.LEASE_SECONDS * rng.uniform(1.1, 2.5))
            fleet.resume(relay)
        for name in ("produce-0", "produce-1"):
            await fleet.kill(name)
        await wait_until_caught_up(tmp_path)
    finally:
        await fleet.end()
    check(tmp_path, fleet.acknowledged)


async def wait_until_caught_up(folder: Path) -> None:
    deadline = asyncio.get_running_loop().time() + CATCH_UP_SECONDS
    while True:
        produced = sum(number + 1 for _, number in query(folder / "producer.db", "SELECT * FROM produced"))  # type: ignore[operator,misc]
        [(waiting,)] = query(folder / "producer.db", "SELECT COUNT(*) FROM outbox")
        [(effects,)] = query(folder / "consumer.db", "SELECT COUNT(*) FROM effect")
        if waiting == 0 and effects == produced * bus_processes.EVENTS_PER_ROW:
            return
        assert asyncio.get_running_loop().time() < deadline, f"{waiting} in the outbox, {effects} of {produced} rows"
        await asyncio.sleep(0.1)


def check(folder: Path, acknowledged: dict[str, int]) -> None:
    produced: dict[str, int] = dict(query(folder / "producer.db", "SELECT partition_key, number FROM produced"))  # type: ignore[arg-type]
    effects: dict[str, list[int]] = defaultdict(list)
    for key, number in query(folder / "consumer.db", "SELECT partition_key, number FROM effect ORDER BY place"):
        effects[str(key)].append(int(str(number)))
    for key, number in acknowledged.items():
        assert produced[key] >= number, f"{key}: {number} was acknowledged, {produced[key]} is there"
    for key, number in produced.items():
        # Each once, in order, none missing.
        assert effects[key] == list(range((number + 1) * bus_processes.EVENTS_PER_ROW)), key
    totals: dict[str, int] = dict(query(folder / "consumer.db", "SELECT partition_key, number FROM total"))  # type: ignore[arg-type]
    assert totals == {key: len(numbers) for key, numbers in effects.items()}
    print(f"{sum(map(len, effects.values()))} events of {len(effects)} keys")
