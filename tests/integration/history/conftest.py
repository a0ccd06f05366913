from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from history_svc.storage.schema import HEAD, MIGRATIONS
from mesh.db.database import Database
from mesh.db.schema import open_database
from tests.infrastructure.migrated import migrated_database_url
from tests.infrastructure.searching import Indexed, Searched, indexed_history, searched_history

database_url = migrated_database_url(MIGRATIONS, HEAD)


@pytest.fixture
async def history(database_url: str) -> AsyncIterator[Database]:
    """History's database with its tables, once on SQLite and once on MariaDB."""
    database = await open_database(database_url)
    yield database
    await database.close()


@pytest.fixture
async def indexed(history: Database, search_url: str) -> AsyncIterator[Indexed]:
    """History's database with a search server; nobody tells it anything but `settle`."""
    async with indexed_history(history, search_url) as one:
        yield one


@pytest.fixture(params=["words", pytest.param("server", marks=pytest.mark.slow)])
async def searched(history: Database, request: pytest.FixtureRequest) -> AsyncIterator[Searched]:
    """History that is searched by its database's words, and by a search server."""
    if request.param == "words":
        async with searched_history(history, None) as one:
            yield one
        return
    async with (
        indexed_history(history, request.getfixturevalue("search_url")) as indexed,
        searched_history(history, indexed) as one,
    ):
        await indexed.settle()
        yield one
        # It was the server that answered.
        assert indexed.places.counters.fallbacks == 0
        assert indexed.places.counters.answered > 0
        assert indexed.indexing.counters.refused == 0
