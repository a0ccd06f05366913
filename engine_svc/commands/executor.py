"""The one path of every command on instances: load, step, commit; again where somebody else was faster."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Generator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

from google.protobuf.message import Message

from engine_svc.commands.answers import Told, answer_bytes
from engine_svc.commands.commit_rows import add_to_commit
from engine_svc.commands.definition_cache import DefinitionCache, Opens
from engine_svc.commands.instance_cache import InstanceCache
from engine_svc.commands.job_signals import JobSignals
from engine_svc.commands.keyed_locks import KeyedLocks
from engine_svc.commands.operation_record import add_operation
from engine_svc.commands.walls import is_open, standing_of, standing_of_row
from engine_svc.runtime import step
from engine_svc.runtime.changes import Changes
from engine_svc.runtime.requests import FindDefinition, LoadInstance, Request, RunScript
from engine_svc.scripts.call import ScriptError, ScriptResult, ScriptUnavailable
from engine_svc.scripts.sandbox import ScriptRunner
from engine_svc.state.instance import Instance, Wait
from engine_svc.state.task_tree import NO_PROCESS, is_task_tree
from engine_svc.storage.commit import (
    THROWN_COLUMNS,
    AlreadyAnswered,
    Claim,
    Commit,
    RequestRecord,
    StaleDefinitions,
    StaleRevision,
    Written,
    find_answer,
)
from engine_svc.storage.definition_suspension import definition_suspended
from engine_svc.storage.instances import fetch_any_summary, fetch_instances, instance_of
from engine_svc.storage.start_events import find_starts
from mesh.access.rows import Rows
from mesh.call import beyond_rows, open_rows
from mesh.clock import Clock
from mesh.db.database import ConstraintViolated, Database
from mesh.db.group_commit import GroupCommitter
from mesh.db.statements import Row, Statement
from mesh.errors import Conflict, DependencyDown, DomainError, NotFound, WrongState
from mesh.ids import new_id

T = TypeVar("T")

MAX_ATTEMPTS = 10
"""Of a command that others keep from its turn, and then as many as `CONFLICT_SECONDS` has room for."""
CONFLICT_SECONDS = 10.0
LONGEST_PAUSE_SECONDS = 0.1
CACHED_INSTANCES = 4096
THROWN_TYPE, THROWN_NAME, THROWN_EVERYWHERE, THROWN_TENANT = (
    THROWN_COLUMNS.index(column) for column in ("type", "name", "everywhere", "tenant_id")
)


@dataclass(slots=True)
class Start:
    """An instance to start: by definition id, or by key and version (0: the newest)."""

    definition_id: str
    definition_key: str
    definition_version: int
    tenant_id: str
    business_key: str
    variables: dict[str, Any]
    initiator: str
    start_element: str = ""
    """Id of another start event than the none start event, or of the event that the instance begins by."""
    message_name: str = ""
    """Start the newest version whose start event waits for this message; nothing else is named then."""
    begin_at: Sequence[str] = ()
    """Ids of elements to begin at instead of a start event."""
    restarted_from: str = ""
    """The ended instance that this one repeats."""


@dataclass(slots=True)
class Beside:
    """What is written together with instances that are started, beyond the instances."""

    claims: Sequence[Claim] = ()
    statements: Sequence[Statement] = ()
    messages: Sequence[Row] = ()


@dataclass(slots=True)
class Effect:
    """What a command does to an instance beyond the instance itself, and what it answers."""

    changes: Changes
    respond: Callable[[], Message]
    """Makes the answer once the instance has the revision that the commit gives it."""
    leases: Sequence[tuple[str, int, int]] = ()
    statements: Sequence[Statement] = ()
    finished_jobs: Sequence[Row] = ()
    claims: Sequence[Claim] = ()
    messages: Sequence[Row] = ()
    """Messages that came, as `MESSAGE_COLUMNS`."""


FollowUp = Callable[[Commit], Awaitable[None]]
"""Does what a commit with subscriptions or thrown events entails for others."""

Work = Callable[[Instance, int], Effect | Generator[Request, Any, Effect]]
"""A command: changes the instance, given the time in microseconds; one that is a program asks for what it needs."""


Make = Callable[[int], tuple[Instance, Effect]]
"""A command that makes an instance, given the time in microseconds."""

Prepare = Callable[[], Awaitable[None]]
"""Reads what a command needs beside the instance. It runs in each attempt after the instance was loaded, so that what
it reads is at least as new."""


@dataclass(slots=True)
class Callers:
    """The callers of an instance that a command has locked, until it ends; whether it has read other instances."""

    held: AsyncExitStack
    ids: set[str] = field(default_factory=set)
    others_read: bool = False


@dataclass(slots=True)
class ExecutorLimits:
    """`max_state_bytes`: how large the stored state of one instance may be."""

    max_state_bytes: int = 8 * 1024 * 1024
    cached_instances: int = CACHED_INSTANCES


@dataclass(slots=True)
class InstanceExecutor:
    """Runs commands on instances. All state is in the database; what is cached here is checked by every commit.

    An instance or definition that is named here is one that the call being served names: outside of its rows there is
    none. What a step asks for, and what it entails for others, is the engine's own and has no walls.
    """

    database: Database
    committer: GroupCommitter[Commit, Written]
    definitions: DefinitionCache
    clock: Clock
    signals: JobSignals
    scripts: ScriptRunner
    limits: ExecutorLimits = field(default_factory=ExecutorLimits)
    follow_up: FollowUp | None = None
    _locks: KeyedLocks = field(default_factory=KeyedLocks)
    _cache: InstanceCache = field(init=False)

    def __post_init__(self) -> None:
        self._cache = InstanceCache(self.limits.cached_instances)

    async def create(
        self,
        starts: Sequence[Start],
        request: RequestRecord | None,
        respond: Callable[[list[Instance]], Message],
        beside: Callable[[list[Instance], int], Beside] | None = None,
    ) -> bytes:
        """Start instances, all of them or none; return the serialised answer.

        `beside` says what else is written, given the instances and the time. Raises `DomainError`, `ClaimLost`,
        `ConstraintViolated` where that inserts what is there.
        """
        attempts, started = -1, time.monotonic()
        while await _again(attempts := attempts + 1, started):
            try:
                response, commit = await self._try_create(starts, request, respond, beside)
            except AlreadyAnswered as answered:
                return answered.response
            except StaleDefinitions:
                self.definitions.forget_newest()
            except StaleRevision:
                continue
            except (DomainError, ConstraintViolated):
                # The same request may have been served elsewhere at the same time.
                if (answer := await self.answer_to(request)) is not None:
                    return answer
                raise
            else:
                await self._follow_up(commit)
                return response
        raise _conflict("definitions were changed each time the one to start was looked up")

    async def _try_create(
        self,
        starts: Sequence[Start],
        request: RequestRecord | None,
        respond: Callable[[list[Instance]], Message],
        beside: Callable[[list[Instance], int], Beside] | None,
    ) -> tuple[bytes, Commit]:
        commit = Commit(self.clock.now_micros(), request)
        rows = open_rows()
        instances = []
        changed_instances: list[Instance] = []
        sizes = []
        told: list[Told] = []
        job_types: set[str] = set()
        for start in starts:
            start_element = start.start_element
            if start.message_name:
                definition, start_element, epoch = await self.definitions.by_message(
                    start.tenant_id, start.message_name, _startable(rows, start)
                )
            elif start.definition_id:
                definition, epoch = await self.definitions.to_start(start.definition_id, _startable(rows, start))
            else:
                definition, epoch = await self.definitions.by_key(
                    start.tenant_id, start.definition_key, start.definition_version, _startable(rows, start)
                )
            commit.definition_epoch = epoch if commit.definition_epoch is None else min(epoch, commit.definition_epoch)
            program = step.start(
                definition,
                new_id(),
                tenant_id=definition.tenant_id,
                business_key=start.business_key,
                # A retry must start from what the caller sent, and the step writes into it.
                variables=dict(start.variables),
                initiator=start.initiator,
                now=commit.now,
                start_element=definition.process.by_id[start_element] if start_element else None,
                begin_at=start.begin_at,
                restarted_from=start.restarted_from,
            )
            instance, changes = await self._run(program, commit)
            first = len(commit.told)
            for changed, its_changes in ((instance, changes), *changes.others):
                sizes.append(add_to_commit(commit, changed, its_changes, self.limits.max_state_bytes))
                changed_instances.append(changed)
                job_types.update(job.type for job in its_changes.new_jobs)
            instances.append(instance)
            told.append(commit.told[first:])
        if beside is not None:
            extra = beside(instances, commit.now)
            commit.claims += extra.claims
            commit.statements += extra.statements
            commit.messages += extra.messages
        response = answer_bytes(respond(instances), *told)
        if request is not None:
            request.response = response
        await self._submit(commit)
        for instance, size in zip(changed_instances, sizes, strict=True):
            self._keep(instance, size)
        self.signals.notify(job_types)
        return response, commit

    async def _submit(self, commit: Commit) -> None:
        """Write a commit. Raises `DomainError`, and what `CommitWriter.write` names."""
        signals = [row for row in commit.thrown if row[THROWN_TYPE] == Wait.SIGNAL and not row[THROWN_EVERYWHERE]]
        for tenant_id, name in {(row[THROWN_TENANT], row[THROWN_NAME]) for row in signals}:
            for start in await self.database.read(find_starts(tenant_id, Wait.SIGNAL, name)):
                if start.suspended:
                    raise definition_suspended(start.definition_id, start.definition_key, start.version)
        await self.commit(commit)

    async def commit(self, commit: Commit) -> None:
        """Write a commit, and let the audit know of the call that made it. Raises what `CommitWriter.write` names."""
        add_operation(commit)
        await self.committer.submit(commit)

    async def _follow_up(self, commit: Commit) -> None:
        if self.follow_up is not None and (commit.thrown or commit.subscriptions):
            with beyond_rows():
                await self.follow_up(commit)

    async def _run(self, program: Generator[Request, Any, T], commit: Commit, callers: Callers | None = None) -> T:
        """Run a step, and answer what it asks for. Raises `DomainError`."""
        try:
            request = next(program)
            while True:
                try:
                    answer = await self._answer_step(request, commit, callers)
                except DomainError as error:
                    request = program.throw(error)
                else:
                    request = program.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result

    async def _answer_step(self, request: Request, commit: Commit, callers: Callers | None) -> Any:
        match request:
            case FindDefinition():
                definition, epoch = await self.definitions.called(request)
                commit.definition_epoch = (
                    epoch if commit.definition_epoch is None else min(epoch, commit.definition_epoch)
                )
                return definition
            case LoadInstance():
                if request.caller and callers is not None and request.instance_id not in callers.ids:
                    # Only ever from the called to the caller, so that nobody waits in a circle.
                    await callers.held.enter_async_context(self._locks.hold(request.instance_id))
                    callers.ids.add(request.instance_id)
                if callers is not None:
                    callers.others_read = True
                return await self._read(request.instance_id)
            case RunScript():
                return await self._run_script(request)

    async def _run_script(self, request: RunScript) -> ScriptResult:
        try:
            return await self.scripts.run(request.call)
        except ScriptError as error:
            raise WrongState(
                "SCRIPT_FAILED",
                f"element {request.element_id}: {error}",
                metadata={"element_id": request.element_id},
            ) from error
        except ScriptUnavailable as error:
            raise DependencyDown(
                "DEPENDENCY_UNAVAILABLE",
                f"element {request.element_id}: the script could not be run: {error}; try again",
                metadata={"dependency": "scripts"},
            ) from error

    async def insert(self, make: Make, request: RequestRecord | None) -> bytes:
        """Store an instance that a command makes; return the serialised answer. Raises `DomainError`."""
        attempts, started = -1, time.monotonic()
        while await _again(attempts := attempts + 1, started):
            commit = Commit(self.clock.now_micros(), request)
            instance, effect = make(commit.now)
            size = add_to_commit(commit, instance, effect.changes, self.limits.max_state_bytes)
            commit.statements += effect.statements
            response = answer_bytes(effect.respond(), commit.told)
            if request is not None:
                request.response = response
            try:
                await self.commit(commit)
            except AlreadyAnswered as answered:
                return answered.response
            except StaleRevision:
                continue
            self._keep(instance, size)
            return response
        raise _conflict("the same request was at work each time")

    async def change(
        self,
        instance_id: str,
        work: Work,
        request: RequestRecord | None,
        missing: Callable[[], DomainError],
        *,
        prepare: Prepare | None = None,
        task_trees: bool = False,
        task_key: int = 0,
    ) -> bytes:
        """Run a command on an instance; return the serialised answer.

        `missing` makes the error for an instance that does not exist; a stand-alone task is none unless
        `task_trees` says so. `task_key` is that of the user task that the command is about. Raises `DomainError`,
        `ClaimLost`.
        """
        response, commit = await self._change(instance_id, work, request, missing, prepare, task_trees, task_key)
        # Whoever gets what the instance sent may be the instance itself: its lock must be free.
        if commit is not None:
            await self._follow_up(commit)
        return response

    async def _change(
        self,
        instance_id: str,
        work: Work,
        request: RequestRecord | None,
        missing: Callable[[], DomainError],
        prepare: Prepare | None,
        task_trees: bool,
        task_key: int,
    ) -> tuple[bytes, Commit | None]:
        async with AsyncExitStack() as held:
            await held.enter_async_context(self._locks.hold(instance_id))
            callers = Callers(held)
            attempts, started = -1, time.monotonic()
            while await _again(attempts := attempts + 1, started):
                try:
                    return await self._try_change(
                        instance_id, work, request, missing, callers, prepare, task_trees, task_key
                    )
                except AlreadyAnswered as answered:
                    return answered.response, None
                except StaleDefinitions:
                    self.definitions.forget_newest()
                except StaleRevision:
                    continue
                except DomainError:
                    if (answer := await self.answer_to(request)) is not None:
                        return answer, None
                    raise
        raise _conflict(f"process instance {instance_id} was changed by others each time it was tried", instance_id)

    async def _try_change(
        self,
        instance_id: str,
        work: Work,
        request: RequestRecord | None,
        missing: Callable[[], DomainError],
        callers: Callers,
        prepare: Prepare | None,
        task_trees: bool,
        task_key: int,
    ) -> tuple[bytes, Commit]:
        # Asked for before anything else, for who sends a request again whose instance is gone.
        rows = open_rows()
        cached = self._cache.find(instance_id)
        instance = cached or await self._read(instance_id, task_trees=True)
        if instance is None or (is_task_tree(instance) and not task_trees):
            raise missing()
        if not rows.unrestricted and not await is_open(self.database, rows, standing_of(instance), task_key):
            raise missing()
        # While the command runs the instance is not in the cache: if anything fails, what was half changed is gone.
        self._cache.take(instance_id)
        if prepare is not None:
            await prepare()
        commit = Commit(self.clock.now_micros(), request)
        revision = instance.revision
        try:
            worked = work(instance, commit.now)
            effect = worked if isinstance(worked, Effect) else await self._run(worked, commit, callers)
            changed = [(instance, effect.changes), *effect.changes.others]
            sizes = [add_to_commit(commit, one, changes, self.limits.max_state_bytes) for one, changes in changed]
        except DomainError:
            # Another process may have changed the instance since: it is not in the state any more in which the others
            # were read, and its caller may be past the call. Only what is stored can refuse a command.
            if cached is not None or (callers.others_read and await self._has_moved(instance_id, revision)):
                raise StaleRevision from None
            raise
        commit.leases += effect.leases
        commit.statements += effect.statements
        commit.finished_jobs += effect.finished_jobs
        commit.claims += effect.claims
        commit.messages += effect.messages
        response = answer_bytes(effect.respond(), commit.told)
        if request is not None:
            request.response = response
        await self._submit(commit)
        for (one, _), size in zip(changed, sizes, strict=True):
            self._keep(one, size)
        job_types = {job.type for _, changes in changed for job in changes.new_jobs}
        if job_types:
            self.signals.notify(job_types)
        return response, commit

    async def _has_moved(self, instance_id: str, revision: int) -> bool:
        stored = await self._read(instance_id, task_trees=True)
        return stored is None or stored.revision != revision

    async def try_out(self, instance_id: str, work: Work, missing: Callable[[], DomainError]) -> bytes:
        """Run a command on a copy of an instance and keep nothing of it; return the serialised answer.

        Raises `DomainError`.
        """
        instance = await self.load(instance_id)
        if instance is None:
            raise missing()
        commit = Commit(self.clock.now_micros())
        worked = work(instance, commit.now)
        effect = worked if isinstance(worked, Effect) else await self._run(worked, commit)
        return effect.respond().SerializeToString()

    async def load(self, instance_id: str, *, task_trees: bool = False, task_key: int = 0) -> Instance | None:
        """Read an instance from the database, a stand-alone task only where it is asked for.

        None as well where it is closed to the call. `task_key` is that of the user task that is asked about.
        """
        instance = await self._read(instance_id, task_trees=task_trees)
        rows = open_rows()
        if instance is None or rows.unrestricted:
            return instance
        return instance if await is_open(self.database, rows, standing_of(instance), task_key) else None

    async def opens(self, instance_id: str) -> bool:
        """Tell whether an instance or stand-alone task is open to the call; one that does not exist is not closed."""
        rows = open_rows()
        if rows.unrestricted:
            return True
        row = await self.database.read(fetch_any_summary(instance_id))
        return row is None or await is_open(self.database, rows, standing_of_row(row))

    async def require(self, instance_id: str, missing: Callable[[], DomainError]) -> None:
        """Refuse a call to which an instance is closed, before anything is done for it. Raises what `missing` makes."""
        if not await self.opens(instance_id):
            raise missing()

    async def _read(self, instance_id: str, *, task_trees: bool = False) -> Instance | None:
        instance = (await self.load_many([instance_id])).get(instance_id)
        return None if instance is not None and is_task_tree(instance) and not task_trees else instance

    async def load_many(self, instance_ids: Sequence[str]) -> dict[str, Instance]:
        """Read instances from the database; those that do not exist are left out. Which are open is not asked here."""
        found = await self.database.read(fetch_instances(instance_ids))
        definitions = await self.definitions.by_ids({stored.row[3] for stored in found} - {NO_PROCESS.id})
        definitions[NO_PROCESS.id] = NO_PROCESS
        # A deployment that was deleted meanwhile has taken its instances with it.
        return {stored.row[0]: instance_of(stored, definitions) for stored in found if stored.row[3] in definitions}

    def cached(self, instance_id: str, revision: int) -> Instance | None:
        """Return the cached instance where it is at this revision and nobody is changing it."""
        instance = self._cache.find(instance_id)
        if instance is None or instance.revision != revision or self._locks.held(instance_id):
            return None
        return instance

    def _keep(self, instance: Instance, stored_bytes: int) -> None:
        if not instance.ended:
            self._cache.keep(instance, stored_bytes)

    async def keep_answer(self, request: RequestRecord | None, response: bytes) -> bytes:
        """Keep the answer of a request whose work is done in parts; return the one that counts.

        Raises `DomainError`.
        """
        if request is None:
            return response
        request.response = response
        try:
            await self.committer.submit(Commit(self.clock.now_micros(), request))
        except AlreadyAnswered as answered:
            return answered.response
        except (StaleRevision, ConstraintViolated):
            return await self.answer_to(request) or response
        return response

    async def answer_to(self, request: RequestRecord | None) -> bytes | None:
        """Return what was answered to this request before; a repeated one often finds its own work done.

        Raises `RequestIdReused`.
        """
        if request is None:
            return None
        answered = await self.database.read(find_answer(request))
        if isinstance(answered, AlreadyAnswered):
            return answered.response
        if answered is not None:
            raise answered
        return None


def _startable(rows: Rows, start: Start) -> Opens | None:
    """Tell what a start may begin: who starts an instance takes part in it."""
    if rows.unrestricted:
        return None
    involved = bool(start.initiator) and start.initiator == rows.user_id
    return lambda tenant_id, key: rows.allow(tenant_id, key, involved=involved)


async def _again(attempts: int, started: float) -> bool:
    """Say whether a command may be tried after so many attempts: the first ones at once, later ones after a pause.

    Its length is chance: engines that change one instance at the same time would else meet again and again.
    """
    if attempts > 1:
        await asyncio.sleep(random.uniform(0, min(0.001 * 2 ** min(attempts, 10), LONGEST_PAUSE_SECONDS)))  # noqa: S311
    return attempts < MAX_ATTEMPTS or time.monotonic() - started < CONFLICT_SECONDS


def _conflict(message: str, instance_id: str = "") -> Conflict:
    return Conflict("REVISION_CONFLICT", f"{message}; try again", metadata={"id": instance_id})


def instance_missing(instance_id: str) -> NotFound:
    """Return the error for an instance that does not exist."""
    return NotFound(
        "PROCESS_INSTANCE_NOT_FOUND", f"there is no process instance {instance_id}", metadata={"id": instance_id}
    )
