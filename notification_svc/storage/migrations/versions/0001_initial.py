"""The tables of notifications."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, Table, inspect, text

from mesh.db.tables import (
    CLUSTERED,
    TABLE_OPTIONS,
    blob_type,
    inbox_table,
    lease_tables,
    long_text_type,
    micros_type,
    outbox_table,
    text_type,
)

revision = "0001"
down_revision = None

metadata = MetaData()

# What events told of tasks, for as long as something may be told of them. `…_position`: of the event that told it.
Table(
    "followed_task",
    metadata,
    Column("id", text_type(64), primary_key=True),
    Column("process_instance_id", text_type(64), nullable=False),
    Column("process_definition_key", text_type(255), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("business_key", text_type(255), nullable=False),
    Column("element_id", text_type(255), nullable=False),
    Column("name", long_text_type(), nullable=False),
    Column("assignee", text_type(255), nullable=False),
    Column("owner", text_type(255), nullable=False),
    Column("candidate_users", blob_type(), nullable=False),
    Column("candidate_groups", blob_type(), nullable=False),
    Column("due_micros", micros_type()),
    Column("priority", Integer, nullable=False),
    Column("form_key", long_text_type(), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("ended_at", micros_type()),
    Column("reference_position", BigInteger, nullable=False),
    Column("assignee_position", BigInteger, nullable=False),
    Column("state_position", BigInteger, nullable=False),
    Column("detail_position", BigInteger, nullable=False),
    Index("followed_task_open", "tenant_id", "state", "id"),
    Index("followed_task_by_instance", "process_instance_id", "state", "assignee"),
    Index("followed_task_ended", "ended_at"),
    **CLUSTERED,
)

Table(
    "followed_instance",
    metadata,
    Column("id", text_type(64), primary_key=True),
    Column("process_definition_key", text_type(255), nullable=False),
    Column("process_name", text_type(255), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("business_key", text_type(255), nullable=False),
    Column("initiator", text_type(255), nullable=False),
    Column("end_event", SmallInteger, nullable=False),
    Column("end_micros", micros_type(), nullable=False),
    Column("end_reason", long_text_type(), nullable=False),
    Column("end_position", BigInteger, nullable=False),
    Column("started", SmallInteger, nullable=False),
    Column("ended_at", micros_type()),
    Index("followed_instance_ended", "ended_at"),
    **CLUSTERED,
)

Table(
    "followed_incident",
    metadata,
    Column("id", text_type(64), primary_key=True),
    Column("state", SmallInteger, nullable=False),
    Column("ended_at", micros_type()),
    Index("followed_incident_ended", "ended_at"),
    **CLUSTERED,
)

# Comments of the last days: what is on a task or an instance that is not known yet is told when that is (`told`).
Table(
    "followed_comment",
    metadata,
    Column("id", text_type(64), primary_key=True),
    Column("process_instance_id", text_type(64), nullable=False),
    Column("task_id", text_type(64), nullable=False),
    Column("user_id", text_type(255), nullable=False),
    Column("text", long_text_type(), nullable=False),
    Column("mentioned", blob_type(), nullable=False),
    Column("commented_at", micros_type(), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("told", SmallInteger, nullable=False),
    Column("ended_at", micros_type(), nullable=False),
    Index("followed_comment_waiting", "process_instance_id", "told", "id"),
    Index("followed_comment_ended", "ended_at"),
    **CLUSTERED,
)

# Who there is, as identity tells. Lists are JSON.
Table(
    "directory_subject",
    metadata,
    Column("id", text_type(64), primary_key=True),
    Column("kind", SmallInteger, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("display_name", text_type(255), nullable=False),
    Column("given_name", text_type(255), nullable=False),
    Column("family_name", text_type(255), nullable=False),
    Column("email", text_type(255), nullable=False),
    Column("locale", text_type(35), nullable=False),
    Column("attributes", blob_type(), nullable=False),
    Column("tenant_ids", blob_type(), nullable=False),
    Column("all_tenants", SmallInteger, nullable=False),
    Column("tenant_position", micros_type(), nullable=False),
    Column("detail_position", micros_type(), nullable=False),
    Column("status_position", micros_type(), nullable=False),
    **CLUSTERED,
)

# Who is in which group. Who has left keeps its row, so that no event that comes late puts it back.
Table(
    "directory_member",
    metadata,
    Column("group_id", text_type(64), primary_key=True),
    Column("subject_id", text_type(64), primary_key=True),
    Column("inside", SmallInteger, nullable=False),
    Column("position", micros_type(), nullable=False),
    Index("directory_member_by_subject", "subject_id", "group_id"),
    **CLUSTERED,
)

# Groups that were deleted, and when: nobody is in them by what was told before.
Table(
    "directory_group",
    metadata,
    Column("id", text_type(64), primary_key=True),
    Column("deleted_at", micros_type(), nullable=False),
    **CLUSTERED,
)

# How far the directory was read as a whole.
Table(
    "directory_reading",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("page_token", text_type(1024), nullable=False),
    Column("begun_at", micros_type(), nullable=False),
    Column("done_at", micros_type(), nullable=False),
    **TABLE_OPTIONS,
)

# `number` counts the notifications of a user, `change_number` rises with each change of one: both are given under the
# lock of the user's row in `inbox_counter`, so that they become visible in their order.
Table(
    "notification",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("recipient_kind", SmallInteger, nullable=False),
    Column("recipient_id", text_type(64), nullable=False),
    Column("fact_key", text_type(160), nullable=False),
    Column("event_type", SmallInteger, nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("process_instance_id", text_type(64), nullable=False),
    Column("process_definition_key", text_type(255), nullable=False),
    Column("business_key", text_type(255), nullable=False),
    Column("task_id", text_type(64), nullable=False),
    # What it is about as long as it is not over: a task, an incident or a comment.
    Column("matter_id", text_type(64), nullable=False),
    Column("concern", SmallInteger, nullable=False),
    Column("event_at", micros_type(), nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("data", blob_type(), nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("change_number", BigInteger, nullable=False),
    Column("read_at", micros_type()),
    Column("obsolete", SmallInteger, nullable=False),
    Column("deleted", SmallInteger, nullable=False),
    # Of what is told at a time: the due time of the task that it holds for.
    Column("due_micros", micros_type()),
    Index("notification_by_fact", "recipient_kind", "recipient_id", "fact_key", unique=True),
    Index("notification_by_number", "recipient_kind", "recipient_id", "number"),
    Index("notification_by_change", "recipient_kind", "recipient_id", "change_number"),
    Index("notification_unread", "recipient_kind", "recipient_id", "read_at", "number"),
    Index("notification_by_matter", "matter_id"),
    Index("notification_by_creation", "created_at"),
    **CLUSTERED,
)

Table(
    "inbox_counter",
    metadata,
    Column("user_id", text_type(64), primary_key=True),
    Column("last_number", BigInteger, nullable=False),
    **CLUSTERED,
)

# One message by one channel. `next_attempt_at` is also the end of the lease of who is sending it, named by `lease`.
Table(
    "delivery",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("notification_id", text_type(36), nullable=False),
    Column("digest_id", text_type(36), nullable=False),
    # Of a digest: whose, by which channel, when due. NULL of single ones.
    Column("digest_key", text_type(255)),
    Column("recipient_kind", SmallInteger, nullable=False),
    Column("recipient_id", text_type(64), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("process_instance_id", text_type(64), nullable=False),
    Column("event_type", SmallInteger, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    # A caller wants it sent whatever became of its matter.
    Column("forced", SmallInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", micros_type(), nullable=False),
    Column("lease", text_type(36), nullable=False),
    Column("reason", long_text_type(), nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("ended_at", micros_type()),
    # Those before it was sent again by a caller's wish.
    Column("earlier_attempts", Integer, nullable=False),
    Index("delivery_due", "state", "channel", "next_attempt_at", "id"),
    Index("delivery_due_to", "state", "channel", "recipient_id", "next_attempt_at", "id"),
    Index("delivery_by_notification", "notification_id"),
    Index("delivery_by_digest", "digest_id"),
    Index("delivery_by_digest_key", "digest_key", unique=True),
    Index("delivery_by_state", "state", "id"),
    Index("delivery_by_tenant", "tenant_id", "id"),
    Index("delivery_by_recipient", "recipient_id", "id"),
    Index("delivery_by_instance", "process_instance_id", "id"),
    Index("delivery_by_creation", "created_at"),
    **CLUSTERED,
)

Table(
    "delivery_attempt",
    metadata,
    Column("delivery_id", text_type(36), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("attempted_at", micros_type(), nullable=False),
    Column("delivered", SmallInteger, nullable=False),
    Column("detail", long_text_type(), nullable=False),
    **CLUSTERED,
)

# Times of day are minutes; -1 where there are no quiet hours. Channels and addresses are JSON; addresses are encrypted.
Table(
    "preference",
    metadata,
    Column("user_id", text_type(64), primary_key=True),
    Column("language", text_type(35), nullable=False),
    Column("time_zone", text_type(64), nullable=False),
    Column("quiet_start", SmallInteger, nullable=False),
    Column("quiet_end", SmallInteger, nullable=False),
    Column("digest", SmallInteger, nullable=False),
    Column("digest_minute", SmallInteger, nullable=False),
    Column("channels", blob_type(), nullable=False),
    Column("addresses", blob_type(), nullable=False),
    Column("revision", BigInteger, nullable=False),
    **CLUSTERED,
)

Table(
    "notification_rule",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("tenant_id", text_type(64), nullable=False),
    Column("event_type", SmallInteger, nullable=False),
    Column("process_definition_key", text_type(255), nullable=False),
    Column("element_id", text_type(255), nullable=False),
    Column("recipients", blob_type(), nullable=False),
    Column("offset_micros", BigInteger, nullable=False),
    Column("replaces_default", SmallInteger, nullable=False),
    Column("disabled", SmallInteger, nullable=False),
    Column("description", long_text_type(), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("updated_at", micros_type(), nullable=False),
    Index("notification_rule_by_tenant", "tenant_id", "id"),
    **CLUSTERED,
)

# Tenants whose rules about reminders were changed, and how far the reminders of their open tasks follow already.
Table(
    "rule_change",
    metadata,
    Column("tenant_id", text_type(64), primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("after_task_id", text_type(64), nullable=False),
    **CLUSTERED,
)

# Something to be told at a time. `rule_id`: the rule that says so, or the name of a default.
Table(
    "reminder",
    metadata,
    Column("task_id", text_type(64), primary_key=True),
    Column("rule_id", text_type(36), primary_key=True),
    Column("event_type", SmallInteger, nullable=False),
    Column("due_micros", micros_type(), nullable=False),
    Column("remind_at", micros_type(), nullable=False),
    Index("reminder_due", "remind_at", "task_id", "rule_id"),
    **CLUSTERED,
)

# Secrets are encrypted. `former_until`: until then messages are signed with the former secret as well. `held_until`:
# after a failure nothing is sent before.
Table(
    "webhook",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("tenant_id", text_type(64), nullable=False),
    Column("url", long_text_type(), nullable=False),
    Column("event_types", blob_type(), nullable=False),
    Column("process_definition_keys", blob_type(), nullable=False),
    Column("description", long_text_type(), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("consecutive_failures", Integer, nullable=False),
    Column("held_until", micros_type(), nullable=False),
    Column("failure", long_text_type(), nullable=False),
    Column("secret", blob_type(), nullable=False),
    Column("former_secret", blob_type(), nullable=False),
    Column("former_until", micros_type(), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("updated_at", micros_type(), nullable=False),
    Index("webhook_by_tenant", "tenant_id", "id"),
    **CLUSTERED,
)

Table(
    "template",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("tenant_id", text_type(64), nullable=False),
    Column("event_type", SmallInteger, nullable=False),
    Column("channel", SmallInteger, nullable=False),
    Column("language", text_type(35), nullable=False),
    Column("subject", long_text_type(), nullable=False),
    Column("text", long_text_type(), nullable=False),
    Column("html", long_text_type(), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("updated_at", micros_type(), nullable=False),
    Index("template_by_use", "tenant_id", "event_type", "channel", "language", unique=True),
    **CLUSTERED,
)

# Request ids come from callers: those of one are none of another's business.
Table(
    "request_record",
    metadata,
    Column("created_at", micros_type(), primary_key=True, autoincrement=False),
    Column("method", text_type(64), primary_key=True),
    Column("actor_id", text_type(64), primary_key=True),
    Column("request_id", text_type(128), primary_key=True),
    Column("fingerprint", text_type(64), nullable=False),
    Column("response", blob_type(), nullable=False),
    Index("request_record_by_id", "request_id", "method", "actor_id", unique=True),
    **CLUSTERED,
)

# Changes of callers take turns by these rows, so that a request whose outcome is not known can be settled.
Table(
    "command_lock",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    **TABLE_OPTIONS,
)

inbox_table(metadata)
outbox_table(metadata)
lease_tables(metadata)

_LOCKS = 64


def upgrade() -> None:
    """Create the tables. Can be run again where it broke off: MariaDB commits each table by itself."""
    connection = op.get_bind()
    metadata.create_all(connection)
    present = inspect(connection)
    for table in metadata.sorted_tables:
        indexes = {index["name"] for index in present.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in indexes:
                index.create(connection)
    if connection.execute(text("SELECT COUNT(*) FROM command_lock")).scalar() == 0:
        rows = ",".join(f"({number})" for number in range(_LOCKS))
        connection.execute(text(f"INSERT INTO command_lock (id) VALUES {rows}"))
    if connection.execute(text("SELECT COUNT(*) FROM directory_reading")).scalar() == 0:
        row = "INSERT INTO directory_reading (id, page_token, begun_at, done_at) VALUES (1, '', 0, 0)"
        connection.execute(text(row))


def downgrade() -> None:
    """Drop the tables, and with them every inbox."""
    metadata.drop_all(op.get_bind())
