"""The whole directory, page by page, for the services of the mesh."""

from __future__ import annotations

from identity_svc.storage.layout import DELETED
from identity_svc.storage.subjects import Subject, read_subjects
from mesh.db.select import Select
from mesh.db.statements import FetchKeys, Program, Row


def list_entries(after: str | None, limit: int) -> Program[list[tuple[Subject, list[str]]]]:
    """Return the next users and service accounts by id, each with its groups."""
    query = Select("subject", ("id",)).where("status<>?", DELETED)
    rows: list[Row] = yield query.page(("id",), None if after is None else (after,), limit).fetch()
    if not rows:
        return []
    found = yield from read_subjects([row[0] for row in rows])
    members: list[Row] = yield FetchKeys("group_member", ("subject_id", "group_id"), ("subject_id",), rows)
    groups: dict[str, list[str]] = {}
    for subject_id, group_id in members:
        groups.setdefault(subject_id, []).append(group_id)
    return [(found[one], sorted(groups.get(one, ()))) for (one,) in rows]
