"""Every method says what its caller needs, and the server keeps to it."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from flowmesh.auth.v1 import permission_pb2
from google.protobuf import descriptor_pb2
from google.protobuf.wrappers_pb2 import StringValue

from mesh.access.needs import Need, NeedUnclear, need_of
from mesh.access.rows import ALL_ROWS, RowGrant, Rows
from mesh.call import CallContext, current_call
from mesh.errors import NotFound
from mesh.logs import configure_logs
from mesh.metrics import Metrics
from mesh.rpc_metrics import RpcMetrics
from mesh.server import MeshServer, MethodUnserved
from mesh.settings import MeshSettings
from mesh.status import error_info_of, reason_of
from tests.contract.made_services import made_service

Option = permission_pb2.MethodPermission
# Its generated type says less than it is.
_OPTION: Any = permission_pb2.method_permission
DESCRIPTORS = Path(__file__).resolve().parents[2] / "gen" / "descriptors.binpb"
NARROW = Rows((RowGrant(frozenset({"a"})),))
RIGHT = (
    Option(permission="things.get"),
    Option(permission="things.get", rows=Option.ROWS_TENANT),
    Option(public=True),
    Option(signed_in=True),
    Option(mesh=True),
)
WAYS_IN = {
    f"flowmesh.identity.v1.SessionService/{name}"
    for name in ("Login", "ExchangeApiKey", "ExchangeOidc", "Bootstrap", "Refresh", "GetKeySet")
}
WRONG = (
    None,
    Option(),
    Option(permission="things.get", public=True),
    Option(permission="things.get", signed_in=True),
    Option(public=True, mesh=True),
    Option(signed_in=True, rows=Option.ROWS_TENANT),
    Option(rows=Option.ROWS_TENANT),
)


def _methods() -> Iterator[tuple[str, descriptor_pb2.MethodDescriptorProto]]:
    files = descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS.read_bytes())
    for file in files.file:
        for service in file.service:
            if file.package.startswith("flowmesh."):
                for method in service.method:
                    yield f"{file.package}.{service.name}/{method.name}", method


def test_every_method_of_the_contracts_says_it_in_one_way() -> None:
    unclear = {}
    needs = {}
    for path, method in _methods():
        try:
            needs[path] = need_of(method.options.Extensions[_OPTION]).need
        except NeedUnclear as error:
            unclear[path] = str(error)
    assert unclear == {}
    assert len(needs) > 100
    assert set(needs.values()) == set(Need)


def test_nothing_is_public_but_the_ways_in() -> None:
    """What anybody may call is looked at by name: a new one has to be put here on purpose."""
    public = {path for path, method in _methods() if need_of(method.options.Extensions[_OPTION]).need is Need.ANYBODY}
    assert public <= WAYS_IN
    assert len(public) >= 5


class Things:
    """Answers with what the test says."""

    def __init__(self, *, asks: bool = True, fails: bool = False, count: int = 1) -> None:
        self._asks = asks
        self._fails = fails
        self._count = count

    async def Get(self, request: Any) -> Any:
        if self._asks:
            assert current_call().rows
        if self._fails:
            raise NotFound("JOB_NOT_FOUND", "There is none.")
        return StringValue(value="secret")

    async def GetStream(self, request: Any) -> AsyncIterator[Any]:
        for _ in range(self._count):
            yield await self.Get(request)


def _server(**named: Any) -> MeshServer:
    return MeshServer(MeshSettings(drain_seconds=0), RpcMetrics(Metrics()), **named)


@pytest.mark.parametrize("option", RIGHT)
def test_server_takes_what_is_declared(option: Any) -> None:
    _server().add(made_service(Get=option), Things())


@pytest.mark.parametrize("option", WRONG)
def test_server_refuses_what_is_not_at_start(option: Any) -> None:
    with pytest.raises(
        MethodUnserved, match=r"MadeService/Get does not say what its caller needs .*: (exactly one|rows)"
    ):
        _server().add(made_service(Get=option), Things())


@asynccontextmanager
async def serving(things: Things, rows: Rows, narrowed_by: int = Option.ROWS_TENANT) -> AsyncIterator[Any]:
    async def authorize(call: CallContext, option: Any) -> None:
        call.narrow(rows)

    server = _server(authorize=authorize)
    option = Option(permission="things.get", rows=narrowed_by)
    service = made_service(Get=option, GetStream=option)
    server.add(service, things)
    port = await server.serve("127.0.0.1", 0)
    async with server, grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:

        async def unary() -> list[str]:
            call = channel.unary_unary(
                f"/{service.full_name}/Get", StringValue.SerializeToString, StringValue.FromString
            )
            return [(await call(StringValue())).value]

        async def stream() -> list[str]:
            call = channel.unary_stream(
                f"/{service.full_name}/GetStream", StringValue.SerializeToString, StringValue.FromString
            )
            seen = []
            try:
                async for answer in call(StringValue()):
                    seen.append(answer.value)
            except grpc.aio.AioRpcError:
                assert seen == [], "an answer left before it was checked"
                raise
            return seen

        yield unary, stream


@pytest.fixture
def lines() -> Iterator[io.BytesIO]:
    import logging

    written = io.BytesIO()
    former = logging.getLogger().level
    configure_logs("things", "t-1", stream=written)
    yield written
    root = logging.getLogger()
    root.removeHandler(root.handlers[-1])
    root.setLevel(former)
    logging.captureWarnings(False)


async def test_handler_that_does_not_ask_for_rows_answers_nothing(lines: io.BytesIO) -> None:
    async with serving(Things(asks=False), NARROW) as calls:
        for call in calls:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call()
            assert reason_of(refused.value) == "INTERNAL"
            info = error_info_of(refused.value)
            assert info is not None
            text = lines.getvalue().decode()
            assert info.metadata["error_id"] in text
            assert "has not asked which rows its caller may touch" in text


async def test_stream_that_ends_without_an_answer_has_to_ask_too() -> None:
    async with serving(Things(asks=False, count=0), NARROW) as (_, stream):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stream()
        assert reason_of(refused.value) == "INTERNAL"


@pytest.mark.parametrize(
    ("things", "rows", "narrowed_by"),
    [
        (Things(), NARROW, Option.ROWS_TENANT),
        (Things(asks=False), ALL_ROWS, Option.ROWS_TENANT),
        (Things(asks=False), NARROW, Option.ROWS_UNSPECIFIED),
    ],
)
async def test_handler_that_asks_or_need_not(things: Things, rows: Rows, narrowed_by: int) -> None:
    async with serving(things, rows, narrowed_by) as calls:
        for call in calls:
            assert await call() == ["secret"]


async def test_handler_that_fails_before_it_asks_says_why() -> None:
    async with serving(Things(asks=False, fails=True), NARROW) as calls:
        for call in calls:
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call()
            assert reason_of(refused.value) == "JOB_NOT_FOUND"
