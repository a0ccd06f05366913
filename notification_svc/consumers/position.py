"""Where an event stands in the life of its instance, as one number that can be compared and stored."""

from __future__ import annotations

from typing import Final

from flowmesh.events.v1.workflow_pb2 import ProcessInstanceRef

_ORDINAL_BITS: Final = 20
_MOST: Final = 1 << 63


def position_of(reference: ProcessInstanceRef) -> int:
    """Return the position of an event: above 0, and of two events of one instance the later one has the higher.

    Raises `ValueError` for a revision or an ordinal that no engine gives.
    """
    position = reference.revision << _ORDINAL_BITS | reference.ordinal
    if reference.revision < 1 or not 0 <= reference.ordinal < 1 << _ORDINAL_BITS or position >= _MOST:
        raise ValueError(f"an event cannot stand at {reference.revision}, {reference.ordinal}")
    return position
