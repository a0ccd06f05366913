"""Instances that retention has taken out, or is taking out: what comes late for them is passed over."""

from __future__ import annotations

from collections.abc import Iterable

from history_svc.storage.retention_layout import GATE_TABLE, PURGE_TABLE
from mesh.db.statements import Fetch, FetchKeys, Program, Row


def purged_among(instance_ids: Iterable[str]) -> Program[frozenset[str]]:
    """Return which of the instances are purged. None of the others becomes so until the transaction ends."""
    keys = [(instance_id,) for instance_id in sorted(set(instance_ids))]
    if not keys:
        return frozenset()
    # Consumers pass the gate together; who wants to purge instances waits for them, and they wait for it.
    yield Fetch(f"SELECT id FROM {GATE_TABLE}", share=True)
    rows: list[Row] = yield FetchKeys(PURGE_TABLE, ("process_instance_id",), ("process_instance_id",), keys)
    return frozenset(instance_id for (instance_id,) in rows)
