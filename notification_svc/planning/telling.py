"""From facts to notifications and what is sent of them, in the transaction that makes the facts known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import orjson

from mesh.consumer import BatchTooLarge
from mesh.db.statements import Program
from mesh.ids import new_id
from notification_svc.planning.facts import Fact, default_roles
from notification_svc.storage.deliveries import NO_LEASE, DeliveryRow, ensure_digests, insert_deliveries
from notification_svc.storage.directory import MANAGER, TIME_ZONE, Subject, read_members, read_subjects
from notification_svc.storage.layout import (
    ChannelType,
    Concern,
    DeliveryState,
    Digest,
    EventType,
    RecipientKind,
    Role,
)
from notification_svc.storage.matters import read_assignees
from notification_svc.storage.notifications import (
    NotificationRow,
    insert_notifications,
    lock_numbers,
    told_already,
    write_numbers,
)
from notification_svc.storage.preferences import Preference, read_preferences
from notification_svc.storage.rules import Recipients, Rule, rules_of
from notification_svc.storage.webhooks import Webhook, webhooks_of
from notification_svc.timing.digests import next_day_time, next_full_hour
from notification_svc.timing.quiet_hours import quiet_until
from notification_svc.timing.wall_clock import zone_of

_MAX_ID = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """`group`: members of one group, or who take part in one instance, that are told of one fact at most. `together`:
    so many are told of several facts in one transaction at most."""

    group: int = 200
    together: int | None = None


@dataclass(slots=True)
class Told:
    """Who was told something, so that those who wait for it can be woken."""

    users: set[str] = field(default_factory=set)
    sent: bool = False


@dataclass(slots=True)
class _Audience:
    """Whom a fact is told: users with how they have to do with it, and webhooks."""

    fact: Fact
    users: dict[str, Concern] = field(default_factory=dict)
    groups: dict[str, Concern] = field(default_factory=dict)
    managers_of: set[str] = field(default_factory=set)
    participants: bool = False
    webhooks: list[Webhook] = field(default_factory=list)

    def add(self, recipients: Recipients) -> None:
        """Add whom a rule names."""
        concern = self.fact.concern_of(None)
        for user in recipients.users:
            self.users.setdefault(user, concern)
        for group in recipients.groups:
            self.groups.setdefault(group, concern)
        for role in recipients.roles:
            self.add_role(role)

    def add_role(self, role: Role) -> None:
        """Add who has a role."""
        concern = self.fact.concern_of(role)
        if role == Role.CANDIDATES:
            for user in self.fact.candidate_users:
                self.users.setdefault(user, concern)
            for group in self.fact.candidate_groups:
                self.groups.setdefault(group, concern)
        elif role == Role.ASSIGNEE_MANAGER:
            if self.fact.assignee:
                self.managers_of.add(self.fact.assignee)
        elif role == Role.PARTICIPANTS:
            self.participants = True
            if self.fact.initiator:
                self.users.setdefault(self.fact.initiator, concern)
        elif role == Role.MENTIONED:
            for user in self.fact.mentioned:
                self.users.setdefault(user, concern)
        elif user := self.fact.user_in(role):
            self.users.setdefault(user, concern)


def tell(facts: Sequence[Fact], now: int, limits: Limits) -> Program[Told]:
    """Write the notifications of facts, one for each recipient and fact however often this is called, and what is to be
    sent of the new ones. Raises `BatchTooLarge`."""
    told = Told()
    if not facts:
        return told
    tenants = {fact.tenant_id for fact in facts}
    rules = yield from rules_of(tenants)
    webhooks = yield from webhooks_of(tenants)
    audiences = [_audience(fact, rules.get(fact.tenant_id, ()), webhooks.get(fact.tenant_id, ())) for fact in facts]
    yield from _resolve_groups(audiences, limits)
    yield from _resolve_participants(audiences, limits)
    if limits.together is not None and sum(len(audience.users) for audience in audiences) > limits.together:
        raise BatchTooLarge("they are told to too many")
    known = yield from _resolve_people(audiences)
    rows = yield from _new_notifications(audiences, known, now)
    told.users = {row.recipient_id for row in rows if row.recipient_kind == RecipientKind.USER}
    preferences = yield from read_preferences(told.users)
    deliveries = yield from _deliveries(rows, known, preferences, now)
    yield from insert_notifications(rows)
    yield from insert_deliveries(deliveries)
    told.sent = bool(deliveries)
    return told


def _audience(fact: Fact, rules: Iterable[Rule], webhooks: Iterable[Webhook]) -> _Audience:
    found = _Audience(fact)
    holding = [rule for rule in rules if rule.is_about(fact.event_type, fact.process_definition_key, fact.element_id)]
    if fact.rule_id:
        holding = [rule for rule in holding if rule.id == fact.rule_id]
    elif not any(rule.replaces_default for rule in holding):
        for role in default_roles(fact):
            # A task that is nobody's concerns all who may claim it.
            nobodys = role == Role.ASSIGNEE and not fact.assignee and fact.event_type in _REMINDING
            found.add_role(Role.CANDIDATES if nobodys else role)
    if fact.rule_id or fact.event_type not in _REMINDING:
        for rule in holding:
            found.add(rule.recipients)
    found.webhooks = [one for one in webhooks if one.is_told(fact.event_type, fact.process_definition_key)]
    return found


_REMINDING = (EventType.TASK_DUE_SOON, EventType.TASK_OVERDUE, EventType.TASK_ESCALATED)


def _resolve_groups(audiences: Sequence[_Audience], limits: Limits) -> Program[None]:
    members: dict[tuple[str, str], list[str]] = {}
    # Groups differ in size by orders of magnitude, so that each is asked for with a limit of its own.
    for group, tenant in sorted({(group, each.fact.tenant_id) for each in audiences for group in each.groups}):
        members[group, tenant] = yield from read_members(group, tenant, limits.group)
    for audience in audiences:
        for group, concern in audience.groups.items():
            for member in members[group, audience.fact.tenant_id]:
                audience.users.setdefault(member, concern)


def _resolve_participants(audiences: Sequence[_Audience], limits: Limits) -> Program[None]:
    assignees: dict[str, list[str]] = {}
    for instance in sorted({each.fact.process_instance_id for each in audiences if each.participants}):
        assignees[instance] = yield from read_assignees(instance, limits.group)
    for audience in audiences:
        if audience.participants:
            concern = audience.fact.concern_of(Role.PARTICIPANTS)
            for user in assignees[audience.fact.process_instance_id]:
                audience.users.setdefault(user, concern)


def _resolve_people(audiences: Sequence[_Audience]) -> Program[dict[str, Subject]]:
    wanted = {user for audience in audiences for user in (*audience.users, *audience.managers_of)}
    known = yield from read_subjects({user for user in wanted if len(user) <= _MAX_ID})
    managers: dict[str, str] = {}
    for audience in audiences:
        for user in audience.managers_of:
            if user in known and (manager := known[user].attributes.get(MANAGER, "")):
                managers[user] = manager
    missing = {one for one in managers.values() if one not in known and len(one) <= _MAX_ID}
    known |= yield from read_subjects(missing)
    for audience in audiences:
        fact = audience.fact
        for user in audience.managers_of:
            if user in managers:
                audience.users.setdefault(managers[user], fact.concern_of(Role.ASSIGNEE_MANAGER))
        for user in list(audience.users):
            subject = known.get(user)
            # A wall: of a tenant nobody is told who does not belong to it.
            stranger = subject is not None and not (subject.active and subject.belongs_to(fact.tenant_id))
            if stranger or user == fact.actor or len(user) > _MAX_ID:
                del audience.users[user]
    return known


def _new_notifications(
    audiences: Sequence[_Audience], known: dict[str, Subject], now: int
) -> Program[list[NotificationRow]]:
    numbers = yield from lock_numbers({user for audience in audiences for user in audience.users})
    wanted: dict[tuple[int, str, str], tuple[_Audience, Concern]] = {}
    for audience in audiences:
        for user, concern in audience.users.items():
            key = (int(RecipientKind.USER), user, audience.fact.key_for(RecipientKind.USER))
            wanted.setdefault(key, (audience, concern))
        for webhook in audience.webhooks:
            key = (int(RecipientKind.WEBHOOK), webhook.id, audience.fact.key_for(RecipientKind.WEBHOOK))
            wanted.setdefault(key, (audience, audience.fact.concern_of(None)))
    before = yield from told_already(wanted)
    rows: list[NotificationRow] = []
    changed: dict[str, int] = {}
    for (kind, recipient, fact_key), (audience, concern) in wanted.items():
        if (kind, recipient, fact_key) in before:
            continue
        row = _row(audience.fact, kind, recipient, fact_key, concern, now)
        if kind == RecipientKind.USER:
            numbers[recipient] += 1
            changed[recipient] = row.number = row.change_number = numbers[recipient]
        rows.append(row)
    yield from write_numbers(changed)
    return rows


def _row(fact: Fact, kind: int, recipient: str, fact_key: str, concern: Concern, now: int) -> NotificationRow:
    over = fact.matter is not None and fact.matter.is_over_for(concern, recipient, fact.due_micros)
    return NotificationRow(
        new_id(),
        kind,
        recipient,
        fact_key,
        int(fact.event_type),
        fact.tenant_id,
        fact.process_instance_id,
        fact.process_definition_key,
        fact.business_key,
        fact.task_id,
        fact.matter_id,
        int(concern),
        fact.event_at,
        now,
        orjson.dumps(fact.data),
        # Programs are told what has happened, whatever became of it.
        obsolete=int(over and kind == RecipientKind.USER),
        due_micros=fact.due_micros,
    )


def _deliveries(
    rows: Sequence[NotificationRow],
    known: dict[str, Subject],
    preferences: dict[str, Preference],
    now: int,
) -> Program[list[DeliveryRow]]:
    deliveries: list[DeliveryRow] = []
    for_digest: list[tuple[DeliveryRow, DeliveryRow]] = []
    for row in rows:
        if row.recipient_kind == RecipientKind.WEBHOOK:
            deliveries.append(_delivery(row, ChannelType.WEBHOOK, now, now))
            continue
        if row.obsolete:
            continue
        # Somebody who is not known may be so in a moment: a user who was made just now.
        subject = known.get(row.recipient_id)
        preference = preferences.get(row.recipient_id) or Preference(row.recipient_id)
        for channel in preference.sent_by(row.event):
            due, digest_due = send_times(preference, subject, channel, now)
            delivery = _delivery(row, channel, now, due)
            deliveries.append(delivery)
            if digest_due is not None:
                delivery.state = int(DeliveryState.IN_DIGEST)
                for_digest.append((delivery, _digest(row, channel, now, digest_due)))
    yield from _join_digests(for_digest)
    return deliveries


def _join_digests(for_digest: Sequence[tuple[DeliveryRow, DeliveryRow]]) -> Program[None]:
    ids = yield from ensure_digests(digest for _, digest in for_digest)
    for delivery, digest in for_digest:
        assert digest.digest_key is not None
        if (digest_id := ids.get(digest.digest_key)) is not None:
            delivery.digest_id = digest_id
        else:
            # The digest of this time is on its way: by itself, rather than late.
            delivery.state = int(DeliveryState.PENDING)


def send_times(
    preference: Preference, subject: Subject | None, channel: ChannelType, now: int
) -> tuple[int, int | None]:
    """Return when something is to be sent to a user, and when in a digest, None where it goes by itself."""
    zone = zone_of(preference.time_zone, "" if subject is None else subject.attributes.get(TIME_ZONE, ""))
    due = now
    in_digest = channel == ChannelType.EMAIL and preference.digest != Digest.NONE
    if in_digest:
        due = (
            next_full_hour(now, zone)
            if preference.digest == Digest.HOURLY
            else next_day_time(now, zone, preference.digest_minute)
        )
    if preference.quiet is not None:
        due = quiet_until(due, zone, *preference.quiet) or due
    return due, due if in_digest else None


def _delivery(row: NotificationRow, channel: ChannelType, now: int, due: int) -> DeliveryRow:
    return DeliveryRow(
        new_id(),
        row.id,
        "",
        None,
        row.recipient_kind,
        row.recipient_id,
        row.tenant_id,
        row.process_instance_id,
        row.event_type,
        int(channel),
        int(DeliveryState.PENDING),
        0,
        0,
        due,
        NO_LEASE,
        "",
        now,
        None,
    )


def _digest(row: NotificationRow, channel: ChannelType, now: int, due: int) -> DeliveryRow:
    digest = _delivery(row, channel, now, due)
    digest.digest_key = f"{row.recipient_id}:{row.tenant_id}:{int(channel)}:{due}"
    digest.notification_id = digest.process_instance_id = ""
    digest.event_type = 0
    return digest
