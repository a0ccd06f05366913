from __future__ import annotations

from engine_svc.commands.instance_cache import InstanceCache
from engine_svc.state.instance import Instance
from tests.unit.runtime.running import model

DEFINITION = model('<startEvent id="s"/><userTask id="t"/>', "s>t")


def instance(name: str) -> Instance:
    return Instance(name, DEFINITION, tenant_id="", business_key="", start_micros=0)


def test_keep_find_take() -> None:
    cache = InstanceCache(2)
    a = instance("a")
    cache.keep(a, 10)
    assert cache.find("a") is a
    assert cache.take("a") is a
    assert cache.take("a") is None
    assert cache.find("a") is None


def test_the_least_recently_kept_goes_first() -> None:
    cache = InstanceCache(2)
    for name in ("a", "b", "a", "c"):
        cache.keep(instance(name), 1)
    assert [cache.find(name) is not None for name in "abc"] == [True, False, True]


def test_large_states_push_others_out() -> None:
    cache = InstanceCache(10, max_stored_bytes=100)
    for name in ("a", "b", "c"):
        cache.keep(instance(name), 40)
    assert [cache.find(name) is not None for name in "abc"] == [False, True, True]
    # The same instance again counts once.
    cache.keep(instance("b"), 50)
    assert len(cache) == 2
    cache.keep(instance("huge"), 101)
    assert len(cache) == 0
    cache.keep(instance("d"), 100)
    assert len(cache) == 1


def test_no_cache() -> None:
    cache = InstanceCache(0)
    cache.keep(instance("a"), 1)
    assert len(cache) == 0
