"""Statistics, retention and archives, and leases; what was taken in before is counted here, once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from history_svc.statistics.contributions import Contributions, DefinitionFacts
from history_svc.statistics.sparse_counts import encode
from mesh.db.tables import CLUSTERED, TABLE_OPTIONS, blob_type, lease_tables, long_text_type, micros_type, text_type

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

SHARDS = 16
READ_ROWS = 2_000
WRITTEN_ROWS = 500

metadata = sa.MetaData()


def _definition() -> list[sa.Column[Any]]:
    return [
        sa.Column("process_definition_id", text_type(64), primary_key=True),
        sa.Column("tenant_id", text_type(64), primary_key=True),
    ]


def _counts(*names: str) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.BigInteger, nullable=False) for name in names]


_DURATIONS = ("duration_seconds", "duration_micros")

sa.Table(
    "statistics_definition",
    metadata,
    *_definition(),
    sa.Column("process_definition_key", text_type(255), nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Index("statistics_definition_key", "process_definition_key", "version", "process_definition_id", "tenant_id"),
    sa.Index("statistics_definition_tenant", "tenant_id", "process_definition_key", "version", "process_definition_id"),
    **CLUSTERED,
)

process = sa.Table(
    "statistics_process",
    metadata,
    *_definition(),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("shard", sa.SmallInteger, primary_key=True, autoincrement=False),
    *_counts("running", "paused", "started", "completed", "failed", "terminated_count", *_DURATIONS),
    sa.Column("sketch", blob_type(), nullable=False),
    sa.Column("quarters", blob_type(), nullable=False),
    sa.Index("statistics_process_day", "process_definition_id", "day"),
    **CLUSTERED,
)

element = sa.Table(
    "statistics_element",
    metadata,
    *_definition(),
    sa.Column("day", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("element_id", text_type(255), primary_key=True),
    sa.Column("shard", sa.SmallInteger, primary_key=True, autoincrement=False),
    *_counts(
        "entered", "completed", "terminated_count", "incidents", "open_incidents", "open_start_seconds", *_DURATIONS
    ),
    sa.Column("sketch", blob_type(), nullable=False),
    sa.Column("element_type", text_type(64), nullable=False),
    sa.Column("element_name", long_text_type(), nullable=False),
    **CLUSTERED,
)

shard = sa.Table(
    "statistics_shard",
    metadata,
    sa.Column("number", sa.SmallInteger, primary_key=True, autoincrement=False),
    **TABLE_OPTIONS,
)

due_task = sa.Table(
    "statistics_due_task",
    metadata,
    sa.Column("task_id", text_type(64), primary_key=True),
    sa.Column("due_micros", micros_type(), nullable=False),
    sa.Column("tenant_id", text_type(64), nullable=False),
    sa.Column("process_definition_key", text_type(255), nullable=False),
    sa.Index("statistics_due_task_due", "due_micros", "task_id"),
    sa.Index("statistics_due_task_key", "process_definition_key", "due_micros", "task_id"),
    sa.Index("statistics_due_task_tenant", "tenant_id", "due_micros", "task_id"),
    **CLUSTERED,
)

sa.Table(
    "statistics_incident",
    metadata,
    sa.Column("id", text_type(64), primary_key=True),
    sa.Column("process_instance_id", text_type(64), nullable=False),
    sa.Column("process_definition_id", text_type(64), nullable=False),
    sa.Column("process_definition_key", text_type(255), nullable=False),
    sa.Column("tenant_id", text_type(64), nullable=False),
    sa.Column("element_id", text_type(255), nullable=False),
    sa.Column("type", text_type(64), nullable=False),
    sa.Column("job_id", text_type(64), nullable=False),
    sa.Column("message", long_text_type(), nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("create_micros", micros_type(), nullable=False),
    sa.Column("end_micros", micros_type()),
    sa.Column("reference_position", sa.BigInteger, nullable=False),
    sa.Column("state_position", sa.BigInteger, nullable=False),
    sa.Index("statistics_incident_instance", "process_instance_id", "id"),
    **CLUSTERED,
)

sa.Table(
    "retention_policy",
    metadata,
    sa.Column("tenant_id", text_type(64), primary_key=True),
    sa.Column("process_definition_key", text_type(255), primary_key=True),
    sa.Column("keep_seconds", sa.BigInteger, nullable=False),
    sa.Column("archive", sa.SmallInteger, nullable=False),
    sa.Column("update_micros", micros_type(), nullable=False),
    **CLUSTERED,
)

sa.Table(
    "retention_instance",
    metadata,
    sa.Column("process_instance_id", text_type(64), primary_key=True),
    sa.Column("keep_micros", micros_type(), nullable=False),
    sa.Column("archive", sa.SmallInteger, nullable=False),
    sa.Index("retention_instance_keep", "keep_micros", "process_instance_id"),
    **CLUSTERED,
)

gate = sa.Table(
    "history_purge_gate",
    metadata,
    # There is one row, with the id 1.
    sa.Column("id", sa.SmallInteger, primary_key=True, autoincrement=False),
    # Whether instances were ever purged.
    sa.Column("purged", sa.SmallInteger, nullable=False),
    # The latest time of a purge that `history_purge` does not tell any more; 0: it tells all.
    sa.Column("forgotten_micros", micros_type(), nullable=False),
    **TABLE_OPTIONS,
)

sa.Table(
    "history_purge",
    metadata,
    sa.Column("process_instance_id", text_type(64), primary_key=True),
    sa.Column("archive_id", text_type(64), nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("purge_micros", micros_type(), nullable=False),
    sa.Index("history_purge_work", "archive_id", "state", "process_instance_id"),
    sa.Index("history_purge_age", "state", "purge_micros", "process_instance_id"),
    **CLUSTERED,
)

sa.Table(
    "history_archive",
    metadata,
    sa.Column("id", text_type(64), primary_key=True),
    sa.Column("tenant_id", text_type(64), nullable=False),
    sa.Column("process_definition_key", text_type(255), nullable=False),
    sa.Column("state", sa.SmallInteger, nullable=False),
    sa.Column("restoring", sa.SmallInteger, nullable=False),
    sa.Column("create_micros", micros_type(), nullable=False),
    sa.Column("instance_count", sa.BigInteger, nullable=False),
    sa.Column("row_count", sa.BigInteger, nullable=False),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("first_end_micros", micros_type(), nullable=False),
    sa.Column("last_end_micros", micros_type(), nullable=False),
    sa.Column("schema_version", text_type(64), nullable=False),
    sa.Column("manifest_sha256", text_type(64), nullable=False),
    sa.Column("error", long_text_type(), nullable=False),
    sa.Column("emptied", sa.SmallInteger, nullable=False),
    sa.Index("history_archive_emptied", "emptied", "id"),
    sa.Index("history_archive_state", "state", "id"),
    sa.Index("history_archive_restoring", "restoring", "id"),
    sa.Index("history_archive_key", "process_definition_key", "id"),
    sa.Index("history_archive_tenant", "tenant_id", "id"),
    **CLUSTERED,
)

sa.Table(
    "archived_record",
    metadata,
    sa.Column("archive_id", text_type(64), primary_key=True),
    sa.Column("kind", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("process_instance_id", text_type(64), primary_key=True),
    sa.Column("sort_micros", micros_type(), primary_key=True, autoincrement=False),
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("id", text_type(400), primary_key=True),
    sa.Column("content", blob_type(), nullable=False),
    **CLUSTERED,
)

sa.Table(
    "history_request",
    metadata,
    sa.Column("method", text_type(64), primary_key=True),
    sa.Column("actor_id", text_type(255), primary_key=True),
    sa.Column("request_id", text_type(128), primary_key=True),
    sa.Column("fingerprint", text_type(64), nullable=False),
    sa.Column("response", blob_type(), nullable=False),
    sa.Column("created_at", micros_type(), nullable=False),
    sa.Index("history_request_created", "created_at"),
    **CLUSTERED,
)

lease_tables(metadata)

instance = sa.table("history_process_instance", *(sa.column(name) for name in (
    "id", "process_definition_id", "tenant_id", "process_definition_key", "process_definition_version",
    "status", "start_micros", "end_micros",
)))  # fmt: skip
activity = sa.table("history_activity", *(sa.column(name) for name in (
    "id", "process_definition_id", "tenant_id", "element_id", "element_type", "element_name", "state",
    "start_micros", "end_micros",
)))  # fmt: skip
task = sa.table("history_task", *(sa.column(name) for name in (
    "id", "due_micros", "tenant_id", "process_definition_key", "state",
)))  # fmt: skip
END_INDEX = "history_instance_definition_end"


def upgrade() -> None:
    """Create the tables and count what is there. Can be run again where it broke off."""
    connection = op.get_bind()
    metadata.create_all(connection)
    present = sa.inspect(connection)
    for table in metadata.sorted_tables:
        indexes = {index["name"] for index in present.get_indexes(table.name)}
        for index in table.indexes:
            if index.name not in indexes:
                index.create(connection)
    if END_INDEX not in {index["name"] for index in present.get_indexes("history_process_instance")}:
        op.create_index(
            END_INDEX,
            "history_process_instance",
            ["process_definition_key", "tenant_id", "end_micros", "id"],
            sqlite_where=sa.text("end_micros IS NOT NULL"),
        )
    _count(connection)


def downgrade() -> None:
    """Drop the tables."""
    op.drop_index(END_INDEX, "history_process_instance")
    metadata.drop_all(op.get_bind())


def _count(connection: sa.Connection) -> None:
    # The statements below are one transaction, on MariaDB as well: whoever finds a shard finds the counts.
    if connection.execute(sa.select(shard.c.number)).first() is not None:
        return
    gathered = Contributions()
    for _, *definition, status, start, end in _rows(connection, instance):
        definition_id, tenant, key, version = definition
        facts = DefinitionFacts(definition_id, tenant, key, version)
        gathered.instance(1, facts, status, start, end)
    for _, definition_id, tenant, element_id, kind, name, state, start, end in _rows(connection, activity):
        gathered.activity(1, (definition_id, tenant), (element_id, kind, name), state, start, end)
    _insert(
        connection,
        metadata.tables["statistics_definition"],
        [
            (facts.process_definition_id, facts.tenant_id, facts.process_definition_key, facts.version)
            for facts in gathered.definitions.values()
        ],
    )
    _insert(
        connection,
        process,
        [
            (
                *key,
                0,
                *(counts.running, counts.paused, counts.started, counts.completed, counts.failed, counts.terminated),
                *(counts.durations.seconds, counts.durations.micros),
                *(encode(counts.durations.sketch), encode(counts.quarters)),
            )
            for key, counts in gathered.processes.items()
        ],
    )
    _insert(
        connection,
        element,
        [
            (
                *key,
                0,
                *(counts.entered, counts.completed, counts.terminated, counts.incidents),
                *(counts.open_incidents, counts.open_start_seconds),
                *(counts.durations.seconds, counts.durations.micros, encode(counts.durations.sketch)),
                *(counts.element_type, counts.element_name),
            )
            for key, counts in gathered.elements.items()
        ],
    )
    due: list[Sequence[Any]] = []
    for task_id, due_micros, tenant, key, state in _rows(connection, task):
        if state == 1 and due_micros is not None:
            due.append((task_id, due_micros, tenant, key))
        if len(due) == READ_ROWS:
            _insert(connection, due_task, due)
            due.clear()
    _insert(connection, due_task, due)
    _insert(connection, gate, [(1, 0, 0)])
    _insert(connection, shard, [(number,) for number in range(SHARDS)])


def _rows(connection: sa.Connection, table: sa.TableClause) -> Iterator[Sequence[Any]]:
    """Yield all rows, page by page in the order of their ids."""
    after = ""
    while True:
        query = sa.select(*table.c).where(table.c.id > after).order_by(table.c.id).limit(READ_ROWS)
        page = connection.execute(query).all()
        yield from page
        if len(page) < READ_ROWS:
            return
        after = page[-1][0]


def _insert(connection: sa.Connection, table: sa.Table, rows: Sequence[Sequence[Any]]) -> None:
    names = [column.name for column in table.columns]
    for start in range(0, len(rows), WRITTEN_ROWS):
        part = rows[start : start + WRITTEN_ROWS]
        connection.execute(table.insert(), [dict(zip(names, row, strict=True)) for row in part])
