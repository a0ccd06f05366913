"""Ids of records that one event each tells: `<instance>.<position>`, in the order of the events of an instance."""

from __future__ import annotations

from typing import Final

_DIGITS: Final = 16


def event_id(process_instance_id: str, position: int) -> str:
    """Return the id of what the event at a position tells."""
    return f"{process_instance_id}.{position:0{_DIGITS}x}"


def instance_of_event_id(record_id: str) -> str:
    """Return the instance that an id belongs to; empty where it is not of the kind."""
    instance_id, _, rest = record_id.partition(".")
    return instance_id if instance_id and len(rest) >= _DIGITS else ""


def position_of_event_id(record_id: str) -> int:
    """Return the position of the event that tells the record. Raises `ValueError` for another kind of id."""
    return int(record_id.partition(".")[2][:_DIGITS], 16)
