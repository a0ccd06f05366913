from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from engine_svc.main import MIGRATIONS, MIGRATIONS_HEAD
from mesh.db.migrate import migrate
from mesh.db.schema import open_database
from tests.cluster.nodes import Cluster
from tests.infrastructure.mariadb import MariadbServer


@pytest.fixture
def cluster_url(mariadb_server: MariadbServer) -> Iterator[str]:
    """A MariaDB database with the engine's tables."""
    with mariadb_server.database() as name:
        migrate(mariadb_server.url(name), MIGRATIONS, MIGRATIONS_HEAD)
        yield mariadb_server.url(name)


@pytest.fixture
async def cluster(cluster_url: str) -> AsyncIterator[Cluster]:
    """A cluster without engines yet."""
    database = await open_database(cluster_url)
    made = Cluster(cluster_url, database)
    try:
        yield made
    finally:
        await asyncio.gather(*(engine.close() for engine in made.engines))
        await database.close()
