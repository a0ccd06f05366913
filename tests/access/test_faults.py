"""The identity service is down, slow, silent or cut off; keys change under traffic; messages are lost."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mesh.access import subjects
from tests.access.guarding import PERMISSION, Guarded, eventually, guarded
from tests.infrastructure.identity import Identity, SigningKey, access, identity_service
from tests.infrastructure.tcp_proxy import TcpProxy

DOWN = "DEPENDENCY_UNAVAILABLE"


@asynccontextmanager
async def behind_proxy(identity: Identity) -> AsyncIterator[tuple[Guarded, TcpProxy]]:
    proxy = TcpProxy("127.0.0.1", identity.port)
    port = await proxy.start()
    try:
        async with guarded(identity, address=f"127.0.0.1:{port}") as service:
            yield service, proxy
    finally:
        await proxy.stop()


class Traffic:
    """Calls one after the other, and how they ended."""

    def __init__(self, service: Guarded, identity: Identity, subject: str) -> None:
        self._service = service
        self._identity = identity
        self._subject = subject
        self.outcomes: Counter[str] = Counter()
        self.slowest = 0.0
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            started = time.monotonic()
            self.outcomes[await self._service.get(self._identity.token(self._subject))] += 1
            self.slowest = max(self.slowest, time.monotonic() - started)
            await asyncio.sleep(0.01)

    async def end(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        assert self._task.cancelled() or self._task.exception() is None


async def test_down_from_the_start() -> None:
    async with identity_service() as identity:
        identity.allow(access("ann", PERMISSION))
        await identity.stop()
        async with guarded(identity, wait=False) as service:
            assert await service.get(identity.token("ann")) == DOWN
            # What cannot be right is refused as ever.
            assert await service.get(None) == "CREDENTIALS_INVALID"
            await identity.start()
            await service.until(identity.token("ann"), "OK", 10)


async def test_calls_go_on_while_it_is_down_and_it_counts_again_afterwards(identity: Identity) -> None:
    async with guarded(identity) as service:
        identity.allow(access("ann", PERMISSION))
        identity.allow(access("bob", "jobs.*"))
        ann, bob = identity.token("ann"), identity.token("bob")
        assert await service.get(ann) == "OK"
        assert await service.get(bob) == "ACCESS_DENIED"
        await identity.stop()
        traffic = Traffic(service, identity, "ann")
        await asyncio.sleep(subjects.TRUSTED_SECONDS + 2.5)
        await traffic.end()
        # Also tokens that were not seen before: their key is known.
        assert set(traffic.outcomes) == {"OK"}
        assert traffic.slowest < 1.5
        assert await service.get(bob) == "ACCESS_DENIED"
        assert await service.get(identity.token("new")) == DOWN
        # Meanwhile: nobody could be told.
        identity.subjects["ann"] = access("ann", "jobs.*")
        identity.version += 1
        identity.revoke("session-of-bob")
        await identity.start()
        await service.until(ann, "ACCESS_DENIED")
        await service.until(bob, "SESSION_REVOKED")


async def test_stands_still(identity: Identity) -> None:
    async with behind_proxy(identity) as (service, proxy):
        identity.allow(access("ann", PERMISSION))
        identity.allow(access("bob", PERMISSION))
        ann, bob = identity.token("ann"), identity.token("bob")
        assert await service.get(ann) == await service.get(bob) == "OK"
        proxy.hang()
        traffic = Traffic(service, identity, "ann")
        await asyncio.sleep(subjects.TRUSTED_SECONDS + 4)
        await traffic.end()
        assert set(traffic.outcomes) == {"OK"}
        # One answer is waited for, and not by every call.
        assert traffic.slowest < 2.5
        assert traffic.outcomes["OK"] > 100
        identity.revoke("session-of-bob")
        identity.allow(access("ann"))
        proxy.flow()
        await asyncio.gather(service.until(ann, "ACCESS_DENIED"), service.until(bob, "SESSION_REVOKED"))


async def test_slow(identity: Identity) -> None:
    async with guarded(identity) as service:
        identity.allow(access("ann", PERMISSION))
        identity.allow(access("bob", PERMISSION))
        assert await service.get(identity.token("ann")) == "OK"
        identity.answer_seconds = 1.0
        assert await service.get(identity.token("bob")) == "OK"
        identity.answer_seconds = 3.0
        started = time.monotonic()
        assert await service.get(identity.token("eve")) == DOWN
        assert time.monotonic() - started < 2.8
        assert await service.get(identity.token("ann")) == await service.get(identity.token("bob")) == "OK"


async def test_so_slow_that_the_stream_takes_several_attempts(identity: Identity) -> None:
    identity.answer_seconds = 3.0
    async with guarded(identity, wait=False) as service:
        await eventually(lambda: service.access.watch.up, 15)


async def test_stream_that_says_nothing(identity: Identity) -> None:
    """The connection stands, single calls are answered, but the stream is mute: as behind a proxy that buffers."""
    async with guarded(identity) as service:
        identity.allow(access("ann", PERMISSION))
        identity.allow(access("bob", PERMISSION))
        ann, bob = identity.token("ann"), identity.token("bob")
        assert await service.get(ann) == await service.get(bob) == "OK"
        identity.silent = True
        await asyncio.sleep(0.5)
        identity.allow(access("ann"))
        identity.revoke("session-of-bob")
        await asyncio.gather(service.until(ann, "ACCESS_DENIED"), service.until(bob, "SESSION_REVOKED"))


async def test_stream_is_cut(identity: Identity) -> None:
    async with guarded(identity) as service:
        identity.allow(access("ann", PERMISSION))
        identity.allow(access("bob", PERMISSION))
        ann, bob = identity.token("ann"), identity.token("bob")
        assert await service.get(ann) == await service.get(bob) == "OK"
        asked = len(identity.asked)
        for _ in range(5):
            identity.cut()
            await asyncio.sleep(0.1)
        identity.cut()
        # Nobody is told, as nobody listens.
        identity.allow(access("ann"))
        identity.revoke("session-of-bob")
        await asyncio.gather(service.until(ann, "ACCESS_DENIED"), service.until(bob, "SESSION_REVOKED"))
        assert len(identity.asked) - asked < 5


async def test_cut_without_a_change_forgets_nothing(identity: Identity) -> None:
    async with guarded(identity) as service:
        identity.allow(access("ann", PERMISSION))
        await asyncio.sleep(0.2)
        assert await service.get(identity.token("ann")) == "OK"
        identity.cut()
        await eventually(lambda: bool(identity.watching) and service.access.watch.up, 5)
        await asyncio.sleep(subjects.TRUSTED_SECONDS + 0.5)
        assert await service.get(identity.token("ann")) == "OK"
        assert identity.asked == ["ann"]


async def test_lost_message(identity: Identity) -> None:
    async with guarded(identity) as service:
        identity.allow(access("ann", PERMISSION))
        ann = identity.token("ann")
        assert await service.get(ann) == "OK"
        identity.loses = True
        identity.allow(access("ann"))
        await service.until(ann, "ACCESS_DENIED")


async def test_change_that_comes_while_grants_are_read(identity: Identity) -> None:
    async with guarded(identity) as service:
        identity.allow(access("ann", PERMISSION))
        ann = identity.token("ann")
        identity.answer_seconds = 0.5
        reading = asyncio.create_task(service.get(ann))
        await eventually(lambda: identity.asked == ["ann"])
        # The answer under way is older than this.
        identity.allow(access("ann"))
        assert await reading in ("OK", "ACCESS_DENIED")
        await service.until(ann, "ACCESS_DENIED", 2)


async def test_keys_change_under_traffic(identity: Identity) -> None:
    async with guarded(identity) as service:
        identity.allow(access("ann", PERMISSION))
        assert await service.get(identity.token("ann")) == "OK"
        traffic = [Traffic(service, identity, "ann") for _ in range(4)]
        for told in (True, True, False, True, False):
            identity.loses = not told
            identity.rotate()
            await asyncio.sleep(0.4)
        for each in traffic:
            await each.end()
        assert set().union(*(each.outcomes for each in traffic)) == {"OK"}


async def test_key_is_withdrawn(identity: Identity) -> None:
    async with guarded(identity) as service:
        identity.allow(access("ann", PERMISSION))
        former = identity.key
        old = identity.token("ann")
        assert await service.get(old) == "OK"
        identity.rotate()
        identity.withdraw(former)
        await service.until(old, "CREDENTIALS_INVALID")
        assert await service.get(identity.token("ann")) == "OK"


async def test_keys_that_nobody_has_cost_little(identity: Identity) -> None:
    async with guarded(identity) as service:
        identity.allow(access("ann", PERMISSION))
        assert await service.get(identity.token("ann")) == "OK"
        asked, stranger = identity.key_sets, SigningKey()
        traffic = Traffic(service, identity, "ann")
        started = time.monotonic()
        for _ in range(3):
            tokens = [stranger.token("ann", headers={"kid": f"k{number}"}) for number in range(100)]
            assert set(await asyncio.gather(*map(service.get, tokens))) == {"CREDENTIALS_INVALID"}
        seconds = time.monotonic() - started
        await traffic.end()
        assert set(traffic.outcomes) == {"OK"}
        assert identity.key_sets - asked <= seconds + 2


async def test_wrong_secret_of_the_mesh(identity: Identity) -> None:
    identity.allow(access("ann", PERMISSION))
    from tests.infrastructure import identity as doubles

    own = doubles.SECRET
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.access.guarding.SECRET", "another-" + own)
        async with guarded(identity, wait=False) as service:
            await eventually(lambda: identity.key_sets > 0)
            assert await service.get(identity.token("ann")) == DOWN
            assert identity.asked == []
