"""W3C trace context: the `traceparent` header, read and made without a tracing library."""

from __future__ import annotations

import re
from random import getrandbits
from typing import NamedTuple

HEADER = "traceparent"

_SHAPE = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?", re.ASCII)
_NO_TRACE = "0" * 32
_NO_SPAN = "0" * 16


class TraceParent(NamedTuple):
    """A position in a trace: ids in lower-case hex (32 and 16 digits), and whether it is recorded."""

    trace_id: str
    span_id: str
    sampled: bool

    def header(self) -> str:
        """Return the `traceparent` header of this position."""
        return f"00-{self.trace_id}-{self.span_id}-{'01' if self.sampled else '00'}"

    def child(self) -> TraceParent:
        """Return a new position below this one in the same trace."""
        return TraceParent(self.trace_id, new_span_id(), self.sampled)


def parse_traceparent(header: str) -> TraceParent | None:
    """Read a `traceparent` header; None where it breaks the standard (the caller then starts a new trace)."""
    match = _SHAPE.fullmatch(header)
    if match is None:
        return None
    version, trace_id, span_id, flags, rest = match.groups()
    # Version 00 has nothing behind the flags; later versions may, and are read as far as they are known.
    if version == "ff" or (version == "00" and rest) or trace_id == _NO_TRACE or span_id == _NO_SPAN:
        return None
    return TraceParent(trace_id, span_id, bool(int(flags, 16) & 1))


def is_traceparent(header: str) -> bool:
    """Tell whether a header follows the standard."""
    return parse_traceparent(header) is not None


def new_span_id() -> str:
    """Return a new span id: 16 hex digits, not all zero."""
    # Trace ids only have to differ; nothing is protected by their being hard to guess.
    return f"{getrandbits(64) or 1:016x}"


def new_traceparent() -> str:
    """Return the header of a new trace that nothing records: it ties log lines and events together."""
    return f"00-{getrandbits(128) or 1:032x}-{new_span_id()}-00"


def trace_id_of(traceparent: str) -> str:
    """Return the trace id of a header known to be valid."""
    return traceparent[3:35]
