from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from flowmesh.engine.v1 import process_instance_service_pb2 as pb
from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance

from mesh.db.database import Database
from mesh.json_values import to_values
from tests.integration.engine.serving import ENDS, Engine, external, model, refusal, seconds, until, user_task

RUNNING, PAUSED = ProcessInstance.STATUS_RUNNING, ProcessInstance.STATUS_PAUSED
COMPLETED, TERMINATED = ProcessInstance.STATUS_COMPLETED, ProcessInstance.STATUS_TERMINATED


async def pages(engine: Engine, size: int, **filters: Any) -> list[list[str]]:
    """The ids of every page."""
    listing = pb.ListProcessInstancesRequest(page_size=size, **filters)
    found = []
    while True:
        answer = await engine.instances.ListProcessInstances(listing)
        found.append([instance.id for instance in answer.process_instances])
        if not answer.next_page_token:
            return found
        listing.page_token = answer.next_page_token


# Start


async def test_start_to_the_end(engine: Engine) -> None:
    await engine.deploy(model("sum", ENDS + '<task id="t"/>', "s>t", "t>e"))
    started = await engine.start("sum", {"a": 1}, business_key="b")
    assert (started.status, started.business_key, started.etag, started.process_definition_version) == (
        COMPLETED,
        "b",
        "1",
        1,
    )
    assert started.end_time.ToMicroseconds() >= started.start_time.ToMicroseconds()
    assert await engine.get(started.id) == started


async def test_start_by_key_version_id_and_tenant(engine: Engine) -> None:
    first = (await engine.deploy(user_task())).process_definitions[0]
    second = (await engine.deploy(user_task())).process_definitions[0]
    acme = (await engine.deploy(user_task(), tenant_id="acme")).process_definitions[0]
    assert (await engine.start("review")).process_definition_id == second.id
    assert (await engine.start("review", process_definition_version=1)).process_definition_id == first.id
    assert (await engine.start(process_definition_id=first.id)).process_definition_version == 1
    of_acme = await engine.start("review", tenant_id="acme")
    assert (of_acme.process_definition_id, of_acme.tenant_id) == (acme.id, "acme")


async def test_start_what_is_not_there(engine: Engine) -> None:
    await engine.deploy(user_task())
    refused = await refusal(engine.start("nothing"))
    assert (refused.code, refused.reason) == ("NOT_FOUND", "PROCESS_DEFINITION_NOT_FOUND")
    assert refused.metadata == {"key": "nothing", "version": "0", "tenant_id": ""}
    for fields in ({"process_definition_version": 2}, {"tenant_id": "acme"}):
        assert (await refusal(engine.start("review", **fields))).reason == "PROCESS_DEFINITION_NOT_FOUND"
    assert (await refusal(engine.start(process_definition_id="nothing"))).metadata == {"id": "nothing"}
    both = await refusal(engine.start("review", process_definition_id="x"))
    neither = await refusal(engine.start())
    assert both.reason == neither.reason == "FIELD_INVALID"


async def test_a_start_that_fails_leaves_nothing(engine: Engine) -> None:
    await engine.deploy(
        model(
            "stuck", ENDS + '<userTask id="t"/><exclusiveGateway id="x"/>', "s>x", "x>t:${n > 1}", "x>e:${n > 2}", "t>e"
        )
    )
    refused = await refusal(engine.start("stuck", {"n": 1}))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "NO_OUTGOING_FLOW")
    assert refused.metadata == {"element_id": "x"}
    assert (await refusal(engine.start("stuck"))).reason == "EXPRESSION_FAILED"
    assert await pages(engine, 10) == [[]]


async def test_batch_start_is_atomic(engine: Engine) -> None:
    await engine.deploy(user_task())
    spec = pb.ProcessInstanceSpec(process_definition_key="review")
    bad = pb.ProcessInstanceSpec(process_definition_key="nothing")
    batch = pb.BatchCreateProcessInstancesRequest(instances=[spec, bad, spec])
    assert (await refusal(engine.instances.BatchCreateProcessInstances(batch))).reason == "PROCESS_DEFINITION_NOT_FOUND"
    assert await pages(engine, 10) == [[]]
    neither = pb.BatchCreateProcessInstancesRequest(instances=[spec, pb.ProcessInstanceSpec()])
    refused = await refusal(engine.instances.BatchCreateProcessInstances(neither))
    assert "process_definition_key" in refused.message
    full = pb.BatchCreateProcessInstancesRequest(
        request_id="r",
        instances=[
            pb.ProcessInstanceSpec(process_definition_key="review", business_key=str(n), variables=to_values({"n": n}))
            for n in range(100)
        ],
    )
    answer = await engine.instances.BatchCreateProcessInstances(full)
    assert [instance.business_key for instance in answer.process_instances] == [str(n) for n in range(100)]
    assert await engine.instances.BatchCreateProcessInstances(full) == answer
    assert len((await pages(engine, 1000))[0]) == 100
    assert len(await engine.user_tasks(page_size=1000)) == 100


