"""Kafka for the test run: one broker that all its processes share, and clusters of several for single tests.

The brokers are real ones in KRaft mode, on free ports, in a folder of their own. Their jars lie in the folder
FLOWMESH_TEST_KAFKA_HOME, or Maven fetches them once into the checkout's `.cache/kafka`. FLOWMESH_TEST_KAFKA names
the address (`host:port`, several with commas) of a running cluster to use instead of the shared broker; topics are
created and deleted on it. Without any of them the tests are skipped, with CI=true they fail.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import orjson
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from tests.infrastructure.ports import free_ports

KAFKA_VERSION = "4.3.1"
START_SECONDS = 60.0
STOP_SECONDS = 10.0
FETCH_SECONDS = 300.0
ADDRESS_VARIABLE = "FLOWMESH_TEST_KAFKA"
HOME_VARIABLE = "FLOWMESH_TEST_KAFKA_HOME"
SASL_USER, SASL_PASSWORD = "tester", "p:ss w@rd"
"""Who may sign in at the brokers' `sasl_port`; the other port asks nobody."""
SCRAM_PASSWORD = "scram-secret"
"""The same user's, where the mechanism is SCRAM-SHA-512."""
CACHE = Path(__file__).parents[2] / ".cache" / "kafka"

POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>flowmesh.test</groupId><artifactId>kafka</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies><dependency>
    <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{KAFKA_VERSION}</version>
  </dependency></dependencies>
