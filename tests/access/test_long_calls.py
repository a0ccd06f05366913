"""Streams and long polls end when their callers may not make them any more."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from flowmesh.engine.v1 import job_service_pb2 as jobs

from mesh.call import current_call
from mesh.status import reason_of
from tests.access.guarding import PERMISSION, REVOCATION_SECONDS, guarded
from tests.contract.plumbing import found
from tests.infrastructure.identity import Identity, access

STREAMED = "jobs.work"


async def polls(request: Any) -> Any:
    with current_call().idle():
        await asyncio.sleep(30)
    return await found(request)


async def works(request: Any) -> Any:
    await asyncio.sleep(4)
    return await found(request)


async def streams(request: Any) -> AsyncIterator[Any]:
    while True:
        assert current_call().rows
        yield jobs.StreamJobsResponse(heartbeat={})
        await asyncio.sleep(0.1)


async def stays_open(service: Any, token: str) -> AsyncIterator[None]:
    async for _ in service.server.stream(metadata=(("authorization", f"Bearer {token}"),)):
        yield


async def _revoked(identity: Identity) -> None:
    identity.revoke("session-of-ann")


async def _denied(identity: Identity) -> None:
    identity.allow(access("ann", "comments.*"))


async def _disabled(identity: Identity) -> None:
    identity.allow(access("ann", "*", active=False))


ENDS = {
    "revoked": (_revoked, "SESSION_REVOKED"),
    "denied": (_denied, "ACCESS_DENIED"),
    "disabled": (_disabled, "CREDENTIALS_INVALID"),
}


@pytest.mark.parametrize("how", ENDS)
async def test_stream_ends_with_the_right_to_it(identity: Identity, how: str) -> None:
    take, reason = ENDS[how]
    identity.allow(access("ann", STREAMED))
    async with guarded(identity, stream=streams) as service:
        messages = 0
        started = 0.0
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            async for _ in stays_open(service, identity.token("ann")):
                messages += 1
                if messages == 5:
                    await take(identity)
                    started = time.monotonic()
        assert reason_of(ended.value) == reason
        assert time.monotonic() - started < REVOCATION_SECONDS


async def test_stream_lives_as_long_as_its_token(identity: Identity) -> None:
    identity.allow(access("ann", STREAMED))
    async with guarded(identity, stream=streams) as service:
        token = identity.token("ann", exp=int(time.time()) + 3)
        with pytest.raises(grpc.aio.AioRpcError) as ended:
            async for _ in stays_open(service, token):
                pass
        assert reason_of(ended.value) == "TOKEN_EXPIRED"


async def test_stream_goes_on_while_the_identity_service_is_down(identity: Identity) -> None:
    identity.allow(access("ann", STREAMED))
    async with guarded(identity, stream=streams) as service:
        started, seen = time.monotonic(), 0
        async for _ in stays_open(service, identity.token("ann")):
            seen += 1
            if seen == 3:
                await identity.stop()
            if time.monotonic() - started > 7:
                break
        assert seen > 30


async def test_long_poll_ends_as_well(identity: Identity) -> None:
    identity.allow(access("ann", PERMISSION))
    async with guarded(identity, polls) as service:
        polling = asyncio.create_task(service.get(identity.token("ann")))
        await asyncio.sleep(0.5)
        identity.revoke("session-of-ann")
        async with asyncio.timeout(REVOCATION_SECONDS):
            assert await polling == "SESSION_REVOKED"


async def test_work_that_was_begun_is_finished(identity: Identity) -> None:
    """It was allowed when it came, and half of it would help nobody."""
    identity.allow(access("ann", PERMISSION))
    async with guarded(identity, works) as service:
        working = asyncio.create_task(service.get(identity.token("ann")))
        await asyncio.sleep(0.5)
        identity.revoke("session-of-ann")
        assert await working == "OK"
