"""Searches, timelines and changes of variables through the API, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from flowmesh.history.v1 import history_query_service_pb2 as pb
from flowmesh.history.v1.history_filters_pb2 import HistoricProcessInstanceFilter
from flowmesh.history.v1.history_pb2 import TimelineEntry
from flowmesh.history.v1.history_query_service_pb2_grpc import HistoryQueryServiceStub

from history_svc.api.query_service import HistoryQueryServicer
from history_svc.consumers.projection import project
from history_svc.queries import leads, pages, timeline
from history_svc.queries.commit_waits import CommitWaits
from mesh.commit_token import encode_commit_token
from mesh.db.database import Database
from mesh.json_values import from_value
from mesh.metrics import Metrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import MeshServer
from mesh.settings import MeshSettings
from tests.unit.history.event_histories import Life

Kind = TimelineEntry.Kind


@pytest.fixture
async def stub(history: Database) -> AsyncIterator[Any]:
    server = MeshServer(MeshSettings(drain_seconds=0), RpcMetrics(Metrics()))
    servicer = HistoryQueryServicer(history, CommitWaits(history, max_seconds=0.2))
    server.add(pb.DESCRIPTOR.services_by_name["HistoryQueryService"], servicer)
    port = await server.serve("127.0.0.1", 0)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield HistoryQueryServiceStub(channel)
    await server.stop()


async def _timeline(stub: Any, life: Life, **fields: Any) -> list[tuple[str, str, str]]:
    request = pb.GetProcessInstanceTimelineRequest(id=life.id, **fields)
    told = []
    while True:
        answer = await stub.GetProcessInstanceTimeline(request)
        assert len(answer.timeline_entries) <= (request.page_size or 50)
        told += [
            (Kind.Name(entry.kind).removeprefix("KIND_"), entry.user_id, entry.name or entry.element_id)
            for entry in answer.timeline_entries
        ]
        if not answer.next_page_token:
            return told
        request.page_token = answer.next_page_token


TOLD = [
    ("INSTANCE_STARTED", "ann", ""),
    ("VARIABLE_SET", "ann", "amount"),
    ("ACTIVITY_STARTED", "ann", "Approve"),
    ("TASK_CREATED", "ann", "Look"),
    ("JOB_SCHEDULED", "ann", "charge"),
    ("TASK_ASSIGNED", "bob", ""),
    ("JOB_FAILED", "", "charge"),
    ("INCIDENT_RAISED", "", "JOB_NO_RETRIES"),
    ("VARIABLE_SET", "cid", "amount"),
    ("COMMENT_CREATED", "cid", ""),
    ("ACTIVITY_COMPLETED", "cid", "Approve"),
    ("TASK_COMPLETED", "kim", "approve"),
    ("VARIABLE_DELETED", "cid", "amount"),
    ("INSTANCE_COMPLETED", "cid", ""),
]


def _busy() -> Life:
    life = Life(user_id="ann")
    life.start("ann", amount=1)
    activity = life.activity("approve")
    start = life.enter(activity)
    life.tell("user_task_created", task_id=activity.id, element_id="approve", name="Look")
    life.tell("job_scheduled", job_id=f"{life.id}.9", job_type="charge", retries=1)
    life.commit()
    life.user_id = "bob"
    life.tell("user_task_assigned", task_id=activity.id, assignee="bob")
    life.commit()
    life.user_id = ""
    life.tell("job_failed", job_id=f"{life.id}.9", job_type="charge", error_message="no")
    life.tell("incident_raised", incident_id=f"{life.id}.8", type="JOB_NO_RETRIES", message="no")
    life.commit()
    life.user_id = "cid"
    life.set(amount=2)
    life.tell("comment_created", comment_id=f"{life.id}.7", user_id="cid", text="done")
    life.leave(activity, start)
    life.tell("user_task_completed", task_id=activity.id, element_id="approve", completed_by="kim")
    life.tell("variables_deleted", names=["amount"])
    life.end()
    return life


async def test_a_timeline_tells_what_happened_in_order_and_who_did_it(history: Database, stub: Any) -> None:
    life = _busy()
    await history.write(project(life.events))
    for size in (1, 2, 3, 1000):
        assert await _timeline(stub, life, page_size=size) == TOLD
        assert await _timeline(stub, life, page_size=size, descending=True) == TOLD[::-1]
        assert await _timeline(stub, life, page_size=size, include_called=True) == TOLD
        for kinds in (["VARIABLE_SET"], ["VARIABLE_DELETED", "TASK_CREATED"], ["JOB_FAILED"], ["INSTANCE_COMPLETED"]):
            wanted = [Kind.Value(f"KIND_{kind}") for kind in kinds]
            expected = [entry for entry in TOLD if entry[0] in kinds]
            assert await _timeline(stub, life, page_size=size, kinds=wanted) == expected


async def test_late_and_repeated_events_leave_the_same_timeline(history: Database, stub: Any) -> None:
    life = _busy()
    for event in [*life.events[::-1], *life.events]:
        await history.write(project([event]))
    assert await _timeline(stub, life) == TOLD


async def test_called_instances_are_told_between(history: Database, stub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    parent, child, other = Life(), Life(), Life()
    parent.start("ann")
    parent.commit(10)
    child.micros += 3
    child.tell("process_instance_started", parent_process_instance_id=parent.id, root_process_instance_id=parent.id)
    child.commit(3)
    child.end()
    other.tell("process_instance_started", parent_process_instance_id="x", root_process_instance_id=parent.id)
    parent.end()
    await history.write(project([*parent.events, *child.events, *other.events]))
    told = ["STARTED", "STARTED", "COMPLETED", "COMPLETED"]
    for size in (1, 3, 1000):
        assert [
            kind.removeprefix("INSTANCE_")
            for kind, _, _ in await _timeline(stub, parent, include_called=True, page_size=size)
        ] == told
    assert len(await _timeline(stub, child, include_called=True)) == 2
    assert len(await _timeline(stub, parent)) == 2
    monkeypatch.setattr(timeline, "MAX_ENTRIES", 3)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await _timeline(stub, parent, include_called=True)
    assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION


async def test_long_values_are_read_one_by_one(history: Database, stub: Any) -> None:
    life = Life(user_id="ann")
    life.start(big="长" * 5_000, small=1)
    life.commit()
    life.set(big="short")
    await history.write(project(life.events))
    request = pb.QueryHistoricVariableChangesRequest()
    request.filter.process_instance_ids.append(life.id)
    changes = (await stub.QueryHistoricVariableChanges(request)).historic_variable_changes
    assert [(change.name, change.HasField("value")) for change in changes if change.name == "big"] == [
        ("big", False),
        ("big", True),
    ]
    (long,) = [change for change in changes if not change.HasField("value")]
    assert long.value_size == 15_002
    read = (
        await stub.GetHistoricVariableChange(pb.GetHistoricVariableChangeRequest(id=long.id))
    ).historic_variable_change
    assert from_value(read.value) == "长" * 5_000
    assert (read.user_id, read.value_size, read.variable_id) == ("ann", 15_002, f"{life.id}.0.big")
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.GetHistoricVariableChange(pb.GetHistoricVariableChangeRequest(id=f"{long.id}0"))
    assert refused.value.code() == grpc.StatusCode.NOT_FOUND


async def test_too_many_are_not_sorted(history: Database, stub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    events = []
    for _ in range(8):
        life = Life(business_key="B")
        life.start("ann")
        events += life.events
    await history.write(project(events))
    monkeypatch.setattr(pages, "SORTABLE", 5)

    async def asked(order_by: str, **fields: Any) -> int:
        asked_for = HistoricProcessInstanceFilter(**fields)
        request = pb.QueryHistoricProcessInstancesRequest(filter=asked_for, order_by=order_by)
        return len((await stub.QueryHistoricProcessInstances(request)).historic_process_instances)

    for order_by in ("business_key", "duration desc, start_time", "end_time, start_time"):
        for fields in ({}, {"business_keys": ["B"]}, {"initiators": ["ann"]}):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await asked(order_by, **fields)
            assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
        assert await asked(order_by, initiators=["bob"]) == 0
        assert await asked(order_by, ids=[life.id]) == 1
    for order_by in ("", "start_time", "start_time desc", "end_time", "end_time desc"):
        assert await asked(order_by) == 8
    for order_by in ("name", "id, id", "start_time, start_time"):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await asked(order_by)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert leads.SORTABLE == 5_000


async def test_a_count_says_where_it_ends(history: Database, stub: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    events = []
    for number in range(30):
        life = Life()
        life.start("ann", number=number)
        if number % 2:
            life.terminate("odd")
        events += life.events
    await history.write(project(events))

    async def count(most: int = 0, **fields: Any) -> tuple[int, bool]:
        asked = HistoricProcessInstanceFilter(**fields)
        answer = await stub.CountHistoricProcessInstances(
            pb.CountHistoricProcessInstancesRequest(filter=asked, max_count=most)
        )
        return answer.count, answer.at_least

    assert await count() == (30, False)
    assert await count(10) == (10, True)
    assert await count(30) == (30, False)
    assert await count(end_reason_like="o%") == (15, False)
    monkeypatch.setattr(pages, "COUNTED_ROWS", 50)
    assert await count(end_reason_like="o%") == (10, True)
    assert await count() == (30, False)


async def test_queries_wait_for_a_commit(history: Database, stub: Any) -> None:
    life = _busy()
    await history.write(project(life.events))
    behind = encode_commit_token([(life.id, life.revision + 1)])
    reached = encode_commit_token([(life.id, life.revision)])
    methods = pb.DESCRIPTOR.services_by_name["HistoryQueryService"].methods
    needed = {
        "GetProcessInstanceTimeline": {"id": life.id},
        "GetHistoricVariableChange": {"id": "never"},
        "SearchHistory": {"query": "done"},
        "ListHistoricComments": {"process_instance_id": life.id},
        "ListHistoricAttachments": {"process_instance_id": life.id},
    }
    for method in methods:
        call, request = getattr(stub, method.name), getattr(pb, method.input_type.name)
        fields: dict[str, Any] = needed.get(method.name, {})
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(request(after_commit_token=behind, **fields))
        assert refused.value.code() == grpc.StatusCode.DEADLINE_EXCEEDED, method.name
        if method.name != "GetHistoricVariableChange":
            await call(request(after_commit_token=reached, **fields))
