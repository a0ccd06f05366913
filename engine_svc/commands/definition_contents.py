"""Stored definitions with the files they come from: they never change, so a cache may hold them."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

from engine_svc.storage.definitions import DEFINITION_COLUMNS, read_definitions
from mesh.cache.port import Cache, Entry
from mesh.db.database import Database
from mesh.db.statements import Row

FIXED_COLUMNS = DEFINITION_COLUMNS[: DEFINITION_COLUMNS.index("tenant_id") + 1]
"""Those that never change; the others are no part of what is cached."""
_DEPLOYMENT = DEFINITION_COLUMNS.index("deployment_id")
_FORMAT = "1"
"""Raised when what a cached definition holds changes: releases share a cache."""


class DefinitionContents:
    """Definitions by id. One that was deleted since may still be found here: who needs it to be there asks for that."""

    def __init__(self, database: Database, cache: Cache) -> None:
        self._database = database
        self._cache = cache

    async def read(self, definition_ids: Sequence[str]) -> list[tuple[Row, bytes]]:
        """Return definitions, each as `FIXED_COLUMNS` with its file; unknown ids are left out."""
        known = await self._cache.get_many(definition_ids, _FORMAT)
        found = [_decoded(value) for value in known.values()]
        missing = [definition_id for definition_id in definition_ids if definition_id not in known]
        if missing:
            stored = [
                (row[: len(FIXED_COLUMNS)], content)
                for row, content in await self._database.read(read_definitions(missing))
            ]
            if stored:
                await self._cache.set(*(_entry(row, content) for row, content in stored))
            found += stored
        return found

    async def forget(self, deployment_id: str) -> None:
        """Drop what was deployed together."""
        await self._cache.delete(tags=[deployment_id])


def _entry(row: Row, content: bytes) -> Entry:
    return Entry(row[0], orjson.dumps(row) + b"\n" + content, _FORMAT, (row[_DEPLOYMENT],))


def _decoded(value: bytes) -> tuple[Row, bytes]:
    row, _, content = value.partition(b"\n")
    return tuple(orjson.loads(row)), content
