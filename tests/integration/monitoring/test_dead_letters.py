"""Dead letters through the real server on the real local bus."""

from __future__ import annotations

import asyncio
from typing import Any

import grpc
import pytest
from flowmesh.monitoring.v1 import dead_letter_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from mesh import consumer as consumer_module
from mesh.bus import headers
from mesh.bus.local import LocalBus
from mesh.bus.port import Bus, BusMessage
from mesh.bus.topics import dead_letter_topic
from mesh.db.database import Database
from mesh.status import error_info_of, reason_of, status_of
from monitoring_svc.api import dead_letter_service
from tests.infrastructure.events import event, event_message
from tests.infrastructure.mariadb import create_tables
from tests.integration.monitoring.consuming import BOTH_BUSES, TOPIC, Handler, Running, dead_letter, until
from tests.storage.tables import METADATA


@pytest.fixture
async def store(database: Database, database_url: str) -> Database:
    await create_tables(database_url, METADATA)
    return database


@pytest.fixture(autouse=True)
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer_module, "FIRST_RETRY_SECONDS", 0.01)


async def names(letters: Any, **filters: Any) -> list[str]:
    answer = await letters.ListDeadLetters(pb.ListDeadLettersRequest(topic=TOPIC, page_size=500, **filters))
    return [letter.name for letter in answer.dead_letters]


@BOTH_BUSES
async def test_poison_is_seen_replayed_after_the_mend_and_takes_effect_once_in_its_group(
    bus: Bus, store: Database, letters: Any
) -> None:
    broken, fine = Handler("poison"), Handler()
    message = event_message("poison", 0)
    async with Running(bus, store, "billing", broken) as billing, Running(bus, store, "search", fine) as search:
        await bus.publish([event_message("good", 0), message, event_message("good", 1)])
        await until(lambda: billing.counters.handled == 2 and search.counters.handled == 3)
        await until(lambda: billing.counters.dead_letters == 1)
        [name] = await names(letters)

        # Not mended yet: it comes back under another name.
        answer = await letters.ReplayDeadLetters(pb.ReplayDeadLettersRequest(names=[name]))
        assert (answer.replayed_count, answer.more) == (1, False)
        await until(lambda: billing.counters.dead_letters == 2)
        [second] = await names(letters)
        assert second != name
        letter = (await letters.GetDeadLetter(pb.GetDeadLetterRequest(name=second))).dead_letter
        assert letter.reason == "ValueError"
        assert "the handler breaks on poison" in letter.stack
        assert (letter.attempts, letter.consumer_group, letter.topic) == (3, "billing", TOPIC)
        assert letter.event.biz_id == "poison"
        assert letter.event.process_instance_suspended.process_instance.revision == 1
        assert letter.event_type == letter.event.event_type == "workflow.instance.suspended.v1"
        assert letter.unreadable == ""

        broken.poison.clear()
        again = await letters.ReplayDeadLetters(pb.ReplayDeadLettersRequest(names=[name, second, second]))
        assert again.replayed_count == 1
        await until(lambda: billing.counters.handled == 3)
        assert await names(letters) == []
        repeated = await letters.ReplayDeadLetters(pb.ReplayDeadLettersRequest(names=[name, second]))
        assert repeated.replayed_count == 0
        # Given to the group once more by somebody else: the inbox knows it.
        await bus.publish([message])
        await until(lambda: billing.counters.duplicates == 1 and search.counters.duplicates == 1)
    assert set(broken.effects.values()) == {1}
    assert broken.effects.keys() == fine.effects.keys()
    assert set(fine.effects.values()) == {1}
    assert search.counters.handled == 3


