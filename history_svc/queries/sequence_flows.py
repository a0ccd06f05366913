"""Sequence flows that were taken. Their records are read off the activities that they led to, so they cost no rows."""

from __future__ import annotations

from typing import Final

SEQUENCE_FLOW: Final = "sequenceFlow"

_SUFFIX: Final = ".flow"


def flow_record_id(activity_id: str) -> str:
    """Return the id of the record of the flow by which an activity was reached."""
    return f"{activity_id}{_SUFFIX}"


def activity_of_flow_record(record_id: str) -> str:
    """Return the id of the activity that a flow led to; empty where the id is not one of a flow's record."""
    return record_id.removesuffix(_SUFFIX) if record_id.endswith(_SUFFIX) else ""
