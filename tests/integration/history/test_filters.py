"""What lists are narrowed to beyond what `test_pages` covers, sequence flows, and called instances, through the API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from flowmesh.history.v1 import history_service_pb2 as pb
from flowmesh.history.v1.history_pb2 import HistoricProcessInstance
from flowmesh.history.v1.history_service_pb2_grpc import HistoryServiceStub

from history_svc.api.service import HistoryServicer
from history_svc.consumers.projection import project
from mesh.db.database import Database
from mesh.metrics import Metrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import MeshServer
from mesh.settings import MeshSettings
from tests.unit.history.event_histories import START_MICROS, Life, timestamp

HOUR = 3_600_000_000
RUNNING = HistoricProcessInstance.STATUS_RUNNING


@pytest.fixture
async def stub(history: Database) -> AsyncIterator[Any]:
    server = MeshServer(MeshSettings(drain_seconds=0), RpcMetrics(Metrics()))
    server.add(pb.DESCRIPTOR.services_by_name["HistoryService"], HistoryServicer(history))
    port = await server.serve("127.0.0.1", 0)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield HistoryServiceStub(channel)
    await server.stop()


async def _family(history: Database) -> tuple[Life, Life, Life]:
    """A caller, what it called, which has ended, and somebody else; an hour lies between their starts."""
    parent, child, other = Life(), Life(key="part", micros=START_MICROS + HOUR), Life(micros=START_MICROS + 2 * HOUR)
    parent.start("ann", amount=1)
    parent.leave(parent.activity("start", "startEvent"))
    call = parent.activity("call", "callActivity", flow="start_call")
    parent.enter(call)
    child.tell(
        "process_instance_started",
        initiator="ann",
        parent_process_instance_id=parent.id,
        parent_activity_id=call.id,
        root_process_instance_id=parent.id,
    )
    child.start_micros = child.micros
    child.commit(HOUR)
    child.end()
    other.start("bob", note="n")
    await history.write(project([*parent.events, *child.events, *other.events]))
    return parent, child, other


async def _instances(stub: Any, **filters: Any) -> list[str]:
    answer = await stub.ListHistoricProcessInstances(pb.ListHistoricProcessInstancesRequest(**filters))
    return [found.id for found in answer.historic_process_instances]


async def test_instances(history: Database, stub: Any) -> None:
    parent, child, other = await _family(history)
    assert await _instances(stub) == [other.id, child.id, parent.id]
    assert await _instances(stub, order_by="start_time") == [parent.id, child.id, other.id]
    assert await _instances(stub, parent_process_instance_id=parent.id) == [child.id]
    assert await _instances(stub, root_process_instance_id=parent.id) == [child.id, parent.id]
    assert await _instances(stub, exclude_called=True) == [other.id, parent.id]
    assert await _instances(stub, initiator="ann") == [child.id, parent.id]
    assert await _instances(stub, finished=True) == [child.id]
    assert await _instances(stub, finished=False) == [other.id, parent.id]
    assert await _instances(stub, finished=True, status=RUNNING) == []
    assert await _instances(stub, root_process_instance_id=parent.id, finished=False) == [parent.id]
    assert await _instances(stub, root_process_instance_id=parent.id, finished=True, status=RUNNING) == []
    assert await _instances(stub, end_time_from=timestamp(START_MICROS + 2 * HOUR)) == [child.id]
    assert await _instances(stub, end_time_to=timestamp(START_MICROS + 2 * HOUR)) == []
    assert await _instances(stub, process_definition_version=2) == []


async def test_pages_in_the_other_order(history: Database, stub: Any) -> None:
    family = await _family(history)
    request = pb.ListHistoricProcessInstancesRequest(page_size=1, order_by="start_time")
    found = []
    while True:
        answer = await stub.ListHistoricProcessInstances(request)
        found += [one.id for one in answer.historic_process_instances]
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    assert found == [life.id for life in family]


async def test_a_called_instance_is_told_with_its_call_and_the_call_with_it(history: Database, stub: Any) -> None:
    parent, child, _ = await _family(history)
    answer = await stub.GetHistoricProcessInstance(pb.GetHistoricProcessInstanceRequest(id=child.id))
    called = answer.historic_process_instance
    assert (called.parent_process_instance_id, called.parent_activity_id) == (parent.id, f"{parent.id}.2")
    assert called.root_process_instance_id == parent.id
    activity = (await stub.GetHistoricActivity(pb.GetHistoricActivityRequest(id=f"{parent.id}.2"))).historic_activity
    assert activity.called_process_instance_id == child.id
    listed = await stub.ListHistoricActivities(pb.ListHistoricActivitiesRequest(process_instance_id=parent.id))
    assert [one.called_process_instance_id for one in listed.historic_activities] == ["", child.id]


async def _activities(stub: Any, **filters: Any) -> list[str]:
    answer = await stub.ListHistoricActivities(pb.ListHistoricActivitiesRequest(**filters))
    return [found.element_id for found in answer.historic_activities]


async def test_activities_and_their_flows(history: Database, stub: Any) -> None:
    life = Life(tenant_id="acme")
    life.start()
    life.leave(life.activity("start", "startEvent"))
    sub = life.activity("sub", "subProcess", flow="f1")
    entered = life.enter(sub)
    life.commit(HOUR)
    inner = life.activity("inner", "userTask", parent=sub.id, flow="f2")
    begun = life.enter(inner)
    life.tell("user_task_created", task_id=inner.id, element_id="inner", assignee="ann")
    life.commit(HOUR)
    life.leave(inner, begun)
    life.tell("user_task_completed", task_id=inner.id, assignee="bob")
    life.commit(HOUR)
    life.abandon(sub, entered, "no more")
    await history.write(project(life.events))

    assert await _activities(stub) == ["start", "sub", "inner"]
    assert await _activities(stub, order_by="start_time desc") == ["inner", "sub", "start"]
    assert await _activities(stub, parent_activity_id=sub.id) == ["inner"]
    assert await _activities(stub, parent_activity_id=sub.id, process_instance_id="another") == []
    assert await _activities(stub, finished=True) == ["start", "sub", "inner"]
    assert await _activities(stub, finished=False) == []
    assert await _activities(stub, tenant_id="acme", start_time_from=timestamp(START_MICROS + 1)) == ["inner"]
    assert await _activities(stub, end_time_from=timestamp(START_MICROS + 3 * HOUR)) == ["sub"]
    assert await _activities(stub, process_definition_id="another") == []

    assert await _activities(stub, include_sequence_flows=True) == ["start", "f1", "sub", "f2", "inner"]
    backwards = {"include_sequence_flows": True, "order_by": "start_time desc"}
    assert await _activities(stub, **backwards) == ["inner", "f2", "sub", "f1", "start"]
    assert await _activities(stub, element_type="sequenceFlow") == ["f1", "f2"]
    assert await _activities(stub, element_type="sequenceFlow", element_id="f2") == ["f2"]
    assert await _activities(stub, element_type="sequenceFlow", element_id="sub") == []

    listed = await stub.ListHistoricActivities(pb.ListHistoricActivitiesRequest(element_type="sequenceFlow"))
    first = listed.historic_activities[0]
    assert (first.id, first.element_type, first.start_time) == (
        f"{sub.id}.flow",
        "sequenceFlow",
        timestamp(START_MICROS),
    )
    again = await stub.GetHistoricActivity(pb.GetHistoricActivityRequest(id=first.id))
    assert again.historic_activity == first
    for unknown in (f"{life.id}.1.flow", f"{life.id}.9.flow"):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.GetHistoricActivity(pb.GetHistoricActivityRequest(id=unknown))
        assert refused.value.code() == grpc.StatusCode.NOT_FOUND

    task = (await stub.GetHistoricActivity(pb.GetHistoricActivityRequest(id=inner.id))).historic_activity
    assert (task.task_id, task.assignee) == (inner.id, "bob")
    ended = (await stub.GetHistoricActivity(pb.GetHistoricActivityRequest(id=sub.id))).historic_activity
    assert (ended.end_reason, ended.task_id) == ("no more", "")


async def _tasks(stub: Any, **filters: Any) -> list[str]:
    answer = await stub.ListHistoricTasks(pb.ListHistoricTasksRequest(**filters))
    return [found.id for found in answer.historic_tasks]


async def test_tasks(history: Database, stub: Any) -> None:
    life = Life()
    life.start()
    due = timestamp(START_MICROS + HOUR)
    life.tell("user_task_created", task_id="t-1", element_id="a", name="Look", owner="ann", due_time=due)
    life.commit(HOUR)
    life.tell("user_task_created", task_id="t-2", element_id="a", name="Pay", parent_task_id="t-1")
    life.commit(HOUR)
    life.tell("user_task_completed", task_id="t-1", assignee="bob", completed_by="kim")
    life.commit(HOUR)
    life.tell("user_task_terminated", task_id="t-2", reason="no more")
    life.commit(HOUR)
    life.tell("user_task_created", task_id="t-3", element_id="a", name="Look")
    await history.write(project(life.events))

    assert await _tasks(stub) == ["t-3", "t-2", "t-1"]
    assert await _tasks(stub, order_by="create_time") == ["t-1", "t-2", "t-3"]
    assert await _tasks(stub, name="Look") == ["t-3", "t-1"]
    assert await _tasks(stub, name="Look", finished=True) == ["t-1"]
    assert await _tasks(stub, finished=False) == ["t-3"]
    assert await _tasks(stub, owner="ann") == ["t-1"]
    assert await _tasks(stub, completed_by="kim") == ["t-1"]
    assert await _tasks(stub, end_reason="no more") == ["t-2"]
    assert await _tasks(stub, parent_task_id="t-1") == ["t-2"]
    assert await _tasks(stub, process_definition_id="definition-1", process_instance_id=life.id, name="Pay") == ["t-2"]
    assert await _tasks(stub, due_time_from=due) == ["t-1"]
    assert await _tasks(stub, due_time_to=due) == []
    assert await _tasks(stub, create_time_from=timestamp(START_MICROS + HOUR)) == ["t-3", "t-2"]
    assert await _tasks(stub, create_time_to=timestamp(START_MICROS + HOUR)) == ["t-1"]
    assert await _tasks(stub, end_time_from=timestamp(START_MICROS + 3 * HOUR)) == ["t-2"]
    assert await _tasks(stub, end_time_to=timestamp(START_MICROS + 3 * HOUR)) == ["t-1"]


async def _variables(stub: Any, **filters: Any) -> list[tuple[str, Any]]:
    answer = await stub.ListHistoricVariables(pb.ListHistoricVariablesRequest(**filters))
    return [(found.name, found.value.number_value) for found in answer.historic_variables]


async def test_variables(history: Database, stub: Any) -> None:
    life, other = Life(tenant_id="acme"), Life()
    life.start(a=1, b=2)
    scope = f"{life.id}.1"
    life.set(scope, a=3)
    life.set(f"{life.id}.11", a=4)
    life.commit()
    life.tell("variables_deleted", names=["b"])
    other.start(a=5)
    await history.write(project([*life.events, *other.events]))

    assert await _variables(stub, process_instance_id=life.id) == [("a", 1), ("a", 3), ("a", 4)]
    assert await _variables(stub, process_instance_id=life.id, local=False) == [("a", 1)]
    assert await _variables(stub, process_instance_id=life.id, local=True) == [("a", 3), ("a", 4)]
    assert await _variables(stub, scope_activity_id=scope) == [("a", 3)]
    assert await _variables(stub, scope_activity_id=scope, process_instance_id=other.id) == []
    assert await _variables(stub, scope_activity_id=scope, local=False) == []
    assert await _variables(stub, name="b") == []
    assert sorted(await _variables(stub, name="a", local=False)) == [("a", 1), ("a", 5)]
    assert await _variables(stub, tenant_id="acme", local=False) == [("a", 1)]
    with pytest.raises(grpc.aio.AioRpcError) as gone:
        await stub.GetHistoricVariable(pb.GetHistoricVariableRequest(id=f"{life.id}.0.b"))
    assert gone.value.code() == grpc.StatusCode.NOT_FOUND
