"""One mesh for all attacks, and somebody beside the attacker who goes on working."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from tests.attacks.victim import UNLIMITED, Victim
from tests.infrastructure.mesh import Mesh, running_mesh


@pytest.fixture(scope="package")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mesh]:
    with running_mesh(Path(tmp_path_factory.mktemp("attacked")), settings=UNLIMITED) as running:
        yield running


@pytest.fixture
async def rest(mesh: Mesh) -> AsyncIterator[httpx.AsyncClient]:
    async with mesh.rest(timeout=60) as client:
        yield client


@pytest.fixture
async def victim(mesh: Mesh) -> AsyncIterator[Victim]:
    """Fails the test where others had to wait, where a process has ended, or where memory has gone up and stayed."""
    watched = Victim(mesh)
    stop = asyncio.Event()
    working = asyncio.create_task(watched.work(stop))
    await asyncio.sleep(0)
    begun = time.monotonic()
    yield watched
    # So that at least some calls fall into the time after the attack as well.
    await asyncio.sleep(max(0.2, 0.5 - (time.monotonic() - begun)))
    stop.set()
    with contextlib.suppress(asyncio.CancelledError):
        await working
    watched.check()
