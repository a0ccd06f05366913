"""Ids: UUIDv7 (RFC 9562), whose text sorts by the time of their making."""

from __future__ import annotations

import uuid_utils


def new_id() -> str:
    """Return a new UUIDv7 as 36 characters of text."""
    return str(uuid_utils.uuid7())


def member_id(instance_id: str, key: int) -> str:
    """Return the id of something inside an instance: `<instance id>.<key>`.

    The instance can be read off it, so that no look-up is needed to find the row that owns it.
    """
    return f"{instance_id}.{key}"


def split_member_id(member: str) -> tuple[str, int] | None:
    """Return instance id and key of an id made by `member_id`; None where it has another shape."""
    instance_id, _, key = member.partition(".")
    if len(instance_id) != 36 or not key.isascii() or not key.isdigit() or len(key) > 18:
        return None
    return instance_id, int(key)
