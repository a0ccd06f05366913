"""A real engine and a real MariaDB that is away, hangs or comes late."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
from flowmesh.engine.v1 import process_instance_service_pb2 as pb
from flowmesh.engine.v1.process_instance_service_pb2_grpc import ProcessInstanceServiceStub
from google.rpc import error_details_pb2

from mesh.status import error_info_of, reason_of, status_of
from tests.infrastructure.mariadb import MariadbServer
from tests.infrastructure.ports import free_ports
from tests.infrastructure.tcp_proxy import TcpProxy
from tests.resilience.running import EngineNode, deploy, eventually

pytestmark = [pytest.mark.slow, pytest.mark.mariadb]

CALLERS = 500
DEADLINE_SECONDS = 6.0
SLACK_SECONDS = 6.0
"""For a machine that has other things to do."""
PATIENCE = {"DATABASE_ANSWER_SECONDS": "3", "DATABASE_CONNECT_SECONDS": "1", "MAX_COMMIT_WAIT_SECONDS": "1"}


@pytest.fixture
async def proxied(mariadb_server: MariadbServer) -> AsyncIterator[tuple[str, TcpProxy, int]]:
    """A database's URL through a proxy that does not run yet, and the proxy's port."""
    (port,) = free_ports(1)
    proxy = TcpProxy(mariadb_server.host, mariadb_server.port)
    with mariadb_server.database() as name:
        yield mariadb_server.url(name, port=port), proxy, port
        await proxy.stop()


async def test_an_engine_that_starts_before_its_database(tmp_path: Path, proxied: tuple[str, TcpProxy, int]) -> None:
    url, proxy, port = proxied
    node = EngineNode(tmp_path, url, {"STARTUP_WAIT_SECONDS": "120"})
    await node.begin()
    try:

        async def waits() -> Any:
            return (await node.readiness()).get("waiting_for")

        waiting = await eventually(waits, "it to say what it waits for")
        assert "cannot connect to the database" in waiting["engine database"]
        proxy.hang()
        await proxy.start(port)
        # It takes connections now, but says nothing.
        await asyncio.sleep(1)
        assert await node.status() == "starting"
        proxy.flow()
        await eventually(node.serves, "the engine to serve")
        (told, *_) = [line for line in node.log_lines() if line["message"] == "Waiting"]
        assert told["what"] == "engine database"
        assert told["seconds"] < 5
        assert await node.end() == 0
    finally:
        await node.end(signal.SIGKILL)


@pytest.mark.parametrize("wrong", ["password", "database"])
async def test_settings_that_are_wrong_fail_at_once(tmp_path: Path, mariadb_server: MariadbServer, wrong: str) -> None:
    url = mariadb_server.url("no_such_database")
    if wrong == "password":
        url = f"mariadb://somebody:wrong@{mariadb_server.host}:{mariadb_server.port}/no_such_database"
    node = EngineNode(tmp_path, url)
    await node.begin()
    assert node.process is not None
    async with asyncio.timeout(50):
        assert await node.process.wait() == 2
    (sentence,) = [line for line in node.log.read_text().splitlines() if not line.startswith("{")]
    expected = "Access denied" if wrong == "password" else "Unknown database"
    assert sentence.startswith("The engine service cannot use its database: ")
    assert expected in sentence


async def test_it_gives_up_in_the_end(tmp_path: Path, proxied: tuple[str, TcpProxy, int]) -> None:
    node = EngineNode(tmp_path, proxied[0], {"STARTUP_WAIT_SECONDS": "1"})
    await node.begin()
    assert node.process is not None
    async with asyncio.timeout(50):
        assert await node.process.wait() == 2
    assert "cannot connect to the database" in node.log.read_text().splitlines()[-1]


class Callers:
    """Callers that want one instance each, and call again with the same request id until they have it."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub: Any = ProcessInstanceServiceStub(channel)
        self.codes: Counter[str] = Counter()
        self.longest = 0.0
        self.without_details: list[str] = []

    async def run(self, first: int, count: int) -> None:
        """Let so many callers get their instances."""
        await asyncio.gather(*(self._caller(number) for number in range(first, first + count)))

    async def _caller(self, number: int) -> None:
        request = pb.CreateProcessInstanceRequest(
            process_definition_key="review", business_key=str(number), request_id=f"r{number}"
        )
        while True:
            began = time.monotonic()
            try:
                await self._stub.CreateProcessInstance(request, timeout=DEADLINE_SECONDS)
            except grpc.aio.AioRpcError as error:
                pause = self._note(error)
            else:
                return
            finally:
                self.longest = max(self.longest, time.monotonic() - began)
            await asyncio.sleep(pause)

    def _note(self, error: grpc.aio.AioRpcError) -> float:
        """Count an error; return when to come back."""
        code = error.code().name
        self.codes[f"{code} {reason_of(error)}"] += 1
        retry = error_details_pb2.RetryInfo()
        if any(detail.Unpack(retry) for detail in status_of(error).details):
            return retry.retry_delay.ToNanoseconds() / 1e9
        if code != "DEADLINE_EXCEEDED":
            self.without_details.append(str(status_of(error)))
        return 0.5

    async def check(self, count: int) -> None:
        """Check that each caller has one instance."""
        keys: Counter[str] = Counter()
        token = ""
        while True:
            page = await self._stub.ListProcessInstances(
                pb.ListProcessInstancesRequest(page_size=1000, page_token=token), timeout=60
            )
            keys.update(instance.business_key for instance in page.process_instances)
            token = page.next_page_token
            if not token:
                break
        assert keys == Counter(map(str, range(count)))


