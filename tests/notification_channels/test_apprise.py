"""Push services in their process: DingTalk as it answers, failures, what users' URLs do not reach, secrets."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import ipaddress
import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from mesh.errors import DependencyDown
from notification_svc.channels.apprise import AppriseChannel, AppriseLimits
from notification_svc.channels.network_rules import NetworkRules
from notification_svc.channels.port import AddressInvalid, Delivered, Failed, OutgoingMessage
from tests.infrastructure.ports import free_port
from tests.notification_channels.receiver import Receiver, receiver
from tests.tls.files import Certificates

LOCAL = NetworkRules((ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))
ROOT = Path(__file__).parents[2]
SIGNED = "dingtalk://SECabcdef0123456789@0f1e2d3c4b5a/"
URL = "dingtalk://0f1e2d3c4b5a/"


@contextlib.asynccontextmanager
async def dingtalk(end: Receiver, *, hang_seconds: float = 30.0, **limits: Any) -> AsyncIterator[AppriseChannel]:
    command = (sys.executable, "-m", "tests.notification_channels.dingtalk_process", str(end.port), str(hang_seconds))
    async with opened(command=command, **limits) as made:
        yield made


@contextlib.asynccontextmanager
async def opened(
    rules: NetworkRules = LOCAL,
    *,
    ca_file: Path | None = None,
    key_dir: Path | None = None,
    command: tuple[str, ...] = (),
    **limits: Any,
) -> AsyncIterator[AppriseChannel]:
    given: dict[str, Any] = {"command": command} if command else {}
    made = AppriseChannel(
        rules,
        AppriseLimits(**{"answer_seconds": 4.0, "seconds": 6.0, **limits}),
        ca_file=ca_file,
        key_dir=key_dir,
        **given,
    )
    try:
        yield made
    finally:
        await made.close()


def message(url: str = URL, **named: Any) -> OutgoingMessage:
    return OutgoingMessage(
        **{"delivery_id": "d-1", "address": url, "subject": "您有新任务：审批", "text": "采购申请，请处理。\n", **named}
    )


def answer(content: Any, status: int = 200, headers: str = "") -> bytes:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    head = f"HTTP/1.1 {status} So\r\ncontent-length: {len(body)}\r\ncontent-type: application/json\r\n{headers}\r\n"
    return head.encode() + body


def _of_process(process_id: int, what: str) -> bytes:
    return Path(f"/proc/{process_id}/{what}").read_bytes()


async def _gone(process_id: int) -> None:
    """Wait until a process has ended."""
    with contextlib.suppress(ProcessLookupError):
        for _ in range(300):
            os.kill(process_id, 0)
            await asyncio.sleep(0.02)
        raise AssertionError("the process still runs")


async def test_dingtalk_as_its_robots_have_it() -> None:
    async with receiver() as end, dingtalk(end) as push:
        end.answer = answer({"errcode": 0, "errmsg": "ok"})
        assert await push.send(message(SIGNED)) == Delivered("HTTP 200")
        assert await push.send(message(SIGNED)) == Delivered("HTTP 200")
        assert len(push.process_ids) == 1
    request = end.requests[0]
    assert json.loads(request.body) == {
        "msgtype": "text",
        "at": {"atMobiles": [], "isAtAll": False},
        "text": {"content": "您有新任务：审批\r\n采购申请，请处理。"},
    }
    asked = {name: values[0] for name, values in parse_qs(urlsplit(request.line.split(" ")[1]).query).items()}
    assert asked["access_token"] == "0f1e2d3c4b5a"
    key = "SECabcdef0123456789"
    proof = hmac.digest(key.encode(), f"{asked['timestamp']}\n{key}".encode(), hashlib.sha256)
    assert hmac.compare_digest(
        base64.b64encode(proof).decode(), asked["sign"].replace("%2B", "+").replace("%2F", "/").replace("%3D", "=")
    )


async def test_what_answers_mean() -> None:
    """One process for all: none leaves anything behind that the next one meets."""
    cases = [
        (
            answer({"errcode": 310000, "errmsg": "keywords not in content"}),
            Failed(False, "DingTalk answered with the code 310000."),
        ),
        (
            answer({"errcode": 300005, "errmsg": "token is not exist"}),
            Failed(False, "DingTalk answered with the code 300005."),
        ),
        (
            answer({"errcode": 130101, "errmsg": "send too fast"}),
            Failed(True, "DingTalk answered with the code 130101."),
        ),
        (answer({"errcode": -1, "errmsg": "system busy"}), Failed(True, "DingTalk answered with the code -1.")),
        (answer(b"not JSON at all"), Delivered("HTTP 200")),
        (answer(b"{" * 100_000), Delivered("HTTP 200")),
        (answer({}, 500), Failed(True, "DingTalk answered HTTP 500.")),
        (answer({}, 503), Failed(True, "DingTalk answered HTTP 503.", 30.0)),
        (answer({}, 429, "retry-after: 77\r\n"), Failed(True, "DingTalk answered HTTP 429.", 77.0)),
        (answer({}, 403), Failed(False, "DingTalk answered HTTP 403.")),
        (answer({}, 404), Failed(False, "DingTalk answered HTTP 404.")),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", Failed(True, "DingTalk cannot be reached, or did not answer in time.")),
    ]
    async with receiver() as end, dingtalk(end) as push:
        for told, expected in cases:
            end.answer = told
            assert await push.send(message()) == expected
            end.answer = answer({"errcode": 0})
            assert isinstance(await push.send(message()), Delivered)


async def test_redirects_are_not_followed() -> None:
    async with receiver() as end, receiver() as other, dingtalk(end) as push:
        end.answer = answer(b"", 307, f"location: {other.url('http')}\r\n")
        assert await push.send(message("dingtalk://0f1e2d3c4b5a/?redirect=yes")) == Failed(
            False, "DingTalk answered HTTP 307."
        )
    assert not other.connections


async def _nothing(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def _late(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(1.0)
    writer.write(answer({"errcode": 0}))


async def _endless(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
        await writer.drain()


async def _drips(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    for _ in range(10_000):
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("behaviour", [_nothing, _endless, _drips])
async def test_services_that_do_not_come_to_an_end(behaviour: Any) -> None:
    async with receiver() as end, dingtalk(end) as push:
        end.answer = answer({"errcode": 0})
        assert isinstance(await push.send(message()), Delivered)
        end.answer = behaviour
        begin = time.monotonic()
        outcome = await push.send(message())
        assert time.monotonic() - begin < 12
        assert isinstance(outcome, Failed)
        assert outcome.retryable
        (process,) = push.process_ids
        end.answer = answer({"errcode": 0})
        assert isinstance(await push.send(message()), Delivered)
        assert push.process_ids == [process]


async def test_a_process_that_hangs_is_replaced_and_finishes_what_it_has() -> None:
    async with receiver() as end, dingtalk(end) as push:
        end.answer = answer({"errcode": 0})
        assert isinstance(await push.send(message()), Delivered)
        (former,) = push.process_ids
        hanging = asyncio.ensure_future(push.send(message("dingtalk://hangs/")))
        # It is given up after 8 s, while another message is still under way.
        await asyncio.sleep(7.5)
        end.answer = _late
        beside = asyncio.ensure_future(push.send(message()))
        outcome = await hanging
        assert not beside.done()
        assert isinstance(await beside, Delivered)
        end.answer = answer({"errcode": 0})
        assert isinstance(outcome, Failed)
        assert outcome.retryable
        assert "may have" in outcome.reason
        assert isinstance(await push.send(message()), Delivered)
        assert former not in push.process_ids
        await _gone(former)


async def test_a_process_that_is_killed() -> None:
    async with receiver() as end, dingtalk(end, seconds=10.0) as push:
        end.answer = answer({"errcode": 0})
        assert isinstance(await push.send(message()), Delivered)
        calls = [asyncio.ensure_future(push.send(message("dingtalk://hangs/"))) for _ in range(3)]
        await asyncio.sleep(0.1)
        os.kill(push.process_ids[0], signal.SIGKILL)
        for outcome in await asyncio.gather(*calls):
            assert isinstance(outcome, Failed)
            assert outcome.retryable
            assert "process of push services ended" in outcome.reason
        assert isinstance(await push.send(message()), Delivered)


async def test_a_caller_who_gives_up_leaves_no_thread_behind() -> None:
    """Whoever waits no longer does not know that a service hangs: its process is replaced all the same."""
    async with receiver() as end, dingtalk(end, seconds=2.0, threads=2) as push:
        end.answer = answer({"errcode": 0})
        await push.check(URL)
        (former,) = push.process_ids
        for _ in range(2):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await push.send(message("dingtalk://hangs/"))
        assert isinstance(await push.send(message()), Delivered)
        assert former not in push.process_ids


async def test_what_was_given_up_before_its_turn_is_not_sent() -> None:
    """The next attempt sends it: once is enough."""
    async with receiver() as end, dingtalk(end, hang_seconds=1.5, threads=1) as push:
        end.answer = answer({"errcode": 0})
        await push.check(URL)
        first = asyncio.create_task(push.send(message("dingtalk://hangs/")))
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await push.send(message())
        assert isinstance(await first, Delivered)
        assert isinstance(await push.send(message()), Delivered)
        assert len(end.requests) == 2


async def test_a_process_that_does_not_start() -> None:
    async with opened(command=("/bin/false",)) as push:
        with pytest.raises(DependencyDown):
            await push.check(URL)
        outcome = await push.send(message())
    assert isinstance(outcome, Failed)
    assert outcome.retryable
    assert "does not start" in outcome.reason


@pytest.mark.parametrize("started", [True, False])
async def test_closing_while_messages_are_under_way(started: bool) -> None:
    async with receiver() as end, dingtalk(end, threads=2, seconds=60.0) as push:
        if started:
            await push.check(URL)
        calls = [asyncio.ensure_future(push.send(message("dingtalk://hangs/"))) for _ in range(5)]
        await asyncio.sleep(0.1)
        async with asyncio.timeout(10):
            await push.close()
            outcomes = await asyncio.gather(*calls)
        assert all(isinstance(outcome, Failed) and outcome.retryable for outcome in outcomes)
        assert not push.process_ids
        assert isinstance(await push.send(message()), Failed)
        assert not push.process_ids


async def test_a_process_ends_when_there_is_nothing_to_send() -> None:
    async with receiver() as end, dingtalk(end, idle_seconds=0.2) as push:
        end.answer = answer({"errcode": 0})
        assert not push.process_ids, "nothing is started before it is needed"
        assert isinstance(await push.send(message()), Delivered)
        (process,) = push.process_ids
        await _gone(process)
        assert isinstance(await push.send(message()), Delivered)


async def test_a_process_ends_with_its_parent(tmp_path: Path) -> None:
    """Its parent is killed, and it hangs in a service."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import asyncio, sys\n"
        "from notification_svc.channels.apprise import AppriseChannel\n"
        "from tests.notification_channels.test_apprise import LOCAL, message\n"
        "async def main():\n"
        "    push = AppriseChannel(LOCAL, command=(sys.executable, '-m', 'tests.notification_channels.dingtalk_process', '1', '60'))\n"
        "    await push.check('dingtalk://hangs/')\n"
        "    print(push.process_ids[0], flush=True)\n"
        "    await push.send(message('dingtalk://hangs/'))\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable,
        str(script),
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'gen'}"},
    )
    assert parent.stdout is not None
    child = int(await parent.stdout.readline())
    await asyncio.sleep(0.2)
    os.kill(child, 0)
    parent.kill()
    await parent.wait()
    await _gone(child)


