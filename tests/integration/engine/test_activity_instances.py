"""Running activities: what there is, what each waits for, and letting them go on by their ids."""

from __future__ import annotations

from flowmesh.engine.v1.activity_instance_service_pb2 import ActivityInstance

from tests.integration.engine.event_calls import Events, message_model
from tests.integration.engine.serving import Engine, model, refusal


async def test_a_receive_task_is_triggered_with_variables(engine: Engine) -> None:
    events = Events(engine)
    nodes = (
        '<startEvent id="s"/><receiveTask id="r"/><serviceTask id="x" flowable:expression="${seen}" '
        'flowable:resultVariable="copy"/><userTask id="t"/><endEvent id="e"/>'
    )
    await engine.deploy(model("receives", nodes, "s>r", "r>x", "x>t", "t>e"))
    instance = await engine.start("receives")
    (activity,) = await events.running(instance.id)
    assert (activity.element_id, activity.element_type, activity.waits_for) == (
        "r",
        "receiveTask",
        ActivityInstance.WAITS_FOR_TRIGGER,
    )
    for _ in range(2):
        answer = await events.trigger(
            activity.id, variables={"kept": 1}, transient_variables={"seen": 2}, request_id="r"
        )
    assert answer.process_instance.id == instance.id
    assert await engine.variables(instance.id) == {"kept": 1, "copy": 2}
    assert (await refusal(events.trigger(activity.id))).reason == "ACTIVITY_NOT_FOUND"
    (task,) = await events.running(instance.id)
    # A user task waits for people, not for an event.
    assert (await refusal(events.trigger(task.id))).reason == "ACTIVITY_NOT_FOUND"
    assert (await refusal(events.trigger("nonsense"))).reason == "ACTIVITY_NOT_FOUND"


async def test_running_activities_tell_where_they_are_and_what_they_wait_for(engine: Engine) -> None:
    events = Events(engine)
    nodes = (
        '<startEvent id="s"/><subProcess id="sub"><startEvent id="is"/><userTask id="it" name="Inner"/>'
        '<endEvent id="ie"/><sequenceFlow id="i1" sourceRef="is" targetRef="it"/>'
        '<sequenceFlow id="i2" sourceRef="it" targetRef="ie"/></subProcess>'
        '<boundaryEvent id="b" attachedToRef="sub"><timerEventDefinition><timeDuration>PT1H</timeDuration>'
        '</timerEventDefinition></boundaryEvent><userTask id="late"/><endEvent id="e"/>'
    )
    await engine.deploy(model("nested", nodes, "s>sub", "sub>e", "b>late", "late>e"))
    instance = await engine.start("nested")
    found = {activity.element_id: activity for activity in await events.running(instance.id)}
    assert set(found) == {"sub", "it", "b"}
    assert found["it"].parent_activity_id == found["sub"].id
    assert found["it"].waits_for == ActivityInstance.WAITS_FOR_USER_TASK
    assert found["sub"].waits_for == ActivityInstance.WAITS_FOR_CONTENT
    assert found["b"].attached_activity_id == found["sub"].id
    assert found["b"].due_time.seconds - found["b"].start_time.seconds == 3600
    assert [activity.element_id for activity in await events.running(instance.id, element_id="it")] == ["it"]
    # Triggered before its time, the timer ends what it is attached to.
    await events.trigger(found["b"].id)
    assert [activity.element_id for activity in await events.running(instance.id)] == ["late"]
    assert not await engine.open_jobs(process_instance_id=instance.id)


async def test_a_called_instance_is_named(engine: Engine) -> None:
    events = Events(engine)
    nodes = '<startEvent id="s"/><callActivity id="c" calledElement="inner"/><endEvent id="e"/>'
    inner = '<startEvent id="s"/><receiveTask id="r"/><endEvent id="e"/>'
    await engine.deploy(model("outer", nodes, "s>c", "c>e"), model("inner", inner, "s>r", "r>e"))
    instance = await engine.start("outer")
    (call,) = await events.running(instance.id)
    assert call.waits_for == ActivityInstance.WAITS_FOR_CALLED_INSTANCE
    (receives,) = await events.running(call.called_process_instance_id)
    await events.trigger(receives.id)
    assert (await engine.get(instance.id)).end_time.seconds


async def test_the_first_of_two_events_wins_whichever_way_it_comes(engine: Engine) -> None:
    events = Events(engine)
    nodes = (
        '<startEvent id="s"/><eventBasedGateway id="g"/>'
        '<intermediateCatchEvent id="a"><messageEventDefinition messageRef="one"/></intermediateCatchEvent>'
        '<intermediateCatchEvent id="b"><signalEventDefinition signalRef="two"/></intermediateCatchEvent>'
        '<userTask id="ta"/><userTask id="tb"/><endEvent id="e"/>'
    )
    await engine.deploy(
        message_model(
            "either", nodes, "s>g", "g>a", "g>b", "a>ta", "b>tb", "ta>e", "tb>e", messages="one", signals="two"
        )
    )
    instance = await engine.start("either")
    assert len(await events.waiting(process_instance_id=instance.id)) == 2
    assert (await events.broadcast("two")).delivered == 1
    assert not await events.waiting(process_instance_id=instance.id)
    assert (await refusal(events.correlate("one"))).reason == "MESSAGE_NOT_CORRELATED"
    assert [task.element_id for task in await events.tasks_of(instance.id)] == ["tb"]
