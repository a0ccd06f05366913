"""Column types that mean the same on SQLite and on MariaDB, and the tables that services share.

Only migrations and tests import this: SQLAlchemy is not loaded by a running service. A table that a release has
created is frozen here; a later change of it is a migration in each service.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, String, Table, Text
from sqlalchemy.dialects.mysql import LONGBLOB, LONGTEXT, VARCHAR
from sqlalchemy.types import TypeEngine

COLLATION = "utf8mb4_bin"
TABLE_OPTIONS: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": COLLATION,
    "mariadb_engine": "InnoDB",
    "mariadb_charset": "utf8mb4",
    "mariadb_collate": COLLATION,
}
"""Keyword arguments of every table: text compares by code point, as on SQLite."""

CLUSTERED: dict[str, Any] = {**TABLE_OPTIONS, "sqlite_with_rowid": False}
"""For tables whose rows lie in the order of a text key: SQLite keeps no second tree for them."""


def text_type(length: int) -> TypeEngine[str]:
    """Return the type of short text and ids, up to `length` characters."""
    return String(length).with_variant(VARCHAR(length, charset="utf8mb4", collation=COLLATION), "mysql", "mariadb")


def long_text_type() -> TypeEngine[str]:
    """Return the type of text without a limit."""
    return Text().with_variant(LONGTEXT(charset="utf8mb4", collation=COLLATION), "mysql", "mariadb")


def blob_type() -> TypeEngine[bytes]:
    """Return the type of bytes without a limit."""
    return LargeBinary().with_variant(LONGBLOB(), "mysql", "mariadb")


def micros_type() -> TypeEngine[int]:
    """Return the type of a time: microseconds since the Unix epoch."""
    return BigInteger()


def sequence_type() -> TypeEngine[int]:
    """Return the type of a primary key that counts up by itself."""
    # Only INTEGER makes a column the row id on SQLite.
    return BigInteger().with_variant(Integer, "sqlite")


def outbox_table(metadata: MetaData) -> Table:
    """Define the outbox: what the service has committed and the bus does not have yet."""
    return Table(
        "outbox",
        metadata,
        Column("seq", sequence_type(), primary_key=True, autoincrement=True),
        Column("id", text_type(36), nullable=False),
        Column("topic", text_type(128), nullable=False),
        Column("partition_key", text_type(128), nullable=False),
        Column("kind", SmallInteger, nullable=False),
        Column("payload", blob_type(), nullable=False),
        Column("created_at", micros_type(), nullable=False),
        Column("status", text_type(8), nullable=False),
        Column("bucket", SmallInteger, nullable=False),
        Column("retry_count", Integer, nullable=False),
        Column("next_attempt_at", micros_type(), nullable=False),
        Column("error", long_text_type()),
        # FAILED rows pile up at the low end of the key; the relay must not walk over them.
        Index("outbox_bucket", "status", "bucket", "seq"),
        **TABLE_OPTIONS,
    )


def inbox_table(metadata: MetaData) -> Table:
    """Define the inbox: the events that the service has taken in already, by consumer."""
    return Table(
        "inbox",
        metadata,
        Column("consumer", text_type(64), primary_key=True),
        Column("event_id", text_type(36), primary_key=True),
        Column("received_at", micros_type(), nullable=False),
        Index("inbox_received_at", "received_at"),
        **CLUSTERED,
    )


def lease_tables(metadata: MetaData) -> None:
    """Define the leases: which process does what only one may do, and which processes are alive."""
    Table(
        "lease",
        metadata,
        Column("name", text_type(64), primary_key=True),
        Column("number", Integer, primary_key=True, autoincrement=False),
        Column("owner", text_type(200), nullable=False),
        **CLUSTERED,
    )
    Table(
        "lease_holder",
        metadata,
        Column("owner", text_type(200), primary_key=True),
        Column("name", text_type(64), nullable=False),
        Column("beat", BigInteger, nullable=False),
        **CLUSTERED,
    )
