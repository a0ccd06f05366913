"""Rows of programs that are told."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import orjson

from mesh.db.select import Select
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, Program, Row, UpsertMany
from notification_svc.storage.layout import EventType, WebhookState
from notification_svc.storage.rules import key_matches

COLUMNS = (
    "id",
    "tenant_id",
    "url",
    "event_types",
    "process_definition_keys",
    "description",
    "state",
    "consecutive_failures",
    "held_until",
    "failure",
    "secret",
    "former_secret",
    "former_until",
    "revision",
    "created_at",
    "updated_at",
)
MAX_FAILURE = 1000


@dataclass(frozen=True, slots=True)
class Webhook:
    """A program that is told. Secrets are encrypted; times are microseconds since the Unix epoch.

    `held_until`: nothing is sent to it before; then one message, until one is taken.
    """

    id: str
    tenant_id: str
    url: str
    event_types: tuple[EventType, ...] = ()
    process_definition_keys: tuple[str, ...] = ()
    description: str = ""
    state: WebhookState = WebhookState.ENABLED
    consecutive_failures: int = 0
    held_until: int = 0
    failure: str = ""
    secret: bytes = field(default=b"", repr=False)
    former_secret: bytes = field(default=b"", repr=False)
    former_until: int = 0
    revision: int = 1
    created_at: int = 0
    updated_at: int = 0

    def is_told(self, event_type: EventType, process_definition_key: str) -> bool:
        """Tell whether an event is for it."""
        return (not self.event_types or event_type in self.event_types) and (
            not self.process_definition_keys
            or any(key_matches(pattern, process_definition_key) for pattern in self.process_definition_keys)
        )


def webhook_of_row(row: Row) -> Webhook:
    """Return the webhook of a row of `COLUMNS`."""
    one, tenant_id, url, events, keys, description, state, failures, held, failure, secret, former, *rest = row
    return Webhook(
        one,
        tenant_id,
        url,
        tuple(EventType(event) for event in orjson.loads(events)),
        tuple(orjson.loads(keys)),
        description,
        WebhookState(state),
        failures,
        held,
        failure,
        bytes(secret),
        bytes(former),
        *rest,
    )


def write_webhook(webhook: Webhook) -> Program[None]:
    """Write a webhook."""
    row = (
        webhook.id,
        webhook.tenant_id,
        webhook.url,
        orjson.dumps([int(one) for one in webhook.event_types]),
        orjson.dumps(webhook.process_definition_keys),
        webhook.description,
        int(webhook.state),
        webhook.consecutive_failures,
        webhook.held_until,
        webhook.failure[:MAX_FAILURE],
        webhook.secret,
        webhook.former_secret,
        webhook.former_until,
        webhook.revision,
        webhook.created_at,
        webhook.updated_at,
    )
    yield UpsertMany("webhook", COLUMNS, ("id",), COLUMNS[1:], [row])


def read_webhooks(ids: Collection[str], *, lock: bool = False) -> Program[dict[str, Webhook]]:
    """Return those of some webhooks that there are."""
    if not ids:
        return {}
    keys = [(one,) for one in sorted(ids)]
    rows: list[Row] = yield FetchKeys("webhook", COLUMNS, ("id",), keys, lock=lock)
    return {row[0]: webhook_of_row(row) for row in rows}


def find_webhook(webhook_id: str) -> Program[Webhook | None]:
    """Return a webhook, None where there is none. It stays as it is until the transaction ends."""
    return (yield from read_webhooks([webhook_id], lock=True)).get(webhook_id)


def delete_webhook(webhook_id: str) -> Program[None]:
    """Delete a webhook."""
    yield DeleteMany("webhook", ("id",), [(webhook_id,)])


def count_webhooks(tenant_id: str) -> Program[int]:
    """Return how many webhooks a tenant has."""
    rows: list[Row] = yield Fetch("SELECT COUNT(*) FROM webhook WHERE tenant_id=?", (tenant_id,))
    return int(rows[0][0])


def webhooks_of(tenant_ids: Collection[str]) -> Program[dict[str, list[Webhook]]]:
    """Return the webhooks of some tenants that are told; each has a bounded number."""
    if not tenant_ids:
        return {}
    query = Select("webhook", COLUMNS).one_of("tenant_id", sorted(tenant_ids))
    rows: list[Row] = yield query.where("state=?", int(WebhookState.ENABLED)).fetch()
    found: dict[str, list[Webhook]] = {}
    for webhook in map(webhook_of_row, rows):
        found.setdefault(webhook.tenant_id, []).append(webhook)
    return found


def note_success(webhook_ids: Collection[str]) -> Program[None]:
    """Note that attempts at some webhooks succeeded."""
    for webhook_id in sorted(webhook_ids):
        yield Execute(
            "UPDATE webhook SET consecutive_failures=0, held_until=0, failure='' WHERE id=? AND "
            "(consecutive_failures>0 OR held_until>0)",
            (webhook_id,),
        )


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed attempt at a webhook. `wait`: how long it asks to be left alone, in microseconds; `gone`: for ever."""

    begun_at: int
    reason: str
    wait: int = 0
    gone: bool = False


def note_failures(
    failures: Mapping[str, Sequence[Failure]], pause: Callable[[int], int], limit: int, now: int
) -> Program[None]:
    """Note failed attempts at webhooks: leave each alone for a while, disable it where there were too many in a row.

    What was under way when one failed says nothing new: of attempts that overlap one counts. `pause`: for how long, in
    microseconds, after so many.
    """
    found = yield from read_webhooks(failures, lock=True)
    for webhook_id, webhook in sorted(found.items()):
        after = webhook
        for failure in sorted(failures[webhook_id], key=lambda one: one.begun_at):
            if failure.begun_at >= after.held_until:
                count = after.consecutive_failures + 1
                after = replace(after, consecutive_failures=count, held_until=now + pause(count))
            held_until = max(after.held_until, now + failure.wait)
            after = replace(after, held_until=held_until, failure=failure.reason[:MAX_FAILURE])
        over = after.consecutive_failures >= limit or any(one.gone for one in failures[webhook_id])
        if over and webhook.state == WebhookState.ENABLED:
            after = replace(after, state=WebhookState.FAILED, revision=webhook.revision + 1, updated_at=now)
        yield Execute(
            "UPDATE webhook SET consecutive_failures=?, held_until=?, failure=?, state=?, revision=?, updated_at=? "
            "WHERE id=?",
            (
                after.consecutive_failures,
                after.held_until,
                after.failure,
                int(after.state),
                after.revision,
                after.updated_at,
                webhook_id,
            ),
        )
