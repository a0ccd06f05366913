"""Todo lists with and without their cache: `python -m bench.todo_lists URL [REDIS_URL]` on an empty database.

20,000 open tasks; a page of 50 of what one person has or may take. Each call is served as gRPC serves it, without the
transport.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import cast

import orjson
import uvloop
from flowmesh.engine.v1 import user_task_service_pb2 as pb

from engine_svc.api.user_task_fields import filter_of
from engine_svc.api.user_task_service import UserTaskServicer, list_answer
from engine_svc.commands.executor import InstanceExecutor
from engine_svc.commands.todo_lists import TodoLists
from engine_svc.main import MIGRATIONS, MIGRATIONS_HEAD
from engine_svc.settings import EngineSettings
from engine_svc.storage.commit import CANDIDATE_COLUMNS, USER_TASK_COLUMNS
from engine_svc.storage.user_task_lists import OLDEST_FIRST, list_stamps, list_user_tasks
from mesh.access.rows import ALL_ROWS
from mesh.cache.local import LocalStore
from mesh.cache.opening import Caches
from mesh.cache.port import TODO_LIST_SECONDS
from mesh.db.database import Database
from mesh.db.schema import ensure_schema, open_database
from mesh.db.statements import InsertMany, Program, Row
from mesh.ids import new_id
from mesh.metrics import Metrics

TASKS = 20_000
PEOPLE = 100
GROUPS = 20
PAGE = 2_000
CALLS = 50
ROUNDS = 12
LISTS = {
    "assigned to me": pb.ListUserTasksRequest(assignee="u7"),
    "mine and my groups'": pb.ListUserTasksRequest(assignee_or_candidate="u7", candidate_groups=["g1", "g2", "g3"]),
}


def _rows() -> tuple[list[Row], list[Row]]:
    chance = random.Random(1)
    tasks: list[Row] = []
    candidates: list[Row] = []
    for number in range(TASKS):
        instance_id = new_id()
        assignee = f"u{chance.randrange(PEOPLE)}" if number % 2 else ""
        users = [] if assignee else [f"u{chance.randrange(PEOPLE)}"]
        groups = [] if assignee else [f"g{chance.randrange(GROUPS)}"]
        values = {
            **dict.fromkeys(USER_TASK_COLUMNS, ""),
            **dict.fromkeys(("claimed_at", "suspended", "delegation_state", "follow_up_at", "parent_key"), 0),
            **{"instance_id": instance_id, "task_key": 3, "element_id": "review", "name": "Review the order"},
            **{"assignee": assignee, "priority": 50, "created_at": number, "due_at": number + 10**15, "revision": 1},
            **{"candidate_users": orjson.dumps(users).decode(), "candidate_groups": orjson.dumps(groups).decode()},
            **{"definition_id": "definition", "definition_key": "order", "business_key": f"order-{number}"},
        }
        tasks.append(tuple(values[column] for column in USER_TASK_COLUMNS))
        candidates += [(instance_id, 3, 1, user, number) for user in users]
        candidates += [(instance_id, 3, 2, group, number) for group in groups]
    return tasks, candidates


def _fill() -> Program[None]:
    for table, columns, rows in zip(
        ("user_task", "user_task_candidate"), (USER_TASK_COLUMNS, CANDIDATE_COLUMNS), _rows(), strict=True
    ):
        for start in range(0, len(rows), PAGE):
            yield InsertMany(table, columns, rows[start : start + PAGE])


async def _timed(name: str, call: Callable[[], Awaitable[object]]) -> None:
    await call()
    await call()
    best_wall, best_cpu = float("inf"), float("inf")
    # The best of several rounds: what else the machine does only ever adds.
    for _ in range(ROUNDS):
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(CALLS):
            await call()
        best_wall = min(best_wall, time.perf_counter() - wall)
        best_cpu = min(best_cpu, time.process_time() - cpu)
    print(f"  {name:40}{best_wall / CALLS * 1e6:8.0f} µs{best_cpu / CALLS * 1e6:8.0f} µs of CPU here")


def _servicer(database: Database, caches: Caches, local: LocalStore) -> UserTaskServicer:
    lists = TodoLists(database, caches.cache("todo_lists", TODO_LIST_SECONDS, local))
    # Lists run no command.
    return UserTaskServicer(cast("InstanceExecutor", None), database, 0, lists)


async def _measure(url: str, redis_url: str) -> None:
    await ensure_schema(url, MIGRATIONS, MIGRATIONS_HEAD)
    async with AsyncExitStack() as closing:
        database = await open_database(url)
        closing.push_async_callback(database.close)
        await database.write(_fill())
        servicers = []
        # Where nothing is kept in the process, Redis is asked each time.
        for local in (LocalStore(), LocalStore(seconds=0)):
            caches = Caches(EngineSettings(cache_url=redis_url, cache_timeout_milliseconds=1000), Metrics())
            caches.start()
            closing.push_async_callback(caches.close)
            while redis_url and not caches.remote_up:  # noqa: ASYNC110 - nobody else waits for it
                await asyncio.sleep(0.01)
            servicers.append(_servicer(database, caches, local))
        for name, request in LISTS.items():
            print(f"{url.partition(':')[0]}: {name}")
            await _measure_list(database, request, *servicers, with_redis=bool(redis_url))


async def _measure_list(
    database: Database,
    request: pb.ListUserTasksRequest,
    servicer: UserTaskServicer,
    without_memory: UserTaskServicer,
    *,
    with_redis: bool,
) -> None:
    wanted = filter_of(request)
    others = itertools.count(1)

    async def without() -> bytes:
        rows = await database.read(list_user_tasks(wanted, ALL_ROWS, OLDEST_FIRST, None, 51))
        return list_answer(request, rows, OLDEST_FIRST).SerializeToString()

    def other() -> pb.ListUserTasksRequest:
        asked = pb.ListUserTasksRequest(priority_min=-next(others))
        asked.MergeFrom(request)
        return asked

    async def once() -> object:
        return await servicer.ListUserTasks(other())

    async def thrice() -> object:
        asked = other()
        for _ in range(3):
            await servicer.ListUserTasks(asked)
        return None

    await _timed("without a cache", without)
    await _timed("stamps alone", lambda: database.read(list_stamps(wanted, ALL_ROWS, OLDEST_FIRST, None, 51)))
    await _timed("found in the process", lambda: servicer.ListUserTasks(request))
    if with_redis:
        await _timed("found in Redis", lambda: without_memory.ListUserTasks(request))
    await _timed("asked for once", once)
    await _timed("asked for three times: read, kept, found", thrice)


if __name__ == "__main__":
    uvloop.run(_measure(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""))
