"""All rows of process instances, to be removed together."""

from __future__ import annotations

from collections.abc import Sequence

from mesh.db.statements import DeleteMany, Fetch, Program, Row, Statement

MEMBER_TABLES = (
    "instance_part",
    "instance_value",
    "user_task_candidate",
    "user_task",
    "comment",
    "attachment",
    "attachment_content",
    "job",
    "event_subscription",
    "incident",
    "migration_journal",
    "saga",
    "transaction_log",
)
"""Tables whose rows belong to an instance, by their column `instance_id`."""


def remove_instances(instance_ids: Sequence[str]) -> list[Statement]:
    """Return the statements that remove instances with all their rows."""
    keys = [(instance_id,) for instance_id in instance_ids]
    statements: list[Statement] = [DeleteMany(table, ("instance_id",), keys) for table in MEMBER_TABLES]
    return [*statements, DeleteMany("process_instance", ("id",), keys)]


def instances_of_definition(definition_id: str, status: int, after: str, limit: int) -> Program[list[str]]:
    """Return the ids of a definition's instances of a status in order, those behind the id `after`."""
    rows: list[Row] = yield Fetch(
        f"SELECT id FROM process_instance WHERE definition_id=? AND status=? AND id>? ORDER BY id LIMIT {int(limit)}",
        (definition_id, status, after),
    )
    return [row[0] for row in rows]
