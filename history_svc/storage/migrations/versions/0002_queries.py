"""What queries need beyond the lists: variables by value, their changes, candidates, incidents, jobs, comments,
attachments, timelines and words; what a search server is to be told; and the indexes of further orders.

Rows that are told by one event each lie by instance, in the order of the events.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mesh.db.tables import CLUSTERED, blob_type, long_text_type, micros_type, text_type

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

metadata = sa.MetaData()

sa.Table(
    "history_variable_change",
    metadata,
    sa.Column("id", text_type(128), nullable=False),
    sa.Column("process_instance_id", text_type(64), nullable=False),
    sa.Column("process_definition_key", text_type(255), nullable=False),
    sa.Column("tenant_id", text_type(64), nullable=False),
    sa.Column("variable_id", text_type(400), nullable=False),
    sa.Column("scope_activity_id", text_type(64), nullable=False),
    sa.Column("name", text_type(255), nullable=False),
    sa.Column("change_micros", micros_type(), nullable=False),
    sa.Column("deleted", sa.SmallInteger, nullable=False),
    sa.Column("user_id", text_type(255), nullable=False),
    sa.Column("value_type", sa.SmallInteger, nullable=False),
    sa.Column("value_size", sa.BigInteger, nullable=False),
    sa.Column("value_json", blob_type()),
    sa.PrimaryKeyConstraint("process_instance_id", "id"),
    sa.Index("history_variable_change_name", "name", "process_instance_id", "id"),
    **CLUSTERED,
)

sa.Table(
    "history_long_value",
    metadata,
    sa.Column("process_instance_id", text_type(64), primary_key=True),
    sa.Column("id", text_type(128), primary_key=True),
    sa.Column("value_json", blob_type(), nullable=False),
    **CLUSTERED,
)

sa.Table(
    "history_task_candidate",
    metadata,
    sa.Column("task_id", text_type(64), primary_key=True),
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("name", text_type(255), primary_key=True),
    sa.Index("history_task_candidate_name", "name", "kind", "task_id"),
    **CLUSTERED,
)

sa.Table(
    "history_incident",
    metadata,
    sa.Column("id", text_type(64), primary_key=True),
    sa.Column("process_instance_id", text_type(64), nullable=False),
    sa.Column("process_definition_id", text_type(64), nullable=False),
    sa.Column("process_definition_key", text_type(255), nullable=False),
    sa.Column("tenant_id", text_type(64), nullable=False),
    sa.Column("type", text_type(255), nullable=False),
    sa.Column("element_id", text_type(255), nullable=False),
    sa.Column("job_id", text_type(64), nullable=False),
    sa.Column("message", long_text_type(), nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("create_micros", micros_type(), nullable=False),
    sa.Column("end_micros", micros_type()),
    sa.Index("history_incident_state", "state", "create_micros", "id"),
    sa.Index("history_incident_instance", "process_instance_id", "create_micros", "id"),
    **CLUSTERED,
)

sa.Table(
    "history_job_log",
    metadata,
    sa.Column("id", text_type(128), nullable=False),
    sa.Column("process_instance_id", text_type(64), nullable=False),
    sa.Column("process_definition_id", text_type(64), nullable=False),
    sa.Column("process_definition_key", text_type(255), nullable=False),
    sa.Column("tenant_id", text_type(64), nullable=False),
    sa.Column("job_id", text_type(64), nullable=False),
    sa.Column("job_type", text_type(255), nullable=False),
    sa.Column("element_id", text_type(255), nullable=False),
    sa.Column("event", sa.SmallInteger, nullable=False),
    sa.Column("event_micros", micros_type(), nullable=False),
    sa.Column("retries", sa.Integer, nullable=False),
    sa.Column("error_message", long_text_type(), nullable=False),
    sa.Column("error_code", text_type(255), nullable=False),
    sa.Column("user_id", text_type(255), nullable=False),
    sa.PrimaryKeyConstraint("process_instance_id", "id"),
    sa.Index("history_job_log_event", "event", "process_instance_id", "id"),
    **CLUSTERED,
)

sa.Table(
    "history_comment",
    metadata,
    sa.Column("id", text_type(64), primary_key=True),
    sa.Column("process_instance_id", text_type(64), nullable=False),
    sa.Column("process_definition_key", text_type(255), nullable=False),
    sa.Column("tenant_id", text_type(64), nullable=False),
    sa.Column("task_id", text_type(64), nullable=False),
    sa.Column("user_id", text_type(255), nullable=False),
    sa.Column("text", long_text_type(), nullable=False),
    sa.Column("create_micros", micros_type(), nullable=False),
    sa.Column("delete_micros", micros_type()),
    sa.Index("history_comment_instance", "process_instance_id", "create_micros", "id"),
    **CLUSTERED,
)

sa.Table(
    "history_attachment",
    metadata,
    sa.Column("id", text_type(64), primary_key=True),
    sa.Column("process_instance_id", text_type(64), nullable=False),
    sa.Column("process_definition_key", text_type(255), nullable=False),
    sa.Column("tenant_id", text_type(64), nullable=False),
    sa.Column("task_id", text_type(64), nullable=False),
    sa.Column("user_id", text_type(255), nullable=False),
    sa.Column("name", long_text_type(), nullable=False),
    sa.Column("content_type", text_type(255), nullable=False),
    sa.Column("url", long_text_type(), nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("create_micros", micros_type(), nullable=False),
    sa.Column("delete_micros", micros_type()),
    sa.Index("history_attachment_instance", "process_instance_id", "create_micros", "id"),
    **CLUSTERED,
)

sa.Table(
    "history_timeline",
    metadata,
    sa.Column("process_instance_id", text_type(64), primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("kind", sa.SmallInteger, nullable=False),
    sa.Column("event_micros", micros_type(), nullable=False),
    sa.Column("record_id", text_type(64), nullable=False),
    sa.Column("element_id", text_type(255), nullable=False),
    sa.Column("name", text_type(255), nullable=False),
    sa.Column("user_id", text_type(255), nullable=False),
    sa.Column("subject", text_type(255), nullable=False),
    sa.Column("detail", text_type(1000), nullable=False),
    **CLUSTERED,
)

sa.Table(
    "history_word",
    metadata,
    sa.Column("word", text_type(64), primary_key=True),
    sa.Column("record_id", text_type(400), primary_key=True),
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("tenant_id", text_type(64), nullable=False),
    # For purging, and for keeping the words of older instances in a rebuild.
    sa.Index("history_word_record", "record_id"),
    **CLUSTERED,
)

sa.Table(
    "history_search_change",
    metadata,
    sa.Column("record_id", text_type(400), primary_key=True),
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    # Another one after each change, so that only what was told is forgotten.
    sa.Column("mark", sa.BigInteger, nullable=False),
    **CLUSTERED,
)

sa.Table(
    "history_search_index",
    metadata,
    sa.Column("id", text_type(64), primary_key=True),
    sa.Column("name", text_type(255), nullable=False),
    sa.Column("generation", sa.BigInteger, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("request_id", text_type(128), nullable=False),
    sa.Column("user_id", text_type(255), nullable=False),
    sa.Column("start_micros", micros_type(), nullable=False),
    sa.Column("end_micros", micros_type()),
    # How far the building is: the kind and the id of the last record that was read.
    sa.Column("cursor_kind", sa.SmallInteger, nullable=False),
    sa.Column("cursor_id", text_type(400), nullable=False),
    sa.Column("records", sa.BigInteger, nullable=False),
    sa.Index("history_search_index_state", "state", "id"),
    sa.Index("history_search_index_request", "request_id"),
    **CLUSTERED,
)

_INDEXES = (
    # Where there is nothing to find these cost nothing on a database that can leave such rows out.
    ("history_instance_end", "history_process_instance", ("status", "end_micros", "id"), ""),
    ("history_task_end", "history_task", ("state", "end_micros", "id"), ""),
    ("history_task_due", "history_task", ("state", "due_micros", "id"), ""),
    ("history_task_parent", "history_task", ("parent_task_id", "id"), "parent_task_id<>''"),
    (
        "history_variable_value",
        "history_variable",
        ("name", "text_value", "number_value", "process_instance_id"),
        "",
    ),
)


def upgrade() -> None:
    """Create tables and indexes. Can be run again where it broke off: MariaDB commits each by itself."""
    connection = op.get_bind()
    metadata.create_all(connection)
    present = sa.inspect(connection)
    for table in metadata.sorted_tables:
        known = {index["name"] for index in present.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in known:
                index.create(connection)
    for name, table_name, columns, where in _INDEXES:
        if name not in {index["name"] for index in present.get_indexes(table_name)}:
            op.create_index(name, table_name, list(columns), sqlite_where=sa.text(where) if where else None)


def downgrade() -> None:
    """Drop what was created; history is built again from the event stream."""
    for name, table_name, _, _ in _INDEXES:
        op.drop_index(name, table_name)
    metadata.drop_all(op.get_bind())
