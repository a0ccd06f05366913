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
from mesh.errors import Conflict, DependencyDown, NotFound
from mesh.resilience.breaker import BreakerLimits, BreakerOpen, CircuitBreaker
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


async def test_retries_stay_within_their_budget() -> None:
    tries = 0

    async def answer(request: Any) -> Any:
        nonlocal tries
        tries += 1
        raise DependencyDown("DEPENDENCY_UNAVAILABLE", "Away.")

    calls = 300
    async with plumbing(answer) as server, open_channel(f"127.0.0.1:{server.port}", SETTINGS, [HISTORY]) as channel:
        stub: Any = HistoryServiceStub(channel)
        for _ in range(calls):
            with pytest.raises(grpc.aio.AioRpcError):
                await stub.GetHistoricProcessInstance(REQUEST)
    assert calls < tries <= calls + 20


async def test_a_service_that_does_not_answer_is_left_alone() -> None:
    down = True
    tries = 0

    async def answer(request: Any) -> Any:
        nonlocal tries
        tries += 1
        if request.id == "none":
            raise NotFound("HISTORY_RECORD_NOT_FOUND", "No.")
        if down:
            raise DependencyDown("DEPENDENCY_UNAVAILABLE", "Away.")
        return await found(request)

    now = 0.0
    limits = BreakerLimits(failures_in_row=3, open_seconds=1)
    breaker = CircuitBreaker("history", limits=limits, monotonic=lambda: now)
    async with (
        plumbing(answer) as server,
        open_channel(f"127.0.0.1:{server.port}", SETTINGS, [], breaker=breaker) as channel,
    ):
        stub: Any = HistoryServiceStub(channel)

        async def code(record: str = "1") -> Any:
            try:
                await stub.GetHistoricProcessInstance(pb.GetHistoricProcessInstanceRequest(id=record))
            except grpc.aio.AioRpcError as error:
                # The breaker hears of it in a task of its own.
                await asyncio.sleep(0.01)
                return error.code()
            await asyncio.sleep(0.01)
            return None

        for _ in range(10):
            assert await code("none") is grpc.StatusCode.NOT_FOUND
        for _ in range(3):
            assert await code() is grpc.StatusCode.UNAVAILABLE
        tries = 0
        with pytest.raises(BreakerOpen) as raised:
            await code()
        assert raised.value.metadata == {"dependency": "history"}
        assert raised.value.retry_after_seconds > 0
        assert tries == 0
        down = False
        now = 2.0
        assert await code() is None
        assert await code() is None


async def test_calls_go_to_servers_that_are_in_service() -> None:
    served: list[str] = []

    def named(name: str) -> Any:
        async def answer(request: Any) -> Any:
            served.append(name)
            return await found(request)

        return answer

    settings = MeshSettings(drain_seconds=1, call_timeout_seconds=10)
    async with plumbing(named("one")) as one, plumbing(named("two")) as two:
        target = f"ipv4:127.0.0.1:{one.port},127.0.0.1:{two.port}"
        async with open_channel(target, settings, [HISTORY]) as channel:
            stub: Any = HistoryServiceStub(channel)
            while set(served) != {"one", "two"}:
                await stub.GetHistoricProcessInstance(REQUEST)
            await one.server.health.set("", serving=False)
            # The client hears of it at some time; from then on nothing goes there.
            while "one" in served[-10:]:
                await stub.GetHistoricProcessInstance(REQUEST)
            served.clear()
            for _ in range(20):
                await stub.GetHistoricProcessInstance(REQUEST)
    assert set(served) == {"two"}


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
