"""The service's methods through the real server, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from flowmesh.history.v1 import history_service_pb2 as pb
from flowmesh.history.v1.history_pb2 import HistoricActivity, HistoricProcessInstance, HistoricTask
from flowmesh.history.v1.history_service_pb2_grpc import HistoryServiceStub
from google.protobuf.duration_pb2 import Duration

from history_svc.api.service import HistoryServicer
from history_svc.consumers.projection import project
from history_svc.storage import layout
from mesh.db.database import Database, DatabaseUnavailable
from mesh.errors import DependencyDown
from mesh.json_values import to_value
from mesh.metrics import Metrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import MeshServer
from mesh.settings import MeshSettings
from mesh.status import error_info_of, reason_of, status_of
from tests.unit.history.event_histories import START_MICROS, Life, timestamp

HOUR = 3_600_000_000


@pytest.fixture
async def stub(history: Database) -> AsyncIterator[Any]:
    server = MeshServer(MeshSettings(drain_seconds=0), RpcMetrics(Metrics()))
    server.add(pb.DESCRIPTOR.services_by_name["HistoryService"], HistoryServicer(history))
    port = await server.serve("127.0.0.1", 0)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield HistoryServiceStub(channel)
    await server.stop()


async def _told(history: Database) -> Life:
    life = Life(business_key="B-1", tenant_id="acme")
    life.start("ann", amount=5, tags=["a", None])
    life.leave(life.activity("start", "startEvent"))
    activity = life.activity("approve", parent="")
    start = life.enter(activity)
    life.tell(
        "user_task_created",
        task_id=activity.id,
        element_id="approve",
        name="Approve",
        description="…",
        priority=50,
        due_time=timestamp(START_MICROS + HOUR),
    )
    life.commit(HOUR + 500_000)
    life.leave(activity, start)
    life.tell("user_task_completed", task_id=activity.id, element_id="approve", assignee="bob")
    life.set(activity.id, comment="好")
    life.end()
    await history.write(project(life.events))
    return life


async def test_get_instance(history: Database, stub: Any) -> None:
    life = await _told(history)
    answer = await stub.GetHistoricProcessInstance(pb.GetHistoricProcessInstanceRequest(id=life.id))
    assert answer.historic_process_instance == HistoricProcessInstance(
        id=life.id,
        status=HistoricProcessInstance.STATUS_COMPLETED,
        process_definition_id="definition-1",
        process_definition_key="order",
        process_definition_version=1,
        business_key="B-1",
        tenant_id="acme",
        initiator="ann",
        start_time=timestamp(START_MICROS),
        end_time=timestamp(START_MICROS + HOUR + 500_000),
        duration=Duration(seconds=3600, nanos=500_000_000),
        root_process_instance_id=life.id,
    )


async def test_get_activity(history: Database, stub: Any) -> None:
    life = await _told(history)
    answer = await stub.GetHistoricActivity(pb.GetHistoricActivityRequest(id=f"{life.id}.2"))
    assert answer.historic_activity == HistoricActivity(
        id=f"{life.id}.2",
        process_instance_id=life.id,
        process_definition_key="order",
        element_id="approve",
        element_name="Approve",
        element_type="userTask",
        state=HistoricActivity.STATE_COMPLETED,
        start_time=timestamp(START_MICROS),
        end_time=timestamp(START_MICROS + HOUR + 500_000),
        duration=Duration(seconds=3600, nanos=500_000_000),
        sequence=2,
        process_definition_id="definition-1",
        tenant_id="acme",
        task_id=f"{life.id}.2",
        assignee="bob",
    )


async def test_get_task(history: Database, stub: Any) -> None:
    life = await _told(history)
    answer = await stub.GetHistoricTask(pb.GetHistoricTaskRequest(id=f"{life.id}.2"))
    assert answer.historic_task == HistoricTask(
        id=f"{life.id}.2",
        process_instance_id=life.id,
        process_definition_key="order",
        element_id="approve",
        name="Approve",
        description="…",
        assignee="bob",
        priority=50,
        state=HistoricTask.STATE_COMPLETED,
        create_time=timestamp(START_MICROS),
        due_time=timestamp(START_MICROS + HOUR),
        end_time=timestamp(START_MICROS + HOUR + 500_000),
        duration=Duration(seconds=3600, nanos=500_000_000),
        tenant_id="acme",
    )


async def test_variables(history: Database, stub: Any) -> None:
    life = await _told(history)
    other = Life(id=life.id + "0")
    other.start(amount=6)
    await history.write(project(other.events))
    answer = await stub.ListHistoricVariables(pb.ListHistoricVariablesRequest(process_instance_id=life.id))
    told = {(one.id, one.scope_activity_id, one.name): one.value for one in answer.historic_variables}
    assert told == {
        (f"{life.id}.0.amount", "", "amount"): to_value(5),
        (f"{life.id}.0.tags", "", "tags"): to_value(["a", None]),
        (f"{life.id}.2.comment", f"{life.id}.2", "comment"): to_value("好"),
    }
    one = await stub.GetHistoricVariable(pb.GetHistoricVariableRequest(id=f"{life.id}.2.comment"))
    assert one.historic_variable.value == to_value("好")
    assert one.historic_variable.update_time == timestamp(START_MICROS + HOUR + 500_000)
    named = await stub.ListHistoricVariables(pb.ListHistoricVariablesRequest(name="amount"))
    assert [one.value for one in named.historic_variables] == [to_value(5), to_value(6)]


async def test_open_things_have_no_end(history: Database, stub: Any) -> None:
    life = Life()
    life.start()
    activity = life.activity("approve")
    life.enter(activity)
    life.tell("user_task_created", task_id=activity.id)
    await history.write(project(life.events))
    instances = await stub.ListHistoricProcessInstances(pb.ListHistoricProcessInstancesRequest())
    activities = await stub.ListHistoricActivities(pb.ListHistoricActivitiesRequest())
    tasks = await stub.ListHistoricTasks(pb.ListHistoricTasksRequest())
    for one in (
        instances.historic_process_instances[0],
        activities.historic_activities[0],
        tasks.historic_tasks[0],
    ):
        assert not one.HasField("end_time")
        assert not one.HasField("duration")
    assert not tasks.historic_tasks[0].HasField("due_time")


async def test_pages_go_on_behind_the_token(history: Database, stub: Any) -> None:
    ids = []
    for number in range(120):
        life = Life(micros=START_MICROS + number * 1_000_000)
        life.start()
        ids.append(life.id)
        await history.write(project(life.events))
    request = pb.ListHistoricProcessInstancesRequest(process_definition_key="order")
    seen: list[str] = []
    sizes = []
    while True:
        answer = await stub.ListHistoricProcessInstances(request)
        sizes.append(len(answer.historic_process_instances))
        seen += [one.id for one in answer.historic_process_instances]
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    assert sizes == [50, 50, 20]
    assert seen == ids[::-1]


async def test_time_range_is_half_open(history: Database, stub: Any) -> None:
    for number in range(4):
        life = Life(id=f"instance-{number}", micros=START_MICROS + number)
        life.start()
        await history.write(project(life.events))
    earliest, latest = timestamp(START_MICROS + 1), timestamp(START_MICROS + 3)

    async def found() -> list[str]:
        request = pb.ListHistoricProcessInstancesRequest(start_time_from=earliest, start_time_to=latest)
        answer = await stub.ListHistoricProcessInstances(request)
        return [one.id for one in answer.historic_process_instances]

    assert await found() == ["instance-2", "instance-1"]
    earliest.nanos += 1
    latest.nanos += 1
    assert await found() == ["instance-3", "instance-2"]


@pytest.mark.parametrize(
    ("method", "request_class"),
    [
        ("GetHistoricProcessInstance", pb.GetHistoricProcessInstanceRequest),
        ("GetHistoricActivity", pb.GetHistoricActivityRequest),
        ("GetHistoricTask", pb.GetHistoricTaskRequest),
        ("GetHistoricVariable", pb.GetHistoricVariableRequest),
    ],
)
async def test_unknown_id(stub: Any, method: str, request_class: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await getattr(stub, method)(request_class(id="no such 😀"))
    assert caught.value.code() == grpc.StatusCode.NOT_FOUND
    info = error_info_of(caught.value)
    assert info is not None
    assert (info.reason, info.domain) == ("HISTORY_RECORD_NOT_FOUND", "flowmesh.history")
    assert info.metadata["id"] == "no such 😀"


async def test_page_token_of_another_list_is_refused(history: Database, stub: Any) -> None:
    for _ in range(3):
        life = Life()
        life.start()
        await history.write(project(life.events))
    first = await stub.ListHistoricProcessInstances(pb.ListHistoricProcessInstancesRequest(page_size=1))
    assert first.next_page_token
    for call, request in (
        (
            stub.ListHistoricProcessInstances,
            pb.ListHistoricProcessInstancesRequest(page_token=first.next_page_token, business_key="B-1"),
        ),
        (stub.ListHistoricTasks, pb.ListHistoricTasksRequest(page_token=first.next_page_token)),
        (stub.ListHistoricTasks, pb.ListHistoricTasksRequest(page_token="nonsense")),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(request)
        assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert reason_of(caught.value) == "PAGE_TOKEN_INVALID"


async def test_negative_page_size_is_refused(stub: Any) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await stub.ListHistoricActivities(pb.ListHistoricActivitiesRequest(page_size=-1))
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert reason_of(caught.value) == "FIELD_INVALID"
    assert any(b"page_size" in detail.value for detail in status_of(caught.value).details)


async def test_database_that_does_not_answer() -> None:
    class Gone:
        async def read(self, program: Any) -> Any:
            program.close()
            raise DatabaseUnavailable("gone")

    servicer = HistoryServicer(Gone())  # type: ignore[arg-type]
    with pytest.raises(DependencyDown):
        await servicer.GetHistoricTask(pb.GetHistoricTaskRequest(id="t"))


def test_stored_states_are_the_contract_s() -> None:
    instance, activity, task = HistoricProcessInstance, HistoricActivity, HistoricTask
    assert layout.INSTANCE_STATUSES == (
        instance.STATUS_RUNNING,
        instance.STATUS_PAUSED,
        instance.STATUS_COMPLETED,
        instance.STATUS_FAILED,
        instance.STATUS_TERMINATED,
    )
    assert (layout.OPEN, layout.COMPLETED, layout.TERMINATED) == layout.STATES
    for states in (
        (activity.STATE_ACTIVE, activity.STATE_COMPLETED, activity.STATE_TERMINATED),
        (task.STATE_OPEN, task.STATE_COMPLETED, task.STATE_TERMINATED),
    ):
        assert tuple(int(state) for state in states) == layout.STATES
