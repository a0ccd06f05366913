"""Grants that processes share in Redis: found by the version of all grants, never older than what was told."""

from __future__ import annotations

from tests.access.guarding import PERMISSION, Guarded, eventually, guarded
from tests.infrastructure.identity import Identity, access
from tests.infrastructure.redis import RedisServer

PATIENT = {"cache_timeout_milliseconds": 5_000.0}


async def linked(service: Guarded) -> None:
    await eventually(lambda: service.access.shares)


async def test_second_process_finds_what_the_first_has_read(identity: Identity, redis_server: RedisServer) -> None:
    identity.allow(access("ann", PERMISSION))
    shared = {"cache_url": redis_server.url, **PATIENT}
    async with guarded(identity, **shared) as first, guarded(identity, **shared) as second:
        await linked(first)
        await linked(second)
        token = identity.token("ann")
        assert await first.get(token) == await second.get(token) == "OK"
        assert identity.asked == ["ann"]
        identity.allow(access("ann", "jobs.*"))
        await first.until(token, "ACCESS_DENIED")
        await second.until(token, "ACCESS_DENIED")
    # One that begins later finds it as well, and nothing older.
    asked = len(identity.asked)
    async with guarded(identity, **shared) as third:
        await linked(third)
        assert await third.get(identity.token("ann")) == "ACCESS_DENIED"
        assert len(identity.asked) == asked


async def test_change_while_redis_cannot_be_reached(identity: Identity, redis_server: RedisServer) -> None:
    identity.allow(access("ann", PERMISSION))
    shared = {"cache_url": redis_server.url, **PATIENT}
    async with guarded(identity, **shared) as first:
        await linked(first)
        assert await first.get(identity.token("ann")) == "OK"
        redis_server.pause()
        identity.allow(access("ann", "jobs.*"))
        await first.until(identity.token("ann"), "ACCESS_DENIED", 20)
        redis_server.resume()
    # What lies in Redis is of before the change.
    async with guarded(identity, **shared) as second:
        await linked(second)
        assert await second.get(identity.token("ann")) == "ACCESS_DENIED"


async def test_who_called_lately_is_known_at_the_start(identity: Identity, redis_server: RedisServer) -> None:
    for number in range(20):
        identity.allow(access(f"user{number}", PERMISSION))
    shared = {"cache_url": redis_server.url, **PATIENT}
    async with guarded(identity, **shared) as first:
        await linked(first)
        for number in range(20):
            assert await first.get(identity.token(f"user{number}")) == "OK"
    async with guarded(identity, **shared) as second:
        await eventually(lambda: len(second.access.subjects) == 20)
        asked = len(identity.asked)
        assert await second.get(identity.token("user7")) == "OK"
        assert len(identity.asked) == asked
