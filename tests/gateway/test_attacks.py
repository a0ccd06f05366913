"""What attackers try at the gateway, and what they get; docs/security-gateway.md has a line for each.

Everything is sent to a real Envoy before backends that note every call: an attack has failed where nothing arrived, or
where only that arrived which an honest call would have brought.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import httpx
import jwt
import pytest
import pytest_asyncio
from flowmesh.engine.v1.job_service_pb2 import GetJobRequest
from flowmesh.engine.v1.job_service_pb2_grpc import JobServiceStub

from tests.gateway import raw
from tests.gateway.guarded import Guarded, guarded
from tests.gateway.raw import RawAnswer, exchange, request
from tests.gateway.signing import SigningKey, bearer, claims, encoded, token

pytestmark = pytest.mark.asyncio(loop_scope="session")

EMPTY_FRAME = b"\0\0\0\0\0"
GET_JOB = "/flowmesh.engine.v1.JobService/GetJob"
HEADERS_SECONDS, BODY_SECONDS, IDLE_SECONDS = 1.0, 1.5, 2.0


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Guarded]:
    settings = {
        "rate_limit": 0,
        "rate_limit_service_accounts": 0,
        "headers_timeout": HEADERS_SECONDS,
        "request_timeout": BODY_SECONDS,
        "idle_timeout": IDLE_SECONDS,
    }
    async with guarded(tmp_path_factory.mktemp("attacks"), **settings) as mesh:
        yield mesh


@pytest.fixture
def gate(running: Guarded) -> Guarded:
    running.reset()
    return running


def good(gate: Guarded) -> dict[str, str]:
    return bearer(token(gate.key))


def line(headers: dict[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in headers.items()]


async def send(gate: Guarded, *pieces: bytes, pause: float = 0.0, to_the_end: bool = False) -> RawAnswer:
    return await exchange(gate.envoy.port, *pieces, pause=pause, to_the_end=to_the_end)


async def still_serves(gate: Guarded) -> None:
    """The gateway has taken no harm."""
    async with httpx.AsyncClient(base_url=str(gate.http.base_url)) as http:
        assert (await http.get("/v1/jobs", headers=good(gate))).status_code == 200


# Forged headers


FORGED = {
    "x-flowmesh-sub": "admin",
    "X-FlowMesh-Sub": "admin",
    "X-FLOWMESH-KIND": "service",
    "x-flowmesh-mesh-token": "eyJhbGciOiJIUzI1NiJ9.e30.x",
    "x-flowmesh-client-address": "192.0.2.66",
    "x-flowmesh-anything-bin": "AAAA",
    "x-envoy-original-path": "/v1/sessions:login",
    "X-Envoy-Original-Method": "POST",
    "x-envoy-internal": "true",
    "x-envoy-max-retries": "50",
    "x-envoy-retry-on": "5xx",
    "x-envoy-upstream-rq-timeout-ms": "1",
    "x-envoy-force-trace": "1",
}


async def test_forged_headers_say_nothing(gate: Guarded) -> None:
    for headers in (FORGED, {name.upper(): value for name, value in FORGED.items()}):
        refused = await gate.http.get("/v1/jobs", headers=headers)
        assert refused.status_code == 401
        assert gate.nothing_arrived()
        answer = await gate.http.get("/v1/jobs", headers={**headers, **good(gate)})
        assert answer.status_code == 200
        metadata = gate.engine.last[2]
        assert {name: value for name, value in metadata.items() if name.startswith("x-flowmesh-")} == {
            "x-flowmesh-sub": "ann",
            "x-flowmesh-kind": "user",
            "x-flowmesh-client-address": "127.0.0.1",
        }
        assert metadata["x-envoy-original-path"] == "/v1/jobs"
        assert not {"x-envoy-max-retries", "x-envoy-retry-on", "x-envoy-upstream-rq-timeout-ms"} & metadata.keys()
        gate.reset()


async def test_forged_headers_given_many_times(gate: Guarded) -> None:
    many = ["x-flowmesh-sub: admin", "X-Flowmesh-Sub: root", "x-flowmesh-sub: ", "x-flowmesh-kind: service"]
    answer = await send(gate, request("GET /v1/jobs HTTP/1.1", *many, *line(good(gate)), "connection: close"))
    assert answer.status == 200
    assert gate.engine.last[2]["x-flowmesh-sub"] == "ann"
    assert gate.engine.last[2]["x-flowmesh-kind"] == "user"


async def test_forged_headers_without_the_claim_stay_away(gate: Guarded) -> None:
    answer = await gate.http.get("/v1/jobs", headers={**FORGED, **bearer(token(gate.key, kind=None))})
    assert answer.status_code == 200
    assert "x-flowmesh-kind" not in gate.engine.last[2]


@pytest.mark.parametrize("name", ["x_flowmesh_sub", "X_Flowmesh_Sub", "x-flowmesh_sub", "x_envoy_original_path"])
async def test_forged_headers_with_underscores(gate: Guarded, name: str) -> None:
    answer = await gate.http.get("/v1/jobs", headers={name: "admin", **good(gate)})
    assert answer.status_code == 400
    assert gate.nothing_arrived()


async def test_forged_metadata_of_grpc(gate: Guarded) -> None:
    forged = tuple((name, value) for name, value in FORGED.items() if name.islower() and not name.endswith("-bin"))
    forged_binary = (("x-flowmesh-anything-bin", b"\0\1"),)
    jobs = JobServiceStub(gate.channel)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await jobs.GetJob(GetJobRequest(), metadata=(*forged, *forged_binary))
    assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
    assert gate.nothing_arrived()
    await jobs.GetJob(GetJobRequest(), metadata=(*forged, *forged_binary, *good(gate).items()))
    metadata = gate.engine.last[2]
    assert {name: value for name, value in metadata.items() if name.startswith("x-flowmesh-")} == {
        "x-flowmesh-sub": "ann",
        "x-flowmesh-kind": "user",
        "x-flowmesh-client-address": "127.0.0.1",
    }


async def test_forged_trailers(gate: Guarded) -> None:
    """Of HTTP/1.1 in chunks, and of HTTP/2."""
    body = b"5\r\n" + EMPTY_FRAME + b"\r\n0\r\nx-flowmesh-sub: admin\r\nauthorization: Bearer x\r\n\r\n"
    web = ["content-type: application/grpc-web+proto", "transfer-encoding: chunked", "connection: close"]
    answer = await send(gate, request(f"POST {GET_JOB} HTTP/1.1", *web, *line(good(gate)), body=body))
    assert answer.status == 200
    assert gate.engine.last[2]["x-flowmesh-sub"] == "ann"
    gate.reset()
    async with raw.http2(gate.envoy.port) as (reader, writer):
        opening = raw.header_block([*grpc_head(GET_JOB), *good(gate).items()])
        trailers = raw.header_block([("x-flowmesh-sub", "admin"), ("x-flowmesh-mesh-token", "x")])
        writer.write(
            raw.frame(raw.HEADERS, raw.END_HEADERS, 1, opening)
            + raw.frame(0, 0, 1, EMPTY_FRAME)
            + raw.frame(raw.HEADERS, raw.END_HEADERS | raw.END_STREAM, 1, trailers)
        )
        await raw.frames(reader)
    assert gate.engine.last[2]["x-flowmesh-sub"] == "ann"
    assert "x-flowmesh-mesh-token" not in gate.engine.last[2]


def grpc_head(path: str) -> list[tuple[str, str]]:
    return [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", path),
        (":authority", "gateway"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]


@pytest.mark.parametrize("nominated", ["authorization", "x-flowmesh-sub", "x-correlation-id, authorization"])
async def test_headers_that_the_connection_takes_away(gate: Guarded, nominated: str) -> None:
    answer = await send(gate, request("GET /v1/jobs HTTP/1.1", f"connection: close, {nominated}", *line(good(gate))))
    if answer.status == 200:
        assert gate.engine.last[2]["x-flowmesh-sub"] == "ann"
        assert str(gate.engine.last[2]["authorization"]).startswith("Bearer ")
    else:
        assert answer.status in (400, 401)
        assert gate.nothing_arrived()


# Tokens that are none


def unsigned(algorithm: str, signature: str = "") -> str:
    return f"{encoded({'alg': algorithm, 'typ': 'at+jwt', 'kid': 'k1'})}.{encoded(claims(sub='admin'))}.{signature}"


def signed_with_the_public_key(gate: Guarded, secret: bytes) -> str:
    import hashlib
    import hmac

    head = f"{encoded({'alg': 'HS256', 'typ': 'at+jwt', 'kid': 'k1'})}.{encoded(claims(sub='admin'))}"
    return f"{head}.{encoded(hmac.new(secret, head.encode(), hashlib.sha256).digest())}"


def confusing_tokens(gate: Guarded) -> dict[str, str]:
    stranger = SigningKey("k1")
    real = token(gate.key)
    head, payload, signature = real.split(".")
    by_stranger = {"jwk": stranger.jwk(), "jku": "http://127.0.0.1:9/jwks.json", "x5u": "http://127.0.0.1:9/cert.pem"}
    return {
        "none": unsigned("none"),
        "None": unsigned("None"),
        "NONE with a signature": unsigned("NONE", signature),
        "no algorithm": f"{encoded({'typ': 'at+jwt', 'kid': 'k1'})}.{payload}.{signature}",
        "HS256 with the public key": signed_with_the_public_key(gate, gate.key.public_pem),
        "HS256 with the public key, stripped": signed_with_the_public_key(gate, gate.key.public_pem.strip()),
        "HS256 with the modulus": signed_with_the_public_key(gate, gate.key.jwk()["n"].encode()),
        "HS256 with nothing": signed_with_the_public_key(gate, b""),
        "another key of the same name": token(stranger),
        "kid of nobody": token(gate.key, headers={"kid": "k9"}),
        "kid that climbs": token(stranger, headers={"kid": "../../../../dev/null"}),
        "kid that injects": token(stranger, headers={"kid": "k1' UNION SELECT 'x"}),
        "kid with a zero": token(stranger, headers={"kid": "k1\0"}),
        "key in the header": token(stranger, headers={"jwk": by_stranger["jwk"]}),
        "address of keys in the header": token(stranger, headers={"jku": by_stranger["jku"]}),
        "address of a certificate in the header": token(stranger, headers={"x5u": by_stranger["x5u"]}),
        "PS256 by the same key": jwt.encode(claims(), gate.key.private, "PS256", headers={"kid": "k1"}),
        "RS512 by the same key": jwt.encode(claims(), gate.key.private, "RS512", headers={"kid": "k1"}),
        "other claims, same signature": f"{head}.{encoded(claims(sub='admin'))}.{signature}",
        "no signature": f"{head}.{payload}.",
        "cut signature": real[:-8],
        "signature of zeros": f"{head}.{payload}.{encoded(bytes(256))}",
        "two parts": f"{head}.{payload}",
        "five parts": f"{real}.{payload}.{signature}",
        "not base64": "a!b.c?d.e*f",
        "claims that are a list": f"{head}.{encoded([])}.{signature}",
        "for the mesh": jwt.encode(claims(aud="flowmesh-mesh", sub="service:engine"), "s" * 32, "HS256"),
        "for ever": token(gate.key, exp=None),
        "of nobody": token(stranger, iss="flowmesh", sub=None),
    }


async def test_token_confusion(gate: Guarded) -> None:
    for name, text in confusing_tokens(gate).items():
        answer = await gate.http.get("/v1/jobs", headers=bearer(text))
        assert answer.status_code == 401, name
        assert answer.json()["details"][0]["reason"] == "CREDENTIALS_INVALID", name
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await JobServiceStub(gate.channel).GetJob(GetJobRequest(), metadata=tuple(bearer(text).items()))
        assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED, name
    assert gate.nothing_arrived()


async def test_addresses_in_a_token_are_never_asked(gate: Guarded) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(0.5)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/keys"
        stranger = SigningKey("k7")
        for name in ("jku", "x5u"):
            answer = await gate.http.get("/v1/jobs", headers=bearer(token(stranger, headers={name: url})))
            assert answer.status_code == 401
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(listener.accept)


async def test_credentials_of_two(gate: Guarded) -> None:
    """What is checked here and what services read must be the same."""
    own, other = token(gate.key), unsigned("none")
    several = [
        [f"authorization: Bearer {own}", f"authorization: Bearer {other}"],
        [f"authorization: Bearer {other}", f"authorization: Bearer {own}"],
        [f"authorization: Bearer {own}", f"Authorization: Bearer {token(gate.key, sub='bob')}"],
        [f"authorization: Bearer {own}, Bearer {other}"],
        [f"authorization: Bearer {own} Bearer {other}"],
        [f"authorization: Basic YWRtaW46YWRtaW4=, Bearer {own}"],
        [f"authorization: Basic Bearer {own}"],
        [f"authorization: Bearer {own};{other}"],
        [f"authorization: Bearer  {own}"],
        [f"authorization: Bearer {own}="],
        ["authorization: Bearer "],
        ["authorization:"],
    ]
    for headers in several:
        answer = await send(gate, request("GET /v1/jobs HTTP/1.1", *headers, "connection: close"))
        assert answer.status == 401, headers
        assert b"CREDENTIALS_INVALID" in answer.rest
        web = ["content-type: application/grpc-web+proto", "content-length: 5", "connection: close"]
        answer = await send(gate, request(f"POST {GET_JOB} HTTP/1.1", *headers, *web, body=EMPTY_FRAME))
        assert "grpc-status: 16" in answer.head, headers
    for metadata in ((own, other), (other, own)):
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await JobServiceStub(gate.channel).GetJob(
                GetJobRequest(), metadata=tuple(("authorization", f"Bearer {text}") for text in metadata)
            )
        assert caught.value.code() == grpc.StatusCode.UNAUTHENTICATED
    assert gate.nothing_arrived()


async def test_tokens_anywhere_but_in_the_header(gate: Guarded) -> None:
    text = token(gate.key)
    for path in (f"/v1/jobs?access_token={text}", f"/v1/jobs?authorization=Bearer%20{text}", f"/v1/jobs?token={text}"):
        assert (await gate.http.get(path)).status_code == 401
    for headers in (
        {"cookie": f"access_token={text}; authorization=Bearer {text}"},
        {"x-authorization": f"Bearer {text}"},
        {"proxy-authorization": f"Bearer {text}"},
        {"x-forwarded-access-token": text},
        {"authorization": text},
        {"authorization": f"Token {text}"},
        {"sec-websocket-protocol": f"bearer, {text}"},
    ):
        assert (await gate.http.get("/v1/jobs", headers=headers)).status_code == 401
    assert gate.nothing_arrived()


async def test_a_token_of_a_megabyte(gate: Guarded) -> None:
    answer = await gate.http.get("/v1/jobs", headers=bearer("a" * 20_000 + "." + "b" * 8_000 + ".c"))
    assert answer.status_code == 401
    answer = await gate.http.get("/v1/jobs", headers=bearer("a" * 1_000_000))
    assert answer.status_code == 431
    await still_serves(gate)


async def test_a_key_set_of_somebody_else(gate: Guarded) -> None:
    """The only way to a key set is the identity service's."""
    for host in ("key-set", "inner", "127.0.0.1:3002"):
        answer = await gate.http.get("/.well-known/jwks.json", headers={"host": host})
        assert [key["kid"] for key in answer.json()["keys"]] == ["k1"]
    for verb in ("POST", "PUT", "DELETE", "PATCH"):
        assert (await gate.http.request(verb, "/.well-known/jwks.json")).status_code == 401