@BOTH_BUSES
async def test_pages_and_the_filter_by_group(bus: Bus, letters: Any) -> None:
    await bus.publish([dead_letter(n, "billing" if n % 5 else "search") for n in range(230)])
    all_names = [f"{TOPIC}.0.{n}" for n in range(230)]
    for group, expected in (
        ("", all_names),
        ("search", all_names[::5]),
        ("nobody", []),
    ):
        for size in (1, 7, 45, 46, 230, 500) if isinstance(bus, LocalBus) else (46, 230):
            found: list[str] = []
            request = pb.ListDeadLettersRequest(topic=TOPIC, page_size=size, consumer_group=group)
            while True:
                answer = await letters.ListDeadLetters(request)
                assert len(answer.dead_letters) <= size
                found += [letter.name for letter in answer.dead_letters]
                if not answer.next_page_token:
                    break
                request.page_token = answer.next_page_token
            assert found == expected, (group, size)


async def test_a_filter_that_finds_little_answers_in_between(
    bus: Bus, letters: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dead_letter_service, "MAX_SCANNED", 100)
    monkeypatch.setattr(dead_letter_service, "_READ", 100)
    await bus.publish([dead_letter(n, "search" if n == 249 else "billing") for n in range(250)])
    request = pb.ListDeadLettersRequest(topic=TOPIC, consumer_group="search")
    pages = []
    while True:
        answer = await letters.ListDeadLetters(request)
        pages.append([letter.name for letter in answer.dead_letters])
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    assert pages == [[], [], [f"{TOPIC}.0.249"]]
    replay = pb.ReplayDeadLettersRequest(topic=TOPIC, consumer_group="search")
    answer = await letters.ReplayDeadLetters(replay)
    assert (answer.replayed_count, answer.more) == (0, True)


@BOTH_BUSES
async def test_a_letter_in_full(bus: Bus, letters: Any) -> None:
    envelope = event("key", 0)
    await bus.publish([dead_letter(7, value=envelope.SerializeToString())])
    letter = (await letters.GetDeadLetter(pb.GetDeadLetterRequest(name=f"{TOPIC}.0.0"))).dead_letter
    assert letter.event == envelope
    assert (letter.original_partition, letter.original_offset, letter.key) == (5, 7, "key-7")
    assert letter.fail_time.ToMicroseconds() == 1_700_000_000_000_007
    assert letter.stack == "Traceback ..."
    assert dict(letter.headers) == {"traceparent": "00-7"}
    assert (letter.size, letter.content) == (len(envelope.SerializeToString()), b"")
    [listed] = (await letters.ListDeadLetters(pb.ListDeadLettersRequest(topic=TOPIC))).dead_letters
    assert (listed.event_id, listed.stack, listed.HasField("event")) == (envelope.event_id, "", False)


@BOTH_BUSES
async def test_letters_that_cannot_be_read(bus: Bus, letters: Any) -> None:
    invalid = event("key", 0)
    invalid.source_service = ""
    newer = event("key", 0)
    newer.event_version = "2.0"
    timeless = event("key", 0)
    timeless.timestamp.seconds = 10**12
    await bus.publish(
        [
            dead_letter(0, value=b"\xff" * 100_000),
            dead_letter(1, value=invalid.SerializeToString()),
            dead_letter(2, value=newer.SerializeToString()),
            dead_letter(3, value=timeless.SerializeToString()),
            dead_letter(4, value=b""),
        ]
    )
    found = [
        (await letters.GetDeadLetter(pb.GetDeadLetterRequest(name=f"{TOPIC}.0.{n}"))).dead_letter for n in range(5)
    ]
    assert [letter.unreadable.partition(":")[0] for letter in found] == [
        "UNDECODABLE",
        "INVALID",
        "UNSUPPORTED_VERSION",
        "",
        "INVALID",
    ]
    # One that breaks a rule is shown all the same, unless it has no form as JSON.
    assert [letter.HasField("event") for letter in found] == [False, True, True, False, False]
    assert found[0].content == b"\xff" * (64 << 10)
    assert found[3].content == timeless.SerializeToString()