async def test_no_more_at_once_than_set() -> None:
    now = most = 0

    async def slowly(writer: asyncio.StreamWriter) -> None:
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.1)
        now -= 1
        writer.write(answer({"errcode": 0}))

    async with receiver() as end, dingtalk(end, threads=3) as push:
        end.answer = slowly
        outcomes = await asyncio.gather(*(push.send(message()) for _ in range(9)))
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert most == 3


HOSTS = ("127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]", "0.0.0.0")
SCHEMES = ("json", "ntfy", "gotify", "mmost")


async def test_users_urls_do_not_reach_this_machine() -> None:
    async with receiver() as end, opened(NetworkRules()) as push:
        end.answer = answer({})
        for scheme, host in itertools.product(SCHEMES, HOSTS):
            outcome = await push.send(message(f"{scheme}://{host}:{end.port}/aaaaaaaaaaaaaaaaaaaaaaaaaa"))
            assert isinstance(outcome, Failed)
            # What is no host for a plugin is taken for a topic of its service, which cannot be reached from here.
            assert scheme != "json" or not outcome.retryable
        assert not end.connections


async def test_permitted_networks_are_reached() -> None:
    async with receiver() as end, opened(LOCAL) as push:
        end.answer = answer({})
        for scheme in SCHEMES:
            outcome = await push.send(message(f"{scheme}://localhost:{end.port}/aaaaaaaaaaaaaaaaaaaaaaaaaa"))
            assert isinstance(outcome, Delivered), outcome
        assert end.connections == len(SCHEMES)