# Paths and verbs that look like others


TARGETS = [
    "/v1/jobs/j1%2fx",
    "/v1/jobs/j1%2Fx",
    "/v1/jobs/j1%5cx",
    "/v1%2fjobs",
    "/healthz%2f..%2fv1%2fjobs",
    "/healthz/../v1/jobs",
    "/healthz/%2e%2e/v1/jobs",
    "/healthz/%2E%2E/v1/jobs",
    "/healthz/.%2e/v1/jobs",
    "/healthz/./../v1/jobs",
    "/healthz;/../v1/jobs",
    "/healthz;x=/v1/jobs",
    "/healthz/..;/v1/jobs",
    "/healthz%00/../v1/jobs",
    "/healthz%20",
    "/healthz%3f/../v1/jobs",
    "/healthz#/v1/jobs",
    "/api-docs/../v1/jobs",
    "/api-docs/%2e%2e/v1/jobs",
    "/api-docs//../v1/jobs",
    "/api-docs/..\\v1\\jobs",
    "/v1/sessions:login/../jobs",
    "/v1/sessions:login/%2e%2e/jobs",
    "/v1/sessions:login/../../v1/jobs",
    "/v1/sessions:login;/../jobs",
    "/.well-known/jwks.json/../../v1/jobs",
    "/.well-known/../v1/jobs",
    "/grpc.health.v1.Health/../v1/jobs",
    "/grpc.health.v1.Health/../flowmesh.engine.v1.JobService/GetJob",
    "/grpc.health./%2e%2e/v1/jobs",
    "/grpc.reflection.v1alpha.ServerReflection/../../v1/jobs",
    "//v1/jobs",
    "/v1//jobs",
    "///v1/jobs",
    "/./v1/jobs",
    "/v1/./jobs",
    "/V1/jobs",
    "/v1/JOBS",
    "/v1/jobs/",
    "/v1/jobs/.",
    "/v1/jobs;",
    "/v1/jobs;jsessionid=1",
    "/v1/jobs%20",
    "/v1/jobs%09",
    "/v1/jobs%00",
    "/v1/jobs%0d%0ax-flowmesh-sub:%20admin",
    "/v1/%6aobs",
    "/%76%31/jobs",
    "/v1/jobs?x=/healthz",
    "/v1/jobs?/../healthz",
    "/flowmesh.engine.v1.JobService/GetJob",
    "/FLOWMESH.identity.v1.SessionService/Login",
    "/flowmesh.identity.v1.SessionService/login",
    "/flowmesh.identity.v1.SessionService/Login/",
    "/flowmesh.identity.v1.SessionService%2fLogin",
    "/v1/sessions:Login",
    "/v1/sessions%3alogin",
    "/v1/sessions:login/",
    "/v1/sessions:login:revoke",
    "/v1/sessions:login%20",
    "http://elsewhere.example/v1/jobs",
    "http://elsewhere.example/healthz/../v1/jobs",
    "http://healthz/v1/jobs",
    "https://gateway/v1/jobs",
    "v1/jobs",
    "*",
    "",
    "?",
    "/\xff\xfe",
    "/v1/jobs/\u00e9",
    "\\v1\\jobs",
]


