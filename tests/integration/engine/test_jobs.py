from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from flowmesh.engine.v1 import incident_service_pb2, job_pb2
from flowmesh.engine.v1 import job_service_pb2 as pb
from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance

from engine_svc.api import job_service
from mesh.ids import new_id
from mesh.json_values import from_value, to_values
from tests.integration.engine.serving import ENDS, Engine, external, model, refusal, seconds, until

Job = job_pb2.Job


def variables_of(job: Job) -> dict[str, Any]:
    return {name: from_value(value) for name, value in job.variables.items()}


# Activation


async def test_what_a_worker_gets(engine: Engine) -> None:
    node = (
        '<serviceTask id="n"><extensionElements><zeebe:taskDefinition type="work" retries="5"/>'
        '<zeebe:taskHeaders><zeebe:header key="k" value="v"/></zeebe:taskHeaders></extensionElements></serviceTask>'
    )
    await engine.deploy(model("ship", ENDS + node, "s>n", "n>e"), tenant_id="acme")
    instance = await engine.start("ship", {"a": 1, "b": [2]}, business_key="order", tenant_id="acme")
    (waiting,) = await engine.open_jobs()
    assert (waiting.state, waiting.lease_token, dict(waiting.variables)) == (Job.STATE_READY, "", {})
    (job,) = await engine.activate(worker="w1", lease_duration=seconds(30))
    assert (job.state, job.worker, job.type, job.retries, dict(job.headers)) == (
        Job.STATE_LEASED,
        "w1",
        "work",
        5,
        {"k": "v"},
    )
    assert (job.process_instance_id, job.business_key, job.tenant_id, job.element_id) == (
        instance.id,
        "order",
        "acme",
        "n",
    )
    assert variables_of(job) == {"a": 1, "b": [2]}
    assert job.lease_token
    assert 25 < job.lease_expire_time.ToMicroseconds() / 1e6 - engine.clock.now_micros() / 1e6 <= 30
    got = (await engine.jobs.GetJob(pb.GetJobRequest(id=job.id))).job
    assert (got.state, got.worker, got.lease_token) == (Job.STATE_LEASED, "w1", "")
    assert await engine.activate() == []


async def test_inputs_go_to_the_worker_alone(engine: Engine) -> None:
    node = (
        '<serviceTask id="n" flowable:class="com.example.Mail"><extensionElements>'
        '<flowable:field name="to"><flowable:expression>${who}</flowable:expression></flowable:field>'
        "</extensionElements></serviceTask>"
    )
    await engine.deploy(model("mail", ENDS + node, "s>n", "n>e"))
    instance = await engine.start("mail", {"who": "ann", "x": 1})
    job = await engine.one_job("com.example.Mail", fetch_variables=["x"])
    assert variables_of(job) == {"to": "ann", "x": 1}
    assert await engine.variables(instance.id) == {"who": "ann", "x": 1}


async def test_the_variables_of_the_activity_itself_go_to_the_worker(engine: Engine) -> None:
    node = (
        '<serviceTask id="n"><extensionElements><zeebe:taskDefinition type="work"/>'
        '<zeebe:ioMapping><zeebe:input source="=order.id" target="number"/></zeebe:ioMapping></extensionElements>'
        '<multiInstanceLoopCharacteristics isSequential="true" camunda:collection="${items}" '
        'camunda:elementVariable="item"/></serviceTask>'
    )
    await engine.deploy(model("mine", ENDS + node, "s>n", "n>e"))
    await engine.start("mine", {"order": {"id": 7}, "items": ["a", "b"], "item": "outer"})
    for item in ("a", "b"):
        job = await engine.one_job("work", fetch_variables=["number", "item"])
        assert variables_of(job) == {"number": 7, "item": item}
        await engine.complete_job(job)


async def test_fetch_only_named_variables(engine: Engine) -> None:
    await engine.deploy(external())
    await engine.start("ship", {"a": 1, "b": 2, "c": 3})
    assert variables_of(await engine.one_job(fetch_variables=["a", "c", "missing"])) == {"a": 1, "c": 3}


