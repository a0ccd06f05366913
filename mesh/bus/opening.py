"""Opens the bus that a URL names."""

from __future__ import annotations

from mesh.bus.local import LocalBus
from mesh.bus.port import Bus, BusError
from mesh.clock import Clock
from mesh.db.schema import sqlite_path


def is_broker(url: str) -> bool:
    """Say whether a bus's URL names a broker, which may come and go, rather than a file."""
    return url.startswith("kafka://")


async def open_bus(url: str, *, event_topics: str = "domain", clock: Clock | None = None) -> Bus:
    """Open the bus at `sqlite:///PATH` or `kafka://HOST:PORT[,...][?...]` (see `mesh.bus.kafka_address`).

    `event_topics`: whether events go to the topic of their `domain`, of their `type`, or `both`. `clock` is for the
    bus in a file; brokers have their own. Raises `BusError`, `DatabaseUnavailable`.
    """
    bus = await _open(url, clock)
    if event_topics == "domain":
        return bus
    from mesh.bus.typed_topics import BOTH, TypedTopicsBus

    return TypedTopicsBus(bus, both=event_topics == BOTH)


async def _open(url: str, clock: Clock | None) -> Bus:
    if not is_broker(url):
        path = sqlite_path(url) if url.startswith("sqlite:///") else None
        if path is None:
            raise BusError("the URL of the bus starts with sqlite:/// or kafka://")
        return await LocalBus.open(path, clock=clock)
    # The embedded profile starts without Kafka's client.
    from mesh.bus.kafka import KafkaBus
    from mesh.bus.kafka_address import parse_address

    return await KafkaBus.open(parse_address(url))


def expected_copies(url: str) -> tuple[int, int]:
    """Return replication and min in-sync replicas that topics of the bus should have. Raises `BusError`."""
    if not is_broker(url):
        return 1, 1
    from mesh.bus.kafka_address import parse_address

    address = parse_address(url)
    return address.replication, address.min_insync
