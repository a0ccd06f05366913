"""The wire format of Protocol Buffers, where messages are put together from serialised parts.

Source: https://protobuf.dev/programming-guides/encoding/
"""

from __future__ import annotations

_LENGTH_DELIMITED = 2


def nested(number: int, content: bytes) -> bytes:
    """Return a serialised message, a string in UTF-8 or bytes as the field of that number of another message."""
    return _varint(number << 3 | _LENGTH_DELIMITED) + _varint(len(content)) + content


def _encode(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


_SHORT = tuple(_encode(value) for value in range(1 << 12))


def _varint(value: int) -> bytes:
    return _SHORT[value] if value < len(_SHORT) else _encode(value)
