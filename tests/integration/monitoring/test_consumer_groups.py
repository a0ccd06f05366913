"""Consumer groups through the real server on the real local bus."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from flowmesh.monitoring.v1 import consumer_group_service_pb2 as pb
from google.protobuf.empty_pb2 import Empty
from google.protobuf.timestamp_pb2 import Timestamp

from mesh.bus.port import Bus, BusMessage
from mesh.metrics import Metrics
from mesh.status import error_info_of, reason_of, status_of
from monitoring_svc.lag import LagSampler
from tests.integration.monitoring.consuming import BOTH_BUSES, TOPIC

KEY = "one partition"


async def publish(bus: Bus, count: int) -> None:
    await bus.publish([BusMessage(TOPIC, KEY, b"%d" % number) for number in range(count)])


async def take(bus: Bus, group: str, count: int) -> list[bytes]:
    """Take messages in the name of a group, commit them, and leave."""
    consumer = await bus.consumer(group, [TOPIC])
    messages = await consumer.poll(count, 5) if count else []
    await consumer.commit(messages)
    await consumer.close()
    return [message.value for message in messages]


async def partition_of_key(bus: Bus) -> int:
    await publish(bus, 1)
    consumer = await bus.consumer("finder", [TOPIC])
    [message] = await consumer.poll(1, 5)
    await consumer.commit([message])
    await consumer.close()
    return message.partition


@BOTH_BUSES
async def test_lag_by_partition(bus: Bus, groups: Any) -> None:
    partition = await partition_of_key(bus)
    await publish(bus, 9)
    await take(bus, "billing", 4)
    group = (await groups.GetConsumerGroup(pb.GetConsumerGroupRequest(name="billing"))).consumer_group
    assert (group.name, group.lag, list(group.topics)) == ("billing", 6, [TOPIC])
    [at] = [at for at in group.partitions if at.partition == partition]
    assert (at.topic, at.committed_offset, at.begin_offset, at.end_offset, at.lag) == (TOPIC, 4, 0, 10, 6)
    assert [(at.topic, at.partition) for at in group.partitions] == sorted(
        (at.topic, at.partition) for at in group.partitions
    )
    listed = (await groups.ListConsumerGroups(pb.ListConsumerGroupsRequest())).consumer_groups
    assert [(one.name, one.lag) for one in listed] == [("billing", 6), ("finder", 9)]
    assert all(not one.partitions for one in listed)


@BOTH_BUSES
async def test_pages(bus: Bus, groups: Any) -> None:
    await publish(bus, 1)
    names = [f"group-{number}" for number in range(7)]
    for name in names:
        await take(bus, name, 1)
    found: list[str] = []
    request = pb.ListConsumerGroupsRequest(page_size=3)
    sizes = []
    while True:
        answer = await groups.ListConsumerGroups(request)
        sizes.append(len(answer.consumer_groups))
        found += [group.name for group in answer.consumer_groups]
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    assert (found, sizes) == (names, [3, 3, 1])


@BOTH_BUSES
async def test_a_group_goes_back_to_the_oldest_to_a_time_and_to_offsets(bus: Bus, groups: Any) -> None:
    partition = await partition_of_key(bus)
    await publish(bus, 5)
    middle = Timestamp()
    middle.GetCurrentTime()
    await publish(bus, 3)
    assert len(await take(bus, "billing", 100)) == 9

    answer = await groups.RewindConsumerGroup(
        pb.RewindConsumerGroupRequest(name="billing", topic=TOPIC, oldest=Empty(), request_id="r-1")
    )
    assert answer.consumer_group.lag == 9
    assert len(await take(bus, "billing", 100)) == 9

    await groups.RewindConsumerGroup(pb.RewindConsumerGroupRequest(name="billing", topic=TOPIC, publish_time=middle))
    assert await take(bus, "billing", 100) == [b"0", b"1", b"2"]

    offsets = pb.PartitionOffsets(offsets={partition: 7})
    answer = await groups.RewindConsumerGroup(
        pb.RewindConsumerGroupRequest(name="billing", topic=TOPIC, partitions=offsets)
    )
    assert answer.consumer_group.lag == 2
    assert await take(bus, "billing", 100) == [b"1", b"2"]


@BOTH_BUSES
async def test_refused_while_members_are_at_work(bus: Bus, groups: Any) -> None:
    await publish(bus, 3)
    await take(bus, "billing", 3)
    consumer = await bus.consumer("billing", [TOPIC])
    request = pb.RewindConsumerGroupRequest(name="billing", topic=TOPIC, oldest=Empty())
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await groups.RewindConsumerGroup(request)
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert reason_of(caught.value) == "CONSUMER_GROUP_ACTIVE"
    assert "stop every process of its service" in str(caught.value.details())
    group = (await groups.GetConsumerGroup(pb.GetConsumerGroupRequest(name="billing"))).consumer_group
    assert group.lag == 0
    await consumer.close()
    assert (await groups.RewindConsumerGroup(request)).consumer_group.lag == 3


@pytest.mark.parametrize(
    ("method", "request_", "reason", "says"),
    [
        pytest.param(
            "GetConsumerGroup",
            pb.GetConsumerGroupRequest(name="else"),
            "CONSUMER_GROUP_NOT_FOUND",
            "else",
            id="unknown",
        ),
        pytest.param("GetConsumerGroup", pb.GetConsumerGroupRequest(), "FIELD_INVALID", "name", id="no name"),
        pytest.param(
            "ListConsumerGroups",
            pb.ListConsumerGroupsRequest(page_token="x"),
            "PAGE_TOKEN_INVALID",
            "page_token",
            id="foreign token",
        ),
        pytest.param(
            "ListConsumerGroups",
            pb.ListConsumerGroupsRequest(page_size=501),
            "FIELD_INVALID",
            "page_size",
            id="large page",
        ),
        pytest.param(
            "RewindConsumerGroup",
            pb.RewindConsumerGroupRequest(name="billing", topic=TOPIC),
            "FIELD_INVALID",
            "target",
            id="nowhere",
        ),
        pytest.param(
            "RewindConsumerGroup",
            pb.RewindConsumerGroupRequest(name="else", topic=TOPIC, oldest=Empty()),
            "CONSUMER_GROUP_NOT_FOUND",
            "else",
            id="unknown group",
        ),
        pytest.param(
            "RewindConsumerGroup",
            pb.RewindConsumerGroupRequest(name="billing", topic="user-permission-events", oldest=Empty()),
            "TOPIC_NOT_FOUND",
            "user-permission-events",
            id="a topic it never read",
        ),
        pytest.param(
            "RewindConsumerGroup",
            pb.RewindConsumerGroupRequest(name="billing", topic=TOPIC, partitions=pb.PartitionOffsets(offsets={99: 0})),
            "FIELD_INVALID",
            "partitions.offsets[99]",
            id="no such partition",
        ),
        pytest.param(
            "RewindConsumerGroup",
            pb.RewindConsumerGroupRequest(
                name="billing", topic=TOPIC, partitions=pb.PartitionOffsets(offsets={0: 10**15})
            ),
            "FIELD_INVALID",
            "The partition has the offsets 0 to",
            id="beyond the end",
        ),
        pytest.param(
            "RewindConsumerGroup",
            pb.RewindConsumerGroupRequest(name="billing", topic=TOPIC, partitions=pb.PartitionOffsets()),
            "FIELD_INVALID",
            "partitions.offsets",
            id="no offsets",
        ),
        pytest.param(
            "RewindConsumerGroup",
            pb.RewindConsumerGroupRequest(name="billing", topic=TOPIC, publish_time=Timestamp(seconds=-1)),
            "FIELD_INVALID",
            "publish_time",
            id="before 1970",
        ),
    ],
)
async def test_bad_input_is_refused_and_moves_nothing(
    bus: Bus, groups: Any, method: str, request_: Any, reason: str, says: str
) -> None:
    await publish(bus, 2)
    await take(bus, "billing", 2)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await getattr(groups, method)(request_)
    assert reason_of(caught.value) == reason
    info = error_info_of(caught.value)
    assert info is not None
    assert info.domain == "flowmesh.monitoring"
    assert says in str(status_of(caught.value))
    group = (await groups.GetConsumerGroup(pb.GetConsumerGroupRequest(name="billing"))).consumer_group
    assert group.lag == 0


@BOTH_BUSES
async def test_lag_as_a_metric(bus: Bus) -> None:
    metrics = Metrics()
    sampler = LagSampler(bus, metrics, 60, 5)
    await publish(bus, 4)
    await take(bus, "billing", 1)
    await sampler.sample()
    line = f'flowmesh_consumer_group_lag{{group="billing",topic="{TOPIC}"}} '
    assert f"{line}3.0" in metrics.exposition()[0].decode()
    await take(bus, "billing", 3)
    await sampler.sample()
    assert f"{line}0.0" in metrics.exposition()[0].decode()
