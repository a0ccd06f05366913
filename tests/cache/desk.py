"""People's work through two engines on one database that share a Redis, done at random."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from flowmesh.engine.v1 import migration_pb2, process_instance_service_pb2, user_task_pb2
from flowmesh.engine.v1 import migration_service_pb2 as migrations
from flowmesh.engine.v1 import user_task_service_pb2 as pb
from flowmesh.engine.v1.migration_service_pb2_grpc import MigrationServiceStub
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.db.schema import open_database
from tests.integration.engine.human_work import HumanWork
from tests.integration.engine.serving import Engine, user_task

UserTask = user_task_pb2.UserTask
PEOPLE = ("ann", "bob", "kim")
GROUPS = ("sales", "it")
OFFERED = 'flowable:candidateUsers="ann,bob" flowable:candidateGroups="sales"'
LISTS: tuple[dict[str, Any], ...] = (
    {"assignee_or_candidate": "ann", "candidate_groups": ["sales", "it"]},
    {"assignee_or_candidate": "bob", "page_size": 3, "order_by": "priority desc"},
    {"assignee": "ann"},
    {"candidate_user": "kim", "candidate_groups": ["it"]},
    {"candidate_groups": ["sales"]},
    {"involved_user": "bob", "order_by": "name"},
)
"""What people ask for again and again."""


@asynccontextmanager
async def two_engines(database_url: str, redis_url: str, **settings: Any) -> AsyncIterator[tuple[Engine, Engine]]:
    """Two engines on one database, each with connections of its own, as two processes would have."""
    async with AsyncExitStack() as closing:
        engines = []
        for _ in range(2):
            database = await open_database(database_url)
            closing.push_async_callback(database.close)
            engine = await Engine.started(database, cache_url=redis_url, **settings)
            closing.push_async_callback(engine.stop)
            engines.append(engine)
        yield engines[0], engines[1]


async def cached(engine: Engine, **filters: Any) -> pb.ListUserTasksResponse:
    """A todo list as people get it."""
    answer: pb.ListUserTasksResponse = await engine.tasks.ListUserTasks(pb.ListUserTasksRequest(**filters))
    return answer


async def stored(engine: Engine, **filters: Any) -> list[UserTask]:
    """The same list from the database: what counts the tasks is not cached."""
    answer = await cached(engine, include_total_size=True, **filters)
    return list(answer.user_tasks)


async def assign(engine: Engine, task_id: str, user: str) -> UserTask:
    """Give a task to somebody, or to nobody."""
    if user:
        return await HumanWork(engine).assign(task_id, user)
    task: UserTask = (await engine.tasks.UnclaimUserTask(pb.UnclaimUserTaskRequest(id=task_id))).user_task
    return task


def hits(engine: Engine, level: str = "local") -> float:
    """How often a todo list was found in a level of an engine's cache."""
    requests = engine.service._caches._measures._requests
    return requests.at("todo_lists", level, "hit").value


