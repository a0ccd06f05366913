"""Times of messages as the engine counts them: microseconds since the Unix epoch."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp

EARLIEST_MICROS = -62_135_596_800_000_000
LATEST_MICROS = 253_402_300_799_999_999
"""What a Timestamp can hold: the years 1 to 9999."""


def micros_of(time: Timestamp) -> int:
    """Return a time in microseconds; nanoseconds below one are cut off."""
    return time.seconds * 1_000_000 + time.nanos // 1000


def exact_timestamp(micros: int) -> Timestamp:
    """Return microseconds as a message, whatever they are."""
    seconds, rest = divmod(micros, 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)
