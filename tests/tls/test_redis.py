"""Redis by TLS, with a server that asks for certificates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from mesh.cache.local import LocalStore
from mesh.startup import StartupError
from tests.cache.caches import Node, until
from tests.infrastructure.redis import RedisServer, running_redis
from tests.tls.files import Certificates


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("redis-tls"))


@pytest.fixture(scope="module", params=["optional", "yes"])
def server(request: pytest.FixtureRequest, authority: Certificates) -> Iterator[RedisServer]:
    certificate, key = authority.issue("redis", ("127.0.0.1",))
    options = ["--tls-cert-file", str(certificate), "--tls-key-file", str(key), "--tls-ca-cert-file", str(authority.ca)]
    with running_redis([*options, "--tls-auth-clients", request.param]) as running:
        yield running


@pytest.fixture
def wants_certificate(server: RedisServer) -> bool:
    return "yes" in server.tls_options


def url_of(server: RedisServer, *options: str, host: str = "127.0.0.1") -> str:
    return f"rediss://{host}:{server.tls_port}/0?{'&'.join(options)}"


def own(authority: Certificates) -> list[str]:
    certificate, key = authority.issue("engine")
    return [f"ca={authority.ca}", f"certificate={certificate}", f"key={key}"]


def _is_up(node: Node) -> bool:
    return node.caches.remote_up


async def test_two_processes_share_what_they_cache(server: RedisServer, authority: Certificates) -> None:
    url = url_of(server, *own(authority))
    one, other = Node(url), Node(url)
    for node in (one, other):
        node.caches.start()
    try:
        for node in (one, other):
            await until(partial(_is_up, node))

        async def load() -> bytes:
            return b"value"

        assert await one.cache.get_or_load("shared", "1", load) == b"value"
        await until(lambda: b"things:shared" in server.command("KEYS", "*"))

        async def never() -> bytes:
            raise AssertionError("it is in Redis")

        assert await other.cache.get_or_load("shared", "1", never) == b"value"
    finally:
        for node in (one, other):
            await node.caches.close()
        server.command("FLUSHALL")


async def test_who_shows_no_certificate_does_not_get_in(
    server: RedisServer, authority: Certificates, wants_certificate: bool, caplog: pytest.LogCaptureFixture
) -> None:
    node = Node(url_of(server, f"ca={authority.ca}"))
    node.caches.start()
    try:
        if wants_certificate:
            await until(lambda: "The cache goes on without Redis" in caplog.text)
            assert not node.caches.remote_up
        else:
            await until(lambda: node.caches.remote_up)
    finally:
        await node.caches.close()


@pytest.mark.parametrize(("foreign", "host"), [(True, "127.0.0.1"), (False, "localhost")])
async def test_a_server_that_is_another_is_not_used(
    server: RedisServer,
    authority: Certificates,
    tmp_path: Path,
    foreign: bool,
    host: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    trusted = Certificates(tmp_path / "foreign") if foreign else authority
    _, *certificate = own(authority)
    node = Node(url_of(server, f"ca={trusted.ca}", *certificate, host=host))
    node.caches.start()
    try:
        await until(lambda: "The cache goes on without Redis" in caplog.text)
        assert not node.caches.remote_up
    finally:
        await node.caches.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("rediss://h:1/0?ca=/nowhere.pem", "The file /nowhere.pem does not exist"),
        ("rediss://h:1/0?certificate=/a.pem", "certificate and key go together"),
        ("rediss://h:1/0?ssl_cert_reqs=none", "knows no option ssl_cert_reqs: ca, certificate, key name the files"),
        ("redis://h:1/0?ca=/a.pem", "ca is for rediss://"),
    ],
)
def test_options_that_cannot_be(url: str, sentence: str) -> None:
    with pytest.raises(StartupError) as refused:
        Node(url, local=LocalStore())
    assert sentence in str(refused.value)
