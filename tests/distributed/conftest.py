from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.infrastructure.distributed import distributed_options, own_databases
from tests.infrastructure.kafka import KafkaCluster
from tests.infrastructure.mariadb import MariadbServer
from tests.infrastructure.mesh import Mesh, running_mesh


@pytest.fixture(scope="module")
def mesh(
    mariadb_server: MariadbServer,
    kafka_cluster: KafkaCluster,
    redis_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Mesh]:
    """Two engines on MariaDB, Kafka and Redis."""
    with own_databases(mariadb_server) as database, kafka_cluster.own_url() as bus:
        options = distributed_options(database, bus, redis_url)
        with running_mesh(tmp_path_factory.mktemp("mesh"), options) as running:
            yield running


@pytest.fixture
async def rest(mesh: Mesh) -> AsyncIterator[httpx.AsyncClient]:
    """REST through the gateway."""
    async with mesh.rest() as client:
        yield client


@pytest.fixture(scope="session")
def order_model() -> bytes:
    """A process with a task for people."""
    return (Path(__file__).resolve().parents[2] / "launcher" / "examples" / "order.bpmn").read_bytes()