@pytest.mark.parametrize("verb", ["GET", "POST"])
@pytest.mark.parametrize("target", TARGETS)
async def test_no_path_goes_around_the_check(gate: Guarded, verb: str, target: str) -> None:
    body = [] if verb == "GET" else ["content-type: application/json", "content-length: 2"]
    answer = await send(
        gate, request(f"{verb} {target} HTTP/1.1", *body, "connection: close", body=b"{}" if body else b"")
    )
    # 403: an address of https over a connection that is not.
    assert answer.status in (400, 401, 403), answer.head
    assert gate.nothing_arrived()


async def test_a_path_is_checked_as_it_will_be_routed(gate: Guarded) -> None:
    """Dots are resolved once, before anything looks; what comes out is what counts."""
    protected, public = "flowmesh.engine.v1.JobService/GetJob", "flowmesh.identity.v1.SessionService/Login"
    web = ["content-type: application/grpc-web+proto", "content-length: 5", "connection: close"]
    answer = await send(gate, request(f"POST /{public}/../../{protected} HTTP/1.1", *web, body=EMPTY_FRAME))
    assert "grpc-status: 16" in answer.head
    assert gate.nothing_arrived()
    answer = await send(gate, request(f"POST /{protected}/../../{public} HTTP/1.1", *web, body=EMPTY_FRAME))
    assert answer.status == 200
    assert [name for name, _, _ in gate.identity.calls if name.endswith("/Login")] == [public]
    assert gate.engine.calls == []


