"""The audit trail: its entries, the head of their chain, where it begins, and its checkpoints."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mesh.db.tables import CLUSTERED, TABLE_OPTIONS, blob_type, long_text_type, micros_type, sequence_type, text_type

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

metadata = sa.MetaData()

sa.Table(
    "history_audit",
    metadata,
    sa.Column("sequence", sequence_type(), primary_key=True, autoincrement=False),
    sa.Column("event_id", text_type(36), nullable=False),
    sa.Column("time_micros", micros_type(), nullable=False),
    sa.Column("kind", sa.SmallInteger, nullable=False),
    sa.Column("service", text_type(64), nullable=False),
    sa.Column("method", text_type(200), nullable=False),
    sa.Column("action", text_type(128), nullable=False),
    sa.Column("resource_type", text_type(64), nullable=False),
    sa.Column("resource_id", text_type(512), nullable=False),
    sa.Column("tenant_id", text_type(64), nullable=False),
    sa.Column("tenants_json", long_text_type(), nullable=False),
    sa.Column("mesh_wide", sa.SmallInteger, nullable=False),
    sa.Column("definition_key", text_type(255), nullable=False),
    sa.Column("user_id", text_type(255), nullable=False),
    sa.Column("session_id", text_type(64), nullable=False),
    sa.Column("acting_for", text_type(255), nullable=False),
    sa.Column("client_address", text_type(128), nullable=False),
    sa.Column("correlation_id", text_type(128), nullable=False),
    sa.Column("traceparent", text_type(255), nullable=False),
    sa.Column("outcome", sa.SmallInteger, nullable=False),
    sa.Column("reason", text_type(255), nullable=False),
    sa.Column("call_count", sa.BigInteger, nullable=False),
    sa.Column("before_json", blob_type(), nullable=False),
    sa.Column("after_json", blob_type(), nullable=False),
    sa.Column("previous_hash", text_type(64), nullable=False),
    sa.Column("hash", text_type(64), nullable=False),
    sa.Index("history_audit_event", "event_id", unique=True),
    sa.Index("history_audit_resource", "resource_id", "sequence", sqlite_where=sa.text("resource_id<>''")),
    sa.Index("history_audit_user", "user_id", "sequence", sqlite_where=sa.text("user_id<>''")),
    sa.Index("history_audit_tenant", "tenant_id", "sequence", sqlite_where=sa.text("tenant_id<>''")),
    sa.Index("history_audit_method", "method", "sequence"),
    sa.Index("history_audit_correlation", "correlation_id", "sequence", sqlite_where=sa.text("correlation_id<>''")),
    sa.Index("history_audit_time", "time_micros", "sequence"),
    **TABLE_OPTIONS,
)

HEAD = sa.Table(
    "history_audit_head",
    metadata,
    # There is one row, with the id 1.
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("hash", text_type(64), nullable=False),
    sa.Column("time_micros", micros_type(), nullable=False),
    sa.Column("previous_sequence", sa.BigInteger, nullable=False),
    sa.Column("key_id", text_type(16), nullable=False),
    sa.Column("signature", text_type(128), nullable=False),
    **CLUSTERED,
)

START = sa.Table(
    "history_audit_start",
    metadata,
    # There is one row, with the id 1: the last entry that is past its retention.
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("hash", text_type(64), nullable=False),
    sa.Column("time_micros", micros_type(), nullable=False),
    sa.Column("previous_sequence", sa.BigInteger, nullable=False),
    sa.Column("key_id", text_type(16), nullable=False),
    sa.Column("signature", text_type(128), nullable=False),
    **CLUSTERED,
)

sa.Table(
    "history_audit_checkpoint",
    metadata,
    sa.Column("sequence", sequence_type(), primary_key=True, autoincrement=False),
    sa.Column("hash", text_type(64), nullable=False),
    sa.Column("time_micros", micros_type(), nullable=False),
    sa.Column("previous_sequence", sa.BigInteger, nullable=False),
    sa.Column("key_id", text_type(16), nullable=False),
    sa.Column("signature", text_type(128), nullable=False),
    **TABLE_OPTIONS,
)


def upgrade() -> None:
    """Create the tables, with the head of an empty chain. Can be run again where it broke off."""
    connection = op.get_bind()
    metadata.create_all(connection)
    present = sa.inspect(connection)
    for table in metadata.sorted_tables:
        indexes = {index["name"] for index in present.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in indexes:
                index.create(connection)
    for table in (HEAD, START):
        if not connection.execute(sa.select(table.c.id)).first():
            row = {"id": 1, "sequence": 0, "hash": "0" * 64, "time_micros": 0, "previous_sequence": 0}
            connection.execute(table.insert().values(**row, key_id="", signature=""))


def downgrade() -> None:
    """Drop the tables, and with them the audit trail."""
    metadata.drop_all(op.get_bind())
