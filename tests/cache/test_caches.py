"""What a cache does, whether it is one level or two."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from mesh.cache.local import LocalStore
from mesh.cache.port import LOCAL_ENTRIES, LOCAL_SECONDS, Entry
from mesh.settings import SettingsError
from mesh.startup import StartupError
from tests.cache.caches import CacheSettings, Node, loader, node, until


@pytest.fixture(params=["local", "redis"])
async def place(request: pytest.FixtureRequest) -> AsyncIterator[Node]:
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""
    async with node(url) as made:
        yield made


@pytest.fixture
def key() -> str:
    """Other tests use the same Redis."""
    return uuid4().hex


async def test_a_value_is_found_by_its_version_alone(place: Node, key: str) -> None:
    assert await place.cache.get(key, "1") is None
    await place.cache.set(Entry(key, b"one\n\x00\xff", "1"))
    assert await place.cache.get(key, "1") == b"one\n\x00\xff"
    assert await place.cache.get(key, "2") is None
    assert await place.cache.get(key) is None
    await place.cache.set(Entry(key, b"two", "2"))
    assert await place.cache.get(key, "2") == b"two"
    assert await place.cache.get(key, "1") is None


async def test_an_empty_value_is_a_value(place: Node, key: str) -> None:
    await place.cache.set(Entry(key, b""))
    assert await place.cache.get(key) == b""


async def test_many_at_once(place: Node, key: str) -> None:
    await place.cache.set(*(Entry(f"{key}{n}", b"%d" % n) for n in range(20)))
    wanted = [f"{key}{n}" for n in range(25)]
    assert await place.cache.get_many(wanted) == {f"{key}{n}": b"%d" % n for n in range(20)}
    assert await place.cache.get_many([]) == {}


async def test_deleting_by_key_and_by_tag(place: Node, key: str) -> None:
    names = [f"{key}{n}" for n in range(4)]
    await place.cache.set(
        Entry(names[0], b"0"),
        Entry(names[1], b"1", tags=(key,)),
        Entry(names[2], b"2", tags=("other", key)),
        Entry(names[3], b"3", tags=("other",)),
    )
    await place.cache.delete(keys=[names[0]], tags=[key])
    assert await place.cache.get_many(names) == {names[3]: b"3"}


async def test_one_load_for_all_who_want_the_same(place: Node, key: str) -> None:
    calls: list[bytes] = []
    answers = await asyncio.gather(
        *(place.cache.get_or_load(key, "1", loader(b"one", calls)) for _ in range(50)),
        *(place.cache.get_or_load(key, "2", loader(b"two", calls)) for _ in range(50)),
    )
    assert answers == [b"one"] * 50 + [b"two"] * 50
    # Who wants what holds after a change does not get what was begun before it.
    assert sorted(calls) == [b"one", b"two"]


async def test_a_caller_that_gives_up_does_not_take_the_load_from_the_others(place: Node, key: str) -> None:
    begun, go = asyncio.Event(), asyncio.Event()

    async def load() -> bytes:
        begun.set()
        await go.wait()
        return b"value"

    first = asyncio.create_task(place.cache.get_or_load(key, "", load))
    await begun.wait()
    second = asyncio.create_task(place.cache.get_or_load(key, "", load))
    await asyncio.sleep(0)
    first.cancel()
    go.set()
    assert await second == b"value"
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_what_a_load_raises_or_does_not_find_is_not_kept(place: Node, key: str) -> None:
    async def fails() -> bytes:
        raise ValueError("no")

    async def finds_nothing() -> None:
        return None

    failed = await asyncio.gather(*(place.cache.get_or_load(key, "", fails) for _ in range(3)), return_exceptions=True)
    assert [type(error) for error in failed] == [ValueError] * 3
    assert await place.cache.get_or_load(key, "", finds_nothing) is None
    assert await place.cache.get(key) is None
    # A load that failed and that nobody waited for says nothing at the end of the process.
    gone = asyncio.create_task(place.cache.get_or_load(key, "", fails))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    await asyncio.sleep(0.01)
    gc.collect()


async def test_hits_and_misses_are_counted(place: Node, key: str) -> None:
    await place.cache.get(key)
    await place.cache.set(Entry(key, b"x" * 100))
    await place.cache.get(key)
    assert (place.count("local", "miss"), place.count("local", "hit")) == (1, 1)
    assert place.value("local_entries", cache="things") == 1
    assert 100 < place.value("local_bytes", cache="things") < 1000
    if place.caches.remote_up:
        assert (place.count("remote", "miss"), place.value("remote_up")) == (1, 1)
        place.forget()
        assert await place.cache.get(key) == b"x" * 100
        assert place.count("remote", "hit") == 1
    else:
        assert (place.count("remote", "miss"), place.value("remote_up")) == (0, 0)


# The first level


class Watch:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_first_level_has_the_figures_of_the_specification() -> None:
    watch = Watch()
    store = LocalStore(monotonic=watch)
    for number in range(LOCAL_ENTRIES):
        store.set(Entry(f"k{number}", b"v"))
    assert store.get("k0", "") == b"v"
    store.set(Entry("one more", b"v"))
    assert len(store) == LOCAL_ENTRIES == 1000
    # The least recently used one went.
    assert store.get("k1", "") is None
    assert store.get("k0", "") == b"v"
    watch.now += LOCAL_SECONDS - 0.001
    assert store.get("k0", "") == b"v"
    watch.now += 0.001
    assert LOCAL_SECONDS == 60
    assert store.get("k0", "") is None


def test_the_first_level_is_bounded_in_bytes() -> None:
    store = LocalStore(max_bytes=100_000)
    for number in range(1000):
        store.set(Entry(f"k{number}", b"v" * 5_000, tags=("t",)))
        assert store.size <= 100_000
    assert 15 <= len(store) < 20
    store.set(Entry("large", b"v" * 20_000))
    assert store.get("large", "") is None
    store.set(Entry("k999", b"v" * 20_000))
    assert store.get("k999", "") is None
    store.delete([], ["t"])
    assert (len(store), store.size) == (0, 0)


# Two processes


async def test_what_one_process_keeps_another_finds(redis_url: str, key: str) -> None:
    async with node(redis_url) as first, node(redis_url) as second:
        await first.cache.set(Entry(key, b"value", "7", ("tag",)))
        assert await second.cache.get(key, "7") == b"value"
        assert (second.count("remote", "hit"), second.count("local", "miss")) == (1, 1)
        assert await second.cache.get(key, "7") == b"value"
        assert (second.count("remote", "hit"), second.count("local", "hit")) == (1, 1)
        calls: list[bytes] = []
        second.forget()
        assert await second.cache.get_or_load(key, "7", loader(b"other", calls)) == b"value"
        assert calls == []


@pytest.mark.parametrize("by", ["key", "tag"])
async def test_what_one_process_deletes_leaves_the_memory_of_the_other(redis_url: str, key: str, by: str) -> None:
    async with node(redis_url) as first, node(redis_url) as second:
        await first.cache.set(Entry(key, b"value", tags=(key,)))
        # Once from Redis: the tags come along.
        assert await second.cache.get(key) == b"value"
        await (first.cache.delete(keys=[key]) if by == "key" else first.cache.delete(tags=[key]))
        await until(lambda: len(second.local) == 0)
        assert await second.cache.get(key) is None
        assert await first.cache.get(key) is None


async def test_values_under_another_name_or_damaged_ones_are_none(redis_url: str, key: str) -> None:
    async with node(redis_url) as one:
        assert one.caches._remote is not None
        redis = one.caches._remote._redis
        await one.cache.set(Entry(key, b"value", "1"))
        name = f"flowmesh:test:things:{key}"
        sealed = await redis.get(name)
        assert isinstance(sealed, bytes)
        for stored in (sealed[:-1], sealed[:10], b"", sealed[:20] + b"\x00" + sealed[21:], b"anything"):
            one.forget()
            await redis.set(name, stored)
            assert await one.cache.get(key, "1") is None
        await redis.set(name + "x", sealed)
        assert await one.cache.get(key + "x", "1") is None
        await redis.set(name, sealed)
        assert await one.cache.get(key, "1") == b"value"
        # A value of another type is a miss as well, and whatever is published ends nothing.
        await redis.delete(name)
        await redis.sadd(name, "member")
        one.forget()
        assert await one.cache.get(key, "1") is None
        for told in (b"", b"5", b"[1,2]", b'["n","things",5,6]', b'["n",[],[],[]]', b'["n","none",["k"],["t"]]'):
            await redis.publish("flowmesh:test:deleted", told)
        await one.cache.set(Entry(key, b"there"))
        await redis.publish("flowmesh:test:deleted", b'["n","things",["%s"],[]]' % key.encode())
        await until(lambda: len(one.local) == 0)
        assert one.caches.remote_up


async def test_everything_in_redis_expires(redis_url: str, key: str) -> None:
    async with node(redis_url) as one:
        assert one.caches._remote is not None
        redis = one.caches._remote._redis
        await one.cache.set(Entry(key, b"value", tags=(key,)))
        names = [name async for name in redis.scan_iter(f"*{key}")]
        assert len(names) == 2
        for name in names:
            assert 590 <= await redis.ttl(name) <= 600


async def test_values_too_large_for_a_call_stay_out_of_redis(redis_url: str, key: str) -> None:
    async with node(redis_url, local=LocalStore(max_bytes=1 << 30)) as one:
        await one.cache.set(Entry(key, b"v" * (1 << 21)), *(Entry(f"{key}{n}", b"v" * 400_000) for n in range(6)))
        one.forget()
        found = await one.cache.get_many([key, *(f"{key}{n}" for n in range(6))])
        assert sorted(found) == [f"{key}{n}" for n in range(6)]
        assert one.caches.remote_up


def test_who_sets_no_redis_does_not_load_it() -> None:
    code = (
        "import sys; sys.path[:0]=['.', 'gen']\n"
        "import engine_svc.main\n"
        "from engine_svc.settings import EngineSettings\n"
        "from mesh.cache.opening import Caches\n"
        "from mesh.metrics import Metrics\n"
        "Caches(EngineSettings(), Metrics())\n"
        "assert 'redis' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "url",
    [
        "redis://h:1/0",
        "redis://h",
        "redis://u:p%2F@h:1/15",
        "rediss://h:1/0?ca=/ca.pem",
        "redis://:p@[::1]:1",
    ],
)
def test_addresses_that_are_allowed(url: str) -> None:
    settings = CacheSettings(cache_url=url)
    assert "p%2F" not in str(settings.describe())


@pytest.mark.parametrize("url", ["h:1", "http://h:1", "redis://", "redis://h:1/name", "redis://h:x"])
def test_addresses_that_are_not(url: str) -> None:
    with pytest.raises(SettingsError, match="FLOWMESH_CACHE_URL"):
        CacheSettings(cache_url=url)


@pytest.mark.parametrize("url", ["redis://h:99999", "redis://h:1/0?socket_timeout=soon"])
def test_addresses_that_cannot_be(url: str) -> None:
    with pytest.raises(StartupError, match="FLOWMESH_CACHE_URL"):
        Node(url)