async def test_order_and_most(engine: Engine) -> None:
    await engine.deploy(
        external("low"),
        model(
            "high",
            ENDS + '<serviceTask id="n" camunda:type="external" camunda:topic="work" camunda:taskPriority="10"/>',
            "s>n",
            "n>e",
        ),
        external("other", "other"),
    )
    started = [await engine.start(key) for key in ("low", "high", "low", "other", "high", "low")]
    first = await engine.activate(max_jobs=3)
    second = await engine.activate(max_jobs=3)
    assert [job.process_instance_id for job in first + second] == [started[n].id for n in (1, 4, 0, 2, 5)]
    assert [job.priority for job in first + second] == [10, 10, 0, 0, 0]


async def test_only_of_a_tenant(engine: Engine) -> None:
    await engine.deploy(external())
    await engine.deploy(external(), tenant_id="acme")
    plain, acme = await engine.start("ship"), await engine.start("ship", tenant_id="acme")
    assert [job.process_instance_id for job in await engine.activate(tenant_id="acme")] == [acme.id]
    assert [job.process_instance_id for job in await engine.activate()] == [plain.id]


async def test_a_long_poll_wakes_up(two_engines: tuple[Engine, Engine]) -> None:
    """At once for a job made in the same process, within the poll's interval for one that another one made."""
    first, second = two_engines
    await first.deploy(external())
    polls = [asyncio.create_task(engine.one_job()) for engine in (first, second)]
    began = asyncio.get_running_loop().time()
    instances = [await second.start("ship") for _ in range(2)]
    jobs = await asyncio.gather(*polls)
    assert {job.process_instance_id for job in jobs} == {instance.id for instance in instances}
    assert asyncio.get_running_loop().time() - began < 5


async def test_a_long_poll_without_jobs(engine: Engine) -> None:
    began = asyncio.get_running_loop().time()
    assert await engine.activate(request_timeout=seconds(0.3)) == []
    assert 0.2 < asyncio.get_running_loop().time() - began < 5
    # An empty answer comes before the caller's own deadline.
    request = pb.ActivateJobsRequest(type="work", worker="w", request_timeout=seconds(60))
    assert not (await engine.jobs.ActivateJobs(request, timeout=2)).jobs


async def test_a_worker_that_hangs_up_gets_no_job(engine: Engine) -> None:
    await engine.deploy(external())
    polls = [asyncio.create_task(engine.activate(request_timeout=seconds(30), max_jobs=1)) for _ in range(5)]
    starting = asyncio.create_task(engine.start("ship"))
    await asyncio.sleep(0)
    for poll in polls:
        poll.cancel()
    await asyncio.wait(polls)
    await starting
    if all(poll.cancelled() for poll in polls):
        job = await engine.one_job()
        await engine.complete_job(job)


async def test_concurrent_workers_share_the_jobs(two_engines: tuple[Engine, Engine]) -> None:
    await two_engines[0].deploy(external())
    await asyncio.gather(*[two_engines[0].start("ship") for _ in range(40)])
    taken = await asyncio.gather(*[two_engines[n % 2].activate(max_jobs=5, worker=f"w{n}") for n in range(12)])
    ids = [job.id for jobs in taken for job in jobs]
    assert len(set(ids)) == len(ids)
    rest: list[str] = []
    while jobs := await two_engines[0].activate(max_jobs=100):
        rest += [job.id for job in jobs]
    assert len(set(ids + rest)) == 40
    assert len(ids + rest) == 40


# Completion and leases


async def test_complete(engine: Engine) -> None:
    await engine.deploy(external(count=2))
    instance = await engine.start("ship", {"a": 1})
    answer = await engine.complete_job(await engine.one_job(), {"a": 2, "b": 3})
    assert (answer.process_instance_id, answer.process_instance_ended) == (instance.id, False)
    job = await engine.one_job()
    assert (job.element_id, variables_of(job)) == ("n1", {"a": 2, "b": 3})
    assert (await engine.complete_job(job)).process_instance_ended
    refused = await refusal(engine.complete_job(job))
    assert (refused.code, refused.reason, refused.metadata) == ("NOT_FOUND", "JOB_NOT_FOUND", {"id": job.id})


