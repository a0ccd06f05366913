"""`flowmesh.monitoring.v1.ConsumerGroupService`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from flowmesh.monitoring.v1.consumer_group_service_pb2 import (
    ConsumerGroup,
    GetConsumerGroupRequest,
    GetConsumerGroupResponse,
    ListConsumerGroupsRequest,
    ListConsumerGroupsResponse,
    PartitionOffset,
    RewindConsumerGroupRequest,
    RewindConsumerGroupResponse,
)

from mesh.audit.operation import Operation
from mesh.audit.telling import AuditedBus
from mesh.bus.port import Bus, GroupActive, GroupOffset, RewindTarget
from mesh.errors import NotFound, Violation, WrongState
from mesh.logs import get_log
from mesh.paging import decode_page_token, encode_page_token, page_size_of
from mesh.validation import invalid
from monitoring_svc.asking import SERVICE, asking, caller

CONCURRENT_READS: Final = 4
"""Groups whose offsets are read at a time."""

_log = get_log(__name__)


class ConsumerGroupServicer:
    """Shows and rewinds consumer groups. `bus_seconds`: how long the bus may take."""

    def __init__(self, bus: Bus, bus_seconds: float) -> None:
        self._bus = bus
        self._audit = AuditedBus(bus, SERVICE)
        self._bus_seconds = bus_seconds
        self._reads = asyncio.Semaphore(CONCURRENT_READS)

    async def ListConsumerGroups(self, request: ListConsumerGroupsRequest) -> ListConsumerGroupsResponse:
        """List groups by name. Raises `InvalidField` for a foreign page token."""
        key = decode_page_token(request, str)
        size = page_size_of(request)
        async with asking(self._bus_seconds):
            names = sorted(await self._bus.consumer_groups())
            if key is not None:
                names = [name for name in names if name > str(key[0])]
            found = await asyncio.gather(*(self._offsets(name) for name in names[:size]))
        groups = [_group(name, offsets) for name, offsets in zip(names, found, strict=False)]
        token = encode_page_token(request, (names[size - 1],)) if len(names) > size else ""
        return ListConsumerGroupsResponse(consumer_groups=groups, next_page_token=token)

    async def GetConsumerGroup(self, request: GetConsumerGroupRequest) -> GetConsumerGroupResponse:
        """Read a group with its partitions. Raises `NotFound`."""
        async with asking(self._bus_seconds):
            offsets = await self._known(request.name)
        return GetConsumerGroupResponse(consumer_group=_group(request.name, offsets, partitions=True))

    async def RewindConsumerGroup(self, request: RewindConsumerGroupRequest) -> RewindConsumerGroupResponse:
        """Let a group go on from elsewhere. Raises `NotFound`, `InvalidField`, `WrongState` while it has members."""
        async with asking(self._bus_seconds):
            offsets = [at for at in await self._known(request.name) if at.topic == request.topic]
            if not offsets:
                text = f"The consumer group {request.name} has never read a topic {request.topic}."
                raise NotFound("TOPIC_NOT_FOUND", text, metadata={"topic": request.topic})
            target = _target(request, offsets)
            before = {str(at.partition): at.committed for at in offsets}
            operation = Operation("consumerGroup", request.name, before={"topic": request.topic, "offsets": before})
            try:
                async with self._audit.operation(operation) as came_of_it:
                    moved = await self._bus.rewind(request.name, request.topic, target)
                    came_of_it["offsets"] = {str(at.partition): at.committed for at in moved}
            except GroupActive as error:
                raise WrongState(
                    "CONSUMER_GROUP_ACTIVE",
                    f"The consumer group {request.name} has members at work: stop every process of its service, then "
                    "rewind it.",
                    metadata={"name": request.name},
                ) from error
            _log.info(
                "A consumer group was rewound",
                group=request.name,
                topic=request.topic,
                target=request.WhichOneof("target"),
                request_id=request.request_id,
                user_id=caller(),
            )
            after = await self._bus.group_offsets(request.name)
        return RewindConsumerGroupResponse(consumer_group=_group(request.name, after, partitions=True))

    async def _known(self, name: str) -> list[GroupOffset]:
        if name not in await self._bus.consumer_groups():
            text = f"There is no consumer group {name}."
            raise NotFound("CONSUMER_GROUP_NOT_FOUND", text, metadata={"name": name})
        return await self._bus.group_offsets(name)

    async def _offsets(self, name: str) -> list[GroupOffset]:
        async with self._reads:
            return await self._bus.group_offsets(name)


def _target(request: RewindConsumerGroupRequest, offsets: Sequence[GroupOffset]) -> RewindTarget:
    """Return where to go on from. Raises `InvalidField` for partitions and offsets that do not exist."""
    match request.WhichOneof("target"):
        case "oldest":
            return RewindTarget(published_at_micros=0)
        case "publish_time":
            return RewindTarget(published_at_micros=request.publish_time.ToMicroseconds())
        case _:
            there = {at.partition: at for at in offsets}
            faults = []
            for partition, offset in sorted(request.partitions.offsets.items()):
                field = f"partitions.offsets[{partition}]"
                at = there.get(partition)
                if at is None:
                    faults.append(Violation(field, f"The topic has the partitions 0 to {max(there)}."))
                elif not at.begin <= offset <= at.end:
                    faults.append(Violation(field, f"The partition has the offsets {at.begin} to {at.end}."))
            if faults:
                raise invalid(faults)
            return RewindTarget(offsets=dict(request.partitions.offsets))


def _group(name: str, offsets: Sequence[GroupOffset], *, partitions: bool = False) -> ConsumerGroup:
    return ConsumerGroup(
        name=name,
        lag=sum(at.lag for at in offsets),
        topics=sorted({at.topic for at in offsets}),
        partitions=[
            PartitionOffset(
                topic=at.topic,
                partition=at.partition,
                committed_offset=at.committed,
                begin_offset=at.begin,
                end_offset=at.end,
                lag=at.lag,
            )
            for at in (sorted(offsets, key=lambda at: (at.topic, at.partition)) if partitions else ())
        ],
    )