</project>
"""
JAVA_OPTIONS = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")

T = TypeVar("T")


@dataclass(frozen=True)
class KafkaTls:
    """PEM files of brokers that listen with TLS as well: one with key and certificate, one with the authorities."""

    keystore: Path
    ca: Path


class KafkaBroker:
    """A broker that is its own controller too; `number` counts from 1. Made by `running_cluster`."""

    def __init__(
        self, number: int, folder: Path, ports: list[int], libraries: Path, tls: KafkaTls | None = None
    ) -> None:
        self.number = number
        self.port, self.controller_port, self.sasl_port, self.ssl_port, self.sasl_ssl_port = ports
        self._tls = tls
        self.log = folder / "broker.log"
        self._folder = folder
        self._libraries = libraries
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process, None while it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def configure(self, cluster_id: str, brokers: list[KafkaBroker]) -> None:
        """Write the configuration and format the folder."""
        replicas = min(3, len(brokers))
        settings = {
            "process.roles": "broker,controller",
            "node.id": self.number,
            "controller.quorum.voters": ",".join(f"{b.number}@127.0.0.1:{b.controller_port}" for b in brokers),
            "listeners": f"PLAINTEXT://127.0.0.1:{self.port},SASL_PLAINTEXT://127.0.0.1:{self.sasl_port},"
            f"CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"PLAINTEXT://127.0.0.1:{self.port},SASL_PLAINTEXT://127.0.0.1:{self.sasl_port}",
            "controller.listener.names": "CONTROLLER",
            "inter.broker.listener.name": "PLAINTEXT",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
            "sasl.enabled.mechanisms": "PLAIN",
            "listener.name.sasl_plaintext.plain.sasl.jaas.config": "org.apache.kafka.common.security.plain."
            f'PlainLoginModule required user_{SASL_USER}="{SASL_PASSWORD}";',
            "log.dirs": self._folder / "data",
            "auto.create.topics.enable": "false",
            "offsets.topic.replication.factor": replicas,
            "offsets.topic.num.partitions": 3,
            "transaction.state.log.replication.factor": replicas,
            "transaction.state.log.min.isr": max(1, replicas - 1),
            "transaction.state.log.num.partitions": 3,
            "group.initial.rebalance.delay.ms": 0,
            # What tests wait for comes soon: dead brokers, retention, compaction.
            "broker.session.timeout.ms": 3000,
            "broker.heartbeat.interval.ms": 500,
            "group.min.session.timeout.ms": 1000,
            "log.retention.check.interval.ms": 1000,
            "log.cleaner.backoff.ms": 1000,
            "log.cleaner.dedupe.buffer.size": 4 * 1024 * 1024,
            "log.segment.delete.delay.ms": 1000,
            "num.network.threads": 2,
            "num.io.threads": 4,
        }
        if self._tls is not None:
            self._add_tls(settings, self._tls)
        self._folder.mkdir(parents=True, exist_ok=True)
        self._settings.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        subprocess.run(
            self._java(
                *("kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(self._settings)),
                *("--add-scram", f"SCRAM-SHA-512=[name={SASL_USER},password={SCRAM_PASSWORD}]"),
            ),
            check=True,
            capture_output=True,
            cwd=self._folder,
        )

    def _add_tls(self, settings: dict[str, Any], tls: KafkaTls) -> None:
        """Listen at `ssl_port` to who shows a certificate, at `sasl_ssl_port` to who signs in."""
        added = f",SSL://127.0.0.1:{self.ssl_port},SASL_SSL://127.0.0.1:{self.sasl_ssl_port}"
        modules = "org.apache.kafka.common.security"
        settings["listeners"] += added
        settings["advertised.listeners"] += added
        settings["listener.security.protocol.map"] += ",SSL:SSL,SASL_SSL:SASL_SSL"
        settings |= {
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": tls.keystore,
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": tls.ca,
            "listener.name.ssl.ssl.client.auth": "required",
            "listener.name.sasl_ssl.sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512",
            "listener.name.sasl_ssl.plain.sasl.jaas.config": f"{modules}.plain."
            f'PlainLoginModule required user_{SASL_USER}="{SASL_PASSWORD}";',
            "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": f"{modules}.scram.ScramLoginModule required;",
        }

    def start(self) -> None:
        """Start the process; it takes a few seconds until it answers (`KafkaCluster.await_ready`)."""
        if self.pid is not None:
            return
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._java("kafka.Kafka", str(self._settings)),
                stdout=log,
                stderr=log,
                cwd=self._folder,
                # Ctrl-C ends the test run first, then the broker.
                start_new_session=True,
            )

    def kill(self) -> None:
        """Kill the process, as by `kill -9`."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """End the process in order, or kill it where that takes too long: without a quorum it would wait for ever."""
        if self._process is None or self._process.poll() is not None:
            return
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def pause(self) -> None:
        """Stop the process where it is (SIGSTOP)."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused process go on."""
        if self.pid is not None:
            os.kill(self.pid, signal.SIGCONT)

    @property
    def _settings(self) -> Path:
        return self._folder / "server.properties"

    def _java(self, *arguments: str) -> list[str]:
        java = shutil.which("java")
        if java is None:
            raise RuntimeError("there is no java on this machine")
        return [java, *JAVA_OPTIONS, "-cp", f"{self._libraries}/*", *arguments]


