"""Sequence flows that were taken. Their records are read off the activities that they led to, so they cost no rows."""

from __future__ import annotations

from typing import Final

import orjson

SEQUENCE_FLOW: Final = "sequenceFlow"


def flow_record_id(activity_id: str, position: int) -> str:
    """Return the id of the record of the flow at a position among those by which an activity was reached."""
    return f"{activity_id}-{position}"


def split_flow_record_id(record_id: str) -> tuple[str, int] | None:
    """Return activity id and position of a flow's record; None for an id of another shape."""
    activity_id, _, position = record_id.rpartition("-")
    if "." not in activity_id or not position.isascii() or not position.isdigit() or len(position) > 9:
        return None
    return activity_id, int(position)


def stored_flow(flow_id: str) -> str:
    """Return a flow's id as it lies within the column of an activity's flows."""
    return orjson.dumps(flow_id).decode()