@BOTH_BUSES
async def test_headers_of_foreign_hands_do_no_harm(bus: Bus, letters: Any) -> None:
    await bus.publish(
        [
            BusMessage(dead_letter_topic(TOPIC), "", b"x"),
            dead_letter(
                1,
                **{
                    headers.ATTEMPTS: "9" * 18,
                    headers.ORIGINAL_PARTITION: "-1",
                    headers.ORIGINAL_OFFSET: "many",
                    headers.FAILED_AT: "9" * 18,
                },
            ),
        ]
    )
    bare, odd = (await letters.ListDeadLetters(pb.ListDeadLettersRequest(topic=TOPIC))).dead_letters
    assert (bare.topic, bare.reason, bare.attempts, bare.consumer_group) == (TOPIC, "", 0, "")
    assert bare.fail_time.seconds > 1_700_000_000
    assert (odd.attempts, odd.original_partition, odd.original_offset) == (2**31 - 1, 0, 0)
    assert odd.fail_time.seconds > 1_700_000_000


@BOTH_BUSES
async def test_discarding_by_name_and_by_topic(bus: Bus, letters: Any) -> None:
    await bus.publish([dead_letter(n, "billing" if n % 2 else "search") for n in range(10)])
    request = pb.DiscardDeadLettersRequest(names=[f"{TOPIC}.0.0", f"{TOPIC}.0.1", f"{TOPIC}.0.99", "nothing.0.1"])
    assert (await letters.DiscardDeadLetters(request)).discarded_count == 2
    assert (await letters.DiscardDeadLetters(request)).discarded_count == 0
    early = Timestamp()
    early.FromMicroseconds(1_700_000_000_000_006)
    of_billing = pb.DiscardDeadLettersRequest(topic=TOPIC, consumer_group="billing", failed_before=early)
    answer = await letters.DiscardDeadLetters(of_billing)
    assert (answer.discarded_count, answer.more) == (2, False)
    assert await names(letters) == [f"{TOPIC}.0.{n}" for n in (2, 4, 6, 7, 8, 9)]
    some = pb.DiscardDeadLettersRequest(topic=TOPIC, max_count=4)
    answer = await letters.DiscardDeadLetters(some)
    assert (answer.discarded_count, answer.more) == (4, True)
    answer = await letters.DiscardDeadLetters(some)
    assert (answer.discarded_count, answer.more) == (2, False)
    assert await names(letters) == []
    # What is discarded is not published again.
    consumer = await bus.consumer("late", [TOPIC])
    assert await consumer.poll(10, 0) == []
    await consumer.close()


@BOTH_BUSES
async def test_replaying_everything_of_a_topic(bus: Bus, letters: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letter_service, "_ACT", 200)
    monkeypatch.setattr(dead_letter_service, "_ACT_BYTES", 100 * len(b"no event"))
    await bus.publish([dead_letter(n) for n in range(450)])
    answer = await letters.ReplayDeadLetters(pb.ReplayDeadLettersRequest(topic=TOPIC))
    assert (answer.replayed_count, answer.more) == (450, False)
    consumer = await bus.consumer("billing", [TOPIC])
    again = await consumer.poll(1_000, 5)
    assert len(again) == 450
    assert {message.headers[headers.REPLAY_FOR] for message in again} == {"billing"}
    await consumer.close()


@BOTH_BUSES
async def test_two_replays_at_once_do_it_once(bus: Bus, letters: Any) -> None:
    await bus.publish([dead_letter(n) for n in range(300)])
    request = pb.ReplayDeadLettersRequest(topic=TOPIC)
    answers = await asyncio.gather(*(letters.ReplayDeadLetters(request) for _ in range(5)))
    assert sum(answer.replayed_count for answer in answers) == 300
    consumer = await bus.consumer("billing", [TOPIC])
    assert len(await consumer.poll(1_000, 5)) == 300
    await consumer.close()


