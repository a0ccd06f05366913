from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import grpc
import httpx
import pytest

from tests.infrastructure.distributed import PROFILES, profile_options
from tests.infrastructure.mesh import Mesh, running_mesh


@pytest.fixture(scope="package", params=PROFILES)
def mesh(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    """One mesh of each profile for all tests of this folder."""
    with profile_options(request) as options, running_mesh(Path(tmp_path_factory.mktemp("mesh")), options) as running:
        yield running


@pytest.fixture
async def rest(mesh: Mesh) -> AsyncIterator[httpx.AsyncClient]:
    """REST through the gateway."""
    async with mesh.rest() as client:
        yield client


@pytest.fixture
async def channel(mesh: Mesh) -> AsyncIterator[grpc.aio.Channel]:
    """gRPC through the gateway."""
    async with mesh.channel() as opened:
        yield opened
