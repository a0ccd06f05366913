"""Keeps aiokafka from filling the log: while a broker is away it says so ten times a second."""

from __future__ import annotations

import logging
import time

SECONDS = 30.0
LOGGERS = (
    "aiokafka",
    "aiokafka.conn",
    "aiokafka.consumer.consumer",
    "aiokafka.consumer.fetcher",
    "aiokafka.consumer.group_coordinator",
    "aiokafka.consumer.subscription_state",
    "aiokafka.producer.producer",
    "aiokafka.producer.sender",
)


class OncePerLine(logging.Filter):
    """Lets a line of the source log once in `SECONDS`; what would have been said in between is dropped."""

    def __init__(self) -> None:
        super().__init__()
        self._next: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether to log."""
        line = (record.pathname, record.lineno)
        now = time.monotonic()
        if now < self._next.get(line, 0.0):
            return False
        self._next[line] = now + SECONDS
        return True


def quieten() -> None:
    """Put the filter on aiokafka's loggers, once."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(found, OncePerLine) for found in logger.filters):
            logger.addFilter(OncePerLine())
            # Joining and leaving groups is told as well, many lines each time.
            logger.setLevel(logging.WARNING)
