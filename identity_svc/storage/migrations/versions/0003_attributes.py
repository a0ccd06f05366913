"""What is known of users by names of one's own."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, inspect

from mesh.db.tables import blob_type

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column. Can be run again where it broke off: MariaDB commits each statement by itself."""
    connection = op.get_bind()
    if "attributes" not in {column["name"] for column in inspect(connection).get_columns("user_data")}:
        op.add_column("user_data", Column("attributes", blob_type(), nullable=False, server_default="{}"))


def downgrade() -> None:
    """Drop the column, and what it has."""
    op.drop_column("user_data", "attributes")
