"""Webhooks against a raw receiver that fails in every way, and the guard of addresses."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from notification_svc.channels.port import AddressInvalid, Delivered, Failed
from notification_svc.channels.webhooks import MOST_ANSWER_BYTES, MOST_BODY_BYTES
from tests.infrastructure.ports import free_port
from tests.notification_channels.hooks import FORMER, NOBODY, SECRET, channel, message
from tests.notification_channels.receiver import receiver
from tests.tls.files import Certificates


async def test_a_signed_message_that_its_receiver_can_verify(certificates: Certificates) -> None:
    async with receiver(certificates) as end, channel(certificates.ca) as hooks:
        url = end.url(path="/hooks/flow?tenant=a%20b")
        assert await hooks.send(message(url)) == Delivered("HTTP 200")
    request = end.requests[0]
    assert request.line == "POST /hooks/flow?tenant=a%20b HTTP/1.1"
    assert request.headers["host"] == f"localhost:{end.port}"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == "0199f0c2-d1"
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 5
    assert "cookie" not in request.headers
    told = Webhook(SECRET).verify(request.body, request.headers)
    assert told == {
        "type": "task.assigned",
        "timestamp": "2026-03-09T06:30:00Z",
        "data": {"task": {"id": "t-1", "name": "部门经理审批"}},
    }
    with pytest.raises(WebhookVerificationError):
        Webhook(FORMER).verify(request.body, request.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(request.body.replace(b"t-1", b"t-2"), request.headers)


async def test_each_attempt_has_the_same_id_and_a_timestamp_of_its_own(certificates: Certificates) -> None:
    times = iter([1_700_000_000.0, 1_700_000_060.9])
    async with receiver(certificates) as end, channel(certificates.ca, now=lambda: next(times)) as hooks:
        end.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
        for _ in range(2):
            assert isinstance(await hooks.send(message(end.url())), Delivered)
    first, second = (request.headers for request in end.requests)
    assert first["webhook-id"] == second["webhook-id"]
    assert (first["webhook-timestamp"], second["webhook-timestamp"]) == ("1700000000", "1700000060")
    assert first["webhook-signature"] != second["webhook-signature"]
    assert end.connections == 1, "the connection is used again"


async def test_while_a_secret_is_replaced_both_verify(certificates: Certificates) -> None:
    async with receiver(certificates) as end, channel(certificates.ca) as hooks:
        assert isinstance(await hooks.send(message(end.url(), signing_secrets=(SECRET, FORMER))), Delivered)
    request = end.requests[0]
    assert len(request.headers["webhook-signature"].split(" ")) == 2
    for secret in (SECRET, FORMER):
        Webhook(secret).verify(request.body, request.headers)


@pytest.mark.parametrize(
    ("status", "retryable", "wait", "gone"),
    [
        (200, None, 0.0, False),
        (204, None, 0.0, False),
        (301, False, 0.0, False),
        (400, True, 0.0, False),
        (401, True, 0.0, False),
        (404, True, 0.0, False),
        (410, False, 0.0, True),
        (429, True, 30.0, False),
        (500, True, 0.0, False),
        (502, True, 30.0, False),
        (503, True, 30.0, False),
        (504, True, 30.0, False),
    ],
)
async def test_what_answers_mean(
    certificates: Certificates, status: int, retryable: bool | None, wait: float, gone: bool
) -> None:
    async with receiver(certificates) as end, channel(certificates.ca) as hooks:
        end.answer = f"HTTP/1.1 {status} So\r\ncontent-length: 0\r\n\r\n".encode()
        outcome = await hooks.send(message(end.url()))
    if retryable is None:
        assert isinstance(outcome, Delivered)
    else:
        assert isinstance(outcome, Failed)
        assert (outcome.retryable, outcome.retry_after, outcome.address_gone) == (retryable, wait, gone)
        assert str(status) in outcome.reason


@pytest.mark.parametrize(
    ("text", "wait"),
    [
        ("120", 120.0),
        ("0", 30.0),
        ("9999999999999999999999", 86_400.0),
        ("-5", 30.0),
        ("soon", 30.0),
        ("٣", 30.0),
        (format_datetime(datetime.fromtimestamp(1_700_000_090, UTC), usegmt=True), 90.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 30.0),
    ],
)
async def test_how_long_a_receiver_asks_to_be_left_alone(certificates: Certificates, text: str, wait: float) -> None:
    async with receiver(certificates) as end, channel(certificates.ca, now=lambda: 1_700_000_000.0) as hooks:
        head = f"HTTP/1.1 503 Busy\r\nretry-after: {text}\r\ncontent-length: 0\r\n\r\n"
        end.answer = head.encode()
        outcome = await hooks.send(message(end.url()))
    assert isinstance(outcome, Failed)
    assert (outcome.retryable, outcome.retry_after) == (True, wait)


async def test_redirects_are_not_followed(certificates: Certificates) -> None:
    async with receiver(certificates) as end, receiver(certificates) as other, channel(certificates.ca) as hooks:
        for status in (301, 302, 303, 307, 308):
            end.answer = f"HTTP/1.1 {status} Go\r\nlocation: {other.url()}\r\ncontent-length: 0\r\n\r\n".encode()
            outcome = await hooks.send(message(end.url()))
            assert isinstance(outcome, Failed)
            assert not outcome.retryable
    assert not other.requests
    assert not other.connections


async def _nothing(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def _drips(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(10_000):
        writer.write(f"x-{number}: y\r\n".encode())
        await writer.drain()
        await asyncio.sleep(0.02)


async def _provisional(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 102 Processing\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.01)


async def _flood(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x-" + b"y" * 60_000 + b": z\r\n")
        await writer.drain()


async def _closes(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (_nothing, "no answer within 0.5 s"),
        (_drips, "no answer within 0.5 s"),
        (_provisional, "no answer within 0.5 s"),
        (_flood, "does not answer in HTTP"),
        (_closes, "may have received"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", "does not answer in HTTP"),
        (b"\x16\x03\x01\x00\x00" * 10 + b"\r\n\r\n", "does not answer in HTTP"),
        (b"HTTP/1.1 099 Odd\r\n\r\n", "HTTP"),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", "does not answer in HTTP"),
    ],
)
async def test_receivers_that_do_not_answer_as_they_should(certificates: Certificates, answer: Any, words: str) -> None:
    async with receiver(certificates) as end, channel(certificates.ca, seconds=0.5) as hooks:
        end.answer = answer
        begin = time.monotonic()
        outcome = await hooks.send(message(end.url()))
        assert time.monotonic() - begin < 2.5
        assert isinstance(outcome, Failed)
        assert outcome.retryable
        assert words in outcome.reason
        # The next message is not held up by what the last one left behind.
        end.answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"
        assert isinstance(await hooks.send(message(end.url())), Delivered)


async def test_an_endless_answer_is_cut_off(certificates: Certificates) -> None:
    sent = 0

    async def endless(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            await writer.drain()
            sent += 0x10000

    async with receiver(certificates) as end, channel(certificates.ca) as hooks:
        end.answer = endless
        assert isinstance(await hooks.send(message(end.url())), Delivered)
        await asyncio.sleep(0.1)
        after = sent
        await asyncio.sleep(0.1)
    assert sent == after, "the connection is closed"
    assert after < MOST_ANSWER_BYTES + (16 << 20)


async def test_compressed_answers_are_not_opened(certificates: Certificates) -> None:
    async with receiver(certificates) as end, channel(certificates.ca) as hooks:
        end.answer = b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 4\r\n\r\nxxxx"
        assert isinstance(await hooks.send(message(end.url())), Delivered)
        assert isinstance(await hooks.send(message(end.url())), Delivered)
    assert "accept-encoding" not in end.requests[0].headers
    assert end.connections == 1


async def test_nobody_listens(certificates: Certificates) -> None:
    async with channel(certificates.ca) as hooks:
        outcome = await hooks.send(message(f"https://localhost:{free_port()}/"))
    assert outcome == Failed(True, "The receiver refuses connections.")


async def test_a_host_that_there_is_not(certificates: Certificates) -> None:
    async with channel(certificates.ca) as hooks:
        outcome = await hooks.send(message("https://there-is-none.invalid/"))
    assert outcome == Failed(True, "The name of the host is not known.")


async def test_receivers_that_cannot_show_who_they_are(certificates: Certificates, tmp_path: Path) -> None:
    others = Certificates(tmp_path / "others")
    async with receiver(certificates) as end, channel(others.ca) as hooks:
        unknown = await hooks.send(message(end.url()))
    async with receiver(certificates, hosts=("elsewhere.example",)) as other, channel(certificates.ca) as hooks:
        wrong = await hooks.send(message(other.url()))
    for outcome in (unknown, wrong):
        assert isinstance(outcome, Failed)
        assert outcome.retryable
        assert "certificate of the receiver is not valid" in outcome.reason
    assert not end.requests
    assert not other.requests


async def test_a_receiver_without_tls(certificates: Certificates) -> None:
    async with receiver() as end, channel(certificates.ca) as hooks:
        outcome = await hooks.send(message(end.url("https")))
        assert isinstance(outcome, Failed)
        assert outcome.retryable
        assert await hooks.send(message(end.url("http"))) == Failed(False, "The URL must begin with https://.")
    assert not end.requests
    async with receiver() as end, channel(plain_http=True) as hooks:
        assert isinstance(await hooks.send(message(end.url("http"))), Delivered)


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "127.0.0.1", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0.0.0.0", "0"),
        *(
            "[::1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[64:ff9b::7f00:1]",
            "[::]",
            "ＬＯＣＡＬＨＯＳＴ",
            "①②⑦.⓪.⓪.①",
        ),
    ],
)
async def test_users_urls_do_not_reach_this_machine(host: str) -> None:
    async with receiver() as end, channel(rules=NOBODY, plain_http=True) as hooks:
        outcome = await hooks.send(message(end.url("http", host)))
    assert isinstance(outcome, Failed)
    assert not end.connections
    # Some of these are no hosts for the resolver, and no more.
    assert "public internet" in outcome.reason or "not known" in outcome.reason or "no host" in outcome.reason


@pytest.mark.parametrize(
    "host",
    [
        *("10.0.0.1", "172.16.5.5", "192.168.1.1", "169.254.169.254", "100.64.0.1", "198.18.0.1", "224.0.0.1"),
        *("255.255.255.255", "[fe80::1]", "[fc00::1]", "[ff02::1]", "[2002:7f00:1::]", "[2001::1]", "[fd00:ec2::254]"),
    ],
)
async def test_private_addresses_are_refused_when_a_webhook_is_stored(host: str) -> None:
    async with channel(rules=NOBODY, plain_http=True) as hooks:
        with pytest.raises(AddressInvalid, match="public internet"):
            await hooks.check(f"https://{host}/hooks")
        outcome = await hooks.send(message(f"http://{host}/hooks"))
    assert isinstance(outcome, Failed)
    assert not outcome.retryable


@pytest.mark.parametrize(
    "host", ["93.184.215.14", "[2606:2800:21f:cb07:6820:80da:af6b:8b2c]", "example.com", "例子.中国"]
)
async def test_public_hosts_are_taken(host: str) -> None:
    async with channel(rules=NOBODY) as hooks:
        await hooks.check(f"https://{host}/hooks")


async def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiver() as end, receiver() as proxy, channel(plain_http=True) as hooks:
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert isinstance(await hooks.send(message(end.url("http"))), Delivered)
    assert not proxy.connections


@pytest.mark.parametrize(
    "url",
    [
        *("", "hooks", "ftp://example.com/", "file:///etc/passwd", "javascript:alert(1)", "https://", "https:///x"),
        *("https://user:secret@example.com/", "https://example.com/#part", "https://example.com:99999/"),
        *(
            "https://example.com/a b",
            "https://example.com/\r\nx: y",
            "https://exa\\mple.com/",
            "https://example.com/中",
        ),
        *("https://[::1/", "https://-.中国/", "https://example.com/" + "a" * 2000, "http://example.com/"),
    ],
)
async def test_urls_that_are_none(url: str) -> None:
    async with channel(rules=NOBODY) as hooks:
        with pytest.raises(AddressInvalid) as refused:
            await hooks.check(url)
        outcome = await hooks.send(message(url))
    assert isinstance(outcome, Failed)
    assert not outcome.retryable
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "named",
    [
        {"signing_secrets": ()},
        {"signing_secrets": ("whsec_short",)},
        {"signing_secrets": (SECRET,) * 4},
        {"data": {"x": "y" * MOST_BODY_BYTES}},
        {"data": {"x": object()}},
        {"data": {"x": "\ud800"}},
    ],
)
async def test_messages_that_cannot_be_sent(certificates: Certificates, named: dict[str, Any]) -> None:
    async with receiver(certificates) as end, channel(certificates.ca) as hooks:
        outcome = await hooks.send(message(end.url(), **named))
    assert isinstance(outcome, Failed)
    # The receiver had no part in it.
    assert outcome.ours
    assert not outcome.retryable
    assert not end.connections


async def test_no_more_at_once_than_set(certificates: Certificates) -> None:
    now = most = 0

    async def slowly(writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.05)
        now -= 1
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")

    async with receiver(certificates) as end, channel(certificates.ca, connections=3) as hooks:
        end.answer = slowly
        outcomes = await asyncio.gather(*(hooks.send(message(end.url(), delivery_id=f"d-{n}")) for n in range(20)))
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert most == 3
    assert {request.headers["webhook-id"] for request in end.requests} == {f"d-{n}" for n in range(20)}


async def test_what_a_message_shows_of_itself() -> None:
    shown = repr(message("https://example.com/very-secret-path"))
    assert "very-secret-path" not in shown
    assert SECRET not in shown
    assert "部门经理审批" not in shown
    with pytest.raises(ValueError, match="delivery id"):
        message("https://example.com/", delivery_id="a.b")
