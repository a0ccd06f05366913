"""Variables at every scope of an instance, by API."""

from __future__ import annotations

from typing import Any, TypeVar

from flowmesh.engine.v1 import process_instance_service_pb2, variable_service_pb2
from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance

from mesh.db.database import Database
from mesh.db.statements import Fetch, InsertMany, Program, UpsertMany, fetch
from mesh.json_values import from_value, to_values
from tests.integration.engine.serving import ENDS, Engine, external, model, refusal, user_task

T = TypeVar("T")

NESTED = model(
    "nested",
    ENDS + '<subProcess id="sub"><startEvent id="a"/><userTask id="inner"/><endEvent id="z"/>'
    '<sequenceFlow id="fa" sourceRef="a" targetRef="inner"/><sequenceFlow id="fz" sourceRef="inner" targetRef="z"/>'
    "</subProcess>",
    "s>sub",
    "sub>e",
)


async def seen(engine: Engine, scope_id: str, *names: str, local: bool = False) -> dict[str, Any]:
    request = variable_service_pb2.GetVariablesRequest(scope_id=scope_id, local=local, names=names)
    answer = await engine.scoped.GetVariables(request)
    return {name: from_value(value) for name, value in answer.variables.items()}


async def put(engine: Engine, scope_id: str, variables: dict[str, Any], **fields: Any) -> str:
    request = variable_service_pb2.UpdateVariablesRequest(scope_id=scope_id, variables=to_values(variables), **fields)
    etag: str = (await engine.scoped.UpdateVariables(request)).process_instance.etag
    return etag


async def drop(engine: Engine, scope_id: str, *names: str, **fields: Any) -> str:
    request = variable_service_pb2.DeleteVariablesRequest(scope_id=scope_id, names=names, **fields)
    etag: str = (await engine.scoped.DeleteVariables(request)).process_instance.etag
    return etag


async def nested(engine: Engine, variables: dict[str, Any]) -> tuple[str, str, str]:
    """An instance with a sub-process: the ids of the instance, of the sub-process and of the task in it."""
    await engine.deploy(NESTED)
    instance = await engine.start("nested", variables)
    (task,) = await engine.user_tasks()
    loaded = await engine.service.executor.load(instance.id)
    assert loaded is not None
    key = next(key for key in loaded.scopes if key)
    return instance.id, f"{instance.id}.{key}", task.id


async def test_each_scope_sees_those_around_it(engine: Engine) -> None:
    instance_id, sub, task = await nested(engine, {"a": 1, "b": 1})
    await put(engine, sub, {"b": 2, "c": 2}, local=True)
    await put(engine, task, {"c": 3}, local=True)
    assert await seen(engine, instance_id) == {"a": 1, "b": 1}
    assert await seen(engine, sub) == {"a": 1, "b": 2, "c": 2}
    assert await seen(engine, task) == {"a": 1, "b": 2, "c": 3}
    assert await seen(engine, sub, local=True) == {"b": 2, "c": 2}
    assert await seen(engine, task, local=True) == {"c": 3}
    assert await seen(engine, task, "a", "c", "missing") == {"a": 1, "c": 3}


async def test_the_nearest_scope_that_has_a_variable_is_set(engine: Engine) -> None:
    instance_id, sub, task = await nested(engine, {"a": 1})
    await put(engine, sub, {"b": 2}, local=True)
    await put(engine, task, {"a": 10, "b": 20, "new": 30})
    assert await seen(engine, instance_id) == {"a": 10, "new": 30}
    assert await seen(engine, sub, local=True) == {"b": 20}
    assert await seen(engine, task, local=True) == {}


async def test_deleting_uncovers_what_was_hidden(engine: Engine) -> None:
    instance_id, sub, task = await nested(engine, {"a": 1, "b": 1})
    await put(engine, sub, {"a": 2}, local=True)
    await drop(engine, task, "a", "unknown")
    assert await seen(engine, task) == {"a": 1, "b": 1}
    await drop(engine, task, "a", local=True)
    assert await seen(engine, task, "a") == {"a": 1}
    await drop(engine, task, "a")
    assert await seen(engine, instance_id) == {"b": 1}


