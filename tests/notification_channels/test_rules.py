"""Addresses, signatures and settings, without a network."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from mesh.settings import SettingsError
from mesh.startup import StartupError
from notification_svc.channels.email import EmailChannel
from notification_svc.channels.network_rules import NetworkRules
from notification_svc.channels.opening import open_channels
from notification_svc.channels.port import Delivered
from notification_svc.channels.settings import ChannelSettings
from notification_svc.channels.webhook_signature import SecretInvalid, check_secret, new_secret, signature_headers
from tests.notification_channels.mail_server import mail_server
from tests.notification_channels.test_email import message


def test_the_published_vector() -> None:
    """Of the specification's own libraries: github.com/standard-webhooks/standard-webhooks, webhook_test.go."""
    headers = signature_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330.7,
        b'{"test": 2432232314}',
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(st.text(min_size=0, max_size=200), st.integers(0, 4_000_000_000))
def test_the_other_side_computes_the_same(content: str, moment: int) -> None:
    body = content.encode(errors="replace")
    keys = [new_secret(), new_secret()]
    signatures = signature_headers("id", moment, body, keys)["webhook-signature"].split(" ")
    when = datetime.fromtimestamp(moment, UTC)
    assert signatures == [Webhook(key).sign("id", when, body.decode()) for key in keys]


@pytest.mark.parametrize(
    "secret",
    ["", "whsec_", "whsec_!!!", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_c2hvcnQ=", "whsec_" + "A" * 120, "whsec_é"],
)
def test_secrets_that_are_none(secret: str) -> None:
    with pytest.raises(SecretInvalid) as refused:
        check_secret(secret)
    assert len(secret) < 10 or secret not in str(refused.value)


def test_new_secrets_differ() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    for secret in made:
        check_secret(secret)


@given(st.ip_addresses())
def test_what_is_not_public_is_never_permitted(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    permitted = NetworkRules().permits(str(address))
    if address.is_private or address.is_multicast or address.is_loopback or address.is_link_local:
        assert not permitted
    if isinstance(address, ipaddress.IPv4Address):
        for written in (f"::ffff:{address}", f"64:ff9b::{address}"):
            assert NetworkRules().permits(written) is permitted
        assert not NetworkRules().permits(f"::{address}")
        assert not NetworkRules().permits(str(ipaddress.IPv6Address((0x2002 << 112) | (int(address) << 80))))
    elif address not in ipaddress.ip_network("64:ff9b::/96") and address.ipv4_mapped is None:
        # The others are what they carry.
        assert NetworkRules((ipaddress.ip_network(address),)).permits(str(address))


@pytest.mark.parametrize("text", ["", "localhost", "127.1", "1.2.3.4.5", "1.2.3.4/32", "::1]", "example.com"])
def test_what_is_no_address_is_not_permitted(text: str) -> None:
    assert not NetworkRules((ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))).permits(text)


def test_a_zone_does_not_hide_an_address() -> None:
    assert not NetworkRules().permits("fe80::1%eth0")
    assert NetworkRules((ipaddress.ip_network("fe80::/10"),)).permits("fe80::1%eth0")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"smtp_host": "mail.example.com"}, "SMTP_SENDER"),
        (
            {"smtp_host": "mail", "smtp_sender": "a@b.example", "smtp_security": "none", "smtp_user": "x"},
            "SMTP_PASSWORD",
        ),
        ({"smtp_security": "ssl"}, "starttls, tls, none"),
        ({"smtp_sender": "a@b\r\nx"}, "SMTP_SENDER"),
        ({"outgoing_networks": "10.0.0.0/33"}, "OUTGOING_NETWORKS"),
        ({"outgoing_networks": "10.0.0.1/8"}, "host bits set"),
        ({"outgoing_networks": "intranet"}, "OUTGOING_NETWORKS"),
        ({"push_threads": 0}, "PUSH_THREADS"),
    ],
)
def test_settings_that_cannot_be(given: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        ChannelSettings(**given)


async def test_channels_as_the_settings_ask_for(tmp_path: Path) -> None:
    async with open_channels(ChannelSettings(push_services=False)) as channels:
        assert channels.email is None
        assert channels.push is None
        assert channels.webhook is not None
    async with mail_server() as box:
        settings = ChannelSettings(
            smtp_host="127.0.0.1",
            smtp_port=box.port,
            smtp_security="none",
            smtp_sender="workflow@example.com",
            smtp_password="hidden-password",
            outgoing_networks="127.0.0.0/8, ::1/128",
        )
        assert "hidden-password" not in repr(settings)
        assert settings.network_rules.permits("127.0.0.1")
        async with open_channels(settings) as channels:
            assert isinstance(channels.email, EmailChannel)
            assert isinstance(await channels.email.send(message()), Delivered)
            assert channels.push is not None
            await channels.push.check("dingtalk://0f1e2d3c4b5a/")
    with pytest.raises(StartupError, match="no certificate"):
        async with open_channels(ChannelSettings(webhook_ca_file=tmp_path / "none.pem")):
            pass
    with pytest.raises(StartupError, match="cannot be sent from"):
        async with open_channels(ChannelSettings(smtp_host="mail", smtp_sender="a@b..example")):
            pass
