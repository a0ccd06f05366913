"""What the header `Retry-After` asks for (RFC 9110, 10.2.3)."""

from __future__ import annotations

import math
from email.utils import parsedate_to_datetime

LONGEST_SECONDS = 86_400.0


def retry_after_seconds(text: str, now: float) -> float:
    """Return the seconds to wait from `now` (since 1970), at most a day; 0 where the text says nothing."""
    text = text.strip()
    try:
        seconds = float(text) if text.isascii() and text.isdigit() else parsedate_to_datetime(text).timestamp() - now
    except (ValueError, OverflowError):
        return 0.0
    return min(max(0.0, math.ceil(seconds)), LONGEST_SECONDS)
