"""Start events: messages, signals, conditions and timers belong to the newest version alone."""

from __future__ import annotations

import asyncio

from flowmesh.engine.v1 import deployment_service_pb2
from flowmesh.engine.v1 import process_definition_service_pb2 as definitions

from tests.integration.engine.event_calls import (
    Events,
    message_model,
    message_start,
    signal_start,
    started_by,
)
from tests.integration.engine.serving import Engine, model, refusal, until

MINUTE = 60_000_000


def timer_start(key: str, definition: str, task: str = "t") -> bytes:
    return started_by(key, f"<timerEventDefinition>{definition}</timerEventDefinition>", task=task)


async def running(engine: Engine) -> list[str]:
    """The user tasks that there are, as `process.task`."""
    return sorted(f"{task.process_definition_key}.{task.element_id}" for task in await engine.user_tasks())


async def delete(engine: Engine, deployment_id: str) -> None:
    request = deployment_service_pb2.DeleteDeploymentRequest(id=deployment_id, cascade=True)
    await engine.deployments.DeleteDeployment(request)


async def test_a_new_version_takes_over_and_gives_back(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(message_start("begin", "hello", task="old"), signal_start("rings", "bell", task="old"))
    newer = await engine.deploy(
        message_start("begin", "hello", task="new"), signal_start("rings", "bell", task="new"), name="newer"
    )
    assert len(await events.waiting()) == 2
    await events.correlate("hello")
    await events.broadcast("bell")
    assert await running(engine) == ["begin.new", "rings.new"]
    await delete(engine, newer.id)
    assert await running(engine) == []
    await events.correlate("hello")
    await events.broadcast("bell")
    assert await running(engine) == ["begin.old", "rings.old"]


async def test_a_message_that_is_given_up_is_free_and_one_that_is_taken_is_refused(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(message_start("a", "hello"))
    refused = await refusal(engine.deploy(message_start("b", "hello")))
    assert (refused.code, refused.reason) == ("ALREADY_EXISTS", "START_MESSAGE_TAKEN")
    assert refused.metadata == {"name": "hello", "key": "a", "element_id": "s"}
    # Nothing of the refused bundle is there.
    assert (await refusal(engine.start("b"))).reason == "PROCESS_DEFINITION_NOT_FOUND"
    newer = await engine.deploy(message_start("b", "hello", task="t2"), message_start("a", "other"), name="newer")
    await events.correlate("hello")
    assert await running(engine) == ["b.t2"]
    await engine.deploy(message_start("b", "hello", task="t3"))
    await delete(engine, newer.id)
    # What another process has taken over is not given back.
    await events.correlate("hello")
    assert await running(engine) == ["b.t3"]
    assert [(found.process_definition_key, found.name) for found in await events.waiting()] == [("b", "hello")]
    await engine.deploy(message_start("a", "hello"), tenant_id="elsewhere")


async def test_an_instance_is_started_by_the_name_of_its_message(engine: Engine) -> None:
    await engine.deploy(message_start("begin", "hello", none_start=True), message_start("only", "other"))
    by_name = await engine.start(message_name="hello", variables={"v": 1}, business_key="bk")
    assert by_name.process_definition_key == "begin"
    assert by_name.business_key == "bk"
    # Without a none start event the first message start is taken.
    assert (await engine.start("only")).process_definition_key == "only"
    refused = await refusal(engine.start(message_name="unknown"))
    assert refused.reason == "MESSAGE_NOT_CORRELATED"
    assert (await refusal(engine.start("begin", message_name="hello"))).reason == "FIELD_INVALID"


async def test_a_process_without_a_start_that_can_be_named_is_not_started_by_key(engine: Engine) -> None:
    await engine.deploy(signal_start("rings", "bell"))
    assert (await refusal(engine.start("rings"))).reason == "START_EVENT_MISSING"


async def test_a_suspended_definition_is_started_by_nothing(engine: Engine) -> None:
    events = Events(engine)
    deployment = await engine.deploy(
        message_start("begin", "hello"), timer_start("tick", "<timeDuration>PT1M</timeDuration>")
    )
    for definition in deployment.process_definitions:
        await engine.definitions.SuspendProcessDefinition(definitions.SuspendProcessDefinitionRequest(id=definition.id))
    assert (await refusal(events.correlate("hello"))).reason == "PROCESS_DEFINITION_SUSPENDED"
    await events.publish("hello", ttl=600)
    engine.clock.forward(61)
    assert await Events(engine).start_timers.run_due(engine.clock.now_micros()) == 0
    assert await running(engine) == []
    for definition in deployment.process_definitions:
        await engine.definitions.ResumeProcessDefinition(definitions.ResumeProcessDefinitionRequest(id=definition.id))

    async def both() -> bool:
        return await running(engine) == ["begin.t", "tick.t"]

    await until(both)


async def test_conditional_start_events_are_evaluated_on_demand(engine: Engine) -> None:
    events = Events(engine)
    condition = "<conditionalEventDefinition><condition><![CDATA[${%s}]]></condition></conditionalEventDefinition>"
    await engine.deploy(
        started_by("high", condition % "level > 5"),
        started_by("low", condition % "level < 3"),
        started_by("other", condition % "color == 'red'"),
    )
    answer = await events.evaluate_starts({"level": 9}, business_key="bk", request_id="r")
    assert [(found.process_definition_key, found.business_key) for found in answer.process_instances] == [
        ("high", "bk")
    ]
    assert [failure.reason for failure in answer.failures] == ["EXPRESSION_FAILED"]
    assert await events.evaluate_starts({"level": 9}, business_key="bk", request_id="r") == answer
    assert not (await events.evaluate_starts({"level": 9}, process_definition_key="low")).process_instances
    await engine.deploy(started_by("high", condition % "level > 100"))
    assert not (await events.evaluate_starts({"level": 9, "color": "blue"})).process_instances
    assert await running(engine) == ["high.t"]


async def test_conditions_of_an_instance_are_evaluated_on_demand(engine: Engine) -> None:
    events = Events(engine)
    nodes = (
        '<startEvent id="s"/><intermediateCatchEvent id="c"><conditionalEventDefinition><condition>${level &gt; 5}'
        '</condition></conditionalEventDefinition></intermediateCatchEvent><userTask id="t"/><endEvent id="e"/>'
    )
    await engine.deploy(model("watch", nodes, "s>c", "c>t", "t>e"))
    instance = await engine.start("watch", {"level": 1})
    assert await events.evaluate(instance.id, {"level": 2}) == 0
    assert await events.evaluate(instance.id, {"level": 7}) == 1
    assert await engine.variables(instance.id) == {"level": 7}
    assert await events.tasks_of(instance.id)


async def test_a_start_timer_fires_once_and_follows_the_newest_version(engine: Engine) -> None:
    await engine.deploy(timer_start("tick", "<timeDuration>PT1M</timeDuration>", "old"))
    await engine.deploy(timer_start("tick", "<timeDuration>PT2M</timeDuration>", "new"))
    engine.clock.forward(61)
    assert await Events(engine).start_timers.run_due(engine.clock.now_micros()) == 0
    engine.clock.forward(61)

    async def fired() -> bool:
        return bool(await engine.user_tasks())

    await until(fired)
    assert await running(engine) == ["tick.new"]
    engine.clock.forward(600)
    assert await Events(engine).start_timers.run_due(engine.clock.now_micros()) == 0


async def test_a_cycle_fires_as_often_as_it_says_and_catches_up(engine: Engine) -> None:
    await engine.deploy(
        timer_start("three", "<timeCycle>R3/PT1M</timeCycle>"), timer_start("ever", "<timeCycle>R/PT1M</timeCycle>")
    )
    timers = Events(engine).start_timers
    engine.clock.forward(600)

    async def caught_up() -> bool:
        # One that has a number of repetitions makes up for all of them; one without passes over what it missed.
        return await running(engine) == ["ever.t", "three.t", "three.t", "three.t"]

    await until(caught_up)
    assert await timers.run_due(engine.clock.now_micros()) == 0
    engine.clock.forward(61)

    async def once_more() -> bool:
        return (await running(engine)).count("ever.t") == 2

    await until(once_more)
    assert (await running(engine)).count("three.t") == 3


async def test_a_start_timer_by_cron(engine: Engine) -> None:
    await engine.deploy(timer_start("nightly", "<timeCycle>0 0 3 * * ?</timeCycle>"))
    engine.clock.forward(24 * 3600)

    async def fired() -> bool:
        return await running(engine) == ["nightly.t"]

    await until(fired)


async def test_two_engines_fire_a_start_timer_once(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    await first.deploy(*[timer_start(f"tick{n}", "<timeCycle>R5/PT1M</timeCycle>") for n in range(10)])
    first.clock.forward(600)
    now = first.clock.now_micros()
    await asyncio.gather(*[Events(engine).start_timers.run_due(now) for engine in two_engines for _ in range(2)])

    async def quiet() -> bool:
        return len(await second.user_tasks(page_size=100)) >= 50

    await until(quiet)
    assert await Events(first).start_timers.run_due(now) == 0
    assert len(await second.user_tasks(page_size=100)) == 50


async def test_a_start_timer_whose_process_fails_is_tried_again(engine: Engine) -> None:
    nodes = (
        '<startEvent id="s"><timerEventDefinition><timeDuration>PT1M</timeDuration></timerEventDefinition></startEvent>'
        '<serviceTask id="x" flowable:expression="${missing.part}"/><endEvent id="e"/>'
    )
    await engine.deploy(model("broken", nodes, "s>x", "x>e"))
    engine.clock.forward(61)
    timers = Events(engine).start_timers
    assert await timers.run_due(engine.clock.now_micros()) == 0
    await engine.deploy(timer_start("broken", "<timeDuration>PT0S</timeDuration>"))

    async def started() -> bool:
        return await running(engine) == ["broken.t"]

    await until(started)


async def test_an_event_based_gateway_and_a_receive_task_start_a_process(engine: Engine) -> None:
    events = Events(engine)
    nodes = (
        '<eventBasedGateway id="g" instantiate="true"/>'
        '<intermediateCatchEvent id="a"><messageEventDefinition messageRef="one"/></intermediateCatchEvent>'
        '<intermediateCatchEvent id="b"><messageEventDefinition messageRef="two"/></intermediateCatchEvent>'
        '<userTask id="ta"/><userTask id="tb"/><endEvent id="e"/>'
    )
    received = '<receiveTask id="r" instantiate="true" messageRef="three"/><userTask id="tr"/><endEvent id="e"/>'
    await engine.deploy(
        message_model("either", nodes, "g>a", "g>b", "a>ta", "b>tb", "ta>e", "tb>e", messages="one,two"),
        message_model("receives", received, "r>tr", "tr>e", messages="three"),
    )
    for name in ("one", "two", "three"):
        await events.correlate(name)
    assert await running(engine) == ["either.ta", "either.tb", "receives.tr"]


async def test_names_and_times_of_start_events_are_known_at_deployment(engine: Engine) -> None:
    bad_name = message_start("begin", "hello").replace(b'name="hello"', b'name="${unknown}"')
    refused = await refusal(engine.deploy(bad_name))
    assert refused.reason == "BPMN_INVALID"
    bad_time = timer_start("tick", "<timeDuration>soon</timeDuration>")
    assert (await refusal(engine.deploy(bad_time))).reason == "BPMN_INVALID"