async def test_jobs_that_are_not_there(engine: Engine) -> None:
    await engine.deploy(external())
    instance = await engine.start("ship")
    job = await engine.one_job()
    for unknown in (f"{instance.id}.999", f"{new_id()}.1", "nonsense"):
        gone = Job(id=unknown, lease_token="1")
        for call in (
            engine.jobs.GetJob(pb.GetJobRequest(id=unknown)),
            engine.complete_job(gone),
            engine.fail_job(gone),
            engine.jobs.ExtendJobLease(pb.ExtendJobLeaseRequest(id=unknown, lease_token="1")),
            engine.jobs.ThrowJobError(pb.ThrowJobErrorRequest(id=unknown, lease_token="1", error_code="E")),
        ):
            assert (await refusal(call)).reason == "JOB_NOT_FOUND"
    for token in ("999", "0", "nonsense", "-1"):
        refused = await refusal(engine.complete_job(Job(id=job.id, lease_token=token)))
        assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "JOB_LEASE_SUPERSEDED")
        assert refused.metadata == {"id": job.id, "lease_token": token}


async def test_an_ended_lease_gives_the_job_to_another_worker_and_fences_the_first(engine: Engine) -> None:
    await engine.deploy(external())
    await engine.start("ship")
    slow = await engine.one_job(worker="slow", lease_duration=seconds(10))
    engine.clock.forward(11)
    fast = await engine.one_job(worker="fast")
    assert (fast.id, fast.worker, fast.retries) == (slow.id, "fast", slow.retries)
    assert fast.lease_token != slow.lease_token
    for call in (
        engine.complete_job(slow),
        engine.fail_job(slow),
        engine.jobs.ExtendJobLease(pb.ExtendJobLeaseRequest(id=slow.id, lease_token=slow.lease_token)),
        engine.jobs.ThrowJobError(pb.ThrowJobErrorRequest(id=slow.id, lease_token=slow.lease_token, error_code="E")),
    ):
        assert (await refusal(call)).reason == "JOB_LEASE_SUPERSEDED"
    assert (await engine.complete_job(fast)).process_instance_ended


async def test_an_ended_lease_that_nobody_took_over_still_completes(engine: Engine) -> None:
    await engine.deploy(external())
    await engine.start("ship")
    slow = await engine.one_job(lease_duration=seconds(10))
    engine.clock.forward(11)

    async def ready() -> bool:
        (job,) = await engine.open_jobs()
        return job.state == Job.STATE_READY

    await until(ready)
    assert (await engine.complete_job(slow)).process_instance_ended


async def test_an_extended_lease_ends_later(engine: Engine) -> None:
    await engine.deploy(external(), external("probe", "probe"))
    await engine.start("ship")
    job = await engine.one_job(lease_duration=seconds(10))
    request = pb.ExtendJobLeaseRequest(id=job.id, lease_token=job.lease_token, lease_duration=seconds(100))
    extended = (await engine.jobs.ExtendJobLease(request)).job
    assert extended.state == Job.STATE_LEASED
    assert extended.lease_expire_time.ToMicroseconds() > job.lease_expire_time.ToMicroseconds() + 80_000_000
    # A lease of another job that ends before shows that leases have been looked at.
    await engine.start("probe")
    await engine.one_job("probe", lease_duration=seconds(20))
    engine.clock.forward(50)
    await engine.one_job("probe")
    assert await engine.activate() == []
    engine.clock.forward(60)
    await engine.one_job()


# Failures


async def test_a_failed_job_waits_and_comes_back(engine: Engine) -> None:
    await engine.deploy(external())
    await engine.start("ship")
    job = await engine.one_job()
    failed = await engine.fail_job(job, error_message="busy", retry_backoff=seconds(30))
    assert (failed.state, failed.retries, failed.error_message, failed.worker) == (Job.STATE_BACKOFF, 2, "busy", "")
    assert (await engine.open_jobs()) == [failed]
    assert await engine.activate() == []
    engine.clock.forward(31)
    again = await engine.one_job()
    assert (again.id, again.retries, again.error_message) == (job.id, 2, "busy")
    assert (await refusal(engine.complete_job(job))).reason == "JOB_LEASE_SUPERSEDED"
    await engine.complete_job(again)


