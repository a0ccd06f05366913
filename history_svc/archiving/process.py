"""The process that writes, checks and restores archives: `python -m history_svc.archiving.process`, what to do as JSON
on standard input, the outcome as JSON on standard output.

Parquet takes 40 MB and 0.3 s to load, and its work would hold up whatever shares its process. The process ends itself
where standard input ends: who started it is gone then.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from history_svc.archiving.manifest import MANIFEST, ArchiveFile, Manifest, ManifestUnreadable, read_manifest, sha256_of
from history_svc.storage.archives import still_restoring
from history_svc.storage.purging import claimed_for
from history_svc.storage.retention_layout import (
    ARCHIVED_ROWS,
    INSTANCES,
    RECORD_COLUMNS,
    RECORD_KEY,
    RECORD_TABLE,
    InstanceRows,
)
from mesh.clock import steady_seconds
from mesh.db.database import Database, TransientFailure
from mesh.db.schema import open_database
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Fetch, Program, Row, UpsertMany, fetch
from mesh.ids import new_id

PAGE_INSTANCES: Final = 200
GROUP_ROWS: Final = 20_000
"""Rows that are gathered before they are written."""
FIRST_PIECE_ROWS: Final = 16
PIECE_ROWS: Final = 5_000
PIECE_BYTES: Final = 8 * 1024 * 1024
"""How much is read at once, about, and how much is gathered before it is written."""
RESTORE_ROWS: Final = 500
RESTORE_BYTES: Final = 4 * 1024 * 1024
"""How much one transaction restores, at most, unless a single row is larger."""
RESTORE_ATTEMPTS: Final = 10
FIRST_PAUSE_SECONDS: Final = 0.02
PARTIAL: Final = ".partial"
MAX_FOREIGN: Final = 100
"""Files that do not belong to an archive are named up to so many."""

_TYPES: Final[Mapping[str, pa.DataType]] = {
    "int64": pa.int64(),
    "double": pa.float64(),
    "binary": pa.binary(),
    "string": pa.string(),
}


class NotDone(Exception):
    """The work cannot be done; the message is for people."""


async def write(database: Database, order: Mapping[str, Any]) -> dict[str, Any]:
    """Write the claimed instances of an archive; the folder has its name once all of it is safe on disk.

    An archive that is written twice is the same twice: its instances do not change any more. One that is there and not
    whole is written anew.
    """
    final = Path(order["folder"]) / order["archive"]["id"]
    found = final.exists()
    if not found:
        await _write_anew(database, final, order)
    try:
        return _written_whole(final, order)
    except NotDone:
        if not found:
            raise
    # Nothing of it was deleted from history yet, as nobody has called it complete.
    final.rename(_partial_name(final))
    await _write_anew(database, final, order)
    return _written_whole(final, order)


async def verify(order: Mapping[str, Any]) -> dict[str, Any]:
    """Read all files of an archive and say what is wrong with them."""
    faults, rows, files = _faults(Path(order["folder"]) / order["archive"]["id"], order["archive"]["manifest_sha256"])
    return {"faults": faults, "row_count": rows, "file_count": files}


async def restore(database: Database, order: Mapping[str, Any]) -> dict[str, Any]:
    """Put the rows of an archive where they can be read. Can be run again where it broke off."""
    folder, archive_id = Path(order["folder"]) / order["archive"]["id"], order["archive"]["id"]
    faults, rows, _ = _faults(folder, order["archive"]["manifest_sha256"])
    if faults:
        raise NotDone(f"the archive is not whole: {faults[0]['file']}: {faults[0]['description']}")
    for file in read_manifest((folder / MANIFEST).read_bytes()).files:
        rows_of = next((one for one in ARCHIVED_ROWS if one.kind == file.kind), None)
        if rows_of is None:
            # A table that this release has no more.
            continue
        with pq.ParquetFile(folder / file.file) as parquet:
            for batch in parquet.iter_batches(RESTORE_ROWS):
                records = [_record(archive_id, rows_of, row) for row in batch.to_pylist()]
                for piece in _pieces(records):
                    await _put(database, archive_id, piece)
    return {"row_count": rows}


def _pieces(records: Sequence[Row]) -> Iterator[list[Row]]:
    piece: list[Row] = []
    size = 0
    for record in records:
        if piece and size + len(record[-1]) > RESTORE_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(record)
        size += len(record[-1])
    if piece:
        yield piece


async def _put(database: Database, archive_id: str, records: Sequence[Row]) -> None:
    pause = FIRST_PAUSE_SECONDS
    for attempt in range(RESTORE_ATTEMPTS):
        started = steady_seconds()
        try:
            if not await database.write(_restored(archive_id, records)):
                raise NotDone("it is no longer to be restored")
        except TransientFailure:
            if attempt == RESTORE_ATTEMPTS - 1:
                raise
            pause *= 2
        else:
            # SQLite lets who comes first write, and who waits asks only now and then: history itself comes first.
            await asyncio.sleep(max(pause, 2 * (steady_seconds() - started)))
            return
        await asyncio.sleep(pause)


async def _write_anew(database: Database, final: Path, order: Mapping[str, Any]) -> None:
    folder = final.parent
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{final.name}.*{PARTIAL}"):
        # Of a try that broke off.
        shutil.rmtree(left, ignore_errors=True)
    partial = _partial_name(final)
    partial.mkdir()
    try:
        manifest = await _written(database, partial, order)
        _ended(partial, final, manifest.to_json())
    except BaseException:
        # It must not take the room that the next try needs.
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _partial_name(final: Path) -> Path:
    return final.with_name(f"{final.name}.{new_id()}{PARTIAL}")


def _written_whole(final: Path, order: Mapping[str, Any]) -> dict[str, Any]:
    """Read what was written; return what is to be known of it. Raises `NotDone` where it is not whole."""
    archive = order["archive"]
    try:
        content = (final / MANIFEST).read_bytes()
        manifest = read_manifest(content)
    except (OSError, ManifestUnreadable) as error:
        raise NotDone(f"what was written is not whole: {MANIFEST}: {error}") from error
    digest = hashlib.sha256(content).hexdigest()
    faults, rows, _ = _faults(final, digest)
    if faults:
        raise NotDone(f"what was written is not whole: {faults[0]['file']}: {faults[0]['description']}")
    written = manifest.archive_id, manifest.tenant_id, manifest.process_definition_key, manifest.instances
    wanted = archive["id"], archive["tenant_id"], archive["key"], archive["instance_count"]
    if written != wanted:
        raise NotDone(f"the archive has {written}, not {wanted}")
    return {
        "row_count": rows,
        "size_bytes": len(content) + sum(file.bytes for file in manifest.files),
        "manifest_sha256": digest,
    }


async def _written(database: Database, folder: Path, order: Mapping[str, Any]) -> Manifest:
    archive = order["archive"]
    writers: list[_TableWriter] = []
    with contextlib.ExitStack() as broken_off:
        for rows_of in ARCHIVED_ROWS:
            columns = await _columns(database, rows_of.table)
            writers.append(_TableWriter(folder, rows_of, columns))
            broken_off.callback(writers[-1].abandon)
        after, instances = "", 0
        while page := await database.read(claimed_for(archive["id"], after, PAGE_INSTANCES)):
            after = page[-1]
            for writer in writers:
                await writer.copy(database, page)
            instances += len(page)
        for writer in writers:
            writer.close()
    files = [writer.described() for writer in writers]
    of_instances = next(file for file in files if file.kind == INSTANCES.kind)
    if of_instances.rows != instances or instances != archive["instance_count"]:
        raise NotDone(
            f"{archive['instance_count']} instances were to be written, {instances} are claimed and "
            f"{of_instances.rows} are there"
        )
    return Manifest(
        archive_id=archive["id"],
        tenant_id=archive["tenant_id"],
        process_definition_key=archive["key"],
        schema_version=archive["schema_version"],
        create_micros=archive["create_micros"],
        instances=instances,
        first_end_micros=archive["first_end_micros"],
        last_end_micros=archive["last_end_micros"],
        files=files,
    )


def _ended(partial: Path, final: Path, manifest: bytes) -> None:
    """Give an archive its name, once all of it is on disk."""
    _write_synced(partial / MANIFEST, manifest)
    _sync_folder(partial)
    try:
        partial.rename(final)
    except OSError:
        if not final.exists():
            raise
        # Another process was at the same and has done it.
        shutil.rmtree(partial, ignore_errors=True)
    _sync_folder(final.parent)


def rows_query(
    rows_of: InstanceRows, columns: Sequence[Sequence[str]], instances: Sequence[str], after: Row | None, limit: int
) -> Fetch:
    """Return the query for so many rows of instances, in the order of instance and key, behind the ones `after`."""
    order = order_of(rows_of)
    names = ",".join(name for name, _ in columns)
    condition, parameters = rows_of.condition(instances)
    if after is not None:
        behind = " OR ".join(
            "(" + "".join(f"{name}=? AND " for name in order[:place]) + f"{order[place]}>?)"
            for place in range(len(order))
        )
        condition = f"{condition} AND ({behind})"
        parameters = (*parameters, *(value for place in range(len(order)) for value in after[: place + 1]))
    sql = f"SELECT {names} FROM {rows_of.table} WHERE {condition} ORDER BY {','.join(order)} LIMIT ?"
    return Fetch(sql, (*parameters, limit))


def order_of(rows_of: InstanceRows) -> tuple[str, ...]:
    """Return the columns by which the rows of a table are read.

    The instance comes first: ordered by a key that does not begin with it, databases may read a whole table by it.
    """
    return tuple(dict.fromkeys((rows_of.instance, *rows_of.key)))


class _TableWriter:
    """Copies the rows of one table into a file, by pieces of bounded size."""

    def __init__(self, folder: Path, rows_of: InstanceRows, columns: list[list[str]]) -> None:
        self._rows_of = rows_of
        self._columns = columns
        names = [name for name, _ in columns]
        self._places = [names.index(name) for name in order_of(rows_of)]
        self._path = folder / f"{rows_of.table}.parquet"
        self._schema = pa.schema([(name, _TYPES[kind]) for name, kind in columns])
        self._writer = pq.ParquetWriter(self._path, self._schema, compression="zstd")
        self._waiting: list[Row] = []
        self._waiting_bytes = 0
        self._rows = 0
        self._piece = FIRST_PIECE_ROWS

    async def copy(self, database: Database, instances: Sequence[str]) -> None:
        """Add the rows of some instances."""
        # Several ranges in the order of the key are a scan of the whole table for SQLite.
        for some in [[one] for one in instances] if self._rows_of.inside else [instances]:
            await self._copy(database, some)

    async def _copy(self, database: Database, instances: Sequence[str]) -> None:
        after: Row | None = None
        while True:
            limit = self._piece
            rows = await database.read(fetch(rows_query(self._rows_of, self._columns, instances, after, limit)))
            self._add(rows)
            if len(rows) < limit:
                return
            after = tuple(rows[-1][place] for place in self._places)

    def close(self) -> None:
        """Write what is left."""
        self._flush()
        self._writer.close()
        with self._path.open("rb") as file:
            os.fsync(file.fileno())

    def abandon(self) -> None:
        """Let go of the file; where it is not closed yet, something has gone wrong with it or with another one."""
        if self._writer.is_open:
            with contextlib.suppress(OSError, pa.ArrowException):
                self._writer.close()

    def described(self) -> ArchiveFile:
        """Return what the manifest says of the file."""
        return ArchiveFile(
            file=self._path.name,
            table=self._rows_of.table,
            kind=self._rows_of.kind,
            rows=self._rows,
            bytes=self._path.stat().st_size,
            sha256=sha256_of(self._path),
            columns=self._columns,
        )

    def _add(self, rows: Sequence[Row]) -> None:
        if not rows:
            return
        size = sum(len(value) for row in rows for value in row if isinstance(value, str | bytes))
        self._waiting += rows
        self._waiting_bytes += size
        self._rows += len(rows)
        # Values may be long: how many rows are read at once depends on how long the last ones were.
        self._piece = max(1, min(PIECE_ROWS, 4 * self._piece, PIECE_BYTES * len(rows) // (size + 1)))
        if len(self._waiting) >= GROUP_ROWS or self._waiting_bytes >= PIECE_BYTES:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            arrays = [
                pa.array([row[place] for row in self._waiting], self._schema.field(place).type)
                for place in range(len(self._columns))
            ]
            self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))
            self._waiting = []
            self._waiting_bytes = 0


async def _columns(database: Database, table: str) -> list[list[str]]:
    """Return the columns of a table with their types, so that what later releases add to it is archived as well."""
    if isinstance(database, SqliteDatabase):
        rows = await database.read(fetch(Fetch(f"PRAGMA table_info({table})")))
        found = [(row[1], row[2]) for row in rows]
    else:
        rows = await database.read(fetch(Fetch(f"SHOW COLUMNS FROM {table}")))
        found = [(row[0], row[1]) for row in rows]
    return [[name, _type_of(str(kind).upper())] for name, kind in found]


def _type_of(kind: str) -> str:
    if "INT" in kind:
        return "int64"
    if "DOUBLE" in kind or "FLOAT" in kind:
        return "double"
    return "binary" if "BLOB" in kind or "BINARY" in kind else "string"


def _faults(folder: Path, manifest_sha256: str) -> tuple[list[dict[str, str]], int, int]:
    """Return what is wrong with an archive, how many rows were read and how many files."""
    if not folder.is_dir():
        return [_fault("", "the folder is not there")], 0, 0
    try:
        content = (folder / MANIFEST).read_bytes()
    except OSError as error:
        return [_fault(MANIFEST, f"cannot be read: {error.strerror}")], 0, 0
    faults = []
    if hashlib.sha256(content).hexdigest() != manifest_sha256:
        faults.append(_fault(MANIFEST, "is not the one that was written"))
    try:
        manifest = read_manifest(content)
    except ManifestUnreadable as error:
        return [*faults, _fault(MANIFEST, str(error))], 0, 1
    rows, files = 0, 1
    expected = {MANIFEST, *(file.file for file in manifest.files)}
    foreign = (path.name for path in folder.iterdir() if path.name not in expected)
    faults += [_fault(name, "does not belong there") for name in islice(foreign, MAX_FOREIGN)]
    for file in manifest.files:
        try:
            found = _check_file(folder / file.file, file)
        except NotDone as error:
            faults.append(_fault(file.file, str(error)))
        else:
            rows += found
            files += 1
    return faults, rows, files


def _check_file(path: Path, file: ArchiveFile) -> int:
    try:
        size = path.stat().st_size
        if size != file.bytes:
            raise NotDone(f"has {size} bytes, not {file.bytes}")
        if sha256_of(path) != file.sha256:
            raise NotDone("has other content than was written")
        with pq.ParquetFile(path) as parquet:
            rows = int(sum(batch.num_rows for batch in parquet.iter_batches(RESTORE_ROWS)))
            if rows != file.rows:
                raise NotDone(f"has {rows} rows, not {file.rows}")
            return rows
    except FileNotFoundError:
        raise NotDone("is not there") from None
    except (OSError, pa.ArrowException) as error:
        raise NotDone(f"cannot be read: {error}") from error


def _fault(file: str, description: str) -> dict[str, str]:
    return {"file": file, "description": description}


def _record(archive_id: str, rows_of: InstanceRows, row: dict[str, Any]) -> Row:
    order = [row.get(name) or 0 for name in rows_of.order]
    micros, sequence = [*order, 0, 0][:2]
    content = orjson.dumps(
        {name: [base64.b64encode(value).decode()] if isinstance(value, bytes) else value for name, value in row.items()}
    )
    return archive_id, rows_of.kind, rows_of.instance_of(row), micros, sequence, rows_of.id_of(row), content


def _restored(archive_id: str, records: Sequence[Row]) -> Program[bool]:
    if not (yield from still_restoring(archive_id)):
        return False
    yield UpsertMany(RECORD_TABLE, RECORD_COLUMNS, RECORD_KEY, (), records)
    return True


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


async def _run(order: Mapping[str, Any]) -> dict[str, Any]:
    if order["work"] == "verify":
        return await verify(order)
    work: Callable[..., Any] = {"write": write, "restore": restore}[order["work"]]
    database = await open_database(order["database_url"])
    try:
        outcome: dict[str, Any] = await work(database, order)
        return outcome
    finally:
        await database.close()


def _end_with_starter() -> None:
    # A buffered reader would hold its lock while the interpreter ends.
    while os.read(0, 1):
        continue
    os._exit(1)


def main() -> int:
    """Do what standard input says; return the exit code."""
    order = orjson.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_end_with_starter, daemon=True).start()
    try:
        outcome = asyncio.run(_run(order))
    except NotDone as error:
        outcome = {"error": str(error)}
    except Exception as error:  # noqa: BLE001 - told to who started the process
        outcome = {"error": f"{type(error).__name__}: {error}"}
    sys.stdout.buffer.write(orjson.dumps(outcome) + b"\n")
    sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
