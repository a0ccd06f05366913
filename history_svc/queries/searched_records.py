"""Records that have texts: where they lie, which texts they have, and who takes part in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from history_svc.queries.involvement import in_instance, in_task
from history_svc.queries.narrowing import one_of
from history_svc.storage import record_kinds as kinds
from history_svc.storage.layout import (
    ATTACHMENT_TABLE,
    COMMENT_TABLE,
    INCIDENT_TABLE,
    INSTANCE_TABLE,
    TASK_TABLE,
    UNKNOWN_TIME,
    VARIABLE_TABLE,
)
from history_svc.storage.values import texts_in_json
from history_svc.storage.words import beginning_of
from mesh.access.rows import Rows
from mesh.db.statements import Fetch, Program, Row


@dataclass(slots=True, frozen=True)
class Source:
    """A table with records that have texts.

    `title` is the column of the title, and `texts` are those of the texts by the names of their fields. `version` is a
    number that is greater after each change of the texts, the definition or the tenant, in whatever order events came.
    `size`: how many bytes the texts of a row are, where that may be many.
    """

    table: str
    instance_id: str
    title: str
    texts: Mapping[str, str]
    open_to: Callable[[Rows], tuple[str, tuple[Any, ...]]]
    version: str
    extra: str = "1=1"
    read: Callable[[Any], str] = str
    size: str = ""


def _of_remark(table: str) -> Callable[[Rows], tuple[str, tuple[Any, ...]]]:
    def takes_part(opened: Rows) -> tuple[str, tuple[Any, ...]]:
        sql, values = in_instance(opened, f"{table}.process_instance_id")
        if not opened.user_id:
            return sql, values
        task, task_values = in_task(opened)
        return (
            f"({sql} OR EXISTS(SELECT 1 FROM {TASK_TABLE} s WHERE s.id={table}.task_id AND {task}))",
            (*values, *task_values),
        )

    return takes_part


def _text_of_value(value_json: Any) -> str:
    return beginning_of(texts_in_json(value_json)) if value_json else ""


_RAISED: Final = f"1+(create_micros<>{UNKNOWN_TIME})"
"""Of rows that are told by their beginning and their end alone."""

SOURCES: Final[Mapping[int, Source]] = {
    kinds.INSTANCE: Source(
        INSTANCE_TABLE,
        "id",
        "business_key",
        {"business_key": "business_key", "end_reason": "end_reason"},
        lambda opened: in_instance(opened, f"{INSTANCE_TABLE}.id"),
        "reference_position+status_position",
    ),
    kinds.TASK: Source(
        TASK_TABLE,
        "process_instance_id",
        "name",
        {column: column for column in ("name", "description", "category", "outcome", "end_reason")},
        in_task,
        "reference_position+state_position+detail_position",
    ),
    kinds.VARIABLE: Source(
        VARIABLE_TABLE,
        "process_instance_id",
        "name",
        {"value": "value_json"},
        lambda opened: in_instance(opened, f"{VARIABLE_TABLE}.process_instance_id"),
        "position",
        "deleted=0",
        _text_of_value,
        "LENGTH(value_json)",
    ),
    kinds.COMMENT: Source(
        COMMENT_TABLE,
        "process_instance_id",
        "''",
        {"text": "text"},
        _of_remark(COMMENT_TABLE),
        f"{_RAISED}+2*(delete_micros IS NOT NULL)",
        "delete_micros IS NULL",
    ),
    kinds.ATTACHMENT: Source(
        ATTACHMENT_TABLE,
        "process_instance_id",
        "name",
        {"name": "name"},
        _of_remark(ATTACHMENT_TABLE),
        f"{_RAISED}+2*(delete_micros IS NOT NULL)",
        "delete_micros IS NULL",
    ),
    kinds.INCIDENT: Source(
        INCIDENT_TABLE,
        "process_instance_id",
        "type",
        {"message": "message"},
        lambda opened: in_instance(opened, f"{INCIDENT_TABLE}.process_instance_id"),
        _RAISED,
    ),
}


def sizes_of(records: Iterable[tuple[str, int]]) -> Program[dict[tuple[str, int], int]]:
    """Return how many bytes the texts of records are, by id and kind, of those where that may be many."""
    by_kind: dict[int, list[str]] = {}
    for record_id, kind in records:
        if SOURCES[kind].size:
            by_kind.setdefault(kind, []).append(record_id)
    sizes: dict[tuple[str, int], int] = {}
    for kind, ids in by_kind.items():
        source = SOURCES[kind]
        listed, values = one_of("id", tuple(ids))
        rows: list[Row] = yield Fetch(f"SELECT id,{source.size} FROM {source.table} WHERE {listed}", values)
        sizes.update({(record_id, kind): size for record_id, size in rows})
    return sizes


def fitting(sizes: Sequence[int], budget: int) -> int:
    """Return how many of the first records are read at once, so that no more bytes come than that; one at least."""
    total = 0
    for count, size in enumerate(sizes):
        total += size
        if total > budget and count:
            return count
    return len(sizes)
