"""Redis that dies, stands still, is slow, comes back with what it held before, or answers nonsense."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from redis.asyncio.client import PubSub

from mesh.cache.port import Entry
from tests.cache.caches import Node, loader, node, until
from tests.infrastructure.redis import RedisServer
from tests.infrastructure.tcp_proxy import TcpProxy


async def works_without(one: Node, calls: int) -> None:
    """Every call is answered from the first level or the source; none waits for Redis, and none raises."""
    for number in range(calls):
        made: list[bytes] = []
        key = f"without-{number}"
        assert await one.cache.get_or_load(key, "1", loader(b"value", made)) == b"value"
        assert made == [b"value"]
        assert await one.cache.get(key, "1") == b"value"
        assert await one.cache.get(key, "2") is None
        await one.cache.delete(keys=[key], tags=["tag"])
        assert await one.cache.get(key, "1") is None


async def test_a_redis_that_is_not_there_yet(redis_server: RedisServer) -> None:
    redis_server.kill()
    one = Node(redis_server.url)
    one.caches.start()
    await works_without(one, 20)
    assert one.value("remote_up") == 0
    redis_server.start()
    await until(lambda: one.caches.remote_up)
    await one.cache.set(Entry("key", b"value"))
    one.forget()
    assert await one.cache.get("key") == b"value"
    await one.caches.close()


async def test_a_redis_that_is_killed_and_comes_back(redis_server: RedisServer) -> None:
    async with node(redis_server.url) as one:
        await one.cache.set(Entry("key", b"value", "1"))
        redis_server.kill()
        await works_without(one, 50)
        assert not one.caches.remote_up
        assert one.value("remote_errors_total") >= 1
        # What was kept nearby is still right: its version says so.
        assert await one.cache.get("key", "1") == b"value"
        redis_server.start()
        await until(lambda: one.caches.remote_up)
        await one.cache.set(Entry("again", b"value"))
        one.forget()
        assert await one.cache.get("again") == b"value"


async def test_a_redis_that_stands_still_costs_one_time_out_and_not_one_for_each_call(
    redis_server: RedisServer,
) -> None:
    async with node(redis_server.url, milliseconds=300) as one:
        await until(lambda: one.caches.remote_up)
        redis_server.pause()
        # Those that are under way wait at the same time; no more than there are connections ask at all.
        answers = await asyncio.gather(*(one.cache.get_or_load(f"k{n}", "", loader(b"v", [])) for n in range(40)))
        assert answers == [b"v"] * 40
        assert not one.caches.remote_up
        errors = one.value("remote_errors_total")
        await works_without(one, 200)
        # Nobody has asked it since.
        assert one.value("remote_errors_total") == errors
        redis_server.resume()
        await until(lambda: one.caches.remote_up)
        await one.cache.set(Entry("key", b"value"))
        one.forget()
        assert await one.cache.get("key") == b"value"


async def test_the_link_notices_a_redis_that_stands_still_without_any_call(redis_server: RedisServer) -> None:
    async with node(redis_server.url) as one:
        redis_server.pause()
        await until(lambda: not one.caches.remote_up)
        redis_server.kill()
        redis_server.start()
        await until(lambda: one.caches.remote_up)


async def test_calls_one_after_the_other_wait_once(redis_server: RedisServer) -> None:
    async with node(redis_server.url, milliseconds=200) as one:
        redis_server.pause()
        for number in range(100):
            await one.cache.get(f"k{number}")
        # None where the link noticed first.
        assert one.value("remote_errors_total", kind="timeout") <= 1
        assert one.value("remote_errors_total", kind="connection") == 0


class SlowProxy(TcpProxy):
    """A proxy through which answers take their time once they are `slow`."""

    slow = False

    async def _answers(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if self.slow:
                await asyncio.sleep(0.4)
            client.write(data)
        client.transport.abort()


async def test_a_redis_that_is_too_slow_is_not_used(redis_server: RedisServer) -> None:
    proxy = SlowProxy("127.0.0.1", redis_server.port)
    port = await proxy.start()
    async with node(f"redis://127.0.0.1:{port}/0", milliseconds=200) as one:
        proxy.slow = True
        assert await one.cache.get("key") is None
        assert not one.caches.remote_up
        await works_without(one, 20)
        # The link is made again and again, and never used.
        for _ in range(40):
            assert not one.caches.remote_up
            await asyncio.sleep(0.05)
        proxy.slow = False
        await until(lambda: one.caches.remote_up)
        await one.cache.set(Entry("key", b"value"))
    await proxy.stop()


async def test_an_old_dump_brings_nothing_old_back(redis_server: RedisServer) -> None:
    async with node(redis_server.url) as writer, node(redis_server.url) as reader:
        await writer.cache.set(Entry("key", b"old", "1"))
        redis_server.save()
        # The reader misses what is told while it is cut off.
        assert await reader.cache.get("key", "1") == b"old"
        redis_server.kill()
        await writer.cache.set(Entry("key", b"new", "2"))
        await writer.cache.delete(keys=["key"])
        assert await reader.cache.get("key", "2") is None
        redis_server.start()
        await until(lambda: writer.caches.remote_up and reader.caches.remote_up)
        # Redis holds the old value again, under its old version.
        assert await writer.cache.get("key", "1") == b"old"
        assert await writer.cache.get("key", "2") is None
        assert await reader.cache.get("key", "2") is None
        assert await reader.cache.get_or_load("key", "2", loader(b"new", [])) == b"new"
        assert await writer.cache.get("key", "2") == b"new"


async def test_connections_that_break_in_the_middle(redis_server: RedisServer) -> None:
    proxy = TcpProxy("127.0.0.1", redis_server.port)
    port = await proxy.start()
    async with node(f"redis://127.0.0.1:{port}/0") as one:
        for number in range(6):
            await until(lambda: one.caches.remote_up)
            proxy.cut_at = b"cut-here"
            proxy.deliver = number % 2 == 0
            await one.cache.set(Entry(f"{number}-cut-here", b"value"))
            proxy.cut_at = None
            one.forget()
            # Whether it got there or not: an answer to another call never comes.
            assert await one.cache.get(f"{number}-cut-here") in (None, b"value")
            await one.cache.set(Entry(f"{number}", b"%d" % number))
            assert await one.cache.get(f"{number}") == b"%d" % number
        assert proxy.cuts > 2
    await proxy.stop()


async def test_callers_that_leave_do_not_mix_up_answers(redis_server: RedisServer) -> None:
    async with node(redis_server.url) as one:
        await one.cache.set(*(Entry(f"k{n}", b"%d" % n) for n in range(200)))
        for round_number in range(5):
            one.forget()
            tasks = [asyncio.create_task(one.cache.get(f"k{n}")) for n in range(200)]
            for _ in range(round_number):
                await asyncio.sleep(0)
            for task in tasks[::3]:
                task.cancel()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            await until(lambda: one.caches.remote_up)
            for number, answer in enumerate(answers):
                assert isinstance(answer, asyncio.CancelledError) or answer in (None, b"%d" % number)
        one.forget()
        assert await one.cache.get_many([f"k{n}" for n in range(200)]) == {f"k{n}": b"%d" % n for n in range(200)}


@pytest.mark.parametrize("full", [True, False])
async def test_a_redis_that_refuses_to_write(redis_server: RedisServer, full: bool) -> None:
    async with node(redis_server.url) as one:
        await one.cache.set(Entry("before", b"value"))
        redis_server.command(*(("CONFIG", "SET", "maxmemory", "1mb") if full else ("REPLICAOF", "127.0.0.1", "1")))
        one.forget()
        # A replica without its master still reads.
        assert await one.cache.get("before") == b"value"
        await works_without(one, 10)
        assert one.value("remote_errors_total", kind="refused") >= 10
        assert one.caches.remote_up


async def test_a_password_that_is_wrong(redis_server: RedisServer) -> None:
    redis_server.command("CONFIG", "SET", "requirepass", "secret")
    good = f"redis://:secret@127.0.0.1:{redis_server.port}/0"
    async with node(good) as one:
        await one.cache.set(Entry("key", b"value"))
        one.forget()
        assert await one.cache.get("key") == b"value"
    bad = Node(good.replace("secret", "wrong"))
    bad.caches.start()
    await works_without(bad, 10)
    assert not bad.caches.remote_up
    await bad.caches.close()


async def test_the_link_ends_though_its_cancellation_is_lost(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As redis-py loses one that meets a timeout of its own."""
    hear = PubSub.get_message

    async def deaf(listening: PubSub, *arguments: Any, **options: Any) -> Any:
        try:
            return await hear(listening, *arguments, **options)
        except asyncio.CancelledError:
            return None

    monkeypatch.setattr(PubSub, "get_message", deaf)
    async with asyncio.timeout(30), node(redis_server.url) as one:
        await until(lambda: one.caches.remote_up)