async def test_variables_of_a_scope_end_with_it(engine: Engine) -> None:
    instance_id, sub, task = await nested(engine, {})
    await put(engine, task, {"x": 1}, local=True)
    await engine.complete_task(task)
    for gone in (sub, task):
        assert (await refusal(seen(engine, gone))).reason == "PROCESS_INSTANCE_NOT_RUNNING"
        assert (await refusal(put(engine, gone, {"x": 1}))).reason == "PROCESS_INSTANCE_NOT_RUNNING"
    assert (await refusal(drop(engine, instance_id, "x"))).reason == "PROCESS_INSTANCE_NOT_RUNNING"


async def test_scopes_that_are_not_there(engine: Engine) -> None:
    instance_id, _, _ = await nested(engine, {})
    for scope_id, reason in (
        (f"{instance_id}.999", "ACTIVITY_NOT_FOUND"),
        ("01234567-0000-7000-8000-000000000000", "PROCESS_INSTANCE_NOT_FOUND"),
        ("nothing", "PROCESS_INSTANCE_NOT_FOUND"),
    ):
        for call in (seen(engine, scope_id), put(engine, scope_id, {"x": 1}), drop(engine, scope_id, "x")):
            refused = await refusal(call)
            assert (refused.code, refused.reason) == ("NOT_FOUND", reason)


async def test_the_same_request_twice_changes_once(engine: Engine) -> None:
    instance_id, _, task = await nested(engine, {"x": 0})
    assert await put(engine, task, {"x": 1}, request_id="r1") == "2"
    assert await put(engine, instance_id, {"x": 2}) == "3"
    assert await put(engine, task, {"x": 1}, request_id="r1") == "2"
    assert await seen(engine, instance_id) == {"x": 2}
    refused = await refusal(put(engine, task, {"x": 5}, request_id="r1"))
    assert refused.reason == "REQUEST_ID_REUSED"


async def test_deleting_variables_of_the_instance(engine: Engine) -> None:
    await engine.deploy(user_task())
    instance = await engine.start("review", {"a": 1, "b": 2, "c": 3})
    pb = process_instance_service_pb2
    request = pb.DeleteProcessInstanceVariablesRequest(id=instance.id, names=["a", "c", "none"], request_id="d")
    for _ in range(2):
        answer = await engine.instances.DeleteProcessInstanceVariables(request)
        assert answer.process_instance.etag == "2"
    assert await engine.variables(instance.id) == {"b": 2}
    (task,) = await engine.user_tasks()
    # What belongs to an activity is VariableService's.
    refused = await refusal(
        engine.instances.DeleteProcessInstanceVariables(
            pb.DeleteProcessInstanceVariablesRequest(id=task.id, names=["b"])
        )
    )
    assert refused.reason == "PROCESS_INSTANCE_NOT_FOUND"


async def test_limits_name_the_variable(engine: Engine, engine_database: Database) -> None:
    small = await Engine.started(engine_database, max_variable_bytes=200, max_instance_variable_bytes=600)
    instance_id, sub, task = await nested(small, {"a": "x" * 100})
    refused = await refusal(put(small, sub, {"b": "x" * 300}, local=True))
    assert (refused.reason, refused.metadata["variable"]) == ("VARIABLE_TOO_LARGE", "b")
    await put(small, sub, {"b": "x" * 190}, local=True)
    refused = await refusal(put(small, task, {"c": "x" * 180, "d": "x" * 100}, local=True))
    assert (refused.reason, refused.metadata["limit"]) == ("VARIABLE_TOO_LARGE", "600")
    assert refused.metadata["variable"] == "b"
    assert await seen(small, instance_id) == {"a": "x" * 100}
    rows = await engine_database.read(fetch(Fetch("SELECT revision FROM process_instance")))
    assert rows == [(2,)]
    await small.stop()


