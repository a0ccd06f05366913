"""Leases: one holder at a time, and late ones are fenced off."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from mesh.clock import SystemClock
from mesh.db.database import Database
from mesh.db.schema import open_database
from mesh.db.statements import Program
from mesh.lease import FencedOff, Lease
from mesh.process_owner import is_surely_dead, new_owner
from tests.storage.test_programs import all_rows, insert


class TurnableClock:
    def __init__(self) -> None:
        self.micros = 1_000_000_000

    def now_micros(self) -> int:
        return self.micros


def guarded(lease: Lease) -> Program[None]:
    yield from insert([("guarded", 1, None, None, None)])
    yield from lease.fence()


async def test_one_holder_at_a_time(store: Database) -> None:
    clock = TurnableClock()
    first, second = (Lease(store, "job", clock, seconds=10) for _ in range(2))
    assert await first.acquire()
    assert first.held
    assert not await second.acquire()
    assert not second.held
    clock.micros += 9_000_000
    assert await first.renew()
    clock.micros += 9_000_000
    assert not await second.acquire()
    await first.release()
    assert not first.held
    assert await second.acquire()
    assert not await first.acquire()


async def test_a_late_holder_is_fenced_off(store: Database) -> None:
    clock = TurnableClock()
    late, next_one = (Lease(store, "job", clock, seconds=10) for _ in range(2))
    assert await late.acquire()
    clock.micros += 10_000_001
    assert await next_one.acquire()
    with pytest.raises(FencedOff):
        await store.write(guarded(late))
    assert await all_rows(store) == []
    assert not late.held
    assert not await late.renew()
    await store.write(guarded(next_one))
    assert len(await all_rows(store)) == 1
    # Coming back does not make the old token good.
    await next_one.release()
    assert await late.acquire()
    assert not await next_one.renew()


async def test_a_lease_is_not_relied_on_to_its_last_moment(store: Database) -> None:
    lease = Lease(store, "job", SystemClock(), seconds=0.2)
    assert await lease.acquire()
    loop = asyncio.get_running_loop()
    started = loop.time()
    while lease.held:
        await asyncio.sleep(0.005)
    assert 0.1 < loop.time() - started < 0.2


async def test_many_candidates(store: Database, database_url: str) -> None:
    other = await open_database(database_url)
    leases = [Lease(database, "job", SystemClock(), seconds=10) for database in (store, other) * 4]
    taken = await asyncio.gather(*(lease.acquire() for lease in leases))
    assert sum(taken) == 1
    await other.close()


async def test_the_lease_of_a_dead_process_is_free_at_once(store: Database, database_url: str) -> None:
    code = (
        "import asyncio, os, signal, sys; sys.path[:0]=['.']\n"
        "from mesh.clock import SystemClock\n"
        "from mesh.db.schema import open_database\n"
        "from mesh.lease import Lease\n"
        "async def main():\n"
        "    database = await open_database(sys.argv[1])\n"
        "    assert await Lease(database, 'job', SystemClock(), seconds=600).acquire()\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    done = await asyncio.to_thread(subprocess.run, [sys.executable, "-c", code, database_url])
    assert done.returncode == -9
    assert await Lease(store, "job", SystemClock(), seconds=10).acquire()


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
