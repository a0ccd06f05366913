"""Lists of what tenants have: rules, webhooks, templates, deliveries."""

from __future__ import annotations

from dataclasses import dataclass

from mesh.db.select import Select
from mesh.db.statements import Program, Row
from notification_svc.queries.caller import Caller
from notification_svc.storage import rules, templates, webhooks
from notification_svc.storage.deliveries import DeliveryRow
from notification_svc.storage.layout import DELIVERY, DELIVERY_COLUMNS, RecipientKind
from notification_svc.storage.rules import Rule, rule_of_row
from notification_svc.storage.templates import TemplateRow, template_of_row
from notification_svc.storage.webhooks import Webhook, webhook_of_row


@dataclass(frozen=True, slots=True)
class DeliveryFilter:
    """What is listed: deliveries for which all that is set holds."""

    state: int = 0
    channel: int = 0
    tenant_id: str | None = None
    user_id: str = ""
    webhook_id: str = ""
    process_instance_id: str = ""


def _tenant(query: Select, caller: Caller, tenant_id: str | None) -> Select:
    if tenant_id is not None:
        query.where("tenant_id=?", tenant_id)
    return caller.only_open(query)


def _after(query: Select, after: str | None, limit: int) -> Select:
    return query.page(("id",), None if after is None else (after,), limit)


def list_rules(
    caller: Caller, tenant_id: str | None, event_type: int, after: str | None, limit: int
) -> Program[list[Rule]]:
    """Return the next rules by id that the caller sees."""
    query = _tenant(Select("notification_rule", rules.COLUMNS), caller, tenant_id).equal("event_type", event_type)
    rows: list[Row] = yield _after(query, after, limit).fetch()
    return [rule_of_row(row) for row in rows]


def list_webhooks(
    caller: Caller, tenant_id: str | None, state: int, after: str | None, limit: int
) -> Program[list[Webhook]]:
    """Return the next webhooks by id that the caller sees."""
    query = _tenant(Select("webhook", webhooks.COLUMNS), caller, tenant_id).equal("state", state)
    rows: list[Row] = yield _after(query, after, limit).fetch()
    return [webhook_of_row(row) for row in rows]


def list_templates(
    caller: Caller,
    tenant_id: str | None,
    event_type: int,
    channel: int,
    language: str,
    after: str | None,
    limit: int,
) -> Program[list[TemplateRow]]:
    """Return the next templates by id that the caller sees."""
    query = _tenant(Select("template", templates.COLUMNS), caller, tenant_id).equal("event_type", event_type)
    query.equal("channel", channel).equal("language", language)
    rows: list[Row] = yield _after(query, after, limit).fetch()
    return [template_of_row(row) for row in rows]


def list_deliveries(
    caller: Caller, wanted: DeliveryFilter, after: str | None, limit: int
) -> Program[list[DeliveryRow]]:
    """Return the next deliveries that the caller sees, the newest first."""
    query = _tenant(Select(DELIVERY, DELIVERY_COLUMNS), caller, wanted.tenant_id)
    query.equal("state", wanted.state).equal("channel", wanted.channel)
    query.equal("process_instance_id", wanted.process_instance_id)
    for recipient, kind in ((wanted.user_id, RecipientKind.USER), (wanted.webhook_id, RecipientKind.WEBHOOK)):
        if recipient:
            query.where("recipient_id=?", recipient).where("recipient_kind=?", int(kind))
    query.page(("id",), None if after is None else (after,), limit, descending=True)
    rows: list[Row] = yield query.fetch()
    return [DeliveryRow(*row) for row in rows]