# Lists


async def test_filters(engine: Engine) -> None:
    await engine.deploy(user_task("a"), user_task("b"))
    await engine.deploy(user_task("a"), tenant_id="acme")
    one = await engine.start("a", business_key="k")
    two = await engine.start("b", business_key="k")
    three = await engine.start("a", tenant_id="acme")
    await engine.suspend(two.id)
    for filters, found in (
        ({}, [three, two, one]),
        ({"process_definition_key": "a"}, [three, one]),
        ({"process_definition_id": one.process_definition_id}, [one]),
        ({"business_key": "k"}, [two, one]),
        ({"business_key": "k", "process_definition_key": "b"}, [two]),
        ({"status": PAUSED}, [two]),
        ({"status": RUNNING, "tenant_id": "acme"}, [three]),
        ({"business_key": "K"}, []),
    ):
        assert await pages(engine, 10, **filters) == [[instance.id for instance in found]]


async def test_pages_are_stable_while_instances_come_in(engine: Engine) -> None:
    await engine.deploy(user_task())
    made = [(await engine.start("review")).id for _ in range(5)]
    first = await engine.instances.ListProcessInstances(pb.ListProcessInstancesRequest(page_size=2))
    await engine.start("review")
    rest = await engine.instances.ListProcessInstances(
        pb.ListProcessInstancesRequest(page_size=10, page_token=first.next_page_token)
    )
    seen = [instance.id for answer in (first, rest) for instance in answer.process_instances]
    assert seen == list(reversed(made))
    assert not rest.next_page_token


async def test_a_full_last_page_has_no_token(engine: Engine) -> None:
    await engine.deploy(user_task())
    for _ in range(4):
        await engine.start("review")
    assert [len(page) for page in await pages(engine, 2)] == [2, 2]


async def test_pages_that_may_not_be_asked_for(engine: Engine) -> None:
    await engine.deploy(user_task())
    for _ in range(3):
        await engine.start("review")
    token = (await engine.instances.ListProcessInstances(pb.ListProcessInstancesRequest(page_size=1))).next_page_token
    for listing in (
        pb.ListProcessInstancesRequest(page_token=token, business_key="other filter"),
        pb.ListProcessInstancesRequest(page_token=token[:-2] + "AA"),
        pb.ListProcessInstancesRequest(page_token="nonsense!"),
    ):
        refused = await refusal(engine.instances.ListProcessInstances(listing))
        assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "PAGE_TOKEN_INVALID")
    for size in (-1, 1001):
        refused = await refusal(engine.instances.ListProcessInstances(pb.ListProcessInstancesRequest(page_size=size)))
        assert refused.reason == "FIELD_INVALID"


# Cancel, suspend, resume


async def test_cancel_takes_everything_away(engine: Engine) -> None:
    both = model(
        "both",
        ENDS + '<parallelGateway id="f"/><userTask id="t" flowable:candidateUsers="ann"/>'
        '<serviceTask id="n" flowable:type="external-worker" flowable:topic="work"/>',
        "s>f",
        "f>t",
        "f>n",
        "t>e",
        "n>e",
    )
    await engine.deploy(both)
    instance = await engine.start("both")
    await engine.fail_job(await engine.one_job(), retries=0)
    assert (await engine.get(instance.id)).incident_count == 1
    answer = await engine.instances.CancelProcessInstance(
        pb.CancelProcessInstanceRequest(id=instance.id, reason="no more")
    )
    assert (answer.process_instance.status, answer.process_instance.incident_count) == (TERMINATED, 0)
    assert await engine.get(instance.id) == answer.process_instance
    assert await engine.user_tasks() == []
    assert await engine.user_tasks(candidate_user="ann") == []
    assert await engine.open_jobs() == []
    assert await engine.open_incidents() == []
    refused = await refusal(engine.instances.CancelProcessInstance(pb.CancelProcessInstanceRequest(id=instance.id)))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "PROCESS_INSTANCE_NOT_RUNNING")
    assert refused.metadata == {"id": instance.id, "status": "TERMINATED"}


async def test_a_paused_instance_can_be_cancelled(engine: Engine) -> None:
    await engine.deploy(user_task())
    instance = await engine.start("review")
    await engine.suspend(instance.id)
    await engine.instances.CancelProcessInstance(pb.CancelProcessInstanceRequest(id=instance.id))
    assert (await engine.get(instance.id)).status == TERMINATED


