"""Messages between a process and its child: the length in four bytes, then JSON. Only the standard library."""

from __future__ import annotations

import json
import struct
from typing import Any, BinaryIO

LENGTH = struct.Struct(">I")
MOST_BYTES = 4 << 20


def frame(content: Any) -> bytes:
    """Return a message as bytes."""
    body = json.dumps(content).encode()
    return LENGTH.pack(len(body)) + body


def read_frame(stream: BinaryIO) -> Any:
    """Return the next message, None where there is no more. It blocks."""
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = stream.read(length)
    return json.loads(body) if len(body) == length else None