async def test_without_back_off_a_job_comes_back_at_once(engine: Engine) -> None:
    await engine.deploy(external())
    await engine.start("ship")
    failed = await engine.fail_job(await engine.one_job(), retry_backoff=seconds(0))
    assert (failed.state, failed.retries) == (Job.STATE_READY, 2)
    assert (await engine.activate())[0].id == failed.id


async def test_the_default_back_off_doubles(engine: Engine) -> None:
    await engine.deploy(external())
    await engine.start("ship")
    for waited in (2, 4, 8, 16):
        before = engine.clock.now_micros()
        failed = await engine.fail_job(await engine.one_job(), retries=5)
        assert waited <= (failed.retry_time.ToMicroseconds() - before) / 1e6 < waited + 1.5
        engine.clock.forward(waited + 1)


async def test_no_retries_left_raises_an_incident_that_can_be_resolved(engine: Engine) -> None:
    await engine.deploy(external())
    instance = await engine.start("ship")
    for _ in range(2):
        await engine.fail_job(await engine.one_job(), retry_backoff=seconds(0))
    failed = await engine.fail_job(await engine.one_job(), error_message="down")
    assert (failed.state, failed.retries) == (Job.STATE_FAILED, 0)
    (incident,) = await engine.open_incidents()
    assert (incident.type, incident.job_id, incident.message, incident.element_id) == (
        incident_service_pb2.Incident.TYPE_JOB_NO_RETRIES,
        failed.id,
        "down",
        "n0",
    )
    assert (await engine.get(instance.id)).incident_count == 1
    assert await engine.activate() == []
    poll = asyncio.create_task(engine.one_job())
    request = incident_service_pb2.ResolveIncidentRequest(id=incident.id, retries=7, request_id="r")
    resolved = await engine.incidents.ResolveIncident(request)
    assert resolved.incident == incident
    job = await poll
    assert (job.id, job.retries) == (failed.id, 7)
    assert await engine.incidents.ResolveIncident(request) == resolved
    again = incident_service_pb2.ResolveIncidentRequest(id=incident.id)
    assert (await refusal(engine.incidents.ResolveIncident(again))).reason == "INCIDENT_NOT_FOUND"
    assert await engine.open_incidents() == []
    assert (await engine.get(instance.id)).incident_count == 0
    assert (await engine.complete_job(job)).process_instance_ended


async def test_incidents_are_listed_by_what_they_belong_to(engine: Engine) -> None:
    await engine.deploy(external("a"), external("b"))
    started = {key: await engine.start(key) for key in "ab"}
    for _ in range(2):
        await engine.fail_job(await engine.one_job(), retries=0)
    for key, instance in started.items():
        (incident,) = await engine.open_incidents(process_definition_key=key)
        assert [incident] == await engine.open_incidents(process_instance_id=instance.id)
    listing = incident_service_pb2.ListIncidentsRequest(page_size=1)
    first = await engine.incidents.ListIncidents(listing)
    listing.page_token = first.next_page_token
    second = await engine.incidents.ListIncidents(listing)
    assert {i.process_definition_key for i in (*first.incidents, *second.incidents)} == {"a", "b"}
    assert not second.next_page_token
    for unknown in ("nonsense", f"{new_id()}.1", f"{started['a'].id}.1"):
        gone = incident_service_pb2.ResolveIncidentRequest(id=unknown)
        assert (await refusal(engine.incidents.ResolveIncident(gone))).reason == "INCIDENT_NOT_FOUND"


async def test_an_incident_of_a_paused_instance_waits(engine: Engine) -> None:
    await engine.deploy(external())
    instance = await engine.start("ship")
    await engine.fail_job(await engine.one_job(), retries=0)
    (incident,) = await engine.open_incidents()
    await engine.suspend(instance.id)
    request = incident_service_pb2.ResolveIncidentRequest(id=incident.id)
    assert (await refusal(engine.incidents.ResolveIncident(request))).reason == "PROCESS_INSTANCE_NOT_RUNNING"
    await engine.resume(instance.id)
    assert (await engine.open_jobs())[0].state == Job.STATE_FAILED
    await engine.incidents.ResolveIncident(request)
    assert (await engine.one_job()).retries == 1


