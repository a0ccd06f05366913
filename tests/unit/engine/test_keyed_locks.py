from __future__ import annotations

import asyncio

import pytest

from engine_svc.commands.keyed_locks import KeyedLocks


async def test_first_come_first_served_and_other_keys_do_not_wait() -> None:
    locks = KeyedLocks()
    order: list[int] = []

    async def hold(number: int) -> None:
        async with locks.hold("a"):
            await asyncio.sleep(0)
            order.append(number)

    await asyncio.gather(*[hold(number) for number in range(5)])
    assert order == list(range(5))
    assert not locks.held("a")
    async with locks.hold("a"), locks.hold("b"):
        assert locks.held("a")
        assert locks.held("b")
    assert not locks.held("b")


async def test_a_waiter_that_is_cancelled_lets_the_next_one_in() -> None:
    locks = KeyedLocks()
    entered: list[str] = []

    async def hold(name: str) -> None:
        async with locks.hold("a"):
            entered.append(name)

    async with locks.hold("a"):
        first, second = asyncio.create_task(hold("first")), asyncio.create_task(hold("second"))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait([first])
    await second
    assert entered == ["second"]


async def test_a_waiter_that_is_cancelled_just_as_its_turn_comes() -> None:
    """Cancelled before the holder leaves, or after; in both cases it learns it once the lock has gone on."""
    for cancel_first in (True, False):
        locks = KeyedLocks()
        entered: list[str] = []

        async def hold(name: str, locks: KeyedLocks = locks, entered: list[str] = entered) -> None:
            async with locks.hold("a"):
                entered.append(name)

        holding = locks.hold("a")
        await holding.__aenter__()
        waiting, after = asyncio.create_task(hold("waiting")), asyncio.create_task(hold("after"))
        await asyncio.sleep(0)
        if cancel_first:
            waiting.cancel()
        await holding.__aexit__(None, None, None)
        if not cancel_first:
            waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await after
        assert entered == ["after"]
        assert not locks.held("a")
