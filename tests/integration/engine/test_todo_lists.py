"""Lists of user tasks: filters, orders, pages and counts."""

from __future__ import annotations

import itertools
import random
from typing import Any

from flowmesh.engine.v1 import user_task_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from tests.integration.engine.human_work import HumanWork, UserTask, at
from tests.integration.engine.serving import Engine, refusal, user_task


async def names(engine: Engine, **filters: Any) -> list[str]:
    return [task.name for task in await engine.user_tasks(**filters)]


async def pages(engine: Engine, size: int, **filters: Any) -> list[UserTask]:
    request = pb.ListUserTasksRequest(page_size=size, **filters)
    seen: list[UserTask] = []
    while True:
        answer = await engine.tasks.ListUserTasks(request)
        seen += answer.user_tasks
        assert len(answer.user_tasks) <= size
        if not answer.next_page_token:
            return seen
        request.page_token = answer.next_page_token


async def count(engine: Engine, **filters: Any) -> int:
    request = pb.ListUserTasksRequest(page_size=1, include_total_size=True, **filters)
    total: int = (await engine.tasks.ListUserTasks(request)).total_size
    return total


async def test_my_tasks(engine: Engine) -> None:
    work = HumanWork(engine)
    mine = await work.create(name="mine", assignee="ann")
    offered = await work.create(name="offered", candidate_users=["ann", "bob"])
    await work.create(name="by group", candidate_groups=["sales"])
    both = await work.create(name="both", candidate_users=["ann"], candidate_groups=["sales", "it"])
    await work.create(name="not mine", candidate_groups=["hr"])
    await work.create(name="of bob", assignee="bob", candidate_users=["ann"])
    groups = ["sales", "it"]
    assert await names(engine, assignee_or_candidate="ann") == ["mine", "offered", "both"]
    filters = {"assignee_or_candidate": "ann", "candidate_groups": groups}
    assert await names(engine, **filters) == ["mine", "offered", "by group", "both"]
    assert await count(engine, **filters) == 4
    # What somebody else has claimed leaves the list, what one claims oneself stays, once.
    await work.claim(offered.id, "bob")
    await work.claim(both.id, "ann")
    assert await names(engine, **filters) == ["mine", "by group", "both"]
    assert await names(engine, assignee_or_candidate="bob") == ["offered", "of bob"]
    assert await names(engine, involved_user="ann") == ["mine", "offered", "both", "of bob"]
    await work.delegate(mine.id, "kim")
    assert "mine" not in await names(engine, assignee_or_candidate="ann")
    assert "mine" in await names(engine, involved_user="ann")
    assert await names(engine, owner="ann") == ["mine"]
    pending = UserTask.DELEGATION_STATE_PENDING
    assert await names(engine, owner="ann", delegation_state=pending) == ["mine"]
    assert await names(engine, delegation_state=UserTask.DELEGATION_STATE_RESOLVED) == []
    assert await names(engine, unassigned=True) == ["by group", "not mine"]
    for wrong in (
        {"assignee_or_candidate": "ann", "involved_user": "ann"},
        {"assignee_or_candidate": "ann", "candidate_user": "ann"},
        {"involved_user": "ann", "candidate_groups": ["it"]},
    ):
        assert (await refusal(engine.user_tasks(**wrong))).reason == "FIELD_INVALID"


