"""Times of the contract, from microseconds since the Unix epoch."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp


def timestamp(micros: int) -> Timestamp:
    """Return a time as the contract has it."""
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def micros_of(time: Timestamp) -> int:
    """Return a time of the contract in microseconds."""
    return time.seconds * 1_000_000 + time.nanos // 1000
