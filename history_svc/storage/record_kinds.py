"""Kinds of records that a search finds, numbered as in the contract."""

from __future__ import annotations

from typing import Final

INSTANCE: Final = 1
TASK: Final = 2
VARIABLE: Final = 3
COMMENT: Final = 4
ATTACHMENT: Final = 5
INCIDENT: Final = 6
KINDS: Final = (INSTANCE, TASK, VARIABLE, COMMENT, ATTACHMENT, INCIDENT)
