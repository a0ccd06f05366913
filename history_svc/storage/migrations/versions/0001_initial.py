"""The tables of history, with an index for each path that `queries.listings` names, and the inbox.

An index holds the filters it serves, the state where one follows, and the order of the list; see `queries.pages`.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mesh.db.tables import CLUSTERED, blob_type, inbox_table, long_text_type, micros_type, text_type

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

metadata = sa.MetaData()

sa.Table(
    "history_process_instance",
    metadata,
    sa.Column("id", text_type(64), primary_key=True),
    sa.Column("status", sa.SmallInteger, nullable=False),
    sa.Column("process_definition_id", text_type(64), nullable=False),
    sa.Column("process_definition_key", text_type(255), nullable=False),
    sa.Column("process_definition_version", sa.Integer, nullable=False),
    sa.Column("business_key", text_type(255), nullable=False),
    sa.Column("tenant_id", text_type(64), nullable=False),
    sa.Column("initiator", text_type(255), nullable=False),
    sa.Column("start_micros", micros_type(), nullable=False),
    sa.Column("end_micros", micros_type()),
    sa.Column("end_reason", long_text_type(), nullable=False),
    sa.Column("parent_process_instance_id", text_type(64), nullable=False),
    sa.Column("parent_activity_id", text_type(64), nullable=False),
    sa.Column("root_process_instance_id", text_type(64), nullable=False),
    sa.Column("reference_position", sa.BigInteger, nullable=False),
    sa.Column("status_position", sa.BigInteger, nullable=False),
    sa.Index("history_instance_status", "status", "start_micros", "id"),
    sa.Index("history_instance_definition_key", "process_definition_key", "status", "start_micros", "id"),
    sa.Index("history_instance_definition_id", "process_definition_id", "status", "start_micros", "id"),
    sa.Index("history_instance_business_key", "business_key", "status", "start_micros", "id"),
    sa.Index("history_instance_parent", "parent_process_instance_id", "start_micros", "id"),
    sa.Index("history_instance_parent_activity", "parent_activity_id", "id"),
    sa.Index("history_instance_root", "root_process_instance_id", "start_micros", "id"),
    # Where nobody is named these cost nothing on a database that can leave such rows out.
    sa.Index("history_instance_initiator", "initiator", "id", sqlite_where=sa.text("initiator<>''")),
    sa.Index("history_instance_tenant", "tenant_id", "status", "start_micros", "id"),
    sa.Index(
        "history_instance_tenant_definition", "tenant_id", "process_definition_key", "status", "start_micros", "id"
    ),
    **CLUSTERED,
)

sa.Table(
    "history_activity",
    metadata,
    sa.Column("id", text_type(64), primary_key=True),
    sa.Column("process_instance_id", text_type(64), nullable=False),
    sa.Column("process_definition_id", text_type(64), nullable=False),
    sa.Column("process_definition_key", text_type(255), nullable=False),
    sa.Column("tenant_id", text_type(64), nullable=False),
    sa.Column("element_id", text_type(255), nullable=False),
    sa.Column("element_name", long_text_type(), nullable=False),
    sa.Column("element_type", text_type(64), nullable=False),
    sa.Column("parent_activity_id", text_type(64), nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("start_micros", micros_type(), nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("end_micros", micros_type()),
    sa.Column("end_reason", long_text_type(), nullable=False),
    sa.Column("flow_id", text_type(255), nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Index("history_activity_state", "state", "start_micros", "sequence", "id"),
    sa.Index("history_activity_instance", "process_instance_id", "start_micros", "sequence", "id"),
    sa.Index("history_activity_element", "element_id", "state", "start_micros", "sequence", "id"),
    sa.Index("history_activity_element_type", "element_type", "state", "start_micros", "sequence", "id"),
    sa.Index("history_activity_definition_key", "process_definition_key", "state", "start_micros", "sequence", "id"),
    **CLUSTERED,
)

sa.Table(
    "history_task",
    metadata,
    sa.Column("id", text_type(64), primary_key=True),
    sa.Column("process_instance_id", text_type(64), nullable=False),
    sa.Column("process_definition_id", text_type(64), nullable=False),
    sa.Column("process_definition_key", text_type(255), nullable=False),
    sa.Column("tenant_id", text_type(64), nullable=False),
    sa.Column("element_id", text_type(255), nullable=False),
    sa.Column("name", long_text_type(), nullable=False),
    sa.Column("description", long_text_type(), nullable=False),
    sa.Column("assignee", text_type(255), nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("create_micros", micros_type(), nullable=False),
    sa.Column("due_micros", micros_type()),
    sa.Column("end_micros", micros_type()),
    sa.Column("end_reason", long_text_type(), nullable=False),
    sa.Column("owner", text_type(255), nullable=False),
    sa.Column("follow_up_micros", micros_type()),
    sa.Column("category", text_type(255), nullable=False),
    sa.Column("form_key", text_type(512), nullable=False),
    sa.Column("parent_task_id", text_type(64), nullable=False),
    sa.Column("outcome", long_text_type(), nullable=False),
    sa.Column("completed_by", text_type(255), nullable=False),
    sa.Column("reference_position", sa.BigInteger, nullable=False),
    sa.Column("assignee_position", sa.BigInteger, nullable=False),
    sa.Column("state_position", sa.BigInteger, nullable=False),
    sa.Column("detail_position", sa.BigInteger, nullable=False),
    sa.Index("history_task_state", "state", "create_micros", "id"),
    sa.Index("history_task_instance", "process_instance_id", "create_micros", "id"),
    sa.Index("history_task_assignee", "assignee", "state", "create_micros", "id"),
    sa.Index("history_task_owner", "owner", "id", sqlite_where=sa.text("owner<>''")),
    sa.Index("history_task_completed_by", "completed_by", "id", sqlite_where=sa.text("completed_by<>''")),
    sa.Index("history_task_element", "element_id", "state", "create_micros", "id"),
    sa.Index("history_task_definition_key", "process_definition_key", "state", "create_micros", "id"),
    sa.Index("history_task_tenant", "tenant_id", "state", "create_micros", "id"),
    sa.Index("history_task_tenant_definition", "tenant_id", "process_definition_key", "state", "create_micros", "id"),
    **CLUSTERED,
)

sa.Table(
    "history_variable",
    metadata,
    sa.Column("id", text_type(400), primary_key=True),
    sa.Column("process_instance_id", text_type(64), nullable=False),
    sa.Column("process_definition_key", text_type(255), nullable=False),
    sa.Column("tenant_id", text_type(64), nullable=False),
    sa.Column("scope_activity_id", text_type(64), nullable=False),
    sa.Column("name", text_type(255), nullable=False),
    sa.Column("value_json", blob_type(), nullable=False),
    sa.Column("update_micros", micros_type(), nullable=False),
    sa.Column("deleted", sa.SmallInteger, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("value_type", sa.SmallInteger, nullable=False),
    sa.Column("number_value", sa.Double),
    sa.Column("text_value", text_type(255)),
    sa.Index("history_variable_name", "name", "id"),
    # Leads from the instances in which somebody takes part to their variables.
    sa.Index("history_variable_instance", "process_instance_id", "id"),
    **CLUSTERED,
)

sa.Table(
    "history_progress",
    metadata,
    sa.Column("id", text_type(64), primary_key=True),
    sa.Column("revision", sa.BigInteger, nullable=False),
    **CLUSTERED,
)

inbox_table(metadata)


def upgrade() -> None:
    """Create the tables. Can be run again where it broke off: MariaDB commits each table by itself."""
    connection = op.get_bind()
    metadata.create_all(connection)
    present = sa.inspect(connection)
    for table in metadata.sorted_tables:
        indexes = {index["name"] for index in present.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in indexes:
                index.create(connection)


def downgrade() -> None:
    """Drop the tables; history is built again from the event stream."""
    metadata.drop_all(op.get_bind())
