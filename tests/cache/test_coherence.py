"""An answer from a cache is never older than a change that was acknowledged before its call began.

Two engines on one database share a Redis that dies, stands still, and comes back with what it held before.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import pytest
from flowmesh.engine.v1 import deployment_service_pb2, process_definition_service_pb2
from flowmesh.engine.v1 import user_task_service_pb2 as pb

from engine_svc.commands.todo_lists import TodoLists, TodoPage
from engine_svc.main import MIGRATIONS, MIGRATIONS_HEAD
from engine_svc.storage.commit import CANDIDATE_COLUMNS, USER_TASK_COLUMNS
from engine_svc.storage.user_task_lists import OLDEST_FIRST, UserTaskFilter
from mesh.access.rows import ALL_ROWS
from mesh.cache.opening import Caches
from mesh.cache.port import LOCAL_ENTRIES
from mesh.db.database import Database
from mesh.db.schema import ensure_schema, open_database
from mesh.db.statements import Execute, InsertMany, Program, Row
from mesh.metrics import Metrics
from tests.cache.caches import PATIENT_MILLISECONDS, CacheSettings, until
from tests.cache.desk import GROUPS, LISTS, PEOPLE, Desk, UserTask, assign, cached, hits, stored, two_engines
from tests.infrastructure.redis import RedisServer
from tests.integration.engine.human_work import HumanWork
from tests.integration.engine.serving import Engine, refusal, user_task

STEPS = 30
ENOUGH = 20
WRITERS = 6


def forget_nearby(engine: Engine) -> None:
    """Let the next call look into Redis."""
    local = engine.service._caches._caches["todo_lists"]._local
    local.delete(list(local._kept), ())


async def check_all(engines: tuple[Engine, Engine], told: object) -> None:
    """Every list through either engine is that of the database."""
    for filters in LISTS:
        expected = await stored(engines[0], **filters)
        for engine in engines:
            # Read where it has changed, read again and known, kept, found.
            for _ in range(4):
                assert list((await cached(engine, **filters)).user_tasks) == expected, told


@pytest.mark.slow
async def test_every_change_is_seen_at_once_through_both_engines(engine_url: str, redis_server: RedisServer) -> None:
    seed = random.randrange(1 << 30)
    async with two_engines(engine_url, redis_server.url, cache_timeout_milliseconds=PATIENT_MILLISECONDS) as engines:
        for engine in engines:
            await until(lambda engine=engine: engine.service._caches.remote_up)  # type: ignore[misc]
        desk = Desk(engines, seed)
        await desk.prepare()
        for _ in range(STEPS):
            await desk.step()
            if desk.chance.random() < 0.3:
                forget_nearby(desk.engine)
            await check_all(engines, (seed, desk.done))
        # Nothing of this would say anything if nothing had come from the caches.
        assert hits(engines[0]) > STEPS
        assert hits(engines[1], "remote") > STEPS


@pytest.mark.slow
async def test_every_change_is_seen_whatever_redis_does(engine_url: str, redis_server: RedisServer) -> None:
    seed = random.randrange(1 << 30)
    async with two_engines(engine_url, redis_server.url) as engines:
        desk = Desk(engines, seed)
        await desk.prepare()
        alive = True

        def kill() -> None:
            nonlocal alive
            redis_server.kill()
            alive = False

        def come_back_old() -> None:
            nonlocal alive
            redis_server.restart()
            alive = True

        def save() -> None:
            if alive:
                redis_server.resume()
                redis_server.save()

        def pause() -> None:
            if alive:
                redis_server.pause()

        def resume() -> None:
            if alive:
                redis_server.resume()

        faults = [kill, come_back_old, come_back_old, save, pause, resume]
        for _ in range(STEPS):
            # Before the change, between it and the next call, or not at all.
            when = desk.chance.random()
            fault = desk.chance.choice(faults)
            if when < 0.2:
                await asyncio.to_thread(fault)
            await desk.step()
            if 0.2 <= when < 0.4:
                await asyncio.to_thread(fault)
            if desk.chance.random() < 0.3:
                forget_nearby(desk.engine)
            await check_all(engines, (seed, desk.done))
        await asyncio.to_thread(come_back_old)
        await until(lambda: all(engine.service._caches.remote_up for engine in engines))
        await check_all(engines, (seed, desk.done))


@dataclass(slots=True)
class Known:
    """What a writer knows of its task: the last answer, and whether a call is under way."""

    task: UserTask
    changing: bool = False
    changes: int = 0


@pytest.mark.slow
async def test_readers_beside_writers_never_go_back(engine_url: str, redis_server: RedisServer) -> None:
    """Calls overlap: a reader sees each task that nobody was changing meanwhile exactly as it was acknowledged."""
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    async with two_engines(engine_url, redis_server.url) as engines:
        known: list[Known] = [
            Known(await HumanWork(engines[0]).create(name=f"{n}", candidate_groups=["it"])) for n in range(WRITERS)
        ]
        over = False
        seen: dict[str, int] = defaultdict(int)

        async def write(own: Known) -> None:
            while not over:
                engine = chance.choice(engines)
                own.changing = True
                if chance.random() < 0.7:
                    own.task = await assign(engine, own.task.id, chance.choice(("", *PEOPLE)))
                else:
                    own.task = await HumanWork(engine).update(own.task.id, name=f"{chance.random()}")
                own.changes += 1
                own.changing = False
                await asyncio.sleep(chance.random() * 0.2)

        async def read(person: str) -> None:
            request = pb.ListUserTasksRequest(assignee_or_candidate=person, candidate_groups=GROUPS, page_size=100)
            while not over:
                before = [(own.changing, own.changes, own.task) for own in known]
                listed = {
                    task.id: task for task in (await chance.choice(engines).tasks.ListUserTasks(request)).user_tasks
                }
                for own, (changing, changes, task) in zip(known, before, strict=True):
                    if changing or own.changing or own.changes != changes:
                        continue
                    wanted = task if task.assignee in ("", person) else None
                    assert listed.get(task.id) == wanted, seed
                    seen[person] += 1

        async def disturb() -> None:
            while min(seen[person] for person in PEOPLE) < ENOUGH or min(own.changes for own in known) < ENOUGH:
                await asyncio.to_thread(redis_server.save)
                await asyncio.sleep(0.1)
                await asyncio.to_thread(redis_server.pause)
                await asyncio.sleep(0.15)
                if chance.random() < 0.5:
                    await asyncio.to_thread(redis_server.resume)
                else:
                    await asyncio.to_thread(redis_server.restart)
                await asyncio.sleep(0.1)

        async with asyncio.TaskGroup() as working:
            for own in known:
                working.create_task(write(own))
            for person in PEOPLE * 2:
                working.create_task(read(person))
            await disturb()
            over = True
        await check_all(engines, seed)


class Interrupted:
    """A database on which something happens before the reads that a test names."""

    def __init__(self, inner: Database) -> None:
        self._inner = inner
        self.reads = 0
        self.before: dict[int, Program[Any]] = {}

    async def read(self, program: Program[Any]) -> Any:
        change = self.before.pop(self.reads, None)
        self.reads += 1
        if change is not None:
            await self._inner.write(change)
        return await self._inner.read(program)

    async def write(self, program: Program[Any]) -> Any:
        return await self._inner.write(program)

    async def close(self) -> None:
        await self._inner.close()


def _task(number: int, group: str) -> Row:
    values: dict[str, Any] = dict.fromkeys(USER_TASK_COLUMNS, "")
    values |= dict.fromkeys(
        ("priority", "due_at", "claimed_at", "suspended", "delegation_state", "follow_up_at", "parent_key"), 0
    )
    values |= {"instance_id": f"i{number}", "task_key": 1, "created_at": number, "revision": 1}
    values |= {"candidate_users": "[]", "candidate_groups": f'["{group}"]', "name": "old"}
    return tuple(values[column] for column in USER_TASK_COLUMNS)


def _insert(*numbers: int) -> Program[None]:
    yield InsertMany("user_task", USER_TASK_COLUMNS, [_task(number, "it") for number in numbers])
    yield InsertMany("user_task_candidate", CANDIDATE_COLUMNS, [(f"i{n}", 1, 2, "it", n) for n in numbers])


def _change(sql: str) -> Program[None]:
    yield Execute(sql)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE user_task SET name='new', revision=2 WHERE instance_id='i2'",
        "UPDATE user_task SET suspended=1 WHERE instance_id='i2'",
        "UPDATE user_task SET element_id='other' WHERE instance_id='i2'",
        "UPDATE user_task SET definition_id='other' WHERE instance_id='i2'",
        "DELETE FROM user_task WHERE instance_id='i2'",
        "UPDATE user_task SET assignee='ann', revision=2 WHERE instance_id='i2'",
    ],
)
async def test_a_change_between_the_stamps_and_the_rows(engine_url: str, sql: str) -> None:
    await ensure_schema(engine_url, MIGRATIONS, MIGRATIONS_HEAD)
    database = Interrupted(await open_database(engine_url))
    caches = Caches(CacheSettings(), Metrics())
    lists = TodoLists(database, caches.cache("lists", 60))
    page = TodoPage("key", UserTaskFilter(candidate_groups=("it",)), ALL_ROWS, OLDEST_FIRST, None, 10)

    def respond(rows: list[Row]) -> bytes:
        return repr(rows).encode()

    await database.write(_insert(1, 2, 3))
    await lists.read(page, respond)
    database.before[2] = _change(sql)
    first = await lists.read(page, respond)
    assert database.reads == 4, "the change came at another moment"
    # What the database says now, of a cache that knows nothing.
    fresh = TodoLists(database, Caches(CacheSettings(), Metrics()).cache("lists", 60))
    assert first == await lists.read(page, respond) == await fresh.read(page, respond)
    await database.close()


async def test_readers_of_one_moment_share_one_load(engine_url: str) -> None:
    await ensure_schema(engine_url, MIGRATIONS, MIGRATIONS_HEAD)
    database = Interrupted(await open_database(engine_url))
    lists = TodoLists(database, Caches(CacheSettings(), Metrics()).cache("lists", 60))
    page = TodoPage("key", UserTaskFilter(candidate_groups=("it",)), ALL_ROWS, OLDEST_FIRST, None, 10)
    await database.write(_insert(1, 2, 3))
    await lists.read(page, lambda rows: repr(rows).encode())
    answers = await asyncio.gather(*(lists.read(page, lambda rows: repr(rows).encode()) for _ in range(20)))
    assert len(set(answers)) == 1
    # Once anew, then each asks for the stamps, and one for the rows.
    assert database.reads == 22
    await database.close()


async def test_pages_that_are_asked_for_once_are_not_kept(engine_url: str) -> None:
    await ensure_schema(engine_url, MIGRATIONS, MIGRATIONS_HEAD)
    database = Interrupted(await open_database(engine_url))
    metrics = Metrics()
    lists = TodoLists(database, Caches(CacheSettings(), metrics).cache("lists", 60))
    await database.write(_insert(1, 2, 3))
    for number in range(LOCAL_ENTRIES + 100):
        page = TodoPage(f"key{number}", UserTaskFilter(candidate_groups=("it",)), ALL_ROWS, OLDEST_FIRST, None, 10)
        await lists.read(page, lambda rows: repr(rows).encode())
    assert database.reads == LOCAL_ENTRIES + 100
    assert len(lists._seen) == LOCAL_ENTRIES
    assert (
        b'flowmesh_test_cache_requests_total{cache="lists",level="local",result="miss"} 0.0' in metrics.exposition()[0]
    )
    await database.close()


# Definitions


async def test_a_second_engine_takes_definitions_from_redis(engine_url: str, redis_server: RedisServer) -> None:
    async with two_engines(engine_url, redis_server.url, cache_timeout_milliseconds=PATIENT_MILLISECONDS) as engines:
        first, second = engines
        await until(lambda: all(engine.service._caches.remote_up for engine in engines))
        deployment = await first.deploy(user_task("review"))
        await first.start("review")

        def found(engine: Engine, level: str, result: str) -> float:
            return engine.service._caches._measures._requests.at("definitions", level, result).value

        assert (found(first, "remote", "miss"), found(first, "remote", "hit")) == (1, 0)
        await second.start("review")
        assert (found(second, "remote", "miss"), found(second, "remote", "hit")) == (0, 1)
        request = process_definition_service_pb2.GetProcessDefinitionXmlRequest(id=deployment.process_definitions[0].id)
        assert (await second.definitions.GetProcessDefinitionXml(request)).data == user_task("review")
        assert found(second, "local", "hit") == 1
        # A deletion through the one is seen through the other, whatever its caches hold.
        await first.deployments.DeleteDeployment(
            deployment_service_pb2.DeleteDeploymentRequest(id=deployment.id, cascade=True)
        )
        assert (await refusal(second.start("review"))).reason == "PROCESS_DEFINITION_NOT_FOUND"
        assert (await refusal(second.definitions.GetProcessDefinitionXml(request))).code == "NOT_FOUND"
        assert redis_server.command("EXISTS", f"flowmesh:engine:definitions:{request.id}") == b":0\r\n"


async def test_an_old_dump_does_not_bring_a_version_back(engine_url: str, redis_server: RedisServer) -> None:
    async with two_engines(engine_url, redis_server.url, cache_timeout_milliseconds=PATIENT_MILLISECONDS) as engines:
        first, _ = engines
        await until(lambda: all(engine.service._caches.remote_up for engine in engines))
        old = await first.deploy(user_task("review"))
        for engine in engines:
            await engine.start("review")
        redis_server.save()
        redis_server.kill()
        new = await first.deploy(user_task("review"))
        await first.deployments.DeleteDeployment(
            deployment_service_pb2.DeleteDeploymentRequest(id=old.id, cascade=True)
        )
        redis_server.start()
        await until(lambda: all(engine.service._caches.remote_up for engine in engines))
        for engine in engines:
            started = await engine.start("review")
            assert started.process_definition_id == new.process_definitions[0].id
            gone = await refusal(engine.start(process_definition_id=old.process_definitions[0].id))
            assert gone.reason == "PROCESS_DEFINITION_NOT_FOUND"


async def test_newest_definitions_are_ready_before_anybody_asks(engine_url: str, redis_server: RedisServer) -> None:
    await ensure_schema(engine_url, MIGRATIONS, MIGRATIONS_HEAD)
    database = await open_database(engine_url)
    first = await Engine.started(database)
    for number in range(3):
        await first.deploy(user_task(f"p{number}"))
    await first.deploy(user_task("p0"))
    await first.stop()
    again = await Engine.started(database)
    warming = again.service._warming
    assert warming is not None
    await warming
    definitions = again.service._definitions
    assert sorted((d.key, d.version) for d in definitions._by_id.values()) == [("p0", 2), ("p1", 1), ("p2", 1)]
    assert {place[1] for place in definitions._startable} == {"p0", "p1", "p2"}
    for number in range(3):
        await again.start(f"p{number}")
    await again.stop()
    await database.close()
