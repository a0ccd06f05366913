"""A mesh of the distributed profile whose gateway and services speak TLS, by one option."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from launcher.certificates import Authority, make_certificates
from tests.infrastructure.distributed import distributed_options, own_databases
from tests.infrastructure.kafka import KafkaCluster
from tests.infrastructure.mariadb import MariadbServer
from tests.infrastructure.mesh import ROOT, free_ports
from tests.launcher.running import command, environment, flowmesh

pytestmark = [pytest.mark.distributed, pytest.mark.mariadb, pytest.mark.kafka, pytest.mark.slow]

READY_SECONDS = 90.0
MORE = (
    *("--identity-port", "0", "--form-port", "0", "--notification-port", "0"),
    *("--engine-metrics-port", "0", "--history-metrics-port", "0"),
)


class TlsMesh:
    def __init__(self, folder: Path, certificates: Path, options: list[str]) -> None:
        self.data = folder / "data"
        self.certificates = certificates
        (self.port,) = free_ports(1)
        self.url = f"https://127.0.0.1:{self.port}"
        self._log = folder / "up.log"
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                command(
                    *("up", "--data", str(self.data), "--port", str(self.port), *options),
                    *("--certificates", str(certificates)),
                    *MORE,
                ),
                cwd=ROOT,
                env=environment(),
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def ready(self) -> TlsMesh:
        deadline = time.monotonic() + READY_SECONDS
        while "Flowmesh is ready" not in self._log.read_text():
            assert self._process.poll() is None, self._log.read_text()
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.05)
        return self

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.terminate()
        self._process.wait(30)

    def services(self) -> dict[str, str]:
        """The address of each process by its name."""
        nodes = json.loads((self.data / "run" / "mesh.json").read_text())["nodes"]
        return {name: node["grpc"] for name, node in nodes.items()}


@pytest.fixture(scope="module")
def mesh(
    mariadb_server: MariadbServer, kafka_cluster: KafkaCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[TlsMesh]:
    folder = tmp_path_factory.mktemp("tls-mesh")
    make_certificates(folder / "certificates")
    with own_databases(mariadb_server) as database, kafka_cluster.own_url() as bus:
        started = TlsMesh(folder, folder / "certificates", distributed_options(database, bus))
        try:
            yield started.ready()
        finally:
            started.end()


def _serving(address: str, credentials: grpc.ChannelCredentials | None) -> bool:
    channel = grpc.insecure_channel(address) if credentials is None else grpc.secure_channel(address, credentials)
    with channel:
        try:
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5)
        except grpc.RpcError as error:
            assert error.code() is grpc.StatusCode.UNAVAILABLE
            return False
    return answer.status == health_pb2.HealthCheckResponse.SERVING


def test_the_gateway_is_called_by_tls_alone(mesh: TlsMesh) -> None:
    context = ssl.create_default_context(cafile=str(mesh.certificates / "ca.crt"))
    assert httpx.get(f"{mesh.url}/healthz", verify=context).status_code == 200
    assert httpx.get(f"{mesh.url}/v1/processInstances", verify=context).status_code == 401
    with pytest.raises(httpx.TransportError):
        httpx.get(f"http://127.0.0.1:{mesh.port}/healthz")


def test_services_are_called_by_who_has_a_certificate(mesh: TlsMesh) -> None:
    ca = (mesh.certificates / "ca.crt").read_bytes()
    own = grpc.ssl_channel_credentials(
        ca,
        (mesh.certificates / "gateway" / "tls.key").read_bytes(),
        (mesh.certificates / "gateway" / "tls.crt").read_bytes(),
    )
    stranger = Authority.new().issue("engine")
    services = mesh.services()
    assert {"engine-1", "engine-2", "history-1", "monitoring-1"} <= set(services)
    for address in services.values():
        assert _serving(address, own)
        assert not _serving(address, None)
        assert not _serving(address, grpc.ssl_channel_credentials(ca))
        assert not _serving(address, grpc.ssl_channel_credentials(ca, stranger.key, stranger.certificate))


def test_envoy_finds_every_service_healthy(mesh: TlsMesh) -> None:
    address = (mesh.data / "run" / "envoy-admin.address").read_text()
    page = httpx.get(f"http://{address}/clusters").text
    health = re.findall(r"^(flowmesh\.\w+\.v1)::[^:]+:\d+::health_flags::(.*)$", page, re.MULTILINE)
    assert len(health) >= 4
    assert {flags for _, flags in health} == {"healthy"}


def test_commands_reach_it(mesh: TlsMesh) -> None:
    done = flowmesh("status", "--data", str(mesh.data))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "https://" in done.stdout
    certain = flowmesh("instances", "--url", mesh.url, "--ca", str(mesh.certificates / "ca.crt"))
    assert (certain.returncode, certain.stdout) == (0, "There are no instances.\n"), certain.stderr
    unknown = flowmesh("instances", "--url", mesh.url)
    assert unknown.returncode == 3
    missing = flowmesh("instances", "--url", mesh.url, "--ca", "nowhere.pem")
    assert (missing.returncode, missing.stderr) == (1, "--ca nowhere.pem cannot be read: No such file or directory\n")


@pytest.mark.parametrize("name", ["edge/tls.key", "gateway/ca.crt", "engine/tls.crt"])
def test_a_missing_file_is_told_at_the_start(
    mariadb_server: MariadbServer, kafka_cluster: KafkaCluster, tmp_path: Path, name: str
) -> None:
    make_certificates(tmp_path / "certificates")
    (tmp_path / "certificates" / name).unlink()
    with own_databases(mariadb_server) as database, kafka_cluster.own_url() as bus:
        options = distributed_options(database, bus, engines=1)
        options += ["--data", str(tmp_path / "data"), "--port", "0", "--certificates", str(tmp_path / "certificates")]
        done = flowmesh("up", *options, *MORE)
    assert done.returncode == 2, done.stderr
    assert f"{name} does not exist: TLS needs it." in done.stderr
