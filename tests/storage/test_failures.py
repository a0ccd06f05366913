"""What programs and their callers see when the database fails."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mesh.db import mariadb, sqlite
from mesh.db.database import (
    ConstraintViolated,
    Database,
    DatabaseError,
    DatabaseLimits,
    DatabaseRefused,
    DatabaseUnavailable,
    OutcomeUnknown,
    TransactionTooLong,
    TransientFailure,
)
from mesh.db.schema import open_database
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import DeleteMany, Execute, Fetch, InsertMany, Program, Row, UpsertMany, fetch
from mesh.resilience.breaker import BreakerLimits, CircuitBreaker
from tests.infrastructure.mariadb import MariadbServer, create_tables
from tests.infrastructure.tcp_proxy import TcpProxy
from tests.storage.tables import METADATA
from tests.storage.test_programs import COLUMNS, all_rows, insert

COMMIT = b";COMMIT"
"""Behind what the transaction writes; a session's set-up holds READ COMMITTED."""


@pytest.fixture
async def proxied(mariadb_server: MariadbServer) -> AsyncIterator[tuple[Database, TcpProxy]]:
    """A MariaDB database behind a proxy that can cut connections."""
    with mariadb_server.database() as name:
        await create_tables(mariadb_server.url(name), METADATA)
        proxy = TcpProxy(mariadb_server.host, mariadb_server.port)
        database = await open_database(mariadb_server.url(name, port=await proxy.start()))
        yield database, proxy
        await database.close()
        await proxy.stop()


@pytest.mark.mariadb
async def test_lost_connection_then_recovery(proxied: tuple[Database, TcpProxy]) -> None:
    database, proxy = proxied

    def unfinished() -> Program[None]:
        yield from insert([("a", 1, None, None, None)])
        yield Fetch("SELECT 1")

    proxy.cut_at = b"INSERT INTO item"
    with pytest.raises(DatabaseUnavailable):
        await database.write(unfinished())
    assert await all_rows(database) == []
    await database.write(insert([("a", 1, None, None, None)]))


@pytest.mark.mariadb
async def test_dead_connections_in_the_pool_are_replaced_unseen(proxied: tuple[Database, TcpProxy]) -> None:
    database, proxy = proxied
    await asyncio.gather(*(all_rows(database) for _ in range(8)))
    proxy.break_all()
    await database.write(insert([("a", 1, None, None, None)]))
    proxy.cut_at = b"START TRANSACTION"
    await database.write(insert([("a", 2, None, None, None)]))
    assert proxy.cuts == 1
    assert len(await all_rows(database)) == 2


@pytest.mark.mariadb
async def test_no_server(proxied: tuple[Database, TcpProxy]) -> None:
    database, proxy = proxied
    proxy.refusing = True
    proxy.break_all()
    with pytest.raises(DatabaseUnavailable):
        await database.write(insert([("a", 1, None, None, None)]))
    proxy.refusing = False
    await database.write(insert([("a", 1, None, None, None)]))


@pytest.mark.mariadb
@pytest.mark.parametrize("delivered", [True, False])
async def test_broken_commit_has_an_unknown_outcome(proxied: tuple[Database, TcpProxy], delivered: bool) -> None:
    database, proxy = proxied
    proxy.cut_at, proxy.deliver = COMMIT, delivered
    with pytest.raises(OutcomeUnknown):
        await database.write(insert([("a", 1, None, None, None)]))

    def settled() -> Program[bool]:
        # Waits for the broken transaction where it still runs.
        rows: list[Row] = yield Fetch("SELECT owner FROM item WHERE owner=?", ("a",), lock=True)
        return bool(rows)

    deadline = asyncio.get_running_loop().time() + 5
    while await database.write(settled()) is not delivered:
        assert asyncio.get_running_loop().time() < deadline


