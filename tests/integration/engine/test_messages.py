"""Messages: correlating exactly one, publishing with a time to live, and what is told where nothing matches."""

from __future__ import annotations

import asyncio

from flowmesh.engine.v1 import event_subscription_service_pb2, message_service_pb2

from mesh.db.statements import Execute, Program
from tests.integration.engine.event_calls import Events, Message, catches, message_model, message_start, throws
from tests.integration.engine.serving import Engine, refusal, until


async def test_a_message_reaches_the_instance_with_its_key(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(catches())
    first = await engine.start("order", {"orderId": "A"})
    second = await engine.start("order", {"orderId": "B"})
    answer = await events.correlate("paid", correlation_key="B", variables={"amount": 7})
    (taken,) = answer.correlations
    assert (taken.process_instance.id, taken.element_id, taken.started) == (second.id, "c", False)
    assert [task.element_id for task in await events.tasks_of(second.id)] == ["t"]
    assert await engine.variables(second.id) == {"orderId": "B", "amount": 7}
    assert not await events.tasks_of(first.id)
    assert [found.correlation_key for found in await events.waiting(name="paid")] == ["A"]


async def test_one_match_is_needed_and_the_answer_says_which_there_are(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(catches(correlation=""))
    first = await engine.start("order", {"n": 1}, business_key="one")
    second = await engine.start("order", {"n": 2}, business_key="two")
    refused = await refusal(events.correlate("paid"))
    assert (refused.code, refused.reason, refused.metadata["why"]) == (
        "FAILED_PRECONDITION",
        "MESSAGE_NOT_CORRELATED",
        "SEVERAL",
    )
    assert first.id in refused.message
    assert second.id in refused.message
    # Each of the criteria alone is enough to choose one.
    await events.correlate("paid", business_key="two")
    assert await events.tasks_of(second.id)
    third = await engine.start("order", {"n": 3})
    await events.correlate("paid", correlation_variables={"n": 3})
    assert await events.tasks_of(third.id)
    fourth = await engine.start("order", {"n": 4})
    await events.correlate("paid", process_instance_id=fourth.id)
    assert await events.tasks_of(fourth.id)
    (left,) = await events.waiting(name="paid")
    await events.correlate("paid", activity_id=left.id, local_variables={"mine": 1})
    assert await events.tasks_of(first.id)
    # What is local ends with the activity.
    assert await engine.variables(first.id) == {"n": 1}


async def test_the_answer_says_why_nothing_matched(engine: Engine) -> None:
    events = Events(engine)
    refused = await refusal(events.correlate("paid"))
    assert refused.metadata == {"name": "paid", "why": "NO_SUBSCRIPTION", "waiting": ""}
    await engine.deploy(catches())
    instance = await engine.start("order", {"orderId": "A"}, business_key="bk")
    refused = await refusal(events.correlate("paid", correlation_key="Z"))
    assert refused.metadata["why"] == "OTHER_CRITERIA"
    assert "correlation key 'A'" in refused.message
    assert instance.id in refused.message
    refused = await refusal(events.correlate("paid", correlation_variables={"orderId": "other"}))
    assert refused.metadata["why"] == "OTHER_CRITERIA"
    assert "orderId" in refused.message
    await engine.suspend(instance.id)
    refused = await refusal(events.correlate("paid", correlation_key="A"))
    assert refused.metadata["why"] == "PAUSED"
    assert instance.id in refused.message
    await engine.deploy(message_start("begin", "hello"))
    refused = await refusal(events.correlate("hello", correlation_key="A"))
    assert "would start a process" in refused.message
    # They are kept for who asks later why an instance still waits.
    missed = await events.kept(name="paid", state=Message.STATE_UNMATCHED)
    assert len(missed) == 4
    assert "paused" in missed[0].explanation


async def test_a_correlation_is_idempotent_by_request_id(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(catches(), message_start("begin", "hello"))
    instance = await engine.start("order", {"orderId": "A"})
    again = [await events.correlate("paid", correlation_key="A", request_id="r1") for _ in range(2)]
    assert again[0] == again[1]
    assert again[0].correlations[0].process_instance.id == instance.id
    started = [await events.correlate("hello", request_id="r2", business_key="bk") for _ in range(2)]
    assert started[0] == started[1]
    assert started[0].correlations[0].started
    assert started[0].correlations[0].process_instance.business_key == "bk"
    assert len(await engine.user_tasks()) == 2


async def test_all_that_match_take_a_message_sent_to_all(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(catches(correlation=""), message_start("begin", "paid"))
    instances = [await engine.start("order") for _ in range(5)]
    await engine.suspend(instances[4].id)
    answer = await events.correlate("paid", all=True, request_id="r", variables={"v": 1})
    assert sorted(taken.process_instance.id for taken in answer.correlations if not taken.started) == sorted(
        instance.id for instance in instances[:4]
    )
    assert [taken.process_instance.process_definition_key for taken in answer.correlations if taken.started] == [
        "begin"
    ]
    assert await events.correlate("paid", all=True, request_id="r", variables={"v": 1}) == answer
    assert len(await engine.user_tasks()) == 5
    assert not (await events.correlate("nobody", all=True)).correlations


async def test_one_that_fails_does_not_keep_a_message_from_the_others(engine: Engine) -> None:
    events = Events(engine)
    nodes = (
        '<startEvent id="s"/><intermediateCatchEvent id="c"><messageEventDefinition messageRef="paid"/>'
        '</intermediateCatchEvent><serviceTask id="x" flowable:expression="${missing.part}"/><endEvent id="e"/>'
    )
    await engine.deploy(message_model("bad", nodes, "s>c", "c>x", "x>e", messages="paid"), catches(correlation=""))
    bad = await engine.start("bad")
    good = await engine.start("order")
    answer = await events.correlate("paid", all=True)
    assert [taken.process_instance.id for taken in answer.correlations] == [good.id]
    assert [(failed.process_instance_id, failed.reason) for failed in answer.failures] == [
        (bad.id, "EXPRESSION_FAILED")
    ]
    refused = await refusal(events.correlate("paid", process_instance_id=bad.id))
    assert refused.reason == "EXPRESSION_FAILED"


async def test_a_published_message_is_taken_at_once_or_kept_for_who_comes(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(catches())
    waiting = await engine.start("order", {"orderId": "A"})
    message = await events.publish("paid", "A", variables={"v": 1})
    assert (message.state, message.process_instance_id) == (Message.STATE_CORRELATED, waiting.id)
    dropped = await events.publish("paid", "A")
    assert dropped.state == Message.STATE_UNMATCHED
    assert dropped.explanation
    kept = [await events.publish("paid", "B", 60, variables={"v": n}) for n in range(2)]
    assert [message.state for message in kept] == [Message.STATE_BUFFERED] * 2
    # The oldest first, and each once.
    for n in range(2):
        instance = await engine.start("order", {"orderId": "B"})
        assert [task.element_id for task in await events.tasks_of(instance.id)] == ["t"]
        assert (await engine.variables(instance.id))["v"] == n
    third = await engine.start("order", {"orderId": "B"})
    assert not await events.tasks_of(third.id)
    assert not await events.kept(state=Message.STATE_BUFFERED)


async def test_a_message_expires(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(catches())
    await events.publish("paid", "A", 60)
    engine.clock.forward(61)
    late = await engine.start("order", {"orderId": "A"})
    assert not await events.tasks_of(late.id)
    (expired,) = await until(lambda: events.kept(state=Message.STATE_EXPIRED))
    assert "time to live" in expired.explanation
    engine.clock.forward(3700)

    async def forgotten() -> bool:
        return not await events.kept()

    await until(forgotten)


async def test_a_message_id_counts_once_and_a_request_id_is_answered_again(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(catches())
    first = await events.publish("paid", "A", 60, message_id="m1", request_id="r1")
    again = await events.publish("paid", "A", 60, message_id="m1", request_id="r1")
    assert again == first
    refused = await refusal(events.publish("paid", "A", 60, message_id="m1"))
    assert (refused.code, refused.reason) == ("ALREADY_EXISTS", "MESSAGE_DUPLICATE")
    assert refused.metadata == {"message_id": "m1", "id": first.id}
    # For another key it is another message.
    await events.publish("paid", "B", 60, message_id="m1")
    instance = await engine.start("order", {"orderId": "A"})
    assert await events.tasks_of(instance.id)
    # It is refused though it was taken meanwhile, and told so to who repeats the request.
    assert (await refusal(events.publish("paid", "A", message_id="m1"))).reason == "MESSAGE_DUPLICATE"
    told = await events.publish("paid", "A", 60, message_id="m1", request_id="r1")
    assert (told.id, told.state, told.process_instance_id) == (first.id, Message.STATE_CORRELATED, instance.id)


async def test_many_that_send_one_message_id_at_once_send_one_message(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(catches())
    results = await asyncio.gather(
        *[events.publish("paid", "A", 60, message_id="m") for _ in range(10)], return_exceptions=True
    )
    assert sum(isinstance(result, Message) for result in results) == 1
    assert len(await events.kept()) == 1


async def test_a_message_starts_an_instance_and_with_a_key_one_at_a_time(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(message_start("begin", "hello"))
    first = await events.publish("hello", "K", 600, variables={"n": 1})
    assert first.started
    second = await events.publish("hello", "K", 600, variables={"n": 2})
    assert second.state == Message.STATE_BUFFERED
    assert (await events.publish("hello", "L")).started
    for _ in range(2):
        assert (await events.publish("hello")).started
    (task,) = await events.tasks_of(first.process_instance_id)
    await engine.complete_task(task.id)

    async def started() -> list[Message]:
        return [
            message for message in await events.kept(correlation_key="K") if message.id != first.id and message.started
        ]

    (message,) = await until(started)
    assert await engine.variables(message.process_instance_id) == {"n": 2}


async def test_paused_instances_take_messages_once_resumed(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(catches())
    instance = await engine.start("order", {"orderId": "A"})
    await engine.suspend(instance.id)
    message = await events.publish("paid", "A", 60)
    assert message.state == Message.STATE_BUFFERED
    await engine.resume(instance.id)
    await until(lambda: events.tasks_of(instance.id))


async def test_a_message_of_another_tenant_is_not_taken(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(catches(), tenant_id="one")
    instance = await engine.start("order", {"orderId": "A"}, tenant_id="one")
    assert (await events.publish("paid", "A")).state == Message.STATE_UNMATCHED
    assert (await refusal(events.correlate("paid", correlation_key="A"))).metadata["why"] == "NO_SUBSCRIPTION"
    assert (await events.publish("paid", "A", tenant_id="one")).process_instance_id == instance.id


async def test_a_message_that_an_instance_sends_is_there_when_the_call_ends(engine: Engine) -> None:
    events = Events(engine)
    sender = throws("sender", '<messageEventDefinition messageRef="paid"/>', messages="paid")
    await engine.deploy(sender, catches(correlation=""))
    waiting = await engine.start("order")
    instance = await engine.start("sender")
    (task,) = await events.tasks_of(instance.id)
    await engine.complete_task(task.id)
    assert [task.element_id for task in await events.tasks_of(waiting.id)] == ["t"]
    # Nobody waits any more: it is dropped, and told.
    another = await engine.start("sender")
    (task,) = await events.tasks_of(another.id)
    await engine.complete_task(task.id)
    assert [message.state for message in await events.kept(name="paid")] == [
        Message.STATE_UNMATCHED,
        Message.STATE_CORRELATED,
    ]


async def test_a_refusing_receiver_is_named_in_the_message(engine: Engine) -> None:
    events = Events(engine)
    nodes = (
        '<startEvent id="s"/><intermediateCatchEvent id="c"><messageEventDefinition messageRef="paid"/>'
        '</intermediateCatchEvent><serviceTask id="x" flowable:expression="${missing.part}"/><endEvent id="e"/>'
    )
    await engine.deploy(message_model("bad", nodes, "s>c", "c>x", "x>e", messages="paid"))
    instance = await engine.start("bad")
    message = await events.publish("paid")
    assert message.state == Message.STATE_UNMATCHED
    assert instance.id in message.explanation
    assert "EXPRESSION_FAILED" in message.explanation
    assert len(await events.waiting(process_instance_id=instance.id)) == 1


async def test_what_a_crash_left_between_storing_and_looking_is_found(engine: Engine) -> None:
    """The state after a kill between the two commits: the message is stored, and so is who waits for it."""
    events = Events(engine)
    await engine.deploy(catches())
    await events.publish("paid", "A", 600)

    def crashed(key: str) -> Program[None]:
        yield Execute("UPDATE message SET correlation_key=?", (key,))

    await engine.service._database.write(crashed("elsewhere"))
    instance = await engine.start("order", {"orderId": "A"})
    assert not await events.tasks_of(instance.id)
    await engine.service._database.write(crashed("A"))
    await until(lambda: events.tasks_of(instance.id))
    (message,) = await events.kept()
    assert message.process_instance_id == instance.id


async def test_lists_go_on_page_by_page(engine: Engine) -> None:
    events = Events(engine)
    await engine.deploy(catches(), message_start("begin", "hello"))
    for n in range(3):
        await engine.start("order", {"orderId": f"k{n}"})
        await events.publish("late", str(n), 60)
    seen, token = [], ""
    while True:
        request = message_service_pb2.ListMessagesRequest(page_size=2, page_token=token)
        answer = await events.messages.ListMessages(request)
        seen += [message.correlation_key for message in answer.messages]
        token = answer.next_page_token
        if not token:
            break
    assert seen == ["2", "1", "0"]
    found, token = [], ""
    while True:
        listing = event_subscription_service_pb2.ListEventSubscriptionsRequest(page_size=1, page_token=token)
        page = await events.subscriptions.ListEventSubscriptions(listing)
        found += [(one.process_definition_key, one.correlation_key) for one in page.event_subscriptions]
        token = page.next_page_token
        if not token:
            break
    assert found == [("begin", ""), ("order", "k0"), ("order", "k1"), ("order", "k2")]
