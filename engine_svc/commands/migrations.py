"""Migration of instances to another definition, its preview, and undoing it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from google.protobuf.message import Message

from engine_svc.commands.definition_cache import Opens
from engine_svc.commands.executor import MAX_ATTEMPTS, Effect, InstanceExecutor, instance_missing
from engine_svc.events.record import USER_TASK_CREATED
from engine_svc.runtime.migration import migrate as carry_out
from engine_svc.runtime.migration_plan import Assessment, ElementMapping, Plan, PlanProblem, assess, check_plan
from engine_svc.runtime.migration_reversal import revert as undo
from engine_svc.runtime.requests import FindDefinition, Program
from engine_svc.runtime.step import INCIDENT_NAMES
from engine_svc.state.definition import Definition
from engine_svc.state.instance import Instance, Status
from engine_svc.state.snapshot import decode_snapshot
from engine_svc.storage.commit import INCIDENT_COLUMNS, USER_TASK_COLUMNS, RequestRecord
from engine_svc.storage.instance_rows import instances_of_definition
from engine_svc.storage.jobs import suspend_jobs
from engine_svc.storage.migration_journal import (
    COLUMNS,
    InstanceRows,
    JournalEntry,
    MigrationState,
    adopt,
    bring_back,
    note_reverted,
    read_entry,
    read_instance_rows,
    rename,
    write_entry,
)
from mesh.call import open_rows
from mesh.db.statements import Row, Statement
from mesh.errors import Conflict, InvalidField, NotFound, Violation, WrongState
from mesh.ids import new_id

Respond = Callable[[Instance, Row], Message]
"""Makes the answer from the instance and the journal's row."""
_INSTANCE, _STATE, _FINAL = COLUMNS.index("instance_id"), COLUMNS.index("state"), COLUMNS.index("final")
_SOURCE, _AFTER = COLUMNS.index("source_definition_id"), COLUMNS.index("revision_after")
_REVERTED_AT = COLUMNS.index("reverted_at")


@dataclass(slots=True)
class PlanRequest:
    """A plan as a caller sends it; see `Plan`."""

    target_definition_id: str
    mappings: Sequence[ElementMapping] = ()
    explicit_only: bool = False
    update_event_triggers: bool = False
    variables: dict[str, Any] = field(default_factory=dict)

    def with_target(self, target: Definition) -> Plan:
        """Return the plan with the definition it names."""
        # A retry must start from what the caller sent.
        return Plan(target, self.mappings, self.explicit_only, self.update_event_triggers, dict(self.variables))


class _RowsOutdated(Exception):
    """The instance has changed since its rows were read."""


def _definition(definition_id: str) -> Program[Definition]:
    definition: Definition = yield FindDefinition("", "", "migration", definition_id, "", lambda _: None)
    return definition


async def migrate(
    executor: InstanceExecutor, instance_id: str, plan: PlanRequest, request: RequestRecord | None, respond: Respond
) -> bytes:
    """Let an instance go on by another definition, and keep in the journal what undoing it needs.

    Raises `NotFound`, `WrongState`, `InvalidField` (MIGRATION_INVALID), `Conflict`.
    """
    opens = _opens()
    if opens is not None:
        answer = await executor.answer_to(request)
        if answer is not None:
            return answer
        if await executor.load(instance_id) is None:
            raise instance_missing(instance_id)
        await executor.definitions.to_migrate(plan.target_definition_id, opens)
    for _ in range(MAX_ATTEMPTS):
        rows = await executor.database.read(read_instance_rows(instance_id))

        def work(instance: Instance, now: int, rows: InstanceRows | None = rows) -> Program[Effect]:
            if rows is None or rows.revision != instance.revision:
                raise _RowsOutdated
            source = instance.definition
            target = yield from _definition(plan.target_definition_id)
            _check_tenant(instance, target)
            done = yield from carry_out(instance, plan.with_target(target), now)
            migration_id = new_id()
            entry: Row = (
                migration_id,
                instance_id,
                int(MigrationState.DONE),
                int(done.cancelled_calls),
                source.id,
                target.id,
                instance.revision + 1,
                now,
                0,
            )
            statements = _adopted(instance, target, done.renamed)
            statements.append(write_entry(entry, rows.snapshot, _ended(rows, instance)))
            return Effect(done.changes, lambda: respond(instance, entry), statements=statements)

        try:
            return await executor.change(instance_id, work, request, lambda: instance_missing(instance_id))
        except _RowsOutdated:
            continue
    raise Conflict(
        "REVISION_CONFLICT",
        f"process instance {instance_id} was changed by others each time it was tried; try again",
        metadata={"id": instance_id},
    )