OVERRIDES = {
    "x-http-method-override": "DELETE",
    "x-http-method": "DELETE",
    "x-method-override": "DELETE",
    "x-original-url": "/v1/attachments/a1",
    "x-rewrite-url": "/v1/attachments/a1",
    "x-original-uri": "/v1/attachments/a1",
    "x-forwarded-prefix": "/healthz",
    "x-forwarded-path": "/healthz",
    "x-forwarded-host": "127.0.0.1",
    "x-forwarded-proto": "https",
    "forwarded": "for=127.0.0.1;host=localhost",
    "x-real-ip": "127.0.0.1",
    "x-custom-ip-authorization": "127.0.0.1",
}


async def test_headers_do_not_change_verb_or_path(gate: Guarded) -> None:
    assert (await gate.http.get("/v1/jobs", headers=OVERRIDES)).status_code == 401
    assert gate.nothing_arrived()
    answer = await gate.http.get("/v1/attachments/a2", headers={**OVERRIDES, **good(gate)})
    assert answer.status_code == 200
    assert [(name, call.id) for name, call, _ in gate.engine.calls] == [
        ("flowmesh.engine.v1.AttachmentService/GetAttachment", "a2")
    ]


@pytest.mark.parametrize(
    "verb", ["HEAD", "TRACE", "PUT", "PATCH", "PROPFIND", "get", "Get", "GETT", "DEBUG", "OPTIONS"]
)
async def test_verbs_that_no_method_has(gate: Guarded, verb: str) -> None:
    without = await send(gate, request(f"{verb} /v1/jobs HTTP/1.1", "connection: close"))
    assert without.status in (400, 401), without.head
    answer = await send(gate, request(f"{verb} /v1/jobs HTTP/1.1", *line(good(gate)), "connection: close"))
    assert answer.status in (400, 404), answer.head
    assert gate.nothing_arrived()


