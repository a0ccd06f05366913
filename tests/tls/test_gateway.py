"""TLS at the gateway: at its edge, and towards services that want its certificate. Envoy is the real one."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import grpc.aio
import httpx
import pytest
from flowmesh.history.v1 import history_service_pb2 as pb
from flowmesh.history.v1.history_service_pb2_grpc import HistoryServiceStub

from gateway_envoy.config import ContractError, envoy_config
from gateway_envoy.contract import read_contract
from gateway_envoy.launch import EnvoyProcess, envoy_path, write_config
from gateway_envoy.settings import GatewaySettings
from gateway_envoy.tls import GatewayTls
from launcher.certificates import Authority
from launcher.tls import check_files
from mesh.startup import StartupError
from tests.contract.plumbing import plumbing
from tests.gateway.running import DESCRIPTORS, ROOT
from tests.infrastructure.mesh import free_ports
from tests.launcher.running import environment
from tests.tls.files import LONG_AGO, Certificates, replace

PACKAGES = read_contract(DESCRIPTORS).packages
PATH = "/v1/history/processInstances/1"


def settings_for(port: int, tls: GatewayTls, host: str = "127.0.0.1") -> GatewaySettings:
    return GatewaySettings(
        backends={package: [f"{host}:{port}"] for package in PACKAGES},
        reflection_package="flowmesh.history.v1",
        listen_host="127.0.0.1",
        listen_port=0,
        health_check_interval=0.2,
        access_log=False,
        authentication="off",
        tls=tls,
    )


def tls_of(certificates: Certificates, **changes: Any) -> GatewayTls:
    edge, edge_key = certificates.issue("edge", client=False)
    own, key = certificates.issue("gateway", (), server=False)
    tls = GatewayTls(edge_certificate=edge, edge_key=edge_key, certificate=own, key=key, ca=certificates.ca)
    return dataclasses.replace(tls, **changes)


@asynccontextmanager
async def running(port: int, tls: GatewayTls, folder: Path, **named: Any) -> AsyncIterator[EnvoyProcess]:
    lines: list[str] = []
    envoy = EnvoyProcess(DESCRIPTORS, settings_for(port, tls, **named), folder, on_log_line=lines.append)
    await envoy.start()
    try:
        yield envoy
    finally:
        await envoy.stop(drain=0.2)


def client(certificates: Certificates, **named: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(verify=ssl.create_default_context(cafile=str(certificates.ca)), timeout=5, **named)


async def until(answers: Callable[[], Any], seconds: float = 15.0) -> None:
    """Wait until something is as it should be."""
    async with asyncio.timeout(seconds):
        while not await answers():
            await asyncio.sleep(0.05)


async def status_of(http: httpx.AsyncClient, url: str) -> int:
    try:
        return (await http.get(url)).status_code
    except httpx.TransportError:
        return 0


async def stat(envoy: EnvoyProcess, name: str) -> int:
    async with httpx.AsyncClient() as http:
        page = await http.get(f"http://127.0.0.1:{envoy.admin_port}/stats", params={"filter": f"^{name}$"})
    return int(page.text.strip().rpartition(": ")[2] or 0)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"server_name": "flowmesh.internal"},
        {"edge_certificate": None, "edge_key": None},
        {"certificate": None, "key": None, "ca": None},
    ],
)
@pytest.mark.parametrize("host", ["127.0.0.1", "engine.example"])
def test_envoy_accepts_the_configuration(
    tmp_path: Path, certificates: Certificates, changes: dict[str, Any], host: str
) -> None:
    settings = settings_for(3001, tls_of(certificates, **changes), host)
    config = write_config(DESCRIPTORS, settings, tmp_path / "run")
    command = [envoy_path(), "--mode", "validate", "-c", config, "-l", "warn"]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "warning" not in result.stderr


def test_without_files_nothing_is_encrypted() -> None:
    assert "transport_socket" not in json.dumps(envoy_config(DESCRIPTORS, settings_for(3001, GatewayTls())))


def test_files_that_cannot_be_watched_or_used_are_told(certificates: Certificates, tmp_path: Path) -> None:
    tls = tls_of(certificates)
    with pytest.raises(ContractError, match="must lie in one folder: the gateway watches it"):
        envoy_config(DESCRIPTORS, settings_for(3001, dataclasses.replace(tls, edge_key=tmp_path / "edge.key")))
    certificates.issue("edge", begins=LONG_AGO, days=30)
    with pytest.raises(StartupError, match=r"edge\.pem expired at"):
        check_files(tls)
    certificates.issue("edge")
    check_files(tls)
    certificates.ca.write_bytes(Authority.new().own.certificate)
    with pytest.raises(StartupError, match=r"gateway\.pem is not issued by an authority in"):
        check_files(tls)


async def test_rest_and_grpc_over_tls_to_services_over_tls(certificates: Certificates, tmp_path: Path) -> None:
    async with (
        plumbing(settings=certificates.settings("history")) as backend,
        running(backend.port, tls_of(certificates), tmp_path / "run") as envoy,
        client(certificates) as http,
    ):
        url = f"https://127.0.0.1:{envoy.port}{PATH}"
        answer = await http.get(url)
        assert answer.status_code == 200, answer.text
        assert answer.http_version == "HTTP/1.1"
        # Health checks go by TLS as well, and pass.
        assert await stat(envoy, "cluster.flowmesh.history.v1.health_check.success") > 0
        assert await stat(envoy, "cluster.flowmesh.history.v1.health_check.failure") == 0
        credentials = grpc.ssl_channel_credentials(certificates.ca.read_bytes())
        async with grpc.aio.secure_channel(f"127.0.0.1:{envoy.port}", credentials) as channel:
            stub: Any = HistoryServiceStub(channel)
            found = await stub.GetHistoricProcessInstance(pb.GetHistoricProcessInstanceRequest(id="1"))
            assert found.historic_process_instance.id == "1"
        # Without TLS nothing is answered.
        async with httpx.AsyncClient() as plain:
            with pytest.raises(httpx.TransportError):
                await plain.get(f"http://127.0.0.1:{envoy.port}{PATH}")
        # Nor to who trusts another authority.
        foreign = Certificates(tmp_path / "foreign")
        async with client(foreign) as stranger:
            with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
                await stranger.get(url)


async def test_the_edge_speaks_the_versions_and_protocols_it_should(certificates: Certificates, tmp_path: Path) -> None:
    async with (
        plumbing(settings=certificates.settings("history")) as backend,
        running(backend.port, tls_of(certificates), tmp_path / "run") as envoy,
    ):

        def handshake(offered: list[str], newest: ssl.TLSVersion) -> tuple[str | None, str | None]:
            context = ssl.create_default_context(cafile=str(certificates.ca))
            context.set_ciphers("DEFAULT@SECLEVEL=0")
            context.set_alpn_protocols(offered)
            context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
            context.maximum_version = newest
            with (
                socket.create_connection(("127.0.0.1", envoy.port), timeout=5) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as wrapped,
            ):
                return wrapped.selected_alpn_protocol(), wrapped.version()

        def refused(offered: list[str], newest: ssl.TLSVersion) -> ssl.SSLError:
            with pytest.raises(ssl.SSLError) as failed:
                handshake(offered, newest)
            return failed.value

        newest, next_newest = ssl.TLSVersion.MAXIMUM_SUPPORTED, ssl.TLSVersion.TLSv1_2
        assert await asyncio.to_thread(handshake, ["h2", "http/1.1"], newest) == ("h2", "TLSv1.3")
        assert await asyncio.to_thread(handshake, ["http/1.1"], next_newest) == ("http/1.1", "TLSv1.2")
        with pytest.warns(DeprecationWarning, match="is deprecated"):
            failure = await asyncio.to_thread(refused, ["http/1.1"], ssl.TLSVersion.TLSv1_1)
        assert re.search(r"(?i)protocol.version", str(failure)), failure


async def test_a_service_that_is_another_gets_no_calls(certificates: Certificates, tmp_path: Path) -> None:
    foreign = Certificates(tmp_path / "foreign")
    tls = tls_of(certificates)
    for number, settings in enumerate(
        (certificates.settings("elsewhere", hosts=("elsewhere",)), foreign.settings("history"))
    ):
        async with (
            plumbing(settings=settings) as backend,
            running(backend.port, tls, tmp_path / f"run-{number}") as envoy,
            client(certificates) as http,
        ):
            assert (await http.get(f"https://127.0.0.1:{envoy.port}{PATH}")).status_code == 503
            await until(partial(stat, envoy, "cluster.flowmesh.history.v1.health_check.failure"))


async def test_a_gateway_without_a_certificate_gets_no_answer(certificates: Certificates, tmp_path: Path) -> None:
    tls = tls_of(certificates, certificate=None, key=None, ca=None)
    async with (
        plumbing(settings=certificates.settings("history")) as backend,
        running(backend.port, tls, tmp_path / "run") as envoy,
        client(certificates) as http,
    ):
        assert (await http.get(f"https://127.0.0.1:{envoy.port}{PATH}")).status_code == 503


async def test_a_name_for_all_services(certificates: Certificates, tmp_path: Path) -> None:
    tls = tls_of(certificates, server_name="flowmesh.internal")
    async with (
        plumbing(settings=certificates.settings("history", hosts=("flowmesh.internal",))) as backend,
        running(backend.port, tls, tmp_path / "run") as envoy,
        client(certificates) as http,
    ):
        assert (await http.get(f"https://127.0.0.1:{envoy.port}{PATH}")).status_code == 200


async def test_services_are_found_by_their_names(certificates: Certificates, tmp_path: Path) -> None:
    async with (
        plumbing(settings=certificates.settings("history", hosts=("localhost",))) as backend,
        running(backend.port, tls_of(certificates), tmp_path / "run", host="localhost") as envoy,
        client(certificates) as http,
    ):
        await until(lambda: _is_200(http, f"https://127.0.0.1:{envoy.port}{PATH}"))


async def _is_200(http: httpx.AsyncClient, url: str) -> bool:
    return await status_of(http, url) == 200


async def test_new_certificates_at_the_edge_and_inside_under_traffic(
    certificates: Certificates, tmp_path: Path, quick: None
) -> None:
    of_history = certificates.settings("history")
    async with (
        plumbing(settings=of_history) as backend,
        running(backend.port, tls_of(certificates), tmp_path / "run") as envoy,
    ):
        url = f"https://127.0.0.1:{envoy.port}{PATH}"
        over = asyncio.Event()
        answers: list[int] = []

        async def call() -> None:
            context = ssl.create_default_context(cafile=str(certificates.ca))
            async with httpx.AsyncClient(verify=context, timeout=5) as kept:
                while not over.is_set():
                    answers.append((await kept.get(url)).status_code)
                    # One that connects, and shakes hands, for each call.
                    async with httpx.AsyncClient(verify=context, timeout=5) as fresh:
                        answers.append((await fresh.get(url)).status_code)

        def shown() -> bytes:
            context = ssl.create_default_context(cafile=str(certificates.ca))
            with (
                socket.create_connection(("127.0.0.1", envoy.port), timeout=5) as plain,
                context.wrap_socket(plain, server_hostname="localhost") as wrapped,
            ):
                return wrapped.getpeercert(binary_form=True) or b""

        callers = [asyncio.create_task(call()) for _ in range(2)]
        try:
            before = await asyncio.to_thread(shown)
            certificates.issue("edge", client=False)

            async def renewed() -> bool:
                return await asyncio.to_thread(shown) != before

            await until(renewed)
            updates = "cluster.flowmesh.history.v1.client_ssl_socket_factory.ssl_context_update_by_sds"
            loads = await stat(envoy, updates)
            certificates.issue("gateway", (), server=False)

            async def loaded() -> bool:
                return await stat(envoy, updates) > loads

            await until(loaded)
            certificates.issue("history")

            # A broken one changes nothing, and is counted.
            now = await asyncio.to_thread(shown)
            failures = await stat(envoy, "sds.edge.key_rotation_failed")
            replace(certificates.pair("edge")[0], b"broken")

            async def refused() -> bool:
                return await stat(envoy, "sds.edge.key_rotation_failed") > failures

            await until(refused)
            assert await asyncio.to_thread(shown) == now
            reached = len(answers) + 40

            async def enough() -> bool:
                for task in callers:
                    if task.done():
                        task.result()
                return len(answers) >= reached

            await until(enough)
        finally:
            over.set()
            await asyncio.gather(*callers)
        assert set(answers) == {200}


async def test_the_gateway_alone_has_it_from_its_environment(certificates: Certificates) -> None:
    tls = tls_of(certificates)
    (port,) = free_ports(1)
    async with plumbing(settings=certificates.settings("history")) as backend, client(certificates) as http:
        variables = {
            "FLOWMESH_GATEWAY_BACKENDS": " ".join(f"{package}=127.0.0.1:{backend.port}" for package in PACKAGES),
            "FLOWMESH_GATEWAY_PORT": str(port),
            "FLOWMESH_GATEWAY_ADMIN_PORT": "0",
            "FLOWMESH_AUTHENTICATION": "off",
            "FLOWMESH_GATEWAY_EDGE_CERTIFICATE_FILE": str(tls.edge_certificate),
            "FLOWMESH_GATEWAY_EDGE_KEY_FILE": str(tls.edge_key),
            "FLOWMESH_TLS_CERTIFICATE_FILE": str(tls.certificate),
            "FLOWMESH_TLS_KEY_FILE": str(tls.key),
            "FLOWMESH_TLS_CA_FILE": str(tls.ca),
        }
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "launcher.gateway"),
            cwd=ROOT,
            env=environment(**variables),
            stdout=subprocess.DEVNULL,
        )
        try:
            await until(partial(_is_200, http, f"https://127.0.0.1:{port}{PATH}"))
        finally:
            process.terminate()
            assert await process.wait() == 0
        certificates.issue("edge", begins=LONG_AGO, days=30)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "launcher.gateway"),
            cwd=ROOT,
            env=environment(**variables),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        _, errors = await process.communicate()
        assert process.returncode == 2
        assert re.fullmatch(rb"The certificate in \S+edge\.pem expired at [0-9: -]+UTC\.\n", errors), errors
