"""The whole distributed mesh on one machine: two engines, history, MariaDB, three Kafka brokers, Redis.

Every engine reaches MariaDB through a proxy of its own, which can break its connections.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pymysql

from tests.faults.clock import FaultyClock
from tests.faults.disk import SmallDisk
from tests.faults.process import FaultyProcess, NotReady
from tests.infrastructure import mariadb
from tests.infrastructure.kafka import KafkaCluster, running_cluster
from tests.infrastructure.ports import free_ports
from tests.infrastructure.redis import RedisServer, running_redis
from tests.infrastructure.tcp_proxy import TcpProxy

ROOT = Path(__file__).resolve().parents[2]
ENGINES = 2
BROKERS = 3
JOB_LEASE_SECONDS = 5
PROBE_SECONDS = 2.0


@dataclass
class Cluster:
    """Everything that faults can be done to."""

    folder: Path
    database: FaultyProcess
    server: mariadb.MariadbServer
    redis: RedisServer
    kafka: KafkaCluster
    engines: list[FaultyProcess] = field(default_factory=list)
    proxies: list[TcpProxy] = field(default_factory=list)
    clocks: list[FaultyClock] = field(default_factory=list)
    histories: list[FaultyProcess] = field(default_factory=list)
    engine_addresses: list[str] = field(default_factory=list)
    history_address: str = ""

    def relays(self) -> list[FaultyProcess]:
        """Return the engines that hold a lease on the outbox, as their database says."""
        rows = self.server.execute("SELECT DISTINCT owner FROM flowmesh_engine.lease WHERE name='outbox-relay'")
        # An owner's name ends with its process and a random part.
        holders = {str(owner).split("/")[-2] for (owner,) in rows if owner}
        return [engine for engine in self.engines if str(engine.pid) in holders]


@contextlib.asynccontextmanager
async def running(folder: Path) -> AsyncIterator[Cluster]:
    """Start everything, wait until it serves, and end it with the block."""
    async with contextlib.AsyncExitStack() as closing:
        for number in range(BROKERS):
            closing.enter_context(SmallDisk(folder / "kafka" / f"broker-{number + 1}").mounted_for_block())
        redis = closing.enter_context(running_redis())
        kafka = closing.enter_context(running_cluster(folder / "kafka", brokers=BROKERS))
        database, server = await _mariadb(folder / "mariadb", closing)
        cluster = Cluster(folder, database, server, redis, kafka)
        ports = free_ports(2 * ENGINES + 2)
        for number in range(ENGINES):
            await _add_engine(cluster, number, ports.pop(), ports.pop(), closing)
        _add_history(cluster, ports.pop(), ports.pop(), closing)
        for process in (*cluster.engines, *cluster.histories):
            process.start()
        for process in (*cluster.engines, *cluster.histories):
            await process.until_ready()
        yield cluster


async def _mariadb(home: Path, closing: contextlib.AsyncExitStack) -> tuple[FaultyProcess, mariadb.MariadbServer]:
    program, installer = mariadb.binary("mariadbd"), mariadb.binary("mariadb-install-db")
    if program is None or installer is None:
        raise NotReady("needs mariadbd and mariadb-install-db on this machine")
    await asyncio.to_thread(mariadb.install, installer, home)
    (port,) = free_ports(1)
    server = mariadb.MariadbServer("127.0.0.1", port, "root", "")

    def answers() -> bool:
        try:
            return bool(server.execute("SELECT 1"))
        except pymysql.Error:
            return False

    database = FaultyProcess("mariadb", mariadb.server_command(program, home, port), home / "server.log", answers)
    database.start()
    closing.push_async_callback(database.stop)
    await database.until_ready()
    for service in ("engine", "history"):
        server.execute(f"CREATE DATABASE flowmesh_{service} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
    return database, server


async def _add_engine(
    cluster: Cluster, number: int, port: int, admin_port: int, closing: contextlib.AsyncExitStack
) -> None:
    name = f"engine-{number + 1}"
    proxy = TcpProxy("127.0.0.1", cluster.server.port)
    proxy_port = await proxy.start()
    closing.push_async_callback(proxy.stop)
    clock = FaultyClock(cluster.folder / f"{name}.clock")
    settings = {
        "INSTANCE": name,
        "PORT": str(port),
        "ADMIN_PORT": str(admin_port),
        "DATABASE_URL": cluster.server.url("flowmesh_engine", port=proxy_port),
        "BUS_URL": cluster.kafka.url(),
        "CACHE_URL": cluster.redis.url,
        "JOB_LEASE_SECONDS": str(JOB_LEASE_SECONDS),
    }
    engine = _service("engine_svc", name, settings, admin_port, cluster.folder, clock)
    closing.push_async_callback(engine.stop)
    cluster.engines.append(engine)
    cluster.proxies.append(proxy)
    cluster.clocks.append(clock)
    cluster.engine_addresses.append(f"127.0.0.1:{port}")


def _add_history(cluster: Cluster, port: int, admin_port: int, closing: contextlib.AsyncExitStack) -> None:
    settings = {
        "INSTANCE": "history-1",
        "PORT": str(port),
        "ADMIN_PORT": str(admin_port),
        "DATABASE_URL": cluster.server.url("flowmesh_history"),
        "BUS_URL": cluster.kafka.url(),
    }
    history = _service("history_svc", "history-1", settings, admin_port, cluster.folder)
    closing.push_async_callback(history.stop)
    cluster.histories.append(history)
    cluster.history_address = f"127.0.0.1:{port}"


def _service(
    package: str,
    name: str,
    settings: Mapping[str, str],
    admin_port: int,
    folder: Path,
    clock: FaultyClock | None = None,
) -> FaultyProcess:
    def environment() -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("FLOWMESH_")}
        own = {f"FLOWMESH_{key}": value for key, value in settings.items()}
        path = os.pathsep.join([str(ROOT), str(ROOT / "gen")])
        return {
            **kept,
            **own,
            "FLOWMESH_LOG_LEVEL": "warning",
            "FLOWMESH_AUTHENTICATION": "off",
            "FLOWMESH_DATA_DIR": str(folder / name),
            **(clock.environment(path) if clock is not None else {"PYTHONPATH": path}),
        }

    def ready() -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{admin_port}/readyz", timeout=PROBE_SECONDS) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    command = [sys.executable, "-m", f"{package}.main"]
    return FaultyProcess(name, command, folder / f"{name}.log", ready, environment)
