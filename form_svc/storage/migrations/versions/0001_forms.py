"""The tables of forms, drafts, submissions and files."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, Table, inspect

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

# How far the versions of a form have counted. What was deleted stays counted.
Table(
    "form_counter",
    metadata,
    Column("tenant_id", text_type(64), primary_key=True),
    Column("form_key", text_type(255), primary_key=True),
    Column("last_version", Integer, nullable=False),
    **CLUSTERED,
)

Table(
    "form_definition",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("form_key", text_type(255), nullable=False),
    Column("version", Integer, nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("name", text_type(255), nullable=False),
    Column("version_tag", text_type(255), nullable=False),
    Column("deployment_id", text_type(64), nullable=False),
    Column("resource_name", text_type(255), nullable=False),
    Column("schema_version", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", text_type(64), nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("created_by", text_type(255), nullable=False),
    # Of the deployment, by which the newest is told; deployments may be taken in in another order.
    Column("deployed_at", micros_type(), nullable=False),
    Column("latest", SmallInteger, nullable=False),
    Index("form_definition_by_key", "tenant_id", "form_key", "version", unique=True),
    Index("form_definition_by_time", "tenant_id", "form_key", "deployed_at", "version"),
    Index("form_definition_by_deployment", "deployment_id", "resource_name"),
    Index("form_definition_by_tenant", "tenant_id", "id"),
    **TABLE_OPTIONS,
)

# Apart from what lists read.
Table(
    "form_schema",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("content", blob_type(), nullable=False),
    **TABLE_OPTIONS,
)

# Deployments of the engine whose forms have been taken in; with `deleted` those that are gone again.
Table(
    "deployment_intake",
    metadata,
    Column("deployment_id", text_type(64), primary_key=True),
    Column("deleted", SmallInteger, nullable=False),
    Column("taken_at", micros_type(), nullable=False),
    **CLUSTERED,
)

Table(
    "form_draft",
    metadata,
    Column("user_task_id", text_type(64), primary_key=True),
    Column("user_id", text_type(255), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("data", blob_type(), nullable=False),
    Column("updated_at", micros_type(), nullable=False),
    Index("form_draft_by_time", "updated_at", "user_task_id", "user_id"),
    **TABLE_OPTIONS,
)

# `scope` is a digest over method, user and request id: it makes a submission happen once. `next_attempt_at` counts
# while it is pending.
Table(
    "submission",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("kind", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("process_definition_id", text_type(64), nullable=False),
    Column("process_definition_key", text_type(255), nullable=False),
    Column("process_instance_id", text_type(64), nullable=False),
    Column("user_task_id", text_type(64), nullable=False),
    Column("element_id", text_type(255), nullable=False),
    Column("form_definition_id", text_type(36), nullable=False),
    Column("form_key", text_type(512), nullable=False),
    Column("form_version", Integer, nullable=False),
    Column("submitted_by", text_type(255), nullable=False),
    Column("outcome", long_text_type(), nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("settled_at", micros_type(), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_attempt_at", micros_type(), nullable=False),
    Column("refusal_reason", text_type(64), nullable=False),
    Column("refusal_message", long_text_type(), nullable=False),
    Column("scope", text_type(64), nullable=False),
    Column("fingerprint", text_type(64), nullable=False),
    Index("submission_by_scope", "scope", unique=True),
    Index("submission_by_attempt", "state", "next_attempt_at", "id"),
    Index("submission_by_state", "state", "id"),
    Index("submission_by_tenant", "tenant_id", "id"),
    Index("submission_by_definition", "process_definition_key", "id"),
    Index("submission_by_instance", "process_instance_id", "id"),
    Index("submission_by_task", "user_task_id", "id"),
    Index("submission_by_user", "submitted_by", "id"),
    Index("submission_by_form", "form_key", "id"),
    **TABLE_OPTIONS,
)

Table(
    "submission_content",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("data", blob_type(), nullable=False),
    Column("actor_rows", blob_type(), nullable=False),
    # What the engine is sent, the same each time.
    Column("engine_request", blob_type(), nullable=False),
    # What the engine answered or refused with; empty while it is pending.
    Column("engine_answer", blob_type(), nullable=False),
    **TABLE_OPTIONS,
)

# `expires_at` counts while `submission_id` is empty. `root_process_instance_id`: at the top of those that called one
# another.
Table(
    "form_file",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("state", SmallInteger, nullable=False),
    Column("name", text_type(255), nullable=False),
    Column("content_type", text_type(255), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", text_type(64), nullable=False),
    Column("tenant_id", text_type(64), nullable=False),
    Column("field_key", text_type(255), nullable=False),
    Column("process_definition_id", text_type(64), nullable=False),
    Column("process_definition_key", text_type(255), nullable=False),
    Column("process_instance_id", text_type(64), nullable=False),
    Column("root_process_instance_id", text_type(64), nullable=False),
    Column("user_task_id", text_type(64), nullable=False),
    Column("submission_id", text_type(36), nullable=False),
    Column("uploaded_by", text_type(255), nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("expires_at", micros_type(), nullable=False),
    Index("form_file_by_submission", "submission_id", "expires_at", "id"),
    Index("form_file_by_user", "uploaded_by", "submission_id", "id"),
    Index("form_file_by_instance", "process_instance_id", "id"),
    **TABLE_OPTIONS,
)

Table(
    "form_file_chunk",
    metadata,
    Column("file_id", text_type(36), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("content", blob_type(), nullable=False),
    **TABLE_OPTIONS,
)

# Request ids come from callers: those of one are none of another's business.
Table(
    "request_record",
    metadata,
    Column("created_at", micros_type(), primary_key=True, autoincrement=False),
    Column("method", text_type(64), primary_key=True),
    Column("actor_id", text_type(255), primary_key=True),
    Column("request_id", text_type(128), primary_key=True),
    Column("fingerprint", text_type(64), nullable=False),
    Column("response", blob_type(), nullable=False),
    Index("request_record_by_id", "request_id", "method", "actor_id", unique=True),
    **CLUSTERED,
)

inbox_table(metadata)
outbox_table(metadata)
lease_tables(metadata)


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


def downgrade() -> None:
    """Drop the tables, and with them all that was submitted."""
    metadata.drop_all(op.get_bind())