async def test_an_error_that_nothing_catches(engine: Engine) -> None:
    await engine.deploy(external())
    instance = await engine.start("ship")
    job = await engine.one_job()
    request = pb.ThrowJobErrorRequest(
        id=job.id, lease_token=job.lease_token, error_code="E1", error_message="no stock", request_id="r"
    )
    thrown = await engine.jobs.ThrowJobError(request)
    assert not thrown.caught
    assert await engine.jobs.ThrowJobError(request) == thrown
    (incident,) = await engine.open_incidents()
    assert incident.type == incident_service_pb2.Incident.TYPE_UNHANDLED_ERROR
    assert "E1" in incident.message
    assert "no stock" in incident.message
    assert (await engine.open_jobs())[0].state == Job.STATE_FAILED
    assert (await engine.get(instance.id)).status == ProcessInstance.STATUS_RUNNING


async def test_lists(engine: Engine) -> None:
    await engine.deploy(external("a", "x"), external("b", "y"))
    await engine.deploy(external("a", "x"), tenant_id="acme")
    one, two, three = await engine.start("a"), await engine.start("b"), await engine.start("a", tenant_id="acme")
    await engine.one_job("y")
    for filters, found in (
        ({}, [one, two, three]),
        ({"type": "x"}, [one, three]),
        ({"state": Job.STATE_LEASED}, [two]),
        ({"state": Job.STATE_READY, "tenant_id": "acme"}, [three]),
        ({"process_instance_id": one.id}, [one]),
    ):
        jobs = await engine.open_jobs(**filters)
        assert [job.process_instance_id for job in jobs] == [instance.id for instance in found]
    first = await engine.jobs.ListJobs(pb.ListJobsRequest(page_size=2))
    second = await engine.jobs.ListJobs(pb.ListJobsRequest(page_size=2, page_token=first.next_page_token))
    assert [job.process_instance_id for job in (*first.jobs, *second.jobs)] == [one.id, two.id, three.id]
    assert not second.next_page_token


# Batches


async def test_a_batch_completes_what_it_can(engine: Engine) -> None:
    await engine.deploy(external(count=2))
    for _ in range(4):
        await engine.start("ship")
    jobs = await engine.activate()
    completions = [
        pb.CompleteJobRequest(id=job.id, lease_token=job.lease_token, variables=to_values({"n": n}))
        for n, job in enumerate(jobs)
    ]
    completions[1].lease_token = "99"
    completions[2].id = f"{new_id()}.1"
    answer = await engine.jobs.BatchCompleteJobs(pb.BatchCompleteJobsRequest(completions=completions))
    assert [result.status.code for result in answer.results] == [0, 9, 5, 0]
    assert "lease" in answer.results[1].status.message
    assert not any(result.process_instance_ended for result in answer.results)
    moved = await engine.activate()
    assert {job.process_instance_id for job in moved} == {jobs[n].process_instance_id for n in (0, 3)}
    last = pb.BatchCompleteJobsRequest(
        completions=[pb.CompleteJobRequest(id=job.id, lease_token=job.lease_token, request_id=job.id) for job in moved]
    )
    ended = await engine.jobs.BatchCompleteJobs(last)
    assert all(result.process_instance_ended for result in ended.results)
    assert await engine.jobs.BatchCompleteJobs(last) == ended


async def test_a_batch_with_several_jobs_of_one_instance(engine: Engine) -> None:
    nodes = "".join(
        f'<serviceTask id="n{n}" flowable:type="external-worker" flowable:topic="work"/>' for n in range(10)
    )
    fork = ENDS + '<parallelGateway id="f"/><parallelGateway id="j"/>' + nodes
    await engine.deploy(
        model("wide", fork, "s>f", "j>e", *[f"f>n{n}" for n in range(10)], *[f"n{n}>j" for n in range(10)])
    )
    instance = await engine.start("wide")
    jobs = await engine.activate()
    assert len(jobs) == 10
    completions = [pb.CompleteJobRequest(id=job.id, lease_token=job.lease_token) for job in jobs]
    answer = await engine.jobs.BatchCompleteJobs(pb.BatchCompleteJobsRequest(completions=completions))
    assert sum(result.process_instance_ended for result in answer.results) == 1
    assert (await engine.get(instance.id)).status == ProcessInstance.STATUS_COMPLETED


