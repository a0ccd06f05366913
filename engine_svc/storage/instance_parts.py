"""What is stored beside the row of an instance: parts of the state of large ones, and large values of variables."""

from __future__ import annotations

from engine_svc.state.snapshot import Apart
from mesh.db.statements import DeleteMany, InsertMany, Statement, UpsertMany

PART_COLUMNS = ("instance_id", "part", "content")
PART_KEY = ("instance_id", "part")
VALUE_COLUMNS = ("instance_id", "content_hash", "content")
VALUE_KEY = ("instance_id", "content_hash")


def write_apart(instance_id: str, apart: Apart) -> list[Statement]:
    """Return the statements that store what changed."""
    statements: list[Statement] = []
    if apart.parts:
        rows = [(instance_id, number, content) for number, content in apart.parts]
        statements.append(UpsertMany("instance_part", PART_COLUMNS, PART_KEY, ("content",), rows))
    if apart.dropped_parts:
        statements.append(DeleteMany("instance_part", PART_KEY, [(instance_id, n) for n in apart.dropped_parts]))
    if apart.values:
        values = [(instance_id, content_hash, content) for content_hash, content in apart.values]
        statements.append(InsertMany("instance_value", VALUE_COLUMNS, values))
    if apart.dropped_values:
        statements.append(DeleteMany("instance_value", VALUE_KEY, [(instance_id, h) for h in apart.dropped_values]))
    return statements
