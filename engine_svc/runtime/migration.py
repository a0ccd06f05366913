"""Migration of an instance to another definition, in one step or nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from engine_svc.compile.executable import ElementKind, ExecutableProcess
from engine_svc.events.record import INSTANCE_MIGRATED
from engine_svc.runtime.behaviors import companions
from engine_svc.runtime.behaviors.cancellation import forget, terminate
from engine_svc.runtime.changes import Changes
from engine_svc.runtime.drain import drain
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.instructions import Options
from engine_svc.runtime.migration_plan import Action, Assessment, Fate, Plan, PlanProblem, assess, keeps_handler
from engine_svc.runtime.modification import Modification
from engine_svc.runtime.requests import Program
from engine_svc.runtime.unit import Unit
from engine_svc.runtime.ways import interrupts
from engine_svc.state.instance import (
    NO_FLOW,
    ROOT_SCOPE,
    Compensable,
    Instance,
    Stage,
    Status,
    Token,
)
from mesh.errors import InvalidField, Violation, WrongState
from mesh.ids import member_id, new_id

REASON = "migrated to another definition"
WITH_BOUNDARY = frozenset({Stage.ACTIVE, Stage.BODY, Stage.COMPLETING, Stage.TASK_CREATING, Stage.TASK_COMPLETING})
"""Stages in which the boundary events of an activity wait: from behind its start listeners to its end."""


@dataclass(slots=True)
class Migrated:
    """What a migration did. `renamed`: the new element id of kept activities and events, by key."""

    changes: Changes
    renamed: dict[int, str] = field(default_factory=dict)
    cancelled_calls: bool = False
    """Whether called instances were ended, which nothing brings back."""


@dataclass(slots=True)
class _Beginning:
    base: int
    fates: list[Fate]
    sources: list[str]


def migrate(instance: Instance, plan: Plan, now: int, ids: Callable[[], str] = new_id) -> Program[Migrated]:
    """Let an instance go on by another definition, and run on from what begins anew.

    Raises `InvalidField` (MIGRATION_INVALID) with every problem, `WrongState`.
    """
    if instance.status not in (Status.RUNNING, Status.PAUSED):
        raise WrongState(
            "PROCESS_INSTANCE_NOT_RUNNING",
            f"process instance {instance.id} is {instance.status.name.lower()} and cannot be migrated",
            metadata={"id": instance.id, "status": instance.status.name},
        )
    assessment = assess(instance, plan)
    if assessment.problems:
        raise invalid(instance.id, assessment.problems)
    execution = Execution(instance, Unit(now, ids))
    done = _Migration(execution, plan, assessment).run()
    instance.run_length = 0
    yield from drain(execution.unit)
    done.changes = execution.unit.finish(execution)
    return done


def invalid(instance_id: str, problems: Iterable[PlanProblem]) -> InvalidField:
    """Return the error of a plan that cannot be carried out."""
    violations = [
        Violation(
            f"activities[{member_id(instance_id, problem.key)}]" if problem.key else "plan.mappings",
            f"{problem.code}: {problem.message}",
        )
        for problem in problems
    ]
    more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
    return InvalidField(
        "MIGRATION_INVALID",
        f"process instance {instance_id} cannot be migrated: {violations[0].description}{more}",
        metadata={"id": instance_id},
        violations=violations,
    )


class _Migration:
    def __init__(self, execution: Execution, plan: Plan, assessment: Assessment) -> None:
        self._execution = execution
        self._instance = execution.instance
        self._plan = plan
        self._fates = assessment.fates
        self._companions = assessment.companions
        self._source = execution.instance.definition
        self._work = Modification(execution, Options(reason=REASON))

    def run(self) -> Migrated:
        execution = self._execution
        beginnings = self._end_what_is_not_kept()
        done = Migrated(execution.changes, cancelled_calls=bool(execution.unit.cancelled_calls))
        self._change_definition(done)
        for token in list(self._instance.tokens.values()):
            if token.key in self._fates:
                self._open_companions(token)
        for scope_key in list(self._instance.scopes):
            if scope_key == ROOT_SCOPE or self._instance.tokens[scope_key].stage is Stage.ACTIVE:
                self._open_event_sub_processes(scope_key)
        for name, value in self._plan.variables.items():
            execution.set_variable(ROOT_SCOPE, name, value)
        elements = execution.elements
        for beginning in beginnings:
            fate = beginning.fates[0]
            local = {} if fate.mapping is None else fate.mapping.local_variables
            for index in fate.targets:
                self._work.begin(beginning.base, elements[index].id, beginning.sources, local)
        self._work.finish()
        self._leave_filled_joins()
        return done

    def _end_what_is_not_kept(self) -> list[_Beginning]:
        execution = self._execution
        instance = self._instance
        beginnings: dict[tuple[int, object], _Beginning] = {}
        for fate in self._fates.values():
            if fate.action is Action.RESTARTED:
                base = self._base_of(fate.token)
                several = fate.mapping is not None and len(fate.mapping.sources) > 1
                group = (base, id(fate.mapping) if several else fate.token.key)
                beginning = beginnings.setdefault(group, _Beginning(base, [], []))
                beginning.fates.append(fate)
                beginning.sources.append(execution.elements[fate.token.element].id)
        closing = [
            token for token in instance.tokens.values() if token.key not in self._fates | self._companions.keys()
        ]
        terminate(execution, closing, REASON)
        for token in closing:
            forget(execution, token)
        # The innermost first, so that each is told to end by itself.
        for fate in sorted(self._fates.values(), key=lambda fate: fate.token.key, reverse=True):
            if fate.action is not Action.KEPT and instance.tokens.get(fate.token.key) is fate.token and fate.token.key:
                self._work.end(fate.token, REASON)
        return list(beginnings.values())

    def _base_of(self, token: Token) -> int:
        """Return the innermost scope around a token that is kept."""
        scope_key = token.scope_key
        while scope_key != ROOT_SCOPE and self._fates[scope_key].action is not Action.KEPT:
            scope_key = self._instance.scopes[scope_key].parent_key
        return scope_key

    # The change

    def _change_definition(self, done: Migrated) -> None:
        execution = self._execution
        instance = self._instance
        source, target = self._source.process, self._plan.target.process
        flows = {flow.id: flow.index for flow in target.flows}
        told = []
        for token in instance.tokens.values():
            fate = self._fates.get(token.key)
            old = source.elements[token.element]
            new = target.elements[self._companions[token.key] if fate is None else fate.targets[0]]
            token.element = new.index
            token.flow = NO_FLOW if token.flow == NO_FLOW else flows.get(source.flows[token.flow].id, NO_FLOW)
            token.encoded = None
            if old.id != new.id:
                done.renamed[token.key] = new.id
            if (old.id, old.name) != (new.id, new.name):
                told.append([token.key, new.id, new.name, new.bpmn_type])
        for scope in instance.scopes.values():
            scope.compensations = _carried(scope.compensations, source, target)
            scope.encoded = None
        self._carry_arrivals()
        execution.changes.events.append(
            (INSTANCE_MIGRATED, self._source.id, self._source.key, self._source.version, told)
        )
        instance.definition = self._plan.target
        execution.elements = target.elements

    def _carry_arrivals(self) -> None:
        target = self._plan.target.process
        arrivals: dict[tuple[int, int], list[Token]] = {}
        for tokens in self._instance.arrivals.values():
            element = target.elements[tokens[0].element]
            incoming = [flow.index for flow in element.incoming]
            # Tokens whose flow is no more stand for flows that have none.
            free = [index for index in incoming if index not in {token.flow for token in tokens}]
            for token in tokens:
                if token.flow not in incoming:
                    token.flow = free.pop(0) if free else next(iter(incoming), NO_FLOW)
            arrivals.setdefault((tokens[0].scope_key, element.index), []).extend(tokens)
        self._instance.arrivals = arrivals

    def _leave_filled_joins(self) -> None:
        """Tokens at a parallel join that has every flow now, or is no join any more, come to it again."""
        execution = self._execution
        for (scope_key, index), tokens in list(self._instance.arrivals.items()):
            element = execution.elements[index]
            if element.kind is not ElementKind.PARALLEL_GATEWAY:
                continue
            if len({token.flow for token in tokens}) < len(element.incoming):
                continue
            again = [Token(scope_key, index, token.flow) for token in tokens]
            terminate(execution, tokens, REASON)
            del self._instance.arrivals[(scope_key, index)]
            for token in tokens:
                forget(execution, token)
            execution.agenda.extend(again)

    def _open_companions(self, token: Token) -> None:
        execution = self._execution
        if token.stage is Stage.CHOOSING:
            companions.open_choice(execution, token, execution.elements[token.element])
            return
        owner = self._instance.tokens.get(token.scope_key)
        child = owner is not None and owner.stage is Stage.BODY
        if not child and token.stage in WITH_BOUNDARY:
            companions.open_boundary(execution, token, execution.elements[token.element])

    def _open_event_sub_processes(self, scope_key: int) -> None:
        execution = self._execution
        if not any(
            token.scope_key == scope_key and interrupts(execution, token.element)
            for token in self._instance.tokens.values()
        ):
            companions.open_event_sub_processes(execution, scope_key)


def _carried(entries: list[Compensable], source: ExecutableProcess, target: ExecutableProcess) -> list[Compensable]:
    """What was completed and can be compensated, as far as the target has it under the same id."""
    kept = []
    for entry in entries:
        old = source.elements[entry.element]
        index = target.by_id.get(old.id)
        if index is not None and keeps_handler(old, target.elements[index]):
            kept.append(Compensable(entry.key, index, entry.variables, _carried(entry.inner, source, target)))
    return kept
