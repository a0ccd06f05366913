"""What `flowmesh up --profile distributed` says of addresses and options that it cannot use, before it starts anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from launcher.distributed.nodes import address_of, node_environment, settled_nodes
from launcher.distributed.options import DistributedOptions
from launcher.distributed.services import IDENTITY
from launcher.distributed.stores import Stores, settled_stores
from mesh.startup import StartupError
from tests.infrastructure.distributed import own_databases
from tests.infrastructure.mariadb import MariadbServer
from tests.launcher.running import FREE_PORTS, flowmesh

METRICS = ("--identity-metrics-port", "0", "--form-metrics-port", "0", "--monitoring-metrics-port", "0")
SERVER = "mariadb://u:p%40w@db:3306"
BUS = "kafka://a:9092,b:9092?replication=3"


def _stores(**environ: str) -> Stores:
    return settled_stores(DistributedOptions(), environ)


def test_each_service_has_a_database_of_its_own() -> None:
    stores = settled_stores(DistributedOptions(database=f"{SERVER}/", bus=BUS, cache="redis://c:6379/0"), {})
    assert stores.databases == {
        name: f"{SERVER}/flowmesh_{name}" for name in ("engine", "identity", "form", "notification", "history")
    }
    assert (stores.bus, stores.cache) == (BUS, "redis://c:6379/0")


def test_addresses_come_from_the_environment_too() -> None:
    stores = _stores(
        FLOWMESH_DATABASE_URL="mysql://u@db:3306/acme",
        FLOWMESH_HISTORY_DATABASE_URL="mariadb://h@other:3306/h",
        FLOWMESH_BUS_URL="sqlite:////tmp/bus.db",
    )
    assert stores.databases == {
        "engine": "mariadb://u@db:3306/acme_engine",
        "identity": "mariadb://u@db:3306/acme_identity",
        "form": "mariadb://u@db:3306/acme_form",
        "notification": "mariadb://u@db:3306/acme_notification",
        "history": "mariadb://h@other:3306/h",
    }
    assert stores.cache == ""


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({}, "needs a database server"),
        ({"FLOWMESH_DATABASE_URL": SERVER}, "needs an event bus"),
        ({"FLOWMESH_DATABASE_URL": "sqlite:///x.db"}, "must read mariadb://"),
        ({"FLOWMESH_DATABASE_URL": "mariadb://u:secret/word@db/"}, "must read mariadb://"),
        ({"FLOWMESH_DATABASE_URL": SERVER, "FLOWMESH_BUS_URL": "kafka://a"}, "must read kafka://"),
        ({"FLOWMESH_DATABASE_URL": SERVER, "FLOWMESH_BUS_URL": "redis://a:1"}, "must read kafka://"),
        (
            {"FLOWMESH_DATABASE_URL": SERVER, "FLOWMESH_BUS_URL": BUS, "FLOWMESH_CACHE_URL": "c:6379"},
            "must read redis://",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_said(environ: dict[str, str], sentence: str) -> None:
    with pytest.raises(StartupError, match=sentence) as caught:
        _stores(**environ)
    assert "secret" not in str(caught.value)


def test_processes_have_ports_and_settings_of_their_own() -> None:
    options = DistributedOptions(
        port=0,
        engine_port=0,
        identity_port=0,
        form_port=0,
        notification_port=0,
        history_port=0,
        monitoring_port=0,
        engine_metrics_port=0,
        identity_metrics_port=0,
        form_metrics_port=0,
        notification_metrics_port=0,
        history_metrics_port=0,
        monitoring_metrics_port=0,
        engines=3,
        identities=2,
        histories=2,
    )
    port, nodes = settled_nodes(options)
    assert [node.name for node in nodes] == [
        "engine-1",
        "engine-2",
        "engine-3",
        "identity-1",
        "identity-2",
        "form-1",
        "notification-1",
        "history-1",
        "history-2",
        "monitoring-1",
    ]
    ports = [port, *(each for node in nodes for each in (node.port, node.admin_port))]
    assert len(set(ports)) == 21
    stores = settled_stores(DistributedOptions(database=SERVER, bus=BUS), {})
    inherited = {"FLOWMESH_DATABASE_URL": SERVER, "FLOWMESH_DRAIN_NOTICE_SECONDS": "7", "PATH": "/bin"}
    address = address_of(IDENTITY, options, nodes)
    assert address == f"ipv4:127.0.0.1:{nodes[3].port},127.0.0.1:{nodes[4].port}"
    environment = node_environment(nodes[1], options, stores, nodes, inherited)
    assert environment["FLOWMESH_ENGINE_DATABASE_URL"] == f"{SERVER}/flowmesh_engine"
    assert environment["FLOWMESH_ENGINE_PORT"] == str(nodes[1].port)
    assert environment["FLOWMESH_DRAIN_NOTICE_SECONDS"] == "7"
    assert environment["FLOWMESH_ENGINE_IDENTITY_ADDRESS"] == address
    assert environment["FLOWMESH_ENGINE_AUTHENTICATION"] == "required"
    assert not any(
        name.endswith("DATABASE_URL") for name in node_environment(nodes[-1], options, stores, nodes, inherited)
    )
    # It names a server, and no service takes it for its own.
    assert "FLOWMESH_DATABASE_URL" not in environment


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--database", "mariadb://u@127.0.0.1:1/", "--bus", "sqlite:///b.db"], "at 127.0.0.1:1 cannot be reached"),
        (
            ["--database", "mariadb://u@127.0.0.1:1/", "--bus", "sqlite:///b.db", "--clock", "controlled"],
            "--force-clock",
        ),
    ],
)
def test_a_start_that_cannot_be_ends_with_one_sentence(tmp_path: Path, options: list[str], sentence: str) -> None:
    done = flowmesh("up", "--profile", "distributed", "--data", str(tmp_path), *FREE_PORTS, *METRICS, *options)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.mariadb
def test_wrong_names_and_passwords_and_a_bus_that_is_not_there(tmp_path: Path, mariadb_server: MariadbServer) -> None:
    def up(database: str, bus: str) -> str:
        more = ("--database", database, "--bus", bus)
        done = flowmesh("up", "--profile", "distributed", "--data", str(tmp_path), *FREE_PORTS, *METRICS, *more)
        assert done.returncode == 2, done.stderr
        assert done.stderr.count("\n") == 1, done.stderr
        return done.stderr

    address = f"127.0.0.1:{mariadb_server.port}"
    assert "refuses user nobody" in up(f"mariadb://nobody:x@{address}/", "sqlite:///b.db")
    mariadb_server.execute("CREATE USER IF NOT EXISTS weak@'%' IDENTIFIED BY 'w'")
    try:
        assert "let an administrator run: CREATE DATABASE" in up(f"mariadb://weak:w@{address}/", "sqlite:///b.db")
    finally:
        mariadb_server.execute("DROP USER weak@'%'")
    with own_databases(mariadb_server) as database:
        assert "The event bus cannot be used" in up(database, "kafka://127.0.0.1:1")


@pytest.mark.parametrize(
    "options",
    [["--engines", "0"], ["--engines", "many"], ["--profile", "other"], ["--profile", "embedded", "--engines", "2"]],
)
def test_options_are_checked(options: list[str]) -> None:
    assert flowmesh("up", *options).returncode == 2
