"""Group commit over both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from mesh.db import group_commit
from mesh.db.database import Database, DatabaseUnavailable, TransientFailure
from mesh.db.group_commit import GroupCommitter
from mesh.db.schema import open_database
from mesh.db.statements import FetchKeys, InsertMany, Program, Row
from mesh.errors import DependencyDown, Overload, WrongState
from tests.infrastructure.mariadb import MariadbServer, create_tables
from tests.infrastructure.tcp_proxy import TcpProxy
from tests.storage.tables import METADATA
from tests.storage.test_programs import COLUMNS, all_rows

COMMIT = b";COMMIT"
"""Behind what the transaction writes; a session's set-up holds READ COMMITTED."""


@dataclass(slots=True, frozen=True)
class Work:
    number: int
    refused: bool = False
    broken: bool = False


class ItemWriter:
    """Inserts one item for each work."""

    def write(self, works: list[Work]) -> Program[list[int | Exception]]:
        if any(work.broken for work in works):
            raise ValueError("broken")
        accepted = [work for work in works if not work.refused]
        yield InsertMany("item", COLUMNS, [("w", work.number, None, None, work.number) for work in accepted])
        return [WrongState("REFUSED", "refused") if work.refused else work.number for work in works]

    def settle(self, work: Work) -> Program[int | Exception | None]:
        rows: list[Row] = yield FetchKeys("item", ("amount",), ("owner", "number"), [("w", work.number)], lock=True)
        return rows[0][0] if rows else None


async def test_works_share_transactions(store: Database) -> None:
    batches: list[int] = []
    committer = GroupCommitter(store, ItemWriter(), max_batch=100, on_batch=batches.append)
    results = await asyncio.gather(*(committer.submit(Work(number)) for number in range(1_000)))
    assert results == list(range(1_000))
    assert sum(batches) == 1_000
    assert max(batches) == 100
    assert len(batches) <= 12
    assert len(await all_rows(store)) == 1_000
    await committer.close()


async def test_one_bad_work_hurts_only_itself(store: Database) -> None:
    committer = GroupCommitter(store, ItemWriter())
    await committer.submit(Work(7))
    works = [Work(number, refused=number == 3, broken=number == 5) for number in range(20)]
    results = await asyncio.gather(*(committer.submit(work) for work in works), return_exceptions=True)
    failed = {number: type(result).__name__ for number, result in enumerate(results) if isinstance(result, Exception)}
    assert failed == {3: "WrongState", 5: "ValueError", 7: "ConstraintViolated"}
    assert len(await all_rows(store)) == 18
    await committer.close()


async def test_overload(store: Database) -> None:
    committer = GroupCommitter(store, ItemWriter(), max_pending=10)
    futures = [committer.submit(Work(number)) for number in range(10)]
    with pytest.raises(Overload) as raised:
        committer.submit(Work(10))
    assert raised.value.retry_after_seconds > 0
    assert await asyncio.gather(*futures) == list(range(10))
    assert await committer.submit(Work(10)) == 10
    await committer.close()


async def test_close_writes_what_is_queued(store: Database) -> None:
    committer = GroupCommitter(store, ItemWriter(), max_batch=10)
    futures = [committer.submit(Work(number)) for number in range(100)]
    await committer.close()
    assert all(future.done() for future in futures)
    assert len(await all_rows(store)) == 100


async def test_a_caller_that_leaves(store: Database) -> None:
    """What has begun is not stopped; what still waits is not begun."""
    committer = GroupCommitter(store, ItemWriter(), max_batch=2)
    begun, with_it = committer.submit(Work(1)), committer.submit(Work(2))
    waits, behind = committer.submit(Work(3)), committer.submit(Work(4))
    await asyncio.sleep(0)
    begun.cancel()
    waits.cancel()
    assert await asyncio.gather(with_it, behind) == [2, 4]  # type: ignore[comparison-overlap] # typed as a tuple
    await committer.close()
    assert sorted(row[1] for row in await all_rows(store)) == [1, 2, 4]


class Slow:
    """A database whose transactions wait until they may end."""

    def __init__(self) -> None:
        self.may_end = asyncio.Event()

    async def write(self, program: Program[object]) -> object:
        program.close()
        await self.may_end.wait()
        await asyncio.sleep(0)
        return [1]


async def test_the_waiting_time_is_estimated() -> None:
    slow = Slow()
    committer = GroupCommitter(slow, ItemWriter(), max_batch=1)  # type: ignore[arg-type]
    assert committer.waiting_seconds() == 0
    loop = asyncio.get_running_loop()
    began = loop.time()
    futures = [committer.submit(Work(number)) for number in range(10)]
    await asyncio.sleep(0.2)
    assert 0.15 < committer.waiting_seconds() <= loop.time() - began, "it may take as long again"
    slow.may_end.set()
    await futures[0]
    taken = loop.time() - began
    # The others are quick, but the first one is remembered as a share of what is usual.
    assert 0 < committer.waiting_seconds() < 11 * taken
    await asyncio.gather(*futures)
    await asyncio.sleep(0)
    assert committer.waiting_seconds() == 0, "nobody is there to wait for"
    await committer.close()


