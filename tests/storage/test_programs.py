"""Statement programs mean the same on SQLite and MariaDB."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from collections.abc import Callable

import pytest

from mesh.db import sqlite_statements
from mesh.db.database import ConstraintViolated, Database, DatabaseError
from mesh.db.schema import open_database
from mesh.db.statements import (
    DeleteMany,
    Execute,
    Fetch,
    FetchKeys,
    InsertMany,
    Program,
    Row,
    Statement,
    UpdateKeys,
    UpsertMany,
)

COLUMNS = ("owner", "number", "name", "data", "amount")
KEY = ("owner", "number")


def one(statement: Statement) -> Program[object]:
    result: object = yield statement
    return result


def rows_of(statement: Fetch | FetchKeys) -> Program[list[Row]]:
    rows: list[Row] = yield statement
    return rows


def insert(rows: list[Row]) -> Program[object]:
    return one(InsertMany("item", COLUMNS, rows))


ALL = Fetch("SELECT owner, number, name, data, amount FROM item ORDER BY owner, number")


async def all_rows(database: Database) -> list[Row]:
    return await database.read(rows_of(ALL))


async def test_a_program_sees_its_own_writes_and_returns_its_value(store: Database) -> None:
    def program() -> Program[tuple[int, int, list[Row]]]:
        yield InsertMany("item", COLUMNS, [("a", 1, "one", b"1", 5), ("a", 2, "two", b"2", 5)])
        changed: int = yield Execute("UPDATE item SET amount=amount+? WHERE owner=?", (1, "a"))
        unchanged: int = yield Execute("UPDATE item SET amount=? WHERE number=?", (6, 1))
        rows: list[Row] = yield Fetch("SELECT number, amount FROM item WHERE owner=? ORDER BY number", ("a",))
        return changed, unchanged, rows

    changed, unchanged, rows = await store.write(program())
    assert changed == 2
    # A row that matches counts, even where its value stays the same.
    assert unchanged == 1
    assert rows == [(1, 6), (2, 6)]


async def test_every_byte_value_survives(store: Database) -> None:
    blob = bytes(range(256)) * 3 + b"'\\\";--%s?\x00\xff"
    await store.write(insert([("bytes", 1, None, blob, None), ("bytes", 2, None, b"", None)]))
    assert await all_rows(store) == [("bytes", 1, None, blob, None), ("bytes", 2, None, b"", None)]


async def test_text_survives(store: Database) -> None:
    texts = ["流程", "😀🏳️‍🌈", "e\u0301 é", "quote ' \" \\ %s ? %", "\x00\n\r\t", "", "ÄäßẞİıẞſS"]
    await store.write(insert([("text", number, text, None, None) for number, text in enumerate(texts)]))
    assert [row[2] for row in await all_rows(store)] == texts


async def test_text_keys_compare_by_code_point(store: Database) -> None:
    owners = ["A", "a", "Ä", "ä", "é", "e\u0301", "z", "Z", "😀"]
    await store.write(insert([(owner, 1, None, None, None) for owner in owners]))
    assert [row[0] for row in await all_rows(store)] == sorted(owners)
    found = await store.read(rows_of(FetchKeys("item", ("owner",), ("owner",), [("a",), ("ä",), ("😀",)])))
    assert found == [("a",), ("ä",), ("😀",)]


async def test_integers_of_64_bits_and_nulls_survive(store: Database) -> None:
    numbers = [0, -1, 2**63 - 1, -(2**63), 2**53 + 1, None]
    await store.write(insert([("int", place, None, None, number) for place, number in enumerate(numbers)]))
    assert [row[4] for row in await all_rows(store)] == numbers


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1])
async def test_a_larger_integer_is_refused(store: Database, value: int) -> None:
    with pytest.raises(DatabaseError):
        await store.write(insert([("int", 1, None, None, value)]))
    assert await all_rows(store) == []


async def test_large_values(store: Database) -> None:
    blob = bytes(range(256)) * 4096 * 3
    text = "漢" * 1_000_000
    rows = [("large", number, text, blob, number) for number in range(4)]
    small: list[Row] = [("small", number, "n", b"x", number) for number in range(40)]
    await store.write(insert([*small[:20], *rows, *small[20:]]))
    assert await all_rows(store) == [*rows, *small]


async def test_large_batches(store: Database) -> None:
    rows: list[Row] = [(f"o{number % 7}", number, f"n{number}", b"x" * 100, number) for number in range(3_333)]
    await store.write(insert(rows))
    assert sorted(await all_rows(store)) == sorted(rows)

    changed = [(owner, number, name, b"y", amount + 1) for owner, number, name, _, amount in rows[1000:]]
    added = [("new", number, "new", b"z", 0) for number in range(1_234)]
    await store.write(one(UpsertMany("item", COLUMNS, KEY, ("data", "amount"), [*changed, *added])))
    assert sorted(await all_rows(store)) == sorted([*rows[:1000], *changed, *added])

    count = await store.write(one(UpdateKeys("item", "amount=?", (7,), KEY, [row[:2] for row in added] + [("no", 1)])))
    assert count == len(added)

    await store.write(one(DeleteMany("item", KEY, [row[:2] for row in rows] + [("missing", 1)])))
    assert sorted(await all_rows(store)) == sorted((*row[:4], 7) for row in added)


async def test_empty_batches_do_nothing(store: Database) -> None:
    await store.write(insert([]))
    await store.write(one(UpsertMany("item", COLUMNS, KEY, ("data",), [])))
    await store.write(one(DeleteMany("item", KEY, [])))
    assert await store.write(one(UpdateKeys("item", "amount=?", (7,), KEY, []))) == 0
    assert await store.read(rows_of(FetchKeys("item", COLUMNS, KEY, []))) == []


async def test_upsert_without_columns_to_update_keeps_the_row(store: Database) -> None:
    await store.write(insert([("a", 1, "first", None, None)]))
    await store.write(
        one(UpsertMany("item", COLUMNS, KEY, (), [("a", 1, "second", None, None), ("a", 2, "new", None, None)]))
    )
    assert [row[2] for row in await all_rows(store)] == ["first", "new"]


async def test_fetch_keys(store: Database) -> None:
    rows: list[Row] = [(f"o{number:05}", number, None, None, number) for number in range(2_500)]
    await store.write(insert(rows))
    keys = [row[:2] for row in rows]
    wanted = [*reversed(keys), *keys[:100], ("o00001", 2), ("missing", 1)]

    def program(lock: bool) -> Program[list[Row]]:
        found: list[Row] = yield FetchKeys("item", ("owner", "amount"), KEY, wanted, lock=lock)
        return found

    expected = [(row[0], row[4]) for row in rows]
    assert await store.read(program(lock=False)) == expected
    assert await store.write(program(lock=True)) == expected
    for count in (1, 2, 3, 333, 334, 500, 1000, 1001):
        found = await store.read(rows_of(FetchKeys("item", ("number",), ("number",), [(k,) for k in range(count)])))
        assert found == [(number,) for number in range(count)]


async def test_an_exception_in_the_program_undoes_it(store: Database) -> None:
    class OwnError(Exception):
        pass

    def program(error: Exception) -> Program[None]:
        yield InsertMany("item", COLUMNS, [("a", 1, None, None, None)])
        raise error

    # Errors that drivers raise as well are the program's own here.
    for error in (OwnError(), OSError("own"), TimeoutError("own"), KeyError("own")):
        with pytest.raises(type(error)) as raised:
            await store.write(program(error))
        assert raised.value.args == error.args
    assert await all_rows(store) == []
    await store.write(insert([("a", 1, None, None, None)]))


async def test_a_program_is_closed_when_a_statement_fails(store: Database) -> None:
    closed = []

    def program() -> Program[None]:
        try:
            yield Execute("UPDATE no_such_table SET a=1")
        finally:
            closed.append(True)

    with pytest.raises(DatabaseError):
        await store.write(program())
    assert closed == [True]


async def test_a_broken_constraint_undoes_everything(store: Database) -> None:
    await store.write(insert([("a", 1, "old", None, None)]))
    for bad in (
        [("b", 1, None, None, None), ("a", 1, "new", None, None)],
        [("c", 1, None, None, None), (None, 1, None, None, None)],
    ):
        with pytest.raises(ConstraintViolated):
            await store.write(insert(bad))
    assert await all_rows(store) == [("a", 1, "old", None, None)]


async def test_reading_programs_cannot_write(store: Database) -> None:
    with pytest.raises(DatabaseError):
        await store.read(insert([("a", 1, None, None, None)]))
    assert await all_rows(store) == []
    await store.write(insert([("a", 1, None, None, None)]))


async def test_a_read_has_one_view_of_the_data(store: Database, database_url: str) -> None:
    """Rows committed between two queries of one read are not seen by the second."""
    other = await open_database(database_url)
    loop = asyncio.get_running_loop()
    await store.write(insert([("a", 1, None, None, None)]))
    writes: list[asyncio.Future[object]] = []

    def program() -> Program[tuple[int, int]]:
        before: list[Row] = yield ALL
        # On SQLite this runs in a thread, on MariaDB in the loop: either way another transaction commits now.
        second = asyncio.run_coroutine_threadsafe(other.write(insert([("a", 2, None, None, None)])), loop)
        writes.append(asyncio.wrap_future(second, loop=loop))
        while True:
            sees: list[Row] = yield ALL
            if second.done() or len(sees) != len(before):
                break
        after: list[Row] = yield ALL
        return len(before), len(after)

    assert await store.read(program()) == (1, 1)
    await asyncio.gather(*writes)
    assert len(await all_rows(store)) == 2
    await other.close()


async def test_two_writers_lose_no_update(store: Database, database_url: str) -> None:
    other = await open_database(database_url)
    await store.write(insert([("counter", 1, None, None, 0)]))

    def increment() -> Program[None]:
        rows: list[Row] = yield Fetch("SELECT amount FROM item WHERE owner=? AND number=?", ("counter", 1), lock=True)
        yield Execute("UPDATE item SET amount=? WHERE owner=? AND number=?", (rows[0][0] + 1, "counter", 1))

    async def many(database: Database) -> None:
        for _ in range(50):
            await database.write(increment())

    await asyncio.gather(many(store), many(store), many(other), many(other))
    assert (await all_rows(store))[0][4] == 200
    await other.close()


async def test_a_cancelled_caller_neither_stops_the_transaction_nor_poisons_the_connection(store: Database) -> None:
    rng = range(200)

    async def write(number: int) -> None:
        await store.write(insert([("cancelled", number, "x" * 1000, None, number)]))

    tasks = [asyncio.create_task(write(number)) for number in rng]
    for count, task in enumerate(tasks):
        if count % 3 == 0:
            await asyncio.sleep(0)
        task.cancel()

    async def read(number: int) -> list[Row]:
        return await store.read(rows_of(Fetch("SELECT ? AS n", (number,))))

    reads = [asyncio.create_task(read(number)) for number in rng]
    await asyncio.sleep(0)
    for read_task in reads[::2]:
        read_task.cancel()
    answers = await asyncio.gather(*reads, return_exceptions=True)
    await asyncio.gather(*tasks, return_exceptions=True)
    for number, answer in enumerate(answers):
        # Another query's rows would show here.
        assert isinstance(answer, asyncio.CancelledError) if number % 2 == 0 else answer == [(number,)]
    for number in range(1000, 1020):
        assert await read(number) == [(number,)]
    # A task that had begun its transaction has finished it, whole.
    await store.write(insert([("end", 1, None, None, None)]))
    assert all(row[2] == "x" * 1000 for row in await all_rows(store) if row[0] == "cancelled")


async def test_close_waits_for_running_work(store: Database, database_url: str) -> None:
    database = await open_database(database_url)
    writing = asyncio.create_task(database.write(insert([("a", n, None, b"x" * 1000, n) for n in range(5_000)])))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await database.close()
    await writing
    assert len(await all_rows(store)) == 5_000


def test_a_running_service_on_sqlite_loads_no_heavy_library() -> None:
    import subprocess

    code = (
        "import sys; sys.path[:0]=['.', 'gen']\n"
        "import mesh.db.schema, mesh.db.sqlite, mesh.db.group_commit, mesh.bus.opening, mesh.relay, mesh.lease\n"
        "heavy = {'sqlalchemy', 'alembic', 'asyncmy', 'pymysql', 'pydantic', 'grpc', 'aiokafka'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("count", [1, 2, 64])
@pytest.mark.parametrize(
    "sql",
    [
        pytest.param(lambda keys, n: sqlite_statements.fetch_keys_sql("pair", ("x",), keys, n), id="fetch"),
        pytest.param(lambda keys, n: sqlite_statements.delete_sql("pair", keys, n), id="delete"),
        pytest.param(lambda keys, n: sqlite_statements.update_sql("pair", "x=1", keys, n), id="update"),
    ],
)
def test_statements_by_composite_key_use_the_index(sql: Callable[[tuple[str, ...], int], str], count: int) -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE pair (a TEXT, b INTEGER, x INTEGER, PRIMARY KEY (a, b)) WITHOUT ROWID")
    plan = connection.execute(f"EXPLAIN QUERY PLAN {sql(('a', 'b'), count)}", [1] * 2 * count).fetchall()
    assert not [step for step in plan if "SCAN pair" in step[3]]
    connection.close()
