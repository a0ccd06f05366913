"""Headers of messages on the bus that this mesh gives a meaning."""

from __future__ import annotations

from collections.abc import Mapping

DEAD_LETTER_PREFIX = "dlq-"
REASON = "dlq-reason"
"""Why the message is a dead letter, as one word in capitals."""
STACK = "dlq-stack"
"""The error with its stack."""
ATTEMPTS = "dlq-attempts"
GROUP = "dlq-group"
"""The consumer group that could not deal with it."""
ORIGINAL_TOPIC = "dlq-topic"
ORIGINAL_PARTITION = "dlq-partition"
ORIGINAL_OFFSET = "dlq-offset"
FAILED_AT = "dlq-failed-at"
"""When it became a dead letter, in microseconds since the Unix epoch."""
REPLAY_FOR = "replay-for"
"""A replayed message concerns only this consumer group; the others have dealt with it."""


def replayed(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a dead letter as they are when it is published again."""
    kept = {name: value for name, value in headers.items() if not name.startswith(DEAD_LETTER_PREFIX)}
    if group := headers.get(GROUP):
        kept[REPLAY_FOR] = group
    return kept