async def test_tunnels_are_refused(gate: Guarded) -> None:
    for target in ("127.0.0.1:22", "gateway:80", f"127.0.0.1:{gate.engine.port}"):
        answer = await send(gate, f"CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n\r\n".encode())
        assert answer.status in (400, 401, 404), answer.head
    for protocol in ("websocket", "h2c", "TLS/1.0"):
        upgrade = ["connection: upgrade, http2-settings", f"upgrade: {protocol}", "http2-settings: AAMAAABkAAQAAP__"]
        answer = await send(gate, request("GET /v1/jobs HTTP/1.1", *upgrade, *line(good(gate))))
        assert answer.status not in (0, 101), answer.head
        assert "upgrade:" not in answer.head.lower()
    assert {name for name, _, _ in gate.engine.calls} <= {"flowmesh.engine.v1.JobService/ListJobs"}


async def test_pages_of_envoy_are_not_on_the_public_port(gate: Guarded) -> None:
    for path in (
        "/config_dump",
        "/stats",
        "/server_info",
        "/quitquitquit",
        "/certs",
        "/logging",
        "/clusters",
        "/admin",
    ):
        for verb in ("GET", "POST"):
            assert (await gate.http.request(verb, path)).status_code == 401
            assert (await gate.http.request(verb, path, headers=good(gate))).status_code == 404
    assert gate.envoy.pid is not None
    # On this machine alone: no other address of it answers.
    outside = socket.gethostbyname(socket.gethostname())
    if not outside.startswith("127."):
        with pytest.raises(OSError, match="refused"):
            await asyncio.open_connection(outside, gate.envoy.admin_port)


# Too much


async def test_too_many_and_too_long_headers(gate: Guarded) -> None:
    headers = [f"x-h{number}: v" for number in range(120)]
    assert (await send(gate, request("GET /v1/jobs HTTP/1.1", *headers, *line(good(gate))))).status == 431
    for oversized in ("x-large: " + "x" * 40_000, "cookie: " + "a=b; " * 10_000, "y" * 40_000 + ": v"):
        assert (await send(gate, request("GET /v1/jobs HTTP/1.1", oversized, *line(good(gate))))).status == 431
    assert (await send(gate, request("GET /v1/jobs?type=" + "x" * 40_000 + " HTTP/1.1"))).status == 431
    metadata = (*good(gate).items(), ("x-large", "x" * 40_000))
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await JobServiceStub(gate.channel).GetJob(GetJobRequest(), metadata=metadata)
    assert caught.value.code() in (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INTERNAL)
    assert gate.nothing_arrived()
    await still_serves(gate)


