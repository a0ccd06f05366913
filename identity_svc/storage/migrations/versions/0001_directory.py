"""The tables of the directory: who there is, what they were granted, and what was changed."""

from __future__ import annotations

from alembic import op
from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, SmallInteger, Table, inspect, text

from mesh.db.tables import (
    CLUSTERED,
    TABLE_OPTIONS,
    blob_type,
    lease_tables,
    long_text_type,
    micros_type,
    outbox_table,
    text_type,
)

revision = "0001"
down_revision = None

metadata = MetaData()

# The tenant without a name has no row: it is always there.
Table(
    "tenant",
    metadata,
    Column("id", text_type(64), primary_key=True),
    Column("display_name", text_type(255), nullable=False),
    Column("description", long_text_type(), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("updated_at", micros_type(), nullable=False),
    **CLUSTERED,
)

# Users and service accounts. Who was deleted keeps the row, without a name: the id is not given to anybody else.
Table(
    "subject",
    metadata,
    Column("id", text_type(64), primary_key=True),
    Column("kind", SmallInteger, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("display_name", text_type(255), nullable=False),
    Column("description", long_text_type(), nullable=False),
    Column("all_tenants", SmallInteger, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("updated_at", micros_type(), nullable=False),
    Index("subject_by_kind", "kind", "id"),
    Index("subject_by_status", "kind", "status", "id"),
    **CLUSTERED,
)

# What is known of users alone. `email_key` is the address in lower case, by which users may sign in; NULL without one.
Table(
    "user_data",
    metadata,
    Column("subject_id", text_type(64), primary_key=True),
    Column("email", text_type(255), nullable=False),
    Column("email_key", text_type(255)),
    Column("given_name", text_type(255), nullable=False),
    Column("family_name", text_type(255), nullable=False),
    Column("locale", text_type(35), nullable=False),
    Index("user_data_by_email", "email_key", unique=True),
    **CLUSTERED,
)

Table(
    "subject_tenant",
    metadata,
    Column("subject_id", text_type(64), primary_key=True),
    Column("tenant_id", text_type(64), primary_key=True),
    Index("subject_tenant_by_tenant", "tenant_id", "subject_id"),
    **CLUSTERED,
)

# A group belongs to one tenant; or to the whole mesh, and then its tenant is the empty text.
Table(
    "subject_group",
    metadata,
    Column("id", text_type(64), primary_key=True),
    Column("tenant_id", text_type(64), nullable=False),
    Column("all_tenants", SmallInteger, nullable=False),
    Column("display_name", text_type(255), nullable=False),
    Column("description", long_text_type(), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("updated_at", micros_type(), nullable=False),
    Index("subject_group_by_tenant", "tenant_id", "id"),
    **CLUSTERED,
)

Table(
    "group_member",
    metadata,
    Column("group_id", text_type(64), primary_key=True),
    Column("subject_id", text_type(64), primary_key=True),
    Column("added_at", micros_type(), nullable=False),
    Index("group_member_by_subject", "subject_id", "group_id"),
    **CLUSTERED,
)

Table(
    "role",
    metadata,
    Column("id", text_type(64), primary_key=True),
    Column("built_in", SmallInteger, nullable=False),
    Column("display_name", text_type(255), nullable=False),
    Column("description", long_text_type(), nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("updated_at", micros_type(), nullable=False),
    **CLUSTERED,
)

# Lists are JSON. `everything`: all permissions, and nothing narrows them.
Table(
    "role_grant",
    metadata,
    Column("role_id", text_type(64), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("permissions", blob_type(), nullable=False),
    Column("tenant_ids", blob_type(), nullable=False),
    Column("definition_keys", blob_type(), nullable=False),
    Column("involved_only", SmallInteger, nullable=False),
    Column("everything", SmallInteger, nullable=False),
    **CLUSTERED,
)

# The tenants that the grants of a role name.
Table(
    "role_tenant",
    metadata,
    Column("role_id", text_type(64), primary_key=True),
    Column("tenant_id", text_type(64), primary_key=True),
    Index("role_tenant_by_tenant", "tenant_id", "role_id"),
    **CLUSTERED,
)

# A role given to a subject or a group, and what narrows it. `digest` is one of the narrowing: the same is not given
# twice. `narrowed`: something narrows it.
Table(
    "role_assignment",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("role_id", text_type(64), nullable=False),
    Column("assignee_kind", SmallInteger, nullable=False),
    Column("assignee_id", text_type(64), nullable=False),
    Column("narrowed", SmallInteger, nullable=False),
    Column("permissions", blob_type(), nullable=False),
    Column("tenant_ids", blob_type(), nullable=False),
    Column("definition_keys", blob_type(), nullable=False),
    Column("involved_only", SmallInteger, nullable=False),
    Column("digest", text_type(32), nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Column("created_by", text_type(64), nullable=False),
    Index("role_assignment_by_assignee", "assignee_kind", "assignee_id", "role_id", "digest", unique=True),
    Index("role_assignment_by_role", "role_id", "id"),
    **CLUSTERED,
)

# The tenants that an assignment is narrowed to.
Table(
    "role_assignment_tenant",
    metadata,
    Column("assignment_id", text_type(36), primary_key=True),
    Column("tenant_id", text_type(64), primary_key=True),
    Index("role_assignment_tenant_by_tenant", "tenant_id", "assignment_id"),
    **CLUSTERED,
)

# Every change, for people. `everywhere`: it concerns no tenant, or all; else its tenants are in the table below.
Table(
    "audit_entry",
    metadata,
    Column("id", text_type(36), primary_key=True),
    Column("created_at", micros_type(), nullable=False),
    Column("actor_id", text_type(64), nullable=False),
    Column("session_id", text_type(64), nullable=False),
    Column("action", text_type(64), nullable=False),
    Column("resource_type", text_type(32), nullable=False),
    Column("resource_id", text_type(128), nullable=False),
    Column("correlation_id", text_type(128), nullable=False),
    Column("everywhere", SmallInteger, nullable=False),
    Column("before_json", blob_type(), nullable=False),
    Column("after_json", blob_type(), nullable=False),
    Index("audit_entry_by_time", "created_at", "id"),
    Index("audit_entry_by_resource", "resource_type", "resource_id", "created_at", "id"),
    Index("audit_entry_by_actor", "actor_id", "created_at", "id"),
    Index("audit_entry_by_action", "action", "created_at", "id"),
    **CLUSTERED,
)

Table(
    "audit_entry_tenant",
    metadata,
    Column("entry_id", text_type(36), primary_key=True),
    Column("tenant_id", text_type(64), primary_key=True),
    Index("audit_entry_tenant_by_tenant", "tenant_id", "entry_id"),
    **CLUSTERED,
)

# What all services must know at once. Numbers are given under the lock of the one row of `security_sequence`, so that
# they become visible in their order.
Table(
    "security_change",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, nullable=False),
    Column("subject_id", text_type(64), nullable=False),
    Column("session_id", text_type(64), nullable=False),
    Column("forget_at", micros_type(), nullable=False),
    Column("created_at", micros_type(), nullable=False),
    Index("security_change_by_creation", "created_at"),
    **TABLE_OPTIONS,
)

Table(
    "security_sequence",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("value", BigInteger, nullable=False),
    **TABLE_OPTIONS,
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
    if connection.execute(text("SELECT COUNT(*) FROM security_sequence")).scalar() == 0:
        connection.execute(text("INSERT INTO security_sequence (id, value) VALUES (1, 0)"))


def downgrade() -> None:
    """Drop the tables, and with them everybody."""
    metadata.drop_all(op.get_bind())
