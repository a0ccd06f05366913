from __future__ import annotations

import asyncio
from typing import Any

import grpc
from flowmesh.engine.v1 import user_task_service_pb2 as pb
from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance

from mesh.db.database import Database
from mesh.ids import new_id
from mesh.status import error_info_of
from tests.integration.engine.serving import ENDS, Engine, model, refusal, user_task

CANDIDATES = 'flowable:candidateUsers="ann,bob" flowable:candidateGroups="sales,it"'


async def claim(engine: Engine, task_id: str, user: str, **fields: Any) -> Any:
    request = pb.ClaimUserTaskRequest(id=task_id, user_id=user, **fields)
    return (await engine.tasks.ClaimUserTask(request)).user_task


async def unclaim(engine: Engine, task_id: str) -> Any:
    return (await engine.tasks.UnclaimUserTask(pb.UnclaimUserTaskRequest(id=task_id))).user_task


async def test_what_a_task_shows(engine: Engine) -> None:
    attributes = 'flowable:assignee="kim" flowable:priority="70" flowable:dueDate="2030-01-31" flowable:formKey="f"'
    await engine.deploy(user_task(attributes=f"{CANDIDATES} {attributes}"), tenant_id="acme")
    instance = await engine.start("review", tenant_id="acme")
    (task,) = await engine.user_tasks()
    assert task.id.startswith(f"{instance.id}.")
    assert (task.name, task.element_id, task.process_instance_id) == ("Review", "t", instance.id)
    assert (task.assignee, task.priority, task.form_key, task.tenant_id) == ("kim", 70, "f", "acme")
    assert (list(task.candidate_users), list(task.candidate_groups)) == (["ann", "bob"], ["sales", "it"])
    assert task.due_time.ToJsonString() == "2030-01-31T00:00:00Z"
    assert task.create_time == task.claim_time
    assert not task.suspended
    got = await engine.tasks.GetUserTask(pb.GetUserTaskRequest(id=task.id))
    assert got.user_task == task


async def test_lists(engine: Engine) -> None:
    await engine.deploy(user_task("open", CANDIDATES), user_task("given", 'flowable:assignee="ann"'))
    await engine.deploy(user_task("sold", 'flowable:candidateGroups="sales"'), tenant_id="acme")
    opened, given, sold = (
        await engine.start("open"),
        await engine.start("given"),
        await engine.start("sold", tenant_id="acme"),
    )
    for filters, found in (
        ({}, [opened, given, sold]),
        ({"assignee": "ann"}, [given]),
        ({"candidate_user": "ann"}, [opened]),
        ({"candidate_user": "nobody"}, []),
        ({"candidate_groups": ["sales"]}, [opened, sold]),
        ({"candidate_groups": ["it", "hr"]}, [opened]),
        ({"candidate_user": "bob", "candidate_groups": ["sales"]}, [opened, sold]),
        # A user is no group of the same name.
        ({"candidate_groups": ["ann"]}, []),
        ({"process_instance_id": given.id}, [given]),
        ({"process_definition_key": "open"}, [opened]),
        ({"element_id": "t", "tenant_id": "acme"}, [sold]),
        ({"element_id": "other"}, []),
    ):
        tasks = await engine.user_tasks(**filters)
        assert [task.process_instance_id for task in tasks] == [instance.id for instance in found], filters


async def test_pages(engine: Engine) -> None:
    await engine.deploy(user_task(attributes=CANDIDATES))
    made = [(await engine.start("review")).id for _ in range(5)]
    listing = pb.ListUserTasksRequest(page_size=2, candidate_user="ann", candidate_groups=["sales"])
    seen = []
    while True:
        answer = await engine.tasks.ListUserTasks(listing)
        seen += [task.process_instance_id for task in answer.user_tasks]
        if not answer.next_page_token:
            break
        listing.page_token = answer.next_page_token
    assert seen == made
    listing.candidate_user = "bob"
    assert (await refusal(engine.tasks.ListUserTasks(listing))).reason == "PAGE_TOKEN_INVALID"


async def test_claim_and_unclaim(engine: Engine) -> None:
    await engine.deploy(user_task(attributes=CANDIDATES))
    await engine.start("review")
    (task,) = await engine.user_tasks(candidate_user="ann")
    claimed = await claim(engine, task.id, "ann")
    assert claimed.assignee == "ann"
    assert claimed.claim_time.ToMicroseconds() > 0
    assert await engine.user_tasks(assignee="ann") == [claimed]
    # A claimed task leaves the lists of its candidates.
    assert await engine.user_tasks(candidate_user="bob") == []
    assert await engine.user_tasks(candidate_groups=["sales"]) == []
    refused = await refusal(claim(engine, task.id, "bob"))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "USER_TASK_ALREADY_CLAIMED")
    assert refused.metadata == {"id": task.id, "assignee": "ann"}
    engine.clock.forward(10)
    assert await claim(engine, task.id, "ann") == claimed
    assert await engine.user_tasks(assignee="ann") == [claimed]
    freed = await unclaim(engine, task.id)
    assert (freed.assignee, freed.HasField("claim_time")) == ("", False)
    assert await engine.user_tasks(candidate_user="bob") == [freed]
    assert await unclaim(engine, task.id) == freed
    assert (await claim(engine, task.id, "bob")).assignee == "bob"