@pytest.mark.mariadb
async def test_statements_without_a_result_are_sent_with_the_next_one(proxied: tuple[Database, TcpProxy]) -> None:
    """Each keeps its order, and one that fails undoes them all, whichever it is."""
    database, _ = proxied

    def mixed(refused: int) -> Program[tuple[list[Row], int, list[Row]]]:
        for number in range(1, 4):
            yield from insert([("a", 1 if number == refused else number, None, None, number)])
        read: list[Row] = yield Fetch("SELECT number FROM item WHERE owner=? ORDER BY number", ("a",))
        yield UpsertMany("item", COLUMNS, ("owner", "number"), ("amount",), [("a", 1, None, None, 10)])
        yield DeleteMany("item", ("owner", "number"), [("a", 2)])
        matched: int = yield Execute("UPDATE item SET amount=amount+1 WHERE owner=?", ("a",))
        yield from insert([("a", 4 if refused != 4 else 3, "%s;'", b";\0'%s", 4)])
        left: list[Row] = yield Fetch("SELECT number, amount FROM item WHERE owner=? ORDER BY number", ("a",))
        yield from insert([("a", 5 if refused != 5 else 4, None, None, None)])
        return read, matched, left

    for refused in (2, 3, 4, 5):
        with pytest.raises(ConstraintViolated):
            await database.write(mixed(refused))
        assert await all_rows(database) == []
    assert await database.write(mixed(0)) == ([(1,), (2,), (3,)], 2, [(1, 11), (3, 4), (4, 4)])
    stored = await all_rows(database)
    assert [row[1] for row in stored] == [1, 3, 4, 5]
    assert stored[2][2:4] == ("%s;'", b";\0'%s")


@pytest.mark.mariadb
async def test_large_statements_are_sent_in_parts(
    proxied: tuple[Database, TcpProxy], monkeypatch: pytest.MonkeyPatch
) -> None:
    database, _ = proxied
    monkeypatch.setattr(mariadb, "BYTES_PER_STATEMENT", 1_000)

    def many() -> Program[list[Row]]:
        for number in range(20):
            yield from insert([("a", number, None, b"x" * 400, None)])
        rows: list[Row] = yield Fetch("SELECT COUNT(*) FROM item WHERE owner<>?", ("y" * 2_000,))
        return rows

    assert await database.write(many()) == [(20,)]


@pytest.fixture
async def mariadb_url(mariadb_server: MariadbServer) -> AsyncIterator[str]:
    with mariadb_server.database() as name:
        await create_tables(mariadb_server.url(name), METADATA)
        yield mariadb_server.url(name)


@pytest.mark.mariadb
@pytest.mark.parametrize("limits", [DatabaseLimits(transaction_seconds=0.2), DatabaseLimits(answer_seconds=0.2)])
async def test_work_that_takes_too_long(mariadb_url: str, limits: DatabaseLimits) -> None:
    database = await open_database(mariadb_url, limits)

    def slow() -> Program[None]:
        yield InsertMany("item", COLUMNS, [("a", 1, None, None, None)])
        yield Fetch("SELECT SLEEP(1)")

    with pytest.raises(DatabaseUnavailable, match="did not finish") as failed:
        await database.write(slow())
    # Whether less work may be done in time.
    assert isinstance(failed.value, TransactionTooLong) == (limits.transaction_seconds == 0.2)
    assert await all_rows(database) == []
    await database.close()


