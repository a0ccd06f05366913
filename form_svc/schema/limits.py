"""How large a form may be. A form beyond these could not be filled in by anybody, but could keep a server busy."""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 1024 * 1024
MAX_JSON_DEPTH: Final = 100
MAX_FIELDS: Final = 2_000
MAX_FIELD_DEPTH: Final = 20
"""Groups and lists within each other."""
MAX_REPETITIONS: Final = 1_000
"""Rows with which a dynamic list may begin."""
MAX_INSTANCES: Final = 10_000
"""Fields that a form may show at once: those in the rows of lists count once for each row."""
MAX_OPTIONS: Final = 5_000
MAX_PATTERN_CHARACTERS: Final = 2_000
MAX_KEY_CHARACTERS: Final = 500
MAX_PROBLEMS: Final = 200