async def test_two_claims_at_once(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    await first.deploy(user_task(attributes=CANDIDATES))
    await first.start("review")
    (task,) = await first.user_tasks()
    results = await asyncio.gather(claim(first, task.id, "ann"), claim(second, task.id, "bob"), return_exceptions=True)
    (winner,) = [result for result in results if not isinstance(result, BaseException)]
    (loser,) = [result for result in results if isinstance(result, grpc.aio.AioRpcError)]
    assert (info := error_info_of(loser)) is not None
    assert info.reason == "USER_TASK_ALREADY_CLAIMED"
    assert (await first.user_tasks())[0].assignee == winner.assignee


async def test_complete(engine: Engine) -> None:
    await engine.deploy(
        model("two", ENDS + '<userTask id="a"/><userTask id="b" name="${answer}"/>', "s>a", "a>b", "b>e")
    )
    instance = await engine.start("two")
    (task,) = await engine.user_tasks()
    answer = await engine.complete_task(task.id, {"answer": "yes"})
    assert (answer.process_instance_id, answer.process_instance_ended) == (instance.id, False)
    (task,) = await engine.user_tasks()
    assert (task.element_id, task.name) == ("b", "yes")
    assert (await engine.complete_task(task.id)).process_instance_ended
    assert await engine.user_tasks() == []


async def test_tasks_that_are_not_there(engine: Engine) -> None:
    await engine.deploy(user_task())
    instance = await engine.start("review")
    for unknown in (f"{instance.id}.999", f"{new_id()}.1", "nonsense", f"{instance.id}.x", f"{instance.id}."):
        for call in (
            engine.tasks.GetUserTask(pb.GetUserTaskRequest(id=unknown)),
            engine.complete_task(unknown),
            claim(engine, unknown, "ann"),
            unclaim(engine, unknown),
        ):
            refused = await refusal(call)
            assert (refused.code, refused.reason) == ("NOT_FOUND", "USER_TASK_NOT_FOUND")
            assert refused.metadata == {"id": unknown}


async def test_a_failing_completion_leaves_the_task_as_it_was(engine: Engine) -> None:
    await engine.deploy(
        model(
            "choice",
            ENDS + '<userTask id="t"/><exclusiveGateway id="x"/><userTask id="u"/>',
            "s>t",
            "t>x",
            "x>u:${n > 1}",
            "x>e:${n > 5}",
            "u>e",
        )
    )
    instance = await engine.start("choice", {"n": 0})
    (task,) = await engine.user_tasks()
    for variables, reason in (({"n": 1}, "NO_OUTGOING_FLOW"), ({"n": "x"}, "EXPRESSION_FAILED")):
        refused = await refusal(engine.complete_task(task.id, variables))
        assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", reason)
    assert await engine.user_tasks() == [task]
    assert await engine.variables(instance.id) == {"n": 0}
    await engine.complete_task(task.id, {"n": 2})
    assert [open_task.element_id for open_task in await engine.user_tasks()] == ["u"]


async def test_two_completions_at_once(two_engines: tuple[Engine, Engine]) -> None:
    """Through one engine and through both: one wins, all others learn that the task is completed."""
    await two_engines[0].deploy(user_task())
    for engines in ((two_engines[0],), two_engines):
        instance = await engines[0].start("review")
        (task,) = await engines[0].user_tasks(process_instance_id=instance.id)
        results = await asyncio.gather(
            *[engines[n % len(engines)].complete_task(task.id, {"by": n}) for n in range(6)], return_exceptions=True
        )
        refused = [result for result in results if isinstance(result, grpc.aio.AioRpcError)]
        assert len(refused) == 5
        for error in refused:
            info = error_info_of(error)
            assert info is not None
            assert (error.code().name, info.reason) == ("FAILED_PRECONDITION", "USER_TASK_ALREADY_COMPLETED")
        assert (await engines[0].get(instance.id)).status == ProcessInstance.STATUS_COMPLETED


async def test_a_repeated_completion_is_answered_as_before(
    two_engines: tuple[Engine, Engine], engine_database: Database
) -> None:
    first, second = two_engines
    await first.deploy(user_task())
    await first.start("review")
    (task,) = await first.user_tasks()
    answers = await asyncio.gather(
        *[engine.complete_task(task.id, {"a": 1}, request_id="r") for engine in (first, second, first, second)]
    )
    assert all(answer == answers[0] for answer in answers)
    assert answers[0].process_instance_ended
    restarted = await Engine.started(engine_database)
    assert await restarted.complete_task(task.id, {"a": 1}, request_id="r") == answers[0]
    assert (await refusal(restarted.complete_task(task.id, request_id="r"))).reason == "REQUEST_ID_REUSED"
    await restarted.stop()
