"""Where an event stands in the life of its instance, as one number that can be compared and stored."""

from __future__ import annotations

from typing import Final

from flowmesh.events.v1.workflow_pb2 import ProcessInstanceRef

ORDINAL_BITS: Final = 20
MAX_ORDINAL: Final = (1 << ORDINAL_BITS) - 1
MAX_REVISION: Final = (1 << (63 - ORDINAL_BITS)) - 1

NEVER: Final = 0
"""Before every event: revisions begin at 1."""


def position_of(reference: ProcessInstanceRef) -> int:
    """Return the position of an event; of two events of one instance the later one has the higher.

    Raises `ValueError` for a revision or an ordinal that no engine gives.
    """
    revision, ordinal = reference.revision, reference.ordinal
    if not (0 < revision <= MAX_REVISION and 0 <= ordinal <= MAX_ORDINAL):
        raise ValueError(f"revision {revision} with ordinal {ordinal} is not a position in an instance's life")
    return revision << ORDINAL_BITS | ordinal
