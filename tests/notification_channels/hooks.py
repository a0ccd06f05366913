"""Webhooks of tests."""

from __future__ import annotations

import contextlib
import ipaddress
import time
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from notification_svc.channels.network_rules import NetworkRules
from notification_svc.channels.port import OutgoingMessage
from notification_svc.channels.webhook_signature import new_secret
from notification_svc.channels.webhooks import WebhookChannel, WebhookLimits

NOBODY = NetworkRules()
LOCAL = NetworkRules((ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128")))
SECRET = new_secret()
FORMER = new_secret()


@contextlib.asynccontextmanager
async def channel(
    ca: Path | None = None, rules: NetworkRules = LOCAL, now: Callable[[], float] = time.time, **limits: Any
) -> AsyncIterator[WebhookChannel]:
    made = WebhookChannel(
        rules, WebhookLimits(**{"seconds": 2.0, "connect_seconds": 1.0, **limits}), ca_file=ca, now=now
    )
    try:
        yield made
    finally:
        await made.close()


def message(url: str, **named: Any) -> OutgoingMessage:
    return OutgoingMessage(
        **{
            "delivery_id": "0199f0c2-d1",
            "address": url,
            "event_type": "task.assigned",
            "occurred_at": datetime(2026, 3, 9, 14, 30, tzinfo=timezone(timedelta(hours=8))),
            "data": {"task": {"id": "t-1", "name": "部门经理审批"}},
            "signing_secrets": (SECRET,),
            **named,
        }
    )
