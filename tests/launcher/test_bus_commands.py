"""`flowmesh topics`, `consumer-groups` and `dlq`, against a running mesh and straight at a bus."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from mesh.bus.local import opened
from mesh.bus.port import BusMessage, TopicSpec
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS, all_topics
from tests.launcher.running import Up, eventually, flowmesh

TOPIC = WORKFLOW_EXECUTION_EVENTS


def text(*arguments: str) -> str:
    done = flowmesh(*arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def publish(path: Path, *messages: BusMessage) -> None:
    async def published() -> None:
        async with opened(path) as bus:
            await bus.publish(messages)

    asyncio.run(published())


def test_topics_of_a_mesh(mesh: Up) -> None:
    assert "All topics are as they should be." in text("topics", "check", "--url", mesh.url)
    assert "All topics are there." in text("topics", "ensure", "--url", mesh.url)
    assert TOPIC in text("topics", "list", "--url", mesh.url)
    listed = json.loads(text("topics", "list", "--json", "--url", mesh.url))
    assert [topic["name"] for topic in listed] == sorted(spec.name for spec in all_topics())
    assert json.loads(text("topics", "check", "--json", "--url", mesh.url)) == []


def test_topics_straight_at_a_bus(tmp_path: Path) -> None:
    bus = ("--bus", f"sqlite:///{tmp_path / 'bus.db'}")
    missing = flowmesh("topics", "check", *bus)
    assert missing.returncode == 1
    assert f"{TOPIC}: " in missing.stdout
    assert f"{len(all_topics())} topics are not as they should be" in missing.stderr
    as_json = flowmesh("topics", "check", "--json", *bus)
    assert as_json.returncode == 1
    assert len(json.loads(as_json.stdout)) == len(all_topics())
    assert f"{TOPIC} is created." in text("topics", "ensure", *bus)
    assert "All topics are there." in text("topics", "ensure", *bus)
    assert "as they should be" in text("topics", "check", *bus)
    assert len(json.loads(text("topics", "list", "--json", *bus))) == len(all_topics())
    typed = flowmesh("topics", "check", *bus, "--event-topics", "both")
    assert typed.returncode == 1
    assert "workflow.task.completed.v1: does not exist" in typed.stdout
    created = text("topics", "ensure", *bus, "--event-topics", "both")
    assert "workflow.task.completed.v1.dlq is created." in created
    assert f"{TOPIC} is created." not in created
    assert "as they should be" in text("topics", "check", *bus, "--event-topics", "type")


def test_a_topic_with_too_few_partitions_is_told_and_stays(tmp_path: Path) -> None:
    async def spoiled() -> None:
        async with opened(tmp_path / "bus.db") as bus:
            await bus.ensure_topics([TopicSpec(TOPIC, 3, 60)])

    asyncio.run(spoiled())
    bus = ("--bus", f"sqlite:///{tmp_path / 'bus.db'}")
    assert f"{TOPIC}: " in text("topics", "ensure", *bus)
    checked = flowmesh("topics", "check", *bus)
    assert checked.returncode == 1
    assert "3" in checked.stdout
    assert "12" in checked.stdout


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "kafka://", "sqlite:////nowhere/at/all/bus.db"])
def test_a_bus_that_cannot_be_used(url: str) -> None:
    done = flowmesh("topics", "check", "--bus", url)
    assert done.returncode == 3
    assert len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.kafka
@pytest.mark.slow
def test_topics_straight_at_kafka(kafka_url: str) -> None:
    assert flowmesh("topics", "check", "--bus", kafka_url).returncode == 1
    assert f"{TOPIC} is created." in text("topics", "ensure", "--bus", kafka_url)
    assert "as they should be" in text("topics", "check", "--bus", kafka_url)
    more = f"{kafka_url}{'&' if '?' in kafka_url else '?'}replication=3&min_insync=2"
    checked = flowmesh("topics", "check", "--bus", more)
    assert checked.returncode == 1
    assert f"{TOPIC}: replication is 1, should be 3" in checked.stdout
    assert f"{TOPIC}: min_insync_replicas is 1, should be 2" in checked.stdout
    assert "There are no consumer groups." in text("consumer-groups", "list", "--bus", kafka_url)
    assert "has no dead letters" in text("dlq", "list", TOPIC, "--bus", kafka_url)


def test_a_group_is_rewound_without_a_mesh(tmp_path: Path) -> None:
    async def consumed() -> None:
        async with opened(tmp_path / "bus.db") as bus:
            await bus.ensure_topics(all_topics())
            await bus.publish([BusMessage(TOPIC, "k", b"%d" % n) for n in range(5)])
            consumer = await bus.consumer("billing", [TOPIC])
            await consumer.commit(await consumer.poll(10, 5))
            await consumer.close()

    asyncio.run(consumed())
    bus = ("--bus", f"sqlite:///{tmp_path / 'bus.db'}")
    assert json.loads(text("consumer-groups", "show", "billing", "--json", *bus))["lag"] == "0"
    assert "billing: 5 messages left" in text("consumer-groups", "rewind", "billing", TOPIC, "--oldest", *bus)
    [group] = json.loads(text("consumer-groups", "list", "--json", *bus))
    assert (group["name"], group["lag"]) == ("billing", "5")
    refused = flowmesh("consumer-groups", "rewind", "billing", TOPIC, "--offset", "99=0", *bus)
    assert refused.returncode == 1
    assert "(FIELD_INVALID)" in refused.stderr
    assert "partitions.offsets[99]" in refused.stderr
    empty = flowmesh("consumer-groups", "show", "", *bus)
    assert (empty.returncode, "FIELD_INVALID" in empty.stderr) == (1, True)


def test_groups(mesh: Up) -> None:
    groups = json.loads(text("consumer-groups", "list", "--json", "--url", mesh.url))
    assert "history-service" in [group["name"] for group in groups]
    assert "history-service" in text("consumer-groups", "list", "--url", mesh.url)
    assert TOPIC in text("consumer-groups", "show", "history-service", "--url", mesh.url)
    for target in (("--oldest",), ("--to", "2026-01-01T00:00:00Z"), ("--offset", "0=0", "--offset", "1=0")):
        refused = flowmesh("consumer-groups", "rewind", "history-service", TOPIC, *target, "--url", mesh.url)
        assert refused.returncode == 1
        assert "stop every process of its service" in refused.stderr
    wrong = flowmesh("consumer-groups", "rewind", "history-service", TOPIC, "--offset", "x", "--url", mesh.url)
    assert (wrong.returncode, "PARTITION=OFFSET" in wrong.stderr) == (1, True)
    when = flowmesh("consumer-groups", "rewind", "history-service", TOPIC, "--to", "soon", "--url", mesh.url)
    assert (when.returncode, "is no time" in when.stderr) == (1, True)
    unknown = flowmesh("consumer-groups", "show", "nobody", "--url", mesh.url)
    assert (unknown.returncode, "CONSUMER_GROUP_NOT_FOUND" in unknown.stderr) == (1, True)


def test_dead_letters(mesh: Up) -> None:
    def listed(but: str = "", group: str = "history-service") -> Any:
        found = json.loads(text("dlq", "list", TOPIC, "--group", group, "--json", "--url", mesh.url))
        assert {letter["consumerGroup"] for letter in found} <= {group}
        return [letter["name"] for letter in found if letter["name"] != but]

    assert "has no dead letters" in text("dlq", "list", TOPIC, "--url", mesh.url)
    publish(mesh.folder / "bus.db", BusMessage(TOPIC, "poison", b"no event"))
    [name] = eventually(listed, "the dead letter", 20)
    # Each group that reads the topic has one of its own.
    [other] = eventually(lambda: listed(group="notification-service"), "the other group's dead letter", 20)
    assert "UNDECODABLE" in text("dlq", "list", TOPIC, "--url", mesh.url)
    assert listed(but=name) == []
    shown = text("dlq", "show", name, "--url", mesh.url)
    assert "UNDECODABLE, after 1 attempts of history-service" in shown
    assert "no event" in shown
    assert json.loads(text("dlq", "show", name, "--json", "--url", mesh.url))["consumerGroup"] == "history-service"

    assert "1 dead letters are replayed." in text("dlq", "replay", name, "--url", mesh.url)
    # It cannot be read this time either.
    [second] = eventually(lambda: listed(but=name), "the dead letter after the replay", 20)
    one_group = ("--all", TOPIC, "--group", "history-service")
    assert "1 dead letters are replayed." in text("dlq", "replay", *one_group, "--url", mesh.url)
    eventually(lambda: listed(but=second), "the third dead letter", 20)
    assert json.loads(text("dlq", "discard", second, "--json", "--url", mesh.url)) == {"count": 0}
    nobody = text("dlq", "discard", "--all", TOPIC, "--group", "nobody", "--url", mesh.url)
    assert "0 dead letters are discarded." in nobody
    assert listed(group="notification-service") == [other]
    assert "2 dead letters are discarded." in text("dlq", "discard", "--all", TOPIC, "--url", mesh.url)
    assert "has no dead letters" in text("dlq", "list", TOPIC, "--url", mesh.url)
    for arguments, says in (
        (("dlq", "replay"), "either names"),
        (("dlq", "replay", name, "--all", TOPIC), "either names"),
        (("dlq", "discard", name, "--group", "g"), "--group goes with --all"),
        (("dlq", "show", "nothing"), "DEAD_LETTER_NOT_FOUND"),
        (("dlq", "list", "nothing"), "TOPIC_NOT_FOUND"),
    ):
        done = flowmesh(*arguments, "--url", mesh.url)
        assert (done.returncode, says in done.stderr) == (1, True), done.stderr
