from __future__ import annotations

from collections.abc import AsyncIterator

import grpc.aio
import httpx
import pytest
import pytest_asyncio

from gateway_envoy.launch import EnvoyProcess
from tests.gateway.backend import Backend
from tests.gateway.running import DESCRIPTORS, Mesh, settings_for


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running_mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Mesh]:
    folder = tmp_path_factory.mktemp("gateway")
    engine, history = Backend("flowmesh.engine.v1"), Backend("flowmesh.history.v1")
    monitoring, identity = Backend("flowmesh.monitoring.v1"), Backend("flowmesh.identity.v1")
    form, notification = Backend("flowmesh.form.v1"), Backend("flowmesh.notification.v1")
    backends = (engine, history, monitoring, identity, form, notification)
    for backend in backends:
        await backend.start()
    access_log = folder / "access.log"
    with access_log.open("wb") as log:
        envoy = EnvoyProcess(DESCRIPTORS, settings_for(*backends), folder, access_log=log)
        await envoy.start()
    url = f"http://127.0.0.1:{envoy.port}"
    channel = grpc.aio.insecure_channel(f"127.0.0.1:{envoy.port}")
    async with httpx.AsyncClient(base_url=url, timeout=20) as http, channel:
        yield Mesh(*backends, envoy, access_log, http, channel)
    await envoy.stop(drain=1)
    for backend in backends:
        await backend.stop()


@pytest.fixture
def mesh(running_mesh: Mesh) -> Mesh:
    running_mesh.engine.reset()
    running_mesh.history.reset()
    running_mesh.monitoring.reset()
    running_mesh.identity.reset()
    running_mesh.form.reset()
    running_mesh.notification.reset()
    return running_mesh