async def test_tasks_of_a_paused_instance_do_not_move(engine: Engine) -> None:
    await engine.deploy(user_task())
    instance = await engine.start("review")
    await engine.suspend(instance.id)
    assert (await engine.get(instance.id)).status == PAUSED
    (task,) = await engine.user_tasks()
    assert task.suspended
    refused = await refusal(engine.complete_task(task.id))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "PROCESS_INSTANCE_NOT_RUNNING")
    assert refused.metadata == {"id": instance.id, "status": "PAUSED"}
    await engine.resume(instance.id)
    (task,) = await engine.user_tasks()
    assert not task.suspended
    await engine.complete_task(task.id)
    assert (await engine.get(instance.id)).status == COMPLETED


async def test_pause_and_resume_in_the_wrong_state(engine: Engine) -> None:
    await engine.deploy(user_task())
    instance = await engine.start("review")
    assert (await refusal(engine.resume(instance.id))).reason == "PROCESS_INSTANCE_NOT_PAUSED"
    await engine.suspend(instance.id)
    assert (await refusal(engine.suspend(instance.id))).reason == "PROCESS_INSTANCE_NOT_RUNNING"
    for call in (engine.suspend, engine.resume, engine.get, engine.variables):
        assert (await refusal(call("nothing"))).reason == "PROCESS_INSTANCE_NOT_FOUND"


async def test_jobs_of_a_paused_instance_do_not_move(engine: Engine) -> None:
    """Ready ones, one in back-off, and one whose lease ends while the instance is paused."""
    await engine.deploy(external("ready", "r"), external("back_off", "b"), external("leased", "l"))
    instances = [await engine.start(key) for key in ("ready", "back_off", "leased")]
    await engine.fail_job(await engine.one_job("b"), retry_backoff=seconds(30))
    held = await engine.one_job("l", lease_duration=seconds(60))
    for instance in instances:
        await engine.suspend(instance.id)
    refused = await refusal(engine.complete_job(held))
    assert refused.reason == "PROCESS_INSTANCE_NOT_RUNNING"
    engine.clock.forward(120)

    async def all_suspended() -> bool:
        return all(job.state == job.STATE_SUSPENDED for job in await engine.open_jobs())

    await until(all_suspended)
    for job_type in "rbl":
        assert await engine.activate(job_type) == []
    for instance in instances:
        await engine.resume(instance.id)
    for job_type in "rbl":
        await engine.complete_job(await engine.one_job(job_type))
    assert {(await engine.get(instance.id)).status for instance in instances} == {COMPLETED}


async def test_a_job_in_back_off_waits_for_its_time_after_a_pause(engine: Engine) -> None:
    await engine.deploy(external())
    instance = await engine.start("ship")
    await engine.fail_job(await engine.one_job(), retry_backoff=seconds(100))
    await engine.suspend(instance.id)
    await engine.resume(instance.id)
    (job,) = await engine.open_jobs()
    assert job.state == job.STATE_BACKOFF
    engine.clock.forward(101)
    await engine.complete_job(await engine.one_job())


async def test_a_worker_that_holds_its_lease_through_a_pause_completes_afterwards(engine: Engine) -> None:
    await engine.deploy(external())
    instance = await engine.start("ship")
    job = await engine.one_job()
    await engine.suspend(instance.id)
    await engine.resume(instance.id)
    assert (await engine.complete_job(job)).process_instance_ended


# Variables


async def test_variables_of_every_kind(engine: Engine) -> None:
    await engine.deploy(user_task())
    variables = {
        "n": 2**53,
        "f": 1.5,
        "s": "ü\u0000😀",
        "b": False,
        "z": None,
        "l": [1, "a", None],
        "o": {"k": {"d": []}},
    }
    instance = await engine.start("review", variables)
    assert await engine.variables(instance.id) == variables
    assert await engine.variables(instance.id, "n", "missing") == {"n": 2**53}
    update = pb.UpdateProcessInstanceVariablesRequest(id=instance.id, variables=to_values({"n": 1, "new": "x"}))
    answer = await engine.instances.UpdateProcessInstanceVariables(update)
    assert answer.process_instance.etag == "2"
    assert await engine.variables(instance.id) == {**variables, "n": 1, "new": "x"}


async def test_limits_of_variables(engine: Engine, engine_database: Database) -> None:
    small = await Engine.started(engine_database, max_variable_bytes=100, max_instance_variable_bytes=400)
    await small.deploy(user_task())
    refused = await refusal(small.start("review", {"v": "x" * 99}))
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "VARIABLE_TOO_LARGE")
    assert refused.metadata == {"variable": "v", "bytes": "101", "limit": "100"}
    assert (await refusal(small.start("review", {"v": {"k": "ü" * 60}}))).reason == "VARIABLE_TOO_LARGE"
    refused = await refusal(small.start("review", {f"v{n}": "x" * 90 for n in range(5)}))
    assert (refused.reason, refused.metadata["variable"]) == ("VARIABLE_TOO_LARGE", "v4")
    instance = await small.start("review", {"v": "x" * 98})
    await small.complete_task((await small.user_tasks())[0].id, {"w": "x" * 98})
    assert (await small.get(instance.id)).status == COMPLETED
    await small.stop()


