"""What is kept of an error that a timer or asynchronous job ended in: a sentence, and where it came from."""

from __future__ import annotations

import traceback
from types import TracebackType

from mesh.errors import DomainError

MAX_MESSAGE = 8_000
MAX_DETAILS = 10_000
"""Characters that are kept."""
INTERNAL = "INTERNAL"


def reason_of(error: Exception) -> str:
    """Return the reason that callers know an error by."""
    return error.reason if isinstance(error, DomainError) else INTERNAL


def message_of(error: Exception) -> str:
    """Return an error as a sentence of bounded length."""
    text = error.message if isinstance(error, DomainError) else f"{type(error).__name__}: {error}"
    return text[:MAX_MESSAGE]


def details_of(error: Exception) -> str:
    """Return an error and its causes, each with the calls that led to it, the innermost last; of bounded length.

    Places are modules and functions: the folders of the machine are nobody's business.
    """
    parts: list[str] = []
    current: BaseException | None = error
    while current is not None and len(parts) < 10:
        head = f"{reason_of(current)}: {message_of(current)}" if isinstance(current, Exception) else repr(current)
        parts.append("\n".join([head, *_places(current.__traceback__)]))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\ncaused by ".join(parts)[:MAX_DETAILS]


def _places(trace: TracebackType | None) -> list[str]:
    return [
        f"  at {frame.f_globals.get('__name__', '?')}.{frame.f_code.co_qualname}, line {line}"
        for frame, line in traceback.walk_tb(trace)
    ]
