"""How many webhooks go to one host at once, so that a slow receiver does not take the places of all others."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

MOST_MARKS = 10_000
"""Slow hosts that are remembered while nothing is sent to them."""


def host_of(url: str) -> str:
    """Return the host of a URL, by which receivers are told apart; empty where it has none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".").lower()
    except ValueError:
        return ""


@dataclass(slots=True)
class _Host:
    places: asyncio.Semaphore
    under: int = 0
    slow: bool = False


@dataclass(slots=True)
class Hosts:
    """The hosts to which one process sends.

    `each`: messages to one host at once. One that let the last message wait for more than `slow_seconds` gets one at a
    time, and all such ones together at most half of `places`, until one answers sooner.
    """

    places: int
    each: int
    slow_seconds: float
    _hosts: dict[str, _Host] = field(default_factory=dict)

    def room(self, host: str) -> int:
        """Return how many more deliveries to a host may be claimed."""
        found = self._hosts.get(host)
        if found is None:
            return 2 * self.each
        if not found.slow:
            return max(0, 2 * self.each - found.under)
        return int(found.under == 0 and self.slow_room() > 0)

    def slow_room(self) -> int:
        """Return how many more slow hosts may get something at once."""
        busy = sum(1 for one in self._hosts.values() if one.slow and one.under)
        return max(0, max(1, self.places // 2) - busy)

    def rooms(self, named: Mapping[str, str]) -> dict[str, int]:
        """Return how many deliveries to each of some receivers may be claimed together; `named` has their hosts."""
        rooms: dict[str, int] = {}
        left: dict[str, int] = {}
        for_slow = self.slow_room()
        among = Counter(named.values())
        # Several webhooks may lead to one host; where there is no room for all of them, chance says whose turn it is.
        for one, host in random.sample(sorted(named.items()), len(named)):
            there = left.setdefault(host, self.room(host))
            rooms[one] = min(there, max(1, self.room(host) // among[host]))
            if self._is_slow(host):
                rooms[one] = min(rooms[one], for_slow)
                for_slow -= rooms[one]
            left[host] = there - rooms[one]
        return rooms

    def claim(self, host: str) -> None:
        """Note that a delivery to a host was claimed."""
        self._host(host).under += 1

    def done(self, host: str) -> bool:
        """Note that a claimed delivery is done; say whether others of its host may have waited for that."""
        found = self._host(host)
        full = self.room(host) == 0
        found.under -= 1
        if not found.under and (not found.slow or len(self._hosts) > MOST_MARKS):
            del self._hosts[host]
        return full

    def note(self, host: str, seconds: float, *, timed_out: bool = False) -> None:
        """Note how long a message took, and whether its time ran out: that of a connection is short."""
        self._host(host).slow = timed_out or seconds > self.slow_seconds

    @asynccontextmanager
    async def place(self, host: str) -> AsyncIterator[None]:
        """Wait for a place at a host that has claimed deliveries."""
        async with self._host(host).places:
            yield

    def _is_slow(self, host: str) -> bool:
        found = self._hosts.get(host)
        return found is not None and found.slow

    def _host(self, host: str) -> _Host:
        found = self._hosts.get(host)
        if found is None:
            found = self._hosts[host] = _Host(asyncio.Semaphore(self.each))
        return found
