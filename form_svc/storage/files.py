"""Files of forms, in pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from form_svc.storage.layout import READY, UPLOADING
from mesh.db.statements import DeleteMany, Execute, Fetch, FetchKeys, InsertMany, Program, Row, UpdateKeys

PRUNE_BATCH = 100


@dataclass(slots=True, frozen=True)
class File:
    """A row of `form_file`; times in microseconds."""

    id: str
    state: int
    name: str
    content_type: str
    size_bytes: int
    sha256: str
    tenant_id: str
    field_key: str
    process_definition_id: str
    process_definition_key: str
    process_instance_id: str
    root_process_instance_id: str
    user_task_id: str
    submission_id: str
    uploaded_by: str
    created_at: int
    expires_at: int


COLUMNS = tuple(field.name for field in fields(File))


def insert_file(file: File) -> Program[None]:
    """Begin a file."""
    yield InsertMany("form_file", COLUMNS, [astuple(file)])


def insert_chunk(file_id: str, number: int, content: bytes) -> Program[bool]:
    """Keep a piece of a file; say False where the file was thrown away meanwhile."""
    # With the lock of the file: a piece that comes late must not outlive it.
    rows: list[Row] = yield FetchKeys("form_file", ("id",), ("id",), [(file_id,)], lock=True)
    if not rows:
        return False
    yield InsertMany("form_file_chunk", ("file_id", "number", "content"), [(file_id, number, content)])
    return True


def finish_file(file_id: str, size: int, sha256: str) -> Program[bool]:
    """Make a file ready; say False where it was thrown away meanwhile."""
    changed: int = yield UpdateKeys(
        "form_file", "state=?,size_bytes=?,sha256=?", (READY, size, sha256), ("id",), [(file_id,)]
    )
    return changed == 1


def find_files(file_ids: Sequence[str], *, lock: bool = False) -> Program[dict[str, File]]:
    """Read files that are ready, by their ids."""
    if not file_ids:
        return {}
    rows: list[Row] = yield FetchKeys(
        "form_file", COLUMNS, ("id",), [(each,) for each in sorted(set(file_ids))], lock=lock
    )
    return {row[0]: File(*row) for row in rows if row[1] == READY}


def read_chunk(file_id: str, number: int) -> Program[bytes | None]:
    """Read a piece of a file; None behind the last one."""
    rows: list[Row] = yield FetchKeys("form_file_chunk", ("content",), ("file_id", "number"), [(file_id, number)])
    return bytes(rows[0][0]) if rows else None


def count_loose(user_id: str, limit: int) -> Program[int]:
    """Return how many files of a user are in no submission, up to a limit."""
    rows: list[Row] = yield Fetch(
        f"SELECT id FROM form_file WHERE uploaded_by=? AND submission_id='' ORDER BY id LIMIT {int(limit)}", (user_id,)
    )
    return len(rows)


def attach_files(file_ids: Sequence[str], submission_id: str) -> Program[None]:
    """Make files part of a submission."""
    if file_ids:
        yield UpdateKeys("form_file", "submission_id=?", (submission_id,), ("id",), [(each,) for each in file_ids])


def release_files(submission_id: str, expires_at: int) -> Program[None]:
    """Let the files of a submission that was refused be submitted again."""
    yield Execute(
        "UPDATE form_file SET submission_id='', expires_at=? WHERE submission_id=?", (expires_at, submission_id)
    )


def place_files(submission_id: str, process_instance_id: str) -> Program[None]:
    """Note the instance that the files of a submission have started; nothing has called it."""
    yield Execute(
        "UPDATE form_file SET process_instance_id=?, root_process_instance_id=? WHERE submission_id=?",
        (process_instance_id, process_instance_id, submission_id),
    )


def delete_file(file_id: str) -> Program[None]:
    """Delete a file with its pieces."""
    yield FetchKeys("form_file", ("id",), ("id",), [(file_id,)], lock=True)
    # The pieces by their numbers: by the file alone other files' uploads would wait for the gap.
    rows: list[Row] = yield Fetch("SELECT file_id, number FROM form_file_chunk WHERE file_id=?", (file_id,))
    if rows:
        yield DeleteMany("form_file_chunk", ("file_id", "number"), rows)
    yield DeleteMany("form_file", ("id",), [(file_id,)])


def delete_unfinished(file_id: str) -> Program[None]:
    """Delete a file unless it is ready."""
    rows: list[Row] = yield FetchKeys("form_file", ("state",), ("id",), [(file_id,)], lock=True)
    if rows and rows[0][0] == UPLOADING:
        yield from delete_file(file_id)


def expired_files(now: int) -> Program[list[str]]:
    """Return a bounded batch of files that nobody has submitted in time, the oldest first."""
    rows: list[Row] = yield Fetch(
        f"SELECT id FROM form_file WHERE submission_id='' AND expires_at<? ORDER BY expires_at, id LIMIT {PRUNE_BATCH}",
        (now,),
    )
    return [row[0] for row in rows]


def delete_expired(file_id: str, now: int) -> Program[bool]:
    """Delete a file unless it was submitted meanwhile; say whether it was deleted."""
    rows: list[Row] = yield FetchKeys("form_file", ("submission_id", "expires_at"), ("id",), [(file_id,)], lock=True)
    if not rows or rows[0][0] or rows[0][1] >= now:
        return False
    yield from delete_file(file_id)
    return True