class Failing:
    """A database that fails a number of times."""

    def __init__(self, database: Database, error: Exception, times: int) -> None:
        self._database = database
        self._error = error
        self.left = times
        self.writes = 0

    async def write(self, program: Program[object]) -> object:
        self.writes += 1
        if self.left:
            self.left -= 1
            program.close()
            raise self._error
        return await self._database.write(program)

    async def read(self, program: Program[object]) -> object:
        return await self._database.read(program)

    async def close(self) -> None:
        await self._database.close()


async def test_a_deadlock_is_tried_again(store: Database) -> None:
    failing = Failing(store, TransientFailure("deadlock"), 3)
    committer = GroupCommitter(failing, ItemWriter())  # type: ignore[arg-type]
    assert await committer.submit(Work(1)) == 1
    assert failing.writes == 4


async def test_deadlocks_without_end_are_given_up(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "TRANSIENT_SECONDS", 0.1)
    committer = GroupCommitter(Failing(store, TransientFailure("deadlock"), 1_000), ItemWriter())  # type: ignore[arg-type]
    futures = [committer.submit(Work(number)) for number in range(50)]
    results = await asyncio.gather(*futures, return_exceptions=True)
    assert {type(result) for result in results} == {DependencyDown}


async def test_no_database(store: Database) -> None:
    committer = GroupCommitter(Failing(store, DatabaseUnavailable("gone"), 1), ItemWriter())  # type: ignore[arg-type]
    results = await asyncio.gather(*(committer.submit(Work(n)) for n in range(5)), return_exceptions=True)
    assert {type(result) for result in results} == {DependencyDown}
    assert await committer.submit(Work(1)) == 1


@pytest.fixture
async def proxied(mariadb_server: MariadbServer) -> AsyncIterator[tuple[Database, TcpProxy]]:
    with mariadb_server.database() as name:
        await create_tables(mariadb_server.url(name), METADATA)
        proxy = TcpProxy(mariadb_server.host, mariadb_server.port)
        database = await open_database(mariadb_server.url(name, port=await proxy.start()))
        yield database, proxy
        await database.close()
        await proxy.stop()


@pytest.mark.mariadb
@pytest.mark.parametrize("delivered", [True, False])
async def test_a_broken_commit_is_settled(proxied: tuple[Database, TcpProxy], delivered: bool) -> None:
    """Whether the COMMIT arrived or not: every work is there once, and its caller is told so."""
    database, proxy = proxied
    committer = GroupCommitter(database, ItemWriter())
    for turn in range(5):
        proxy.cut_at, proxy.deliver = COMMIT, delivered
        works = [Work(turn * 100 + number, refused=number == 3) for number in range(10)]
        results = await asyncio.gather(*(committer.submit(work) for work in works), return_exceptions=True)
        assert [r for n, r in enumerate(results) if n != 3] == [w.number for w in works if not w.refused]
        assert isinstance(results[3], WrongState)
    assert proxy.cuts == 5
    assert len(await all_rows(database)) == 45
    await committer.close()


@pytest.mark.mariadb
async def test_a_broken_commit_and_no_database_afterwards(
    proxied: tuple[Database, TcpProxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, proxy = proxied
    monkeypatch.setattr(group_commit, "SETTLE_SECONDS", 0.3)
    committer = GroupCommitter(database, ItemWriter())
    await committer.submit(Work(0))
    proxy.cut_at, proxy.deliver = COMMIT, True
    proxy.refusing = True
    futures = [committer.submit(Work(number)) for number in range(1, 20)]
    results = await asyncio.gather(*futures, return_exceptions=True)
    assert {type(result) for result in results} == {DependencyDown}
    assert all(result.retry_after_seconds > 0 for result in results)  # type: ignore[union-attr]
    proxy.refusing = False
    assert await committer.submit(Work(100)) == 100


@pytest.mark.mariadb
async def test_while_a_commit_is_settled_the_others_are_not_kept_waiting(
    proxied: tuple[Database, TcpProxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, proxy = proxied
    monkeypatch.setattr(group_commit, "SETTLE_SECONDS", 3.0)
    committer = GroupCommitter(database, ItemWriter(), max_batch=1)
    await committer.submit(Work(0))
    proxy.cut_at, proxy.deliver, proxy.refusing = COMMIT, True, True
    first, *others = [committer.submit(Work(number)) for number in range(1, 20)]
    results = await asyncio.gather(*others, return_exceptions=True)
    assert {type(result) for result in results} == {DependencyDown}
    assert not first.done()
    proxy.refusing = False
    assert await first == 1
    assert await committer.submit(Work(100)) == 100
    assert len(await all_rows(database)) == 3