class KafkaCluster:
    """Brokers of one cluster. `brokers` is empty for a cluster that somebody else runs."""

    def __init__(self, bootstrap: str, brokers: list[KafkaBroker]) -> None:
        self.bootstrap = bootstrap
        self.brokers = brokers

    def url(self, *, prefix: str = "", replication: int | None = None, min_insync: int | None = None) -> str:
        """Return the bus's URL. Replication by default: 3 of three brokers with 2 in sync, else 1 with 1.

        `prefix` goes before the names of topics and groups, so that tests do not meet on one broker.
        """
        copies = replication or min(3, max(1, len(self.brokers)))
        in_sync = min_insync or max(1, copies - 1)
        return f"kafka://{self.bootstrap}?replication={copies}&min_insync={in_sync}" + (
            f"&prefix={prefix}" if prefix else ""
        )

    @contextlib.contextmanager
    def own_url(self) -> Iterator[str]:
        """Give a URL whose topics are nobody else's; delete them at the end."""
        prefix = f"t{uuid4().hex[:12]}."
        try:
            yield self.url(prefix=prefix)
        finally:
            outside_loop(self._delete_topics(prefix))

    def await_ready(self, *, brokers: int | None = None) -> None:
        """Wait until so many brokers (all, by default) are members of the cluster. Raises RuntimeError."""
        outside_loop(self._await_ready(brokers or max(1, len(self.brokers))))

    def stop(self) -> None:
        """End all brokers."""
        # Two of three can leave in order; the last one would wait for a quorum.
        for broker in self.brokers[:-1]:
            broker.stop()
        for broker in self.brokers[-1:]:
            if len(self.brokers) == 1:
                broker.stop()
            broker.kill()

    async def _await_ready(self, count: int) -> None:
        deadline = time.monotonic() + START_SECONDS
        addresses = [f"127.0.0.1:{broker.port}" for broker in self.brokers if broker.pid is not None]
        for address in addresses or self.bootstrap.split(","):
            while await _members(address) < count:
                if time.monotonic() > deadline or (self.brokers and all(broker.pid is None for broker in self.brokers)):
                    logs = "\n".join(broker.log.read_text(errors="replace")[-4000:] for broker in self.brokers)
                    raise RuntimeError(f"Kafka at {address} does not know {count} brokers:\n{logs}")
                await asyncio.sleep(0.1)

    async def _delete_topics(self, prefix: str) -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)
        try:
            await admin.start()
            names = [name for name in await admin.list_topics() if name.startswith(prefix)]
            if names:
                await admin.delete_topics(names)
        except (KafkaError, OSError) as error:
            # The test may have killed the brokers.
            print(f"topics {prefix}* were not deleted: {error!r}", file=sys.stderr)
        finally:
            await admin.close()


async def _members(address: str) -> int:
    """Ask a broker how many brokers it knows; 0 where it does not answer."""
    host, _, port = address.rpartition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return 0
    writer.close()
    admin = AIOKafkaAdminClient(bootstrap_servers=address, request_timeout_ms=2000)
    try:
        await admin.start()
        cluster = await admin.describe_cluster()
        return len(cluster["brokers"])
    except (KafkaError, OSError, TimeoutError):
        return 0
    finally:
        await admin.close()


