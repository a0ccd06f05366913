"""What is closed to a call does not exist for it in queries, counts, timelines and searches either."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import pytest
from flowmesh.history.v1 import history_query_service_pb2 as pb

from history_svc.api.query_service import HistoryQueryServicer
from history_svc.consumers.projection import project
from history_svc.storage.layout import VARIABLE_CHANGE_TABLE
from history_svc.storage.variable_id import variable_id
from mesh.access.rows import RowGrant
from mesh.db.database import Database
from mesh.db.statements import Fetch, fetch
from mesh.metrics import Metrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import MeshServer
from mesh.settings import MeshSettings
from tests.infrastructure.walls import (
    DEFINITION,
    INVOLVEMENT,
    TENANT,
    Caller,
    Case,
    Door,
    Listed,
    Named,
    caller,
    listed,
    methods_of,
    named,
    outcome,
    rows_of,
    without_ids,
)
from tests.unit.history.event_histories import Life

METHODS = methods_of((pb,))
OWN = frozenset({"acme-inc"})
OUTSIDE: dict[int, Caller] = {
    TENANT: caller("bob", RowGrant(frozenset({"umbrella"}))),
    DEFINITION: caller("bob", RowGrant(OWN, ("revie", "reviews*")), RowGrant(frozenset({"umbrella"}))),
    INVOLVEMENT: caller("eve", RowGrant(OWN, involved_only=True), groups=("sales",)),
}
INSIDE: dict[int, Caller] = {
    TENANT: caller("eve", RowGrant(OWN)),
    DEFINITION: caller("eve", RowGrant(OWN, ("other", "rev*"))),
    INVOLVEMENT: caller("bob", RowGrant(OWN, ("review",), involved_only=True)),
}

NARROWED: dict[str, tuple[dict[str, Any], ...]] = {
    "HistoricProcessInstances": (
        {},
        {"process_definition_keys": ["review"]},
        {"business_keys": ["B-1", "B-2"]},
        {"variables": [{"name": "amount", "value": {"number_value": 5}}]},
        {"involved_user": "bob"},
        {"finished": True},
    ),
    "HistoricActivities": ({}, {"element_types": ["userTask"]}, {"assignees": ["bob"]}),
    "HistoricTasks": ({}, {"assignees": ["bob", "ann"]}, {"involved_user": "bob"}, {"name_like": "App%"}),
    "HistoricVariables": ({}, {"names": ["amount"]}, {"values": [{"name": "amount", "value": {"number_value": 5}}]}),
    "HistoricVariableChanges": ({}, {"names": ["amount"]}),
    "HistoricIncidents": ({}, {"types": ["JOB_NO_RETRIES"]}),
    "HistoricJobEvents": ({}, {"job_types": ["charge"]}),
}

CASES: dict[str, Case] = {
    **{
        f"Query{name}": listed(*(lambda _, one=one: {"filter": one} for one in filters))
        for name, filters in NARROWED.items()
    },
    **{
        f"Count{name}": listed(*(lambda _, one=one: {"filter": one} for one in filters))
        for name, filters in NARROWED.items()
    },
    "GetHistoricVariableChange": named(lambda x: {"id": x["change"]}),
    "GetProcessInstanceTimeline": named(
        lambda x: {"id": x["instance"]}, lambda x: {"id": x["instance"], "include_called": True}
    ),
    "ListHistoricComments": listed(lambda x: {"process_instance_id": x["instance"]}, lambda x: {"task_id": x["task"]}),
    "ListHistoricAttachments": listed(lambda x: {"process_instance_id": x["instance"]}),
    "SearchHistory": listed(
        lambda _: {"query": "Approve"},
        lambda _: {"query": "审批"},
        lambda x: {"query": "审批", "tenant_ids": [x["tenant"]]},
        lambda x: {"query": "审批", "process_definition_keys": [x["key"]]},
    ),
}


@pytest.fixture
def door() -> Door:
    """Says who calls."""
    return Door()


@pytest.fixture
async def channel(history: Database, door: Door) -> AsyncIterator[grpc.aio.Channel]:
    """To a service that lets everybody in as the door says."""
    server = MeshServer(MeshSettings(drain_seconds=0), RpcMetrics(Metrics()), authorize=door.authorize)
    server.add(pb.DESCRIPTOR.services_by_name["HistoryQueryService"], HistoryQueryServicer(history))
    port = await server.serve("127.0.0.1", 0)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as opened:
        yield opened
    await server.stop()


async def a_life(history: Database, **fields: str) -> dict[str, str]:
    """An instance that `ann` has started and whose task `bob` has done, with something of every kind; where it is."""
    life = Life(**{"business_key": "B-1", "tenant_id": "acme-inc", "key": "review", **fields})  # type: ignore[arg-type]
    life.start("ann", amount=5, text="请审批")
    activity = life.activity("approve")
    start = life.enter(activity)
    life.tell("user_task_created", task_id=activity.id, element_id="approve", name="Approve", owner="olga")
    life.tell("comment_created", comment_id=f"{activity.id}.c", task_id=activity.id, user_id="bob", text="审批通过")
    life.tell("attachment_created", attachment_id=f"{activity.id}.a", user_id="bob", name="审批.pdf")
    life.tell("job_scheduled", job_id=f"{life.id}.9", job_type="charge", retries=3)
    life.tell("incident_raised", incident_id=f"{life.id}.8", type="JOB_NO_RETRIES", message="审批 failed")
    life.commit()
    life.leave(activity, start)
    life.tell("user_task_completed", task_id=activity.id, element_id="approve", assignee="bob", completed_by="cid")
    life.end()
    await history.write(project(life.events))
    changes = await history.read(
        fetch(
            Fetch(
                f"SELECT id FROM {VARIABLE_CHANGE_TABLE} WHERE process_instance_id=? AND variable_id=?",
                (life.id, variable_id(life.id, "", "amount")),
            )
        )
    )
    return {
        "instance": life.id,
        "task": activity.id,
        "change": changes[0][0],
        "tenant": life.tenant_id,
        "key": life.key,
    }


NEVER = {
    "instance": "0190-never",
    "task": "0190-never.7",
    "change": "0190-never.0000000000100000.0123456789abcdef",
    "tenant": "nowhere",
    "key": "neverdeployed",
}


def test_every_method_has_a_case() -> None:
    assert set(CASES) == set(METHODS) == {name for name, method in METHODS.items() if rows_of(method) == INVOLVEMENT}


@pytest.mark.parametrize("wall", OUTSIDE, ids=["other tenant", "other definition", "not involved"])
async def test_what_is_closed_is_as_what_never_was(
    history: Database, channel: grpc.aio.Channel, door: Door, wall: int
) -> None:
    things = await a_life(history)
    for name, case in CASES.items():
        assert isinstance(case, Named | Listed)
        for fields in case.fields:
            door.caller, door.calls = OUTSIDE[wall], []
            found = await outcome(channel, METHODS[name], fields(things))
            assert door.calls[-1].rows_asked, name
            closed = without_ids(found, things)
            assert closed == without_ids(await outcome(channel, METHODS[name], fields(NEVER)), NEVER), name
            if isinstance(case, Listed):
                assert found == {}, name
            door.caller = INSIDE[wall]
            opened = without_ids(await outcome(channel, METHODS[name], fields(things)), things)
            assert opened != closed, f"{name} says the same where nothing is closed"


async def test_pages_and_counts_of_several_grants_have_everything_once(
    history: Database, channel: grpc.aio.Channel, door: Door
) -> None:
    open_ids = []
    for tenant, key, is_open in (
        ("acme-inc", "review", True),
        ("acme-inc", "order", True),
        ("umbrella", "review", True),
        ("umbrella", "order", False),
        ("third", "review", False),
    ):
        for _ in range(3):
            things = await a_life(history, tenant_id=tenant, key=key)
            if is_open:
                open_ids.append(things["instance"])
    door.caller = caller(
        "bob",
        RowGrant(OWN, involved_only=True),
        RowGrant(OWN, ("rev*",)),
        RowGrant(frozenset({"umbrella"}), ("review",)),
    )
    for narrowed in ({}, {"business_keys": ["B-1", "B-2"]}, {"end_time_from": {"seconds": 1}}):
        for order_by in ("", "end_time desc"):
            found: list[str] = []
            request: dict[str, Any] = {"filter": narrowed, "page_size": 2, "order_by": order_by}
            while True:
                page = await outcome(channel, METHODS["QueryHistoricProcessInstances"], request)
                found += [instance["id"] for instance in page.get("historicProcessInstances", [])]
                request["page_token"] = page.get("nextPageToken", "")
                if not request["page_token"]:
                    break
            assert sorted(found) == sorted(open_ids), (narrowed, order_by)
        count = await outcome(channel, METHODS["CountHistoricProcessInstances"], {"filter": narrowed})
        assert count == {"count": len(open_ids)}
    hits = await outcome(channel, METHODS["SearchHistory"], {"query": "审批", "kinds": ["KIND_COMMENT"]})
    assert sorted(hit["processInstanceId"] for hit in hits["searchHits"]) == sorted(open_ids)


async def test_a_called_instance_that_is_closed_is_not_in_the_timeline(
    history: Database, channel: grpc.aio.Channel, door: Door
) -> None:
    parent, child = Life(tenant_id="acme-inc", key="review"), Life(tenant_id="acme-inc", key="secret")
    parent.start("ann")
    child.tell("process_instance_started", parent_process_instance_id=parent.id, root_process_instance_id=parent.id)
    await history.write(project([*parent.events, *child.events]))
    for keys, told in ((("review",), {parent.id}), (("review", "secret"), {parent.id, child.id})):
        door.caller = caller("bob", RowGrant(OWN, keys))
        answer = await outcome(
            channel, METHODS["GetProcessInstanceTimeline"], {"id": parent.id, "include_called": True}
        )
        assert {entry["processInstanceId"] for entry in answer["timelineEntries"]} == told
