"""The four tables of history, with an index for each path that `queries.listings` names.

An index holds the filters it serves, the state where one follows, and the order of the list; see `queries.pages`.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def _text(length: int) -> sa.types.TypeEngine[Any]:
    """Text that is compared byte by byte, `length` characters at most."""
    return sa.String(length).with_variant(
        mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb"
    )


def _long_text() -> sa.types.TypeEngine[Any]:
    return sa.Text().with_variant(mysql.MEDIUMTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")


def _blob() -> sa.types.TypeEngine[Any]:
    return sa.LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


def _column(name: str, kind: sa.types.TypeEngine[Any], *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=nullable)


def _table(name: str, *columns: sa.Column[Any], indexes: dict[str, list[str]]) -> None:
    # Without a row id of its own SQLite keeps the rows in the order of their ids, as InnoDB does.
    op.create_table(
        name,
        *columns,
        sa.PrimaryKeyConstraint("id"),
        sqlite_with_rowid=False,
        mysql_engine="InnoDB",
        mysql_row_format="DYNAMIC",
        mariadb_engine="InnoDB",
        mariadb_row_format="DYNAMIC",
    )
    for suffix, members in indexes.items():
        op.create_index(f"ix_{name}_{suffix}", name, members)


def upgrade() -> None:
    """Create the tables."""
    order = ["start_micros", "id"]
    _table(
        "history_process_instance",
        _column("id", _text(64)),
        _column("status", sa.SmallInteger()),
        _column("process_definition_id", _text(64)),
        _column("process_definition_key", _text(255)),
        _column("process_definition_version", sa.Integer()),
        _column("business_key", _text(255)),
        _column("tenant_id", _text(64)),
        _column("initiator", _text(255)),
        _column("start_micros", sa.BigInteger()),
        _column("end_micros", sa.BigInteger(), nullable=True),
        _column("end_reason", _long_text()),
        _column("reference_position", sa.BigInteger()),
        _column("status_position", sa.BigInteger()),
        indexes={
            "status": ["status", *order],
            "definition_key": ["process_definition_key", "status", *order],
            "definition_id": ["process_definition_id", "status", *order],
            "business_key": ["business_key", "status", *order],
            "tenant": ["tenant_id", "status", *order],
            "tenant_definition_key": ["tenant_id", "process_definition_key", "status", *order],
        },
    )
    order = ["start_micros", "number", "id"]
    _table(
        "history_activity",
        _column("id", _text(64)),
        _column("process_instance_id", _text(64)),
        _column("process_definition_id", _text(64)),
        _column("process_definition_key", _text(255)),
        _column("tenant_id", _text(64)),
        _column("element_id", _text(255)),
        _column("element_name", _long_text()),
        _column("element_type", _text(64)),
        _column("parent_activity_id", _text(64)),
        _column("state", sa.SmallInteger()),
        _column("start_micros", sa.BigInteger()),
        _column("number", sa.BigInteger()),
        _column("end_micros", sa.BigInteger(), nullable=True),
        _column("end_reason", _long_text()),
        _column("position", sa.BigInteger()),
        indexes={
            "state": ["state", *order],
            "instance": ["process_instance_id", *order],
            "element": ["element_id", "state", *order],
            "element_type": ["element_type", "state", *order],
            "definition_key": ["process_definition_key", "state", *order],
        },
    )
    order = ["create_micros", "id"]
    _table(
        "history_task",
        _column("id", _text(64)),
        _column("process_instance_id", _text(64)),
        _column("process_definition_id", _text(64)),
        _column("process_definition_key", _text(255)),
        _column("tenant_id", _text(64)),
        _column("element_id", _text(255)),
        _column("name", _long_text()),
        _column("description", _long_text()),
        _column("assignee", _text(255)),
        _column("priority", sa.Integer()),
        _column("state", sa.SmallInteger()),
        _column("create_micros", sa.BigInteger()),
        _column("due_micros", sa.BigInteger(), nullable=True),
        _column("end_micros", sa.BigInteger(), nullable=True),
        _column("end_reason", _long_text()),
        _column("reference_position", sa.BigInteger()),
        _column("assignee_position", sa.BigInteger()),
        _column("state_position", sa.BigInteger()),
        indexes={
            "state": ["state", *order],
            "instance": ["process_instance_id", *order],
            "assignee": ["assignee", "state", *order],
            "element": ["element_id", "state", *order],
            "definition_key": ["process_definition_key", "state", *order],
            "tenant": ["tenant_id", "state", *order],
            "tenant_definition_key": ["tenant_id", "process_definition_key", "state", *order],
        },
    )
    _table(
        "history_variable",
        _column("id", _text(400)),
        _column("process_instance_id", _text(64)),
        _column("process_definition_key", _text(255)),
        _column("tenant_id", _text(64)),
        _column("scope_activity_id", _text(64)),
        _column("name", _text(255)),
        _column("value_json", _blob()),
        _column("update_micros", sa.BigInteger()),
        _column("position", sa.BigInteger()),
        indexes={"name": ["name", "id"]},
    )


def downgrade() -> None:
    """Drop the tables; history is built again from the event stream."""
    for table in ("history_variable", "history_task", "history_activity", "history_process_instance"):
        op.drop_table(table)
