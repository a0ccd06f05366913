"""Two engines on one database: messages and those that wait for them come at the same time, and meet once."""

from __future__ import annotations

import asyncio
import random
import time

import grpc
from flowmesh.engine.v1.process_instance_pb2 import ProcessInstance

from mesh.status import error_info_of
from tests.integration.engine.event_calls import (
    Events,
    Message,
    catches,
    message_model,
    message_start,
    signal_start,
    throws,
)
from tests.integration.engine.serving import Engine, until

ROUNDS = 200
SEED = time.time_ns()


async def test_no_message_is_lost_or_taken_twice_while_it_is_published_and_subscribed(
    two_engines: tuple[Engine, Engine],
) -> None:
    events = [Events(engine) for engine in two_engines]
    await two_engines[0].deploy(catches())
    chance = random.Random(SEED)

    async def subscribe(n: int) -> ProcessInstance:
        await asyncio.sleep(chance.random() * 0.003)
        return await two_engines[n % 2].start("order", {"orderId": f"k{n}"})

    async def publish(n: int) -> Message:
        await asyncio.sleep(chance.random() * 0.003)
        return await events[(n + chance.randrange(2)) % 2].publish("paid", f"k{n}", 600, variables={"from": n})

    instances: list[ProcessInstance] = []
    for first in range(0, ROUNDS, 20):
        part = range(first, first + 20)
        started, _ = await asyncio.gather(
            asyncio.gather(*[subscribe(n) for n in part]), asyncio.gather(*[publish(n) for n in part])
        )
        instances += started

    async def all_met() -> bool:
        return len(await two_engines[0].user_tasks(page_size=1000)) == ROUNDS

    await until(all_met)
    taken = await events[0].kept(page_size=1000)
    assert sorted(message.process_instance_id for message in taken) == sorted(instance.id for instance in instances), (
        SEED
    )
    assert {message.state for message in taken} == {Message.STATE_CORRELATED}, SEED
    for n in range(0, ROUNDS, 17):
        assert (await two_engines[1].variables(instances[n].id))["from"] == n, SEED


async def test_many_messages_for_one_subscription_leave_the_rest_for_later(two_engines: tuple[Engine, Engine]) -> None:
    events = [Events(engine) for engine in two_engines]
    await two_engines[0].deploy(catches())
    instances = [await two_engines[n % 2].start("order", {"orderId": "same"}) for n in range(3)]
    await asyncio.gather(*[events[n % 2].publish("paid", "same", 600) for n in range(10)])
    taken = await events[0].kept(state=Message.STATE_CORRELATED)
    assert sorted(message.process_instance_id for message in taken) == sorted(instance.id for instance in instances)
    assert len(await events[0].kept(state=Message.STATE_BUFFERED)) == 7
    more = await asyncio.gather(*[two_engines[n % 2].start("order", {"orderId": "same"}) for n in range(9)])

    async def seven() -> bool:
        return len(await two_engines[0].user_tasks(page_size=100)) == 10

    await until(seven)
    waiting = await events[0].waiting(name="paid")
    assert len(waiting) == 2
    assert {found.process_instance_id for found in waiting} < {instance.id for instance in more}


async def test_of_two_events_at_once_exactly_one_wins(two_engines: tuple[Engine, Engine]) -> None:
    events = [Events(engine) for engine in two_engines]
    nodes = (
        '<startEvent id="s"/><eventBasedGateway id="g"/>'
        '<intermediateCatchEvent id="a"><messageEventDefinition messageRef="one"/></intermediateCatchEvent>'
        '<intermediateCatchEvent id="b"><messageEventDefinition messageRef="two"/></intermediateCatchEvent>'
        '<userTask id="ta"/><userTask id="tb"/><endEvent id="e"/>'
    )
    flows = ("s>g", "g>a", "g>b", "a>ta", "b>tb", "ta>e", "tb>e")
    await two_engines[0].deploy(message_model("either", nodes, *flows, messages="one,two"))
    winners = set()
    for n in range(40):
        instance = await two_engines[n % 2].start("either")
        results = await asyncio.gather(
            events[n % 2].correlate("one", process_instance_id=instance.id),
            events[(n + 1) % 2].correlate("two", process_instance_id=instance.id),
            return_exceptions=True,
        )
        lost = [result for result in results if isinstance(result, BaseException)]
        assert len(lost) == 1
        assert isinstance(lost[0], grpc.aio.AioRpcError)
        info = error_info_of(lost[0])
        assert info is not None
        assert info.reason == "MESSAGE_NOT_CORRELATED"
        (task,) = await events[0].tasks_of(instance.id)
        assert not await events[0].waiting(process_instance_id=instance.id)
        winners.add(task.element_id)
    assert winners <= {"ta", "tb"}


async def test_a_key_starts_one_instance_however_many_messages_come(two_engines: tuple[Engine, Engine]) -> None:
    events = [Events(engine) for engine in two_engines]
    await two_engines[0].deploy(message_start("begin", "hello"))
    answers = await asyncio.gather(*[events[n % 2].publish("hello", "K", 600) for n in range(8)])
    assert sum(message.started for message in answers) == 1
    assert len(await two_engines[0].user_tasks()) == 1
    assert len(await events[0].kept(state=Message.STATE_BUFFERED)) == 7


async def test_a_thrown_signal_arrives_once_though_both_engines_deliver_it(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    events = Events(first)
    await first.deploy(
        throws("siren", '<signalEventDefinition signalRef="alarm"/>', signals="alarm"), signal_start("begin", "alarm")
    )
    for engine in two_engines:
        Events(engine).executor.follow_up = None
    for _ in range(5):
        siren = await first.start("siren")
        (task,) = await events.tasks_of(siren.id)
        await first.complete_task(task.id)
    now = first.clock.now_micros()
    await asyncio.gather(*[Events(engine).thrown_events.run_due(now) for engine in two_engines])
    tasks = await second.user_tasks(page_size=100)
    assert len([task for task in tasks if task.process_definition_key == "begin"]) == 5