@pytest.mark.parametrize(
    ("method", "request_", "reason", "field"),
    [
        pytest.param("ListDeadLetters", pb.ListDeadLettersRequest(), "FIELD_INVALID", "topic", id="no topic"),
        pytest.param(
            "ListDeadLetters",
            pb.ListDeadLettersRequest(topic=TOPIC, page_size=-1),
            "FIELD_INVALID",
            "page_size",
            id="negative page",
        ),
        pytest.param(
            "ListDeadLetters",
            pb.ListDeadLettersRequest(topic=TOPIC, page_size=501),
            "FIELD_INVALID",
            "page_size",
            id="large page",
        ),
        pytest.param(
            "ListDeadLetters",
            pb.ListDeadLettersRequest(topic=TOPIC, page_token="x"),
            "PAGE_TOKEN_INVALID",
            "page_token",
            id="foreign token",
        ),
        pytest.param(
            "ListDeadLetters", pb.ListDeadLettersRequest(topic="else"), "TOPIC_NOT_FOUND", "", id="unknown topic"
        ),
        pytest.param(
            "GetDeadLetter", pb.GetDeadLetterRequest(name="what?"), "DEAD_LETTER_NOT_FOUND", "", id="no name at all"
        ),
        pytest.param(
            "GetDeadLetter", pb.GetDeadLetterRequest(name=f"{TOPIC}.0.0"), "DEAD_LETTER_NOT_FOUND", "", id="gone"
        ),
        pytest.param(
            "GetDeadLetter",
            pb.GetDeadLetterRequest(name=f"{TOPIC}.999999999.999999999999999999"),
            "DEAD_LETTER_NOT_FOUND",
            "",
            id="far away",
        ),
        pytest.param("GetDeadLetter", pb.GetDeadLetterRequest(), "FIELD_INVALID", "name", id="empty name"),
        pytest.param("ReplayDeadLetters", pb.ReplayDeadLettersRequest(), "FIELD_INVALID", "names", id="nothing"),
        pytest.param(
            "ReplayDeadLetters",
            pb.ReplayDeadLettersRequest(names=[f"{TOPIC}.0.0"], topic=TOPIC),
            "FIELD_INVALID",
            "names",
            id="both",
        ),
        pytest.param(
            "ReplayDeadLetters",
            pb.ReplayDeadLettersRequest(names=["../../etc/passwd"]),
            "FIELD_INVALID",
            "names[0]",
            id="malformed name",
        ),
        pytest.param(
            "ReplayDeadLetters",
            pb.ReplayDeadLettersRequest(names=[f"{TOPIC}.0.{n}" for n in range(1_001)]),
            "FIELD_INVALID",
            "names",
            id="too many names",
        ),
        pytest.param(
            "ReplayDeadLetters",
            pb.ReplayDeadLettersRequest(names=[f"{TOPIC}.0.0"], consumer_group="g"),
            "FIELD_INVALID",
            "consumer_group",
            id="names with a filter",
        ),
        pytest.param(
            "DiscardDeadLetters",
            pb.DiscardDeadLettersRequest(topic=TOPIC, max_count=1_001),
            "FIELD_INVALID",
            "max_count",
            id="too many",
        ),
        pytest.param(
            "DiscardDeadLetters", pb.DiscardDeadLettersRequest(topic="else"), "TOPIC_NOT_FOUND", "", id="no such topic"
        ),
    ],
)
async def test_bad_input_is_refused_and_changes_nothing(
    bus: Bus, letters: Any, method: str, request_: Any, reason: str, field: str
) -> None:
    other = BusMessage(dead_letter_topic("user-permission-events"), "k", b"x")
    await bus.publish([other])
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await getattr(letters, method)(request_)
    assert reason_of(caught.value) == reason
    info = error_info_of(caught.value)
    assert info is not None
    assert info.domain == "flowmesh.monitoring"
    if field:
        assert field in str(status_of(caught.value))
    assert len(await bus.dead_letters("user-permission-events", None, 10)) == 1