class Desk:
    """Does at random what changes todo lists, through either engine; each call is over before the next one."""

    def __init__(self, engines: tuple[Engine, Engine], seed: int) -> None:
        self.engines = engines
        self.chance = random.Random(seed)
        self.done: list[str] = []
        self._versions: list[str] = []
        self._migrated = ""

    async def prepare(self) -> None:
        """Deploy two versions whose task has another id, and begin with some tasks."""
        for element in ("t", "u"):
            content = user_task("review", OFFERED).replace(b'"t"', f'"{element}"'.encode())
            self._versions.append((await self.engines[0].deploy(content)).process_definitions[0].id)
        for _ in range(4):
            await self._start(None)

    async def step(self) -> None:
        """Do one thing."""
        migrated, self._migrated = self._migrated, ""
        if migrated and self.chance.random() < 0.5:
            # Brings the row back with the revision that it had before.
            self.done.append("_revert")
            await self._revert(migrated)
            return
        tasks = await stored(self.engine, page_size=100)
        if len(tasks) < 4:
            await self._start(None)
        else:
            chosen = self.chance.choice(self._ways())
            self.done.append(chosen.__name__)
            await chosen(self.chance.choice(tasks))

    @property
    def engine(self) -> Engine:
        """Either engine."""
        return self.chance.choice(self.engines)

    def _ways(self) -> list[Callable[[UserTask], Awaitable[None]]]:
        return [
            *(self._start, self._create, self._assign, self._claim, self._delegate, self._offer, self._withdraw),
            *(self._update, self._complete, self._pause, self._resume, self._delete, self._migrate),
        ]

    def _work(self) -> HumanWork:
        return HumanWork(self.engine)

    async def _start(self, _: UserTask | None) -> None:
        await self.engine.start(process_definition_id=self._versions[0])

    async def _create(self, _: UserTask) -> None:
        await self._work().create(name=f"alone {self.chance.random()}", candidate_groups=[self.chance.choice(GROUPS)])

    async def _assign(self, task: UserTask) -> None:
        if not task.suspended:
            await assign(self.engine, task.id, self.chance.choice(("", *PEOPLE)))

    async def _claim(self, task: UserTask) -> None:
        if not task.assignee and not task.suspended:
            await self._work().claim(task.id, self.chance.choice(PEOPLE))

    async def _delegate(self, task: UserTask) -> None:
        if task.assignee and not task.suspended and not task.delegation_state:
            await self._work().delegate(task.id, self.chance.choice(PEOPLE))

    async def _offer(self, task: UserTask) -> None:
        if not task.suspended:
            await self._work().offer(task.id, users=[self.chance.choice(PEOPLE)], groups=[self.chance.choice(GROUPS)])

    async def _withdraw(self, task: UserTask) -> None:
        if not task.suspended:
            await self._work().withdraw(
                task.id, users=[self.chance.choice(PEOPLE)], groups=[self.chance.choice(GROUPS)]
            )

    async def _update(self, task: UserTask) -> None:
        if not task.suspended:
            due = Timestamp(seconds=self.chance.randrange(1, 10**9))
            priority, name = self.chance.randrange(100), f"name {self.chance.random()}"
            await self._work().update(task.id, name=name, priority=priority, due_time=due)

    async def _complete(self, task: UserTask) -> None:
        if not task.suspended and task.delegation_state != UserTask.DELEGATION_STATE_PENDING:
            await self.engine.complete_task(task.id)

    async def _pause(self, task: UserTask) -> None:
        if task.process_instance_id and not task.suspended:
            await self.engine.suspend(task.process_instance_id)

    async def _resume(self, task: UserTask) -> None:
        if task.process_instance_id and task.suspended:
            await self.engine.resume(task.process_instance_id)

    async def _delete(self, task: UserTask) -> None:
        if task.process_instance_id:
            request = process_instance_service_pb2.DeleteProcessInstanceRequest(id=task.process_instance_id)
            await self.engine.instances.DeleteProcessInstance(request)
        else:
            await self._work().delete(task.id)

    async def _migrate(self, task: UserTask) -> None:
        if task.process_definition_id == self._versions[0] and not task.suspended:
            mapping = migration_pb2.ElementMapping(source_element_ids=["t"], target_element_ids=["u"])
            plan = migration_pb2.MigrationPlan(target_process_definition_id=self._versions[1], mappings=[mapping])
            request = migrations.MigrateProcessInstanceRequest(id=task.process_instance_id, plan=plan)
            stub: Any = MigrationServiceStub(self.engine.channel)
            self._migrated = (await stub.MigrateProcessInstance(request)).migration.id

    async def _revert(self, migration_id: str) -> None:
        stub: Any = MigrationServiceStub(self.engine.channel)
        await stub.RevertMigration(migrations.RevertMigrationRequest(id=migration_id))
