"""TLS between services: who gets in, who does not, and new certificates while calls run."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from flowmesh.engine.v1 import job_service_pb2 as jobs
from flowmesh.engine.v1.job_service_pb2_grpc import JobServiceStub
from flowmesh.history.v1 import history_service_pb2 as pb
from flowmesh.history.v1.history_service_pb2_grpc import HistoryServiceStub
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from launcher.certificates import Authority
from mesh.channels import open_channel
from mesh.settings import MeshSettings
from mesh.startup import StartupError
from mesh.tls import tls_source
from tests.contract.plumbing import HISTORY, JOBS, Plumbing, plumbing
from tests.tls.connections import connections
from tests.tls.files import LONG_AGO, Certificates, replace

REQUEST = pb.GetHistoricProcessInstanceRequest(id="1")
OPTIONS = [("grpc.use_local_subchannel_pool", 1)]


@asynccontextmanager
async def served(settings: MeshSettings, **named: Any) -> AsyncIterator[Plumbing]:
    """A server that wants certificates; the channel of the plumbing has none."""
    async with plumbing(settings=settings, **named) as server:
        yield server


async def code_of(channel: grpc.aio.Channel) -> grpc.StatusCode:
    stub: Any = HistoryServiceStub(channel)
    try:
        await stub.GetHistoricProcessInstance(REQUEST, timeout=3)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def secure(port: int, *pem: bytes | None, host: str = "127.0.0.1") -> grpc.aio.Channel:
    """A channel with authority, key and certificate."""
    return grpc.aio.secure_channel(f"{host}:{port}", grpc.ssl_channel_credentials(*pem), OPTIONS)


async def test_services_know_each_other(certificates: Certificates) -> None:
    own = certificates.settings("engine")
    async with served(certificates.settings("history")) as server:
        for host in ("127.0.0.1", "localhost", "ipv4:127.0.0.1"):
            async with open_channel(f"{host}:{server.port}", own, [HISTORY]) as channel:
                assert await code_of(channel) is grpc.StatusCode.OK


async def test_who_shows_no_right_certificate_does_not_get_in(certificates: Certificates) -> None:
    ca = certificates.authority.own.certificate
    right = certificates.authority.issue("engine")
    others = Authority.new()
    stranger = others.issue("engine")
    old = certificates.authority.issue("engine", begins=LONG_AGO, days=30)
    server_only = certificates.authority.issue("edge", client=False)
    async with served(certificates.settings("history")) as server:
        for name, channel in {
            "plain text": grpc.aio.insecure_channel(f"127.0.0.1:{server.port}", OPTIONS),
            "no certificate": secure(server.port, ca),
            "another authority's": secure(server.port, ca, stranger.key, stranger.certificate),
            "an expired one": secure(server.port, ca, old.key, old.certificate),
            "one for servers": secure(server.port, ca, server_only.key, server_only.certificate),
        }.items():
            async with channel:
                assert await code_of(channel) is grpc.StatusCode.UNAVAILABLE, name
                health = health_pb2_grpc.HealthStub(channel)
                with pytest.raises(grpc.aio.AioRpcError) as failed:
                    await health.Check(health_pb2.HealthCheckRequest(), timeout=3)
                assert failed.value.code() is grpc.StatusCode.UNAVAILABLE, name
        async with secure(server.port, ca, right.key, right.certificate) as channel:
            assert await code_of(channel) is grpc.StatusCode.OK
            assert (await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())).status == 1
            asked = reflection_pb2.ServerReflectionRequest(list_services="")
            reflection = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(iter([asked]))
            (answer,) = [each async for each in reflection]
            assert answer.list_services_response.service


async def test_a_server_that_is_another_is_not_called(certificates: Certificates) -> None:
    own = certificates.settings("engine")
    foreign = Certificates(certificates.folder / "foreign")
    for settings in (
        certificates.settings("elsewhere", hosts=("elsewhere",)),
        foreign.settings("history"),
        certificates.settings("nobody", hosts=()),
    ):
        async with (
            served(settings) as server,
            open_channel(f"127.0.0.1:{server.port}", own, [HISTORY]) as channel,
        ):
            assert await code_of(channel) is grpc.StatusCode.UNAVAILABLE


async def test_a_name_for_all(certificates: Certificates) -> None:
    own = certificates.settings("engine", tls_server_name="flowmesh.internal")
    async with (
        served(certificates.settings("one", hosts=("flowmesh.internal",))) as one,
        served(certificates.settings("two", hosts=("flowmesh.internal",))) as two,
    ):
        async with open_channel(f"ipv4:127.0.0.1:{one.port},127.0.0.2:{two.port}", own, [HISTORY]) as channel:
            assert await code_of(channel) is grpc.StatusCode.OK
        async with open_channel(f"localhost:{one.port}", own, [HISTORY]) as channel:
            assert await code_of(channel) is grpc.StatusCode.OK
    async with (
        served(certificates.settings("three")) as three,
        open_channel(f"127.0.0.1:{three.port}", own, [HISTORY]) as channel,
    ):
        assert await code_of(channel) is grpc.StatusCode.UNAVAILABLE


async def test_several_addresses(certificates: Certificates) -> None:
    own = certificates.settings("engine")
    async with (
        served(certificates.settings("one")) as one,
        served(certificates.settings("two")) as two,
        open_channel(f"ipv4:127.0.0.1:{one.port},127.0.0.1:{two.port}", own, [HISTORY]) as channel,
    ):
        for _ in range(4):
            assert await code_of(channel) is grpc.StatusCode.OK
    with pytest.raises(StartupError, match="have several names: name in FLOWMESH_TLS_SERVER_NAME the one"):
        open_channel("ipv4:127.0.0.1:1,127.0.0.2:2", own, [HISTORY])


async def test_old_versions_of_tls_are_refused(certificates: Certificates) -> None:
    certificate, key = certificates.issue("engine")
    async with served(certificates.settings("history")) as server:
        context = ssl.create_default_context(cafile=str(certificates.ca))
        context.load_cert_chain(certificate, key)
        context.set_alpn_protocols(["h2"])
        context.set_ciphers("DEFAULT@SECLEVEL=0")

        def handshake() -> str | None:
            with (
                socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain,
                context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
            ):
                return wrapped.version()

        assert await asyncio.to_thread(handshake) == "TLSv1.3"
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        assert await asyncio.to_thread(handshake) == "TLSv1.2"
        with pytest.warns(DeprecationWarning, match="is deprecated"):
            context.minimum_version = ssl.TLSVersion.TLSv1
        with pytest.warns(DeprecationWarning, match="is deprecated"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(ssl.SSLError, match=r"(?i)protocol.version|EOF"):
            await asyncio.to_thread(handshake)


async def test_a_process_does_not_start_on_files_that_are_no_use(certificates: Certificates) -> None:
    settings = certificates.settings("history")
    assert settings.tls is not None
    settings.tls.key.write_bytes(certificates.authority.issue("another").key)
    with pytest.raises(StartupError, match="is not that of the certificate in"):
        async with served(settings):
            raise AssertionError("it serves")
    with pytest.raises(StartupError, match="is not that of the certificate in"):
        open_channel("127.0.0.1:1", settings, [HISTORY])


async def test_new_certificates_under_traffic(certificates: Certificates, quick: None) -> None:
    """Certificates and then the authority change while calls run: none of them fails."""
    of_server, own = certificates.settings("history"), certificates.settings("engine")
    assert own.tls is not None
    assert of_server.tls is not None
    calls = 0
    beyond = asyncio.Event()

    async with served(of_server) as server, open_channel(f"127.0.0.1:{server.port}", own, [HISTORY]) as channel:

        async def call() -> None:
            nonlocal calls
            while not beyond.is_set():
                assert await code_of(channel) is grpc.StatusCode.OK
                # Whoever comes from outside shakes hands each time.
                async with open_channel(f"127.0.0.1:{server.port}", own, [HISTORY]) as fresh:
                    assert await code_of(fresh) is grpc.StatusCode.OK
                calls += 1

        callers = [asyncio.create_task(call()) for _ in range(4)]

        async def seen(*names: str) -> None:
            """Wait until the files are in use, and a while of traffic."""
            async with asyncio.timeout(20):
                for tls in (own.tls, of_server.tls):
                    assert tls is not None
                    assert tls.ca is not None
                    while (identity := tls_source(tls).identity) and (
                        identity.certificate != tls.certificate.read_bytes() or identity.ca != tls.ca.read_bytes()
                    ):
                        await asyncio.sleep(0.01)
                reached = calls + 40
                while calls < reached:
                    for task in callers:
                        if task.done():
                            task.result()
                    await asyncio.sleep(0.01)

        try:
            await seen()
            for name in ("history", "engine"):
                certificates.issue(name)
                await seen()
            # Another authority: both are trusted, then all have certificates of the new one, then the old one goes.
            before = certificates.ca.read_bytes()
            renewed = Authority.new("the next")
            replace(certificates.ca, before + renewed.own.certificate)
            await seen()
            for name in ("history", "engine"):
                certificates.write(name, renewed.issue(name, ("127.0.0.1",)))
                await seen()
            replace(certificates.ca, renewed.own.certificate)
            await seen()
        finally:
            beyond.set()
            await asyncio.gather(*callers)

        of_old = certificates.authority.issue("engine")
        async with secure(server.port, renewed.own.certificate, of_old.key, of_old.certificate) as stranger:
            assert await code_of(stranger) is grpc.StatusCode.UNAVAILABLE


async def test_broken_files_change_nothing(certificates: Certificates, quick: None) -> None:
    of_server, own = certificates.settings("history"), certificates.settings("engine")
    assert of_server.tls is not None
    source = tls_source(of_server.tls)
    async with served(of_server) as server:
        certificates.issue("history", begins=LONG_AGO, days=30)
        async with asyncio.timeout(10):
            while not source.failures:
                await asyncio.sleep(0.01)
        for _ in range(3):
            async with open_channel(f"127.0.0.1:{server.port}", own, [HISTORY]) as channel:
                assert await code_of(channel) is grpc.StatusCode.OK
        assert source.failures == 1
        assert source.reloads == 0


async def test_a_channel_connects_anew_and_its_streams_go_on(certificates: Certificates, quick: None) -> None:
    """After new files the next call comes over another connection; a stream ends where it began."""
    of_server, own = certificates.settings("history"), certificates.settings("engine")
    go_on = asyncio.Event()

    async def stream(request: Any) -> AsyncIterator[Any]:
        yield jobs.StreamJobsResponse(heartbeat={})
        await go_on.wait()
        yield jobs.StreamJobsResponse(heartbeat={})

    async with (
        served(of_server, stream=stream) as server,
        open_channel(f"127.0.0.1:{server.port}", own, [HISTORY, JOBS]) as channel,
    ):
        job_stub: Any = JobServiceStub(channel)
        running = job_stub.StreamJobs(jobs.StreamJobsRequest(type="pay", worker="w1"))
        await running.read()
        assert await code_of(channel) is grpc.StatusCode.OK
        before = connections(server.port)
        assert before
        certificates.issue("engine")
        assert own.tls is not None
        async with asyncio.timeout(10):
            while tls_source(own.tls).identity.version < 2:
                await asyncio.sleep(0.01)
        async with asyncio.timeout(10):
            while not connections(server.port) - before:
                assert await code_of(channel) is grpc.StatusCode.OK
                await asyncio.sleep(0.01)
        assert before <= connections(server.port), "the stream lost its connection"
        go_on.set()
        assert await running.read() is not grpc.aio.EOF
        assert await running.read() is grpc.aio.EOF
        assert await running.code() is grpc.StatusCode.OK
        del running
        async with asyncio.timeout(10):
            while before & connections(server.port):
                await asyncio.sleep(0.05)
        assert await code_of(channel) is grpc.StatusCode.OK
