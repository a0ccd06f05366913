"""Migration of instances, its preview and its undoing, over gRPC and a database."""

from __future__ import annotations

from typing import Any

import pytest
from flowmesh.engine.v1 import (
    migration_pb2,
    process_definition_service_pb2,
    process_instance_pb2,
    process_instance_service_pb2,
)
from flowmesh.engine.v1 import migration_service_pb2 as pb
from flowmesh.engine.v1.migration_service_pb2_grpc import MigrationServiceStub

from mesh.db.database import Database
from mesh.db.statements import Fetch, fetch
from mesh.json_values import to_values
from tests.integration.engine.serving import ENDS, Engine, model, refusal

KEPT = migration_pb2.ActivityMigration.ACTION_KEPT
RESTARTED = migration_pb2.ActivityMigration.ACTION_RESTARTED
ONE = model("p", ENDS + '<userTask id="a" name="A" flowable:candidateGroups="g"/>', "s>a", "a>e")
LONGER = model("p", ENDS + '<userTask id="a"/><userTask id="b"/>', "s>a", "a>b", "b>e")
TIMER = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
TIMED = model(
    "p",
    ENDS + f'<userTask id="a"/><boundaryEvent id="t" attachedToRef="a">{TIMER}</boundaryEvent><userTask id="late"/>',
    "s>a",
    "a>e",
    "t>late",
    "late>e",
)
OTHER = model("p", ENDS + '<userTask id="z"/>', "s>z", "z>e")
WORK = model("p", ENDS + '<serviceTask id="w" flowable:type="external-worker" flowable:topic="work"/>', "s>w", "w>e")
WORK_RENAMED = model(
    "p", ENDS + '<serviceTask id="v" flowable:type="external-worker" flowable:topic="work"/>', "s>v", "v>e"
)