class CountingDatabase:
    """A database that counts the bytes of the rows that are written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.bytes = 0

    async def write(self, program: Program[T]) -> T:
        return await self._database.write(self._counted(program))

    async def read(self, program: Program[T]) -> T:
        return await self._database.read(program)

    async def close(self) -> None:
        """Nothing: it is another's database."""

    def _counted(self, program: Program[T]) -> Program[T]:
        try:
            statement = next(program)
            while True:
                if isinstance(statement, InsertMany | UpsertMany):
                    self.bytes += sum(
                        len(value) for row in statement.rows for value in row if isinstance(value, str | bytes)
                    )
                statement = program.send((yield statement))
        except StopIteration as stop:
            result: T = stop.value
            return result


async def test_a_large_value_is_not_written_again(engine_database: Database) -> None:
    counting = CountingDatabase(engine_database)
    engine = await Engine.started(counting)
    large = {"text": "x" * ((1 << 20) - 100)}
    await engine.deploy(user_task())
    instance = await engine.start("review", {"large": large, "n": 0})
    assert counting.bytes > 2 * (1 << 20), "the value, and the event that tells it"
    counting.bytes = 0
    for n in range(200):
        await put(engine, instance.id, {"n": n})
    assert counting.bytes < 200 * 3_000
    assert await engine.variables(instance.id) == {"large": large, "n": 199}
    await engine.stop()
    again = await Engine.started(engine_database)
    assert await again.variables(instance.id) == {"large": large, "n": 199}
    (task,) = await again.user_tasks()
    await put(again, task.id, {"copy": large, "other": ["y" * 100_000]}, local=True)
    assert await stored_values(engine_database) == 2
    await drop(again, instance.id, "large")
    assert await seen(again, task.id, "copy") == {"copy": large}
    assert await stored_values(engine_database) == 2
    await put(again, task.id, {"copy": 1})
    assert await stored_values(engine_database) == 1
    await again.complete_task(task.id)
    assert await stored_values(engine_database) == 0
    await again.stop()


async def test_a_worker_gets_large_values(engine: Engine, engine_database: Database) -> None:
    await engine.deploy(external())
    instance = await engine.start("ship", {"large": "z" * 200_000})
    other = await Engine.started(engine_database, engine.clock)
    job = await other.one_job()
    assert from_value(job.variables["large"]) == "z" * 200_000
    await other.stop()
    request = process_instance_service_pb2.DeleteProcessInstanceRequest(id=instance.id)
    await engine.instances.DeleteProcessInstance(request)
    assert await stored_values(engine_database) == 0


async def test_a_large_instance_in_parts(engine: Engine, engine_database: Database) -> None:
    task = (
        '<userTask id="t"><multiInstanceLoopCharacteristics isSequential="false"><loopCardinality>300</loopCardinality>'
        "</multiInstanceLoopCharacteristics></userTask>"
    )
    await engine.deploy(model("many", ENDS + task, "s>t", "t>e"))
    instance = await engine.start("many")
    other = await Engine.started(engine_database, engine.clock)
    tasks = await engine.user_tasks(page_size=1000)
    assert len(tasks) == 300
    assert await stored_parts(engine_database) > 5
    for n, open_task in enumerate(tasks):
        # Each time the other engine has an older state in memory.
        await (engine, other)[n // 3 % 2].complete_task(open_task.id, {f"v{n}": n} if n < 2 else {})
    assert (await other.get(instance.id)).status == ProcessInstance.STATUS_COMPLETED
    assert await stored_parts(engine_database) == 0
    await other.stop()


async def stored_values(database: Database) -> int:
    return len(await database.read(fetch(Fetch("SELECT content_hash FROM instance_value"))))


async def stored_parts(database: Database) -> int:
    return len(await database.read(fetch(Fetch("SELECT part FROM instance_part"))))
