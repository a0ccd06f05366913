"""Two engines behind the gateway: one instance's calls reach one of them, others are spread."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import grpc.aio
import httpx
import pytest
import pytest_asyncio
from flowmesh.engine.v1.job_service_pb2 import GetJobRequest
from flowmesh.engine.v1.job_service_pb2_grpc import JobServiceStub
from flowmesh.engine.v1.process_instance_service_pb2 import GetProcessInstanceRequest
from flowmesh.engine.v1.process_instance_service_pb2_grpc import ProcessInstanceServiceStub

from gateway_envoy.contract import read_contract
from gateway_envoy.hashing import INSTANCE_COLLECTIONS, instance_field
from gateway_envoy.launch import EnvoyProcess
from tests.gateway.backend import Backend
from tests.gateway.running import DESCRIPTORS, settings_for

INSTANCES = [f"01a1fedc-fb10-7130-a5dd-{number:012x}" for number in range(24)]


@dataclass
class TwoEngines:
    engines: list[Backend]
    http: httpx.AsyncClient
    channel: grpc.aio.Channel

    def served(self) -> list[int]:
        """How many calls each engine got since the last look."""
        counts = [len(engine.calls) for engine in self.engines]
        for engine in self.engines:
            engine.reset()
        return counts


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TwoEngines]:
    folder: Path = tmp_path_factory.mktemp("hashing")
    engines, history = [Backend("flowmesh.engine.v1") for _ in range(2)], Backend("flowmesh.history.v1")
    for backend in (*engines, history):
        await backend.start()
    backends = {
        "flowmesh.engine.v1": [f"127.0.0.1:{engine.port}" for engine in engines],
        "flowmesh.notification.v1": [f"127.0.0.1:{history.port}"],
        "flowmesh.history.v1": [f"127.0.0.1:{history.port}"],
        "flowmesh.monitoring.v1": [f"127.0.0.1:{history.port}"],
        "flowmesh.identity.v1": [f"127.0.0.1:{history.port}"],
        "flowmesh.form.v1": [f"127.0.0.1:{history.port}"],
    }
    settings = settings_for(
        engines[0], history, backends=backends, hash_on_instance=True, access_log=False, unary_timeout=5.0
    )
    envoy = EnvoyProcess(DESCRIPTORS, settings, folder)
    await envoy.start()
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{envoy.port}")
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{envoy.port}", timeout=20) as http, channel:
        yield TwoEngines(engines, http, channel)
    await envoy.stop(drain=1)
    for backend in (*engines, history):
        await backend.stop()


@pytest.fixture
def two(running: TwoEngines) -> TwoEngines:
    running.served()
    return running


@pytest.mark.asyncio(loop_scope="session")
async def test_every_call_on_an_instance_reaches_the_same_engine(two: TwoEngines) -> None:
    instances, jobs = ProcessInstanceServiceStub(two.channel), JobServiceStub(two.channel)
    homes = []
    for instance in INSTANCES:
        for call in (
            two.http.get(f"/v1/processInstances/{instance}"),
            two.http.post(f"/v1/processInstances/{instance}:cancel", json={}),
            two.http.get(f"/v1/userTasks/{instance}.3"),
            two.http.post(f"/v1/userTasks/{instance}.3:complete", json={"variables": {"a": 1}}),
            two.http.post(f"/v1/jobs/{instance}.14:complete", json={}),
            two.http.get(f"/v1/processInstances/{instance}/comments"),
            two.http.post(f"/v1/incidents/{instance}.7:resolve", json={}),
        ):
            answer = await call
            assert answer.status_code == 200, answer.text
        await instances.GetProcessInstance(GetProcessInstanceRequest(id=instance))
        await jobs.GetJob(GetJobRequest(id=f"{instance}.9"))
        served = two.served()
        assert sorted(served) == [0, 9], served
        homes.append(served.index(9))
    # 24 instances on one engine would be a chance of one in eight million.
    assert set(homes) == {0, 1}


@pytest.mark.asyncio(loop_scope="session")
async def test_calls_without_an_instance_are_spread(two: TwoEngines) -> None:
    for _ in range(40):
        answer = await two.http.post("/v1/processInstances", json={"processDefinitionKey": "order"})
        assert answer.status_code == 200, answer.text
    starts = two.served()
    assert min(starts) >= 5, starts
    for _ in range(40):
        assert (await two.http.get(f"/v1/processDefinitions/{INSTANCES[0]}")).status_code == 200
    assert min(two.served()) >= 5


@pytest.mark.asyncio(loop_scope="session")
async def test_ids_of_any_shape_are_served(two: TwoEngines) -> None:
    for wrong in ("x", "x" * 300, str(uuid4()) + ".", "%E5%AE%9E"):
        answer = await two.http.get(f"/v1/processInstances/{wrong}")
        assert answer.status_code == 200, answer.text
    assert sum(two.served()) == 4


def test_the_field_comes_from_the_contract() -> None:
    contract = read_contract(DESCRIPTORS)
    fields = {method.name: instance_field(method) for method in contract.methods}
    assert fields["GetProcessInstance"] == "id"
    assert fields["CreateProcessInstance"] is None
    assert fields["GetDeployment"] is None
    paths = {rule.template.segments[1] for method in contract.methods for rule in method.rules}
    # A collection that was renamed would go unhashed in silence.
    assert paths >= INSTANCE_COLLECTIONS
