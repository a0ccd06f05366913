"""The event bus seen from outside: topics, consumer groups and dead letters by REST, in a whole mesh."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from mesh.bus.opening import open_bus
from mesh.bus.port import Bus, BusMessage
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics
from tests.e2e.processes import read
from tests.infrastructure.mesh import Mesh

TOPIC = WORKFLOW_EXECUTION_EVENTS
PATIENCE_SECONDS = 20.0


@pytest.fixture
async def bus(mesh: Mesh) -> AsyncIterator[Bus]:
    """The mesh's bus, as a program of somebody else would use it."""
    found = await open_bus(mesh.bus_url)
    yield found
    await found.close()


async def letters_of(rest: httpx.AsyncClient, key: str) -> list[Any]:
    """The dead letters of a key that history has buried; whoever else reads the topic buries its own."""
    content = await read(rest, "/v1/system/deadLetters", topic=TOPIC, pageSize=500)
    return [
        letter
        for letter in content["deadLetters"]
        if letter["key"] == key and letter["consumerGroup"] == "history-service"
    ]


async def one_letter(rest: httpx.AsyncClient, key: str, but: str = "") -> Any:
    """Wait for the dead letter of a key with another name than `but`."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (found := [letter for letter in await letters_of(rest, key) if letter["name"] != but]):
            await asyncio.sleep(0.02)
    [letter] = found
    return letter


async def test_topics_are_as_they_should_be(rest: httpx.AsyncClient) -> None:
    topics = (await read(rest, "/v1/system/topics"))["topics"]
    assert [topic["name"] for topic in topics] == sorted(spec.name for spec in all_topics())
    for topic in topics:
        assert topic["drifts"] == []
        assert topic["actual"]["partitions"] == topic["expected"]["partitions"]
    found = {topic["name"]: topic["actual"] for topic in topics}
    assert found[TOPIC]["partitions"] == 12
    assert found[TOPIC]["retention"] == f"{3 * 86_400}s"
    assert (await read(rest, "/v1/system/topics", driftedOnly="true"))["topics"] == []
    answer = await rest.post("/v1/system/topics:ensure", json={"requestId": "again"})
    assert answer.status_code == 200
    assert answer.json()["created"] == []


async def test_history_reads_the_bus_as_a_group(rest: httpx.AsyncClient) -> None:
    listed = (await read(rest, "/v1/system/consumerGroups"))["consumerGroups"]
    assert "history-service" in [group["name"] for group in listed]
    group = (await read(rest, "/v1/system/consumerGroups/history-service"))["consumerGroup"]
    assert group["topics"] == [TOPIC]
    assert {at["topic"] for at in group["partitions"]} == {TOPIC}
    answer = await rest.post("/v1/system/consumerGroups/history-service:rewind", json={"topic": TOPIC, "oldest": {}})
    assert answer.status_code == 400
    assert answer.json()["details"][0]["reason"] == "CONSUMER_GROUP_ACTIVE"
    assert "stop every process" in answer.json()["message"]


async def test_poison_is_shown_comes_back_when_replayed_and_is_discarded(rest: httpx.AsyncClient, bus: Bus) -> None:
    await bus.publish([BusMessage(TOPIC, "poison", b"no event")])
    letter = await one_letter(rest, "poison")
    assert letter["reason"] == "UNDECODABLE"
    assert letter["consumerGroup"] == "history-service"
    whole = (await read(rest, f"/v1/system/deadLetters/{letter['name']}"))["deadLetter"]
    assert whole["unreadable"].startswith("UNDECODABLE")
    assert whole["content"] == "bm8gZXZlbnQ="
    assert "event" not in whole

    answer = await rest.post("/v1/system/deadLetters:replay", json={"names": [letter["name"]]})
    assert answer.json() == {"replayedCount": 1, "more": False}
    second = await one_letter(rest, "poison", but=letter["name"])
    answer = await rest.post("/v1/system/deadLetters:discard", json={"names": [letter["name"], second["name"]]})
    assert answer.json() == {"discardedCount": 1, "more": False}
    assert await letters_of(rest, "poison") == []
    gone = await rest.get(f"/v1/system/deadLetters/{second['name']}")
    assert gone.status_code == 404
    assert gone.json()["details"][0]["reason"] == "DEAD_LETTER_NOT_FOUND"


@pytest.mark.parametrize(
    ("verb", "path", "content", "status", "reason"),
    [
        pytest.param("GET", "/v1/system/deadLetters", None, 400, "FIELD_INVALID", id="no topic"),
        pytest.param("GET", "/v1/system/deadLetters?topic=else", None, 404, "TOPIC_NOT_FOUND", id="unknown topic"),
        pytest.param(
            "GET", f"/v1/system/deadLetters?topic={TOPIC}&pageSize=-1", None, 400, "FIELD_INVALID", id="negative page"
        ),
        pytest.param(
            "GET",
            f"/v1/system/deadLetters?topic={TOPIC}&pageToken=%25%25",
            None,
            400,
            "PAGE_TOKEN_INVALID",
            id="foreign token",
        ),
        pytest.param("GET", "/v1/system/deadLetters/no-name", None, 404, "DEAD_LETTER_NOT_FOUND", id="no letter"),
        pytest.param("POST", "/v1/system/deadLetters:replay", {}, 400, "FIELD_INVALID", id="nothing to replay"),
        pytest.param(
            "POST", "/v1/system/deadLetters:replay", {"names": ["x"]}, 400, "FIELD_INVALID", id="malformed name"
        ),
        pytest.param(
            "POST", "/v1/system/deadLetters:discard", {"topik": TOPIC}, 400, "FIELD_INVALID", id="unknown field"
        ),
        pytest.param(
            "POST",
            "/v1/system/deadLetters:discard",
            {"topic": TOPIC, "failedBefore": "yesterday"},
            400,
            "FIELD_INVALID",
            id="no time",
        ),
        pytest.param("POST", "/v1/system/deadLetters:explode", {}, 404, "METHOD_UNKNOWN", id="unknown verb"),
        pytest.param(
            "POST",
            "/v1/system/consumerGroups/history-service:rewind",
            {"topic": TOPIC},
            400,
            "FIELD_INVALID",
            id="rewind to nowhere",
        ),
        pytest.param(
            "POST",
            "/v1/system/consumerGroups/history-service:rewind",
            {"topic": TOPIC, "partitions": {"offsets": {"99": "0"}}},
            400,
            "FIELD_INVALID",
            id="no such partition",
        ),
        pytest.param(
            "GET", "/v1/system/consumerGroups/else", None, 404, "CONSUMER_GROUP_NOT_FOUND", id="unknown group"
        ),
    ],
)
async def test_bad_input(rest: httpx.AsyncClient, verb: str, path: str, content: Any, status: int, reason: str) -> None:
    answer = await rest.request(verb, path, json=content)
    assert answer.status_code == status, answer.text
    assert answer.json()["details"][0]["reason"] == reason
    assert answer.json()["message"]