async def test_bodies_too_large(gate: Guarded) -> None:
    large = b'{"businessKey":"' + b"x" * (7 * 1024 * 1024) + b'"}'
    json_headers = {"content-type": "application/json", **good(gate)}
    answer = await gate.http.post("/v1/processInstances", content=large, headers=json_headers)
    assert answer.status_code == 413

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 65536

    with contextlib.suppress(httpx.WriteError, httpx.ReadError):
        answer = await gate.http.post("/v1/processInstances", content=chunks(), headers=json_headers)
        assert answer.status_code == 413
    # Nobody unknown gets as far as a limit.
    refused = await gate.http.post("/v1/processInstances", content=b"x", headers={"content-type": "application/json"})
    assert refused.status_code == 401
    lying = ["content-type: application/json", "content-length: 99999999999999999999"]
    assert (await send(gate, request("POST /v1/processInstances HTTP/1.1", *lying, *line(good(gate))))).status == 400
    assert gate.nothing_arrived()
    await still_serves(gate)


async def test_bodies_that_grow_when_read(gate: Guarded) -> None:
    """Compressed bodies are not taken: nothing unpacks them."""
    import gzip

    bomb = gzip.compress(b" " * 50_000_000)
    for encoding in ("gzip", "deflate", "br"):
        headers = {"content-type": "application/json", "content-encoding": encoding, **good(gate)}
        answer = await gate.http.post("/v1/processInstances", content=bomb, headers=headers)
        assert answer.status_code == 400
        assert answer.json()["details"][0]["reason"] == "REQUEST_MALFORMED"
    assert gate.nothing_arrived()


# Too slow


async def test_heads_that_never_end(gate: Guarded) -> None:
    started = time.monotonic()
    pieces = [b"GET /v1/jobs HTTP/1.1\r\nhost: gateway\r\n", *(f"x-{n}: y\r\n".encode() for n in range(12))]
    answer = await send(gate, *pieces, pause=0.25)
    assert time.monotonic() - started < 12
    assert answer.status == 408
    assert gate.nothing_arrived()


async def test_bodies_that_never_end(gate: Guarded) -> None:
    head = request(
        "POST /v1/processInstances HTTP/1.1", "content-type: application/json", "content-length: 100", *line(good(gate))
    )
    answer = await send(gate, head, *(b" " for _ in range(12)), pause=0.25)
    assert answer.status == 408
    assert gate.nothing_arrived()


async def test_connections_that_say_nothing(gate: Guarded) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", gate.envoy.port)
    async with asyncio.timeout(IDLE_SECONDS + 3):
        assert await reader.read() == b""
    writer.close()


async def test_many_slow_callers_keep_nobody_waiting(gate: Guarded) -> None:
    slow = [await asyncio.open_connection("127.0.0.1", gate.envoy.port) for _ in range(200)]
    for _, writer in slow:
        writer.write(b"POST /v1/sessions:login HTTP/1.1\r\nhost: gateway\r\ncontent-length: 100\r\n")
    # Before the slow ones are cut off.
    async with asyncio.timeout(HEADERS_SECONDS):
        await still_serves(gate)
    for reader, writer in slow:
        async with asyncio.timeout(HEADERS_SECONDS + 5):
            assert (await reader.read()).startswith(b"HTTP/1.1 408")
        writer.close()


async def test_calls_that_are_taken_back_at_once(gate: Guarded) -> None:
    """Thousands of HTTP/2 streams, each reset as soon as it is opened: the connection is ended."""
    block = raw.header_block([*grpc_head(GET_JOB), *good(gate).items()])
    async with raw.http2(gate.envoy.port) as (reader, writer):
        with contextlib.suppress(ConnectionError):
            for number in range(3000):
                stream = 2 * number + 1
                writer.write(
                    raw.frame(raw.HEADERS, raw.END_HEADERS, stream, block)
                    + raw.frame(raw.RST_STREAM, 0, stream, b"\0\0\0\x08")
                )
                if number % 50 == 0:
                    await writer.drain()
                    await asyncio.sleep(0)
        async with asyncio.timeout(10):
            while not reader.at_eof():
                try:
                    await reader.read(65536)
                except ConnectionError:
                    break
    assert len(gate.engine.calls) < 1500
    await still_serves(gate)


async def test_heads_in_endless_pieces(gate: Guarded) -> None:
    """CONTINUATION frames without an end."""
    async with raw.http2(gate.envoy.port) as (reader, writer):
        writer.write(raw.frame(raw.HEADERS, 0, 1, raw.header_block(grpc_head(GET_JOB))))
        with contextlib.suppress(ConnectionError):
            for number in range(2000):
                piece = raw.header_block([(f"x-{number}", "y" * 1000)])
                writer.write(raw.frame(raw.CONTINUATION, 0, 1, piece))
                await writer.drain()
        async with asyncio.timeout(10):
            with contextlib.suppress(ConnectionError):
                while await reader.read(65536):
                    pass
    assert gate.nothing_arrived()
    await still_serves(gate)


