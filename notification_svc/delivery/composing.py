"""From claimed deliveries to messages: what is sent to which address, or why nothing is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from mesh.db.statements import Program
from mesh.logs import get_log
from notification_svc.channels.port import OutgoingMessage
from notification_svc.planning.facts import NAMES
from notification_svc.sealing import Seal, SealBroken
from notification_svc.storage.deliveries import DeliveryRow, count_in_digest, in_digest
from notification_svc.storage.directory import TIME_ZONE, Subject
from notification_svc.storage.layout import BY_ADDRESS, ChannelType, RecipientKind, WebhookState
from notification_svc.storage.notifications import NotificationRow, read_notifications
from notification_svc.storage.preferences import Preference
from notification_svc.storage.webhooks import Webhook, read_webhooks
from notification_svc.texts.wording import DIGEST_EVENT, Library, Wording, read_library
from notification_svc.timing.quiet_hours import quiet_until
from notification_svc.timing.wall_clock import MICROS, zone_of

MAX_ENTRIES = 50
"""Notifications that a digest lists; of more it says how many they are."""
MAX_DIGEST = 5_000
"""Notifications of a digest that are looked at one by one; of more the newest are, and the rest is counted."""
UNKNOWN_SECONDS = (5, 60, 600)
"""How long after its making a delivery looks again whether its user is known."""

_log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class Nothing:
    """Nothing is sent; `dead`: although it should be."""

    reason: str
    dead: bool = False


@dataclass(frozen=True, slots=True)
class Later:
    """It is not sent now but at a time, in microseconds."""

    at: int


@dataclass(frozen=True, slots=True)
class Material:
    """What is needed to compose some deliveries, read together. `counts`: how many there are in digests of too many."""

    notifications: Mapping[str, NotificationRow]
    digests: Mapping[str, list[str]]
    counts: Mapping[str, int]
    webhooks: Mapping[str, Webhook]
    library: Library


def read_material(claimed: Sequence[DeliveryRow]) -> Program[Material]:
    """Read what is needed to compose deliveries."""
    digests: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for delivery in claimed:
        if delivery.is_digest:
            digests[delivery.id] = yield from in_digest(delivery.id, MAX_DIGEST)
            if len(digests[delivery.id]) == MAX_DIGEST:
                counts[delivery.id] = yield from count_in_digest(delivery.id, forced=bool(delivery.forced))
    single = {delivery.notification_id for delivery in claimed if not delivery.is_digest}
    notifications = yield from read_notifications({*single, *(one for each in digests.values() for one in each)})
    users = {one.recipient_id for one in claimed if one.recipient_kind == RecipientKind.USER}
    channels = {ChannelType(one.channel) for one in claimed if one.recipient_kind == RecipientKind.USER}
    if digests:
        channels.add(ChannelType.INBOX)
    tenants = {delivery.tenant_id for delivery in claimed if delivery.is_digest}
    rows = [row for row in notifications.values() if row.recipient_kind == RecipientKind.USER]
    library = yield from read_library(rows, channels, users, tenants)
    webhooks = yield from read_webhooks(
        {one.recipient_id for one in claimed if one.recipient_kind == RecipientKind.WEBHOOK}
    )
    return Material(notifications, digests, counts, webhooks, library)


class Composer:
    """Composes deliveries one by one."""

    def __init__(self, wording: Wording, seal: Seal) -> None:
        self._wording = wording
        self._seal = seal

    async def compose(self, delivery: DeliveryRow, material: Material, now: int) -> OutgoingMessage | Nothing | Later:
        """Return what is to be sent."""
        if delivery.recipient_kind == RecipientKind.WEBHOOK:
            return self._to_webhook(delivery, material, now)
        subject = material.library.subjects.get(delivery.recipient_id)
        if subject is None:
            return _once_known(delivery, now)
        if not subject.active or not subject.belongs_to(delivery.tenant_id):
            return Nothing("The user is not there any more, or not in this tenant.")
        preference = material.library.preferences.get(delivery.recipient_id) or Preference(delivery.recipient_id)
        if not delivery.forced and (until := _quiet_until(preference, subject, now)) is not None:
            return Later(until)
        address = self._address(delivery, preference, subject)
        if isinstance(address, Nothing):
            return address
        if delivery.is_digest:
            return await self._digest(delivery, subject, address, material, now)
        row = material.notifications.get(delivery.notification_id)
        if row is None:
            return Nothing("The notification was forgotten meanwhile.")
        if not delivery.forced and (row.obsolete or row.deleted):
            return Nothing("Its matter is over." if row.obsolete else "The user has deleted it.")
        said = await self._wording.say(row, ChannelType(delivery.channel), material.library)
        return OutgoingMessage(
            delivery_id=delivery.id,
            address=address,
            event_type=NAMES[row.event],
            occurred_at=_moment(row.event_at),
            display_name=subject.name,
            language=material.library.reader(subject.id).language,
            subject=said.subject,
            text=said.text,
            html=said.html,
        )

    async def _digest(
        self, delivery: DeliveryRow, subject: Subject, address: str, material: Material, now: int
    ) -> OutgoingMessage | Nothing:
        found = [material.notifications.get(one) for one in material.digests[delivery.id]]
        rows = [row for row in found if row is not None and not row.deleted and (delivery.forced or not row.obsolete)]
        count = material.counts.get(delivery.id, len(rows))
        if not count:
            return Nothing("The matters of all that was gathered are over.")
        rows.sort(key=lambda row: row.number, reverse=True)
        listed = rows[:MAX_ENTRIES]
        more = count - len(listed)
        said = await self._wording.say_digest(listed, subject.id, delivery.tenant_id, now, more, material.library)
        return OutgoingMessage(
            delivery_id=delivery.id,
            address=address,
            event_type=DIGEST_EVENT,
            occurred_at=_moment(now),
            display_name=subject.name,
            language=material.library.reader(subject.id).language,
            subject=said.subject,
            text=said.text,
            html=said.html,
        )

    def _address(self, delivery: DeliveryRow, preference: Preference, subject: Subject) -> str | Nothing:
        if delivery.channel == ChannelType.EMAIL:
            return subject.row.email or Nothing("The user has no e-mail address.")
        assert delivery.channel in BY_ADDRESS
        chosen = next((one for one in preference.addresses if one.channel == delivery.channel), None)
        if chosen is None:
            return Nothing("The user has no address for this channel any more.")
        try:
            return self._seal.open(f"{subject.id}/{chosen.id}", chosen.sealed).decode()
        except SealBroken:
            _log.error("An address cannot be decrypted: the secret of the mesh is another one", user=subject.id)
            return Nothing("The address cannot be decrypted: it has to be set again.", dead=True)

    def _to_webhook(self, delivery: DeliveryRow, material: Material, now: int) -> OutgoingMessage | Nothing:
        webhook, row = (
            material.webhooks.get(delivery.recipient_id),
            material.notifications.get(delivery.notification_id),
        )
        if webhook is None or row is None:
            return Nothing("The webhook was deleted." if webhook is None else "The event was forgotten.", dead=True)
        if webhook.state != WebhookState.ENABLED:
            return Nothing("The webhook is disabled.", dead=True)
        try:
            secrets = [self._seal.open(webhook.id, webhook.secret).decode()]
            if webhook.former_secret and now < webhook.former_until:
                secrets.append(self._seal.open(webhook.id, webhook.former_secret).decode())
        except SealBroken:
            _log.error("A webhook's secret cannot be decrypted: the secret of the mesh is another one", id=webhook.id)
            return Nothing("The webhook's secret cannot be decrypted: rotate it.", dead=True)
        data: dict[str, Any] = orjson.loads(row.data)
        return OutgoingMessage(
            delivery_id=delivery.id,
            address=webhook.url,
            event_type=NAMES[row.event],
            occurred_at=_moment(row.event_at),
            data={"tenant_id": row.tenant_id, **data},
            signing_secrets=tuple(secrets),
        )


def _once_known(delivery: DeliveryRow, now: int) -> Later | Nothing:
    """Wait a while for somebody who is not known: identity's events come by another way than the engine's."""
    for seconds in UNKNOWN_SECONDS:
        if now < delivery.created_at + seconds * MICROS:
            return Later(delivery.created_at + seconds * MICROS)
    return Nothing("There is no such user.")


def _quiet_until(preference: Preference, subject: Subject, now: int) -> int | None:
    if preference.quiet is None:
        return None
    return quiet_until(now, zone_of(preference.time_zone, subject.attributes.get(TIME_ZONE, "")), *preference.quiet)


def _moment(micros: int) -> datetime:
    return datetime.fromtimestamp(micros // MICROS, UTC).replace(microsecond=micros % MICROS)
