"""Workers and the completion saga on a real Kafka."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest
from flowmesh.engine.v1 import process_instance_pb2
from flowmesh.events.v1 import business_pb2, worker_pb2

from mesh.bus.kafka_address import parse_address
from mesh.bus.opening import open_bus
from mesh.bus.topics import WORKFLOW_WORKER_RESULTS, all_topics
from mesh.db.schema import open_database
from mesh.ids import new_id
from tests.integration.engine.bus_workers import answer_message, client_of, relaying
from tests.integration.engine.serving import Engine, external, until
from tests.integration.engine.test_sagas import ordered

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
PAGE = Path(__file__).parents[3] / "docs" / "workers-over-kafka.md"
COMPLETED = process_instance_pb2.ProcessInstance.STATUS_COMPLETED


async def test_two_engines_and_a_worker_each_answer_thrice(engine_url: str, kafka_url: str) -> None:
    bus, other_bus = await open_bus(kafka_url), await open_bus(kafka_url)
    await bus.ensure_topics(all_topics())
    database, other_database = await open_database(engine_url), await open_database(engine_url)
    async with relaying(database, bus), client_of(bus) as client, asyncio.timeout(120):
        first = await Engine.started(database, bus=bus, event_job_types="mail")
        second = await Engine.started(other_database, first.clock, bus=other_bus, event_job_types="mail")
        await first.deploy(external(job_type="mail", count=2), ordered())
        ids = [(await engine.start("ship")).id for _ in range(10) for engine in (first, second)]
        done: set[str] = set()
        while len(done) < 2 * len(ids):
            messages = []
            for command in await client.commands():
                assert command.job_id not in done
                done.add(command.job_id)
                answer = worker_pb2.WorkerJobCompleted(job_id=command.job_id, lease_token=command.lease_token)
                messages += [answer_message(answer, command.process_instance.id, new_id())] * 3
            await bus.publish(messages)
        forged = worker_pb2.WorkerJobCompleted(job_id=f"{ids[0]}.1", lease_token="1")
        await client.answer(forged, ids[0])

        async def all_ended() -> bool:
            return not await first.open_jobs()

        await until(all_ended)
        for instance_id in ids:
            assert (await first.get(instance_id)).status == COMPLETED
        assert await client.reasons() == ["JOB_NOT_FOUND"]

        order = (await first.start("order")).id
        (task,) = await first.user_tasks(process_instance_id=order)
        await first.complete_task(task.id)
        pending = (await client.event("completion_pending", order)).completion_pending
        await client.answer(business_pb2.CompletionRejected(saga_id=pending.saga_id, reason="no stock"), order)
        failed = (await client.event("process_instance_failed", order)).process_instance_failed
        assert failed.reason == "the completion was rejected: no stock"
        assert len(await bus.dead_letters(WORKFLOW_WORKER_RESULTS, None, 10)) == 1
        await first.stop()
        await second.stop()
    for opened in (bus, other_bus):
        await opened.close()
    for each in (database, other_database):
        await each.close()


async def test_the_worker_of_the_documentation(engine_url: str, kafka_url: str, tmp_path: Path) -> None:
    """It is a foreign program: aiokafka and the contracts, nothing of the mesh."""
    address = parse_address(kafka_url)
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    program = found[1].replace("localhost:9092", address.servers[0])
    for name in ("workflow-worker-commands", "workflow-worker-results", "mail-worker"):
        program = program.replace(f'"{name}"', f'"{address.prefix}{name}"')
    script = tmp_path / "mail_worker.py"
    script.write_text(program)
    bus, database = await open_bus(kafka_url), await open_database(engine_url)
    await bus.ensure_topics(all_topics())
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    async with relaying(database, bus):
        worker = await asyncio.create_subprocess_exec(sys.executable, str(script), env=environment)
        engine = await Engine.started(database, bus=bus, event_job_types="mail")
        try:
            await engine.deploy(external(job_type="mail"))
            ids = [(await engine.start("ship", {"to": "ann"})).id for _ in range(3)]
            async with asyncio.timeout(60):
                while await engine.open_jobs():
                    assert worker.returncode is None
                    await asyncio.sleep(0.05)
            for instance_id in ids:
                assert (await engine.get(instance_id)).status == COMPLETED
            assert await bus.dead_letters(WORKFLOW_WORKER_RESULTS, None, 10) == []
        finally:
            await engine.stop()
            if worker.returncode is None:
                worker.kill()
            await worker.wait()
    await bus.close()
    await database.close()