async def test_values_that_are_refused(engine: Engine) -> None:
    await engine.deploy(user_task())
    for variables in ({"execution": 1}, {"n": float("nan")}, {"n": float("inf")}, {"": 1}):
        assert (await refusal(engine.start("review", variables))).reason == "FIELD_INVALID"


async def test_variables_of_an_ended_instance(engine: Engine) -> None:
    await engine.deploy(model("m", ENDS, "s>e"))
    instance = await engine.start("m", {"a": 1})
    assert (await refusal(engine.variables(instance.id))).reason == "PROCESS_INSTANCE_NOT_RUNNING"
    update = pb.UpdateProcessInstanceVariablesRequest(id=instance.id, variables=to_values({"a": 2}))
    refused = await refusal(engine.instances.UpdateProcessInstanceVariables(update))
    assert refused.reason == "PROCESS_INSTANCE_NOT_RUNNING"


# Request ids


async def test_the_same_start_twice_at_once_and_after_a_restart(engine: Engine, engine_database: Database) -> None:
    await engine.deploy(user_task())
    request = pb.CreateProcessInstanceRequest(
        process_definition_key="review", request_id="r1", variables=to_values({str(n): n for n in range(20)})
    )
    answers = await asyncio.gather(*[engine.instances.CreateProcessInstance(request) for _ in range(20)])
    assert all(answer == answers[0] for answer in answers)
    restarted = await Engine.started(engine_database)
    assert await restarted.instances.CreateProcessInstance(request) == answers[0]
    await restarted.stop()
    assert await pages(engine, 10) == [[answers[0].process_instance.id]]


async def test_a_request_id_with_other_content(engine: Engine) -> None:
    await engine.deploy(user_task())
    await engine.start("review", request_id="r1")
    for variables in ({"a": 1}, {"a": 2}):
        refused = await refusal(engine.start("review", variables, request_id="r1"))
        assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "REQUEST_ID_REUSED")
        assert refused.metadata == {"request_id": "r1", "method": "CreateProcessInstance"}
    # Each method has request ids of its own.
    instance = await engine.start("review", request_id="r2")
    await engine.instances.SuspendProcessInstance(pb.SuspendProcessInstanceRequest(id=instance.id, request_id="r1"))


async def test_two_contents_under_one_request_id_at_once(engine: Engine) -> None:
    await engine.deploy(user_task())
    results = await asyncio.gather(
        *[engine.start("review", {"a": n % 2}, request_id="r1") for n in range(10)], return_exceptions=True
    )
    started = {result.id for result in results if not isinstance(result, BaseException)}
    assert len(started) == 1
    assert sum(isinstance(result, BaseException) for result in results) == 5
    assert len((await pages(engine, 10))[0]) == 1


async def test_every_command_repeated_answers_as_before(engine: Engine) -> None:
    await engine.deploy(user_task())
    instance = await engine.start("review")
    count = itertools.count()

    async def twice(call: Callable[[Any], Awaitable[Any]], request: Any) -> None:
        request.request_id = f"r{next(count)}"
        first = await call(request)
        for answer in await asyncio.gather(call(request), call(request)):
            assert answer == first

    await twice(engine.instances.SuspendProcessInstance, pb.SuspendProcessInstanceRequest(id=instance.id))
    await twice(engine.instances.ResumeProcessInstance, pb.ResumeProcessInstanceRequest(id=instance.id))
    await twice(
        engine.instances.UpdateProcessInstanceVariables,
        pb.UpdateProcessInstanceVariablesRequest(id=instance.id, variables=to_values({"a": 1})),
    )
    await twice(engine.instances.CancelProcessInstance, pb.CancelProcessInstanceRequest(id=instance.id))
    assert (await engine.get(instance.id)).etag == "5"


async def test_a_large_instance_comes_back_from_the_database(engine: Engine, engine_database: Database) -> None:
    await engine.deploy(user_task())
    instance = await engine.start("review", {f"v{n}": "x" * 1000 for n in range(1000)})
    uncached = await Engine.started(engine_database, cached_instances=0)
    await uncached.complete_task((await uncached.user_tasks())[0].id)
    assert (await engine.get(instance.id)).status == COMPLETED
    await uncached.stop()


@pytest.mark.parametrize("count", [50])
async def test_many_starts_at_once(engine: Engine, count: int) -> None:
    await engine.deploy(user_task())
    started = await asyncio.gather(*[engine.start("review", {"n": n}) for n in range(count)])
    assert len({instance.id for instance in started}) == count
    assert [len(page) for page in await pages(engine, 1000)] == [count]
