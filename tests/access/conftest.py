from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.access.guarding import Guarded, guarded
from tests.infrastructure.identity import Identity, identity_service


@pytest.fixture
async def identity() -> AsyncIterator[Identity]:
    async with identity_service() as running:
        yield running


@pytest.fixture
async def service(identity: Identity) -> AsyncIterator[Guarded]:
    """A service whose callers have to sign in."""
    async with guarded(identity) as running:
        yield running
