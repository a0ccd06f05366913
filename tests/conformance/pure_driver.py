"""The first driver: the steps of the runtime without services. It takes a millisecond or two for a case."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from engine_svc.compile.executable import AdHocSpec, ExecutableProcess, MessageTrigger
from engine_svc.compile.load import load_bpmn
from engine_svc.expressions.coercion import to_string
from engine_svc.expressions.timers import duration
from engine_svc.runtime import ad_hoc, job_commands, user_task_commands
from engine_svc.runtime import step as steps
from engine_svc.runtime.behaviors import placements
from engine_svc.runtime.behaviors.bpmn_error import BpmnError
from engine_svc.runtime.changes import Changes, JobKind
from engine_svc.runtime.instructions import AddChild, Cancel, Instruction, Move, Options, Start
from engine_svc.runtime.migration import migrate
from engine_svc.runtime.migration_plan import ElementMapping, Plan
from engine_svc.runtime.modification import modify
from engine_svc.runtime.processors.user_task import Completion
from engine_svc.runtime.requests import Program
from engine_svc.state.definition import Definition
from engine_svc.state.instance import HIDDEN, NO_HOST, ROOT_SCOPE, Instance, Status, Wait
from mesh.errors import DomainError
from tests.conformance.case import Step
from tests.conformance.driver import CannotDo, Failed, Outcome, Refused, Seen
from tests.conformance.pure_world import NoVariables, PureWorld, start_elements, trigger_of
from tests.unit.bpmn_models import definitions

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

STATUS_NAMES = {
    Status.RUNNING: "running",
    Status.PAUSED: "suspended",
    Status.COMPLETED: "completed",
    Status.FAILED: "failed",
    Status.TERMINATED: "terminated",
}


class PureDriver:
    """Commands by element id on a world."""

    def __init__(self) -> None:
        self.world = PureWorld()
        self.aliases: dict[str, str] = {}
        self.replaced: list[dict[str, Definition | None]] = []
        """What each deployment replaced, by key."""
        self._do: dict[str, Callable[[Step], Outcome | None]] = {
            "start": self._start,
            "complete": self._complete,
            "claim": self._claim,
            "unclaim": self._unclaim,
            "assign": self._assign,
            "delegate": self._delegate,
            "resolve": self._resolve,
            "fail": self._fail,
            "throw": self._throw,
            "retry": self._retry,
            "signal": self._signal,
            "message": self._message,
            "trigger": self._trigger,
            "set": self._set,
            "remove": self._remove,
            "begin": self._begin,
            "finish": self._finish,
            "modify": self._modify,
            "migrate": self._migrate,
            "evaluate": self._evaluate,
            "evaluate_starts": lambda step: Outcome(fired=self.world.evaluate_starts(step.options.get("with", {}))),
            "advance": self._advance,
            "run": lambda step: Outcome(fired=self.world.advance(0)),
            "suspend": lambda step: self._changed(step, steps.suspend),
            "resume": lambda step: self._changed(step, steps.resume),
            "cancel": self._cancel,
            "suspend_definition": self._suspend_definition,
            "resume_definition": self._resume_definition,
            "undeploy": self._undeploy,
            "deploy": self._deploy,
            "look": lambda step: None,
        }

    async def deploy(self, models: Sequence[bytes]) -> list[str]:
        """Deploy files. Raises `Refused`."""
        warnings: list[str] = []
        for model in models:
            loaded = load_bpmn(model)
            errors = [problem for problem in loaded.problems if problem.is_error]
            if errors:
                raise Refused(
                    [problem.rule.value for problem in errors],
                    [f"{problem.rule} {problem.element_id}: {problem.message}" for problem in errors],
                )
            warnings += [problem.rule.value for problem in loaded.problems]
            world = self.world
            for process in loaded.processes:
                self._refuse_taken_messages(process)
            self.replaced.append({process.key: world.definitions.get(process.key) for process in loaded.processes})
            for process in loaded.processes:
                before = world.definitions.get(process.key)
                version = 1 if before is None else before.version + 1
                definition = Definition(f"{process.key}:{version}", process.key, version, "", process)
                world.definitions[process.key] = definition
                world.took_over(definition)
        return warnings

    async def do(self, step: Step) -> Outcome:
        """Do what a step says. Raises `Failed`, `CannotDo`."""
        if step.verb == "deploy":
            await self.deploy([definitions(step.subject)])
            return Outcome()
        if step.verb not in self._do:
            raise CannotDo(step.verb)
        try:
            outcome = self.world.attempt(lambda: self._do[step.verb](step)) or Outcome()
        except DomainError as error:
            raise Failed(error.reason, error.message) from error
        # What a commit throws is delivered right after it.
        self.world.deliver_thrown()
        return outcome

    async def close(self) -> None:
        """Let go of everything."""

    # Commands

    def _start(self, step: Step) -> None:
        definition = self.world.definitions[step.subject]
        instance_id = self.world.begin(
            definition,
            step.options.get("with", {}),
            business_key=step.options.get("business_key", ""),
            initiator=step.options.get("by", ""),
        )
        self.aliases[step.options.get("as", "")] = instance_id

    def _complete(self, step: Step) -> None:
        instance_id, key = place = self._place(step)
        variables = dict(step.options.get("with", {}))
        instance = self.world.instances[instance_id]
        if place in self.world.work and place not in self.world.tasks:
            program = steps.complete_job(instance, key, variables, self.world.now, self.world._new_id)
            self.world.do(instance_id, program)
            return
        completion = Completion(completed_by=step.options.get("by", ""))
        program = user_task_commands.complete(instance, key, variables, self.world.now, completion, self.world._new_id)
        self.world.do(instance_id, program)

    def _claim(self, step: Step) -> None:
        self._task(step, lambda instance, key, now: user_task_commands.claim(instance, key, step.options["by"], now))

    def _unclaim(self, step: Step) -> None:
        self._task(step, lambda instance, key, now: user_task_commands.assign(instance, key, "", now))

    def _assign(self, step: Step) -> None:
        self._task(step, lambda instance, key, now: user_task_commands.assign(instance, key, step.options["to"], now))

    def _delegate(self, step: Step) -> None:
        place = self._place(step)
        task = self.world.tasks[place]
        if not task.owner:
            task.owner = self.world.instances[place[0]].tokens[place[1]].assignee
        to = step.options["to"]
        self._task(step, lambda instance, key, now: user_task_commands.delegate(instance, key, to, now))

    def _resolve(self, step: Step) -> None:
        instance_id, key = self._place(step)
        program = user_task_commands.resolve(
            self.world.instances[instance_id],
            key,
            self.world.tasks[(instance_id, key)].owner,
            dict(step.options.get("with", {})),
            self.world.now,
            self.world._new_id,
        )
        self.world.do(instance_id, program)

    def _task(self, step: Step, command: Callable[[Instance, int, int], Program[Changes]]) -> None:
        instance_id, key = self._place(step)
        instance = self.world.instances[instance_id]
        self.world.do(instance_id, command(instance, key, self.world.now))

    def _fail(self, step: Step) -> None:
        self.world.fail(self._place(step), step.options.get("left", 0), step.options.get("text", ""))

    def _throw(self, step: Step) -> Outcome:
        instance_id, key = self._place(step)
        error = BpmnError(step.options["code"], step.options.get("text", ""), dict(step.options.get("with", {})))
        program = steps.throw_job_error(
            self.world.instances[instance_id], key, error, retries=2, now=self.world.now, ids=self.world._new_id
        )
        changes, caught = self.world.run(program)
        self.world._took(self.world.instances[instance_id], changes)
        return Outcome(caught=caught)

    def _retry(self, step: Step) -> None:
        instance_id, key = place = self._place(step)
        changes, _ = job_commands.revive_job(self.world.instances[instance_id], key, self.world.now)
        self.world._took(self.world.instances[instance_id], changes)
        job = self.world.jobs[place]
        job.retries = step.options.get("left", 1)
        job.due_micros = min(job.due_micros, self.world.now)

    def _signal(self, step: Step) -> Outcome:
        only = self._instance(step.options["to"]) if "to" in step.options else ""
        return Outcome(fired=self.world.broadcast(step.subject, step.options.get("with", {}), only=only))

    def _message(self, step: Step) -> None:
        started = self.world.correlate(
            step.subject,
            step.options.get("with", {}),
            key=step.options.get("key"),
            instance_id=self._at(step),
            business_key=step.options.get("business_key", ""),
            everywhere=step.options.get("all", False),
        )
        if started is not None:
            self.aliases[step.options.get("as", "")] = started

    def _trigger(self, step: Step) -> None:
        self.world.trigger(step.subject, step.options.get("with"), self._at(step))

    def _set(self, step: Step) -> None:
        self._update(step, dict(step.subject), [])

    def _remove(self, step: Step) -> None:
        self._update(step, {}, list(step.subject))

    def _update(self, step: Step, variables: dict[str, Any], removed: list[str]) -> None:
        at = self._at(step) or next(iter(self.world.instances))
        key = ROOT_SCOPE
        if "at" in step.options:
            at, token = self.world._waiting(step.options["at"], self._at(step))
            key = token.key
        program = steps.update_variables(
            self.world.instances[at],
            key,
            variables,
            removed,
            self.world.now,
            local=step.options.get("locally", False),
            ids=self.world._new_id,
        )
        self.world.do(at, program)

    def _begin(self, step: Step) -> None:
        at, token = self.world._waiting(step.options["of"], self._at(step))
        program = ad_hoc.start_activity(
            self.world.instances[at], token.key, step.subject, dict(step.options.get("with", {})), self.world.now
        )
        self.world.do(at, program)

    def _finish(self, step: Step) -> None:
        at, token = self.world._waiting(step.subject, self._at(step))
        self.world.do(at, ad_hoc.complete(self.world.instances[at], token.key, self.world.now))

    def _modify(self, step: Step) -> None:
        at = self._at(step) or next(iter(self.world.instances))
        instructions = [_instruction(entry) for entry in step.subject]
        program = modify(self.world.instances[at], instructions, Options(), self.world.now, self.world._new_id)
        self.world.do(at, program)

    def _migrate(self, step: Step) -> None:
        at = self._instance(step.subject)
        instance = self.world.instances[at]
        mappings = [ElementMapping([source], [target]) for source, target in step.options.get("mapping", {}).items()]
        plan = Plan(
            self.world.definitions[instance.definition.key], mappings, variables=dict(step.options.get("with", {}))
        )
        migrated = self.world.run(migrate(instance, plan, self.world.now, self.world._new_id))
        for place in [place for place in self.world.elements if place[0] == at and place[1] in migrated.renamed]:
            self.world.renamed(place, migrated.renamed[place[1]])
        self.world._took(instance, migrated.changes)

    def _evaluate(self, step: Step) -> Outcome:
        at = self._at(step) or next(iter(self.world.instances))
        program = steps.evaluate_conditions(
            self.world.instances[at], dict(step.options.get("with", {})), self.world.now, self.world._new_id
        )
        changes, fired = self.world.run(program)
        self.world._took(self.world.instances[at], changes)
        return Outcome(fired=fired)

    def _advance(self, step: Step) -> Outcome:
        length = duration(step.subject).after(self.world.now) - self.world.now
        return Outcome(fired=self.world.advance(length / 1e6))

    def _changed(self, step: Step, command: Callable[..., Any]) -> None:
        at = self._instance(step.subject)
        self.world._took(self.world.instances[at], command(self.world.instances[at], self.world.now))

    def _cancel(self, step: Step) -> None:
        self.world.cancel(self._instance(step.subject), step.options.get("reason", ""))

    def _suspend_definition(self, step: Step) -> None:
        definition = self.world.definitions[step.subject]
        self.world.suspended.add(definition.id)
        self._with_instances(step, definition, Status.RUNNING, steps.suspend)

    def _resume_definition(self, step: Step) -> None:
        definition = self.world.definitions[step.subject]
        self.world.suspended.discard(definition.id)
        self._with_instances(step, definition, Status.PAUSED, steps.resume)

    def _with_instances(
        self, step: Step, definition: Definition, status: Status, command: Callable[[Instance, int], Changes]
    ) -> None:
        for instance in list(self.world.instances.values()) if step.options.get("with_instances") else []:
            if instance.definition.id == definition.id and instance.status is status:
                self.world._took(instance, command(instance, self.world.now))

    def _undeploy(self, step: Step) -> None:
        for key, before in self.replaced.pop().items():
            if before is None:
                self.world.withdrawn(self.world.definitions.pop(key))
            else:
                self.world.definitions[key] = before
                self.world.took_over(before)

    def _refuse_taken_messages(self, process: ExecutableProcess) -> None:
        wanted = Definition("", process.key, 1, "", process)
        for element in start_elements(wanted):
            trigger = trigger_of(element)
            if not isinstance(trigger, MessageTrigger):
                continue
            name = to_string(trigger.name(NoVariables()))
            if any(definition.key != process.key for definition, _ in self.world.start_by(MessageTrigger, name)):
                raise Failed("START_MESSAGE_TAKEN", f"another process is started by {name}")

    def _deploy(self, step: Step) -> None:
        raise AssertionError("done by do()")

    # Finding

    def _instance(self, name: str) -> str:
        if name in self.aliases:
            return self.aliases[name]
        for instance_id, instance in self.world.instances.items():
            if instance.definition.key == name:
                return instance_id
        raise AssertionError(f"there is no instance {name}")

    def _at(self, step: Step) -> str | None:
        return self._instance(step.options["in"]) if "in" in step.options else None

    def _place(self, step: Step) -> tuple[str, int]:
        """The oldest open task or job of an element; the newest that was open where there is none any more."""
        at = self._at(step)
        known = [
            place
            for place, element in self.world.elements.items()
            if element == step.subject and at in (None, place[0])
        ]
        assert known, f"there was never a task or job of {step.subject}"
        still = [place for place in known if place in self.world.tasks or place in self.world.jobs]
        return min(still) if still else max(known)

    # Looking

    async def see(self, instance: str | None, wanted: Mapping[str, Any]) -> Seen:
        """Look at all instances together, or at one."""
        world = self.world
        only = None if instance is None else self._instance(instance)

        def of(rows: Mapping[tuple[str, int], Any]) -> list[Any]:
            return [row for place, row in sorted(rows.items()) if only in (None, place[0])]

        instances = [found for at, found in world.instances.items() if only in (None, at)]
        begun = world.activities(only)
        seen = Seen(
            open=[row.element_id for row in of(world.tasks)],
            jobs=[row.element_id for row in of(world.jobs) if row.kind is JobKind.EXTERNAL],
            timers=[row.element_id for row in of(world.jobs) if row.kind is JobKind.TIMER],
            async_jobs=[row.element_id for row in of(world.jobs) if row.kind is JobKind.ASYNC],
            waiting=[
                found.definition.process.elements[token.element].id
                for found in instances
                for token in found.tokens.values()
                if token.host == NO_HOST and token.stage not in HIDDEN
            ],
            subscriptions=[f"{Wait(row.type).name.lower()}:{row.name}" for row in of(world.subscriptions)],
            begun=begun,
            completed=world.completed(only),
            ended=all(found.ended for found in instances),
            incidents=[
                {
                    "element": row.element_id,
                    "type": steps.INCIDENT_NAMES[row.type],
                    "message": row.message,
                }
                for row in of(world.incidents)
            ],
            retries={row.element_id: row.retries for row in of(world.jobs)},
            headers={row.element_id: dict(row.headers) for row in of(world.jobs)},
            inputs={row.element_id: dict(row.inputs) for row in of(world.jobs)},
            types={row.element_id: row.type for row in of(world.jobs)},
            priorities={row.element_id: row.priority for row in of(world.jobs)},
        )
        if instances:
            seen.variables = world.variables(instances[0].id)
            seen.status = STATUS_NAMES[instances[0].status]
            seen.business_key = instances[0].business_key
        for found in instances:
            for token in found.tokens.values():
                scope = found.scopes.get(token.key)
                element = found.definition.process.elements[token.element].id
                if scope is not None and element not in seen.local:
                    seen.local[element] = dict(scope.variables)
        if "enabled" in wanted:
            seen.enabled = [
                element.id
                for found in instances
                for token in found.tokens.values()
                if token.host == NO_HOST
                and isinstance(found.definition.process.elements[token.element].spec, AdHocSpec)
                and token.key in found.scopes
                for element in ad_hoc.enabled_activities(found, token.key)
            ]
        for (at, key), task in sorted(world.tasks.items()):
            if only in (None, at) and task.element_id not in seen.tasks:
                seen.tasks[task.element_id] = {
                    "name": task.name,
                    "description": task.description,
                    "assignee": world.instances[at].tokens[key].assignee,
                    "users": sorted(task.candidate_users),
                    "groups": sorted(task.candidate_groups),
                    "priority": task.priority,
                    "form": task.form_key,
                    "due": _time(task.due_micros),
                    "follow_up": _time(task.follow_up_micros),
                    "owner": task.owner,
                    "category": task.category,
                    "delegated": key in world.instances[at].delegated_tasks,
                }
        return seen


def _instruction(entry: Mapping[str, Any]) -> Instruction:
    """Return an instruction as a case writes it."""
    given = dict(entry.get("with", {}))
    if "move" in entry:
        return Move(element_ids=[entry["move"]], targets=[entry["to"]], variables=given)
    if "cancel" in entry:
        return Cancel(element_ids=[entry["cancel"]])
    if "add_child" in entry:
        return AddChild(entry["add_child"], variables=given)
    if "start_before" in entry:
        return Start(entry["start_before"], variables=given)
    return Start(entry["start_after"], placements.AFTER, variables=given)


def _time(micros: int) -> str:
    if not micros:
        return ""
    return (EPOCH + timedelta(microseconds=micros)).isoformat().replace("+00:00", "Z")
