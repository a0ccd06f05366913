"""Messages of the inbox's stream as server-sent events, as browsers read them with `EventSource`."""

from __future__ import annotations

from typing import Final

import orjson
from flowmesh.notification.v1 import notification_service_pb2 as pb
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

CONTENT_TYPE: Final = "text/event-stream"
RETRY_MILLISECONDS: Final = 2_000
"""When a reader connects again."""


def event_of(message: pb.WatchNotificationsResponse) -> bytes:
    """Return a message as an event whose id is its cursor.

    A heartbeat is one without data: it is nothing that a page sees, but moves the id by which it goes on.
    """
    kind = message.WhichOneof("event")
    if kind == "notification":
        return _event("notification", message.notification, message.cursor)
    if kind == "error":
        # Not `error`: that is what a page gets when the connection breaks.
        return _event("failure", message.error, message.cursor)
    return f"retry: {RETRY_MILLISECONDS}\nid: {message.cursor}\n: heartbeat\n\n".encode()


def _event(name: str, content: Message, cursor: str) -> bytes:
    # As the gateway writes messages: what has no presence is there although it is empty.
    data = orjson.dumps(MessageToDict(content, always_print_fields_with_no_presence=True))
    return b"id: " + cursor.encode() + b"\nevent: " + name.encode() + b"\ndata: " + data + b"\n\n"
