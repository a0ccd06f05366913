"""A table for the storage tests."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, MetaData, Table

from mesh.db.tables import TABLE_OPTIONS, blob_type, inbox_table, lease_tables, long_text_type, outbox_table, text_type

METADATA = MetaData()
ITEM = Table(
    "item",
    METADATA,
    Column("owner", text_type(64), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("name", long_text_type()),
    Column("data", blob_type()),
    Column("amount", BigInteger),
    **TABLE_OPTIONS,
)
outbox_table(METADATA)
inbox_table(METADATA)
lease_tables(METADATA)
