"""Opens the bus that a URL names."""

from __future__ import annotations

from mesh.bus.local import LocalBus
from mesh.bus.port import Bus, BusError
from mesh.clock import Clock
from mesh.db.schema import sqlite_path


def is_broker(url: str) -> bool:
    """Say whether a bus's URL names a broker, which may come and go, rather than a file."""
    return url.startswith("kafka://")


async def open_bus(url: str, *, clock: Clock | None = None) -> Bus:
    """Open the bus at `sqlite:///PATH` or `kafka://HOST:PORT[,...][?...]` (see `mesh.bus.kafka_address`).

    `clock` is for the bus in a file; brokers have their own. Raises `BusError`, `DatabaseUnavailable`.
    """
    if not is_broker(url):
        path = sqlite_path(url) if url.startswith("sqlite:///") else None
        if path is None:
            raise BusError("the URL of the bus starts with sqlite:/// or kafka://")
        return await LocalBus.open(path, clock=clock)
    # The embedded profile starts without Kafka's client.
    from mesh.bus.kafka import KafkaBus
    from mesh.bus.kafka_address import parse_address

    return await KafkaBus.open(parse_address(url))
