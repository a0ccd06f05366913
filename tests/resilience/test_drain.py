"""Engines are stopped and killed one after another under steady traffic: nobody notices, or only those in flight."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import grpc.aio
import pytest
from flowmesh.engine.v1 import process_instance_service_pb2 as pb
from flowmesh.engine.v1 import user_task_service_pb2 as tasks_pb
from flowmesh.engine.v1.job_service_pb2 import ActivateJobsRequest
from flowmesh.engine.v1.job_service_pb2_grpc import JobServiceStub
from flowmesh.engine.v1.process_instance_service_pb2_grpc import ProcessInstanceServiceStub
from flowmesh.engine.v1.user_task_service_pb2_grpc import UserTaskServiceStub
from google.protobuf.duration_pb2 import Duration

from engine_svc.main import MIGRATIONS, MIGRATIONS_HEAD
from gateway_envoy.launch import EnvoyProcess
from gateway_envoy.settings import OFF, GatewaySettings
from mesh.channels import open_channel
from mesh.db.schema import ensure_schema
from mesh.settings import MeshSettings
from tests.infrastructure.mariadb import MariadbServer
from tests.resilience.running import ROOT, EngineNode, deploy, eventually

pytestmark = [pytest.mark.slow, pytest.mark.mariadb]

CALLERS = 8
NOTICE_SECONDS = "1.5"


@pytest.fixture
async def nodes(tmp_path: Path, mariadb_server: MariadbServer) -> AsyncIterator[list[EngineNode]]:
    """Two engines on one database."""
    with mariadb_server.database() as name:
        url = mariadb_server.url(name)
        await ensure_schema(url, MIGRATIONS, MIGRATIONS_HEAD)
        settings = {"DRAIN_NOTICE_SECONDS": NOTICE_SECONDS, "RELAY_FLUSH_SECONDS": "0.5"}
        engines = [EngineNode(tmp_path, url, settings) for _ in range(2)]
        try:
            for engine in engines:
                await engine.start()
            yield engines
        finally:
            for engine in engines:
                await engine.end(signal.SIGKILL)


class Traffic:
    """Callers that start, read, complete and wait for jobs, one call after the other, and count what fails."""

    def __init__(self, channel: grpc.aio.Channel, *, again: bool = False) -> None:
        self._instances: Any = ProcessInstanceServiceStub(channel)
        self._tasks: Any = UserTaskServiceStub(channel)
        self._jobs: Any = JobServiceStub(channel)
        self._again = again
        self._stopped = asyncio.Event()
        self.done: Counter[str] = Counter()
        self.failures: list[str] = []
        self.started: list[str] = []

    async def run(self) -> None:
        """Call until `stop`."""
        await asyncio.gather(*(self._caller() for _ in range(CALLERS)), self._poller())

    def stop(self) -> None:
        """Let every caller end after its round."""
        self._stopped.set()

    async def _caller(self) -> None:
        while not self._stopped.is_set():
            key = uuid4().hex
            start = pb.CreateProcessInstanceRequest(
                process_definition_key="review", business_key=key, request_id=f"s-{key}"
            )
            started = await self._call("start", self._instances.CreateProcessInstance, start)
            if started is None:
                continue
            self.started.append(key)
            instance = started.process_instance
            await self._call("read", self._instances.GetProcessInstance, pb.GetProcessInstanceRequest(id=instance.id))
            found = await self._call(
                "list", self._tasks.ListUserTasks, tasks_pb.ListUserTasksRequest(process_instance_id=instance.id)
            )
            if found is not None:
                complete = tasks_pb.CompleteUserTaskRequest(id=found.user_tasks[0].id, request_id=f"c-{key}")
                await self._call("complete", self._tasks.CompleteUserTask, complete)

    async def _poller(self) -> None:
        poll = ActivateJobsRequest(type="none", worker="w", max_jobs=1, request_timeout=Duration(seconds=3))
        while not self._stopped.is_set():
            await self._call("poll", self._jobs.ActivateJobs, poll)

    async def _call(self, name: str, method: Any, request: Any) -> Any:
        while True:
            try:
                answer = await method(request, timeout=20)
            except grpc.aio.AioRpcError as error:
                self.failures.append(f"{name}: {error.code().name} {error.details()}")
                if self._again:
                    await asyncio.sleep(0.05)
                    continue
                return None
            self.done[name] += 1
            return answer


async def _under_traffic(traffic: Traffic, nodes: list[EngineNode], rounds: int, number: signal.Signals) -> None:
    running = asyncio.create_task(traffic.run())
    try:
        for _ in range(rounds):
            for node in nodes:
                await asyncio.sleep(1)
                code = await node.end(number)
                assert code == (0 if number is signal.SIGTERM else -number), node.log.read_text()
                await node.start()
                # Whoever calls finds out in its own time that there are two again.
                await asyncio.sleep(1.5)
    finally:
        traffic.stop()
        await asyncio.wait_for(running, 60)


async def _once(channel: grpc.aio.Channel, started: list[str]) -> None:
    """Check that every start that was acknowledged is there once."""
    stub: Any = ProcessInstanceServiceStub(channel)
    keys: Counter[str] = Counter()
    token = ""
    while True:
        page = await stub.ListProcessInstances(pb.ListProcessInstancesRequest(page_size=1000, page_token=token))
        keys.update(instance.business_key for instance in page.process_instances)
        token = page.next_page_token
        if not token:
            break
    assert set(started) <= set(keys)
    assert set(keys.values()) == {1}


def _channel(nodes: list[EngineNode]) -> grpc.aio.Channel:
    target = "ipv4:" + ",".join(f"127.0.0.1:{node.port}" for node in nodes)
    return open_channel(target, MeshSettings(), [])


async def test_sigterm_beside_another_fails_nobody(nodes: list[EngineNode]) -> None:
    async with _channel(nodes) as channel:
        await deploy(channel)
        traffic = Traffic(channel)
        await _under_traffic(traffic, nodes, 2, signal.SIGTERM)
        assert traffic.failures == []
        assert min(traffic.done[name] for name in ("start", "read", "list", "complete")) > 50
        await _once(channel, traffic.started)


async def test_kill_fails_only_what_is_in_flight(nodes: list[EngineNode]) -> None:
    async with _channel(nodes) as channel:
        await deploy(channel)
        traffic = Traffic(channel, again=True)
        await _under_traffic(traffic, nodes, 1, signal.SIGKILL)
        assert all(failure.partition(": ")[2].startswith("UNAVAILABLE") for failure in traffic.failures)
        # A connection that broke fails what was on it, and the client tries no other before it knows.
        assert len(traffic.failures) <= 2 * (CALLERS + 1) * 2, traffic.failures
        await _once(channel, traffic.started)


@pytest.fixture
async def gateway(nodes: list[EngineNode], tmp_path: Path) -> AsyncIterator[EnvoyProcess]:
    """Envoy before both engines."""
    addresses = [f"127.0.0.1:{node.port}" for node in nodes]
    settings = GatewaySettings(
        backends={
            f"flowmesh.{name}.v1": addresses
            for name in ("engine", "identity", "form", "notification", "history", "monitoring")
        },
        listen_host="127.0.0.1",
        listen_port=0,
        authentication=OFF,
        health_check_interval=0.5,
    )
    async with AsyncExitStack() as closing:
        log = closing.enter_context((tmp_path / "access.log").open("wb"))
        descriptors = (ROOT / "gen" / "descriptors.binpb").read_bytes()
        envoy = EnvoyProcess(descriptors, settings, tmp_path / "envoy", access_log=log)
        await envoy.start()
        closing.push_async_callback(envoy.stop, drain=1)
        yield envoy


async def test_sigterm_fails_nobody_behind_the_gateway(nodes: list[EngineNode], gateway: EnvoyProcess) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{gateway.port}") as channel:
        await deploy(channel)
        traffic = Traffic(channel)
        await _under_traffic(traffic, nodes, 2, signal.SIGTERM)
        assert traffic.failures == []
        assert min(traffic.done[name] for name in ("start", "read", "list", "complete")) > 50
        await _once(channel, traffic.started)


async def test_a_long_poll_ends_politely(nodes: list[EngineNode]) -> None:
    node = nodes[0]
    async with grpc.aio.insecure_channel(f"127.0.0.1:{node.port}") as channel:
        stub: Any = JobServiceStub(channel)
        poll = ActivateJobsRequest(type="none", worker="w", max_jobs=1, request_timeout=Duration(seconds=50))
        call = asyncio.ensure_future(stub.ActivateJobs(poll, timeout=60))
        await asyncio.sleep(0.5)
        assert await node.end() == 0
        assert list((await call).jobs) == []
    await node.start()
    await eventually(node.serves, "the engine to serve again")
