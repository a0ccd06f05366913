"""Deleting a deployment: it is taken out of use, emptied in batches, and then removed.

Each part is one transaction. What broke off after the first one is taken up again by the same calls.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine_svc.state.instance import ENDED, Status
from engine_svc.storage.commit import RequestRecord, find_answer
from engine_svc.storage.definition_events import REFERENCE_COLUMNS, Telling
from engine_svc.storage.definitions import (
    DefinitionState,
    lock_definitions,
    newest_version,
    raise_epoch,
    remember,
)
from engine_svc.storage.instance_rows import instances_of_definition, remove_instances
from engine_svc.storage.newest_version import replace_newest
from engine_svc.storage.start_events import remove_starts
from mesh.audit.operation import NOBODY, Maker
from mesh.db.statements import DeleteMany, Fetch, FetchKeys, Program, Row, UpdateKeys
from mesh.errors import NotFound, WrongState

ENDED_BATCH = 500
LIVE = tuple(status for status in Status if status not in ENDED)


def begin_deletion(deployment_id: str, request: RequestRecord | None, now: int, *, cascade: bool) -> Program[list[str]]:
    """Take a deployment out of use, so that nothing of it can be started; return the ids of its definitions.

    Changes nothing where its deletion has begun before. Raises `NotFound`, `WrongState` where instances run and
    `cascade` is not set, and what `find_answer` returns for a request id that is known. `now` in microseconds.
    """
    yield from lock_definitions()
    if request is not None and (answered := (yield from find_answer(request))) is not None:
        raise answered
    rows: list[Row] = yield FetchKeys("deployment", ("deleting",), ("id",), [(deployment_id,)])
    if not rows:
        raise NotFound(
            "DEPLOYMENT_NOT_FOUND", f"there is no deployment {deployment_id}", metadata={"id": deployment_id}
        )
    definitions: list[Row] = yield Fetch(
        "SELECT id, tenant_id, definition_key, latest FROM process_definition WHERE deployment_id=? ORDER BY id",
        (deployment_id,),
    )
    definition_ids = [row[0] for row in definitions]
    if not cascade:
        yield from _refuse_in_use(deployment_id, definition_ids)
    if rows[0][0]:
        return definition_ids
    yield UpdateKeys("deployment", "deleting=1", (), ("id",), [(deployment_id,)])
    if definition_ids:
        keys = [(definition_id,) for definition_id in definition_ids]
        yield UpdateKeys("process_definition", "state=?", (int(DefinitionState.DELETING),), ("id",), keys)
    for definition_id, tenant_id, key, latest in definitions:
        if latest:
            after = yield from newest_version(tenant_id, key)
            yield from replace_newest(tenant_id, key, before=definition_id, after=after[0] if after else None, now=now)
    yield from raise_epoch()
    return definition_ids


def _refuse_in_use(deployment_id: str, definition_ids: Sequence[str]) -> Program[None]:
    for definition_id in definition_ids:
        for status in LIVE:
            found = yield from instances_of_definition(definition_id, status, "", 1)
            if found:
                raise WrongState(
                    "DEPLOYMENT_IN_USE",
                    f"instances of deployment {deployment_id} have not ended, {found[0]} is one of them; wait for "
                    "them, or delete with cascade, which terminates them",
                    metadata={"id": deployment_id, "process_instance_id": found[0]},
                )


def remove_ended_instances(definition_id: str) -> Program[int]:
    """Remove a bounded batch of a definition's ended instances; return how many."""
    for status in sorted(ENDED):
        found = yield from instances_of_definition(definition_id, status, "", ENDED_BATCH)
        if found:
            # Not `yield from`: a list cannot be sent the results.
            for statement in remove_instances(found):  # noqa: UP028
                yield statement
            return len(found)
    return 0


def finish_deletion(
    deployment_id: str,
    definition_ids: Sequence[str],
    request: RequestRecord | None,
    answer: bytes,
    now: int,
    maker: Maker = NOBODY,
) -> Program[bool]:
    """Remove a deployment that has no instances left, and keep the answer; say False where it has some.

    `tell` returns what is told of it, given its tenant and the names of its files. Raises what `find_answer` returns
    where the same request came to its end meanwhile. `now` in microseconds.
    """
    yield from lock_definitions()
    if request is not None and (answered := (yield from find_answer(request))) is not None:
        raise answered
    for definition_id in definition_ids:
        left: list[Row] = yield Fetch("SELECT id FROM process_instance WHERE definition_id=? LIMIT 1", (definition_id,))
        if left:
            return False
    names: list[Row] = yield Fetch(
        "SELECT deployment_id, name FROM deployment_resource WHERE deployment_id=?", (deployment_id,)
    )
    rows: list[Row] = yield FetchKeys("deployment", ("id", "name", "tenant_id"), ("id",), [(deployment_id,)])
    definitions: list[Row] = []
    if definition_ids:
        definitions = yield FetchKeys(
            "process_definition", REFERENCE_COLUMNS, ("id",), [(definition_id,) for definition_id in definition_ids]
        )
    # Two that delete the same deployment meet here; the second one finds nothing.
    for row in rows:
        yield from Telling(now, maker).deleted(row, definitions, [name for _, name in names])
    if names:
        yield DeleteMany("deployment_resource", ("deployment_id", "name"), names)
    if definition_ids:
        yield from remove_starts(definition_ids)
        yield DeleteMany("process_definition", ("id",), [(definition_id,) for definition_id in definition_ids])
    yield DeleteMany("deployment", ("id",), [(deployment_id,)])
    yield from raise_epoch()
    yield from remember(request, answer, now)
    return True