async def test_urls_do_not_read_files(tmp_path: Path) -> None:
    async with opened(key_dir=tmp_path) as push:
        outcome = await push.send(message("fcm://project@x/dev?keyfile=/etc/passwd"))
    assert isinstance(outcome, Failed)
    assert not outcome.retryable


async def test_certificates_are_always_checked(certificates: Certificates, tmp_path: Path) -> None:
    others = Certificates(tmp_path / "others")
    async with receiver(certificates) as end:
        end.answer = answer({})
        async with opened(ca_file=certificates.ca) as push:
            assert isinstance(await push.send(message(f"jsons://localhost:{end.port}/")), Delivered)
            refused = await push.send(message(f"jsons://localhost:{end.port}/?verify=no"))
            assert refused == Failed(False, "The URL must not say verify=no: anybody could take the service's place.")
        async with opened(ca_file=others.ca) as push:
            outcome = await push.send(message(f"jsons://localhost:{end.port}/"))
            assert isinstance(outcome, Failed)
            assert outcome.retryable
    assert len(end.requests) == 1


async def test_the_process_knows_nothing_of_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine localhost login root password secret\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    async with receiver() as end, receiver() as proxy, opened() as push:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        end.answer = answer({})
        assert isinstance(await push.send(message(f"json://localhost:{end.port}/")), Delivered)
        environment = _of_process(push.process_ids[0], "environ")
    assert not proxy.connections
    assert "authorization" not in end.requests[0].headers
    assert b"proxy" not in environment.lower()
    assert b"FLOWMESH" not in environment