async def test_memory_that_runs_out(tmp_path: Path) -> None:
    """Far above its limit Envoy turns new callers away at once, and lives."""
    async with guarded(tmp_path, heap_limit=2 * 1024 * 1024) as gate:
        async with asyncio.timeout(10):
            while True:
                try:
                    await gate.http.get("/healthz")
                except httpx.TransportError as error:
                    assert not isinstance(error, httpx.TimeoutException)
                    break
                await asyncio.sleep(0.05)
        assert gate.envoy.pid is not None


# The same call in another dress


WEB_TYPES = [
    "application/grpc-web",
    "application/grpc-web+proto",
    "application/grpc-web-text",
    "application/grpc-web-text+proto",
    "application/grpc",
    "application/grpc+proto",
    "application/grpc+json",
]
OTHER_TYPES = [
    "application/proto",
    "application/connect+proto",
    "application/connect+json",
    "application/json",
    "application/octet-stream",
    "application/x-protobuf",
    "text/plain",
    "application/grp",
    "Application/GRPC",
    "",
]


@pytest.mark.parametrize("content_type", WEB_TYPES + OTHER_TYPES)
async def test_methods_by_http_1(gate: Guarded, content_type: str) -> None:
    import base64

    frame = base64.b64encode(EMPTY_FRAME) if "text" in content_type else EMPTY_FRAME
    headers = {"content-type": content_type, "connect-protocol-version": "1", "te": "trailers"}
    without = await gate.http.post(GET_JOB, content=frame, headers=headers)
    assert without.status_code == 401 or without.headers.get("grpc-status") == "16"
    assert gate.nothing_arrived()
    answer = await gate.http.post(GET_JOB, content=frame, headers={**headers, **good(gate)})
    if gate.engine.calls:
        assert content_type in WEB_TYPES
        assert gate.engine.last[2]["x-flowmesh-sub"] == "ann"
    else:
        assert answer.status_code == 404 or answer.headers.get("grpc-status") == "12", answer.headers


@pytest.mark.parametrize("content_type", [*WEB_TYPES, "text/plain", "application/x-www-form-urlencoded", "text/xml"])
async def test_rest_paths_with_other_content_types(gate: Guarded, content_type: str) -> None:
    headers = {"content-type": content_type}
    for path in ("/v1/processInstances", "/v1/sessions:revoke"):
        without = await gate.http.post(path, content=b"{}", headers=headers)
        assert without.status_code == 401 or without.headers.get("grpc-status") == "16"
        answer = await gate.http.post(path, content=b"{}", headers={**headers, **good(gate)})
        assert answer.status_code in (404, 415) or answer.headers.get("grpc-status") in ("12", "3"), answer.text
    assert gate.nothing_arrived()


async def test_http_1_0_and_0_9(gate: Guarded) -> None:
    headers = line(good(gate))
    assert (await send(gate, request("GET /v1/jobs HTTP/1.0", *headers))).status == 426
    assert (await send(gate, request("GET /v1/jobs HTTP/0.9", *headers))).status in (400, 426)
    assert (await send(gate, b"GET /v1/jobs\r\n\r\n")).status in (400, 426)
    assert (await send(gate, request("GET /v1/jobs HTTP/3.0", *headers))).status in (0, 400, 426)
    assert gate.nothing_arrived()


# Two requests in one


def hidden(gate: Guarded) -> bytes:
    return request("DELETE /v1/attachments/hidden HTTP/1.1", *line(good(gate)), "connection: close")


AMBIGUOUS: dict[str, tuple[int, list[str]]] = {
    "CL.TE": (400, ["content-length: 4", "transfer-encoding: chunked"]),
    "TE.CL": (400, ["transfer-encoding: chunked", "content-length: 4"]),
    "two lengths": (400, ["content-length: 4", "content-length: 400"]),
    "a list of lengths": (400, ["content-length: 4, 400"]),
    "a length with a sign": (400, ["content-length: +4"]),
    "a negative length": (400, ["content-length: -1"]),
    "a hexadecimal length": (400, ["content-length: 0x4"]),
    "an unknown coding": (501, ["transfer-encoding: xchunked"]),
    "a coding twice": (501, ["transfer-encoding: chunked", "transfer-encoding: identity"]),
    "a coding within a list": (501, ["transfer-encoding: identity, chunked, identity"]),
    "a space before the colon": (400, ["transfer-encoding : chunked"]),
    "a control character": (400, ["transfer-encoding: \x0bchunked"]),
    "a zero byte": (400, ["x: a\0b", "transfer-encoding: chunked"]),
    "two hosts": (400, ["host: other", "content-length: 0"]),
}


