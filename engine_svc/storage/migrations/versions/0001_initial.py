"""The engine's tables.

Every table that grows with instances has the instance id, which is time-ordered, at the front of its key.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, Table, text

from mesh.db.tables import (
    CLUSTERED,
    TABLE_OPTIONS,
    blob_type,
    lease_tables,
    long_text_type,
    outbox_table,
    text_type,
)

revision = "0001"
down_revision = None

metadata = MetaData()

Table(
    "process_instance",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("definition_id", text_type(36), nullable=False),
    Column("definition_key", text_type(255), nullable=False),
    Column("definition_version", Integer, nullable=False),
    Column("business_key", text_type(255), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("incident_count", Integer, nullable=False),
    Column("parent_id", text_type(36), nullable=False),
    Column("root_id", text_type(36), nullable=False),
    Column("restarted_from", text_type(36), nullable=False),
    Column("initiator", text_type(255), nullable=False),
    Column("apart", SmallInteger, nullable=False),
    Column("snapshot", blob_type(), nullable=False),
    Index("process_instance_by_status", "status", "id"),
    Index("process_instance_by_definition", "definition_key", "id"),
    # Finds the running instances of a version among any number of ended ones.
    Index("process_instance_by_version", "definition_id", "status", "id"),
    Index("process_instance_by_business_key", "business_key", "id"),
    # Where nobody is named who started, and no tenant, these cost nothing on a database that can leave them out.
    Index("process_instance_by_initiator", "initiator", "id", sqlite_where=text("initiator<>''")),
    Index("process_instance_by_tenant", "tenant_id", "id", sqlite_where=text("tenant_id<>''")),
    **TABLE_OPTIONS,
)

# Of instances with many tokens and scopes: those with neighbouring keys lie in one part.
Table(
    "instance_part",
    metadata,
    Column("instance_id", text_type(36), primary_key=True),
    Column("part", BigInteger, primary_key=True, autoincrement=False),
    Column("content", blob_type(), nullable=False),
    **TABLE_OPTIONS,
)

# Values of variables that are too large to be written again whenever something else changes.
Table(
    "instance_value",
    metadata,
    Column("instance_id", text_type(36), primary_key=True),
    Column("content_hash", text_type(64), primary_key=True),
    Column("content", blob_type(), nullable=False),
    **TABLE_OPTIONS,
)

Table(
    "user_task",
    metadata,
    Column("instance_id", text_type(36), primary_key=True),
    Column("task_key", BigInteger, primary_key=True, autoincrement=False),
    Column("element_id", text_type(255), nullable=False),
    Column("name", long_text_type(), nullable=False),
    Column("description", long_text_type(), nullable=False),
    Column("assignee", text_type(255), nullable=False),
    Column("candidate_users", long_text_type(), nullable=False),
    Column("candidate_groups", long_text_type(), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("claimed_at", BigInteger, nullable=False),
    Column("form_key", text_type(512), nullable=False),
    Column("suspended", SmallInteger, nullable=False),
    Column("definition_id", text_type(36), nullable=False),
    Column("definition_key", text_type(255), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("owner", text_type(255), nullable=False),
    Column("delegation_state", SmallInteger, nullable=False),
    Column("follow_up_at", BigInteger, nullable=False),
    Column("category", text_type(255), nullable=False),
    Column("business_key", text_type(255), nullable=False),
    Column("parent_key", BigInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Index("user_task_by_assignee", "assignee", "created_at", "instance_id", "task_key"),
    Index("user_task_by_creation", "created_at", "instance_id", "task_key"),
    Index("user_task_by_definition", "definition_key", "created_at", "instance_id", "task_key"),
    # Most tasks have no owner and no due time; where the database can, they cost these indexes nothing.
    Index("user_task_by_owner", "owner", "created_at", "instance_id", "task_key", sqlite_where=text("owner<>''")),
    Index(
        "user_task_by_tenant", "tenant_id", "created_at", "instance_id", "task_key", sqlite_where=text("tenant_id<>''")
    ),
    Index("user_task_by_due_time", "due_at", "instance_id", "task_key", sqlite_where=text("due_at>0")),
    **CLUSTERED,
)

Table(
    "user_task_candidate",
    metadata,
    Column("instance_id", text_type(36), primary_key=True),
    Column("task_key", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("candidate", text_type(255), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Index("user_task_candidate_by_candidate", "kind", "candidate", "created_at", "instance_id", "task_key"),
    **CLUSTERED,
)

Table(
    "comment",
    metadata,
    Column("instance_id", text_type(36), primary_key=True),
    Column("comment_key", BigInteger, primary_key=True, autoincrement=False),
    Column("task_key", BigInteger, nullable=False),
    Column("definition_id", text_type(36), nullable=False),
    Column("user_id", text_type(255), nullable=False),
    Column("content", long_text_type(), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    **CLUSTERED,
)

Table(
    "attachment",
    metadata,
    Column("instance_id", text_type(36), primary_key=True),
    Column("attachment_key", BigInteger, primary_key=True, autoincrement=False),
    Column("task_key", BigInteger, nullable=False),
    Column("definition_id", text_type(36), nullable=False),
    Column("user_id", text_type(255), nullable=False),
    Column("name", text_type(255), nullable=False),
    Column("description", long_text_type(), nullable=False),
    Column("content_type", text_type(255), nullable=False),
    Column("url", long_text_type(), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    **CLUSTERED,
)

# Apart, so that lists do not read them.
Table(
    "attachment_content",
    metadata,
    Column("instance_id", text_type(36), primary_key=True),
    Column("attachment_key", BigInteger, primary_key=True, autoincrement=False),
    Column("content", blob_type(), nullable=False),
    **TABLE_OPTIONS,
)

Table(
    "job",
    metadata,
    Column("instance_id", text_type(36), primary_key=True),
    Column("job_key", BigInteger, primary_key=True, autoincrement=False),
    Column("type", text_type(255), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("priority_order", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("available_at", BigInteger, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("lease_owner", text_type(255), nullable=False),
    Column("lease_sequence", BigInteger, nullable=False),
    Column("error_message", long_text_type(), nullable=False),
    Column("element_id", text_type(255), nullable=False),
    Column("definition_id", text_type(36), nullable=False),
    Column("definition_key", text_type(255), nullable=False),
    Column("business_key", text_type(255), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("headers", blob_type(), nullable=False),
    Column("inputs", blob_type(), nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("waits", long_text_type(), nullable=False),
    # Of the engine's own jobs alone; what makes jobs for workers does not write them.
    Column("failed_attempts", Integer, nullable=False, server_default="0"),
    Column("error_details", long_text_type()),
    Index("job_by_type", "type", "state", "priority_order", "created_at", "instance_id", "job_key"),
    Index("job_by_availability", "state", "available_at"),
    **CLUSTERED,
)

# The last of the engine's own jobs that were done or given up. Ids are time-ordered.
Table(
    "finished_job",
    metadata,
    Column("definition_key", text_type(255), primary_key=True),
    Column("outcome", SmallInteger, primary_key=True, autoincrement=False),
    Column("id", text_type(36), primary_key=True),
    Column("instance_id", text_type(36), nullable=False),
    Column("job_key", BigInteger, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("element_id", text_type(255), nullable=False),
    Column("definition_id", text_type(36), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("error_message", long_text_type(), nullable=False),
    Column("error_details", long_text_type(), nullable=False),
    **CLUSTERED,
)

Table(
    "event_subscription",
    metadata,
    Column("instance_id", text_type(36), primary_key=True),
    Column("subscription_key", BigInteger, primary_key=True, autoincrement=False),
    Column("type", SmallInteger, nullable=False),
    Column("name", text_type(255), nullable=False),
    Column("correlation_key", text_type(255), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("element_id", text_type(255), nullable=False),
    Column("activity_key", BigInteger, nullable=False),
    Column("definition_id", text_type(36), nullable=False),
    Column("definition_key", text_type(255), nullable=False),
    Column("business_key", text_type(255), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Index(
        "event_subscription_by_name",
        "type",
        "name",
        "correlation_key",
        "tenant_id",
        "instance_id",
        "subscription_key",
    ),
    **CLUSTERED,
)

# Start events that wait for messages, signals and conditions; only those of the newest versions are active.
Table(
    "start_subscription",
    metadata,
    Column("definition_id", text_type(36), primary_key=True),
    Column("element_id", text_type(255), primary_key=True),
    Column("type", SmallInteger, nullable=False),
    Column("name", text_type(255), nullable=False),
    Column("active", SmallInteger, nullable=False),
    Column("definition_key", text_type(255), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("start_subscription_by_name", "type", "name", "tenant_id", "active"),
    **CLUSTERED,
)

# Start timers of every version; only those of the newest versions have a time to run, 0 stands for none.
Table(
    "start_timer",
    metadata,
    Column("definition_id", text_type(36), primary_key=True),
    Column("element_id", text_type(255), primary_key=True),
    Column("kind", text_type(16), nullable=False),
    Column("text", long_text_type(), nullable=False),
    Column("end_date", long_text_type(), nullable=False),
    Column("cycle", long_text_type(), nullable=False),
    Column("fired", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("run_at", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("error_message", long_text_type(), nullable=False),
    Column("definition_key", text_type(255), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Index("start_timer_by_time", "run_at"),
    **CLUSTERED,
)

# Messages that are kept until something waits for them, and for a while what became of the others.
Table(
    "message",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("name", text_type(255), nullable=False),
    Column("correlation_key", text_type(255), nullable=False),
    Column("message_id", text_type(128), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    Column("kept_until", BigInteger, nullable=False),
    Column("instance_id", text_type(36), nullable=False),
    Column("started", SmallInteger, nullable=False),
    Column("explanation", long_text_type(), nullable=False),
    Column("variables", blob_type(), nullable=False),
    Index("message_by_name", "name", "correlation_key", "tenant_id", "state", "id"),
    Index("message_by_state", "state", "id"),
    Index("message_by_time", "state", "kept_until"),
    **TABLE_OPTIONS,
)

# The last instance that messages of a name and correlation key started: only one of them runs at a time.
Table(
    "message_start",
    metadata,
    Column("tenant_id", text_type(64), primary_key=True),
    Column("name", text_type(255), primary_key=True),
    Column("correlation_key", text_type(255), primary_key=True),
    Column("instance_id", text_type(36), nullable=False),
    **CLUSTERED,
)

# Signals and messages that instances threw, until they were delivered.
Table(
    "thrown_event",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("type", SmallInteger, nullable=False),
    Column("name", text_type(255), nullable=False),
    Column("correlation_key", text_type(255), nullable=False),
    Column("variables", blob_type(), nullable=False),
    Column("everywhere", SmallInteger, nullable=False),
    Column("instance_id", text_type(36), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    **TABLE_OPTIONS,
)

Table(
    "incident",
    metadata,
    Column("instance_id", text_type(36), primary_key=True),
    Column("incident_key", BigInteger, primary_key=True, autoincrement=False),
    Column("type", SmallInteger, nullable=False),
    Column("element_id", text_type(255), nullable=False),
    Column("job_key", BigInteger, nullable=False),
    Column("message", long_text_type(), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("definition_id", text_type(36), nullable=False),
    Column("definition_key", text_type(255), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Index("incident_by_creation", "created_at", "instance_id", "incident_key"),
    **CLUSTERED,
)

# What migrations need to be undone: the state before, and the rows that they ended.
Table(
    "migration_journal",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("instance_id", text_type(36), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("final", SmallInteger, nullable=False),
    Column("source_definition_id", text_type(36), nullable=False),
    Column("target_definition_id", text_type(36), nullable=False),
    Column("revision_after", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("reverted_at", BigInteger, nullable=False),
    Column("snapshot", blob_type(), nullable=False),
    Column("ended_rows", blob_type(), nullable=False),
    Index("migration_journal_by_instance", "instance_id", "id"),
    Index("migration_journal_by_creation", "created_at"),
    **TABLE_OPTIONS,
)

# What follows the completion of an instance whose business system has to acknowledge it.
Table(
    "saga",
    metadata,
    Column("instance_id", text_type(36), primary_key=True),
    Column("state", SmallInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("timeout_micros", BigInteger, nullable=False),
    # 0 once the saga has ended.
    Column("due_at", BigInteger, nullable=False),
    Column("told_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("last_step", Integer, nullable=False),
    Column("definition_id", text_type(36), nullable=False),
    Column("definition_key", text_type(255), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("reason", long_text_type(), nullable=False),
    Index("saga_by_due", "due_at", "instance_id"),
    Index("saga_by_end", "ended_at"),
    Index("saga_by_state", "state", "created_at", "instance_id"),
    Index("saga_by_creation", "created_at", "instance_id"),
    **TABLE_OPTIONS,
)

# The steps of the sagas.
Table(
    "transaction_log",
    metadata,
    Column("instance_id", text_type(36), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("step", text_type(64), nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("duration_ms", BigInteger, nullable=False),
    Column("error", long_text_type(), nullable=False),
    **CLUSTERED,
)

Table(
    "batch",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("name", text_type(255), nullable=False),
    Column("kind", text_type(32), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("failed", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("operation", blob_type(), nullable=False),
    Column("creator", text_type(255), nullable=False),
    # What the creator's grants opened: the items are worked on with these rows and no others.
    Column("open_rows", blob_type(), nullable=False),
    Index("batch_by_state", "state", "id"),
    Index("batch_by_creator", "creator", "id"),
    Index("batch_by_end", "ended_at"),
    **TABLE_OPTIONS,
)

# An item is worked on by who has its lease; whose lease ran out is taken over.
Table(
    "batch_item",
    metadata,
    Column("batch_id", text_type(36), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("target_id", text_type(64), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("lease_until", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("error_reason", text_type(64), nullable=False),
    Column("error_message", long_text_type(), nullable=False),
    Index("batch_item_by_state", "batch_id", "state", "number"),
    **CLUSTERED,
)

# Request ids come from callers and have no order. The rows lie by age, so that new ones share pages; only the
# narrow index is written all over.
Table(
    "request_record",
    metadata,
    Column("created_at", BigInteger, primary_key=True, autoincrement=False),
    Column("method", text_type(64), primary_key=True),
    Column("request_id", text_type(128), primary_key=True),
    Column("fingerprint", text_type(64), nullable=False),
    Column("response", blob_type(), nullable=False),
    Index("request_record_by_id", "request_id", "method", unique=True),
    **CLUSTERED,
)

Table(
    "deployment",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("name", text_type(255), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("content_hash", text_type(64), nullable=False),
    Column("deleting", SmallInteger, nullable=False),
    Index("deployment_by_name", "tenant_id", "name", "id"),
    **TABLE_OPTIONS,
)

Table(
    "deployment_resource",
    metadata,
    Column("deployment_id", text_type(36), primary_key=True),
    Column("name", text_type(255), primary_key=True),
    Column("content", blob_type(), nullable=False),
    **TABLE_OPTIONS,
)

Table(
    "process_definition",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("definition_key", text_type(255), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", long_text_type(), nullable=False),
    Column("description", long_text_type(), nullable=False),
    Column("version_tag", long_text_type(), nullable=False),
    Column("deployment_id", text_type(36), nullable=False),
    Column("resource_name", text_type(255), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("latest", SmallInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Index("process_definition_by_key", "tenant_id", "definition_key", "version", unique=True),
    Index("process_definition_by_deployment", "deployment_id"),
    **TABLE_OPTIONS,
)

Table(
    "definition_epoch",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
    **TABLE_OPTIONS,
)

# What the engine processes share and nobody else may know.
Table(
    "engine_secret",
    metadata,
    Column("name", text_type(64), primary_key=True),
    Column("content", blob_type(), nullable=False),
    **TABLE_OPTIONS,
)

outbox_table(metadata)
lease_tables(metadata)


def upgrade() -> None:
    """Create the tables; what is there already after a migration that broke off is kept."""
    connection = op.get_bind()
    metadata.create_all(connection, checkfirst=True)
    if connection.execute(text("SELECT COUNT(*) FROM definition_epoch")).scalar() == 0:
        connection.execute(text("INSERT INTO definition_epoch (id, epoch) VALUES (1, 0)"))
