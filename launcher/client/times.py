"""Times as people write them on a command line."""

from __future__ import annotations

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from launcher.client.failure import CommandFailed


def timestamp(text: str) -> Timestamp:
    """Read an ISO 8601 time; without a zone it is the machine's. Raises CommandFailed."""
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise CommandFailed(f"{text} is no time such as 2030-01-31T09:00:00Z") from None
    found = Timestamp()
    found.FromDatetime(moment)
    return found
