"""Compiled definitions, loaded when first needed and kept.

A definition never changes once deployed. Which version is the newest does, and whether it may be started: such an
answer is kept together with the epoch it was read at, and the commit that relies on it checks the epoch
(`Commit.definition_epoch`). A refusal is never kept.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Callable, Iterable

from engine_svc.commands.definition_contents import DefinitionContents
from engine_svc.compile.load import load_definitions
from engine_svc.runtime.requests import FindDefinition
from engine_svc.state.definition import Definition
from engine_svc.storage.definition_suspension import definition_missing, definition_suspended
from engine_svc.storage.definitions import (
    START_COLUMNS,
    DefinitionState,
    find_beside,
    find_definition,
    find_definition_by_id,
    find_tagged,
    newest_startable,
)
from engine_svc.storage.start_events import find_message_start
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.errors import NotFound, WrongState

MAX_DEFINITIONS = 1000
WARM_DEFINITIONS = 200
WARM_SECONDS = 10.0
_WARM_PAGE = 10
_KEY, _TENANT = START_COLUMNS.index("definition_key"), START_COLUMNS.index("tenant_id")
Opens = Callable[[str, str], bool]
"""Tells whether a definition of this tenant and key may be named by who asks for it; without one every one may."""
_BY_ID = "\0"
"""Stands where the tenant would: no tenant has this name."""


class DefinitionUnreadable(Exception):
    """A stored definition cannot be compiled by this release."""


class DefinitionCache:
    """Definitions by id and by key; the least recently used ones beyond `MAX_DEFINITIONS` are dropped."""

    def __init__(self, database: Database, contents: DefinitionContents) -> None:
        self._database = database
        self._contents = contents
        self._by_id: OrderedDict[str, Definition] = OrderedDict()
        self._startable: dict[tuple[str, str, int], tuple[str, int]] = {}
        """By tenant, key and version (0: the newest), or by `_BY_ID`, id and 0: the definition and its epoch."""

    async def by_ids(self, definition_ids: Iterable[str]) -> dict[str, Definition]:
        """Return definitions by their ids; unknown ids are left out."""
        wanted = set(definition_ids)
        found = {i: definition for i in wanted if (definition := self._by_id.get(i)) is not None}
        missing = [i for i in wanted if i not in found]
        if missing:
            for row, content in await self._contents.read(missing):
                found[row[0]] = self._keep(await asyncio.to_thread(_compile, row, content))
        for i in found:
            if i in self._by_id:
                self._by_id.move_to_end(i)
        return found

    async def by_id(self, definition_id: str) -> Definition:
        """Return a definition. Raises `NotFound`."""
        definition = (await self.by_ids([definition_id])).get(definition_id)
        if definition is None:
            raise definition_missing(definition_id)
        return definition

    async def to_start(self, definition_id: str, opens: Opens | None = None) -> tuple[Definition, int]:
        """Return a definition that may be started and the epoch at which it was so.

        Raises `NotFound`, `WrongState` (PROCESS_DEFINITION_SUSPENDED).
        """
        place = (_BY_ID, definition_id, 0)
        if (known := self._known(place)) is not None:
            if opens is not None and not opens(known[0].tenant_id, known[0].key):
                raise definition_missing(definition_id)
            return known
        found, epoch = await self._database.read(find_definition_by_id(definition_id))
        if found is None or (opens is not None and not opens(found[_TENANT], found[_KEY])):
            raise definition_missing(definition_id)
        return await self._started_as(place, found, epoch)

    async def to_migrate(self, definition_id: str, opens: Opens | None = None) -> tuple[Definition, int]:
        """Return a definition that instances may go on by, suspended or not, and the epoch at which it was there.

        Raises `NotFound`.
        """
        found, epoch = await self._database.read(find_definition_by_id(definition_id))
        if found is None or (opens is not None and not opens(found[_TENANT], found[_KEY])):
            raise definition_missing(definition_id)
        return await self.by_id(definition_id), epoch

    async def by_key(
        self, tenant_id: str, key: str, version: int, opens: Opens | None = None
    ) -> tuple[Definition, int]:
        """Return a version of a key (0: the newest) that may be started and the epoch at which it was so.

        Raises `NotFound`, `WrongState` (PROCESS_DEFINITION_SUSPENDED).
        """
        place = (tenant_id, key, version)
        is_open = opens is None or opens(tenant_id, key)
        if is_open and (known := self._known(place)) is not None:
            return known
        found, epoch = await self._database.read(find_definition(tenant_id, key, version)) if is_open else (None, 0)
        if found is None:
            named = f"version {version} of " if version else ""
            where = f" in tenant {tenant_id}" if tenant_id else ""
            raise NotFound(
                "PROCESS_DEFINITION_NOT_FOUND",
                f"there is no {named}process {key}{where}; deploy it first or check its key",
                metadata={"key": key, "version": str(version), "tenant_id": tenant_id},
            )
        return await self._started_as(place, found, epoch)

    async def by_message(self, tenant_id: str, name: str, opens: Opens | None = None) -> tuple[Definition, str, int]:
        """Return the newest version that a message starts, the id of its start event, and the epoch of that.

        Raises `WrongState` (MESSAGE_NOT_CORRELATED, PROCESS_DEFINITION_SUSPENDED).
        """
        start, epoch = await self._database.read(find_message_start(tenant_id, name))
        if start is None or (opens is not None and not opens(tenant_id, start.definition_key)):
            raise WrongState(
                "MESSAGE_NOT_CORRELATED",
                f"no process is started by the message {name!r}; a start event of the newest version must wait for it",
                metadata={"name": name, "why": "NO_SUBSCRIPTION", "waiting": ""},
            )
        if start.suspended:
            raise definition_suspended(start.definition_id, start.definition_key, start.version)
        return await self.by_id(start.definition_id), start.element_id, epoch

    async def called(self, request: FindDefinition) -> tuple[Definition, int]:
        """Return the definition that a call activity names, and the epoch at which it could be started.

        Raises `NotFound`, `WrongState`.
        """
        match request.binding:
            case "migration":
                return await self.to_migrate(request.version)
            case "id":
                # The other bindings look within the tenant; an id could come from anywhere.
                return await self.to_start(
                    request.version or request.key, lambda tenant_id, _: tenant_id == request.tenant_id
                )
            case "version":
                if not request.version.isdecimal():
                    raise _no_version(request)
                return await self.by_key(request.tenant_id, request.key, int(request.version))
            case "deployment" | "versionTag" as binding:
                found = await self._database.read(
                    find_beside(request.caller_definition_id, request.key)
                    if binding == "deployment"
                    else find_tagged(request.tenant_id, request.key, request.version)
                )
                if found is None:
                    raise _not_called(request)
                return await self.to_start(found)
            case _:
                return await self.by_key(request.tenant_id, request.key, 0)

    def forget_newest(self) -> None:
        """Look up anew which versions are the newest, and what may be started."""
        self._startable.clear()

    async def forget_deployment(self, deployment_id: str) -> None:
        """Drop the stored definitions of a deployment that is deleted from the caches of all processes."""
        await self._contents.forget(deployment_id)

    async def warm_up(self) -> int:
        """Compile the newest versions that may be started, youngest first, up to `WARM_DEFINITIONS`; return how many.

        One that cannot be compiled is left to who starts it. It takes about `WARM_SECONDS` at most.
        """
        rows, epoch = await self._database.read(newest_startable(WARM_DEFINITIONS))
        warmed = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(WARM_SECONDS):
                for start in range(0, len(rows), _WARM_PAGE):
                    page = rows[start : start + _WARM_PAGE]
                    with contextlib.suppress(DefinitionUnreadable):
                        found = await self.by_ids([row[0] for row in page])
                        for definition_id, key, tenant_id in page:
                            if definition_id in found:
                                self._startable.setdefault((tenant_id, key, 0), (definition_id, epoch))
                                warmed += 1
        return warmed

    def _known(self, place: tuple[str, str, int]) -> tuple[Definition, int] | None:
        known = self._startable.get(place)
        definition = self._by_id.get(known[0]) if known is not None else None
        return None if known is None or definition is None else (definition, known[1])

    async def _started_as(self, place: tuple[str, str, int], found: Row, epoch: int) -> tuple[Definition, int]:
        definition_id, key, version, state, _ = found
        if state == DefinitionState.SUSPENDED:
            raise definition_suspended(definition_id, key, version)
        definition = await self.by_id(definition_id)
        if len(self._startable) >= MAX_DEFINITIONS:
            self._startable.clear()
        self._startable[place] = (definition_id, epoch)
        return definition, epoch

    def _keep(self, definition: Definition) -> Definition:
        self._by_id[definition.id] = definition
        while len(self._by_id) > MAX_DEFINITIONS:
            self._by_id.popitem(last=False)
        return definition


def _not_called(request: FindDefinition) -> NotFound:
    where = "in the deployment of its caller" if request.binding == "deployment" else f"tagged {request.version!r}"
    return NotFound(
        "PROCESS_DEFINITION_NOT_FOUND",
        f"there is no process {request.key} {where}; deploy it, or change the binding of the call activity",
        metadata={"key": request.key, "version": request.version, "tenant_id": request.tenant_id},
    )


def _no_version(request: FindDefinition) -> NotFound:
    return NotFound(
        "PROCESS_DEFINITION_NOT_FOUND",
        f"{request.version!r} is no version of process {request.key}; a version is a whole number",
        metadata={"key": request.key, "version": request.version, "tenant_id": request.tenant_id},
    )


def _compile(row: Row, content: bytes) -> Definition:
    definition_id, key, version, _, _, _, _, resource_name, tenant_id = row[:9]
    result = load_definitions(resource_name, content)
    process = next((p for p in result.processes if p.key == key), None)
    if process is None:
        # It was valid when it was deployed: a release that cannot read it any more must not run it.
        raise DefinitionUnreadable(f"process {key} of {resource_name} (definition {definition_id}) cannot be compiled")
    return Definition(definition_id, key, version, tenant_id, process)
