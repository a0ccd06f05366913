"""Rows that were joined with what is stored, written back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mesh.db.statements import InsertMany, Program, Row, UpsertMany


def write_joined(
    table: str, columns: tuple[str, ...], stored: Iterable[Row], rows: Sequence[Row], key: tuple[str, ...] = ("id",)
) -> Program[None]:
    """Write rows that were joined with those `stored`, which were read with a lock: new ones and known ones.

    All begin with the columns of the key. Raises `ConstraintViolated` where another consumer has made a row that was
    not there yet: the transaction is to be repeated.
    """
    width = len(key)
    known = {row[:width] for row in stored}
    new = [row for row in rows if row[:width] not in known]
    changed = [row for row in rows if row[:width] in known]
    if new:
        # Not an upsert: the lock holds no row that is missing, and what another consumer has just written would be lost
        # or, in statistics, counted twice.
        yield InsertMany(table, columns, new)
    if changed:
        yield UpsertMany(table, columns, key, columns[width:], changed)
