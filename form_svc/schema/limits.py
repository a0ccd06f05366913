"""How large a form may be. A form beyond these could not be filled in by anybody, but could keep a server busy."""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 90
"""Of messages: forms are shown as such, and protobuf reads no more than 100 within each other."""
OBJECT_DEPTH: Final = 3
LIST_DEPTH: Final = 2
MAX_FIELDS: Final = 2_000
MAX_FIELD_DEPTH: Final = 15
"""Groups and lists within each other."""
MAX_REPETITIONS: Final = 1_000
"""Rows with which a dynamic list may begin."""
MAX_INSTANCES: Final = 10_000
"""Fields that a form may show at once: those in the rows of lists count once for each row."""
MAX_OPTIONS: Final = 5_000
MAX_PATTERN_CHARACTERS: Final = 2_000
MAX_KEY_CHARACTERS: Final = 500
MAX_PROBLEMS: Final = 200