async def test_filters(engine: Engine) -> None:
    work = HumanWork(engine)
    await engine.deploy(user_task("one"), user_task("two"))
    one = await engine.start("one", business_key="order-1")
    two = await engine.start("two", business_key="order-2")
    engine.clock.forward(100)
    late = await work.create(
        name="Späte 100%_Aufgabe", priority=90, due_time=at("2030-01-01T00:00:00Z"),
        follow_up_time=at("2029-12-01T00:00:00Z"), category="urgent", tenant_id="acme",
    )  # fmt: skip
    await work.create(name="low", priority=-5, due_time=at("2030-06-01T00:00:00Z"))
    for filters, found in (
        ({"business_key": "order-1"}, ["Review"]),
        ({"business_key": "order"}, []),
        ({"process_instance_id": two.id}, ["Review"]),
        ({"process_definition_id": one.process_definition_id}, ["Review"]),
        ({"process_definition_key": "two", "business_key": "order-1"}, []),
        ({"name": "low"}, ["low"]),
        ({"name": "lo"}, []),
        ({"name_contains": "100%_"}, [late.name]),
        ({"name_contains": "ä"}, [late.name]),
        ({"name_contains": "review"}, []),
        ({"category": "urgent", "tenant_id": "acme"}, [late.name]),
        ({"due_before": at("2030-01-01T00:00:00Z")}, []),
        ({"due_before": at("2030-01-01T00:00:01Z")}, [late.name]),
        ({"due_after": at("2030-01-01T00:00:00Z")}, [late.name, "low"]),
        ({"due_after": at("2030-01-01T00:00:01Z"), "due_before": at("2031-01-01T00:00:00Z")}, ["low"]),
        ({"follow_up_before": at("2030-01-01T00:00:00Z")}, [late.name]),
        ({"follow_up_after": at("2030-01-01T00:00:00Z")}, []),
        ({"created_before": late.create_time}, ["Review", "Review"]),
        ({"created_after": late.create_time}, [late.name, "low"]),
        ({"priority_min": 51}, [late.name]),
        ({"priority_max": 0}, ["low"]),
        ({"priority_min": 50, "priority_max": 50}, ["Review", "Review"]),
    ):
        assert await names(engine, **filters) == found, filters
        assert await count(engine, **filters) == len(found), filters


async def test_orders_and_pages(engine: Engine) -> None:
    """Whatever the order, the pages together are the whole list, each task once."""
    work = HumanWork(engine)
    chosen = random.Random(7)
    made = []
    for number in range(24):
        details: dict[str, Any] = {"name": chosen.choice(["b", "B", "ä", "x" * 70, f"n{number}"])}
        details["priority"] = chosen.choice([10, 50, 90])
        if chosen.random() < 0.6:
            details["due_time"] = Timestamp(seconds=1_900_000_000 + chosen.randrange(3))
        if chosen.random() < 0.5:
            details["candidate_users"] = ["ann"]
            details["candidate_groups"] = ["sales", "it"]
        else:
            details["assignee"] = chosen.choice(["ann", "bob"])
        made.append(await work.create(**details))
    mine = [task for task in made if "ann" in (*task.candidate_users, task.assignee)]
    parts = {
        "create_time": lambda task: task.create_time.ToNanoseconds(),
        "priority": lambda task: task.priority,
        "name": lambda task: task.name[:64],
    }
    for filters, expected in (
        ({}, made),
        ({"assignee_or_candidate": "ann", "candidate_groups": ["sales", "it"]}, mine),
        ({"involved_user": "ann"}, mine),
        ({"candidate_groups": ["sales", "it"]}, [task for task in made if task.candidate_groups]),
    ):
        assert await count(engine, **filters) == len(expected)
        for name, direction in itertools.product(parts, ("", " desc")):
            found = await pages(engine, 5, order_by=f"{name}{direction}", **filters)
            assert sorted(task.id for task in found) == sorted(task.id for task in expected), (filters, name)
            keys = [parts[name](task) for task in found]
            assert keys == sorted(keys, reverse=bool(direction)), (filters, name, direction)
        by_due = await pages(engine, 5, order_by="due_time desc, priority", **filters)
        assert sorted(task.id for task in by_due) == sorted(task.id for task in expected)
        dues = [task.due_time.seconds for task in by_due]
        with_time = [due for due in dues if due]
        assert dues == [*sorted(with_time, reverse=True), *[0] * (len(dues) - len(with_time))]
        for due, group in itertools.groupby(by_due, key=lambda task: task.due_time.seconds):
            priorities = [task.priority for task in group]
            assert priorities == sorted(priorities), due
    soon = await pages(engine, 3, order_by="due_time", due_before=Timestamp(seconds=1_900_000_002))
    assert [task.due_time.seconds for task in soon] == sorted(task.due_time.seconds for task in soon)
    assert len(soon) == len([t for t in made if t.HasField("due_time") and t.due_time.seconds < 1_900_000_002])
    for wrong in ("size", "name up", "name,name", ","):
        assert (await refusal(engine.user_tasks(order_by=wrong))).reason == "FIELD_INVALID"
    request = pb.ListUserTasksRequest(page_size=1, order_by="name")
    request.page_token = (await engine.tasks.ListUserTasks(request)).next_page_token
    request.order_by = "priority"
    assert (await refusal(engine.tasks.ListUserTasks(request))).reason == "PAGE_TOKEN_INVALID"
