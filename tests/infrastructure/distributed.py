"""The distributed profile in tests: MariaDB, Kafka and Redis of the test run, with databases and topics of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.infrastructure.kafka import KafkaCluster
from tests.infrastructure.mariadb import MariadbServer

PROFILES = (
    "embedded",
    pytest.param("distributed", marks=[pytest.mark.distributed, pytest.mark.mariadb, pytest.mark.slow]),
)
"""For a fixture of a mesh: `-m distributed` takes what runs on it, `-m "not distributed"` leaves it out."""

SERVICES = ("engine", "identity", "form", "notification", "history")


@contextlib.contextmanager
def own_databases(server: MariadbServer) -> Iterator[str]:
    """Give the URL for `--database` with a prefix of its own; the databases are dropped at the end."""
    prefix = f"test{uuid4().hex[:12]}"
    try:
        yield server.url(prefix)
    finally:
        for service in SERVICES:
            server.execute(f"DROP DATABASE IF EXISTS {prefix}_{service}")


def distributed_options(database: str, bus: str, cache: str = "", *, engines: int = 2) -> list[str]:
    """Return the options of `flowmesh up` for a mesh of the distributed profile, on any free ports."""
    options = ["--profile", "distributed", "--engines", str(engines), "--engine-port", "0", "--history-port", "0"]
    options += ["--identity-metrics-port", "0", "--form-port", "0", "--form-metrics-port", "0"]
    options += ["--notification-port", "0", "--notification-metrics-port", "0"]
    options += ["--monitoring-port", "0", "--monitoring-metrics-port", "0"]
    return [*options, "--database", database, "--bus", bus, *(("--cache", cache) if cache else ())]


@contextlib.contextmanager
def profile_options(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Give the options of `flowmesh up` for the profile that is the parameter of the fixture."""
    if request.param == "embedded":
        yield []
        return
    server: MariadbServer = request.getfixturevalue("mariadb_server")
    kafka: KafkaCluster = request.getfixturevalue("kafka_cluster")
    cache: str = request.getfixturevalue("redis_url")
    with own_databases(server) as database, kafka.own_url() as bus:
        yield distributed_options(database, bus, cache)
