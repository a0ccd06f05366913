"""A service whose callers have to sign in, and how its calls end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio

from mesh.access.opening import Access
from mesh.metrics import Metrics
from mesh.settings import MeshSettings
from mesh.status import reason_of
from tests.contract.plumbing import Answer, Plumbing, found, plumbing
from tests.infrastructure.identity import SECRET, Identity

PERMISSION = "history.processInstances.get"
REVOCATION_SECONDS = 5.0


class Guarded:
    """A service of one process: its server, and what it knows of who may call."""

    def __init__(self, server: Plumbing, access: Access) -> None:
        self.server = server
        self.access = access

    async def get(self, token: str | None, **named: Any) -> str:
        """Call; return how it ended: OK, or the reason."""
        metadata = named.pop("metadata", ())
        if token is not None:
            metadata = (*metadata, ("authorization", f"Bearer {token}"))
        try:
            await self.server.get(metadata=metadata, timeout=10, **named)
        except grpc.aio.AioRpcError as error:
            return reason_of(error) or error.code().name
        return "OK"

    async def until(self, token: str, outcome: str, within: float = REVOCATION_SECONDS) -> float:
        """Call until calls end so; return the seconds that took. Fails when they do not in time."""
        started = time.monotonic()
        while (seen := await self.get(token)) != outcome:
            assert time.monotonic() - started < within, f"still {seen} after {within} s"
            await asyncio.sleep(0.02)
        return time.monotonic() - started


def settings(address: str, **given: Any) -> MeshSettings:
    return MeshSettings(identity_address=address, mesh_secret=SECRET, drain_seconds=0.2, **given)


@asynccontextmanager
async def guarded(
    identity: Identity,
    answer: Answer = found,
    *,
    stream: Callable[[Any], AsyncIterator[Any]] | None = None,
    address: str = "",
    wait: bool = True,
    **given: Any,
) -> AsyncIterator[Guarded]:
    """`address`: of what stands before the identity service."""
    own = settings(address or f"127.0.0.1:{identity.port}", **given)
    access = Access(own, Metrics())
    access.start()
    try:
        if wait:
            assert await access.known(10)
        async with plumbing(answer, stream, own, authorize=access.authorize) as server:
            yield Guarded(server, access)
    finally:
        await access.close()


async def eventually(question: Callable[[], bool | Awaitable[bool]], within: float = 10.0) -> None:
    """Ask until the answer is true."""
    async with asyncio.timeout(within):
        while True:
            answer = question()
            if answer if isinstance(answer, bool) else await answer:
                return
            await asyncio.sleep(0.01)
