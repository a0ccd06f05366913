"""Timers and asynchronous jobs: done when due, in the background and on demand, with retries and a dead letter."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from flowmesh.engine.v1 import incident_service_pb2, job_pb2, job_service_pb2
from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.db.database import Database
from mesh.db.schema import open_database
from mesh.db.statements import Execute, Fetch, Program, Row, fetch
from tests.integration.engine.serving import ENDS, Engine, model, refusal, seconds, until

Job = job_pb2.Job
FinishedJob = job_pb2.FinishedJob


def timer(key: str = "wait", duration: str = "PT1H") -> bytes:
    """Waits at a timer, then at a task."""
    catch = (
        '<intermediateCatchEvent id="c"><timerEventDefinition>'
        f"<timeDuration>{duration}</timeDuration></timerEventDefinition></intermediateCatchEvent>"
    )
    return model(key, ENDS + catch + '<userTask id="after"/>', "s>c", "c>after", "after>e")


def reminders(cycle: str) -> bytes:
    """A task that reminds again and again."""
    nodes = (
        '<userTask id="t"/><boundaryEvent id="b" attachedToRef="t" cancelActivity="false"><timerEventDefinition>'
        f'<timeCycle>{cycle}</timeCycle></timerEventDefinition></boundaryEvent><userTask id="reminder"/>'
    )
    return model("remind", ENDS + nodes, "s>t", "t>e", "b>reminder", "reminder>e")


def asynchronous(expression: str = "${1}", retry: str = "", key: str = "later", extra: str = "") -> bytes:
    """Evaluates an expression in a job of its own, then waits at a task."""
    cycle = (
        f"<extensionElements><flowable:failedJobRetryTimeCycle>{retry}</flowable:failedJobRetryTimeCycle>"
        "</extensionElements>"
        if retry
        else ""
    )
    nodes = (
        f'<serviceTask id="a" flowable:async="true" flowable:expression="{expression}" '
        f'flowable:resultVariable="r" {extra}>{cycle}</serviceTask><userTask id="after"/>'
    )
    return model(key, ENDS + nodes, "s>a", "a>after", "after>e")


@pytest.fixture
async def controlled(engine_database: Database) -> AsyncIterator[Engine]:
    """An engine whose clock the test turns; nothing runs by itself."""
    running = await Engine.started(engine_database, controlled=True)
    yield running
    await running.stop()


@pytest.fixture
async def idle(engine_database: Database) -> AsyncIterator[Engine]:
    """An engine that does no jobs by itself."""
    running = await Engine.started(engine_database, background_jobs="off")
    yield running
    await running.stop()


# In the background


async def test_an_asynchronous_job_runs_at_once(engine: Engine) -> None:
    await engine.deploy(asynchronous("${6 * 7}"))
    began = time.monotonic()
    instance = await engine.start("later")
    await until(lambda: engine.user_tasks(process_instance_id=instance.id))
    # Woken by the commit, not by a poll.
    assert time.monotonic() - began < 0.9
    assert await engine.variables(instance.id) == {"r": 42}
    assert await engine.open_jobs() == []
    (done,) = await engine.finished_jobs()
    assert (done.outcome, done.kind, done.element_id) == (FinishedJob.OUTCOME_COMPLETED, Job.KIND_ASYNC, "a")
    assert done.process_instance_id == instance.id


async def test_a_timer_fires_when_it_is_due(engine: Engine) -> None:
    await engine.deploy(timer(duration="PT0.3S"))
    instance = await engine.start("wait")
    (job,) = await engine.open_jobs()
    assert (job.kind, job.state, job.element_id) == (Job.KIND_TIMER, Job.STATE_SCHEDULED, "c")
    await until(lambda: engine.user_tasks(process_instance_id=instance.id))
    (done,) = await engine.finished_jobs(process_instance_id=instance.id)
    late = done.end_time.ToMicroseconds() - done.due_time.ToMicroseconds()
    assert 0 <= late < 500_000


async def test_a_timer_is_not_missed_over_a_restart(engine_database: Database) -> None:
    first = await Engine.started(engine_database)
    await first.deploy(timer())
    await first.start("wait")
    await first.stop()
    first.clock.forward(3601)
    second = await Engine.started(engine_database, first.clock)
    await until(second.user_tasks)
    await second.stop()


async def test_two_engines_do_each_timer_once(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    await first.deploy(timer(duration="PT0.5S"))
    count = 60
    await asyncio.gather(*[two_engines[n % 2].start("wait") for n in range(count)])
    tasks = await until(lambda: _exactly(first, count))
    assert len({task.process_instance_id for task in tasks}) == count
    assert await second.open_jobs(page_size=200) == []
    assert len(await first.finished_jobs(page_size=200)) == count


async def test_two_engines_share_the_jobs_of_one_instance(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    width = 40
    nodes = '<parallelGateway id="f"/><parallelGateway id="j"/><userTask id="after"/>' + "".join(
        f'<serviceTask id="a{n}" flowable:async="true" flowable:expression="${{{n}}}" flowable:resultVariable="r{n}"/>'
        for n in range(width)
    )
    branches = [flow for n in range(width) for flow in (f"f>a{n}", f"a{n}>j")]
    await first.deploy(model("wide", ENDS + nodes, "s>f", *branches, "j>after", "after>e"))
    instances = await asyncio.gather(*[two_engines[n % 2].start("wide") for n in range(6)])
    tasks = await until(lambda: _exactly(second, len(instances)))
    assert len(tasks) == len(instances)
    for instance in instances:
        assert await first.variables(instance.id) == {f"r{n}": n for n in range(width)}
    assert await first.open_jobs() == []
    assert await second.open_incidents() == []


async def _exactly(engine: Engine, count: int) -> list[object]:
    tasks = await engine.user_tasks(page_size=1000)
    assert len(tasks) <= count
    return list(tasks) if len(tasks) == count else []


async def test_the_leases_of_an_engine_that_died_are_taken_over(engine_url: str, engine_database: Database) -> None:
    first = await Engine.started(engine_database, background_jobs="off")
    await first.deploy(asynchronous())
    await first.start("later")
    (job,) = await first.open_jobs()
    # As a process leaves it that died in the middle of the work.
    until_micros = first.clock.now_micros() + 20_000_000
    await engine_database.write(
        _execute(
            "UPDATE job SET state=2, lease_owner='dead', lease_sequence=lease_sequence+1, available_at=?", until_micros
        )
    )
    other_database = await open_database(engine_url)
    second = await Engine.started(other_database, first.clock)
    try:
        await asyncio.sleep(0.5)
        assert (await second.job(job.id)).state == Job.STATE_LEASED
        assert (await second.job(job.id)).worker == "dead"
        first.clock.forward(21)
        await until(second.user_tasks)
        assert await second.open_jobs() == []
    finally:
        await first.stop()
        await second.stop()
        await other_database.close()


def _execute(sql: str, *parameters: object) -> Program[None]:
    yield Execute(sql, parameters)


async def test_a_crowd_of_timers_holds_up_nobody(engine: Engine) -> None:
    await engine.deploy(timer(), model("quick", ENDS + '<userTask id="q"/>', "s>q", "q>e"))
    count = 600
    for _ in range(0, count, 100):
        await asyncio.gather(*[engine.start("wait") for _ in range(100)])
    engine.clock.forward(3601)
    answered, slowest = 0, 0.0
    async with asyncio.timeout(60):
        while await engine.open_jobs(page_size=1):
            # Of this process, which does the jobs as well: what the machine does beside is not in it.
            began = time.process_time()
            await engine.start("quick")
            slowest = max(slowest, time.process_time() - began)
            answered += 1
    assert answered >= 3
    assert slowest < 0.5


# Retries and the dead letter


async def test_a_failing_job_is_tried_three_times_and_ends_in_the_dead_letter(controlled: Engine) -> None:
    await controlled.advance(0)
    await controlled.deploy(asynchronous("${missing.name}"))
    instance = await controlled.start("later")
    (job,) = await controlled.open_jobs()
    assert (job.state, job.retries) == (Job.STATE_SCHEDULED, 3)
    start = (await controlled.advance(0)).time.ToMicroseconds()

    drained = await controlled.drain()
    assert (drained.completed_jobs, drained.failed_jobs, drained.drained) == (0, 1, True)
    assert drained.failures[0].job_id == job.id
    assert (drained.failures[0].reason, drained.failures[0].element_id) == ("EXPRESSION_FAILED", "a")
    assert not drained.failures[0].dead_letter
    failed = await controlled.job(job.id)
    assert (failed.state, failed.retries, failed.failed_attempts) == (Job.STATE_BACKOFF, 2, 1)
    assert "missing" in failed.error_message
    assert "EXPRESSION_FAILED" in failed.error_details
    assert "engine_svc." in failed.error_details
    assert failed.retry_time.ToMicroseconds() == start + 2_000_000

    await controlled.advance(1.9)
    assert (await controlled.drain()).failed_jobs == 0
    await controlled.advance(0.1)
    assert (await controlled.drain()).failed_jobs == 1
    assert (await controlled.job(job.id)).retry_time.ToMicroseconds() == start + 2_000_000 + 4_000_000
    assert await controlled.open_incidents() == []
    await controlled.advance(4)
    assert (await controlled.drain()).failures[0].dead_letter
    dead = await controlled.job(job.id)
    assert (dead.state, dead.retries) == (Job.STATE_FAILED, 0)
    (incident,) = await controlled.open_incidents()
    assert incident.type == incident_service_pb2.Incident.TYPE_JOB_NO_RETRIES
    assert incident.job_id == job.id
    assert "missing" in incident.message
    (record,) = await controlled.finished_jobs(outcome=FinishedJob.OUTCOME_FAILED)
    assert record.job_id == job.id
    assert "EXPRESSION_FAILED" in record.error_details
    assert [listed.id for listed in await controlled.open_jobs(with_error=True)] == [job.id]
    await controlled.advance(86_400)
    assert (await controlled.drain()).failed_jobs == 0
    assert (await controlled.get(instance.id)).incident_count == 1


async def test_a_retry_cycle_says_how_often_and_when(controlled: Engine) -> None:
    await controlled.deploy(asynchronous("${missing}", retry="R5/PT5M"))
    await controlled.start("later")
    for left in (4, 3, 2, 1):
        assert (await controlled.drain()).failed_jobs == 1
        (job,) = await controlled.open_jobs()
        assert job.retries == left
        await controlled.advance(299)
        assert (await controlled.drain()).failed_jobs == 0
        await controlled.advance(1)
    assert (await controlled.drain()).failures[0].dead_letter


async def test_a_resolved_incident_lets_the_job_run(controlled: Engine) -> None:
    await controlled.deploy(asynchronous("${wanted}", retry="R1/PT5M"))
    instance = await controlled.start("later")
    assert (await controlled.drain()).failures[0].dead_letter
    (incident,) = await controlled.open_incidents()
    await controlled.instances.UpdateProcessInstanceVariables(_variables(instance.id, wanted=5))
    await controlled.incidents.ResolveIncident(incident_service_pb2.ResolveIncidentRequest(id=incident.id))
    (job,) = await controlled.open_jobs()
    assert (job.state, job.retries) == (Job.STATE_SCHEDULED, 1)
    assert (await controlled.drain()).completed_jobs == 1
    assert (await controlled.variables(instance.id))["r"] == 5
    assert await controlled.open_incidents() == []


def _variables(instance_id: str, **values: object) -> object:
    from flowmesh.engine.v1.process_instance_service_pb2 import UpdateProcessInstanceVariablesRequest

    from mesh.json_values import to_values

    return UpdateProcessInstanceVariablesRequest(id=instance_id, variables=to_values(values))


async def test_one_failing_job_of_an_instance_does_not_hurt_the_others(controlled: Engine) -> None:
    nodes = '<parallelGateway id="f"/><parallelGateway id="j"/>' + "".join(
        f'<serviceTask id="a{n}" flowable:async="true" flowable:expression="{expression}"/>'
        for n, expression in enumerate(["${1}", "${missing}", "${2}"])
    )
    await controlled.deploy(
        model("fork", ENDS + nodes, "s>f", *[flow for n in range(3) for flow in (f"f>a{n}", f"a{n}>j")], "j>e")
    )
    await controlled.start("fork")
    drained = await controlled.drain()
    assert (drained.completed_jobs, drained.failed_jobs) == (2, 1)
    assert [job.element_id for job in await controlled.open_jobs()] == ["a1"]


# Paused instances


async def test_a_paused_instance_fires_nothing_and_catches_up(controlled: Engine) -> None:
    await controlled.deploy(timer())
    instance = await controlled.start("wait")
    await controlled.suspend(instance.id)
    (job,) = await controlled.open_jobs()
    assert job.state == Job.STATE_SUSPENDED
    await controlled.advance(7200)
    assert (await controlled.drain()).completed_jobs == 0
    assert (await refusal(controlled.run_job(job.id))).reason == "PROCESS_INSTANCE_NOT_RUNNING"
    await controlled.resume(instance.id)
    assert (await controlled.job(job.id)).state == Job.STATE_SCHEDULED
    assert (await controlled.drain()).completed_jobs == 1


async def test_a_timer_of_an_instance_resumed_in_time_keeps_its_due_date(controlled: Engine) -> None:
    await controlled.deploy(timer())
    instance = await controlled.start("wait")
    await controlled.suspend(instance.id)
    await controlled.resume(instance.id)
    await controlled.advance(3599)
    assert (await controlled.drain()).completed_jobs == 0
    await controlled.advance(2)
    assert (await controlled.drain()).completed_jobs == 1


async def test_a_cancelled_instance_has_no_jobs(controlled: Engine) -> None:
    from flowmesh.engine.v1.process_instance_service_pb2 import CancelProcessInstanceRequest

    await controlled.deploy(timer())
    instance = await controlled.start("wait")
    await controlled.instances.CancelProcessInstance(CancelProcessInstanceRequest(id=instance.id))
    assert await controlled.open_jobs() == []
    await controlled.advance(7200)
    assert (await controlled.drain()).completed_jobs == 0


# Cycles


async def test_a_cycle_has_one_job_at_a_time_and_ends(controlled: Engine) -> None:
    await controlled.deploy(reminders("R3/PT10S"))
    await controlled.start("remind")
    for fired in (1, 2, 3):
        assert len(await controlled.open_jobs(kind=Job.KIND_TIMER)) == 1
        await controlled.advance(10)
        assert (await controlled.drain()).completed_jobs == 1
        reminders_open = [task for task in await controlled.user_tasks() if task.element_id == "reminder"]
        assert len(reminders_open) == fired
    assert await controlled.open_jobs() == []


async def test_a_lease_on_one_occurrence_does_not_open_the_next(controlled: Engine, engine_database: Database) -> None:
    await controlled.deploy(reminders("R/PT10S"))
    await controlled.start("remind")
    sequences = set()
    for _ in range(3):
        ((sequence,),) = await engine_database.read(_rows("SELECT lease_sequence FROM job"))
        assert sequence not in sequences
        sequences |= {sequence, sequence + 1}
        await controlled.advance(10)
        assert (await controlled.drain()).completed_jobs == 1


def _rows(sql: str) -> Program[list[Row]]:
    return fetch(Fetch(sql))


# What operators do


async def test_a_timer_can_be_run_before_it_is_due(idle: Engine) -> None:
    await idle.deploy(timer())
    instance = await idle.start("wait")
    (job,) = await idle.open_jobs()
    answer = await idle.run_job(job.id, request_id="once")
    assert answer.process_instance_id == instance.id
    assert not answer.process_instance_ended
    assert [task.element_id for task in await idle.user_tasks()] == ["after"]
    # The same request again tells the same.
    assert await idle.run_job(job.id, request_id="once") == answer
    assert (await refusal(idle.run_job(job.id))).reason == "JOB_NOT_FOUND"


async def test_a_run_that_fails_answers_with_the_error_and_counts(idle: Engine) -> None:
    await idle.deploy(asynchronous("${missing}"))
    await idle.start("later")
    (job,) = await idle.open_jobs()
    refused = await refusal(idle.run_job(job.id))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "EXPRESSION_FAILED")
    failed = await idle.job(job.id)
    assert (failed.state, failed.retries) == (Job.STATE_BACKOFF, 2)
    assert (await refusal(idle.run_job(job.id))).reason == "EXPRESSION_FAILED"
    assert (await refusal(idle.run_job(job.id))).reason == "EXPRESSION_FAILED"
    refused = await refusal(idle.run_job(job.id))
    assert (refused.reason, refused.metadata["state"]) == ("JOB_NOT_RUNNABLE", "FAILED")


async def test_a_job_of_a_worker_cannot_be_run(idle: Engine) -> None:
    from tests.integration.engine.serving import external

    await idle.deploy(external())
    await idle.start("ship")
    (job,) = await idle.open_jobs()
    assert (await refusal(idle.run_job(job.id))).reason == "JOB_KIND_UNSUITABLE"


async def test_to_the_dead_letter_and_back(controlled: Engine) -> None:
    await controlled.deploy(timer())
    await controlled.start("wait")
    (job,) = await controlled.open_jobs()
    request = job_service_pb2.MoveJobToDeadLetterRequest(id=job.id, reason="not today")
    moved = (await controlled.jobs.MoveJobToDeadLetter(request)).job
    assert (moved.state, moved.retries, moved.error_message) == (Job.STATE_FAILED, 0, "not today")
    assert moved.id == (await controlled.job(job.id)).id
    assert (await controlled.job(job.id)).state == Job.STATE_FAILED
    assert [incident.message for incident in await controlled.open_incidents()] == ["not today"]
    await controlled.jobs.MoveJobToDeadLetter(request)
    assert len(await controlled.open_incidents()) == 1
    await controlled.advance(7200)
    assert (await controlled.drain()).completed_jobs == 0
    back = job_service_pb2.MoveJobFromDeadLetterRequest(id=job.id)
    moved = (await controlled.jobs.MoveJobFromDeadLetter(back)).job
    assert (moved.state, moved.retries) == (Job.STATE_SCHEDULED, 3)
    assert await controlled.open_incidents() == []
    assert (await refusal(controlled.jobs.MoveJobFromDeadLetter(back))).reason == "JOB_NOT_FAILED"
    assert (await controlled.drain()).completed_jobs == 1


async def test_retries_are_set_for_one_and_for_many(controlled: Engine) -> None:
    await controlled.deploy(asynchronous("${missing}", retry="R1/PT5M"), timer())
    for _ in range(3):
        await controlled.start("later")
    await controlled.start("wait")
    assert (await controlled.drain()).failed_jobs == 3
    failed = await controlled.open_jobs(state=Job.STATE_FAILED)
    assert len(failed) == len(await controlled.open_incidents()) == 3
    one = job_service_pb2.SetJobRetriesRequest(id=failed[0].id, retries=4)
    job = (await controlled.jobs.SetJobRetries(one)).job
    assert (job.state, job.retries) == (Job.STATE_SCHEDULED, 4)
    request = job_service_pb2.BatchSetJobRetriesRequest(
        filter={"state": Job.STATE_FAILED, "process_definition_key": "later"}, retries=2
    )
    results = (await controlled.jobs.BatchSetJobRetries(request)).results
    assert {result.id for result in results} == {job.id for job in failed[1:]}
    assert [result.status.code for result in results] == [0, 0]
    assert await controlled.open_incidents() == []
    request = job_service_pb2.BatchSetJobRetriesRequest(ids=[failed[0].id, "nonsense"], retries=1)
    results = (await controlled.jobs.BatchSetJobRetries(request)).results
    assert [result.status.code == 0 for result in results] == [True, False]
    both = job_service_pb2.BatchSetJobRetriesRequest(retries=1)
    assert (await refusal(controlled.jobs.BatchSetJobRetries(both))).reason == "FIELD_INVALID"
    nothing = job_service_pb2.SetJobRetriesRequest(id=failed[0].id, retries=0)
    assert (await controlled.jobs.SetJobRetries(nothing)).job.state == Job.STATE_FAILED
    assert len(await controlled.open_incidents()) == 1


async def test_a_timer_gets_another_due_date(controlled: Engine) -> None:
    await controlled.deploy(timer(), asynchronous())
    await controlled.start("wait")
    await controlled.start("later")
    (job,) = await controlled.open_jobs(kind=Job.KIND_TIMER)
    due = Timestamp()
    due.FromMicroseconds(job.due_time.ToMicroseconds() + 3_600_000_000)
    moved = (await controlled.jobs.RescheduleJob(job_service_pb2.RescheduleJobRequest(id=job.id, due_time=due))).job
    assert moved.due_time == due
    assert (await controlled.job(job.id)).due_time == due
    await controlled.advance(3700)
    assert (await controlled.drain()).completed_jobs == 1
    await controlled.advance(3600)
    assert (await controlled.drain()).completed_jobs == 1
    await controlled.start("later")
    (job,) = await controlled.open_jobs()
    refused = await refusal(
        controlled.jobs.RescheduleJob(job_service_pb2.RescheduleJobRequest(id=job.id, due_time=due))
    )
    assert refused.reason == "JOB_KIND_UNSUITABLE"


async def test_jobs_are_found_by_their_properties(controlled: Engine) -> None:
    prioritised = model(
        "later",
        ENDS + '<serviceTask id="a" camunda:asyncBefore="true" camunda:jobPriority="7" camunda:expression="${1}"/>',
        "s>a",
        "a>e",
    )
    await controlled.deploy(timer(), prioritised)
    await controlled.start("wait")
    await controlled.start("later")
    timers = await controlled.open_jobs(kind=Job.KIND_TIMER)
    assert [job.element_id for job in timers] == ["c"]
    assert [job.element_id for job in await controlled.open_jobs(element_id="a")] == ["a"]
    assert [job.element_id for job in await controlled.open_jobs(process_definition_key="wait")] == ["c"]
    now = (await controlled.advance(1)).time
    assert [job.element_id for job in await controlled.open_jobs(due_before=now)] == ["a"]
    assert [job.element_id for job in await controlled.open_jobs(min_priority=5)] == ["a"]
    assert [job.element_id for job in await controlled.open_jobs(max_priority=5)] == ["c"]
    assert await controlled.open_jobs(with_error=True) == []
    assert await controlled.open_jobs(worker="somebody") == []


# Records of finished jobs


async def test_the_last_finished_jobs_are_kept(controlled: Engine) -> None:
    from engine_svc.storage import finished_jobs as records

    await controlled.deploy(asynchronous(), asynchronous("${missing}", retry="R1/PT5M", key="bad"))
    for _ in range(120):
        await controlled.start("later")
    for _ in range(60):
        await controlled.start("bad")
    drained = await controlled.drain()
    assert (drained.completed_jobs, drained.failed_jobs) == (120, 60)

    async def pruned() -> bool:
        return len(await controlled.finished_jobs(page_size=1000)) == sum(records.KEPT.values())

    await until(pruned)
    newest = await controlled.finished_jobs(page_size=1000)
    assert [record.id for record in newest] == sorted((record.id for record in newest), reverse=True)
    assert len(await controlled.finished_jobs(process_definition_key="bad", page_size=1000)) == 50
    page = await controlled.jobs.ListFinishedJobs(job_service_pb2.ListFinishedJobsRequest(page_size=10))
    following = await controlled.finished_jobs(page_size=10, page_token=page.next_page_token)
    assert [record.id for record in following] == [record.id for record in newest[10:20]]


# The clock


async def test_the_clock_is_the_machines_unless_set(engine: Engine) -> None:
    refused = await refusal(engine.advance(1))
    assert refused.reason == "CLOCK_NOT_CONTROLLED"
    assert (await refusal(engine.drain())).reason == "CLOCK_NOT_CONTROLLED"


async def test_a_turned_clock_stands_still(controlled: Engine) -> None:
    from flowmesh.engine.v1 import clock_service_pb2 as pb

    clock = (await controlled.clocks.GetClock(pb.GetClockRequest())).clock
    assert (clock.controlled, clock.stopped) == (True, False)
    noon = Timestamp(seconds=1_893_499_200)
    clock = (await controlled.clocks.SetClock(pb.SetClockRequest(time=noon))).clock
    assert (clock.time, clock.stopped) == (noon, True)
    await controlled.deploy(timer())
    started = await controlled.start("wait")
    assert started.start_time == noon
    (job,) = await controlled.open_jobs()
    assert job.due_time.seconds == noon.seconds + 3600
    assert (await controlled.advance(90.5)).time == Timestamp(seconds=noon.seconds + 90, nanos=500_000_000)
    clock = (await controlled.clocks.ResetClock(pb.ResetClockRequest())).clock
    assert not clock.stopped
    assert abs(clock.time.seconds - time.time()) < 60


async def test_nothing_runs_by_itself_with_a_controlled_clock(controlled: Engine) -> None:
    await controlled.deploy(asynchronous(), timer(duration="PT0.1S"))
    await controlled.start("later")
    await controlled.start("wait")
    await asyncio.sleep(1.3)
    assert len(await controlled.open_jobs()) == 2
    assert (await controlled.drain()).completed_jobs == 2


async def test_an_endless_chain_of_jobs_is_drained_up_to_the_limit(controlled: Engine) -> None:
    nodes = '<serviceTask id="a" flowable:async="true" flowable:expression="${1}"/><exclusiveGateway id="g"/>'
    await controlled.deploy(model("loop", ENDS + nodes, "s>a", "a>g", "g>a:${true}", "g>e:${false}"))
    await controlled.start("loop")
    drained = await controlled.drain(max_jobs=25)
    assert (drained.completed_jobs, drained.drained) == (25, False)
    drained = await controlled.drain(max_jobs=1_000_000, max_duration=seconds(0.3))
    assert drained.completed_jobs > 0
    assert not drained.drained


async def test_an_instance_with_many_jobs_is_drained_in_few_commits(controlled: Engine) -> None:
    width = 200
    nodes = (
        '<serviceTask id="m" flowable:async="true" flowable:expression="${loopCounter}">'
        f"<multiInstanceLoopCharacteristics><loopCardinality>{width}</loopCardinality>"
        '</multiInstanceLoopCharacteristics></serviceTask><userTask id="after"/>'
    )
    await controlled.deploy(model("wide", ENDS + nodes, "s>m", "m>after", "after>e"))
    instance = await controlled.start("wide")
    drained = await controlled.drain()
    assert drained.drained
    assert drained.completed_jobs >= width
    assert [task.element_id for task in await controlled.user_tasks()] == ["after"]
    assert int((await controlled.get(instance.id)).etag) < width / 4
    assert (await controlled.get(instance.id)).status == ProcessInstance.STATUS_RUNNING
