"""Workers over the bus: a command for each lease, and answers that count once or are dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flowmesh.engine.v1 import job_pb2, job_service_pb2, process_instance_pb2
from flowmesh.engine.v1.process_instance_service_pb2 import CancelProcessInstanceRequest
from flowmesh.events.v1 import worker_pb2
from google.protobuf.struct_pb2 import Value

from engine_svc.commands.lease_tokens import LeaseTokens
from mesh.bus import headers
from mesh.bus.local import LocalBus
from mesh.bus.port import MessagePosition
from mesh.bus.topics import WORKFLOW_WORKER_RESULTS
from mesh.db.database import Database
from mesh.db.schema import open_database
from mesh.ids import new_id
from mesh.json_values import to_values
from tests.integration.engine.bus_workers import (
    BusClient,
    DyingBus,
    answer_message,
    client_of,
    local_bus,
    plain,
    relaying,
)
from tests.integration.engine.serving import ENDS, Engine, external, model, refusal, seconds, until

Job = job_pb2.Job
ProcessInstance = process_instance_pb2.ProcessInstance
TYPES = "mail,pay-*"


@dataclass
class World:
    """An engine whose jobs `mail` and `pay-*` go to workers over the bus."""

    engine: Engine
    client: BusClient
    bus: LocalBus
    database: Database

    async def begin(self, job_type: str = "mail", variables: dict[str, Any] | None = None, count: int = 1) -> str:
        await self.engine.deploy(external(job_type=job_type, count=count))
        return (await self.engine.start("ship", variables)).id

    async def ended(self, instance_id: str) -> None:
        async def completed() -> bool:
            return (await self.engine.get(instance_id)).status == ProcessInstance.STATUS_COMPLETED

        await until(completed)

    async def stays(self, instance_id: str) -> None:
        assert (await self.engine.get(instance_id)).status == ProcessInstance.STATUS_RUNNING


@pytest.fixture
async def world(engine_database: Database, tmp_path: Path) -> AsyncIterator[World]:
    async with local_bus(tmp_path) as bus, relaying(engine_database, bus), client_of(bus) as client:
        engine = await Engine.started(engine_database, bus=bus, event_job_types=TYPES, event_job_lease_seconds=60)
        world = World(engine, client, bus, engine_database)
        yield world
        await world.engine.stop()


async def test_a_command_is_done_and_moves_the_instance_on(world: World) -> None:
    instance_id = await world.begin(variables={"to": "ann", "amount": 5})
    command = await world.client.command()
    assert (command.job_type, command.element_id, command.retries) == ("mail", "n0", 3)
    assert plain(command) == {"to": "ann", "amount": 5}
    reference = command.process_instance
    assert (reference.id, reference.process_definition_key, reference.last_in_commit) == (instance_id, "ship", False)
    (job,) = await world.engine.open_jobs()
    assert (job.state, job.worker, job.id) == (Job.STATE_LEASED, "bus", command.job_id)
    assert job.lease_expire_time == command.lease_expire_time
    await world.client.complete(command, {"sent": True})
    await world.ended(instance_id)
    assert await world.client.bus.dead_letters(WORKFLOW_WORKER_RESULTS, None, 10) == []


async def test_types_that_are_not_named_wait_for_workers_on_grpc(world: World) -> None:
    await world.begin("print")
    await world.client.no_command()
    (job,) = await world.engine.activate("print")
    assert job.lease_token == "1"


async def test_a_pattern_stands_for_every_type_that_begins_so(world: World) -> None:
    for job_type in ("pay-card", "pay-", "pay-sepa"):
        await world.begin(job_type)
    await world.begin("pay")
    commands = await world.client.commands(3)
    assert sorted(command.job_type for command in commands) == ["pay-", "pay-card", "pay-sepa"]
    await world.client.no_command()


async def test_the_same_answer_ten_times_counts_once(world: World) -> None:
    instance_id = await world.begin(count=2)
    command = await world.client.command()
    message = answer_message(
        worker_pb2.WorkerJobCompleted(job_id=command.job_id, lease_token=command.lease_token), instance_id, new_id()
    )
    await asyncio.gather(*[world.bus.publish([message] * 5) for _ in range(2)])
    second = await world.client.command()
    assert second.element_id == "n1"
    await world.client.complete(second)
    await world.ended(instance_id)
    # All ten were read by then: they lie in front of the answer that ended it.
    assert await world.client.bus.dead_letters(WORKFLOW_WORKER_RESULTS, None, 10) == []


async def test_a_second_answer_of_another_event_is_a_dead_letter(world: World) -> None:
    instance_id = await world.begin(count=2)
    command = await world.client.command()
    await world.client.complete(command)
    await world.client.complete(command)
    assert await world.client.reasons() == ["JOB_NOT_FOUND"]
    assert (await world.client.command()).element_id == "n1"
    await world.stays(instance_id)


async def test_an_event_id_that_is_used_for_another_answer(world: World) -> None:
    await world.begin(count=2)
    event_id = new_id()
    await world.client.complete(await world.client.command(), event_id=event_id)
    await world.client.complete(await world.client.command(), event_id=event_id)
    assert await world.client.reasons() == ["REQUEST_ID_REUSED"]


async def test_a_lease_without_an_answer_ends_and_the_late_answer_moves_nothing(world: World) -> None:
    instance_id = await world.begin()
    first = await world.client.command()
    world.engine.clock.forward(61)
    second = await world.client.command()
    assert second.job_id == first.job_id
    assert second.lease_token != first.lease_token
    await world.client.complete(first, {"by": "the late one"})
    (letter,) = await world.client.dead_letters()
    assert letter.headers[headers.REASON] == "JOB_LEASE_SUPERSEDED"
    assert letter.headers[headers.GROUP] == "engine"
    await world.stays(instance_id)
    await world.client.complete(second, {"by": "the second one"})
    await world.ended(instance_id)


async def test_each_lease_is_twice_as_long_as_the_one_before(world: World) -> None:
    await world.begin()
    lengths = []
    for _ in range(3):
        before = world.engine.clock.now_micros()
        command = await world.client.command()
        lengths.append(round((command.lease_expire_time.ToMicroseconds() - before) / 60e6))
        world.engine.clock.forward(lengths[-1] * 60 + 5)
    assert lengths == [1, 2, 4]


async def test_an_answer_in_time_counts_though_the_lease_has_ended_when_it_is_read(world: World) -> None:
    instance_id = await world.begin()
    command = await world.client.command()
    await world.engine.stop()
    world.engine.clock.forward(61)
    await world.client.complete(command)
    engine = await Engine.started(world.database, world.engine.clock, bus=world.bus)
    world.engine = engine
    await world.ended(instance_id)


@pytest.mark.parametrize("token", ["2", "1-", "1-" + "0" * 32, "x", "9" * 19 + "-" + "a" * 32, "1-ü"])
async def test_a_token_that_the_engine_did_not_make_is_forged(world: World, token: str) -> None:
    instance_id = await world.begin()
    command = await world.client.command()
    forged = worker_pb2.WorkerJobCompleted(job_id=command.job_id, lease_token=token)
    await world.client.answer(forged, instance_id)
    assert await world.client.reasons() == ["ANSWER_FORGED"]
    await world.stays(instance_id)
    await world.client.complete(command)
    await world.ended(instance_id)


async def test_a_token_of_another_job_or_of_a_worker_on_grpc_is_forged(world: World) -> None:
    first, second = await world.begin(), await world.begin()
    commands = {command.process_instance.id: command for command in await world.client.commands(2)}
    forged = worker_pb2.WorkerJobCompleted(job_id=commands[first].job_id, lease_token=commands[second].lease_token)
    await world.client.answer(forged, first)
    printing = await world.begin("print")
    (job,) = await world.engine.activate("print")
    other = worker_pb2.WorkerJobCompleted(job_id=job.id, lease_token=job.lease_token)
    await world.client.answer(other, printing)
    assert await world.client.reasons(count=2) == ["ANSWER_FORGED"] * 2
    for instance_id in (first, second, printing):
        await world.stays(instance_id)


async def test_unknown_jobs_and_ended_instances(world: World) -> None:
    for job_id in ("nonsense", f"{new_id()}.7"):
        answer = worker_pb2.WorkerJobCompleted(job_id=job_id, lease_token="1")
        await world.client.answer(answer, "nobody")
    assert await world.client.reasons(count=2) == ["JOB_NOT_FOUND"] * 2
    instance_id = await world.begin()
    command = await world.client.command()
    await world.engine.instances.CancelProcessInstance(CancelProcessInstanceRequest(id=instance_id))
    await world.client.complete(command)
    assert await world.client.reasons(count=3) == ["JOB_NOT_FOUND"] * 3


async def test_a_paused_instance_does_not_take_an_answer_until_it_is_replayed(world: World) -> None:
    instance_id = await world.begin()
    command = await world.client.command()
    await world.engine.suspend(instance_id)
    await world.client.complete(command)
    (letter,) = await world.client.dead_letters()
    assert letter.headers[headers.REASON] == "PROCESS_INSTANCE_NOT_RUNNING"
    await world.engine.resume(instance_id)
    assert await world.bus.replay_dead_letters(await _positions(world)) == 1
    await world.ended(instance_id)


async def _positions(world: World) -> list[MessagePosition]:
    letters = await world.bus.dead_letters(WORKFLOW_WORKER_RESULTS, None, 10)
    return [MessagePosition(letter.topic, letter.partition, letter.offset) for letter in letters]


async def test_what_is_no_answer_is_a_dead_letter_with_a_reason(world: World) -> None:
    instance_id = await world.begin()
    command = await world.client.command()
    good = worker_pb2.WorkerJobCompleted(job_id=command.job_id, lease_token=command.lease_token)
    misplaced = answer_message(good, instance_id, event_type="workflow.job.completed.v1")
    invalid = answer_message(worker_pb2.WorkerJobCompleted(job_id=command.job_id), instance_id)
    newer = answer_message(good, instance_id, event_version="2.0")
    garbage = answer_message(good, instance_id)
    await world.bus.publish([misplaced, invalid, newer, type(garbage)(garbage.topic, garbage.key, b"\xff\xff")])
    assert sorted(await world.client.reasons(count=4)) == [
        "EVENT_MISPLACED",
        "INVALID",
        "UNDECODABLE",
        "UNSUPPORTED_VERSION",
    ]
    await world.stays(instance_id)


async def test_variables_that_may_not_be_set(world: World) -> None:
    instance_id = await world.begin()
    command = await world.client.command()
    for name, value in (("execution", Value(bool_value=True)), ("x", Value(number_value=float("nan")))):
        answer = worker_pb2.WorkerJobCompleted(
            job_id=command.job_id, lease_token=command.lease_token, variables={name: value}
        )
        await world.client.answer(answer, instance_id)
    await world.client.complete(command, {"x": "x" * (1 << 20)})
    assert await world.client.reasons(count=3) == ["FIELD_INVALID", "FIELD_INVALID", "VARIABLE_TOO_LARGE"]
    await world.stays(instance_id)
    await world.client.complete(command, {"x": "x" * 900_000})
    await world.ended(instance_id)


async def test_a_failed_attempt_is_told_again_until_none_is_left(world: World) -> None:
    instance_id = await world.begin()
    command = await world.client.command()
    await world.client.fail(command, error_message="no connection")
    await until(lambda: world.engine.open_jobs(state=Job.STATE_BACKOFF))
    await world.client.no_command()
    world.engine.clock.forward(3)
    command = await world.client.command()
    assert command.retries == 2
    await world.client.fail(command, retries=0, error_message="no such address")
    (incident,) = await until(world.engine.open_incidents)
    assert incident.message == "no such address"
    (job,) = await world.engine.open_jobs()
    assert (job.state, job.error_message) == (Job.STATE_FAILED, "no such address")
    await world.engine.jobs.SetJobRetries(job_service_pb2.SetJobRetriesRequest(id=job.id, retries=1))
    await world.client.complete(await world.client.command())
    await world.ended(instance_id)


async def test_a_bpmn_error_is_caught_at_the_boundary(world: World) -> None:
    nodes = (
        '<serviceTask id="n" flowable:type="external-worker" flowable:topic="mail"/>'
        '<boundaryEvent id="b" attachedToRef="n"><errorEventDefinition errorRef="gone"/></boundaryEvent>'
        '<userTask id="t"/>'
    )
    await world.engine.deploy(model("caught", ENDS + nodes, "s>n", "n>e", "b>t", "t>e"))
    instance_id = (await world.engine.start("caught")).id
    command = await world.client.command()
    answer = worker_pb2.WorkerJobErrorThrown(
        job_id=command.job_id,
        lease_token=command.lease_token,
        error_code="gone",
        variables=to_values({"address": "x"}),
    )
    await world.client.answer(answer, instance_id)
    (task,) = await until(world.engine.user_tasks)
    assert task.element_id == "t"
    assert await world.engine.variables(instance_id) == {"address": "x"}


async def test_variables_of_a_command_may_be_chosen_by_a_header(world: World) -> None:
    nodes = (
        '<serviceTask id="n"><extensionElements><zeebe:taskDefinition type="mail"/><zeebe:taskHeaders>'
        '<zeebe:header key="fetchVariables" value="to, subject, missing"/></zeebe:taskHeaders></extensionElements>'
        "</serviceTask>"
    )
    await world.engine.deploy(model("chosen", ENDS + nodes, "s>n", "n>e"))
    await world.engine.start("chosen", {"to": "ann", "subject": "hello", "body": "x" * 1000})
    command = await world.client.command()
    assert plain(command) == {"to": "ann", "subject": "hello"}
    assert dict(command.headers) == {"fetchVariables": "to, subject, missing"}


async def test_a_command_that_is_too_large_for_the_bus_becomes_an_incident(world: World) -> None:
    instance_id = await world.begin(variables={"x": "x" * 500_000, "y": "y" * 500_000})
    (incident,) = await until(world.engine.open_incidents)
    assert "fetchVariables" in incident.message
    await world.client.no_command()
    await world.stays(instance_id)
    (job,) = await world.engine.open_jobs()
    assert job.state == Job.STATE_FAILED


async def test_a_worker_on_the_bus_may_make_its_lease_longer_by_grpc(world: World) -> None:
    await world.begin()
    command = await world.client.command()
    request = job_service_pb2.ExtendJobLeaseRequest(
        id=command.job_id, lease_token=command.lease_token, lease_duration=seconds(600)
    )
    extended = (await world.engine.jobs.ExtendJobLease(request)).job
    assert extended.lease_expire_time.seconds > command.lease_expire_time.seconds + 500


async def test_a_worker_on_grpc_takes_what_is_not_on_the_bus_and_nothing_twice(world: World) -> None:
    """Both kinds of workers at once: each job has one lease."""
    await world.engine.deploy(external(job_type="mail"))
    ids = [(await world.engine.start("ship")).id for _ in range(20)]
    leased = {job.id for _ in range(5) for job in await world.engine.activate("mail", max_jobs=3)}
    commands = await world.client.commands(len(ids) - len(leased))
    assert {command.job_id for command in commands}.isdisjoint(leased)
    await world.client.no_command()


async def test_only_so_many_jobs_are_out_at_one_time(engine_database: Database, tmp_path: Path) -> None:
    async with local_bus(tmp_path) as bus, relaying(engine_database, bus), client_of(bus) as client:
        engine = await Engine.started(engine_database, bus=bus, event_job_types="*", event_job_limit=3)
        await engine.deploy(external(job_type="mail"))
        for _ in range(5):
            await engine.start("ship")
        commands = await client.commands(3)
        await client.no_command()
        await client.complete(commands[0])
        assert len(await client.commands(1)) == 1
        await engine.stop()


async def test_two_engines_give_out_each_job_once_and_share_the_answers(engine_url: str, tmp_path: Path) -> None:
    first_database, second_database = await open_database(engine_url), await open_database(engine_url)
    async with local_bus(tmp_path) as bus, relaying(first_database, bus), client_of(bus) as client:
        first = await Engine.started(first_database, bus=bus, event_job_types="mail")
        second = await Engine.started(second_database, first.clock, bus=bus, event_job_types="mail")
        await first.deploy(external(job_type="mail"))
        ids = [(await engine.start("ship")).id for _ in range(15) for engine in (first, second)]
        commands = await client.commands(len(ids))
        assert len({command.job_id for command in commands}) == len(ids)
        # Each answer comes three times, and the tokens of one engine are known to the other.
        messages = [
            answer_message(
                worker_pb2.WorkerJobCompleted(job_id=command.job_id, lease_token=command.lease_token),
                command.process_instance.id,
                new_id(),
            )
            for command in commands
        ]
        for _ in range(3):
            await bus.publish(messages)

        async def all_ended() -> bool:
            return not await first.open_jobs()

        await until(all_ended)
        for instance_id in ids:
            assert (await first.get(instance_id)).status == ProcessInstance.STATUS_COMPLETED
        await first.stop()
        await second.stop()
        assert await bus.dead_letters(WORKFLOW_WORKER_RESULTS, None, 10) == []
    await first_database.close()
    await second_database.close()


async def test_answers_that_were_applied_but_not_committed_come_again_and_change_nothing(
    engine_database: Database, tmp_path: Path
) -> None:
    """As when an engine is killed between its commit in the database and the one of the offsets."""
    async with local_bus(tmp_path) as bus, relaying(engine_database, bus), client_of(bus) as client:
        dying = DyingBus(bus)
        first = await Engine.started(engine_database, bus=dying, event_job_types="mail")
        await first.deploy(external(job_type="mail", count=2))
        ids = [(await first.start("ship")).id for _ in range(5)]
        for command in await client.commands(5):
            await client.complete(command)
        later = await client.commands(5)
        await client.complete(later[0])
        await client.fail(later[1], error_message="once")

        async def applied() -> bool:
            return dying.uncommitted >= 7

        await until(applied)
        await first.stop()
        second = await Engine.started(engine_database, first.clock, bus=bus, event_job_types="mail")

        async def read() -> bool:
            return second.service.answers_handled >= 7

        await until(read)
        await client.no_command()
        jobs = {job.process_instance_id: job for job in await second.open_jobs()}
        assert (await second.get(later[0].process_instance.id)).status == ProcessInstance.STATUS_COMPLETED
        assert len(jobs) == len(ids) - 1
        # The failure counted once.
        assert jobs[later[1].process_instance.id].retries == 2
        assert {job.element_id for job in jobs.values()} == {"n1"}
        assert await bus.dead_letters(WORKFLOW_WORKER_RESULTS, None, 10) == []
        await second.stop()


async def test_a_forged_code_does_not_open_whatever_the_number(engine_database: Database) -> None:
    tokens, others = LeaseTokens(engine_database), LeaseTokens(engine_database)
    token = await tokens.token_of("i.1", 7)
    assert await others.is_genuine("i.1", token)
    code = token.partition("-")[2]
    for job_id, forged in (("i.2", token), ("i.1", f"8-{code}"), ("i.1", f"07-{code[:-1]}"), ("i.1", "7"), ("i.1", "")):
        assert not await tokens.is_genuine(job_id, forged)


async def test_a_worker_that_is_gone_with_its_lease_is_refused_on_grpc_as_well(world: World) -> None:
    await world.begin()
    first = await world.client.command()
    world.engine.clock.forward(61)
    await world.client.command()
    request = job_service_pb2.CompleteJobRequest(id=first.job_id, lease_token=first.lease_token)
    assert (await refusal(world.engine.jobs.CompleteJob(request))).reason == "JOB_LEASE_SUPERSEDED"
