"""Rows of archives, and of what was restored of them."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any, Final

import orjson

from history_svc.storage.retention_layout import (
    ARCHIVE_COLUMNS,
    ARCHIVE_TABLE,
    COMPLETE,
    NOT_RESTORED,
    RECORD_COLUMNS,
    RECORD_KEY,
    RECORD_TABLE,
    REMOVING,
    RESTORED,
    RESTORING,
    WRITING,
    InstanceRows,
)
from mesh.access.row_conditions import row_condition
from mesh.access.rows import Rows
from mesh.db.select import Select
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, InsertMany, Program, Row

REMOVE_BATCH: Final = 500
MAX_ERROR: Final = 2_000


@dataclass(slots=True, frozen=True)
class Archive:
    """An archive; the fields are the columns, in their order."""

    id: str
    tenant_id: str
    key: str
    state: int
    restoring: int
    create_micros: int
    instance_count: int
    row_count: int
    size_bytes: int
    first_end_micros: int
    last_end_micros: int
    schema_version: str
    manifest_sha256: str
    error: str
    emptied: int


def insert_archive(archive: Archive) -> Program[None]:
    """Make an archive that is to be written."""
    yield InsertMany(ARCHIVE_TABLE, ARCHIVE_COLUMNS, [tuple(getattr(archive, name) for name in Archive.__slots__)])


def find_archive(opened: Rows, archive_id: str, *, lock: bool = False) -> Program[Archive | None]:
    """Read an archive, None where there is none or it is closed to a call."""
    if lock:
        yield FetchKeys(ARCHIVE_TABLE, ("id",), ("id",), [(archive_id,)], lock=True)
    select = Select(ARCHIVE_TABLE, ARCHIVE_COLUMNS).where("id=?", archive_id)
    select.open_to(row_condition(opened, "tenant_id", "process_definition_key"))
    rows: list[Row] = yield select.fetch()
    return Archive(*rows[0]) if rows else None


def list_archives(
    opened: Rows, tenant_id: str, key: str, state: int, after: str | None, size: int
) -> Program[list[Archive]]:
    """Read archives, the newest first."""
    select = Select(ARCHIVE_TABLE, ARCHIVE_COLUMNS).equal("process_definition_key", key).equal("tenant_id", tenant_id)
    select.equal("state", state).open_to(row_condition(opened, "tenant_id", "process_definition_key"))
    page = select.page(("id",), None if after is None else (after,), size, descending=True)
    rows: list[Row] = yield page.fetch()
    return [Archive(*row) for row in rows]


def archives_where(column: str, value: int, limit: int) -> Program[list[Archive]]:
    """Read the oldest archives with a value in the column `emptied`, `state` or `restoring`."""
    sql = f"SELECT {','.join(ARCHIVE_COLUMNS)} FROM {ARCHIVE_TABLE} WHERE {column}=? ORDER BY id LIMIT ?"
    rows: list[Row] = yield Fetch(sql, (value, limit))
    return [Archive(*row) for row in rows]


def complete_archive(archive_id: str, row_count: int, size_bytes: int, sha256: str) -> Program[None]:
    """Say that an archive's files are written."""
    yield Execute(
        f"UPDATE {ARCHIVE_TABLE} SET state=?,row_count=?,size_bytes=?,manifest_sha256=?,error='' "
        "WHERE id=? AND state=?",
        (COMPLETE, row_count, size_bytes, sha256, archive_id, WRITING),
    )


def set_archive(archive_id: str, **values: Any) -> Program[None]:
    """Set columns of an archive."""
    assignments = ",".join(f"{name}=?" for name in values)
    yield Execute(f"UPDATE {ARCHIVE_TABLE} SET {assignments} WHERE id=?", (*values.values(), archive_id))


def note_error(archive_id: str, error: str) -> Program[None]:
    """Note why something failed."""
    yield from set_archive(archive_id, error=error[:MAX_ERROR])


def restored(archive_id: str) -> Program[None]:
    """Say that an archive can be read, unless that is no longer wanted."""
    yield Execute(
        f"UPDATE {ARCHIVE_TABLE} SET restoring=?,error='' WHERE id=? AND restoring=?",
        (RESTORED, archive_id, RESTORING),
    )


def still_restoring(archive_id: str) -> Program[bool]:
    """Say whether an archive is to be restored; it stays so in this transaction."""
    rows: list[Row] = yield FetchKeys(ARCHIVE_TABLE, ("restoring",), ("id",), [(archive_id,)], share=True)
    return rows == [(RESTORING,)]


def remove_records(archive_id: str) -> Program[bool]:
    """Delete a bounded batch of what was restored of an archive; say whether there may be more."""
    sql = f"SELECT {','.join(RECORD_KEY)} FROM {RECORD_TABLE} WHERE archive_id=? LIMIT {REMOVE_BATCH}"
    rows: list[Row] = yield Fetch(sql, (archive_id,))
    if rows:
        yield DeleteMany(RECORD_TABLE, RECORD_KEY, rows)
    return len(rows) == REMOVE_BATCH


def removed(archive_id: str) -> Program[None]:
    """Say that nothing is restored of an archive any more."""
    yield Execute(
        f"UPDATE {ARCHIVE_TABLE} SET restoring=?,error='' WHERE id=? AND restoring=?",
        (NOT_RESTORED, archive_id, REMOVING),
    )


def delete_archive(archive_id: str) -> Program[None]:
    """Delete an archive's row."""
    yield DeleteMany(ARCHIVE_TABLE, ("id",), [(archive_id,)])


def read_records(
    archive_id: str,
    rows_of: InstanceRows,
    instance_id: str,
    after: tuple[Any, ...] | None,
    size: int,
) -> Program[list[tuple[tuple[Any, ...], dict[str, Any]]]]:
    """Read rows of a restored archive, of one instance where it is given: each its sort key and its columns."""
    select = Select(RECORD_TABLE, RECORD_COLUMNS[2:]).where("archive_id=?", archive_id).where("kind=?", rows_of.kind)
    select.equal("process_instance_id", instance_id)
    rows: list[Row] = yield select.page(RECORD_KEY[2:], after, size).fetch()
    return [(row[:-1], orjson.loads(row[-1])) for row in rows]


def find_record(
    archive_id: str, rows_of: InstanceRows, instance_id: str, record_id: str
) -> Program[dict[str, Any] | None]:
    """Read a row of a restored archive by its id, of a kind that is in no other order; None where there is none."""
    key = archive_id, rows_of.kind, instance_id, 0, 0, record_id
    rows: list[Row] = yield FetchKeys(RECORD_TABLE, ("content",), RECORD_KEY, [key])
    return orjson.loads(rows[0][0]) if rows else None


def values_of(record: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a restored row as they were; those with bytes are a list with their text in base64."""
    return {name: base64.b64decode(value[0]) if isinstance(value, list) else value for name, value in record.items()}