@pytest.mark.parametrize("name", AMBIGUOUS)
async def test_requests_that_end_in_two_places(gate: Guarded, name: str) -> None:
    status, headers = AMBIGUOUS[name]
    head = ["content-type: application/json", *line(good(gate)), *headers]
    sent = request("POST /v1/jobs/j1:fail HTTP/1.1", *head, body=b"0\r\n\r\n" + hidden(gate))
    answer = await send(gate, sent, to_the_end=True)
    assert answer.status == status, answer.head
    assert "application/json" in answer.head
    # The connection is closed: what came behind is not read as a request.
    assert answer.further_answers == 0
    assert gate.nothing_arrived()
    await still_serves(gate)


@pytest.mark.parametrize("separator", ["\r\n ", "\r\n\t", "\r"])
async def test_a_header_in_the_value_of_another(gate: Guarded, separator: str) -> None:
    """A folded line or a bare carriage return stays within the value, for everybody who reads it."""
    for inner in ("x-flowmesh-sub: admin", "transfer-encoding: chunked", "content-length: 100"):
        head = [f"x-note: a{separator}{inner}", *line(good(gate)), "connection: close"]
        answer = await send(gate, request("GET /v1/jobs HTTP/1.1", *head), to_the_end=True)
        assert answer.status == 200
        assert answer.further_answers == 0
        metadata = gate.engine.last[2]
        assert metadata["x-flowmesh-sub"] == "ann"
        assert str(metadata["x-note"]).endswith(inner)


@pytest.mark.parametrize(
    "body",
    [
        b"ffffffffffffffffff\r\n{}\r\n0\r\n\r\n",
        b"-1\r\n{}\r\n0\r\n\r\n",
        b"2 \n{}\r\n0\r\n\r\n",
        b"2\r\n{}x0\r\n\r\n",
        b"2;a\nb\r\n{}\r\n0\r\n\r\n",
        b"0x2\r\n{}\r\n0\r\n\r\n",
    ],
)
async def test_chunks_that_lie(gate: Guarded, body: bytes) -> None:
    head = ["content-type: application/json", "transfer-encoding: chunked", *line(good(gate))]
    answer = await send(
        gate, request("POST /v1/jobs/j1:fail HTTP/1.1", *head, body=body + hidden(gate)), to_the_end=True
    )
    assert answer.status in (0, 400), answer.head
    assert answer.further_answers == 0
    assert not [name for name, _, _ in gate.engine.calls if "Attachment" in name]
    await still_serves(gate)


async def test_a_body_on_a_get_is_no_second_request(gate: Guarded) -> None:
    inner = hidden(gate)
    head = [f"content-length: {len(inner)}", "connection: close", *line(good(gate))]
    answer = await send(gate, request("GET /v1/jobs HTTP/1.1", *head, body=inner), to_the_end=True)
    assert answer.status == 400
    assert answer.further_answers == 0
    assert gate.nothing_arrived()


async def test_lines_cannot_be_put_into_http_2(gate: Guarded) -> None:
    """What HTTP/2 would carry as a header's value must not become lines of its own on the way on."""
    smuggled = [
        [("x-a", "b\r\nx-flowmesh-sub: admin")],
        [("x-a\r\nx-flowmesh-sub", "admin")],
        [("transfer-encoding", "chunked")],
        [("connection", "keep-alive")],
        [(":path", "/v1/jobs")],
        [(":authority", "other")],
        [("X-Flowmesh-Sub", "admin")],
        [("content-length", "4"), ("content-length", "5")],
    ]
    for headers in smuggled:
        async with raw.http2(gate.envoy.port) as (reader, writer):
            block = raw.header_block([*grpc_head(GET_JOB), *good(gate).items(), *headers])
            writer.write(
                raw.frame(raw.HEADERS, raw.END_HEADERS, 1, block) + raw.frame(0, raw.END_STREAM, 1, EMPTY_FRAME)
            )
            await raw.frames(reader)
            assert reader.at_eof(), headers
    assert gate.nothing_arrived()
    await still_serves(gate)


async def test_what_the_log_keeps_of_attacks(gate: Guarded) -> None:
    """A caller's words stay words: no line of the log can be forged, and no secret gets into it."""
    text = token(gate.key)
    headers = {"user-agent": 'x"}\n{"user":"admin"', "x-correlation-id": "attack-1", **bearer(text)}
    with contextlib.suppress(httpx.LocalProtocolError):
        await gate.http.get("/v1/jobs?type=geheim", headers=headers)
    await send(
        gate,
        request(
            "GET /v1/jobs?type=geheim HTTP/1.1",
            'user-agent: x"}{"user":"admin"',
            "x-correlation-id: attack-2",
            f"authorization: Bearer {text}",
            "connection: close",
        ),
    )
    found: dict[str, Any] = {}
    async with asyncio.timeout(15):
        while not found:
            await asyncio.sleep(0.05)
            found = next((one for one in gate.log_lines() if one.get("correlation_id") == "attack-2"), {})
    assert found["user"] == "ann"
    assert found["user_agent"] == 'x"}{"user":"admin"'
    whole = json.dumps(gate.log_lines())
    assert "geheim" not in whole
    assert text not in whole
