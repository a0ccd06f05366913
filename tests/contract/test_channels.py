"""Channels between services: what goes along with a call, and what is tried again."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import grpc
import grpc.aio
import pytest
from flowmesh.engine.v1 import job_service_pb2 as jobs
from flowmesh.engine.v1 import process_instance_service_pb2 as instances
from flowmesh.history.v1 import history_service_pb2 as pb
from flowmesh.history.v1.history_service_pb2_grpc import HistoryServiceStub

from mesh.call import CallContext, as_call, current_call
from mesh.channels import is_idempotent, open_channel, service_config
from mesh.errors import Conflict, DependencyDown
from mesh.settings import MeshSettings
from tests.contract.plumbing import HISTORY, STREAM, found, plumbing

REQUEST = pb.GetHistoricProcessInstanceRequest(id="1")
SETTINGS = MeshSettings(drain_seconds=0, call_timeout_seconds=0.3)
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_reads_are_idempotent_and_changes_are_not() -> None:
    service = instances.DESCRIPTOR.services_by_name["ProcessInstanceService"]
    assert is_idempotent(service.methods_by_name["GetProcessInstance"])
    assert not is_idempotent(service.methods_by_name["CreateProcessInstance"])


def test_service_config_names_what_is_retried() -> None:
    service = instances.DESCRIPTOR.services_by_name["ProcessInstanceService"]
    config = json.loads(service_config([service], [f"{service.full_name}/CancelProcessInstance"]))
    (method_config,) = config["methodConfig"]
    names = {name["method"] for name in method_config["name"]}
    assert {"GetProcessInstance", "CancelProcessInstance"} <= names
    assert "CreateProcessInstance" not in names
    assert method_config["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]
    assert "methodConfig" not in json.loads(service_config([]))


async def test_context_goes_along() -> None:
    seen: list[CallContext] = []

    async def answer(request: Any) -> Any:
        seen.append(current_call())
        return await found(request)

    async with plumbing(answer) as server, open_channel(f"127.0.0.1:{server.port}", SETTINGS, [HISTORY]) as channel:
        stub: Any = HistoryServiceStub(channel)
        with as_call(CallContext("c-1", TRACEPARENT, "ann")):
            await stub.GetHistoricProcessInstance(REQUEST)
        await stub.GetHistoricProcessInstance(REQUEST)
    within, outside = seen
    assert (within.correlation_id, within.traceparent, within.user_id) == ("c-1", TRACEPARENT, "ann")
    assert outside.correlation_id != "c-1"
    left = outside.seconds_left()
    assert left is not None
    assert left < 1


async def test_deadlines() -> None:
    async def never(request: Any) -> Any:
        await asyncio.get_running_loop().create_future()

    async with plumbing(never) as server, open_channel(f"127.0.0.1:{server.port}", SETTINGS, [HISTORY]) as channel:
        stub: Any = HistoryServiceStub(channel)
        clock = asyncio.get_running_loop().time
        for deadline, timeout, expected in ((None, None, 0.3), (None, 0.1, 0.1), (0.1, 10, 0.1), (-1, 10, 0)):
            began = clock()
            call = CallContext("c", deadline=None if deadline is None else began + deadline)
            with as_call(call), pytest.raises(grpc.aio.AioRpcError) as raised:
                await stub.GetHistoricProcessInstance(REQUEST, timeout=timeout)
            assert raised.value.code() is grpc.StatusCode.DEADLINE_EXCEEDED
            assert expected - 0.02 <= clock() - began < expected + 2


async def test_reads_are_tried_again_while_the_other_side_is_away() -> None:
    tries = 0

    async def answer(request: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise DependencyDown("DEPENDENCY_UNAVAILABLE", "Away.")
        return await found(request)

    async with plumbing(answer) as server:
        settings = MeshSettings(call_timeout_seconds=10)
        async with open_channel(f"127.0.0.1:{server.port}", settings, [HISTORY]) as channel:
            stub: Any = HistoryServiceStub(channel)
            assert (await stub.GetHistoricProcessInstance(REQUEST)).historic_process_instance.id == "1"
    assert tries == 3


@pytest.mark.parametrize(
    "error", [DependencyDown("DEPENDENCY_UNAVAILABLE", "Away."), Conflict("REVISION_CONFLICT", "!")]
)
async def test_nothing_else_is_tried_again(error: Exception) -> None:
    tries = 0

    async def answer(request: Any) -> Any:
        nonlocal tries
        tries += 1
        raise error

    async with plumbing(answer) as server:
        services = [HISTORY] if isinstance(error, Conflict) else []
        async with open_channel(f"127.0.0.1:{server.port}", SETTINGS, services) as channel:
            stub: Any = HistoryServiceStub(channel)
            with pytest.raises(grpc.aio.AioRpcError):
                await stub.GetHistoricProcessInstance(REQUEST)
    assert tries == 1


async def test_streams_live_past_the_default_deadline() -> None:
    async def stream(request: Any) -> Any:
        yield jobs.StreamJobsResponse()
        await asyncio.sleep(0.4)
        yield jobs.StreamJobsResponse()

    async with plumbing(stream=stream) as server, open_channel(f"127.0.0.1:{server.port}", SETTINGS, []) as channel:
        await channel.channel_ready()
        call = channel.unary_stream(STREAM)(jobs.StreamJobsRequest(type="a", worker="w").SerializeToString())
        assert [answer async for answer in call] == [b"", b""]
        assert channel.get_state() is grpc.ChannelConnectivity.READY
