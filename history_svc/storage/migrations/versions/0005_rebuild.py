"""Rebuilds of history: what is asked for and how far it is, and which generation of rows answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mesh.db.tables import CLUSTERED, long_text_type, micros_type, text_type

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

metadata = sa.MetaData()

sa.Table(
    "history_rebuild",
    metadata,
    sa.Column("id", text_type(64), primary_key=True),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("keep_older", sa.SmallInteger, nullable=False),
    sa.Column("user_id", text_type(255), nullable=False),
    sa.Column("request_id", text_type(128), nullable=False),
    sa.Column("start_micros", micros_type(), nullable=False),
    sa.Column("end_micros", micros_type()),
    sa.Column("events_total", sa.BigInteger, nullable=False),
    sa.Column("events_read", sa.BigInteger, nullable=False),
    sa.Column("events_applied", sa.BigInteger, nullable=False),
    sa.Column("events_skipped", sa.BigInteger, nullable=False),
    sa.Column("rows_kept", sa.BigInteger, nullable=False),
    sa.Column("problem", long_text_type(), nullable=False),
    # Where in each partition the log ended when new events began to go into both generations.
    sa.Column("ends_json", long_text_type(), nullable=False),
    # How far the copying of rows is: a table, and the key of the last row.
    sa.Column("cursor_json", long_text_type(), nullable=False),
    sa.Column("cleaned", sa.SmallInteger, nullable=False),
    sa.Index("history_rebuild_cleaned", "cleaned", "id"),
    sa.Index("history_rebuild_request", "request_id"),
    **CLUSTERED,
)

STATE = sa.Table(
    "history_rebuild_state",
    metadata,
    # There is one row, with the id 1. Who takes events in shares a lock on it; who changes it waits for them.
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    # Whether events go into the next generation as well.
    sa.Column("filling", sa.SmallInteger, nullable=False),
    # Whether changes of records are noted for the search server.
    sa.Column("indexing", sa.SmallInteger, nullable=False),
    **CLUSTERED,
)

GENERATION = sa.Table(
    "history_generation",
    metadata,
    # There is one row, with the id 1. It changes places together with the rows it counts.
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("generation", sa.BigInteger, nullable=False),
    **CLUSTERED,
)

sa.Table(
    "history_rebuild_seen",
    metadata,
    sa.Column("event_id", text_type(36), primary_key=True),
    **CLUSTERED,
)

sa.Table(
    "history_rebuild_begun",
    metadata,
    sa.Column("id", text_type(64), primary_key=True),
    **CLUSTERED,
)


def upgrade() -> None:
    """Create the tables. Can be run again where it broke off."""
    connection = op.get_bind()
    metadata.create_all(connection)
    present = sa.inspect(connection)
    for table in metadata.sorted_tables:
        indexes = {index["name"] for index in present.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in indexes:
                index.create(connection)
    if not connection.execute(sa.select(STATE.c.id)).first():
        connection.execute(STATE.insert().values(id=1, filling=0, indexing=0))
    if not connection.execute(sa.select(GENERATION.c.id)).first():
        connection.execute(GENERATION.insert().values(id=1, generation=1))


def downgrade() -> None:
    """Drop the tables."""
    metadata.drop_all(op.get_bind())
