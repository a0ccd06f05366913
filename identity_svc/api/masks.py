"""Which fields an update is about."""

from __future__ import annotations

from collections.abc import Collection

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from identity_svc.commands.refusals import field_invalid


def masked_fields(details: Message, mask: FieldMask, known: Collection[str]) -> list[str]:
    """Return the fields that a mask names, without one those that are set. Raises `InvalidField`."""
    paths = list(dict.fromkeys(mask.paths)) or [field.name for field, _ in details.ListFields()]
    for path in paths:
        if path not in known:
            raise field_invalid("update_mask", f"{path} is no field of the details; they are {', '.join(known)}")
    if not paths:
        raise field_invalid("details", "there is nothing to change")
    return paths