# Streams


@asynccontextmanager
async def streaming(engine: Engine, **fields: Any) -> AsyncIterator[AsyncIterator[pb.StreamJobsResponse]]:
    request = pb.StreamJobsRequest(type="work", worker=fields.pop("worker", "streamer"), **fields)
    call = engine.jobs.StreamJobs(request)
    stream = call.__aiter__()
    # Tells that the stream is open.
    assert (await anext(stream)).HasField("heartbeat")
    try:
        yield stream
    finally:
        call.cancel()


async def next_job(stream: AsyncIterator[pb.StreamJobsResponse]) -> Job:
    async with asyncio.timeout(10):
        while True:
            message = await anext(stream)
            if message.HasField("job"):
                return message.job
            assert message.HasField("heartbeat"), message


async def test_a_stream_gives_jobs_as_they_come(engine: Engine) -> None:
    await engine.deploy(external(count=3))
    async with streaming(engine) as stream:
        instance = await engine.start("ship", {"a": 1})
        for _ in range(3):
            job = await next_job(stream)
            assert (job.worker, job.process_instance_id, variables_of(job)) == ("streamer", instance.id, {"a": 1})
            await engine.complete_job(job)
    assert (await engine.get(instance.id)).status == ProcessInstance.STATUS_COMPLETED


async def test_a_stream_holds_no_more_jobs_than_it_may(engine: Engine) -> None:
    await engine.deploy(external())
    for _ in range(5):
        await engine.start("ship")
    async with streaming(engine, max_active_jobs=2) as stream:
        held = [await next_job(stream), await next_job(stream)]
        assert len(await engine.open_jobs(state=Job.STATE_LEASED)) == 2
        for _ in range(3):
            await engine.complete_job(held.pop(0))
            held.append(await next_job(stream))
            assert len(await engine.open_jobs(state=Job.STATE_LEASED)) == 2


async def test_a_silent_stream_sends_heartbeats(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_service, "HEARTBEAT_SECONDS", 0.1)
    async with streaming(engine) as stream, asyncio.timeout(10):
        for _ in range(3):
            assert (await anext(stream)).HasField("heartbeat")


async def test_jobs_that_a_stream_did_not_deliver_come_back(engine: Engine) -> None:
    """The worker leaves while most of what was leased for it is still on the way."""
    await engine.deploy(external())
    blob = "x" * 200_000
    await asyncio.gather(*[engine.start("ship", {"blob": blob}) for _ in range(30)])
    async with streaming(engine, max_active_jobs=1000, lease_duration=seconds(3600)) as stream:
        await next_job(stream)

    async def all_but_the_delivered() -> bool:
        return len(await engine.open_jobs(state=Job.STATE_READY)) > 0

    await until(all_but_the_delivered)
    ready = await engine.open_jobs(state=Job.STATE_READY)
    assert len(await engine.activate(max_jobs=100, fetch_variables=["none"])) == len(ready)


async def test_a_stream_ends_when_the_server_stops(engine: Engine) -> None:
    async with streaming(engine) as stream:
        stopping = asyncio.create_task(engine.service.stop())
        async with asyncio.timeout(10):
            with contextlib.suppress(grpc.aio.AioRpcError):
                async for message in stream:
                    assert message.HasField("heartbeat")
        await stopping


async def test_streams_on_two_engines_share_the_jobs(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    await first.deploy(external())
    async with streaming(first, worker="a") as one, streaming(second, worker="b") as two:
        done: set[str] = set()

        async def work(engine: Engine, stream: AsyncIterator[pb.StreamJobsResponse]) -> None:
            while True:
                job = await next_job(stream)
                await engine.complete_job(job)
                assert job.id not in done
                done.add(job.id)

        workers = [asyncio.create_task(work(first, one)), asyncio.create_task(work(second, two))]
        await asyncio.gather(*[two_engines[n % 2].start("ship") for n in range(20)])

        async def all_done() -> bool:
            return len(done) == 20

        await until(all_done)
        for worker in workers:
            worker.cancel()
        await asyncio.wait(workers)
    assert await first.open_jobs() == []
