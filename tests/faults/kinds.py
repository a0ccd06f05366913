"""The faults. Each is done, held for a while, and undone; then the mesh has to come back by itself."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.faults.cluster import Cluster
from tests.faults.disk import SmallDisk
from tests.faults.process import FaultyProcess

Do = Callable[[Cluster, random.Random], Awaitable[None]]
"""Does a fault and undoes it. What was killed is being started again when it returns."""

OUTAGE_SECONDS = 60.0
CUT_SECONDS = 5.0


@dataclass(frozen=True)
class Kind:
    """A kind of fault. `weight`: how often it comes, relative to the others; `most`: how often in one run."""

    name: str
    do: Do
    weight: int = 10
    most: int | None = None


async def _kill(process: FaultyProcess) -> None:
    await process.kill()
    process.start()


async def _pause(process: FaultyProcess, seconds: float) -> None:
    process.pause()
    try:
        await asyncio.sleep(seconds)
    finally:
        process.resume()


async def _kill_engine(cluster: Cluster, chance: random.Random) -> None:
    await _kill(chance.choice(cluster.engines))


async def _pause_engine(cluster: Cluster, chance: random.Random) -> None:
    # Shorter and longer than the lease of a job and of the relay, which is five seconds.
    await _pause(chance.choice(cluster.engines), chance.uniform(1, 8))


async def _kill_relay(cluster: Cluster, chance: random.Random) -> None:
    await _kill(chance.choice(cluster.relays() or cluster.engines))


async def _pause_relay(cluster: Cluster, chance: random.Random) -> None:
    await _pause(chance.choice(cluster.relays() or cluster.engines), chance.uniform(6, 9))


async def _kill_all_engines(cluster: Cluster, _: random.Random) -> None:
    for engine in cluster.engines:
        await _kill(engine)


async def _kill_history(cluster: Cluster, chance: random.Random) -> None:
    await _kill(chance.choice(cluster.histories))


async def _pause_history(cluster: Cluster, chance: random.Random) -> None:
    # Long enough, now and then, for Kafka to give its partitions away.
    await _pause(chance.choice(cluster.histories), chance.choice((2.0, 5.0, 14.0)))


async def _kill_mariadb(cluster: Cluster, _: random.Random) -> None:
    await _kill(cluster.database)


async def _pause_mariadb(cluster: Cluster, chance: random.Random) -> None:
    await _pause(cluster.database, chance.uniform(1, 6))


async def _kill_redis(cluster: Cluster, chance: random.Random) -> None:
    if chance.random() < 0.5:
        # It comes back with what it held some time ago.
        await asyncio.to_thread(cluster.redis.save)
        await asyncio.sleep(chance.uniform(0, 1))
    await asyncio.to_thread(cluster.redis.kill)
    await asyncio.sleep(chance.uniform(0, 2))
    await asyncio.to_thread(cluster.redis.start)


async def _pause_redis(cluster: Cluster, chance: random.Random) -> None:
    cluster.redis.pause()
    try:
        await asyncio.sleep(chance.uniform(1, 5))
    finally:
        cluster.redis.resume()


async def _kill_broker(cluster: Cluster, chance: random.Random) -> None:
    broker = chance.choice(cluster.kafka.brokers)
    await asyncio.to_thread(broker.kill)
    await asyncio.sleep(chance.uniform(0, 6))
    broker.start()
    await asyncio.to_thread(cluster.kafka.await_ready)


async def _pause_broker(cluster: Cluster, chance: random.Random) -> None:
    broker = chance.choice(cluster.kafka.brokers)
    broker.pause()
    try:
        await asyncio.sleep(chance.uniform(1, 10))
    finally:
        broker.resume()
    await asyncio.to_thread(cluster.kafka.await_ready)


async def _kill_kafka(cluster: Cluster, _: random.Random) -> None:
    for broker in cluster.kafka.brokers:
        await asyncio.to_thread(broker.kill)
    await asyncio.sleep(OUTAGE_SECONDS)
    for broker in cluster.kafka.brokers:
        broker.start()
    await asyncio.to_thread(cluster.kafka.await_ready)


async def _fill_disk(cluster: Cluster, chance: random.Random) -> None:
    broker = chance.choice(cluster.kafka.brokers)
    disk = SmallDisk(cluster.folder / "kafka" / f"broker-{broker.number}")
    await asyncio.to_thread(disk.fill)
    try:
        await asyncio.sleep(chance.uniform(3, 8))
    finally:
        await asyncio.to_thread(disk.free)
    # A broker whose only disk failed ends; an operator makes room and starts it again.
    await asyncio.to_thread(broker.kill)
    broker.start()
    await asyncio.to_thread(cluster.kafka.await_ready)


async def _cut_commit(cluster: Cluster, chance: random.Random) -> None:
    proxy = chance.choice(cluster.proxies)
    cuts = proxy.cuts
    proxy.deliver = chance.random() < 0.5
    proxy.cut_at = b"COMMIT"
    try:
        async with asyncio.timeout(CUT_SECONDS):
            while proxy.cuts == cuts:
                await asyncio.sleep(0.01)
    finally:
        proxy.cut_at = None


async def _break_connections(cluster: Cluster, chance: random.Random) -> None:
    chance.choice(cluster.proxies).break_all()


async def _jump_clock(cluster: Cluster, chance: random.Random) -> None:
    jumping = chance.choice(cluster.clocks)
    jumping.set(chance.choice((-3600, -30, -5, 5, 30, 3600)))
    try:
        await asyncio.sleep(chance.uniform(1, 5))
    finally:
        jumping.set(0)


def kinds(cluster: Cluster) -> tuple[list[Kind], list[str]]:
    """Return the faults that can be done here, and a sentence for each that cannot."""
    found = [
        Kind("engine killed", _kill_engine),
        Kind("engine paused", _pause_engine),
        Kind("all engines killed", _kill_all_engines, weight=4),
        Kind("relay killed", _kill_relay),
        Kind("relay paused", _pause_relay, weight=6),
        Kind("history killed", _kill_history),
        Kind("history paused", _pause_history, weight=6),
        Kind("MariaDB killed", _kill_mariadb),
        Kind("MariaDB paused", _pause_mariadb),
        Kind("Redis killed", _kill_redis),
        Kind("Redis paused", _pause_redis),
        Kind("one of three brokers killed", _kill_broker, weight=6),
        Kind("one of three brokers paused", _pause_broker, weight=6),
        Kind("all of Kafka gone for a minute", _kill_kafka, weight=1, most=2),
        Kind("connection cut in COMMIT", _cut_commit, weight=20),
        Kind("connections broken", _break_connections),
        Kind("clock jumps", _jump_clock),
    ]
    missing = []
    if SmallDisk(cluster.folder / "kafka" / "broker-1").mounted:
        found.append(Kind("disk of a broker full", _fill_disk, weight=3))
    else:
        missing.append("no disk gets full: a small one cannot be mounted here")
    return found, missing
