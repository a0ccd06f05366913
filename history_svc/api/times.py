"""Times and durations of requests as the rows keep them: whole microseconds."""

from __future__ import annotations

from typing import Final

from google.protobuf.message import Message

_MAX_MICROS: Final = 2**62


def micros_in(request: Message, field: str) -> int | None:
    """Return the time or duration in a field, None where it is unset.

    What a part of a microsecond would cut off begins with the next one. What no row can have is brought near enough.
    """
    if not request.HasField(field):
        return None
    time = getattr(request, field)
    micros: int = time.seconds * 1_000_000 - -time.nanos // 1_000
    return max(-_MAX_MICROS, min(_MAX_MICROS, micros))
