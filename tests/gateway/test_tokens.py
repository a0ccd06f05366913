"""Access tokens at the gateway: who gets through, what the others are told, and keys that change."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import httpx
import pytest
import pytest_asyncio
from flowmesh.engine.v1.job_service_pb2 import GetJobRequest
from flowmesh.engine.v1.job_service_pb2_grpc import JobServiceStub
from flowmesh.identity.v1.access_service_pb2 import GetAccessRequest
from flowmesh.identity.v1.access_service_pb2_grpc import AccessServiceStub
from flowmesh.identity.v1.session_service_pb2 import GetKeySetRequest, LoginRequest
from flowmesh.identity.v1.session_service_pb2_grpc import SessionServiceStub
from google.protobuf import descriptor_pb2
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_status import rpc_status

from gateway_envoy.access_tokens import token_filters
from gateway_envoy.contract import ContractError, Method, read_contract
from gateway_envoy.openapi import openapi_document
from tests.gateway.guarded import Guarded, guarded
from tests.gateway.running import DESCRIPTORS
from tests.gateway.signing import SigningKey, bearer, publish, token
from tests.gateway.test_config import SETTINGS
from tests.gateway.test_rest import UNARY, filled_path

pytestmark = pytest.mark.asyncio(loop_scope="session")

WEB = {"content-type": "application/grpc-web+proto"}
EMPTY_FRAME = b"\0\0\0\0\0"
GET_JOB = "/flowmesh.engine.v1.JobService/GetJob"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Guarded]:
    async with guarded(tmp_path_factory.mktemp("tokens"), rate_limit=0, rate_limit_service_accounts=0) as mesh:
        yield mesh


@pytest.fixture
def gate(running: Guarded) -> Guarded:
    running.reset()
    return running


def reason_of(answer: httpx.Response) -> str:
    reason: str = answer.json()["details"][0]["reason"]
    return reason


async def test_a_token_opens_and_its_claims_are_told(gate: Guarded) -> None:
    text = token(gate.key)
    answer = await gate.http.get("/v1/jobs/j1", headers=bearer(text))
    assert answer.status_code == 200, answer.text
    metadata = gate.engine.last[2]
    # Services check it again.
    assert metadata["authorization"] == f"Bearer {text}"
    assert (metadata["x-flowmesh-sub"], metadata["x-flowmesh-kind"]) == ("ann", "user")
    await JobServiceStub(gate.channel).GetJob(GetJobRequest(), metadata=tuple(bearer(text).items()))
    assert gate.engine.last[2]["x-flowmesh-sub"] == "ann"
    web = await gate.http.post(GET_JOB, content=EMPTY_FRAME, headers={**WEB, **bearer(text)})
    assert web.status_code == 200
    assert len(gate.engine.calls) == 3


async def test_the_log_names_user_and_session(gate: Guarded) -> None:
    await gate.http.get("/v1/jobs", headers={**bearer(token(gate.key)), "x-correlation-id": "who"})
    line: dict[str, Any] = {}
    async with asyncio.timeout(15):
        while not line:
            await asyncio.sleep(0.05)
            line = next((line for line in gate.log_lines() if line.get("correlation_id") == "who"), {})
    assert (line["user"], line["session"]) == ("ann", "s-1")
    assert "eyJ" not in json.dumps(line)


@pytest.mark.parametrize(("method", "rule"), UNARY, ids=[f"{m.name}-{r.verb}" for m, r in UNARY])
async def test_every_method_but_the_public_ones_needs_a_token(gate: Guarded, method: Method, rule: Any) -> None:
    path = filled_path(rule, dict.fromkeys(rule.template.variables, "x"))
    rest = await gate.http.request(rule.verb, path, json={} if rule.body == "*" else None)
    web = await gate.http.post(method.grpc_path, content=EMPTY_FRAME, headers=WEB)
    if method.public:
        assert rest.status_code == 200, rest.text
        assert web.headers.get("grpc-status", "0") == "0"
        assert len(gate.identity.calls) == 2
    else:
        assert (rest.status_code, reason_of(rest)) == (401, "CREDENTIALS_INVALID")
        assert rest.headers["www-authenticate"] == 'Bearer realm="flowmesh"'
        assert web.headers["grpc-status"] == "16"
        assert gate.nothing_arrived()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"exp": int(time.time()) - 60}, "TOKEN_EXPIRED"),
        ({"exp": None}, "CREDENTIALS_INVALID"),
        ({"iss": "another"}, "CREDENTIALS_INVALID"),
        ({"iss": None}, "CREDENTIALS_INVALID"),
        ({"aud": "flowmesh-mesh"}, "CREDENTIALS_INVALID"),
        ({"aud": None}, "CREDENTIALS_INVALID"),
        ({"nbf": int(time.time()) + 86_400}, "CREDENTIALS_INVALID"),
    ],
)
async def test_tokens_that_say_the_wrong_thing(gate: Guarded, changes: dict[str, Any], reason: str) -> None:
    headers = bearer(token(gate.key, **changes))
    rest = await gate.http.get("/v1/jobs", headers=headers)
    assert (rest.status_code, reason_of(rest)) == (401, reason)
    assert rest.headers["www-authenticate"] == 'Bearer realm="flowmesh", error="invalid_token"'
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await JobServiceStub(gate.channel).GetJob(GetJobRequest(), metadata=tuple(headers.items()))
    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
    status = rpc_status.from_call(caught.value)
    assert status is not None
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert (info.reason, info.domain) == (reason, "flowmesh.gateway")
    assert gate.nothing_arrived()


async def test_public_methods_by_grpc(gate: Guarded) -> None:
    sessions = SessionServiceStub(gate.channel)
    await sessions.Login(LoginRequest(user="ann"))
    # One that has run out must not keep its owner from signing in again.
    expired = bearer(token(gate.key, exp=1))
    await sessions.Login(LoginRequest(user="ann"), metadata=tuple(expired.items()))
    assert (await gate.http.post("/v1/sessions:login", json={"user": "ann"}, headers=expired)).status_code == 200
    key_set = await sessions.GetKeySet(GetKeySetRequest())
    assert json.loads(key_set.data)["keys"][0]["kid"] == gate.key.key_id
    assert "x-flowmesh-sub" not in gate.identity.last[2]
    health = await health_pb2_grpc.HealthStub(gate.channel).Check(health_pb2.HealthCheckRequest())
    assert health.status == health_pb2.HealthCheckResponse.SERVING


async def test_pages_of_our_own_need_none(gate: Guarded) -> None:
    for path in ("/healthz", "/api-docs", "/api-docs/", "/api-docs/page.js", "/api-docs/openapi.json"):
        assert (await gate.http.get(path)).status_code == 200
    key_set = await gate.http.get("/.well-known/jwks.json")
    assert [key["kid"] for key in key_set.json()["keys"]] == [gate.key.key_id]
    for path in ("/", "/v1/nothing", "/api-docs/nothing", "/healthz/x"):
        assert (await gate.http.get(path)).status_code == 401


async def test_preflights_carry_no_token(gate: Guarded) -> None:
    headers = {"origin": "https://app.example.com", "access-control-request-method": "GET"}
    answer = await gate.http.options("/v1/jobs", headers=headers)
    assert answer.headers["access-control-allow-origin"] == "https://app.example.com"
    refused = await gate.http.get("/v1/jobs", headers={"origin": "https://app.example.com"})
    assert refused.status_code == 401
    assert refused.headers["access-control-allow-origin"] == "https://app.example.com"


async def test_methods_of_the_mesh_have_no_way_in(gate: Guarded) -> None:
    token_of_admin = tuple(bearer(token(gate.key)).items())
    access = AccessServiceStub(gate.channel)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await access.GetAccess(GetAccessRequest(subject_id="ann"), metadata=token_of_admin)
    assert caught.value.code() == grpc.StatusCode.UNIMPLEMENTED
    for name in ("GetAccess", "WatchSecurityChanges"):
        path = f"/flowmesh.identity.v1.AccessService/{name}"
        for headers in ({}, WEB, {"content-type": "application/json"}):
            answer = await gate.http.post(path, content=EMPTY_FRAME, headers={**headers, **bearer(token(gate.key))})
            assert answer.headers.get("grpc-status") == "12" or answer.status_code == 404
    assert gate.nothing_arrived()


async def test_a_streams_token_is_checked(gate: Guarded) -> None:
    path = "/v1/jobs:stream?type=a&worker=w"
    for accept in ("*/*", "text/event-stream"):
        assert (await gate.http.get(path, headers={"accept": accept})).status_code == 401
    good = await gate.http.get(path, headers={"accept": "text/event-stream", **bearer(token(gate.key))})
    assert good.status_code == 200


async def test_no_body_of_nobody_is_kept(gate: Guarded) -> None:
    """The refusal comes before the body: nothing is buffered for a caller without a token."""
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.envoy.port)
    writer.write(
        b"POST /v1/deployments HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 5000000\r\n\r\n"
    )
    async with asyncio.timeout(0.9):
        head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    assert head.startswith(b"HTTP/1.1 401")


async def test_a_new_key_is_taken_and_a_removed_one_refused(tmp_path: Path) -> None:
    async with guarded(tmp_path, key_set_seconds=1) as gate:
        old, new = gate.key, SigningKey("k2")

        async def status(key: SigningKey) -> int:
            return (await gate.http.get("/v1/jobs", headers=bearer(token(key)))).status_code

        async def becomes(key: SigningKey, expected: int) -> None:
            async with asyncio.timeout(5):
                while await status(key) != expected:
                    await asyncio.sleep(0.05)

        assert (await status(old), await status(new)) == (200, 401)
        publish(gate.identity, old, new)
        await becomes(new, 200)
        assert await status(old) == 200
        publish(gate.identity, new)
        await becomes(old, 401)
        assert await status(new) == 200
        # What is known stays good while the identity service is away.
        port = gate.identity.port
        await gate.identity.stop()
        await asyncio.sleep(2.5)
        assert await status(new) == 200
        await gate.identity.start(port)


async def test_without_keys_nobody_is_told_to_sign_in(tmp_path: Path) -> None:
    async with guarded(tmp_path, identity_up=False) as gate:
        headers = bearer(token(gate.key))
        rest = await gate.http.get("/v1/jobs", headers=headers)
        assert (rest.status_code, reason_of(rest)) == (503, "DEPENDENCY_UNAVAILABLE")
        assert rest.json()["details"][0]["metadata"] == {"dependency": "identity"}
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await JobServiceStub(gate.channel).GetJob(GetJobRequest(), metadata=tuple(headers.items()))
        assert caught.value.code() == grpc.StatusCode.UNAVAILABLE
        assert gate.nothing_arrived()
        assert (await gate.http.get("/v1/jobs")).status_code == 401
        assert (await gate.http.get("/healthz")).status_code == 200
        await gate.identity.start(gate.identity_port)
        async with asyncio.timeout(5):
            while (await gate.http.get("/v1/jobs", headers=headers)).status_code != 200:
                await asyncio.sleep(0.05)


async def test_a_socket_left_behind_does_not_keep_the_next_one_from_starting(tmp_path: Path) -> None:
    async with guarded(tmp_path) as gate:
        assert mode_of(tmp_path / "key-set.sock") == 0o600
        assert mode_of(tmp_path) == 0o700
        assert gate.envoy.pid is not None
        gate.kill()
    assert (tmp_path / "key-set.sock").exists()
    async with guarded(tmp_path) as gate:
        assert (await gate.http.get("/v1/jobs", headers=bearer(token(gate.key)))).status_code == 200


def mode_of(path: Path) -> int:
    return path.stat().st_mode & 0o777


def contract_with(*, mesh: bool = False, public: bool = False) -> bytes:
    files = descriptor_pb2.FileDescriptorSet.FromString(DESCRIPTORS)
    method = next(
        method
        for file in files.file
        for service in file.service
        for method in service.method
        if method.name == "GetJob"
    )
    from flowmesh.auth.v1 import permission_pb2

    extension: Any = permission_pb2.method_permission
    method.options.Extensions[extension].Clear()
    method.options.Extensions[extension].mesh = mesh
    method.options.Extensions[extension].public = public
    return files.SerializeToString()


async def test_contracts_that_would_open_more_than_they_say_are_refused() -> None:
    with pytest.raises(ContractError, match="GetJob is for the mesh alone"):
        read_contract(contract_with(mesh=True))
    with pytest.raises(ContractError, match="GetJob is public, so its path"):
        token_filters(read_contract(contract_with(public=True)), SETTINGS)
    with pytest.raises(ContractError, match="GetJob is for the mesh alone"):
        openapi_document(contract_with(mesh=True))
