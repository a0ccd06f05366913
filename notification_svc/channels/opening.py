"""The channels that the settings ask for."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from mesh.startup import StartupError
from notification_svc.channels.port import Channel
from notification_svc.channels.settings import ChannelSettings


@dataclass(frozen=True, slots=True)
class Channels:
    """What messages can be sent with. `email` is None without a mail server, `push` where it is turned off."""

    email: Channel | None
    push: Channel | None
    webhook: Channel


@contextlib.asynccontextmanager
async def open_channels(settings: ChannelSettings) -> AsyncIterator[Channels]:
    """Make the channels; nothing is connected to before the first message. Raises StartupError."""
    async with contextlib.AsyncExitStack() as stack:
        email = _email(settings)
        push = _push(settings)
        webhook = _webhook(settings)
        for channel in (email, push, webhook):
            if channel is not None:
                stack.push_async_callback(channel.close)
        yield Channels(email, push, webhook)


def _email(settings: ChannelSettings) -> Channel | None:
    if not settings.smtp_host:
        return None
    from notification_svc.channels.email import EmailChannel
    from notification_svc.channels.email_message import sender
    from notification_svc.channels.port import AddressInvalid
    from notification_svc.channels.smtp_connections import MailServer

    try:
        origin = sender(settings.smtp_sender, settings.smtp_sender_name, settings.smtp_reply_to)
    except AddressInvalid as error:
        raise StartupError(f"E-mail cannot be sent from {settings.smtp_sender}: {error}") from error
    server = MailServer(
        host=settings.smtp_host,
        port=settings.smtp_port,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=settings.smtp_password,
        ca_file=settings.smtp_ca_file,
        connections=settings.smtp_connections,
        idle_seconds=settings.smtp_idle_seconds,
        answer_seconds=settings.smtp_answer_seconds,
        send_seconds=settings.smtp_send_seconds,
    )
    return EmailChannel(server, origin)


def _push(settings: ChannelSettings) -> Channel | None:
    if not settings.push_services:
        return None
    from notification_svc.channels.apprise import AppriseChannel, AppriseLimits

    limits = AppriseLimits(
        threads=settings.push_threads,
        answer_seconds=settings.push_answer_seconds,
        seconds=settings.push_seconds,
        idle_seconds=settings.push_idle_seconds,
    )
    return AppriseChannel(settings.network_rules, limits, ca_file=settings.push_ca_file, key_dir=settings.push_key_dir)


def _webhook(settings: ChannelSettings) -> Channel:
    from notification_svc.channels.webhooks import WebhookChannel, WebhookLimits

    limits = WebhookLimits(
        connections=settings.webhook_connections,
        connect_seconds=settings.webhook_connect_seconds,
        seconds=settings.webhook_seconds,
        plain_http=settings.webhook_plain_http,
    )
    try:
        return WebhookChannel(settings.network_rules, limits, ca_file=settings.webhook_ca_file)
    except OSError as error:
        raise StartupError(f"The file {settings.webhook_ca_file} holds no certificate that can be read.") from error
