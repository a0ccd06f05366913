"""Leases: shared out evenly, one holder each, and late ones are fenced off."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from mesh.db.database import Database, TransientFailure
from mesh.db.schema import open_database
from mesh.db.statements import Program
from mesh.lease import FencedOff, Leases
from mesh.process_owner import is_surely_dead, new_owner
from tests.storage.test_programs import all_rows, insert

ALL = frozenset(range(8))


def leases(store: Database, seconds: float = 30.0, count: int = 8) -> Leases:
    return Leases(store, "job", count, seconds=seconds)


def guarded(holder: str) -> Program[None]:
    yield from insert([("guarded", 1, None, None, None)])
    yield from Leases.fence(holder)


async def settle(*holders: Leases) -> None:
    """Let each have its rounds until nothing changes any more."""
    for _ in range(3):
        for one in holders:
            await one.renew()
            await one.give_up_surplus()


async def test_a_single_holder_has_them_all_at_once(store: Database) -> None:
    only = leases(store)
    assert only.holder is None
    assert only.numbers == frozenset()
    assert await only.renew() == 8
    assert only.numbers == ALL
    assert await only.renew() == 0
    assert only.numbers == ALL
    await only.release()
    assert only.numbers == frozenset()


async def test_they_are_shared_out_evenly(store: Database) -> None:
    first, second, third = (leases(store) for _ in range(3))
    await settle(first, second)
    assert (len(first.numbers), len(second.numbers)) == (4, 4)
    await settle(first, second, third)
    assert sorted(len(one.numbers) for one in (first, second, third)) == [2, 3, 3]
    assert first.numbers | second.numbers | third.numbers == ALL
    await second.release()
    await settle(first, third)
    assert (len(first.numbers), len(third.numbers)) == (4, 4)
    assert first.numbers | third.numbers == ALL


async def test_what_is_worked_on_is_kept_until_it_is_given_up(store: Database) -> None:
    first, second = leases(store), leases(store)
    await first.renew()
    await second.renew()
    assert second.numbers == frozenset()
    await first.renew()
    assert first.surplus
    assert len(first.numbers) == 4
    await second.renew()
    assert second.numbers == frozenset()
    assert second.interval < first.interval
    await first.give_up_surplus()
    assert not first.surplus
    assert await second.renew() == 4
    assert not first.numbers & second.numbers


async def test_more_holders_than_leases(store: Database) -> None:
    holders = [leases(store, count=2) for _ in range(5)]
    await settle(*holders)
    assert sorted(len(one.numbers) for one in holders) == [0, 0, 0, 1, 1]


async def test_a_late_holder_is_fenced_off(store: Database) -> None:
    late, heir = leases(store, seconds=0.3), leases(store, seconds=0.3)
    await late.renew()
    name = late.holder
    assert name is not None
    loop = asyncio.get_running_loop()
    started = loop.time()
    while not heir.numbers:
        await heir.renew()
        await asyncio.sleep(0.02)
    assert loop.time() - started > 0.3
    assert heir.numbers == ALL
    assert late.holder is None
    with pytest.raises(FencedOff):
        await store.write(guarded(name))
    assert await all_rows(store) == []
    assert heir.holder is not None
    await store.write(guarded(heir.holder))
    assert len(await all_rows(store)) == 1
    # It comes back under another name, which does not make the old one good.
    assert await late.renew() == 0
    await late.renew()
    assert late.holder != name
    with pytest.raises(FencedOff):
        await store.write(Leases.fence(name))


async def test_who_beats_keeps_its_leases_however_long_others_wait(store: Database) -> None:
    # A machine that stands still for as long as a lease ends it, which is nothing against this.
    busy, waiting = leases(store, seconds=1, count=1), leases(store, seconds=1, count=1)
    await busy.renew()
    for _ in range(20):
        await asyncio.sleep(0.1)
        await busy.renew()
        await waiting.renew()
        assert (busy.numbers or waiting.numbers) == {0}
        assert not (busy.numbers and waiting.numbers)


async def test_nobody_is_taken_for_dead_while_nobody_looked(store: Database) -> None:
    """After an outage of the database nobody has beaten for long; who comes back first must not take everything."""
    first, second = leases(store, seconds=0.4), leases(store, seconds=0.4)
    await settle(first, second)
    await asyncio.sleep(0.6)
    assert first.holder is None
    await first.renew()
    assert len(first.numbers) == 4
    await second.renew()
    assert len(second.numbers) == 4
    assert not first.numbers & second.numbers


async def test_leases_are_not_relied_on_to_their_last_moment(store: Database) -> None:
    one = leases(store, seconds=0.3)
    loop = asyncio.get_running_loop()
    started = loop.time()
    await one.renew()
    while one.holder is not None:
        await asyncio.sleep(0.005)
    assert loop.time() - started > 0.1
    one._valid_until += 60
    assert one.holder is not None
    one.distrust()
    assert one.holder is None
    await one.renew()
    assert one.numbers == ALL


async def test_many_at_once(store: Database, database_url: str) -> None:
    other = await open_database(database_url)
    holders = [leases(database) for database in (store, other) * 4]

    async def rounds(one: Leases) -> None:
        for _ in range(12):
            try:
                await one.renew()
                await one.give_up_surplus()
            except TransientFailure:
                continue

    await asyncio.gather(*map(rounds, holders))
    await settle(*holders)
    taken = [number for one in holders for number in one.numbers]
    assert sorted(taken) == sorted(ALL)
    assert [len(one.numbers) for one in holders] == [1] * 8
    await other.close()


async def test_the_leases_of_a_dead_process_are_free_at_once(store: Database, database_url: str) -> None:
    code = (
        "import asyncio, os, signal, sys; sys.path[:0]=['.']\n"
        "from mesh.db.schema import open_database\n"
        "from mesh.lease import Leases\n"
        "async def main():\n"
        "    database = await open_database(sys.argv[1])\n"
        "    assert await Leases(database, 'job', 8, seconds=600).renew() == 8\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code, database_url])
    assert done.returncode == -9
    assert await leases(store).renew() == 8


def test_owners() -> None:
    assert new_owner() != new_owner()
    assert not is_surely_dead(new_owner())
    place, _, rest = new_owner().rpartition("/")[0].rpartition("/")
    assert rest == str(os.getpid())
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert is_surely_dead(f"{place}/{ended.pid}/x")
    for unknown in (f"elsewhere/{ended.pid}/x", "", "x", "a/b/c", f"{place}/1/x"):
        assert not is_surely_dead(unknown)
