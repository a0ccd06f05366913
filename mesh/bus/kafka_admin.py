"""Topics and consumer groups of a Kafka cluster: creating, describing, rewinding.

Each operation has connections of its own: they are rare, and brokers come and go between them.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.coordinator.protocol import ConsumerProtocol
from aiokafka.errors import CommitFailedError, NotControllerError, TopicAlreadyExistsError, for_code
from aiokafka.protocol.metadata import MetadataRequest

from mesh.bus.kafka_address import KafkaAddress
from mesh.bus.kafka_errors import bus_errors
from mesh.bus.kafka_records import MAX_MESSAGE_BYTES
from mesh.bus.port import BusError, GroupActive, GroupOffset, RewindTarget, TopicSpec, TopicState
from mesh.bus.topics import DEAD_LETTER_SUFFIX

OPERATION_SECONDS = 30.0
PAUSE_SECONDS = 0.1
FOREVER_SECONDS = 1 << 40
DEAD_LETTER_SEGMENT_SECONDS = 86_400
"""Compaction leaves the newest segment alone, so it is closed after this time."""

log = logging.getLogger(__name__)


@contextlib.asynccontextmanager
async def _admin(address: KafkaAddress, what: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """Give a client for the length of a block, which is bounded in time. Raises `BusError`."""
    with bus_errors(what):
        async with asyncio.timeout(OPERATION_SECONDS):
            client = AIOKafkaAdminClient(**address.client_options())
            try:
                await client.start()
                yield client
            finally:
                await client.close()


@contextlib.asynccontextmanager
async def reader(address: KafkaAddress, *, group: str | None = None) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a consumer that is a member of no group; `group`: whose offsets it may commit. Raises what aiokafka does."""
    consumer = AIOKafkaConsumer(
        **address.client_options(),
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        fetch_max_wait_ms=100,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def check_reachable(address: KafkaAddress) -> None:
    """Raise `BusError` where the cluster does not answer."""
    async with _admin(address, f"Kafka at {','.join(address.servers)} cannot be used") as admin:
        await admin.describe_cluster()


async def ensure_topics(address: KafkaAddress, specs: Sequence[TopicSpec]) -> None:
    """See `Bus.ensure_topics`. Topics that exist are left as they are. Returns when all brokers know them."""
    async with _admin(address, "topics could not be created") as admin:
        names = {address.real(spec.name) for spec in specs}
        while missing := names - set(await admin.list_topics()):
            new = [_new_topic(address, spec) for spec in specs if address.real(spec.name) in missing]
            response = await admin.create_topics(new)
            for name, code, *message in response.topic_errors:
                kind = for_code(code)
                if code and not issubclass(kind, TopicAlreadyExistsError | NotControllerError) and not kind.retriable:
                    raise BusError(f"the topic {name} could not be created: {kind.__name__} {message}")
            await asyncio.sleep(PAUSE_SECONDS)
        # Created by the controller; the other brokers hear of it a moment later.
        while not all(map(_has_leaders, await _described(admin, names))):  # noqa: ASYNC110 - brokers call nobody
            await asyncio.sleep(PAUSE_SECONDS)


def _has_leaders(topic: Mapping[str, Any]) -> bool:
    return not topic["error_code"] and all(part["leader"] >= 0 for part in topic["partitions"])


async def _described(admin: AIOKafkaAdminClient, names: Iterable[str]) -> list[Mapping[str, Any]]:
    described: list[Mapping[str, Any]] = []
    cluster = await admin.describe_cluster()
    wanted = list(names)
    for broker in cluster["brokers"]:
        response = await admin._send_request(MetadataRequest(wanted), broker["node_id"])
        described += response.to_object()["topics"]
    return described


def _new_topic(address: KafkaAddress, spec: TopicSpec) -> NewTopic:
    settings = {
        "retention.ms": str(spec.retention_seconds * 1000),
        "min.insync.replicas": str(address.min_insync),
        "max.message.bytes": str(MAX_MESSAGE_BYTES),
    }
    if spec.name.endswith(DEAD_LETTER_SUFFIX):
        settings |= {"cleanup.policy": "compact,delete", "segment.ms": str(DEAD_LETTER_SEGMENT_SECONDS * 1000)}
    return NewTopic(address.real(spec.name), spec.partitions, address.replication, topic_configs=settings)


async def topic_states(address: KafkaAddress) -> list[TopicState]:
    """See `Bus.topics`."""
    async with _admin(address, "topics could not be read") as admin:
        found = {
            name: topic["partitions"]
            for topic in await admin.describe_topics()
            if not topic["is_internal"] and (name := address.ours(topic["topic"])) is not None
        }
        wanted = {"retention.ms": None, "min.insync.replicas": None}
        asked = [ConfigResource(ConfigResourceType.TOPIC, address.real(name), wanted) for name in found]
        settings: dict[str, dict[str, str]] = {}
        for answer in await admin.describe_configs(asked) if asked else []:
            for code, message, _, topic, entries in answer.resources:
                if code:
                    raise BusError(f"the settings of {topic} could not be read: {message}")
                settings[topic] = {entry[0]: entry[1] for entry in entries}
    states = []
    for name, partitions in sorted(found.items()):
        of = settings[address.real(name)]
        retention_ms = int(of["retention.ms"])
        states.append(
            TopicState(
                name,
                len(partitions),
                retention_ms // 1000 if retention_ms >= 0 else FOREVER_SECONDS,
                min(len(partition["replicas"]) for partition in partitions),
                int(of["min.insync.replicas"]),
            )
        )
    return states


async def missing_topics(address: KafkaAddress, topics: Iterable[str]) -> list[str]:
    """Return those of the topics that do not exist."""
    async with _admin(address, "topics could not be read") as admin:
        known = set(await admin.list_topics())
    return [topic for topic in topics if address.real(topic) not in known]


async def consumer_groups(address: KafkaAddress) -> list[str]:
    """See `Bus.consumer_groups`."""
    async with _admin(address, "consumer groups could not be read") as admin:
        found = await admin.list_consumer_groups()
    return sorted(name for group in found if (name := address.ours(group[0])) is not None)


async def group_offsets(address: KafkaAddress, group: str) -> list[GroupOffset]:
    """See `Bus.group_offsets`."""
    name = address.real(group)
    async with _admin(address, f"the offsets of {group} could not be read") as admin:
        committed = await admin.list_consumer_group_offsets(name)
        topics = {place.topic for place in committed} | _member_topics(await admin.describe_consumer_groups([name]))
        topics = {topic for topic in topics if address.ours(topic) is not None}
        places = [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in (await admin.describe_topics(sorted(topics)) if topics else [])
            for partition in topic["partitions"]
        ]
        async with reader(address) as consumer:
            begin = await consumer.beginning_offsets(places) if places else {}
            end = await consumer.end_offsets(places) if places else {}
    return [
        GroupOffset(
            address.ours(place.topic) or "",
            place.partition,
            committed[place].offset if place in committed and committed[place].offset >= 0 else None,
            begin[place],
            end[place],
        )
        for place in sorted(places)
    ]


def _member_topics(answers: Sequence[Any]) -> set[str]:
    """Return the topics that the members of the described groups have subscribed to."""
    topics: set[str] = set()
    for answer in answers:
        for group in answer.to_object()["groups"]:
            for member in group["members"]:
                if metadata := member["member_metadata"]:
                    topics.update(ConsumerProtocol.METADATA.decode(metadata).subscription)
    return topics


async def rewind(address: KafkaAddress, group: str, topic: str, target: RewindTarget) -> list[GroupOffset]:
    """See `Bus.rewind`."""
    name = address.real(topic)
    with bus_errors(f"{group} could not be rewound in {topic}"):
        async with asyncio.timeout(OPERATION_SECONDS), reader(address, group=address.real(group)) as consumer:
            if await missing_topics(address, [topic]):
                raise BusError(f"there is no topic {topic!r}")
            offsets = await _targets(consumer, name, target)
            consumer.assign(list(offsets))
            try:
                if offsets:
                    await consumer.commit(offsets)
            except CommitFailedError as error:
                # Without a membership, offsets are taken only while the group has no members.
                raise GroupActive(f"the consumer group {group} has members: stop them first") from error
    return [offset for offset in await group_offsets(address, group) if offset.topic == topic]


async def _targets(consumer: AIOKafkaConsumer, topic: str, target: RewindTarget) -> dict[Any, int]:
    numbers = await consumer._client._wait_on_metadata(topic)
    places = [TopicPartition(topic, number) for number in sorted(numbers)]
    begin = await consumer.beginning_offsets(places)
    end = await consumer.end_offsets(places)
    if target.offsets is not None:
        if unknown := sorted(set(target.offsets) - set(numbers)):
            raise BusError(f"the topic {topic!r} has no partition {unknown[0]}")
        return {
            place: min(max(target.offsets[place.partition], begin[place]), end[place])
            for place in places
            if place.partition in target.offsets
        }
    assert target.published_at_micros is not None
    # Rounded down: a message of the same millisecond comes again rather than not at all.
    found = await consumer.offsets_for_times(dict.fromkeys(places, target.published_at_micros // 1000))
    return {place: at.offset if (at := found.get(place)) is not None else end[place] for place in places}
