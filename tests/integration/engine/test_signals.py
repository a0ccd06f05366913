"""Signals: everywhere in the tenant, in one instance, for one activity; thrown by calls and by instances."""

from __future__ import annotations

from flowmesh.engine.v1 import process_definition_service_pb2 as definitions

from engine_svc.storage.subscriptions import thrown_events
from mesh.db.statements import Fetch, fetch
from tests.integration.engine.event_calls import (
    Events,
    catches_signal,
    message_model,
    signal_start,
    throws,
)
from tests.integration.engine.serving import Engine, refusal, until
from tests.unit.bpmn_models import flow

THROW = '<signalEventDefinition signalRef="alarm"/>'


async def test_everything_that_waits_gets_a_signal(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(catches_signal(), signal_start("begin", "alarm"), signal_start("too", "alarm"))
    instances = [await engine.start("alarmed") for _ in range(3)]
    other = await engine.start("alarmed")
    await engine.suspend(other.id)
    answer = await events.broadcast("alarm", variables={"level": 3}, request_id="r")
    assert (answer.matched, answer.delivered, answer.started, answer.failed) == (5, 3, 2, 0)
    for instance in instances:
        assert [task.element_id for task in await events.tasks_of(instance.id)] == ["t"]
        assert await engine.variables(instance.id) == {"level": 3}
    assert not await events.tasks_of(other.id)
    assert len(await engine.user_tasks()) == 5
    assert await events.broadcast("alarm", variables={"level": 3}, request_id="r") == answer
    # The same content under another id is another signal.
    assert (await events.broadcast("alarm", variables={"level": 3}, request_id="r2")).started == 2


async def test_a_signal_for_one_instance_or_activity(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(catches_signal(), signal_start("begin", "alarm"))
    first, second, third = [await engine.start("alarmed") for _ in range(3)]
    answer = await events.broadcast("alarm", process_instance_id=first.id)
    assert (answer.delivered, answer.started) == (1, 0)
    (waiting,) = await events.waiting(process_instance_id=second.id)
    assert (await events.broadcast("alarm", activity_id=waiting.id)).delivered == 1
    assert await events.tasks_of(first.id)
    assert await events.tasks_of(second.id)
    assert not await events.tasks_of(third.id)
    assert (await refusal(events.broadcast("alarm", activity_id=waiting.id))).reason == "ACTIVITY_NOT_FOUND"
    gone = f"{'0' * 8}-0000-7000-8000-{'0' * 12}"
    assert (await refusal(events.broadcast("alarm", process_instance_id=gone))).reason == "PROCESS_INSTANCE_NOT_FOUND"


async def test_the_events_on_the_boundary_of_an_activity_are_named_by_it(engine: Engine) -> None:
    events = Events(engine)
    nodes = (
        '<startEvent id="s"/><userTask id="t"/><boundaryEvent id="b" attachedToRef="t">'
        '<signalEventDefinition signalRef="alarm"/></boundaryEvent><boundaryEvent id="m" attachedToRef="t">'
        '<messageEventDefinition messageRef="paid"/></boundaryEvent><userTask id="u"/><userTask id="v"/>'
        '<endEvent id="e"/>'
    )
    flows = ("s>t", "t>e", "b>u", "u>e", "m>v", "v>e")
    await engine.deploy(message_model("bounded", nodes, *flows, signals="alarm", messages="paid"))
    first, second = await engine.start("bounded"), await engine.start("bounded")
    (task,) = await events.tasks_of(first.id)
    assert (await events.broadcast("alarm", activity_id=task.id)).delivered == 1
    assert [task.element_id for task in await events.tasks_of(first.id)] == ["u"]
    (task,) = await events.tasks_of(second.id)
    await events.correlate("paid", activity_id=task.id, local_variables={"v": 1})
    assert [task.element_id for task in await events.tasks_of(second.id)] == ["v"]
    assert await engine.variables(second.id) == {"v": 1}


async def test_a_signal_that_an_instance_throws_is_there_when_the_call_ends(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(
        throws("siren", THROW, signals="alarm"), catches_signal(), signal_start("begin", "alarm"), catches_signal("b")
    )
    waiting = [await engine.start("alarmed"), await engine.start("b")]
    siren = await engine.start("siren")
    (task,) = await events.tasks_of(siren.id)
    await engine.complete_task(task.id)
    for instance in waiting:
        assert [task.element_id for task in await events.tasks_of(instance.id)] == ["t"]
    assert [task.process_definition_key for task in await engine.user_tasks() if task.element_id == "t"].count(
        "begin"
    ) == 1
    assert await engine.service._database.read(fetch(Fetch("SELECT COUNT(*) FROM thrown_event"))) == [(0,)]


async def test_signals_that_answer_each_other_end_with_the_call_or_after_it(engine: Engine) -> None:
    """Each throws what the other catches, a hundred times: deliveries follow each other and never nest."""
    events = Events(engine)

    def player(key: str, hears: str, says: str) -> bytes:
        nodes = (
            '<startEvent id="s"/><exclusiveGateway id="g"/><intermediateCatchEvent id="c">'
            f'<signalEventDefinition signalRef="{hears}"/></intermediateCatchEvent><parallelGateway id="f"/>'
            f'<intermediateThrowEvent id="x"><signalEventDefinition signalRef="{says}"/></intermediateThrowEvent>'
            '<serviceTask id="n" flowable:expression="${n + 1}" flowable:resultVariable="n"/>'
            '<exclusiveGateway id="d"/><endEvent id="e"/><endEvent id="o"/>'
        )
        flows = ("s>g", "g>c", "c>n", "n>f", "f>x", "x>e", "f>d")
        model = message_model(key, nodes, *flows, signals=f"{hears},{says}")
        again = flow("d", "g", "${n < 50}") + flow("d", "o", "${n >= 50}")
        return model.replace(b"</process>", again.encode() + b"</process>")

    await engine.deploy(player("ping", "a", "b"), player("pong", "b", "a"))
    ping = await engine.start("ping", {"n": 0})
    pong = await engine.start("pong", {"n": 0})
    await events.broadcast("a")
    for instance in (ping, pong):

        async def ended(instance_id: str = instance.id) -> bool:
            return bool((await engine.get(instance_id)).end_time.seconds)

        await until(ended)


async def test_a_signal_of_the_instance_alone_is_heard_by_nobody_else(engine: Engine) -> None:
    events = Events(engine)
    nodes = (
        '<startEvent id="s"/><intermediateCatchEvent id="c"><signalEventDefinition signalRef="own"/>'
        '</intermediateCatchEvent><userTask id="t"/><endEvent id="e"/>'
    )
    model = message_model("inner", nodes, "s>c", "c>t", "t>e", signals="own").replace(
        b'<signal id="own" name="own"/>', b'<signal id="own" name="own" flowable:scope="processInstance"/>'
    )
    await engine.deploy(model)
    instance = await engine.start("inner")
    assert (await events.broadcast("own")).matched == 0
    assert (await events.broadcast("own", process_instance_id=instance.id)).delivered == 1
    assert await events.tasks_of(instance.id)


async def test_a_signal_that_would_start_a_suspended_definition_fails(engine: Engine) -> None:
    events = Events(engine)
    deployment = await engine.deploy(signal_start("begin", "alarm"))
    await engine.deploy(throws("siren", THROW, signals="alarm"), catches_signal())
    waiting = await engine.start("alarmed")
    siren = await engine.start("siren")
    definition_id = deployment.process_definitions[0].id
    await engine.definitions.SuspendProcessDefinition(definitions.SuspendProcessDefinitionRequest(id=definition_id))
    assert (await refusal(events.broadcast("alarm"))).reason == "PROCESS_DEFINITION_SUSPENDED"
    (task,) = await events.tasks_of(siren.id)
    assert (await refusal(engine.complete_task(task.id))).reason == "PROCESS_DEFINITION_SUSPENDED"
    assert [task.element_id for task in await events.tasks_of(siren.id)] == ["go"]
    assert not await events.tasks_of(waiting.id)
    await engine.definitions.ResumeProcessDefinition(definitions.ResumeProcessDefinitionRequest(id=definition_id))
    await engine.complete_task(task.id)
    assert await events.tasks_of(waiting.id)


async def test_who_cannot_take_a_signal_is_told_and_the_others_get_it(engine: Engine) -> None:
    events = Events(engine)
    nodes = (
        '<startEvent id="s"/><intermediateCatchEvent id="c"><signalEventDefinition signalRef="alarm"/>'
        '</intermediateCatchEvent><serviceTask id="x" flowable:expression="${missing.part}"/><endEvent id="e"/>'
    )
    await engine.deploy(message_model("bad", nodes, "s>c", "c>x", "x>e", signals="alarm"), catches_signal())
    bad, good = await engine.start("bad"), await engine.start("alarmed")
    answer = await events.broadcast("alarm")
    assert (answer.matched, answer.delivered, answer.failed) == (2, 1, 1)
    assert [(failure.process_instance_id, failure.reason) for failure in answer.failures] == [
        (bad.id, "EXPRESSION_FAILED")
    ]
    assert await events.tasks_of(good.id)


async def test_thrown_events_that_a_crash_left_are_delivered_once(engine: Engine) -> None:
    """The row of a signal stays where the process is killed after the commit that threw it."""
    events = Events(engine)
    nodes = (
        '<startEvent id="s"/><userTask id="t"/><boundaryEvent id="b" attachedToRef="t" cancelActivity="false">'
        '<signalEventDefinition signalRef="alarm"/></boundaryEvent><userTask id="u"/><endEvent id="e"/>'
    )
    await engine.deploy(
        throws("siren", THROW, signals="alarm"),
        message_model("hears", nodes, "s>t", "t>e", "b>u", "u>e", signals="alarm"),
    )
    hears = await engine.start("hears")
    executor = events.executor
    follow_up, executor.follow_up = executor.follow_up, None
    siren = await engine.start("siren")
    (task,) = await events.tasks_of(siren.id)
    await engine.complete_task(task.id)
    assert len(await events.tasks_of(hears.id)) == 1
    # Killed once more after the delivery, before its row was deleted.
    worker = events.thrown_events
    (row,) = await executor.database.read(thrown_events(engine.clock.now_micros(), 10))
    assert await worker.run_due(engine.clock.now_micros()) == 1
    await worker._delivery.deliver_thrown(row)
    executor.follow_up = follow_up
    assert sorted(task.element_id for task in await events.tasks_of(hears.id)) == ["t", "u"]
    assert await worker.run_due(engine.clock.now_micros()) == 0
