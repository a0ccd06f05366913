"""Engines in processes of their own on one MariaDB, and what its tables say of what they did."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import ExitStack
from typing import Any

import grpc
import grpc.aio
import orjson
from flowmesh.engine.v1 import deployment_pb2, deployment_service_pb2, process_instance_service_pb2
from flowmesh.internal.v1 import stored_pb2

from engine_svc.events import record
from engine_svc.events.commit_record import COMMIT_RECORD
from mesh.db.database import Database
from mesh.db.statements import Fetch, Row, fetch
from mesh.json_values import to_values
from tests.infrastructure.engine_process import EngineProcess

CALL_SECONDS = 60.0
BATCH = 100


class Cluster:
    """Engines on one database, which the test reads beside them."""

    def __init__(self, url: str, database: Database) -> None:
        self._url = url
        self._database = database
        self.engines: list[EngineProcess] = []

    async def start(self, *skews: float) -> list[EngineProcess]:
        """Start an engine for each clock skew, in seconds."""
        with ExitStack() as probes:
            sockets = [probes.enter_context(socket.socket()) for _ in skews]
            for probe in sockets:
                probe.bind(("127.0.0.1", 0))
            ports = [probe.getsockname()[1] for probe in sockets]
        engines = [EngineProcess(self._url, port, skew_seconds=skew) for port, skew in zip(ports, skews, strict=True)]
        self.engines += engines
        await asyncio.gather(*(engine.start() for engine in engines))
        return engines

    async def rows(self, sql: str, *parameters: Any) -> list[Row]:
        """Read rows."""
        return await self._database.read(fetch(Fetch(sql, parameters)))

    async def count(self, sql: str, *parameters: Any) -> int:
        """Read a number."""
        return int((await self.rows(sql, *parameters))[0][0])

    async def told(self) -> dict[str, Counter[str]]:
        """Return by instance how often each of its activities was left, from the outbox, which nobody relays."""
        left: dict[str, Counter[str]] = {}
        for (payload,) in await self.rows("SELECT payload FROM outbox WHERE kind=? ORDER BY seq", COMMIT_RECORD):
            commit = stored_pb2.CommitRecord.FromString(payload)
            of = left.setdefault(commit.process_instance_id, Counter())
            for number, *values in orjson.loads(commit.events_json):
                if number == record.ACTIVITY_COMPLETED:
                    of[values[1]] += 1
        return left


async def deploy(engine: EngineProcess, content: bytes) -> None:
    """Deploy a file."""
    resource = deployment_pb2.Resource(name="model.bpmn", content=content)
    request = deployment_service_pb2.CreateDeploymentRequest(name="cluster", resources=[resource])
    await engine.deployments.CreateDeployment(request, timeout=CALL_SECONDS)


async def start_many(engine: EngineProcess, key: str, count: int, **variables: Any) -> list[str]:
    """Start instances; return their ids."""
    spec = process_instance_service_pb2.ProcessInstanceSpec(process_definition_key=key, variables=to_values(variables))
    ids: list[str] = []
    while len(ids) < count:
        some = process_instance_service_pb2.BatchCreateProcessInstancesRequest(
            instances=[spec] * min(BATCH, count - len(ids))
        )
        try:
            answer = await engine.instances.BatchCreateProcessInstances(some, timeout=CALL_SECONDS)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                raise
            # The machine is slow: the engine asks to come back later.
            await asyncio.sleep(0.5)
            continue
        ids += [instance.id for instance in answer.process_instances]
    return ids


async def until(condition: Callable[[], Awaitable[bool]], seconds: float, what: str) -> None:
    """Wait for something; fail where it does not come about."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not await condition():
        assert asyncio.get_running_loop().time() < deadline, what
        await asyncio.sleep(0.1)


def once_each(told: dict[str, Counter[str]], ids: Sequence[str], element_id: str) -> None:
    """Check that each instance left an element exactly once."""
    counts = Counter(told.get(instance_id, Counter())[element_id] for instance_id in ids)
    assert counts == {1: len(ids)}
