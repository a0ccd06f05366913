"""Rows of history → documents, each with the words that its record is found by.

The words are made as those of the database's own table are, so that both find the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from history_svc.queries.narrowing import one_of
from history_svc.queries.searched_records import SOURCES, Source, fitting, sizes_of
from history_svc.storage.generations import present_generation
from history_svc.storage.search_index import Change
from history_svc.storage.words import words_of
from mesh.db.statements import Fetch, Program, Row

GONE_VERSION: Final = 1 << 62
"""Of a record that is not there: above that of each that is."""
READ_BYTES: Final = 1 << 22
"""So many bytes of long texts are read at once."""
SLICE: Final = 16
"""After so many documents others have their turn: a long text takes about a millisecond."""


@dataclass(slots=True, frozen=True)
class Record:
    """A record as its row is; without texts where there is nothing (any more) to find it by."""

    kind: int
    record_id: str
    version: int
    tenant_id: str = ""
    process_definition_key: str = ""
    texts: tuple[str, ...] = ()


@dataclass(slots=True, frozen=True)
class Document:
    """What a search server is told of a record; without words it is to forget it."""

    record: Record
    words: tuple[str, ...]


def changed_records(changes: Sequence[Change]) -> Program[tuple[int, Sequence[Change], list[Record]]]:
    """Read records that have changed, of the first changes only where texts are long.

    Return of which generation the rows are, of which changes, and the records.
    """
    generation = yield from present_generation()
    sizes = yield from sizes_of((change.record_id, change.kind) for change in changes)
    changes = changes[: fitting([sizes.get((one.record_id, one.kind), 0) for one in changes], READ_BYTES)]
    records: list[Record] = []
    by_kind: dict[int, list[str]] = {}
    for change in changes:
        by_kind.setdefault(change.kind, []).append(change.record_id)
    for kind, ids in by_kind.items():
        listed, values = one_of("id", tuple(ids))
        rows = yield from _rows(SOURCES[kind], listed, values, "")
        records += [_record(kind, row) for row in rows]
        records += [Record(kind, gone, GONE_VERSION) for gone in set(ids).difference(row[0] for row in rows)]
    return generation, changes, records


def records_behind(kind: int, record_id: str, limit: int) -> Program[tuple[int, list[Record]]]:
    """Read records of a kind by their ids, fewer at once where texts are long; and of which generation the rows are."""
    generation = yield from present_generation()
    source = SOURCES[kind]
    if source.size:
        sizes: list[Row] = yield Fetch(
            f"SELECT {source.size} FROM {source.table} WHERE id>? ORDER BY id LIMIT {limit}", (record_id,)
        )
        limit = fitting([size for (size,) in sizes], READ_BYTES) or limit
    rows = yield from _rows(source, "id>?", (record_id,), f" ORDER BY id LIMIT {limit}")
    return generation, [_record(kind, row) for row in rows]


async def documents_of(records: Sequence[Record]) -> list[Document]:
    """Cut the texts of records into words."""
    documents = []
    for number, record in enumerate(records):
        if number % SLICE == SLICE - 1:
            await asyncio.sleep(0)
        words: dict[str, None] = {}
        for text in record.texts:
            words.update(dict.fromkeys(words_of(text)))
        documents.append(Document(record, tuple(words)))
    return documents


def _rows(source: Source, condition: str, values: Sequence[Any], order: str) -> Program[list[Row]]:
    columns = ("id", "tenant_id", "process_definition_key", source.version, source.extra, *source.texts.values())
    rows: list[Row] = yield Fetch(f"SELECT {','.join(columns)} FROM {source.table} WHERE {condition}{order}", values)
    return rows


def _record(kind: int, row: Row) -> Record:
    record_id, tenant_id, key, version, there, *texts = row
    read = SOURCES[kind].read
    return Record(kind, record_id, version, tenant_id, key, tuple(read(text) for text in texts) if there else ())
