"""How far the relay is behind, over both databases."""

from __future__ import annotations

from mesh.db.database import Database
from mesh.db.statements import DeleteMany, Execute, Program
from mesh.outbox import OutboxEntry, outbox_insert
from mesh.resilience.outbox_backlog import OutboxBacklog


class Now:
    def __init__(self) -> None:
        self.seconds = 50.0

    def __call__(self) -> float:
        return self.seconds


async def add(store: Database, count: int) -> None:
    def program() -> Program[None]:
        yield outbox_insert([OutboxEntry(f"e{n}", "topic", f"k{n}", 0, b"", 0) for n in range(count)])

    await store.write(program())


async def remove(store: Database, sequence: list[int]) -> None:
    def program() -> Program[None]:
        yield DeleteMany("outbox", ("seq",), [(seq,) for seq in sequence])

    await store.write(program())


async def test_age_and_number(store: Database) -> None:
    now = Now()
    backlog = OutboxBacklog(store, now)
    await backlog.look()
    assert (backlog.rows, backlog.age_seconds) == (0, 0)
    assert await backlog.relayed(0)
    await add(store, 3)
    await backlog.look()
    assert (backlog.rows, backlog.age_seconds) == (3, 0)
    now.seconds += 10
    await add(store, 2)
    await backlog.look()
    assert (backlog.rows, backlog.age_seconds) == (5, 10)
    assert not await backlog.relayed(0)
    now.seconds += 5
    await remove(store, [1, 2, 3])
    await backlog.look()
    assert (backlog.rows, backlog.age_seconds) == (2, 5)
    await remove(store, [4, 5])
    await backlog.look()
    assert (backlog.rows, backlog.age_seconds) == (0, 0)


async def test_rows_that_were_given_up_are_no_backlog(store: Database) -> None:
    await add(store, 350)

    def give_up() -> Program[None]:
        yield Execute("UPDATE outbox SET status='FAILED' WHERE seq<=?", (340,))

    await store.write(give_up())
    backlog = OutboxBacklog(store)
    await backlog.look()
    assert backlog.rows == 10
    await remove(store, list(range(341, 351)))
    await backlog.look()
    assert backlog.rows == 0
    assert await backlog.relayed(0)


async def test_numbers_that_begin_again_are_new_rows(store: Database) -> None:
    """On SQLite they do once the outbox was empty, which no look need have seen."""
    now = Now()
    backlog = OutboxBacklog(store, now)
    await add(store, 5)
    await backlog.look()
    await remove(store, [1, 2, 3, 4, 5])
    await add(store, 3)
    now.seconds += 10
    await backlog.look()
    assert (backlog.rows, backlog.age_seconds) == (3, 0)