def outside_loop(program: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in an event loop of its own, from wherever a fixture runs."""
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(program))
        except BaseException as error:  # noqa: BLE001
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


def libraries() -> Path:
    """Return the folder of Kafka's jars, fetched if need be. Raises RuntimeError where that cannot be done."""
    if home := os.environ.get(HOME_VARIABLE):
        folder = Path(home)
        return folder / "libs" if (folder / "libs").is_dir() else folder
    if shutil.which("java") is None:
        raise RuntimeError("there is no java on this machine")
    folder = CACHE / KAFKA_VERSION
    if folder.is_dir():
        return folder
    maven = shutil.which("mvn")
    if maven is None:
        raise RuntimeError(f"there is no mvn on this machine to fetch Kafka; {HOME_VARIABLE} may name its folder")
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return folder
        (CACHE / "pom.xml").write_text(POM)
        fresh = CACHE / "fresh"
        shutil.rmtree(fresh, ignore_errors=True)
        fetched = subprocess.run(
            [
                maven, "-B", "-q", "-f", str(CACHE / "pom.xml"), "dependency:copy-dependencies",
                "-DincludeScope=runtime", f"-DoutputDirectory={fresh}",
            ],
            capture_output=True,
            timeout=FETCH_SECONDS,
            text=True,
        )  # fmt: skip
        if fetched.returncode != 0:
            raise RuntimeError(f"Maven could not fetch Kafka {KAFKA_VERSION}:\n{fetched.stdout[-2000:]}")
        fresh.rename(folder)
    return folder


@contextlib.contextmanager
def running_cluster(folder: Path, brokers: int = 1, tls: KafkaTls | None = None) -> Iterator[KafkaCluster]:
    """Start a cluster with its data in `folder`, wait until it is ready, end it at the end."""
    jars = libraries()
    ports = free_ports(5 * brokers)
    members = [
        KafkaBroker(number + 1, folder / f"broker-{number + 1}", ports[5 * number : 5 * number + 5], jars, tls)
        for number in range(brokers)
    ]
    cluster_id = uuid4().hex[:22]
    cluster = KafkaCluster(",".join(f"127.0.0.1:{member.port}" for member in members), members)
    try:
        # Each takes a second of a processor: all at once.
        threads = [threading.Thread(target=member.configure, args=(cluster_id, members)) for member in members]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for member in members:
            member.start()
        cluster.await_ready()
        yield cluster
    finally:
        cluster.stop()


def unavailable(reason: str) -> None:
    """Skip the test, or fail it where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"Kafka is missing: {reason}")
    pytest.skip(f"needs Kafka: {reason}")


@pytest.fixture(scope="session")
def kafka_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """Give a cluster of one broker, shared by the processes of the test run: do not stop it."""
    if address := os.environ.get(ADDRESS_VARIABLE):
        yield KafkaCluster(address, [])
        return
    try:
        libraries()
    except RuntimeError as error:
        unavailable(str(error))
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shared-kafka"
    folder.mkdir(exist_ok=True)
    with _shared(folder) as bootstrap:
        yield KafkaCluster(bootstrap, [])


@pytest.fixture
def kafka_url(kafka_cluster: KafkaCluster) -> Iterator[str]:
    """Give the URL of a bus on the shared broker with topics and groups of the test's own."""
    with kafka_cluster.own_url() as url:
        yield url


@pytest.fixture(scope="module")
def kafka_trio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaCluster]:
    """Give a cluster of three brokers of the module's own; tests that stop brokers start them again."""
    try:
        libraries()
    except RuntimeError as error:
        unavailable(str(error))
    with running_cluster(tmp_path_factory.mktemp("kafka-trio"), brokers=3) as cluster:
        yield cluster


@contextlib.contextmanager
def _shared(folder: Path) -> Iterator[str]:
    """Use the broker of the test run, started by whoever comes first.

    Each user holds a shared lock. A process of its own runs the broker and waits for the exclusive lock: it gets it
    when the last user is gone, however that ended.
    """
    state = folder / "address.json"
    with (folder / "users").open("a") as users, (folder / "start").open("a") as start:
        fcntl.flock(start, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)
        if not state.exists():
            with (folder / "keeper.log").open("ab") as log:
                started = subprocess.run(
                    [sys.executable, "-m", "tests.infrastructure.kafka", str(folder)],
                    cwd=Path(__file__).parents[2],
                    env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            if started.returncode != 0:
                raise RuntimeError(f"Kafka did not start:\n{(folder / 'keeper.log').read_text()[-4000:]}")
        fcntl.flock(start, fcntl.LOCK_UN)
        yield orjson.loads(state.read_bytes())


def keep(folder: Path) -> None:
    """Start a broker in a process of its own that runs until nobody holds the lock `users` of the folder any more.

    Returns when the broker is ready and its address in the folder.
    """
    state = folder / "address.json"
    data = folder / f"cluster-{os.getpid()}"
    ready, announce = os.pipe()
    if os.fork():
        os.close(announce)
        # Ends without a byte where the other process ends.
        if not os.read(ready, 1):
            raise SystemExit("the broker did not start")
        return
    os.close(ready)
    with (folder / "users").open("a") as users:
        try:
            with running_cluster(data) as cluster:
                state.with_suffix(".new").write_bytes(orjson.dumps(cluster.bootstrap))
                state.with_suffix(".new").rename(state)
                os.write(announce, b"1")
                os.close(announce)
                fcntl.flock(users, fcntl.LOCK_EX)
                # Who comes now waits for the lock, finds no address and starts anew.
                state.unlink()
        finally:
            shutil.rmtree(data, ignore_errors=True)


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
