"""How often callers may call: by user, service account or address, at one gateway and at several that share Redis."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import grpc.aio
import httpx
import pytest
from flowmesh.engine.v1.job_service_pb2 import GetJobRequest
from flowmesh.engine.v1.job_service_pb2_grpc import JobServiceStub
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from gateway_envoy.launch import EnvoyProcess
from gateway_envoy.rate_limit.counter import CallCounter
from gateway_envoy.rate_limit.service import RateLimitServer
from gateway_envoy.rate_limiting import SOCKET
from tests.gateway.guarded import Guarded, guarded
from tests.gateway.running import DESCRIPTORS, settings_for
from tests.gateway.signing import bearer, token
from tests.infrastructure.redis import RedisServer

pytestmark = pytest.mark.asyncio(loop_scope="session")

FEW = {"rate_limit": 5, "rate_limit_service_accounts": 20, "rate_limit_period": 600.0}
"""One call comes back in two minutes, long after the tests."""


async def calls(http: httpx.AsyncClient, headers: dict[str, str], number: int) -> list[int]:
    return [(await http.get("/v1/jobs", headers=headers)).status_code for _ in range(number)]


def headers_of(gate: Guarded, **claims: str) -> dict[str, str]:
    return bearer(token(gate.key, **claims))


async def test_each_caller_has_a_limit_of_its_own(tmp_path: Path) -> None:
    async with guarded(tmp_path, **FEW) as gate:
        ann, bob = headers_of(gate), headers_of(gate, sub="bob")
        assert await calls(gate.http, ann, 7) == [200] * 5 + [429] * 2
        # Another token of the same user is the same caller.
        assert await calls(gate.http, headers_of(gate, jti="t-2"), 1) == [429]
        assert await calls(gate.http, bob, 5) == [200] * 5
        assert len(gate.engine.calls) == 10
        worker = headers_of(gate, sub="worker", kind="service")
        assert await calls(gate.http, worker, 22) == [200] * 20 + [429] * 2
        # A user whose name is that of a service account is somebody else.
        assert await calls(gate.http, headers_of(gate, sub="worker"), 6) == [200] * 5 + [429]
        # A claim of a kind that nobody knows is no way out.
        assert await calls(gate.http, headers_of(gate, sub="eve", kind="Service"), 6) == [200] * 5 + [429]


async def test_an_address_has_a_limit_where_nobody_is_signed_in(tmp_path: Path) -> None:
    async with guarded(tmp_path, **FEW) as gate:
        forged = {"x-forwarded-for": "203.0.113.9", "x-flowmesh-sub": "worker", "x-flowmesh-kind": "service"}
        for number in range(7):
            forged["x-forwarded-for"] = f"203.0.113.{number}"
            answer = await gate.http.post("/v1/sessions:login", json={"user": "ann"}, headers=forged)
            assert answer.status_code == (200 if number < 5 else 429)
        # Who is signed in does not pay for it, nor do pages and health.
        assert await calls(gate.http, headers_of(gate), 1) == [200]
        for _ in range(10):
            assert (await gate.http.get("/healthz")).status_code == 200
            assert (await gate.http.get("/api-docs")).status_code == 200
            await health_pb2_grpc.HealthStub(gate.channel).Check(health_pb2.HealthCheckRequest())


async def test_proxies_that_are_trusted_say_who_calls(tmp_path: Path) -> None:
    async with guarded(tmp_path, trusted_proxies=1, **FEW) as gate:

        async def login(forwarded: str) -> int:
            answer = await gate.http.post(
                "/v1/sessions:login", json={"user": "a"}, headers={"x-forwarded-for": forwarded}
            )
            return answer.status_code

        # The proxy wrote the last one; what stands before it came from the client.
        assert [await login(f"198.51.100.{n}, 203.0.113.1") for n in range(6)] == [200] * 5 + [429]
        assert await login("198.51.100.0, 203.0.113.2") == 200


async def test_what_the_refused_are_told(tmp_path: Path) -> None:
    async with guarded(tmp_path, **{**FEW, "rate_limit": 2, "rate_limit_period": 8.0}) as gate:
        ann = headers_of(gate)
        first = await gate.http.get("/v1/jobs", headers=ann)
        assert (first.headers["x-ratelimit-limit"], first.headers["x-ratelimit-remaining"]) == ("2", "1")
        await gate.http.get("/v1/jobs", headers=ann)
        refused = await gate.http.get("/v1/jobs", headers=ann)
        assert refused.status_code == 429
        wait = int(refused.headers["retry-after"])
        assert 1 <= wait <= 4
        assert refused.headers["x-ratelimit-remaining"] == "0"
        status = refused.json()
        assert (status["code"], status["details"][0]["reason"]) == (8, "RATE_LIMITED")
        assert status["details"][1] == {
            "@type": "type.googleapis.com/google.rpc.RetryInfo",
            "retryDelay": f"{wait}s",
        }
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await JobServiceStub(gate.channel).GetJob(GetJobRequest(), metadata=tuple(ann.items()))
        assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        details = rpc_status.from_call(caught.value)
        assert details is not None
        info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
        assert details.details[0].Unpack(info)
        assert details.details[1].Unpack(retry)
        assert (info.reason, retry.retry_delay.seconds) == ("RATE_LIMITED", 4)
        metadata = dict(caught.value.initial_metadata() or ()) | dict(caught.value.trailing_metadata() or ())
        assert int(str(metadata["retry-after"])) >= 1
        # The promise holds.
        await asyncio.sleep(wait + 0.1)
        assert await calls(gate.http, ann, 1) == [200]


async def test_a_burst_and_no_limit(tmp_path: Path) -> None:
    async with guarded(tmp_path, **{**FEW, "rate_limit": 100, "rate_limit_burst": 3}) as gate:
        assert (await calls(gate.http, headers_of(gate), 4))[3] == 429
    async with guarded(tmp_path, **{**FEW, "rate_limit": 0}) as gate:
        assert set(await calls(gate.http, headers_of(gate), 12)) == {200}
        assert (await calls(gate.http, headers_of(gate, kind="service"), 21))[20] == 429


async def test_far_more_callers_than_envoys_own_default_are_told_apart(tmp_path: Path) -> None:
    """Envoy keeps 20 callers by default, and forgets one of them for each that comes."""
    async with guarded(tmp_path, **{**FEW, "rate_limit": 1}) as gate:
        users = [headers_of(gate, sub=f"user-{number}") for number in range(60)]
        for expected in (200, 429):
            for user in users:
                assert await calls(gate.http, user, 1) == [expected]


class TwoGateways:
    def __init__(self, gate: Guarded, other: httpx.AsyncClient) -> None:
        self.gate = gate
        self.both = (gate.http, other)


@contextlib.asynccontextmanager
async def two_gateways(folder: Path, redis: RedisServer) -> AsyncIterator[TwoGateways]:
    """Two gateways before the same backends, each with the service that its process runs."""
    settings = {**FEW, "shared_rate_limit": True}

    def server(run_folder: Path) -> RateLimitServer:
        run_folder.mkdir(exist_ok=True)
        counter = CallCounter(redis.url, number=5, period=600.0, burst=5, answer_seconds=0.02)
        return RateLimitServer(counter, run_folder / SOCKET)

    one, two = folder / "1", folder / "2"
    async with server(one), server(two), guarded(one, **settings) as gate:
        backends = (gate.engine, gate.history, gate.monitoring, gate.identity, gate.form)
        envoy = EnvoyProcess(
            DESCRIPTORS, settings_for(*backends, **{"authentication": "required", "access_log": False, **settings}), two
        )
        await envoy.start()
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{envoy.port}", timeout=20) as http:
                yield TwoGateways(gate, http)
        finally:
            await envoy.stop(drain=0.5)


async def test_gateways_share_one_limit(tmp_path: Path, redis_server: RedisServer) -> None:
    async with two_gateways(tmp_path, redis_server) as two:
        ann = headers_of(two.gate)
        answers = [await two.both[number % 2].get("/v1/jobs", headers=ann) for number in range(8)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
        assert [answer.headers["x-ratelimit-remaining"] for answer in answers[:5]] == ["4", "3", "2", "1", "0"]
        assert answers[0].headers["x-ratelimit-limit"] == "5"
        refused = answers[5]
        assert 1 <= int(refused.headers["retry-after"]) <= 121
        assert refused.json()["details"][1]["retryDelay"] == refused.headers["retry-after"] + "s"
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await JobServiceStub(two.gate.channel).GetJob(GetJobRequest(), metadata=tuple(ann.items()))
        assert caught.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        # Addresses as well; service accounts are counted by each gateway alone.
        logins = [
            (await two.both[number % 2].post("/v1/sessions:login", json={"user": "a"})).status_code
            for number in range(6)
        ]
        assert logins == [200] * 5 + [429]
        worker = headers_of(two.gate, sub="worker", kind="service")
        for http in two.both:
            assert await calls(http, worker, 21) == [200] * 20 + [429]


@pytest.mark.parametrize("harm", ["kill", "pause"])
async def test_without_redis_each_gateway_counts_alone(tmp_path: Path, redis_server: RedisServer, harm: str) -> None:
    async with two_gateways(tmp_path, redis_server) as two:
        assert await calls(two.both[0], headers_of(two.gate, sub="warm"), 1) == [200]
        getattr(redis_server, harm)()
        try:
            ann = headers_of(two.gate)
            started = time.perf_counter()
            assert await calls(two.both[0], ann, 1) == [200]
            assert time.perf_counter() - started < 0.3
            started = time.perf_counter()
            assert await calls(two.both[0], ann, 6) == [200] * 4 + [429] * 2
            # Nobody waits for what has not answered just now.
            assert time.perf_counter() - started < 0.3
            assert await calls(two.both[1], ann, 6) == [200] * 5 + [429]
        finally:
            if harm == "pause":
                redis_server.resume()
            else:
                redis_server.start()
        bob = headers_of(two.gate, sub="bob")
        await asyncio.sleep(1.2)
        answers = [(await two.both[number % 2].get("/v1/jobs", headers=bob)).status_code for number in range(6)]
        assert answers == [200] * 5 + [429]


async def test_without_the_service_calls_go_on(tmp_path: Path) -> None:
    async with guarded(tmp_path, **FEW, shared_rate_limit=True) as gate:
        assert await calls(gate.http, headers_of(gate), 6) == [200] * 5 + [429]


async def test_the_counter_forgets_who_does_not_call(redis_server: RedisServer) -> None:
    counter = CallCounter(redis_server.url, number=10, period=1.0, burst=2, answer_seconds=1.0)
    try:
        found = [await counter.count("ann") for _ in range(3)]
        assert [one and one.allowed for one in found] == [True, True, False]
        assert [one and one.remaining for one in found] == [1, 0, 0]
        await asyncio.sleep(0.12)
        again = await counter.count("ann")
        assert again is not None
        assert again.allowed
        await asyncio.sleep(0.4)
        assert redis_server.command("DBSIZE") == b":0\r\n"
        many = await counter.count("ann", 3)
        assert many is not None
        assert not many.allowed
    finally:
        await counter.close()
