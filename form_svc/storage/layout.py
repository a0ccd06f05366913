"""The numbers that stand for kinds and states in rows. Those of submissions are those of the contract's enums."""

from __future__ import annotations

from typing import Final

TASK: Final = 1
START: Final = 2

PENDING: Final = 1
SETTLED: Final = 2
REFUSED: Final = 3
UNCLEAR: Final = 4
STATE_NAMES: Final = {PENDING: "pending", SETTLED: "settled", REFUSED: "refused", UNCLEAR: "unclear"}

UPLOADING: Final = 1
READY: Final = 2
"""Of files."""