class Migrations:
    """The service, and what tests ask of it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.stub: Any = MigrationServiceStub(engine.channel)

    async def version(self, content: bytes) -> str:
        definition_id: str = (await self.engine.deploy(content)).process_definitions[0].id
        return definition_id

    @staticmethod
    def plan(target: str, *mappings: tuple[str, str], **fields: Any) -> migration_pb2.MigrationPlan:
        listed = [
            migration_pb2.ElementMapping(source_element_ids=source.split(), target_element_ids=to.split())
            for source, to in mappings
        ]
        return migration_pb2.MigrationPlan(target_process_definition_id=target, mappings=listed, **fields)

    async def migrate(
        self, instance_id: str, plan: migration_pb2.MigrationPlan, **fields: Any
    ) -> tuple[process_instance_pb2.ProcessInstance, migration_pb2.Migration]:
        request = pb.MigrateProcessInstanceRequest(id=instance_id, plan=plan, **fields)
        answer = await self.stub.MigrateProcessInstance(request)
        return answer.process_instance, answer.migration

    async def revert(self, migration_id: str, **fields: Any) -> Any:
        return await self.stub.RevertMigration(pb.RevertMigrationRequest(id=migration_id, **fields))


@pytest.fixture
def migrations(engine: Engine) -> Migrations:
    return Migrations(engine)


async def rows(database: Database, table: str, columns: str) -> list[Any]:
    return sorted(await database.read(fetch(Fetch(f"SELECT {columns} FROM {table}"))))


async def test_a_task_is_kept_with_its_claim_and_rows_follow(
    engine: Engine, migrations: Migrations, engine_database: Database
) -> None:
    await migrations.version(ONE)
    started = await engine.start("p")
    (task,) = await engine.user_tasks()
    target = await migrations.version(LONGER)
    changed, migration = await migrations.migrate(
        started.id, migrations.plan(target, variables=to_values({"x": 1})), request_id="m"
    )
    again = await migrations.migrate(started.id, migrations.plan(target, variables=to_values({"x": 1})), request_id="m")
    assert again == (changed, migration)
    assert (changed.process_definition_id, changed.process_definition_version) == (target, 2)
    assert await engine.get(started.id) == changed
    (kept,) = await engine.user_tasks()
    assert (kept.id, kept.name, kept.process_definition_id) == (task.id, "A", target)
    assert await engine.variables(started.id) == {"x": 1}
    await engine.complete_task(kept.id)
    (second,) = await engine.user_tasks()
    assert second.element_id == "b"
    await engine.complete_task(second.id)
    listed = await migrations.stub.ListMigrations(pb.ListMigrationsRequest(process_instance_id=started.id))
    assert list(listed.migrations) == [migration]
    got = await migrations.stub.GetMigration(pb.GetMigrationRequest(id=migration.id))
    assert got.migration == migration


async def test_a_job_goes_on_under_another_element(
    engine: Engine, migrations: Migrations, engine_database: Database
) -> None:
    await migrations.version(WORK)
    started = await engine.start("p")
    job = await engine.one_job()
    target = await migrations.version(WORK_RENAMED)
    await migrations.migrate(started.id, migrations.plan(target, ("w", "v")))
    assert await rows(engine_database, "job", "element_id, definition_id") == [("v", target)]
    await engine.complete_job(job)
    assert (await engine.get(started.id)).status == process_instance_pb2.ProcessInstance.STATUS_COMPLETED


async def test_every_problem_at_once(engine: Engine, migrations: Migrations) -> None:
    source = await migrations.version(ONE)
    started = await engine.start("p")
    target = await migrations.version(OTHER)
    refused = await refusal(migrations.migrate(started.id, migrations.plan(target)))
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "MIGRATION_INVALID")
    assert "ACTIVITY_UNMAPPED" in refused.message
    assert (await engine.get(started.id)).process_definition_id == source
    assert (await refusal(migrations.migrate(started.id, migrations.plan("nothing")))).reason == (
        "PROCESS_DEFINITION_NOT_FOUND"
    )
    assert (await refusal(migrations.migrate("nothing", migrations.plan(target)))).reason == (
        "PROCESS_INSTANCE_NOT_FOUND"
    )


async def test_the_preview_of_a_definition_goes_through_its_instances(engine: Engine, migrations: Migrations) -> None:
    source = await migrations.version(LONGER)
    ids = [(await engine.start("p")).id for _ in range(3)]
    task = (await engine.user_tasks(process_instance_id=ids[0]))[0]
    await engine.complete_task(task.id)
    await engine.suspend(ids[1])
    target = await migrations.version(ONE)
    request = pb.PreviewMigrationRequest(source_process_definition_id=source, plan=migrations.plan(target), page_size=2)
    found = []
    while True:
        answer = await migrations.stub.PreviewMigration(request)
        found += answer.previews
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    by_id = {preview.process_instance_id: preview for preview in found}
    assert sorted(by_id) == sorted(ids)
    assert [problem.code for problem in by_id[ids[0]].problems] == ["ACTIVITY_UNMAPPED"]
    assert not by_id[ids[1]].problems
    assert [activity.action for activity in by_id[ids[2]].activities] == [KEPT]
    bad = await migrations.stub.PreviewMigration(
        pb.PreviewMigrationRequest(source_process_definition_id=source, plan=migrations.plan(target, ("q", "r")))
    )
    assert [problem.code for problem in bad.problems] == ["SOURCE_ELEMENT_UNKNOWN", "TARGET_ELEMENT_UNKNOWN"]
    one = await migrations.stub.PreviewMigration(
        pb.PreviewMigrationRequest(process_instance_id=ids[0], plan=migrations.plan(target, ("b", "a")))
    )
    assert [activity.action for activity in one.previews[0].activities] == [KEPT]


async def test_a_migration_is_undone_to_the_ids_of_tasks(
    engine: Engine, migrations: Migrations, engine_database: Database
) -> None:
    source = await migrations.version(TIMED)
    started = await engine.start("p", {"x": 1})
    before = await engine.user_tasks()
    tables = {
        "user_task": "instance_id, task_key, element_id, definition_id",
        "user_task_candidate": "instance_id, task_key, kind, candidate",
        "job": "instance_id, job_key, element_id, definition_id, state, due_at, headers",
    }
    stored = {table: await rows(engine_database, table, columns) for table, columns in tables.items()}
    target = await migrations.version(OTHER)
    _, migration = await migrations.migrate(
        started.id, migrations.plan(target, ("a", "z"), variables=to_values({"x": 2, "y": 3}))
    )
    assert await rows(engine_database, "job", "job_key") == []
    answer = await migrations.revert(migration.id, request_id="u")
    assert await migrations.revert(migration.id, request_id="u") == answer
    assert answer.migration.state == migration_pb2.Migration.STATE_REVERTED
    assert answer.process_instance.process_definition_id == source
    assert await engine.user_tasks() == before
    for table, columns in tables.items():
        assert await rows(engine_database, table, columns) == stored[table]
    assert await engine.variables(started.id) == {"x": 1}
    await engine.complete_task(before[0].id)
    assert (await engine.get(started.id)).status == process_instance_pb2.ProcessInstance.STATUS_COMPLETED


async def test_an_activity_that_began_anew_is_undone_too(engine: Engine, migrations: Migrations) -> None:
    await migrations.version(ONE)
    started = await engine.start("p")
    before = await engine.user_tasks()
    target = await migrations.version(WORK)
    _, migration = await migrations.migrate(started.id, migrations.plan(target, ("a", "w")))
    assert len(await engine.open_jobs()) == 1
    await migrations.revert(migration.id)
    assert await engine.open_jobs() == []
    assert await engine.user_tasks() == before
    refused = await refusal(migrations.revert(migration.id))
    assert (refused.reason, refused.message) == ("MIGRATION_MOVED_ON", f"migration {migration.id} was undone already")


async def test_what_has_moved_on_is_not_undone(engine: Engine, migrations: Migrations) -> None:
    await migrations.version(ONE)
    started = await engine.start("p")
    target = await migrations.version(LONGER)
    _, migration = await migrations.migrate(started.id, migrations.plan(target))
    (task,) = await engine.user_tasks()
    await engine.complete_task(task.id)
    refused = await refusal(migrations.revert(migration.id))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "MIGRATION_MOVED_ON")
    assert (await refusal(migrations.revert("nothing"))).reason == "MIGRATION_NOT_FOUND"


async def test_a_paused_instance_stays_paused(engine: Engine, migrations: Migrations) -> None:
    await migrations.version(ONE)
    started = await engine.start("p")
    await engine.suspend(started.id)
    target = await migrations.version(WORK)
    changed, _ = await migrations.migrate(started.id, migrations.plan(target, ("a", "w")))
    assert changed.status == process_instance_pb2.ProcessInstance.STATUS_PAUSED
    assert await engine.activate() == []
    await engine.resume(started.id)
    assert (await engine.one_job()).element_id == "w"


async def test_instances_go_to_a_suspended_definition_too(engine: Engine, migrations: Migrations) -> None:
    await migrations.version(ONE)
    started = await engine.start("p")
    target = await migrations.version(LONGER)
    await engine.definitions.SuspendProcessDefinition(
        process_definition_service_pb2.SuspendProcessDefinitionRequest(id=target)
    )
    changed, _ = await migrations.migrate(started.id, migrations.plan(target))
    assert changed.process_definition_id == target


async def test_deleting_an_instance_takes_its_journal_along(
    engine: Engine, migrations: Migrations, engine_database: Database
) -> None:
    await migrations.version(ONE)
    started = await engine.start("p")
    await migrations.migrate(started.id, migrations.plan(await migrations.version(LONGER)))
    await engine.instances.DeleteProcessInstance(
        process_instance_service_pb2.DeleteProcessInstanceRequest(id=started.id)
    )
    assert await rows(engine_database, "migration_journal", "id") == []
