"""Everything that lies on the workflow topic, read without the mesh's own code."""

from __future__ import annotations

from aiokafka import AIOKafkaConsumer, TopicPartition
from flowmesh.events.v1.event_pb2 import EventEnvelope

TOPIC = "workflow-execution-events"


async def copies_of_events(bootstrap: str) -> list[list[EventEnvelope]]:
    """Return the events of each partition as they lie, copies among them."""
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        partitions = consumer.assignment()
        ends = await consumer.end_offsets(partitions)
        events: dict[TopicPartition, list[EventEnvelope]] = {partition: [] for partition in partitions}
        while any([await consumer.position(partition) < ends[partition] for partition in partitions]):
            for partition, records in (await consumer.getmany(timeout_ms=1000)).items():
                events[partition] += [EventEnvelope.FromString(record.value) for record in records]
        return list(events.values())
    finally:
        await consumer.stop()
