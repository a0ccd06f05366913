"""Process instances of several definitions that are run together without services.

Steps get what they ask for: called processes, other instances, and scripts from a table of what they do. Everything
goes through its stored form after every step, so that nothing can depend on what is only in memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from engine_svc.compile.load import load_bpmn
from engine_svc.events import record
from engine_svc.runtime import step
from engine_svc.runtime.behaviors.bpmn_error import BpmnError
from engine_svc.runtime.changes import Changes, JobKind, NewJob, NewUserTask, ThrownMessage, ThrownSignal
from engine_svc.runtime.requests import FindDefinition, LoadInstance, Program, RunScript
from engine_svc.scripts.call import ScriptCall, ScriptResult
from engine_svc.state.definition import Definition
from engine_svc.state.instance import NO_HOST, ROOT_SCOPE, Instance, Status, Token, Wait
from mesh.errors import NotFound
from tests.unit.runtime.running import NOW, reloaded

T = TypeVar("T")
Script = Callable[[ScriptCall], ScriptResult]
SECOND = 1_000_000


class World:
    """Definitions by key and their instances by id, with a clock that the test turns.

    Without `reload` instances stay in memory as they are.
    """

    def __init__(self, *files: bytes, scripts: Mapping[str, Script] | None = None, reload: bool = True) -> None:
        self.now = NOW
        self.reload = reload
        self.scripts = dict(scripts or {})
        self.definitions: dict[str, Definition] = {}
        self.instances: dict[str, Instance] = {}
        self.tasks: dict[tuple[str, int], NewUserTask] = {}
        self.jobs: dict[tuple[str, int], NewJob] = {}
        self.log: list[tuple[str, tuple[Any, ...]]] = []
        self.signals: list[ThrownSignal] = []
        self.messages: list[ThrownMessage] = []
        self._ids = 0
        for file in files:
            self.deploy(file)

    def deploy(self, xml: bytes) -> None:
        """Make the processes of a file known; it must be valid."""
        loaded = load_bpmn(xml)
        assert loaded.is_valid, [problem.message for problem in loaded.problems]
        for process in loaded.processes:
            version = self.definitions[process.key].version + 1 if process.key in self.definitions else 1
            self.definitions[process.key] = Definition(f"{process.key}:{version}", process.key, version, "", process)

    def _new_id(self) -> str:
        self._ids += 1
        return f"00000000-0000-7000-8000-{self._ids:012}"

    # Commands

    def start(self, key: str = "p", variables: dict[str, Any] | None = None, business_key: str = "") -> str:
        """Start an instance; return its id."""
        instance_id = self._new_id()
        instance, changes = self.run(
            step.start(
                self.definitions[key],
                instance_id,
                tenant_id="",
                business_key=business_key,
                variables=dict(variables or {}),
                initiator="",
                now=self.now,
                ids=self._new_id,
            )
        )
        self._took(instance, changes)
        return instance_id

    def complete(self, element_id: str, variables: dict[str, Any] | None = None, at: str | None = None) -> None:
        """Complete the oldest open task or external job of an element."""
        instance_id, key = self._open(element_id, at)
        command = step.complete_user_task if (instance_id, key) in self.tasks else step.complete_job
        self.do(instance_id, command(self.instances[instance_id], key, variables or {}, self.now, self._new_id))

    def throw_error(self, element_id: str, code: str, message: str = "", at: str | None = None) -> bool:
        """Let a worker throw a BPMN error; say whether it was caught."""
        instance_id, key = min(
            place for place, job in self.jobs.items() if job.element_id == element_id and at in (None, place[0])
        )
        instance = self.instances[instance_id]
        program = step.throw_job_error(instance, key, BpmnError(code, message), retries=2, now=self.now)
        changes, caught = self.run(program)
        self._took(instance, changes)
        return caught

    def trigger(self, element_id: str, variables: dict[str, Any] | None = None, at: str | None = None) -> None:
        """Let the event come that the oldest token in an element waits for."""
        instance_id, token = self._waiting(element_id, at)
        program = step.trigger(self.instances[instance_id], token.key, variables or {}, self.now, self._new_id)
        self.do(instance_id, program)

    def set(self, variables: dict[str, Any], instance_id: str | None = None) -> None:
        """Set variables of an instance."""
        instance_id = instance_id or next(iter(self.instances))
        self.do(
            instance_id,
            step.update_variables(self.instances[instance_id], ROOT_SCOPE, variables, (), self.now, ids=self._new_id),
        )

    def cancel(self, instance_id: str, reason: str = "") -> None:
        """Cancel an instance."""
        self.do(instance_id, step.cancel(self.instances[instance_id], reason, self.now))

    def signal(self, name: str) -> int:
        """Give a signal to every instance that waits for it; return how many tokens did."""
        waiting = [
            (instance_id, token.key)
            for instance_id, instance in self.instances.items()
            for token in instance.tokens.values()
            if token.waits_for is Wait.SIGNAL and token.detail is not None and token.detail["name"] == name
        ]
        for instance_id, key in waiting:
            if key in self.instances[instance_id].tokens:
                self.do(instance_id, step.trigger(self.instances[instance_id], key, {}, self.now, self._new_id))
        return len(waiting)

    def advance(self, seconds: float) -> int:
        """Turn the clock, and do every timer that gets due and every asynchronous job, in order of their time."""
        until = self.now + int(seconds * SECOND)
        done = 0
        while True:
            due = [(job.due_micros, at) for at, job in self.jobs.items() if job.kind is not JobKind.EXTERNAL]
            due = [entry for entry in due if entry[0] <= until]
            if not due:
                break
            time, (instance_id, key) = min(due)
            self.now = max(self.now, time)
            self.do(instance_id, step.run_job(self.instances[instance_id], key, self.now, self._new_id))
            done += 1
        self.now = until
        return done

    def work_off(self) -> int:
        """Do what is due now."""
        return self.advance(0)

    def do(self, instance_id: str, program: Program[Changes]) -> Changes:
        """Run a command on an instance."""
        changes = self.run(program)
        self._took(self.instances[instance_id], changes)
        return changes

    def run(self, program: Program[T]) -> T:
        """Run a step and give it what it asks for."""
        try:
            request = next(program)
            while True:
                try:
                    answer = self._answer(request)
                except NotFound as error:
                    request = program.throw(error)
                else:
                    request = program.send(answer)
        except StopIteration as stop:
            result: T = stop.value
            return result

    def _answer(self, request: object) -> object:
        match request:
            case FindDefinition():
                if request.key not in self.definitions:
                    raise NotFound("PROCESS_DEFINITION_NOT_FOUND", request.key)
                return self.definitions[request.key]
            case LoadInstance():
                return self.instances.get(request.instance_id)
            case RunScript():
                return self.scripts[request.call.source.strip()](request.call)
            case _:
                raise AssertionError(request)

    def _took(self, instance: Instance, changes: Changes) -> None:
        for changed, its_changes in ((instance, changes), *changes.others):
            changed.revision += 1
            self._keep(changed, its_changes)

    def _keep(self, instance: Instance, changes: Changes) -> None:
        at = instance.id
        self.log += [(at, event) for event in changes.events]
        for key in changes.ended_user_tasks:
            del self.tasks[(at, key)]
        for key in changes.ended_jobs:
            del self.jobs[(at, key)]
        self.tasks.update({(at, task.key): task for task in changes.new_user_tasks})
        self.jobs.update({(at, job.key): job for job in changes.new_jobs})
        self.signals += changes.signals
        self.messages += changes.messages
        twin = reloaded(instance)
        assert {key for key, token in twin.tokens.items() if token.waits_for is Wait.USER_TASK} == {
            key for owner, key in self.tasks if owner == at
        }
        with_job = {
            key
            for key, token in twin.tokens.items()
            if token.waits_for in (Wait.EXTERNAL_JOB, Wait.ASYNC_JOB)
            or (token.waits_for is Wait.TIMER and token.detail and token.detail.get("due") is not None)
        }
        assert with_job == {key for owner, key in self.jobs if owner == at}
        self.instances[at] = twin if self.reload else instance

    # What can be seen

    def _open(self, element_id: str, at: str | None) -> tuple[str, int]:
        work = {place: job for place, job in self.jobs.items() if job.kind is JobKind.EXTERNAL}
        rows: dict[tuple[str, int], NewUserTask | NewJob] = {**self.tasks, **work}
        return min(
            place for place, row in rows.items() if row.element_id == element_id and (at is None or place[0] == at)
        )

    def _waiting(self, element_id: str, at: str | None) -> tuple[str, Token]:
        return next(
            (instance_id, token)
            for instance_id, instance in self.instances.items()
            if at is None or instance_id == at
            for token in instance.tokens.values()
            if instance.definition.process.elements[token.element].id == element_id
            and token.waits_for in step.TRIGGERED
        )

    @property
    def open(self) -> list[str]:
        """The elements of open user tasks and external jobs, sorted."""
        external = [job.element_id for job in self.jobs.values() if job.kind is JobKind.EXTERNAL]
        return sorted([task.element_id for task in self.tasks.values()] + external)

    @property
    def timers(self) -> list[str]:
        """The elements of open timers, sorted."""
        return sorted(job.element_id for job in self.jobs.values() if job.kind is JobKind.TIMER)

    def waiting(self, instance_id: str | None = None) -> list[str]:
        """The elements in which tokens wait, boundary events and event sub-processes aside."""
        return sorted(
            instance.definition.process.elements[token.element].id
            for at, instance in self.instances.items()
            if instance_id in (None, at)
            for token in instance.tokens.values()
            if token.host == NO_HOST
        )

    def status(self, instance_id: str | None = None) -> Status:
        """Where an instance stands; the first one where none is named."""
        return self.instances[instance_id or next(iter(self.instances))].status

    @property
    def ended(self) -> bool:
        """Whether every instance has ended."""
        return all(instance.ended for instance in self.instances.values())

    def variables(self, instance_id: str | None = None) -> dict[str, Any]:
        """The variables of an instance's own scope, as its events tell them."""
        wanted = instance_id or next(iter(self.instances))
        told: dict[str, Any] = {}
        for at, event in self.log:
            if at != wanted:
                continue
            if event[0] == record.INSTANCE_STARTED or (event[0] == record.VARIABLES_UPDATED and event[1] == ROOT_SCOPE):
                told.update(event[2])
            elif event[0] == record.VARIABLES_DELETED and event[1] == ROOT_SCOPE:
                for name in event[2]:
                    told.pop(name, None)
        return told

    def activities(self, instance_id: str | None = None) -> Counter[str]:
        """How many activities of each element have begun."""
        begun = {
            (at, event[1]): event[2]
            for at, event in self.log
            if event[0] in (record.ACTIVITY_STARTED, record.ACTIVITY_COMPLETED, record.ACTIVITY_TERMINATED)
            and instance_id in (None, at)
        }
        return Counter(begun.values())

    def completed(self, instance_id: str | None = None) -> list[str]:
        """The elements whose activities were completed, in order."""
        return [
            event[2] for at, event in self.log if event[0] == record.ACTIVITY_COMPLETED and instance_id in (None, at)
        ]
