"""E-mail against a real mail server: encryption, what arrives, connections, failures told apart."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from notification_svc.channels.email import EmailChannel
from notification_svc.channels.email_message import sender
from notification_svc.channels.port import AddressInvalid, Delivered, Failed, OutgoingMessage
from notification_svc.channels.smtp_connections import MAILS_OF_A_CONNECTION, MailServer
from tests.infrastructure.ports import free_port
from tests.notification_channels.mail_server import PASSWORD, USER, mail_server
from tests.tls.files import Certificates

ORIGIN = sender("workflow@example.com", "流程平台", "helpdesk@example.com")


@contextlib.asynccontextmanager
async def channel(port: int, ca: Path | None = None, **options: object) -> AsyncIterator[EmailChannel]:
    server = MailServer(
        host=str(options.pop("host", "localhost")),
        port=port,
        ca_file=ca,
        security=str(options.pop("security", "none" if ca is None else "starttls")),
        **{"answer_seconds": 2.0, "send_seconds": 3.0, **options},
    )
    made = EmailChannel(server, ORIGIN)
    try:
        yield made
    finally:
        await made.close()


def message(address: str = "li.wei@example.com", **named: object) -> OutgoingMessage:
    return OutgoingMessage(
        **{
            "delivery_id": "d-1",
            "address": address,
            "display_name": "李伟",
            "language": "zh-CN",
            "subject": "您有新任务：部门经理审批",
            "text": "李伟，您好！\n请处理。\n",
            "html": "<p>李伟，您好！</p>",
            **named,
        }
    )


def _text(part: EmailMessage) -> str:
    return part.get_content().replace("\r\n", "\n")


async def test_starttls_with_a_sign_in(certificates: Certificates) -> None:
    async with (
        mail_server(certificates, sign_in=True) as box,
        channel(box.port, certificates.ca, user=USER.decode(), password=PASSWORD.decode()) as mail,
    ):
        assert await mail.send(message()) == Delivered("2.0.0 queued as 4711")
    envelope, seen = box.mails[0]
    assert (envelope.mail_from, envelope.rcpt_tos) == ("workflow@example.com", ["li.wei@example.com"])
    assert str(seen["Subject"]) == "您有新任务：部门经理审批"
    assert seen["From"].addresses[0].display_name == "流程平台"
    assert seen["To"].addresses[0].display_name == "李伟"
    assert str(seen["Reply-To"]) == "helpdesk@example.com"
    assert str(seen["Message-ID"]) == "<d-1@example.com>"
    assert (str(seen["Auto-Submitted"]), str(seen["Content-Language"])) == ("auto-generated", "zh-CN")
    assert seen.get_content_type() == "multipart/alternative"
    text, html = seen.iter_parts()
    assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
    assert _text(text) == "李伟，您好！\n请处理。\n"
    assert _text(html) == "<p>李伟，您好！</p>\n"
    assert box.sign_ins == [PASSWORD]
    assert isinstance(envelope.content, bytes)
    assert envelope.content.isascii(), "not every server takes 8-bit bodies"


async def test_tls_from_the_first_byte(certificates: Certificates) -> None:
    async with (
        mail_server(certificates, implicit=True) as box,
        channel(box.port, certificates.ca, security="tls") as mail,
    ):
        assert isinstance(await mail.send(message()), Delivered)


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_server_that_cannot_show_who_it_is_gets_nothing(
    certificates: Certificates, tmp_path: Path, security: str
) -> None:
    others = Certificates(tmp_path / "others")
    async with (
        mail_server(certificates, implicit=security == "tls", sign_in=True) as box,
        channel(box.port, others.ca, security=security, user="flowmesh", password="correct horse") as mail,
    ):
        outcome = await mail.send(message())
    assert isinstance(outcome, Failed)
    assert outcome.retryable
    assert "certificate is not valid, unable to get local issuer" in outcome.reason
    assert not box.mails
    assert not box.sign_ins


async def test_a_certificate_for_another_host(certificates: Certificates) -> None:
    async with (
        mail_server(certificates, hosts=("mail.elsewhere.example",)) as box,
        channel(box.port, certificates.ca) as mail,
    ):
        outcome = await mail.send(message())
    assert isinstance(outcome, Failed)
    assert "ostname mismatch" in outcome.reason
    assert not box.mails


async def test_a_server_without_starttls_gets_no_password(certificates: Certificates) -> None:
    async with (
        mail_server() as box,
        channel(box.port, certificates.ca, security="starttls", user="flowmesh", password="correct horse") as mail,
    ):
        outcome = await mail.send(message())
    assert isinstance(outcome, Failed)
    assert outcome.retryable
    assert "STARTTLS" in outcome.reason
    assert not box.sign_ins


async def test_a_refused_sign_in_passes_when_it_is_mended(certificates: Certificates) -> None:
    async with (
        mail_server(certificates, sign_in=True) as box,
        channel(box.port, certificates.ca, user="flowmesh", password="wrong") as mail,
    ):
        outcome = await mail.send(message())
    assert isinstance(outcome, Failed)
    assert (outcome.retryable, outcome.retry_after) == (True, 60.0)
    assert "535" in outcome.reason
    assert "wrong" not in outcome.reason.replace("is wrong", "")


async def test_failures_are_of_one_recipient() -> None:
    async with mail_server() as box, channel(box.port) as mail:
        box.on_recipient = {
            "gone@example.com": "550 5.1.1 User unknown",
            "full@example.com": "452 4.2.2 Mailbox full",
        }
        gone, full, well = [
            await mail.send(message(f"{name}@example.com", delivery_id=name)) for name in ("gone", "full", "well")
        ]
    assert gone == Failed(False, "The mail server refuses the recipient: 550 5.1.1 User unknown.")
    assert full == Failed(True, "The mail server refuses the recipient: 452 4.2.2 Mailbox full.")
    assert isinstance(well, Delivered)
    assert [envelope.rcpt_tos for envelope, _ in box.mails] == [["well@example.com"]]
    assert box.connections == 1, "a refusal is no reason for another connection"


@pytest.mark.parametrize(
    ("field", "answer", "retryable"),
    [
        ("on_mail", "550 5.7.1 Not your address", False),
        ("on_mail", "451 4.3.0 Later", True),
        ("on_mail", "530 5.7.0 Authentication required", True),
        ("on_mail", "421 4.3.2 Going down", True),
        ("on_data", "554 5.6.0 Looks like spam", False),
        ("on_data", "451 4.3.0 Disk full", True),
    ],
)
async def test_refusals_for_good_and_for_now(field: str, answer: str, retryable: bool) -> None:
    async with mail_server() as box, channel(box.port) as mail:
        setattr(box, field, answer)
        outcome = await mail.send(message())
        assert isinstance(outcome, Failed)
        assert outcome.retryable is retryable
        assert answer[:3] in outcome.reason
        setattr(box, field, "")
        assert isinstance(await mail.send(message()), Delivered)


async def test_a_server_that_does_not_answer() -> None:
    async with mail_server() as box, channel(box.port, send_seconds=0.5) as mail:
        box.data_seconds = 30
        begin = time.monotonic()
        outcome = await mail.send(message())
        assert time.monotonic() - begin < 2
        assert isinstance(outcome, Failed)
        assert outcome.retryable
        assert "may have taken" in outcome.reason
        box.data_seconds = 0
        assert isinstance(await mail.send(message(delivery_id="d-2")), Delivered)
    assert box.connections == 2, "of the first one nobody knows what its next answer belongs to"


async def test_a_server_that_says_nothing_at_all() -> None:
    async def serve(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            for byte in b"220 slow.example.com ESMTP, and very talkative" * 10:
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.05)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async with (
        await asyncio.start_server(serve, "127.0.0.1", 0) as server,
        channel(server.sockets[0].getsockname()[1], send_seconds=0.6, answer_seconds=30.0) as mail,
    ):
        begin = time.monotonic()
        outcome = await mail.send(message())
        assert time.monotonic() - begin < 2
    assert outcome == Failed(True, "The mail server cannot be used now: it does not answer in time.")


async def test_a_connection_that_breaks_after_the_message() -> None:
    async with mail_server() as box, channel(box.port) as mail:
        box.drop = True
        outcome = await mail.send(message())
        assert isinstance(outcome, Failed | Delivered)
        box.drop = False
        assert isinstance(await mail.send(message()), Delivered)
    # Both copies have the same id, by which a mail program shows one.
    assert [str(seen["Message-ID"]) for _, seen in box.mails] == ["<d-1@example.com>"] * 2


async def test_nobody_listens() -> None:
    async with channel(free_port()) as mail:
        outcome = await mail.send(message())
    assert isinstance(outcome, Failed)
    assert outcome.retryable


async def test_connections_are_used_again_and_replaced_when_they_are_dead() -> None:
    async with mail_server() as box, channel(box.port) as mail:
        for number in range(3):
            assert isinstance(await mail.send(message(delivery_id=f"d-{number}")), Delivered)
        assert box.connections == 1
        # The server ends the idle connection, and this side learns it at the next message.
        box.protocols[0].transport.abort()
        await asyncio.sleep(0.05)
        assert isinstance(await mail.send(message(delivery_id="d-3")), Delivered)
        assert box.connections == 2
    assert len(box.mails) == 4


async def test_a_connection_takes_only_so_many_mails() -> None:
    async with mail_server() as box, channel(box.port) as mail:
        for number in range(MAILS_OF_A_CONNECTION + 1):
            assert isinstance(await mail.send(message(delivery_id=f"d-{number}")), Delivered)
    assert box.connections == 2


async def test_idle_connections_end() -> None:
    async with mail_server() as box, channel(box.port, idle_seconds=0.2) as mail:
        assert isinstance(await mail.send(message()), Delivered)
        assert box.open == 1
        for _ in range(100):
            await asyncio.sleep(0.02)
            if not box.open:
                break
        assert not box.open


async def test_no_more_connections_than_set() -> None:
    async with mail_server() as box, channel(box.port, connections=3) as mail:
        box.data_seconds = 0.05
        outcomes = await asyncio.gather(*(mail.send(message(delivery_id=f"d-{number}")) for number in range(12)))
    assert all(isinstance(outcome, Delivered) for outcome in outcomes)
    assert box.most_open == 3
    assert len({str(seen["Message-ID"]) for _, seen in box.mails}) == 12


async def test_a_cancelled_call_leaves_no_connection_in_disorder() -> None:
    async with mail_server() as box, channel(box.port, connections=1) as mail:
        box.data_seconds = 5
        call = asyncio.ensure_future(mail.send(message()))
        await asyncio.sleep(0.2)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        box.data_seconds = 0
        assert isinstance(await mail.send(message(delivery_id="d-2")), Delivered)
    assert [str(seen["Message-ID"]) for _, seen in box.mails][-1] == "<d-2@example.com>"


@pytest.mark.parametrize(
    "address",
    [
        "",
        "li.wei",
        "@example.com",
        "li wei@example.com",
        "li.wei@example.com\r\nBcc: all@example.com",
        "li.wei@example.com\nRCPT TO:<all@example.com>",
        "li.wei@example.com>, <all@example.com",
        "a@example.com,b@example.com",
        '"li\r\nwei"@example.com',
        "li.wei@exa mple.com",
        "li.wei@example..com",
        "li.wei@localhost@example",
        f"{'a' * 65}@example.com",
        f"li.wei@{'a' * 64}.com",
        "li.wei@[127.0.0.1]",
        "li\0wei@example.com",
        "li‮wei@example.com",
    ],
)
async def test_addresses_that_are_none(address: str) -> None:
    async with mail_server() as box, channel(box.port) as mail:
        with pytest.raises(AddressInvalid):
            await mail.check(address)
        outcome = await mail.send(message(address))
    assert isinstance(outcome, Failed)
    assert not outcome.retryable
    assert not box.connections


@pytest.mark.parametrize(
    "text",
    [
        "Hi\r\nBcc: all@example.com",
        "Hi\n\n<script>",
        "Hi\x00\x1b[31m",
        "Hi\u2028Bcc: all@example.com",
        "Hi\x85Bcc: x",
        "Hi\rX: y",
        "Hi =?utf-8?q?=0D=0ABcc:_all@example.com?=",
    ],
)
async def test_nothing_can_be_put_into_headers(text: str) -> None:
    async with mail_server() as box, channel(box.port) as mail:
        assert isinstance(await mail.send(message(subject=text, display_name=text)), Delivered)
    envelope, seen = box.mails[0]
    assert envelope.rcpt_tos == ["li.wei@example.com"]
    assert set(seen.keys()) == {
        *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "Content-Language", "Auto-Submitted"),
        *("X-Auto-Response-Suppress", "MIME-Version", "Content-Type"),
    }
    assert str(seen["Subject"]).startswith("Hi")
    assert len(seen["To"].addresses) == 1


async def test_addresses_with_other_letters() -> None:
    async with mail_server() as box, channel(box.port) as mail:
        assert isinstance(await mail.send(message("li.wei@例子.中国")), Delivered)
        refused = await mail.send(message("李伟@example.com"))
    assert box.mails[0][0].rcpt_tos == ["li.wei@xn--fsqu00a.xn--fiqs8s"]
    assert isinstance(refused, Failed)
    assert not refused.retryable
    async with mail_server(utf8=True) as box, channel(box.port) as mail:
        assert isinstance(await mail.send(message("李伟@example.com")), Delivered)
    assert box.mails[0][0].rcpt_tos == ["李伟@example.com"]


@pytest.mark.parametrize(
    "subject",
    [
        "采购申请「办公室椅子三十把、会议桌两张、投影仪一台」已由部门经理审批通过，请财务部门尽快安排付款并在系统中登记发票信息"
        * 2,
        "a" * 249,
        "Überprüfung: Straße, naïve façade — €100 ✓ 🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉🎉",
        "=?utf-8?q?not_encoded?= by us",
        "x" * 74 + " 中文",
    ],
)
async def test_long_subjects_in_any_script(subject: str) -> None:
    async with mail_server() as box, channel(box.port) as mail:
        assert isinstance(await mail.send(message(subject=subject, text="—" * 2000)), Delivered)
    envelope, seen = box.mails[0]
    assert str(seen["Subject"]) == subject
    assert isinstance(envelope.content, bytes)
    lines = envelope.content.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert subject.isascii() or max(map(len, lines)) <= 78
    text = seen.get_body(("plain",))
    assert text is not None
    assert text.get_content().strip() == "—" * 2000


async def test_a_text_alone_and_dots() -> None:
    async with mail_server() as box, channel(box.port) as mail:
        text = ".\n..\n.first\nQUIT\n\n.\n"
        assert isinstance(await mail.send(message(text=text, html="")), Delivered)
    assert box.mails[0][1].get_content_type() == "text/plain"
    assert _text(box.mails[0][1]) == text
