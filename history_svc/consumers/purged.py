"""Instances that retention has taken out, or is taking out: what comes late for them is passed over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flowmesh.events.v1.event_pb2 import EventEnvelope

from history_svc.consumers.times import micros_of
from history_svc.storage.layout import PROGRESS_TABLE
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


def without_forgotten(events: Sequence[EventEnvelope]) -> Program[Sequence[EventEnvelope]]:
    """Leave out events of instances that were purged so long ago that it is not known any more.

    They are older than the last purge that was forgotten, and the present history, which has taken in so old events,
    has nothing of their instance. Until the transaction ends nothing more is forgotten.
    """
    gate: list[Row] = yield Fetch(f"SELECT forgotten_micros FROM {GATE_TABLE}", share=True)
    until = gate[0][0]
    old = {event.biz_id for event in events if micros_of(event.timestamp) <= until}
    if not old:
        return events
    rows: list[Row] = yield FetchKeys(PROGRESS_TABLE, ("id",), ("id",), [(one,) for one in sorted(old)])
    forgotten = old.difference(row[0] for row in rows)
    return [event for event in events if event.biz_id not in forgotten]
