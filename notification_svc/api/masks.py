"""Which fields an update is about."""

from __future__ import annotations

from collections.abc import Collection

from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message

from notification_svc.commands.refusals import field_invalid


def masked_fields(details: Message, mask: FieldMask, known: Collection[str]) -> list[str]:
    """Return the fields that a mask names, without one those that are set. Raises `InvalidField`."""
    paths = list(dict.fromkeys(mask.paths))
    for path in paths:
        if path not in known:
            raise field_invalid("update_mask", f"{path} cannot be changed; these can: {', '.join(known)}")
    paths = paths or [field.name for field, _ in details.ListFields() if field.name in known]
    if not paths:
        raise field_invalid("update_mask", "there is nothing to change")
    return paths
