"""Compiled definitions, loaded when first needed and kept.

A definition never changes once deployed. Which version is the newest does: such an answer is kept together with
the epoch it was read at, and the commit that relies on it checks the epoch (`Commit.definition_epoch`).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable

from engine_svc.compile.load import load_definitions
from engine_svc.state.definition import Definition
from engine_svc.storage.definitions import find_definition, read_definitions
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.errors import NotFound

MAX_DEFINITIONS = 1000


class DefinitionUnreadable(Exception):
    """A stored definition cannot be compiled by this release."""


class DefinitionCache:
    """Definitions by id and by key; the least recently used ones beyond `MAX_DEFINITIONS` are dropped."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._by_id: OrderedDict[str, Definition] = OrderedDict()
        self._newest: dict[tuple[str, str], tuple[str, int]] = {}

    async def by_ids(self, definition_ids: Iterable[str]) -> dict[str, Definition]:
        """Return definitions by their ids; unknown ids are left out."""
        wanted = set(definition_ids)
        found = {i: definition for i in wanted if (definition := self._by_id.get(i)) is not None}
        missing = [i for i in wanted if i not in found]
        if missing:
            stored = await self._database.read(read_definitions(missing))
            for row, content in stored:
                found[row[0]] = self._keep(await asyncio.to_thread(_compile, row, content))
        for i in found:
            if i in self._by_id:
                self._by_id.move_to_end(i)
        return found

    async def by_id(self, definition_id: str) -> Definition:
        """Return a definition. Raises `NotFound`."""
        definition = (await self.by_ids([definition_id])).get(definition_id)
        if definition is None:
            raise NotFound(
                "PROCESS_DEFINITION_NOT_FOUND",
                f"there is no process definition {definition_id}",
                metadata={"id": definition_id},
            )
        return definition

    async def by_key(self, tenant_id: str, key: str, version: int) -> tuple[Definition, int | None]:
        """Return a version of a key and None, or for version 0 the newest and the epoch at which it was so.

        Raises `NotFound`.
        """
        known = self._newest.get((tenant_id, key)) if not version else None
        if known is not None:
            definition = self._by_id.get(known[0])
            if definition is not None:
                return definition, known[1]
        definition_id, epoch = await self._database.read(find_definition(tenant_id, key, version))
        if definition_id is None:
            named = f"version {version} of " if version else ""
            where = f" in tenant {tenant_id}" if tenant_id else ""
            raise NotFound(
                "PROCESS_DEFINITION_NOT_FOUND",
                f"there is no {named}process {key}{where}; deploy it first or check its key",
                metadata={"key": key, "version": str(version), "tenant_id": tenant_id},
            )
        definition = await self.by_id(definition_id)
        if version:
            return definition, None
        self._newest[(tenant_id, key)] = (definition_id, epoch)
        return definition, epoch

    def forget_newest(self) -> None:
        """Look up anew which versions are the newest."""
        self._newest.clear()

    def _keep(self, definition: Definition) -> Definition:
        self._by_id[definition.id] = definition
        while len(self._by_id) > MAX_DEFINITIONS:
            self._by_id.popitem(last=False)
        return definition


def _compile(row: Row, content: bytes) -> Definition:
    definition_id, key, version, _, _, _, _, resource_name, tenant_id = row[:9]
    result = load_definitions(resource_name, content)
    process = next((p for p in result.processes if p.key == key), None)
    if process is None:
        # It was valid when it was deployed: a release that cannot read it any more must not run it.
        raise DefinitionUnreadable(f"process {key} of {resource_name} (definition {definition_id}) cannot be compiled")
    return Definition(definition_id, key, version, tenant_id, process)
