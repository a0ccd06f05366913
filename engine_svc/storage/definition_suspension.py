"""Whether a definition may be started: suspending and resuming it."""

from __future__ import annotations

from collections.abc import Callable

from engine_svc.storage.commit import RequestRecord, find_answer
from engine_svc.storage.definition_events import Telling
from engine_svc.storage.definitions import (
    DEFINITION_COLUMNS,
    DefinitionState,
    lock_definitions,
    raise_epoch,
    remember,
)
from mesh.audit.operation import NOBODY, Maker
from mesh.db.statements import FetchKeys, Program, Row, UpdateKeys
from mesh.errors import NotFound, WrongState

_STATE = DEFINITION_COLUMNS.index("state")


def change_state(
    definition_id: str,
    wanted: DefinitionState,
    request: RequestRecord | None,
    now: int,
    answer: Callable[[Row], bytes] | None,
    maker: Maker = NOBODY,
) -> Program[Row]:
    """Suspend or resume a definition; return its row as it is then.

    `answer` makes the answer to be kept for the request; None where more is to follow before the call is answered:
    then a definition that is in the state already stays as it is, since an earlier call may have broken off.
    Raises `NotFound`, `WrongState`, and what `find_answer` returns for a request id that is known. `now` in
    microseconds.
    """
    yield from lock_definitions()
    if request is not None and (answered := (yield from find_answer(request))) is not None:
        raise answered
    rows: list[Row] = yield FetchKeys("process_definition", DEFINITION_COLUMNS, ("id",), [(definition_id,)])
    if not rows or rows[0][_STATE] == DefinitionState.DELETING:
        raise definition_missing(definition_id)
    row = rows[0]
    if row[_STATE] != wanted:
        yield UpdateKeys("process_definition", "state=?", (int(wanted),), ("id",), [(definition_id,)])
        yield from raise_epoch()
        yield from Telling(now, maker).definition_changed(definition_id, suspended=wanted is DefinitionState.SUSPENDED)
        row = (*row[:_STATE], int(wanted), *row[_STATE + 1 :])
    elif answer is not None:
        raise _in_state_already(row, wanted)
    if answer is not None:
        yield from remember(request, answer(row), now)
    return row


def keep_answer(request: RequestRecord | None, answer: bytes, now: int) -> Program[None]:
    """Keep the answer of a request whose work is done. Raises what `find_answer` returns where it is kept already."""
    yield from lock_definitions()
    if request is not None and (answered := (yield from find_answer(request))) is not None:
        raise answered
    yield from remember(request, answer, now)


def definition_missing(definition_id: str) -> NotFound:
    """Return the error for a definition that does not exist."""
    return NotFound(
        "PROCESS_DEFINITION_NOT_FOUND",
        f"there is no process definition {definition_id}",
        metadata={"id": definition_id},
    )


def definition_suspended(definition_id: str, key: str, version: int) -> WrongState:
    """Return the error for starting what is suspended."""
    return WrongState(
        "PROCESS_DEFINITION_SUSPENDED",
        f"process {key} version {version} is suspended and cannot be started; resume it "
        f"(POST /v1/processDefinitions/{definition_id}:resume) or name another version",
        metadata={"id": definition_id, "key": key, "version": str(version)},
    )


def _in_state_already(row: Row, wanted: DefinitionState) -> WrongState:
    definition_id, key, version = row[:3]
    if wanted is DefinitionState.SUSPENDED:
        return WrongState(
            "PROCESS_DEFINITION_SUSPENDED",
            f"process {key} version {version} is suspended already; to pause its instances too set include_instances",
            metadata={"id": definition_id, "key": key, "version": str(version)},
        )
    return WrongState(
        "PROCESS_DEFINITION_NOT_SUSPENDED",
        f"process {key} version {version} is not suspended; to resume its paused instances set include_instances",
        metadata={"id": definition_id},
    )
