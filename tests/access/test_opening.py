"""A process that checks calls: what it needs to start, and what it says of itself."""

from __future__ import annotations

import pytest

from mesh.access.opening import Access
from mesh.admin_http import Readiness
from mesh.metrics import Metrics
from mesh.serving import serving
from mesh.settings import MeshSettings, SettingsError
from tests.access.guarding import eventually, guarded, settings
from tests.infrastructure.identity import Identity


def test_needs_the_secret_of_the_mesh() -> None:
    with pytest.raises(SettingsError, match=r"^FLOWMESH_MESH_SECRET is missing: set it to the same random text"):
        Access(MeshSettings(), Metrics())


async def test_process_without_authentication_asks_nobody() -> None:
    async with serving(MeshSettings(authentication="off")) as process:
        assert process.open_access() is None


async def test_process_checks_calls_until_it_ends(identity: Identity) -> None:
    async with serving(settings(f"127.0.0.1:{identity.port}")) as process:
        assert process.open_access() is not None
        assert not (await process.readiness.report())[0]
        await eventually(lambda: bool(identity.watching))
    await eventually(lambda: not identity.watching)


async def test_readiness(identity: Identity) -> None:
    await identity.stop()
    async with guarded(identity, wait=False) as service:
        readiness = Readiness()
        service.access.add_checks(readiness)

        async def status() -> str:
            return str((await readiness.report())[1]["status"])

        async def is_ready() -> bool:
            return await status() == "ready"

        async def is_degraded() -> bool:
            return await status() == "degraded"

        assert await status() == "not ready"
        await identity.start()
        await eventually(is_ready)
        await identity.stop()
        await eventually(is_degraded)
        await identity.start()
        await eventually(is_ready)


async def test_identity_that_waits_for_itself(identity: Identity) -> None:
    """A process that runs it says NOT_SERVING until it has been told what it tells."""
    await identity.say_serving(serving=False)
    async with guarded(identity, wait=False) as service:
        assert await service.access.known(5)


async def test_metrics(identity: Identity) -> None:
    metrics = Metrics()
    access = Access(settings(f"127.0.0.1:{identity.port}"), metrics)
    access.start()
    assert await access.known(10)
    told = {sample.name: sample.value for metric in metrics.collect() for sample in metric.samples}
    assert told["flowmesh_access_watch_up"] == 1
    assert told["flowmesh_access_subjects"] == 0
    await access.close()