@pytest.mark.mariadb
async def test_a_server_that_hangs_and_goes_on(mariadb_server: MariadbServer, mariadb_url: str) -> None:
    """Callers get their answer in bounded time, soon at once; afterwards everything works without a restart."""
    proxy = TcpProxy(mariadb_server.host, mariadb_server.port)
    name = mariadb_url.rpartition("/")[2]
    limits = DatabaseLimits(connections=4, connect_seconds=0.3, answer_seconds=0.3)
    breaker = CircuitBreaker("database", limits=BreakerLimits(failures_in_row=3, longest_open_seconds=0.5))
    database = await open_database(mariadb_server.url(name, port=await proxy.start()), limits, breaker)
    await asyncio.gather(*(all_rows(database) for _ in range(10)))
    proxy.hang()
    outcomes = await asyncio.gather(*(all_rows(database) for _ in range(200)), return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {DatabaseUnavailable}
    # The four that had a connection, and four more at most, waited; the others were told at once.
    told_at_once = [outcome for outcome in outcomes if outcome.retry_after_seconds]  # type: ignore[union-attr]
    assert len(told_at_once) >= 190
    with pytest.raises(DatabaseUnavailable) as raised:
        await database.write(insert([("a", 1, None, None, None)]))
    assert 0 < raised.value.retry_after_seconds < 1
    proxy.flow()
    while True:
        try:
            await database.write(insert([("a", 1, None, None, None)]))
            break
        except DatabaseUnavailable:
            await asyncio.sleep(0.05)
    assert len(await asyncio.gather(*(all_rows(database) for _ in range(50)))) == 50
    await database.close()
    await proxy.stop()


@pytest.mark.mariadb
async def test_the_callers_own_errors_leave_the_breaker_closed(mariadb_url: str) -> None:
    database = await open_database(mariadb_url, breaker=CircuitBreaker("database"))

    def wrong() -> Program[None]:
        yield Execute("SELECT no such thing")

    def failing() -> Program[None]:
        yield Fetch("SELECT 1")
        raise ValueError("a bug of the program")

    await database.write(insert([("a", 1, None, None, None)]))
    for _ in range(30):
        with pytest.raises(ConstraintViolated):
            await database.write(insert([("a", 1, None, None, None)]))
        with pytest.raises(DatabaseError):
            await database.write(wrong())
        with pytest.raises(ValueError, match="bug"):
            await database.write(failing())
    assert len(await all_rows(database)) == 1
    await database.close()


@pytest.mark.mariadb
async def test_a_caller_that_goes_away_keeps_no_place(mariadb_url: str) -> None:
    database = await open_database(mariadb_url, DatabaseLimits(connections=1))
    begun = []

    def slow() -> Program[None]:
        begun.append("slow")
        yield Fetch("SELECT SLEEP(0.5)")

    def never() -> Program[None]:
        begun.append("never")
        yield Fetch("SELECT 1")

    first = asyncio.create_task(database.read(slow()))
    waiting = [asyncio.create_task(database.read(never())) for _ in range(50)]
    await asyncio.sleep(0.1)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    await first
    assert await all_rows(database) == []
    assert begun == ["slow"]
    await database.close()


@pytest.mark.slow
@pytest.mark.mariadb
async def test_a_process_that_goes_silent_loses_its_locks(mariadb_url: str) -> None:
    async def fill() -> None:
        database = await open_database(mariadb_url)
        await database.write(insert([("a", 1, None, None, None)]))
        await database.close()

    locked = threading.Event()

    def silent() -> Program[None]:
        yield Execute("UPDATE item SET amount=2")
        locked.set()
        # As long as the process is stopped its event loop does nothing.
        time.sleep(mariadb.IDLE_TRANSACTION_SECONDS + 2)
        yield Execute("UPDATE item SET amount=3")

    async def hold() -> None:
        database = await open_database(mariadb_url)
        try:
            await database.write(silent())
        finally:
            await database.close()

    await fill()
    holding = asyncio.create_task(asyncio.to_thread(asyncio.run, hold()))
    await asyncio.to_thread(locked.wait)
    database = await open_database(mariadb_url)

    def other() -> Program[None]:
        yield Execute("UPDATE item SET amount=4")

    await database.write(other())
    with pytest.raises(DatabaseUnavailable):
        await holding
    assert [row[-1] for row in await all_rows(database)] == [4]
    await database.close()


@pytest.mark.mariadb
async def test_settings_that_are_wrong_are_told_from_a_server_that_is_away(mariadb_server: MariadbServer) -> None:
    away = mariadb_server.url("x", port=1)
    with pytest.raises(DatabaseUnavailable) as raised:
        await open_database(away)
    assert not isinstance(raised.value, DatabaseRefused)
    with pytest.raises(DatabaseRefused, match="Unknown database 'no_such'"):
        await open_database(mariadb_server.url("no_such"))
    wrong = f"mariadb://somebody:wrong@{mariadb_server.host}:{mariadb_server.port}/x"
    with pytest.raises(DatabaseRefused, match="Access denied"):
        await open_database(wrong)


@pytest.mark.mariadb
async def test_deadlock(proxied: tuple[Database, TcpProxy]) -> None:
    database, _ = proxied
    await database.write(insert([("a", 1, None, None, 0), ("b", 1, None, None, 0)]))

    def crossing(first: str, second: str) -> Program[None]:
        yield Execute("UPDATE item SET amount=amount+1 WHERE owner=?", (first,))
        yield Execute("UPDATE item SET amount=amount+1 WHERE owner=?", (second,))

    for _ in range(50):
        outcomes = await asyncio.gather(
            database.write(crossing("a", "b")), database.write(crossing("b", "a")), return_exceptions=True
        )
        failures = [outcome for outcome in outcomes if outcome is not None]
        if failures:
            assert [type(failure) for failure in failures] == [TransientFailure]
            return
    pytest.fail("no deadlock came about")


async def test_locked_sqlite_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT_MILLIS", 50)
    path = tmp_path / "locked.db"
    database = SqliteDatabase(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE item(a)")
    other.execute("BEGIN IMMEDIATE")

    def program() -> Program[None]:
        yield Execute("INSERT INTO item VALUES (1)")

    with pytest.raises(TransientFailure):
        await database.write(program())
    other.execute("COMMIT")
    await database.write(program())
    other.close()
    await database.close()


async def test_sqlite_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(DatabaseUnavailable, match="cannot open the SQLite database"):
        await open_database(f"sqlite:///{tmp_path / 'missing' / 'x.db'}")
    (tmp_path / "text.db").write_text("this is no database, however long the text may be " * 100)
    with pytest.raises(DatabaseUnavailable, match="cannot open the SQLite database"):
        await open_database(f"sqlite:///{tmp_path / 'text.db'}")


async def test_unknown_urls() -> None:
    for url in ("postgresql://x/y", "sqlite://", "sqlite:///", "data.db", ""):
        with pytest.raises(ValueError, match="must read sqlite:///path"):
            await open_database(url)


@pytest.mark.mariadb
async def test_wrong_credentials(mariadb_server: MariadbServer) -> None:
    url = f"mariadb://nobody:wrong@{mariadb_server.host}:{mariadb_server.port}/none"
    with pytest.raises(DatabaseUnavailable, match="cannot connect"):
        await open_database(url)


async def test_many_processes_open_a_new_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new.db"
    code = (
        "import sys, asyncio; sys.path.insert(0, '.')\n"
        "from pathlib import Path\n"
        "from mesh.db.sqlite import SqliteDatabase\n"
        "sys.stdin.readline()\n"
        "asyncio.run(SqliteDatabase(Path(sys.argv[1])).close())\n"
    )
    for _ in range(3):
        path.unlink(missing_ok=True)
        processes = [
            subprocess.Popen([sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(6)
        ]
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
            process.stdin.flush()
        for process in processes:
            _, errors = await asyncio.to_thread(process.communicate)
            assert process.returncode == 0, errors.decode()


async def test_an_error_without_a_code_of_sqlite_is_an_error_of_the_database(tmp_path: Path) -> None:
    """What the module raises by itself, as for a text that is not UTF-8, has none."""
    database = SqliteDatabase(tmp_path / "test.db")

    def failing() -> Program[None]:
        yield Fetch("SELECT 1")
        raise sqlite3.OperationalError("Could not decode to UTF-8")

    for run in (database.read, database.write):
        with pytest.raises(DatabaseError, match="UTF-8"):
            await run(failing())
    (row,) = await database.read(fetch(Fetch("SELECT CAST(x'41ff' AS TEXT)")))
    assert row == ("A\udcff",)
    await database.close()
