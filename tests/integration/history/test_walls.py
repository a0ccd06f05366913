"""What is closed to a call does not exist for it in history either."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc.aio
import pytest
from flowmesh.history.v1 import history_service_pb2 as pb

from history_svc.api.service import HistoryServicer
from history_svc.consumers.projection import project
from history_svc.storage.variable_id import variable_id
from mesh.access.rows import RowGrant
from mesh.db.database import Database
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

CASES: dict[str, Case] = {
    "GetHistoricProcessInstance": named(lambda x: {"id": x["instance"]}),
    "GetHistoricActivity": named(lambda x: {"id": x["activity"]}, lambda x: {"id": f"{x['activity']}.flow"}),
    "GetHistoricTask": named(lambda x: {"id": x["task"]}),
    "GetHistoricVariable": named(lambda x: {"id": x["variable"]}),
    "ListHistoricProcessInstances": listed(
        lambda _: {},
        lambda x: {"tenant_id": x["tenant"]},
        lambda x: {"process_definition_key": x["key"]},
        lambda x: {"tenant_id": x["tenant"], "process_definition_key": x["key"]},
        lambda x: {"business_key": x["business_key"]},
        lambda _: {"initiator": "ann"},
        lambda _: {"finished": True, "order_by": "start_time"},
    ),
    "ListHistoricActivities": listed(
        lambda _: {},
        lambda x: {"process_instance_id": x["instance"]},
        lambda x: {"tenant_id": x["tenant"]},
        lambda x: {"process_definition_key": x["key"]},
        lambda _: {"element_type": "userTask", "finished": True},
        lambda _: {"element_type": "sequenceFlow"},
    ),
    "ListHistoricTasks": listed(
        lambda _: {},
        lambda x: {"process_instance_id": x["instance"]},
        lambda x: {"tenant_id": x["tenant"]},
        lambda x: {"process_definition_key": x["key"]},
        lambda _: {"assignee": "bob"},
        lambda _: {"finished": True, "order_by": "create_time"},
    ),
    "ListHistoricVariables": listed(
        lambda _: {},
        lambda x: {"process_instance_id": x["instance"]},
        lambda x: {"tenant_id": x["tenant"]},
        lambda _: {"name": "amount"},
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
    server.add(pb.DESCRIPTOR.services_by_name["HistoryService"], HistoryServicer(history))
    port = await server.serve("127.0.0.1", 0)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as opened:
        yield opened
    await server.stop()


async def a_life(history: Database, **fields: str) -> dict[str, str]:
    """An instance that `ann` has started and whose task `bob` has done; where it is."""
    life = Life(**{"business_key": "B-1", "tenant_id": "acme-inc", "key": "review", **fields})  # type: ignore[arg-type]
    life.start("ann", amount=5)
    begin = life.activity("start", "startEvent")
    life.leave(begin)
    activity = life.activity("approve", flow="to_approve")
    start = life.enter(activity)
    life.tell("user_task_created", task_id=activity.id, element_id="approve", name="Approve", owner="olga")
    life.commit()
    life.leave(activity, start)
    life.tell("user_task_completed", task_id=activity.id, element_id="approve", assignee="bob", completed_by="cid")
    life.end()
    await history.write(project(life.events))
    return {
        "instance": life.id,
        "activity": activity.id,
        "task": activity.id,
        "variable": variable_id(life.id, "", "amount"),
        "tenant": life.tenant_id,
        "key": life.key,
        "business_key": life.business_key,
    }


NEVER = {
    "instance": "0190-never",
    "activity": "0190-never.7",
    "task": "0190-never.7",
    "variable": "0190-never.0.amount",
    "tenant": "nowhere",
    "key": "neverdeployed",
    "business_key": "neverused",
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


@pytest.mark.parametrize(("user", "tasks", "instances"), [("ann", 0, 2), ("bob", 2, 2), ("olga", 2, 2), ("cid", 2, 2)])
async def test_who_takes_part_finds_it(
    history: Database, channel: grpc.aio.Channel, door: Door, user: str, tasks: int, instances: int
) -> None:
    for _ in range(2):
        await a_life(history)
    await a_life(history, tenant_id="umbrella")
    door.caller = caller(user, RowGrant(OWN, involved_only=True))
    for name, items, count in (
        ("ListHistoricTasks", "historicTasks", tasks),
        ("ListHistoricProcessInstances", "historicProcessInstances", instances),
        ("ListHistoricVariables", "historicVariables", instances),
        ("ListHistoricActivities", "historicActivities", 2 * instances),
    ):
        assert len((await outcome(channel, METHODS[name], {})).get(items, [])) == count


async def test_without_a_name_nobody_takes_part(history: Database, channel: grpc.aio.Channel, door: Door) -> None:
    life = Life(tenant_id="acme-inc")
    life.start("")
    await history.write(project(life.events))
    door.caller = caller("", RowGrant(OWN, involved_only=True))
    assert await outcome(channel, METHODS["ListHistoricProcessInstances"], {}) == {}
    assert (await outcome(channel, METHODS["GetHistoricProcessInstance"], {"id": life.id}))["refused"] == "NOT_FOUND"


async def test_pages_of_several_grants_have_everything_once(
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
    found: list[str] = []
    token = ""
    while True:
        page = await outcome(channel, METHODS["ListHistoricProcessInstances"], {"page_size": 2, "page_token": token})
        found += [instance["id"] for instance in page["historicProcessInstances"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert sorted(found) == sorted(open_ids)