@pytest.fixture
async def engine(tmp_path: Path, mariadb_server: MariadbServer) -> AsyncIterator[EngineNode]:
    with mariadb_server.database() as name:
        node = EngineNode(tmp_path, mariadb_server.url(name), PATIENCE)
        try:
            await node.start()
            yield node
        finally:
            await node.end(signal.SIGKILL)


async def test_a_database_that_stops_for_a_while_under_500_callers(
    engine: EngineNode, mariadb_server: MariadbServer
) -> None:
    """Everybody gets an answer in time, memory stays bounded, everything goes on by itself, nothing is lost."""
    ((pid_file,),) = mariadb_server.execute("SELECT @@pid_file")
    pid = int(await asyncio.to_thread(Path(str(pid_file)).read_text))
    async with grpc.aio.insecure_channel(f"127.0.0.1:{engine.port}") as channel:
        await deploy(channel)
        callers = Callers(channel)
        await callers.run(0, CALLERS)
        assert not callers.codes, "the database is fast enough for all of them"
        before = engine.resident_mebibytes()
        os.kill(pid, signal.SIGSTOP)
        try:
            running = asyncio.create_task(callers.run(CALLERS, CALLERS))
            await asyncio.sleep(10)
            report = await engine.readiness()
            assert (report["status"], report["checks"]["engine database"]["status"]) == ("not ready", "down")
            during = engine.resident_mebibytes()
        finally:
            os.kill(pid, signal.SIGCONT)
        await asyncio.wait_for(running, 60)

        async def ready() -> bool:
            return await engine.status() == "ready"

        await eventually(ready, "the engine to be ready again")
        await callers.check(2 * CALLERS)
    assert callers.longest < DEADLINE_SECONDS + SLACK_SECONDS
    assert not callers.without_details
    assert callers.codes["RESOURCE_EXHAUSTED BACKPRESSURE"] + callers.codes["UNAVAILABLE DEPENDENCY_UNAVAILABLE"] > 0
    assert during - before < 100
    assert engine.process is not None
    assert engine.process.returncode is None


async def test_a_database_that_is_killed_and_comes_back(tmp_path: Path, proxied: tuple[str, TcpProxy, int]) -> None:
    url, proxy, port = proxied
    await proxy.start(port)
    node = EngineNode(tmp_path, url, PATIENCE)
    try:
        await node.start()
        async with grpc.aio.insecure_channel(f"127.0.0.1:{node.port}") as channel:
            await deploy(channel)
            callers = Callers(channel)
            await callers.run(0, 20)
            proxy.refusing = True
            proxy.break_all()
            stub: Any = ProcessInstanceServiceStub(channel)
            for _ in range(10):
                with pytest.raises(grpc.aio.AioRpcError) as raised:
                    await stub.ListProcessInstances(pb.ListProcessInstancesRequest(), timeout=10)
                assert raised.value.code() is grpc.StatusCode.UNAVAILABLE
                info = error_info_of(raised.value)
                assert info is not None
                assert (info.reason, info.metadata["dependency"]) == ("DEPENDENCY_UNAVAILABLE", "database")
            running = asyncio.create_task(callers.run(20, 50))
            await asyncio.sleep(1)
            proxy.refusing = False
            await asyncio.wait_for(running, 60)
            await callers.check(70)
    finally:
        await node.end(signal.SIGKILL)
