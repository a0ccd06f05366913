"""Events into the present history, and while it is built again into the one that takes its place."""

from __future__ import annotations

from collections.abc import Sequence

from flowmesh.events.v1.event_pb2 import EventEnvelope

from history_svc.consumers.projection import project
from history_svc.consumers.purged import without_forgotten
from history_svc.storage.generations import redirected
from history_svc.storage.rebuilds import NEXT_NAMES, following, unseen_by_next
from mesh.db.statements import Program


def project_on_both(events: Sequence[EventEnvelope]) -> Program[None]:
    """Take events into history, and while it is built again into the next generation as well.

    The log may be read again from where instances are told of that nobody knows any more to be purged.
    """
    told = yield from following()
    known = yield from without_forgotten(events)
    yield from project(known, indexing=told.indexing)
    if told.filling:
        yield from project_on_next(known)


def project_on_next(events: Sequence[EventEnvelope]) -> Program[int]:
    """Take the events that the next generation does not have yet into it; return how many."""
    new = yield from unseen_by_next(list({event.event_id for event in events}))
    fresh: dict[str, EventEnvelope] = {}
    for event in events:
        if event.event_id in new:
            fresh.setdefault(event.event_id, event)
    if fresh:
        yield from redirected(project(list(fresh.values())), NEXT_NAMES)
    return len(fresh)
