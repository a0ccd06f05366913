"""Changes of programs that are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from mesh.db.statements import Program
from mesh.errors import WrongState
from mesh.ids import new_id
from notification_svc.channels.webhook_signature import new_secret
from notification_svc.commands.refusals import check_etag, webhook_missing
from notification_svc.planning.facts import NAMES
from notification_svc.queries.caller import Caller
from notification_svc.sealing import Seal
from notification_svc.storage.audit import tell_change
from notification_svc.storage.layout import WebhookState
from notification_svc.storage.webhooks import Webhook, count_webhooks, delete_webhook, find_webhook, write_webhook

MAX_WEBHOOKS = 50
FORMER_MICROS = 86_400 * 1_000_000
"""How long messages are signed with a secret that was replaced."""


def create(caller: Caller, wanted: Webhook, seal: Seal, now: int) -> Program[tuple[Webhook, str]]:
    """Make a webhook; return it with its secret. Raises `Denied`, `WrongState`."""
    caller.demand(wanted.tenant_id, "webhooks.create")
    if (yield from count_webhooks(wanted.tenant_id)) >= MAX_WEBHOOKS:
        raise WrongState(
            "WEBHOOKS_TOO_MANY",
            f"a tenant has at most {MAX_WEBHOOKS} webhooks; delete one that is not needed",
            metadata={"limit": str(MAX_WEBHOOKS)},
        )
    webhook_id, secret = new_id(), new_secret()
    webhook = replace(
        wanted, id=webhook_id, secret=seal.close(webhook_id, secret.encode()), created_at=now, updated_at=now
    )
    yield from write_webhook(webhook)
    yield from _audit(caller, now, webhook, {}, _told(webhook))
    return webhook, secret


def update(caller: Caller, webhook_id: str, values: Mapping[str, Any], etag: str, now: int) -> Program[Webhook]:
    """Change a webhook. Raises `NotFound`, `Conflict`."""
    before = yield from _require(caller, webhook_id)
    check_etag(etag, before.revision, "webhook", webhook_id)
    # Another receiver has not failed.
    held = {} if values.get("url", before.url) == before.url else {"held_until": 0}
    return (yield from _changed(caller, before, now, **values, **held))


def rotate(caller: Caller, webhook_id: str, seal: Seal, now: int) -> Program[tuple[Webhook, str]]:
    """Give a webhook a new secret; return it with that. Raises `NotFound`."""
    before, secret = (yield from _require(caller, webhook_id)), new_secret()
    changed = yield from _changed(
        caller,
        before,
        now,
        secret=seal.close(webhook_id, secret.encode()),
        former_secret=before.secret,
        former_until=now + FORMER_MICROS,
    )
    return changed, secret


def enable(caller: Caller, webhook_id: str, now: int) -> Program[Webhook]:
    """Let a webhook be used. Raises `NotFound`."""
    before = yield from _require(caller, webhook_id)
    return (
        yield from _changed(
            caller, before, now, state=WebhookState.ENABLED, consecutive_failures=0, held_until=0, failure=""
        )
    )


def disable(caller: Caller, webhook_id: str, now: int) -> Program[Webhook]:
    """Let nothing be sent to a webhook. Raises `NotFound`."""
    before = yield from _require(caller, webhook_id)
    return (yield from _changed(caller, before, now, state=WebhookState.DISABLED))


def delete(caller: Caller, webhook_id: str, etag: str, now: int) -> Program[None]:
    """Delete a webhook; what was still to be delivered to it becomes dead letters when it is due.

    Raises `NotFound`, `Conflict`.
    """
    webhook = yield from _require(caller, webhook_id)
    check_etag(etag, webhook.revision, "webhook", webhook_id)
    yield from delete_webhook(webhook_id)
    yield from _audit(caller, now, webhook, _told(webhook), {})


def _changed(caller: Caller, before: Webhook, now: int, **values: Any) -> Program[Webhook]:
    changed = replace(before, **values)
    if changed == before:
        return before
    changed = replace(changed, revision=before.revision + 1, updated_at=now)
    yield from write_webhook(changed)
    told, was = _told(changed), _told(before)
    if changed.url != before.url and told["url"] == was["url"]:
        told["url"] += " (another path)"
    yield from _audit(caller, now, changed, was, told)
    return changed


def _audit(
    caller: Caller, now: int, webhook: Webhook, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Program[None]:
    yield from tell_change(caller.maker, now, "webhook", webhook.id, [webhook.tenant_id], before, after)


def _told(webhook: Webhook) -> dict[str, Any]:
    return {
        "url": _shown(webhook.url),
        "eventTypes": [NAMES[event] for event in webhook.event_types],
        "processDefinitionKeys": webhook.process_definition_keys,
        "description": webhook.description,
        "state": webhook.state.name,
    }


def _shown(url: str) -> str:
    """Return where a URL leads without its path: of many receivers the path is the secret."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/…"


def _require(caller: Caller, webhook_id: str) -> Program[Webhook]:
    webhook = yield from find_webhook(webhook_id)
    if webhook is None or not caller.sees(webhook.tenant_id):
        raise webhook_missing(webhook_id)
    return webhook
