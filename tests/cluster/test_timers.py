"""Timers of a cluster: each is fired once, whatever befalls the engine that has it, and at its time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

import pytest

from engine_svc.storage.jobs import JobState
from mesh.db.schema import open_database
from mesh.db.statements import Fetch, Program
from tests.cluster.nodes import Cluster, deploy, once_each, start_many, until
from tests.integration.engine.serving import ENDS, model

pytestmark = [pytest.mark.mariadb, pytest.mark.slow, pytest.mark.timeout(300)]

WAIT_SECONDS = 5
LEASE_SECONDS = 5
"""Of the engines of tests."""
TIMER = (
    '<intermediateCatchEvent id="w"><timerEventDefinition><timeDuration>PT{}S</timeDuration></timerEventDefinition>'
    '</intermediateCatchEvent><userTask id="t"/>'
)


def timer(seconds: int) -> bytes:
    return model("wait", ENDS + TIMER.format(seconds), "s>w", "w>t", "t>e")


def all_fired(cluster: Cluster, count: int) -> Callable[[], Awaitable[bool]]:
    async def fired() -> bool:
        return await cluster.count("SELECT COUNT(*) FROM user_task") == count

    return fired


async def test_a_thousand_timers_due_at_once_on_engines_whose_clocks_differ(cluster: Cluster) -> None:
    engines = await cluster.start(0, 30, -30)
    await deploy(engines[0], timer(WAIT_SECONDS))
    parts = await asyncio.gather(*(start_many(engine, "wait", 334) for engine in engines))
    ids = [instance_id for part in parts for instance_id in part]
    await until(all_fired(cluster, len(ids)), 90, "not all timers were fired")
    await asyncio.sleep(1)
    once_each(await cluster.told(), ids, "w")
    assert await cluster.count("SELECT COUNT(*) FROM job") == 0
    assert await cluster.rows("SELECT DISTINCT revision FROM process_instance") == [(2,)]
    # All engines go by the database's clock, to within what measuring it on a busy machine leaves open.
    early = await cluster.count(
        "SELECT COUNT(*) FROM user_task t JOIN process_instance i ON i.id=t.instance_id "
        "WHERE t.created_at<i.started_at+?",
        (WAIT_SECONDS - 1) * 1_000_000,
    )
    assert early == 0
    (ahead,) = (await cluster.rows("SELECT MAX(ABS(UNIX_TIMESTAMP(NOW(6))*1000000-started_at)) FROM process_instance"))[
        0
    ]
    assert ahead < 120_000_000


async def test_engines_that_are_killed_and_paused_among_due_timers(cluster: Cluster) -> None:
    """Paused ones go on after their leases were taken over; in the end each timer was fired once."""
    chance = random.Random(5)
    engines = await cluster.start(0, 0, 0)
    await deploy(engines[0], timer(2))
    ids = await start_many(engines[0], "wait", 1000)

    async def disturb() -> None:
        for _ in range(2):
            victim, sleeper = chance.sample(engines[1:], 2)
            await asyncio.sleep(chance.uniform(0.2, 0.6))
            sleeper.pause()
            await victim.kill()
            await asyncio.sleep(LEASE_SECONDS + 3)
            await victim.start()
            sleeper.resume()

    disturbing = asyncio.create_task(disturb())
    # The tests' engine fires some hundreds a second: more come while others are disturbed.
    ids += await start_many(engines[0], "wait", 1000)
    await disturbing
    await until(all_fired(cluster, len(ids)), 90, "not all timers were fired")
    await asyncio.sleep(1)
    once_each(await cluster.told(), ids, "w")
    assert await cluster.count("SELECT COUNT(*) FROM job") == 0
    assert await cluster.rows("SELECT DISTINCT revision FROM process_instance") == [(2,)]


async def test_an_engine_paused_in_its_commit_writes_nothing_when_it_goes_on(
    cluster: Cluster, cluster_url: str
) -> None:
    """It has claimed a timer and is stopped while its transaction waits for the instance's row."""
    (late,) = await cluster.start(0)
    await deploy(late, timer(1))
    ids = await start_many(late, "wait", 1)
    held, let_go = asyncio.Event(), asyncio.Event()
    locker = await open_database(cluster_url)

    def hold() -> Program[None]:
        yield Fetch("SELECT id FROM process_instance WHERE id=?", (ids[0],), lock=True)
        held.set()
        while not let_go.is_set():
            yield Fetch("SELECT SLEEP(0.05)")

    holding = asyncio.create_task(locker.write(hold()))
    await held.wait()

    async def claimed() -> bool:
        return await cluster.count("SELECT COUNT(*) FROM job WHERE state=?", int(JobState.LEASED)) == 1

    await until(claimed, 20, "the timer was not claimed")
    # By now its commit waits.
    await asyncio.sleep(0.5)
    late.pause()
    let_go.set()
    await holding
    await cluster.start(0)
    await until(all_fired(cluster, 1), 60, "nobody took the timer over")
    before = await cluster.rows("SELECT id, revision FROM process_instance")
    late.resume()
    await asyncio.sleep(3)
    assert await cluster.rows("SELECT id, revision FROM process_instance") == before == [(ids[0], 2)]
    once_each(await cluster.told(), ids, "w")
    # It is a member of the cluster again.
    more = await start_many(late, "wait", 20)
    await until(all_fired(cluster, 21), 30, "later timers were not fired")
    once_each(await cluster.told(), [*ids, *more], "w")
    await locker.close()
