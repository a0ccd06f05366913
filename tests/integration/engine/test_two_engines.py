"""Two engines on one database: what one has in memory the other changes, and nothing is lost or done twice."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import grpc
import orjson
from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance
from flowmesh.internal.v1 import stored_pb2

from engine_svc.events import record
from mesh.db.database import Database
from mesh.db.statements import Fetch, fetch
from mesh.status import error_info_of
from tests.integration.engine.serving import ENDS, Engine, external, model, refusal, user_task
from tests.property.engine.event_blocks import Branches, Guarded, Outcome, Row, Scope, Step, file_of
from tests.unit.bpmn_models import definitions, flow


async def test_a_stale_instance_is_loaded_again(two_engines: tuple[Engine, Engine]) -> None:
    first = two_engines[0]
    tasks = "".join(f'<userTask id="t{n}"/>' for n in range(6))
    await first.deploy(model("row", ENDS + tasks, "s>t0", *[f"t{n}>t{n + 1}" for n in range(5)], "t5>e"))
    instance = await first.start("row")
    for n in range(6):
        # Each time the other engine has the instance in memory as it was two steps ago.
        engine = two_engines[n % 2]
        (task,) = await engine.user_tasks()
        assert task.element_id == f"t{n}"
        await engine.complete_task(task.id, {f"v{n}": n})
        if n < 5:
            assert await engine.variables(instance.id) == {f"v{m}": m for m in range(n + 1)}
    assert (await first.get(instance.id)).status == ProcessInstance.STATUS_COMPLETED
    assert (await first.get(instance.id)).etag == "7"


async def test_parallel_branches_completed_through_both_engines_meet_once(two_engines: tuple[Engine, Engine]) -> None:
    width = 8
    nodes = "".join(f'<userTask id="t{n}"/>' for n in range(width))
    gateways = '<parallelGateway id="f"/><parallelGateway id="j"/><userTask id="after"/>'
    branches = [flow for n in range(width) for flow in (f"f>t{n}", f"t{n}>j")]
    await two_engines[0].deploy(model("wide", ENDS + gateways + nodes, "s>f", *branches, "j>after", "after>e"))
    instance = await two_engines[0].start("wide")
    tasks = await two_engines[1].user_tasks()
    await asyncio.gather(*[two_engines[n % 2].complete_task(task.id, {f"v{n}": n}) for n, task in enumerate(tasks)])
    (after,) = await two_engines[0].user_tasks()
    assert after.element_id == "after"
    assert await two_engines[1].variables(instance.id) == {f"v{n}": n for n in range(width)}
    assert (await two_engines[1].complete_task(after.id)).process_instance_ended


async def test_the_same_work_through_both_engines_is_done_once(two_engines: tuple[Engine, Engine]) -> None:
    """Every job is completed through both at once; exactly one of the two wins."""
    steps, count = 4, 6
    await two_engines[0].deploy(external(count=steps))
    instances = [await two_engines[n % 2].start("ship", {"n": 0}) for n in range(count)]
    shuffled = random.Random(7)
    completed = 0
    while jobs := await two_engines[0].activate(max_jobs=100):
        shuffled.shuffle(jobs)
        results = await asyncio.gather(
            *[engine.complete_job(job) for job in jobs for engine in two_engines], return_exceptions=True
        )
        for refused in (result for result in results if isinstance(result, BaseException)):
            assert isinstance(refused, grpc.aio.AioRpcError)
            info = error_info_of(refused)
            assert info is not None
            assert info.reason == "JOB_NOT_FOUND"
        won = [result for result in results if not isinstance(result, BaseException)]
        assert len(won) == len(jobs)
        completed += len(won)
    assert completed == steps * count
    for instance in instances:
        ended = await two_engines[1].get(instance.id)
        assert (ended.status, ended.etag) == (ProcessInstance.STATUS_COMPLETED, str(steps + 1))


async def test_a_pause_through_one_engine_stops_the_other(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    await first.deploy(user_task())
    instance = await first.start("review")
    (task,) = await first.user_tasks()
    await second.suspend(instance.id)
    assert (await refusal(first.complete_task(task.id))).reason == "PROCESS_INSTANCE_NOT_RUNNING"
    await second.resume(instance.id)
    # A refusal must not come from what one engine has in memory.
    assert (await first.complete_task(task.id)).process_instance_ended


async def test_a_deployment_through_one_engine_counts_at_once_in_the_other(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    await first.deploy(user_task())
    for version in range(1, 6):
        for engine in two_engines:
            assert (await engine.start("review")).process_definition_version == version
        await two_engines[version % 2].deploy(user_task())
    # Another key's deployment makes the look-up stale as well, and nothing else.
    await first.deploy(user_task("other"))
    assert (await second.start("review")).process_definition_version == 6


async def test_starts_during_deployments_use_a_version_that_was_the_newest(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    await first.deploy(user_task())

    async def deploy() -> None:
        for _ in range(8):
            await first.deploy(user_task())

    deploying = asyncio.create_task(deploy())
    versions = []
    while not deploying.done():
        versions.append((await second.start("review")).process_definition_version)
    await deploying
    assert versions == sorted(versions)
    assert (await second.start("review")).process_definition_version == 9


AT_ONCE = Row(
    (
        Branches(
            (
                Step("user", 3),
                Step("job", 4),
                Step("job", 2, sequential=True),
                Scope(Step("job"), called=True, children=3, sequential=False),
                Guarded(Step("user"), Step("job"), "timer", interrupting=False, inside=False),
                Row((Step("timer"), Step("async"), Step("async", 3))),
            ),
            "parallelGateway",
        ),
        Step("user"),
        Step("async"),
    )
)
LOST_RACE = {
    "JOB_NOT_FOUND",
    "USER_TASK_ALREADY_COMPLETED",
    "USER_TASK_NOT_FOUND",
    "PROCESS_INSTANCE_NOT_RUNNING",
}


async def test_instances_at_work_in_both_engines_lose_and_double_nothing(
    two_engines: tuple[Engine, Engine], engine_database: Database
) -> None:
    """People, workers, timers and asynchronous jobs of the same instances, through both engines at once."""
    xml, outcome = file_of(AT_ONCE)
    await two_engines[0].deploy(xml)
    instances = [await two_engines[n % 2].start("p") for n in range(4)]
    seed = random.randrange(2**32)
    print("seed", seed)
    shuffled = random.Random(seed)

    async def all_ended() -> bool:
        found = [await two_engines[0].get(instance.id) for instance in instances]
        return all(instance.status == ProcessInstance.STATUS_COMPLETED for instance in found)

    async with asyncio.timeout(60):
        while not await all_ended():
            tasks = await two_engines[0].user_tasks()
            jobs = await two_engines[1].activate(max_jobs=100)
            calls = [engine.complete_task(task.id) for task in tasks for engine in two_engines]
            calls += [engine.complete_job(job) for job in jobs for engine in two_engines]
            shuffled.shuffle(calls)
            results = await asyncio.gather(*calls, return_exceptions=True)
            refused = [result for result in results if isinstance(result, BaseException)]
            assert {reason_of(error) for error in refused} <= LOST_RACE
            assert len(refused) == len(tasks) + len(jobs)
            # The timers are due once the clock says so, in both engines alike.
            two_engines[0].clock.forward(6)
    rows = await engine_database.read(fetch(Fetch("SELECT payload FROM outbox WHERE kind=1")))
    completed: Counter[str] = Counter()
    for (payload,) in rows:
        events = orjson.loads(stored_pb2.CommitRecord.FromString(payload).events_json)
        completed.update(event[2] for event in events if event[0] == record.ACTIVITY_COMPLETED)
    expected = Outcome()
    expected.add(outcome, len(instances))
    assert expected.violations(completed) == []
    for table in ("job", "user_task", "event_subscription", "incident"):
        assert await engine_database.read(fetch(Fetch(f"SELECT * FROM {table}"))) == []


def reason_of(error: BaseException) -> str:
    """The reason that a refused call gives."""
    assert isinstance(error, grpc.aio.AioRpcError), error
    info = error_info_of(error)
    assert info is not None
    return str(info.reason)


async def test_an_error_in_a_called_process_through_both_engines_is_caught_once(
    two_engines: tuple[Engine, Engine],
) -> None:
    """The engine that comes late says that the task is gone, not that nothing catches the error."""
    called = (
        '<error id="err" errorCode="E"/><process id="called" isExecutable="true"><startEvent id="cs"/><userTask id="t"/>'
        '<endEvent id="ce"><errorEventDefinition errorRef="err"/></endEvent>'
        f"{flow('cs', 't')}{flow('t', 'ce')}</process>"
    )
    caller = (
        '<callActivity id="c" calledElement="called"/><endEvent id="caught"/>'
        '<boundaryEvent id="b" attachedToRef="c"><errorEventDefinition/></boundaryEvent>'
    )
    await two_engines[0].deploy(definitions(called), model("caller", ENDS + caller, "s>c", "c>e", "b>caught"))
    for _ in range(15):
        instances = [await two_engines[n % 2].start("caller") for n in range(4)]
        tasks = await two_engines[0].user_tasks()
        results = await asyncio.gather(
            *[engine.complete_task(task.id) for task in tasks for engine in two_engines], return_exceptions=True
        )
        refused = [result for result in results if isinstance(result, BaseException)]
        assert len(refused) == len(tasks) == len(instances)
        reasons = {error_info_of(error).reason for error in refused}  # type: ignore[arg-type, union-attr]
        assert reasons <= {"USER_TASK_NOT_FOUND", "USER_TASK_ALREADY_COMPLETED", "PROCESS_INSTANCE_NOT_RUNNING"}
        for instance in instances:
            assert (await two_engines[1].get(instance.id)).status == ProcessInstance.STATUS_COMPLETED