NO_URLS = (
    *("", "dingtalk", "dingtalk://", "nonsense://x/y", "file:///etc/passwd", "dingtalk://bad token/", "tgram://x/"),
    *("syslog://", "dbus://", "gnome://", "windows://", "mailto://a:b@example.com", "mqtt://localhost/topic"),
    *("jsons://localhost/?verify=no", "dingtalk://0f1e2d3c4b5a/\r\n", "json://" + "a" * 2000),
    *("ntfy://localhost/one/two", "tgram://123456789:abcdefg_hijklmnop/1/2"),
    *("include://localhost/", "config://x", "smpp://u:p@localhost/1/2"),
)
URLS = (
    *(URL, SIGNED, "wecombot://botkey0123/", "feishu://aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee/"),
    *("slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/", "tgram://123456789:abcdefg_hijklmnop/12315544/"),
    *("twilio://AC0123456789abcdef0123456789abcdef:0123456789abcdef0123456789abcdef@15551234567/15557654321",),
    *("bark://localhost/device", "discord://4174216298/JHMHI8qBe7bk2ZwO5U711o3dV_js/", "ntfys://topic"),
    *("pover://uuuuuuuuuuuuuuuuuuuuuuuuuuuuuu@aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/",),
)


async def test_urls_of_services_and_others() -> None:
    async with opened() as push:
        for url in NO_URLS:
            with pytest.raises(AddressInvalid):
                await push.check(url)
            outcome = await push.send(message(url))
            assert isinstance(outcome, Failed)
            assert not outcome.retryable
        for url in URLS:
            await push.check(url)
        assert len(push.process_ids) == 1


async def test_nothing_of_a_url_is_told(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(0)
    secret = "TOPSECRET0123456789"
    reasons = []
    async with receiver() as end, dingtalk(end) as push:
        end.answer = answer({"errcode": 310000, "errmsg": f"token {secret}"})
        for url in (
            f"dingtalk://{secret}/",
            f"dingtalk://{secret}@bad-token!/",
            f"slack://{secret}/",
            f"tgram://{secret}/1",
            f"json://user:{secret}@localhost:{free_port()}/",
            f"{secret}://x",
        ):
            outcome = await push.send(message(url))
            assert isinstance(outcome, Failed)
            reasons.append(outcome.reason)
            with contextlib.suppress(AddressInvalid):
                await push.check(url)
        with pytest.raises(AddressInvalid) as refused:
            await push.check(f"tgram://{secret}/1")
        command = _of_process(push.process_ids[0], "cmdline")
    told = " ".join([*reasons, str(refused.value), caplog.text, *capfd.readouterr(), command.decode()])
    assert secret not in told.replace(f"{secret.lower()}://", "")
    assert secret not in told


def test_what_the_guard_keeps_plugins_from(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "fcm.json").write_text("{}")
    (tmp_path / "keys-of-others").write_text("secret")
    (tmp_path / "ca.pem").write_text("-")
    done = subprocess.run(
        [sys.executable, "-m", "tests.notification_channels.guarded_process", str(free_port()), str(tmp_path)],
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'gen'}", "PYTHONDONTWRITEBYTECODE": "1"},
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    told = json.loads(done.stdout)
    assert [name for name, refused in told["refused"].items() if not refused] == []
    assert [name for name, permitted in told["permitted"].items() if not permitted] == []
