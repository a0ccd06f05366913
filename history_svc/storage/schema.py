"""Which version of the tables this code reads and writes."""

from __future__ import annotations

from typing import Final

MIGRATIONS: Final = "history_svc.storage.migrations"
HEAD: Final = "0005"
