"""Times of events as the rows keep them: microseconds since the Unix epoch."""

from __future__ import annotations

from google.protobuf.timestamp_pb2 import Timestamp


def micros_of(time: Timestamp) -> int:
    """Return a timestamp in microseconds; 0 where it is unset."""
    return time.seconds * 1_000_000 + time.nanos // 1_000
