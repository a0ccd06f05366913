"""Variables at every scope of an instance, by API."""

from __future__ import annotations

from typing import Any

from flowmesh.engine.v1 import process_instance_service_pb2, variable_service_pb2

from mesh.db.database import Database
from mesh.db.statements import Fetch, fetch
from mesh.json_values import from_value, to_values
from tests.integration.engine.serving import ENDS, Engine, model, refusal, user_task

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
