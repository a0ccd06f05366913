"""The numbers that stand for kinds and states in rows, those of the contract's enums where it has them; and columns."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

NEVER: Final = 0
"""Before every event: positions begin above it."""


class EventType(IntEnum):
    """What notifications tell of."""

    TASK_ASSIGNED = 1
    TASK_OFFERED = 2
    TASK_DUE_SOON = 3
    TASK_OVERDUE = 4
    TASK_ESCALATED = 5
    TASK_COMPLETED = 6
    PROCESS_STARTED = 7
    PROCESS_COMPLETED = 8
    PROCESS_FAILED = 9
    PROCESS_TERMINATED = 10
    INCIDENT_RAISED = 11
    COMMENT_CREATED = 12
    COMMENT_MENTIONED = 13


REMINDERS: Final = (EventType.TASK_DUE_SOON, EventType.TASK_OVERDUE, EventType.TASK_ESCALATED)
"""What is told at a time, not by an event."""
COMMENTS: Final = (EventType.COMMENT_CREATED, EventType.COMMENT_MENTIONED)
"""What is about a task, or about an instance alone."""


class ChannelType(IntEnum):
    """How somebody is reached."""

    INBOX = 1
    EMAIL = 2
    SMS = 3
    PUSH = 4
    CHAT = 5
    WEBHOOK = 6


BY_ADDRESS: Final = (ChannelType.SMS, ChannelType.PUSH, ChannelType.CHAT)
"""Channels whose addresses are in preferences."""


class RecipientKind(IntEnum):
    """Who is told."""

    USER = 1
    WEBHOOK = 2


class Concern(IntEnum):
    """How a recipient has to do with a task, by which it is told when the matter is over."""

    NONE = 0
    """Nothing ever is: it tells of something that is over already."""
    ASSIGNEE = 1
    """Over as soon as the task is another's, or ended."""
    CANDIDATE = 2
    """Over as soon as the task is somebody's, or ended."""
    WATCHER = 3
    """Over as soon as the task or the incident has ended, or the comment was deleted."""


class DeliveryState(IntEnum):
    """Where a delivery stands."""

    PENDING = 1
    DELIVERED = 2
    SKIPPED = 3
    DEAD = 4
    IN_DIGEST = 5
    DISCARDED = 6


class Role(IntEnum):
    """Recipients of rules, by what they have to do with the matter."""

    ASSIGNEE = 1
    CANDIDATES = 2
    OWNER = 3
    INITIATOR = 4
    ASSIGNEE_MANAGER = 5
    PARTICIPANTS = 6
    MENTIONED = 7


class WebhookState(IntEnum):
    """Whether a webhook is used."""

    ENABLED = 1
    DISABLED = 2
    FAILED = 3


class Digest(IntEnum):
    """What is told together."""

    NONE = 0
    HOURLY = 1
    DAILY = 2


OPEN: Final = 1
ENDED: Final = 2
"""States of tasks, instances and incidents."""

ACTIVE: Final = 1
DISABLED: Final = 2
DELETED: Final = 3
"""Statuses of users and service accounts."""

USER: Final = 1
SERVICE_ACCOUNT: Final = 2

TASK: Final = "followed_task"
TASK_COLUMNS: Final = (
    "id",
    "process_instance_id",
    "process_definition_key",
    "tenant_id",
    "business_key",
    "element_id",
    "name",
    "assignee",
    "owner",
    "candidate_users",
    "candidate_groups",
    "due_micros",
    "priority",
    "form_key",
    "state",
    "ended_at",
    "reference_position",
    "assignee_position",
    "state_position",
    "detail_position",
)

INSTANCE: Final = "followed_instance"
INSTANCE_COLUMNS: Final = (
    "id",
    "process_definition_key",
    "process_name",
    "tenant_id",
    "business_key",
    "initiator",
    "end_event",
    "end_micros",
    "end_reason",
    "end_position",
    "started",
    "ended_at",
)

INCIDENT: Final = "followed_incident"
INCIDENT_COLUMNS: Final = ("id", "state", "ended_at")

COMMENT: Final = "followed_comment"
COMMENT_COLUMNS: Final = (
    "id",
    "process_instance_id",
    "task_id",
    "user_id",
    "text",
    "mentioned",
    "commented_at",
    "state",
    "told",
    "ended_at",
)

SUBJECT: Final = "directory_subject"
SUBJECT_COLUMNS: Final = (
    "id",
    "kind",
    "status",
    "display_name",
    "given_name",
    "family_name",
    "email",
    "locale",
    "attributes",
    "tenant_ids",
    "all_tenants",
    "tenant_position",
    "detail_position",
    "status_position",
)

MEMBER: Final = "directory_member"
MEMBER_COLUMNS: Final = ("group_id", "subject_id", "inside", "position")
GROUP: Final = "directory_group"

NOTIFICATION: Final = "notification"
NOTIFICATION_COLUMNS: Final = (
    "id",
    "recipient_kind",
    "recipient_id",
    "fact_key",
    "event_type",
    "tenant_id",
    "process_instance_id",
    "process_definition_key",
    "business_key",
    "task_id",
    "matter_id",
    "concern",
    "event_at",
    "created_at",
    "data",
    "number",
    "change_number",
    "read_at",
    "obsolete",
    "deleted",
    "due_micros",
)

DELIVERY: Final = "delivery"
DELIVERY_COLUMNS: Final = (
    "id",
    "notification_id",
    "digest_id",
    "digest_key",
    "recipient_kind",
    "recipient_id",
    "tenant_id",
    "process_instance_id",
    "event_type",
    "channel",
    "state",
    "forced",
    "attempts",
    "next_attempt_at",
    "lease",
    "reason",
    "created_at",
    "ended_at",
    "earlier_attempts",
)
