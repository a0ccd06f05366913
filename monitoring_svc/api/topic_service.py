"""`flowmesh.monitoring.v1.TopicService`."""

from __future__ import annotations

from collections.abc import Sequence

from flowmesh.monitoring.v1.topic_service_pb2 import (
    EnsureTopicsRequest,
    EnsureTopicsResponse,
    ListTopicsRequest,
    ListTopicsResponse,
    Topic,
    TopicShape,
)
from google.protobuf.duration_pb2 import Duration

from mesh.audit.operation import Operation, maker_of
from mesh.audit.telling import AuditedBus
from mesh.bus.drift import MISSING, TopicDrift, compare
from mesh.bus.port import Bus, TopicSpec, TopicState
from mesh.call import find_call
from mesh.logs import get_log
from monitoring_svc.asking import SERVICE, asking, caller

_log = get_log(__name__)


class TopicServicer:
    """Shows the topics of the bus and creates what is missing.

    `bus_seconds`: how long the bus may take; `expected`: the topics as they should be; `copies`: the replication and
    the min in-sync replicas that they should have.
    """

    def __init__(self, bus: Bus, bus_seconds: float, expected: Sequence[TopicSpec], copies: tuple[int, int]) -> None:
        self._bus = bus
        self._audit = AuditedBus(bus, SERVICE)
        self._bus_seconds = bus_seconds
        self._expected = tuple(expected)
        self._copies = copies

    async def ListTopics(self, request: ListTopicsRequest) -> ListTopicsResponse:
        """List what is and what should be."""
        topics = await self._topics()
        return ListTopicsResponse(topics=[topic for topic in topics if topic.drifts or not request.drifted_only])

    async def EnsureTopics(self, request: EnsureTopicsRequest) -> EnsureTopicsResponse:
        """Create what is missing."""
        missing = {topic.name for topic in await self._topics() if not topic.HasField("actual")}
        if missing:
            async with asking(self._bus_seconds):
                await self._bus.ensure_topics([spec for spec in self._expected if spec.name in missing])
        topics = await self._topics()
        created = [topic.name for topic in topics if topic.name in missing and topic.HasField("actual")]
        if created:
            # Only now: the audit's own topic may have been among them.
            async with asking(self._bus_seconds):
                operation = Operation("topics", "", action="topics.ensure", after={"created": created})
                await self._audit.tell(operation, maker_of(find_call()))
            _log.info("Topics were created", topics=created, request_id=request.request_id, user_id=caller())
        return EnsureTopicsResponse(topics=topics, created=created)

    async def _topics(self) -> list[Topic]:
        async with asking(self._bus_seconds):
            states = await self._bus.topics()
        return _topics(self._expected, states, *self._copies)


def _topics(
    specs: Sequence[TopicSpec], states: Sequence[TopicState], replication: int, min_insync_replicas: int
) -> list[Topic]:
    expected = {
        spec.name: TopicState(spec.name, spec.partitions, spec.retention_seconds, replication, min_insync_replicas)
        for spec in specs
    }
    actual = {state.name: state for state in states}
    drifts: dict[str, list[str]] = {}
    for drift in compare(specs, states, replication=replication, min_insync_replicas=min_insync_replicas):
        drifts.setdefault(drift.topic, []).append(_sentence(drift))
    return [
        Topic(
            name=name,
            actual=_shape(actual.get(name)),
            expected=_shape(expected.get(name)),
            drifts=drifts.get(name, ()),
        )
        for name in sorted({*expected, *actual})
    ]


def _sentence(drift: TopicDrift) -> str:
    return "does not exist" if drift.what == MISSING else f"{drift.what} is {drift.found}, should be {drift.wanted}"


def _shape(state: TopicState | None) -> TopicShape | None:
    if state is None:
        return None
    return TopicShape(
        partitions=state.partitions,
        retention=Duration(seconds=state.retention_seconds),
        replication=state.replication,
        min_insync_replicas=state.min_insync_replicas,
    )
