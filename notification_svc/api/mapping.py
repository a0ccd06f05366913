"""Rows as messages, and messages as what commands take."""

from __future__ import annotations

from datetime import timedelta

import orjson
from flowmesh.notification.v1 import (
    delivery_service_pb2,
    notification_pb2,
    preference_service_pb2,
    rule_service_pb2,
    template_service_pb2,
    webhook_service_pb2,
)
from google.protobuf.json_format import ParseDict
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp

from notification_svc.storage.deliveries import DeliveryRow
from notification_svc.storage.layout import EventType, RecipientKind, Role
from notification_svc.storage.notifications import NotificationRow
from notification_svc.storage.preferences import DEFAULT_DIGEST_MINUTE, Preference
from notification_svc.storage.rules import Recipients, Rule
from notification_svc.storage.templates import TemplateRow
from notification_svc.storage.webhooks import Webhook
from notification_svc.templates.template import Rendered

_MICROS = 1_000_000


def timestamp(micros: int | None) -> Timestamp | None:
    """Return microseconds since the Unix epoch as a message; None for no time."""
    if micros is None:
        return None
    seconds, rest = divmod(micros, _MICROS)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def notification_message(row: NotificationRow, said: Rendered) -> notification_pb2.Notification:
    """Return a notification in its reader's words."""
    return notification_pb2.Notification(
        id=row.id,
        # Here and below: the numbers are those of the contract.
        event_type=row.event_type,  # type: ignore[arg-type]
        title=said.subject,
        text=said.text.strip(),
        tenant_id=row.tenant_id,
        process_instance_id=row.process_instance_id,
        process_definition_key=row.process_definition_key,
        business_key=row.business_key,
        task_id=row.task_id,
        event_time=timestamp(row.event_at),
        create_time=timestamp(row.created_at),
        read_time=timestamp(row.read_at),
        obsolete=bool(row.obsolete),
        deleted=bool(row.deleted),
        data=ParseDict(orjson.loads(row.data), Struct()),
    )


def preferences_message(preference: Preference) -> preference_service_pb2.Preferences:
    """Return preferences, without what addresses hide."""
    message = preference_service_pb2.Preferences(
        user_id=preference.user_id,
        language=preference.language,
        time_zone=preference.time_zone,
        digest=int(preference.digest),  # type: ignore[arg-type]
        digest_time=clock_text(preference.digest_minute),
        etag=str(preference.revision),
    )
    if preference.quiet is not None:
        start, end = preference.quiet
        message.quiet_hours.start, message.quiet_hours.end = clock_text(start), clock_text(end)
    for event, channels in sorted(preference.channels.items()):
        message.event_channels.add(event_type=int(event), channels=map(int, channels))
    for address in preference.addresses:
        message.addresses.add(id=address.id, channel=int(address.channel), label=address.label)
    return message


def clock_text(minute: int) -> str:
    """Return a time of day as the contract has it."""
    return f"{minute // 60:02}:{minute % 60:02}"


def clock_minute(text: str) -> int:
    """Return a time of day as minutes; the time of a daily digest where there is none."""
    if not text:
        return DEFAULT_DIGEST_MINUTE
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)


def rule_message(rule: Rule) -> rule_service_pb2.NotificationRule:
    """Return a rule."""
    details = rule_service_pb2.NotificationRuleDetails(
        event_type=int(rule.event_type),  # type: ignore[arg-type]
        process_definition_key=rule.process_definition_key,
        element_id=rule.element_id,
        replaces_default=rule.replaces_default,
        disabled=rule.disabled,
        description=rule.description,
    )
    if rule.offset_micros:
        details.offset.FromTimedelta(timedelta(microseconds=rule.offset_micros))
    for user in rule.recipients.users:
        details.recipients.add(user_id=user)
    for group in rule.recipients.groups:
        details.recipients.add(group_id=group)
    for role in rule.recipients.roles:
        details.recipients.add(role=int(role))
    return rule_service_pb2.NotificationRule(
        id=rule.id,
        tenant_id=rule.tenant_id,
        details=details,
        create_time=timestamp(rule.created_at),
        update_time=timestamp(rule.updated_at),
        etag=str(rule.revision),
    )


def recipients_of(details: rule_service_pb2.NotificationRuleDetails) -> Recipients:
    """Return whom a rule names."""
    kinds: dict[str, list[str | int]] = {"user_id": [], "group_id": [], "role": []}
    for one in details.recipients:
        kind = one.WhichOneof("recipient")
        assert kind is not None
        kinds[kind].append(getattr(one, kind))
    users, groups, roles = (tuple(dict.fromkeys(kinds[kind])) for kind in kinds)
    return Recipients(tuple(map(str, users)), tuple(map(str, groups)), tuple(Role(int(role)) for role in roles))


def webhook_message(webhook: Webhook) -> webhook_service_pb2.Webhook:
    """Return a webhook, without its secret."""
    return webhook_service_pb2.Webhook(
        id=webhook.id,
        tenant_id=webhook.tenant_id,
        details=webhook_service_pb2.WebhookDetails(
            url=webhook.url,
            event_types=map(int, webhook.event_types),  # type: ignore[arg-type]
            process_definition_keys=webhook.process_definition_keys,
            description=webhook.description,
        ),
        state=int(webhook.state),  # type: ignore[arg-type]
        consecutive_failures=webhook.consecutive_failures,
        failure=webhook.failure,
        create_time=timestamp(webhook.created_at),
        update_time=timestamp(webhook.updated_at),
        etag=str(webhook.revision),
    )


def event_types_of(numbers: list[int]) -> tuple[EventType, ...]:
    """Return events by their numbers."""
    return tuple(EventType(number) for number in numbers)


def template_details(template: TemplateRow) -> template_service_pb2.TemplateDetails:
    """Return the texts of a template."""
    return template_service_pb2.TemplateDetails(
        event_type=template.event_type,  # type: ignore[arg-type]
        channel=int(template.channel),  # type: ignore[arg-type]
        language=template.language,
        subject=template.subject,
        text=template.text,
        html=template.html,
    )


def template_message(template: TemplateRow) -> template_service_pb2.Template:
    """Return a template."""
    return template_service_pb2.Template(
        id=template.id,
        tenant_id=template.tenant_id,
        details=template_details(template),
        create_time=timestamp(template.created_at),
        update_time=timestamp(template.updated_at),
        etag=str(template.revision),
    )


def delivery_message(row: DeliveryRow) -> delivery_service_pb2.Delivery:
    """Return a delivery."""
    to_user = row.recipient_kind == RecipientKind.USER
    return delivery_service_pb2.Delivery(
        id=row.id,
        state=row.state,  # type: ignore[arg-type]
        channel=row.channel,  # type: ignore[arg-type]
        notification_id=row.notification_id,
        event_type=row.event_type,  # type: ignore[arg-type]
        digest_id=row.id if row.is_digest else row.digest_id,
        user_id=row.recipient_id if to_user else "",
        webhook_id="" if to_user else row.recipient_id,
        tenant_id=row.tenant_id,
        process_instance_id=row.process_instance_id,
        attempts=row.earlier_attempts + row.attempts,
        next_attempt_time=timestamp(row.next_attempt_at) if row.ended_at is None else None,
        reason=row.reason,
        create_time=timestamp(row.created_at),
        end_time=timestamp(row.ended_at),
    )
