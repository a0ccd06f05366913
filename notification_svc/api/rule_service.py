"""`flowmesh.notification.v1.NotificationRuleService`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flowmesh.notification.v1 import rule_service_pb2 as pb

from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.paging import decode_page_token, encode_page_token, page_size_of
from notification_svc.api.callers import administering
from notification_svc.api.mapping import recipients_of, rule_message
from notification_svc.api.masks import masked_fields
from notification_svc.commands import rules as commands
from notification_svc.commands.refusals import field_invalid, rule_missing
from notification_svc.commands.writing import CommandWriter
from notification_svc.queries.listings import list_rules
from notification_svc.storage.layout import EventType
from notification_svc.storage.rules import Rule, find_rule

_MICROS = 1_000_000
_READ: dict[str, tuple[str, Callable[[pb.NotificationRuleDetails], Any]]] = {
    "event_type": ("event_type", lambda details: _event_type(details)),
    "process_definition_key": ("process_definition_key", lambda details: details.process_definition_key),
    "element_id": ("element_id", lambda details: details.element_id),
    "recipients": ("recipients", recipients_of),
    "offset": (
        "offset_micros",
        lambda details: details.offset.seconds * _MICROS + details.offset.nanos // 1000,
    ),
    "replaces_default": ("replaces_default", lambda details: details.replaces_default),
    "disabled": ("disabled", lambda details: details.disabled),
    "description": ("description", lambda details: details.description),
}
"""Each field of the contract with the one of a rule, and its value."""


@dataclass(slots=True)
class NotificationRuleServicer:
    """Serves NotificationRuleService."""

    database: Database
    writer: CommandWriter

    async def CreateNotificationRule(self, request: pb.CreateNotificationRuleRequest) -> bytes:
        """See the contract."""
        caller = administering()
        wanted = Rule("", request.tenant_id, **_values(request.details, list(_READ)))

        def work(now: int) -> Program[pb.CreateNotificationRuleResponse]:
            rule = yield from commands.create(caller, wanted, now)
            return pb.CreateNotificationRuleResponse(notification_rule=rule_message(rule))

        return await self.writer.change(caller.id, request, work)

    async def GetNotificationRule(self, request: pb.GetNotificationRuleRequest) -> pb.GetNotificationRuleResponse:
        """See the contract."""
        caller = administering()
        rule = await self.database.read(find_rule(request.id))
        if rule is None or not caller.sees(rule.tenant_id):
            raise rule_missing(request.id)
        return pb.GetNotificationRuleResponse(notification_rule=rule_message(rule))

    async def ListNotificationRules(self, request: pb.ListNotificationRulesRequest) -> pb.ListNotificationRulesResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, str)
        tenant_id = request.tenant_id if request.HasField("tenant_id") else None
        last = str(after[0]) if after else None
        found = await self.database.read(list_rules(administering(), tenant_id, request.event_type, last, size + 1))
        return pb.ListNotificationRulesResponse(
            notification_rules=map(rule_message, found[:size]),
            next_page_token=encode_page_token(request, [found[size - 1].id]) if len(found) > size else "",
        )

    async def UpdateNotificationRule(self, request: pb.UpdateNotificationRuleRequest) -> bytes:
        """See the contract."""
        caller = administering()
        values = _values(request.details, masked_fields(request.details, request.update_mask, _READ))

        def work(now: int) -> Program[pb.UpdateNotificationRuleResponse]:
            rule = yield from commands.update(caller, request.id, values, request.etag, now)
            return pb.UpdateNotificationRuleResponse(notification_rule=rule_message(rule))

        return await self.writer.change(caller.id, request, work)

    async def DeleteNotificationRule(self, request: pb.DeleteNotificationRuleRequest) -> bytes:
        """See the contract."""
        caller = administering()

        def work(now: int) -> Program[pb.DeleteNotificationRuleResponse]:
            yield from commands.delete(caller, request.id, request.etag, now)
            return pb.DeleteNotificationRuleResponse()

        return await self.writer.change(caller.id, request, work)


def _values(details: pb.NotificationRuleDetails, fields: list[str]) -> dict[str, Any]:
    return {_READ[field][0]: _READ[field][1](details) for field in fields}


def _event_type(details: pb.NotificationRuleDetails) -> EventType:
    if not details.event_type:
        raise field_invalid("details.event_type", "say which event the rule is about")
    return EventType(details.event_type)
