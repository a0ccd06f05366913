"""Counts calls in a Redis that all gateways share.

Each caller has a time: until then what it called is paid for by what it may call. A call moves it on by the period's
part that one call has; where it would lie further ahead than the burst allows, the call is refused and costs nothing.
So a caller is one key of a few bytes that ends by itself, and the limit has no edges: the burst fills up again
evenly. Redis' own clock is the only one.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from mesh.logs import get_log

CONNECTIONS = 8
PAUSE_SECONDS = 1.0
"""How long nobody asks a Redis that has not answered."""

_PREFIX = "flowmesh:gateway:calls:"
# Microseconds fit into the numbers of Lua exactly; as texts they are written without an exponent.
_COUNT = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local each, burst, calls = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local paid = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now)
local ahead = paid + each * calls - now
local limit = each * burst
if ahead > limit then
  return {0, 0, ahead - limit, paid - now}
end
redis.call('SET', KEYS[1], string.format('%.0f', now + ahead), 'PX', math.max(1, math.ceil(ahead / 1000)))
return {1, math.floor((limit - ahead) / each), 0, ahead}
"""

_log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class Counted:
    """What became of a call."""

    allowed: bool
    remaining: int
    """Calls that may follow at once."""
    retry_seconds: int
    """Where it was refused: whole seconds after which it may be made again."""
    reset_seconds: int
    """Whole seconds after which the whole burst is there again."""


class CallCounter:
    """`number` calls in `period` seconds for each caller, at most `burst` of them at once."""

    def __init__(self, url: str, *, number: int, period: float, burst: int, answer_seconds: float) -> None:
        self.number = number
        self.period = period
        self._burst = burst
        self._each = round(period * 1_000_000 / number)
        self._not_before = 0.0
        self._redis = Redis.from_pool(
            BlockingConnectionPool.from_url(
                url,
                max_connections=CONNECTIONS,
                timeout=answer_seconds,
                socket_timeout=answer_seconds,
                socket_connect_timeout=answer_seconds,
                # Whoever waits here is a caller, who goes on without an answer.
                retry=Retry(NoBackoff(), 0),
            )
        )
        self._script = self._redis.register_script(_COUNT)

    async def count(self, caller: str, calls: int = 1) -> Counted | None:
        """Count calls; None where Redis does not answer, or has not just now."""
        if time.monotonic() < self._not_before:
            return None
        try:
            allowed, remaining, retry, reset = await self._script(
                keys=[_PREFIX + caller], args=[self._each, self._burst, calls]
            )
        except (RedisError, OSError) as error:
            # Several calls may find out together; one line is enough.
            if self._not_before < time.monotonic():
                _log.warning("Redis does not answer; each gateway counts calls by itself", error=str(error))
            self._not_before = time.monotonic() + PAUSE_SECONDS
            return None
        return Counted(bool(allowed), remaining, _seconds(retry), _seconds(reset))

    async def close(self) -> None:
        """Close the connections."""
        await self._redis.aclose()


def _seconds(microseconds: int) -> int:
    return math.ceil(microseconds / 1_000_000)