def _opens() -> Opens | None:
    opened = open_rows()
    return None if opened.unrestricted else opened.allow


def _check_tenant(instance: Instance, target: Definition) -> None:
    if target.tenant_id != instance.definition.tenant_id:
        text = f"definition {target.id} belongs to tenant {target.tenant_id!r}, the instance to {instance.tenant_id!r}"
        raise InvalidField(
            "MIGRATION_INVALID",
            text,
            metadata={"id": instance.id},
            violations=[Violation("plan.target_process_definition_id", text)],
        )


def _adopted(instance: Instance, definition: Definition, renamed: dict[int, str]) -> list[Statement]:
    statements = adopt(instance.id, definition)
    for key, element_id in renamed.items():
        token = instance.tokens.get(key)
        if token is not None:
            statements += rename(instance.id, key, token.waits_for, element_id)
    if instance.status is Status.PAUSED:
        statements += suspend_jobs(instance.id)
    return statements


def _ended(rows: InstanceRows, instance: Instance) -> dict[str, list[Row]]:
    """Return the rows that the migration has ended, by table."""
    alive = {**instance.tokens, **instance.added_tasks}
    return {
        table: [row for row in found if row[1] not in (instance.incidents if table == "incident" else alive)]
        for table, found in rows.tables.items()
    }


# Preview


async def preview_instance(
    executor: InstanceExecutor, instance_id: str, plan: PlanRequest
) -> tuple[Instance, Assessment, Definition]:
    """Return an instance, what a plan would do to it, and the target. Raises `NotFound`, `WrongState`."""
    instance = await executor.load(instance_id)
    if instance is None:
        raise instance_missing(instance_id)
    if instance.ended:
        raise WrongState(
            "PROCESS_INSTANCE_NOT_RUNNING",
            f"process instance {instance_id} is {instance.status.name.lower()} and cannot be migrated",
            metadata={"id": instance_id, "status": instance.status.name},
        )
    target, _ = await executor.definitions.to_migrate(plan.target_definition_id, _opens())
    _check_tenant(instance, target)
    return instance, assess(instance, plan.with_target(target)), target


@dataclass(slots=True)
class DefinitionPreview:
    """A plan for the instances of a definition. `after`: place of the last one, None where no more follow."""

    problems: list[PlanProblem]
    instances: list[tuple[Instance, Assessment]]
    target: Definition
    after: tuple[int, str] | None


async def preview_definition(
    executor: InstanceExecutor, definition_id: str, plan: PlanRequest, after: tuple[int, str] | None, limit: int
) -> DefinitionPreview:
    """Return what a plan would do to a page of the instances of a definition that have not ended.

    `after`: status and id of the last instance of the page before. Raises `NotFound`.
    """
    source, _ = await executor.definitions.to_migrate(definition_id, _opens())
    target, _ = await executor.definitions.to_migrate(plan.target_definition_id, _opens())
    problems = check_plan(source.process, plan.with_target(target))
    if problems:
        return DefinitionPreview(problems, [], target, None)
    places: list[tuple[int, str]] = []
    for status in (Status.RUNNING, Status.PAUSED):
        if after is not None and status < after[0]:
            continue
        behind = after[1] if after is not None and status == after[0] else ""
        missing = limit + 1 - len(places)
        if missing > 0:
            found = await executor.database.read(instances_of_definition(definition_id, status, behind, missing))
            places += [(int(status), instance_id) for instance_id in found]
    page = places[:limit]
    loaded = await executor.load_many([instance_id for _, instance_id in page])
    assessed = [
        (instance, assess(instance, plan.with_target(target)))
        for _, instance_id in page
        if (instance := loaded.get(instance_id)) is not None
        and not instance.ended
        and instance.definition.id == definition_id
    ]
    return DefinitionPreview([], assessed, target, page[-1] if len(places) > limit else None)


