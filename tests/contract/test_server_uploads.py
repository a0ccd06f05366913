"""Methods that take a stream, through the real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
from flowmesh.auth.v1 import permission_pb2
from google.protobuf.wrappers_pb2 import StringValue

from mesh.access.rows import ALL_ROWS, RowGrant, Rows
from mesh.call import CallContext, current_call
from mesh.errors import Denied, NotFound, Unauthenticated
from mesh.metrics import Metrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import CORRELATION_ID, MeshServer
from mesh.settings import MeshSettings
from mesh.status import reason_of
from tests.contract.made_services import made_service

OPTION = permission_pb2.MethodPermission(permission="things.put", rows=permission_pb2.MethodPermission.ROWS_TENANT)
NARROW = Rows((RowGrant(frozenset({"a"})),))


class Things:
    """Joins what it is sent."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.asks = True
        self.stops_after = 0
        self.ended = asyncio.Event()

    async def PutUpload(self, requests: AsyncIterator[StringValue]) -> StringValue:
        if self.asks:
            assert current_call().rows
        try:
            async for request in requests:
                self.received.append(request.value)
                if self.stops_after and len(self.received) == self.stops_after:
                    raise NotFound("JOB_NOT_FOUND", "There is none.")
        finally:
            self.ended.set()
        return StringValue(value="".join(self.received))


class Gate:
    """Lets calls in until it is told not to."""

    def __init__(self, rows: Rows = ALL_ROWS) -> None:
        self.rows = rows
        self.refusal: Exception | None = None
        self.asked = 0

    async def authorize(self, call: CallContext, _: Any) -> None:
        self.asked += 1
        if self.refusal is not None:
            raise self.refusal
        call.narrow(self.rows)


@asynccontextmanager
async def serving(things: Things, gate: Gate, **settings: Any) -> AsyncIterator[Any]:
    service = made_service(PutUpload=OPTION)
    server = MeshServer(MeshSettings(drain_seconds=0, **settings), RpcMetrics(Metrics()), authorize=gate.authorize)
    server.add(service, things)
    port = await server.serve("127.0.0.1", 0)
    async with server, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel.stream_unary(
            f"/{service.full_name}/PutUpload", StringValue.SerializeToString, StringValue.FromString
        )


def texts(*values: str) -> Iterable[StringValue]:
    return iter([StringValue(value=value) for value in values])


async def refusal(call: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    return raised.value.code(), reason_of(raised.value)


async def test_messages_come_in_order() -> None:
    async with serving(Things(), Gate()) as put:
        assert (await put(texts("a", "b", "c"))).value == "abc"
        assert (await put(texts())).value == "abc"


async def test_correlation_id_is_told() -> None:
    async with serving(Things(), Gate()) as put:
        call = put(texts("a"))
        await call
        assert any(key == CORRELATION_ID for key, _ in await call.trailing_metadata())


async def test_nothing_is_read_of_who_may_not() -> None:
    things, gate = Things(), Gate()
    gate.refusal = Denied("ACCESS_DENIED", "no")
    async with serving(things, gate) as put:
        assert await refusal(put(texts("a"))) == (grpc.StatusCode.PERMISSION_DENIED, "ACCESS_DENIED")
    assert things.received == []
    assert not things.ended.is_set()


async def test_error_in_the_middle_ends_it() -> None:
    things = Things()
    things.stops_after = 2
    async with serving(things, Gate()) as put:
        assert await refusal(put(texts("a", "b", "c", "d"))) == (grpc.StatusCode.NOT_FOUND, "JOB_NOT_FOUND")
    assert things.received == ["a", "b"]


async def test_message_that_is_too_large() -> None:
    things = Things()
    async with serving(things, Gate(), max_message_bytes=2000) as put:
        code, reason = await refusal(put(texts("a", "x" * 3000)))
    assert (code, reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE")
    assert things.received == ["a"]


async def test_message_that_cannot_be_read() -> None:
    things = Things()
    async with serving(things, Gate()) as put:
        put._request_serializer = lambda value: value
        assert await refusal(put(iter([b"\xff\xff\xff"]))) == (
            grpc.StatusCode.INVALID_ARGUMENT,
            "REQUEST_MALFORMED",
        )


async def test_who_sends_slowly_is_looked_at_again() -> None:
    things, gate = Things(), Gate()

    async def slowly() -> AsyncIterator[StringValue]:
        yield StringValue(value="a")
        while not things.received:
            await asyncio.sleep(0.01)
        gate.refusal = Unauthenticated("SESSION_REVOKED", "ended")
        await asyncio.sleep(10)
        yield StringValue(value="b")

    async with serving(things, gate) as put:
        async with asyncio.timeout(5):
            assert await refusal(put(slowly())) == (grpc.StatusCode.UNAUTHENTICATED, "SESSION_REVOKED")
    assert gate.asked >= 2
    assert things.received == ["a"]
    assert things.ended.is_set()


async def test_handler_that_does_not_ask_for_rows() -> None:
    things = Things()
    things.asks = False
    async with serving(things, Gate(NARROW)) as put:
        assert await refusal(put(texts("a"))) == (grpc.StatusCode.INTERNAL, "INTERNAL")


async def test_caller_that_goes_away() -> None:
    things = Things()

    async def never_ending() -> AsyncIterator[StringValue]:
        yield StringValue(value="a")
        await asyncio.sleep(60)

    async with serving(things, Gate()) as put:
        call = put(never_ending())
        async with asyncio.timeout(5):
            while not things.received:
                await asyncio.sleep(0.01)
            call.cancel()
            await things.ended.wait()
