"""The engine's tables, as SQLAlchemy Core metadata: what the migrations build.

Imported by migrations and their tests only: SQLAlchemy takes longer to load than the engine takes to start.
Every table that grows with instances has the instance id, which is time-ordered, at the front of its key.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, SmallInteger, String, Table, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.types import TypeEngine

metadata = MetaData()


def text(length: int) -> TypeEngine[str]:
    """Return a text type that compares byte by byte on every database."""
    binary = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return String(length).with_variant(binary, "mysql", "mariadb")


def long_text() -> TypeEngine[str]:
    """Return a text type without a practical limit."""
    return Text().with_variant(mysql.LONGTEXT(charset="utf8mb4", collation="utf8mb4_bin"), "mysql", "mariadb")


def blob() -> TypeEngine[bytes]:
    """Return a type for bytes without a practical limit."""
    return LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")


process_instance = Table(
    "process_instance",
    metadata,
    Column("id", text(36), primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("definition_id", text(36), nullable=False),
    Column("definition_key", text(255), nullable=False),
    Column("definition_version", Integer, nullable=False),
    Column("business_key", text(255), nullable=False),
    Column("tenant_id", text(64), nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger, nullable=False),
    Column("incident_count", Integer, nullable=False),
    Column("snapshot", blob(), nullable=False),
    Index("process_instance_by_status", "status", "id"),
    Index("process_instance_by_definition", "definition_key", "id"),
    Index("process_instance_by_business_key", "business_key", "id"),
)

user_task = Table(
    "user_task",
    metadata,
    Column("instance_id", text(36), primary_key=True),
    Column("task_key", BigInteger, primary_key=True, autoincrement=False),
    Column("element_id", text(255), nullable=False),
    Column("name", long_text(), nullable=False),
    Column("description", long_text(), nullable=False),
    Column("assignee", text(255), nullable=False),
    Column("candidate_users", long_text(), nullable=False),
    Column("candidate_groups", long_text(), nullable=False),
    Column("priority", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("claimed_at", BigInteger, nullable=False),
    Column("form_key", text(512), nullable=False),
    Column("suspended", SmallInteger, nullable=False),
    Column("definition_id", text(36), nullable=False),
    Column("definition_key", text(255), nullable=False),
    Column("tenant_id", text(64), nullable=False),
    Index("user_task_by_assignee", "assignee", "created_at", "instance_id", "task_key"),
    Index("user_task_by_creation", "created_at", "instance_id", "task_key"),
    Index("user_task_by_definition", "definition_key", "created_at", "instance_id", "task_key"),
    sqlite_with_rowid=False,
)

user_task_candidate = Table(
    "user_task_candidate",
    metadata,
    Column("instance_id", text(36), primary_key=True),
    Column("task_key", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, primary_key=True, autoincrement=False),
    Column("candidate", text(255), primary_key=True),
    Column("created_at", BigInteger, nullable=False),
    Index("user_task_candidate_by_candidate", "kind", "candidate", "created_at", "instance_id", "task_key"),
    sqlite_with_rowid=False,
)

job = Table(
    "job",
    metadata,
    Column("instance_id", text(36), primary_key=True),
    Column("job_key", BigInteger, primary_key=True, autoincrement=False),
    Column("type", text(255), nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("priority_order", Integer, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("available_at", BigInteger, nullable=False),
    Column("retries", Integer, nullable=False),
    Column("lease_owner", text(255), nullable=False),
    Column("lease_sequence", BigInteger, nullable=False),
    Column("error_message", long_text(), nullable=False),
    Column("element_id", text(255), nullable=False),
    Column("definition_id", text(36), nullable=False),
    Column("definition_key", text(255), nullable=False),
    Column("business_key", text(255), nullable=False),
    Column("tenant_id", text(64), nullable=False),
    Column("headers", blob(), nullable=False),
    Column("inputs", blob(), nullable=False),
    Index("job_by_type", "type", "state", "priority_order", "created_at", "instance_id", "job_key"),
    Index("job_by_availability", "state", "available_at"),
    sqlite_with_rowid=False,
)

incident = Table(
    "incident",
    metadata,
    Column("instance_id", text(36), primary_key=True),
    Column("incident_key", BigInteger, primary_key=True, autoincrement=False),
    Column("type", SmallInteger, nullable=False),
    Column("element_id", text(255), nullable=False),
    Column("job_key", BigInteger, nullable=False),
    Column("message", long_text(), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("definition_id", text(36), nullable=False),
    Column("definition_key", text(255), nullable=False),
    Column("tenant_id", text(64), nullable=False),
    Index("incident_by_creation", "created_at", "instance_id", "incident_key"),
    sqlite_with_rowid=False,
)

request_record = Table(
    "request_record",
    metadata,
    Column("method", text(64), primary_key=True),
    Column("request_id", text(128), primary_key=True),
    Column("fingerprint", text(64), nullable=False),
    Column("response", blob(), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("request_record_by_age", "created_at"),
    sqlite_with_rowid=False,
)

deployment = Table(
    "deployment",
    metadata,
    Column("id", text(36), primary_key=True),
    Column("name", text(255), nullable=False),
    Column("tenant_id", text(64), nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("content_hash", text(64), nullable=False),
    Index("deployment_by_name", "tenant_id", "name", "id"),
)

deployment_resource = Table(
    "deployment_resource",
    metadata,
    Column("deployment_id", text(36), primary_key=True),
    Column("name", text(255), primary_key=True),
    Column("content", blob(), nullable=False),
)

process_definition = Table(
    "process_definition",
    metadata,
    Column("id", text(36), primary_key=True),
    Column("definition_key", text(255), nullable=False),
    Column("version", Integer, nullable=False),
    Column("name", text(255), nullable=False),
    Column("description", long_text(), nullable=False),
    Column("version_tag", text(255), nullable=False),
    Column("deployment_id", text(36), nullable=False),
    Column("resource_name", text(255), nullable=False),
    Column("tenant_id", text(64), nullable=False),
    Column("latest", SmallInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("process_definition_by_key", "tenant_id", "definition_key", "version", unique=True),
    Index("process_definition_by_deployment", "deployment_id"),
)

definition_epoch = Table(
    "definition_epoch",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, nullable=False),
)