# Undoing


async def revert(
    executor: InstanceExecutor, migration_id: str, request: RequestRecord | None, respond: Respond
) -> bytes:
    """Undo a migration. Raises `NotFound`, `WrongState` (MIGRATION_MOVED_ON)."""
    entry = await executor.database.read(read_entry(migration_id))
    if entry is None:
        raise migration_missing(migration_id)
    instance_id: str = entry.row[_INSTANCE]
    await executor.require(instance_id, lambda: migration_missing(migration_id))

    def work(instance: Instance, now: int) -> Program[Effect]:
        _check_revertible(instance, entry)
        definition = yield from _definition(entry.row[_SOURCE])
        before = Instance(
            instance.id,
            definition,
            tenant_id=instance.tenant_id,
            business_key=instance.business_key,
            start_micros=instance.start_micros,
        )
        decode_snapshot(entry.snapshot, before)
        tasks = {row[1]: _created_event(row) for row in entry.ended_rows.get("user_task", ())}
        incidents = {row[1]: _raised_event(row) for row in entry.ended_rows.get("incident", ())}
        done = undo(instance, before, definition, tasks, incidents, now)
        statements = bring_back(entry.ended_rows)
        statements += _adopted(instance, definition, done.renamed)
        statements.append(note_reverted(migration_id, now))
        row = list(entry.row)
        row[_STATE], row[_REVERTED_AT] = int(MigrationState.REVERTED), now
        return Effect(done.changes, lambda: respond(instance, tuple(row)), statements=statements)

    return await executor.change(instance_id, work, request, lambda: instance_missing(instance_id))


def _check_revertible(instance: Instance, entry: JournalEntry) -> None:
    if entry.row[_STATE] == int(MigrationState.REVERTED):
        raise WrongState(
            "MIGRATION_MOVED_ON", f"migration {entry.row[0]} was undone already", metadata={"id": entry.row[0]}
        )
    if entry.row[_FINAL]:
        why = "it ended called process instances, which nothing brings back"
    elif instance.revision != entry.row[_AFTER]:
        why = f"process instance {instance.id} has changed since"
    else:
        return
    raise WrongState(
        "MIGRATION_MOVED_ON",
        f"migration {entry.row[0]} cannot be undone: {why}; migrate the instance to the definition it had instead",
        metadata={"id": entry.row[0]},
    )


def _created_event(row: Row) -> tuple[Any, ...]:
    task = dict(zip(USER_TASK_COLUMNS, row, strict=True))
    return (
        USER_TASK_CREATED,
        task["task_key"],
        task["element_id"],
        task["name"],
        task["description"],
        task["assignee"],
        orjson.loads(task["candidate_users"]),
        orjson.loads(task["candidate_groups"]),
        task["priority"],
        task["due_at"],
        task["form_key"],
        task["owner"],
        task["follow_up_at"],
        task["category"],
        task["parent_key"],
    )


def _raised_event(row: Row) -> tuple[Any, ...]:
    incident = dict(zip(INCIDENT_COLUMNS, row, strict=True))
    return (
        incident["incident_key"],
        INCIDENT_NAMES.get(incident["type"], ""),
        incident["element_id"],
        incident["job_key"],
        incident["message"],
    )


def migration_missing(migration_id: str) -> NotFound:
    """Return the error for a migration that does not exist, or not any more."""
    return NotFound("MIGRATION_NOT_FOUND", f"there is no migration {migration_id}", metadata={"id": migration_id})
