"""The service as a process has it: without signing in, its tables, and answers after a broken commit."""

from __future__ import annotations

import asyncio
from typing import Any

from flowmesh.identity.v1 import user_service_pb2 as users

from identity_svc.storage.requests import prune_requests
from identity_svc.storage.schema import HEAD, MIGRATIONS
from mesh.bus.port import Bus
from mesh.db.database import Database, OutcomeUnknown
from mesh.db.migrate import migrate
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Execute, Fetch, Program, Row, fetch
from tests.integration.identity.directory import Directory, administrator, give, start, user


async def test_where_nobody_signs_in_everybody_may_give_everything(identity: Database, bus: Bus) -> None:
    running = await start(identity, bus, signed_in=False)
    try:
        anybody = running.as_("")
        await user(anybody, "ada")
        assert not (await give(anybody, "administrator", "ada")).creator_id
    finally:
        await running.close()


async def test_a_migration_that_broke_off_goes_on(identity: Database, database_url: str) -> None:
    def break_off() -> Program[None]:
        yield Execute("DROP TABLE alembic_version")
        yield Execute("DROP TABLE audit_entry")
        where = "" if isinstance(identity, SqliteDatabase) else " ON role_assignment"
        yield Execute(f"DROP INDEX role_assignment_by_role{where}")

    await identity.write(break_off())
    await asyncio.to_thread(migrate, database_url, MIGRATIONS, HEAD)
    await identity.read(fetch(Fetch("SELECT COUNT(*) FROM audit_entry")))
    assert await identity.read(fetch(Fetch("SELECT id, value FROM security_sequence ORDER BY id"))) == [
        (1, 0),
        (2, 0),
    ]


class _Breaking:
    """A database whose next commits seem to break off, with the work done or not."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.breaks: list[bool] = []

    async def write(self, program: Program[Any]) -> Any:
        if not self.breaks:
            return await self._database.write(program)
        if self.breaks.pop(0):
            await self._database.write(program)
        else:
            program.close()
        raise OutcomeUnknown("the connection broke during COMMIT")

    async def read(self, program: Program[Any]) -> Any:
        return await self._database.read(program)

    async def close(self) -> None:
        await self._database.close()


async def test_a_commit_whose_outcome_is_unknown_is_settled(identity: Database, bus: Bus) -> None:
    breaking = _Breaking(identity)
    running: Directory = await start(breaking, bus)
    await identity.write(administrator("root"))
    try:
        root = running.as_("root")
        for number, done in enumerate((True, False)):
            # Without a request id as well.
            breaking.breaks = [done]
            made = await root.CreateUser(users.CreateUserRequest(id=f"u{number}"))
            assert made.user.id == f"u{number}"
        rows: list[Row] = await identity.read(
            fetch(Fetch("SELECT COUNT(*) FROM audit_entry WHERE action='users.create'"))
        )
        assert rows == [(3,)]
    finally:
        await running.close()


async def test_answers_are_forgotten_by_and_by(directory: Directory, root: Any) -> None:
    await root.CreateUser(users.CreateUserRequest(id="ada", request_id="r1"))
    assert await directory.database.write(prune_requests(0)) == 0
    assert await directory.database.write(prune_requests(1 << 60)) == 1
