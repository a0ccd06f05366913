"""How far the events of each instance were taken in, for reads that wait for a commit.

The events of a commit come in their order, each at least once. So who has a commit's last one has the commit, and
all that came before it.
"""

from __future__ import annotations

from flowmesh.events.v1.workflow_pb2 import ProcessInstanceRef

from history_svc.storage.joined_rows import write_joined
from history_svc.storage.layout import PROGRESS_COLUMNS, PROGRESS_TABLE
from mesh.db.statements import FetchKeys, Program


class Progress:
    """What one batch of events says about how far instances have come."""

    def __init__(self) -> None:
        self._reached: dict[str, int] = {}

    @property
    def reached(self) -> dict[str, int]:
        """By instance the last revision that the batch completes."""
        return self._reached

    def tell(self, reference: ProcessInstanceRef) -> None:
        """Add an event, whatever it says."""
        if reference.last_in_commit and reference.revision > self._reached.get(reference.id, 0):
            self._reached[reference.id] = reference.revision

    def write(self) -> Program[None]:
        """Write the instances that have come further than what is stored: one read, two writes."""
        if not self._reached:
            return
        keys = [(key,) for key in self._reached]
        stored: list[tuple[str, int]] = yield FetchKeys(PROGRESS_TABLE, PROGRESS_COLUMNS, ("id",), keys, lock=True)
        known = dict(stored)
        rows = [entry for entry in sorted(self._reached.items()) if entry[1] > known.get(entry[0], 0)]
        yield from write_joined(PROGRESS_TABLE, PROGRESS_COLUMNS, stored, rows)
