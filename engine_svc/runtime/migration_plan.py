"""What a migration to another definition would do to an instance, activity by activity, without doing it.

An activity is kept where the target has an element of the same type in the same place: its id, task, job, timer and
variables stay. Otherwise it begins anew at the element that it is mapped to. Elements with equal ids are mapped to
each other; where they are of different types the caller must say so.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine_svc.compile.executable import (
    NO_ELEMENT,
    PROCESS_SCOPE,
    CatchSpec,
    Element,
    ElementKind,
    ExecutableProcess,
    ReceiveTaskSpec,
    StartSpec,
)
from engine_svc.state.definition import Definition
from engine_svc.state.instance import NO_HOST, ROOT_SCOPE, Instance, Stage, Token


@dataclass(slots=True)
class ElementMapping:
    """Elements of the source and what they become: one to one, one to many, or many to one."""

    sources: Sequence[str]
    targets: Sequence[str]
    local_variables: dict[str, Any] = field(default_factory=dict)
    """Variables of the activities that begin anew."""


@dataclass(slots=True)
class Plan:
    """How to come from a definition to another one."""

    target: Definition
    mappings: Sequence[ElementMapping] = ()
    explicit_only: bool = False
    """Equal ids alone map nothing."""
    update_event_triggers: bool = False
    """Timers, messages and signals of kept activities begin to wait anew, as the target has them."""
    variables: dict[str, Any] = field(default_factory=dict)
    """Variables of the instance."""


class Code(enum.StrEnum):
    """What stands in the way of a migration."""

    SOURCE_UNKNOWN = "SOURCE_ELEMENT_UNKNOWN"
    TARGET_UNKNOWN = "TARGET_ELEMENT_UNKNOWN"
    MAPPED_TWICE = "SOURCE_ELEMENT_MAPPED_TWICE"
    MANY_TO_MANY = "MANY_TO_MANY"
    UNMAPPED = "ACTIVITY_UNMAPPED"
    TYPE_CHANGED = "ELEMENT_TYPE_CHANGED"
    MULTI_INSTANCE_CHANGED = "MULTI_INSTANCE_CHANGED"
    SCOPE_CHANGED = "SCOPE_CHANGED"
    FLOW_MISSING = "SEQUENCE_FLOW_MISSING"
    AMBIGUOUS = "TARGET_SCOPE_AMBIGUOUS"


@dataclass(slots=True)
class PlanProblem:
    """One thing that stands in the way; `key` is 0 where it lies in the plan itself."""

    code: Code
    element_id: str
    message: str
    key: int = 0


class Action(enum.Enum):
    """What becomes of an activity."""

    KEPT = "kept"
    RESTARTED = "restarted"
    ENDED = "ended"
    """With the sub-process it is in, or because the sub-process itself is no more and its content goes on."""


@dataclass(slots=True)
class Fate:
    """What becomes of one activity. `targets`: indexes of elements; of a kept one exactly one."""

    token: Token
    action: Action
    targets: tuple[int, ...] = ()
    mapping: ElementMapping | None = None


@dataclass(slots=True)
class Assessment:
    """The whole of a migration before it is done. `fates` by the key of the activity; `companions` by key."""

    problems: list[PlanProblem] = field(default_factory=list)
    fates: dict[int, Fate] = field(default_factory=dict)
    companions: dict[int, int] = field(default_factory=dict)
    """Boundary events and the like that are kept, each with its new element."""


def check_plan(source: ExecutableProcess, plan: Plan) -> list[PlanProblem]:
    """Return what is wrong with a plan whatever the state of an instance."""
    found: list[PlanProblem] = []
    seen: set[str] = set()
    target = plan.target.process
    for mapping in plan.mappings:
        if len(mapping.sources) > 1 and len(mapping.targets) > 1:
            text = f"{', '.join(mapping.sources)}: map many to one or one to many"
            found.append(PlanProblem(Code.MANY_TO_MANY, mapping.sources[0], text))
        for element_id in mapping.sources:
            if element_id not in source.by_id:
                text = f"the source process {source.key} has no element {element_id}"
                found.append(PlanProblem(Code.SOURCE_UNKNOWN, element_id, text))
            if element_id in seen:
                found.append(PlanProblem(Code.MAPPED_TWICE, element_id, f"element {element_id} is mapped twice"))
            seen.add(element_id)
        for element_id in mapping.targets:
            if element_id not in target.by_id:
                text = f"the target process {target.key} has no element {element_id}"
                found.append(PlanProblem(Code.TARGET_UNKNOWN, element_id, text))
    return found


def assess(instance: Instance, plan: Plan) -> Assessment:
    """Return what a plan would do to an instance, with everything that stands in the way."""
    problems = check_plan(instance.definition.process, plan)
    if problems:
        return Assessment(problems)
    return _Assessor(instance, plan).assess()


class _Assessor:
    def __init__(self, instance: Instance, plan: Plan) -> None:
        self._instance = instance
        self._plan = plan
        self._source = instance.definition.process
        self._target = plan.target.process
        self._explicit = {
            self._source.by_id[element_id]: mapping for mapping in plan.mappings for element_id in mapping.sources
        }
        self._found = Assessment()
        self._owners = {token.scope_key for token in instance.tokens.values() if token.host == NO_HOST}

    def assess(self) -> Assessment:
        tokens = self._instance.tokens
        for key in sorted(tokens):
            if tokens[key].host == NO_HOST:
                self._decide(tokens[key])
        for key in sorted(tokens):
            if tokens[key].host != NO_HOST:
                self._decide_companion(tokens[key])
        return self._found

    def _problem(self, code: Code, token: Token, message: str) -> None:
        element = self._source.elements[token.element]
        self._found.problems.append(PlanProblem(code, element.id, message, token.key))

    def _decide(self, token: Token) -> None:
        fates = self._found.fates
        if token.stage is Stage.ENDING:
            fates[token.key] = Fate(token, Action.KEPT, (0,))
            return
        owner = fates.get(token.scope_key)
        if owner is not None and owner.action is not Action.KEPT and not self._dissolved(owner):
            fates[token.key] = Fate(token, Action.ENDED)
            return
        source = self._source.elements[token.element]
        mapping = self._explicit.get(source.index)
        targets = self._targets(source, mapping)
        problem = self._misfit(token, source, targets)
        if problem is None:
            fates[token.key] = Fate(token, Action.KEPT, targets, mapping)
        elif mapping is not None:
            fates[token.key] = Fate(token, Action.RESTARTED, targets, mapping)
        elif self._may_dissolve(token):
            fates[token.key] = Fate(token, Action.ENDED)
        elif problem[0] is Code.SCOPE_CHANGED and token.stage is not Stage.COMPENSATING:
            fates[token.key] = Fate(token, Action.RESTARTED, targets)
        else:
            self._problem(problem[0], token, problem[1])
            fates[token.key] = Fate(token, Action.ENDED)

    def _targets(self, source: Element, mapping: ElementMapping | None) -> tuple[int, ...]:
        if mapping is not None:
            return tuple(self._target.by_id[element_id] for element_id in mapping.targets)
        index = None if self._plan.explicit_only else self._target.by_id.get(source.id)
        return () if index is None else (index,)

    def _dissolved(self, owner: Fate) -> bool:
        """Whether a sub-process is no more but what is in it goes on."""
        return owner.action is Action.ENDED and self._may_dissolve(owner.token)

    def _may_dissolve(self, token: Token) -> bool:
        around = self._found.fates.get(token.scope_key)
        kind = self._source.elements[token.element].kind
        return (
            token.key in self._owners
            and token.stage is Stage.ACTIVE
            and kind in (ElementKind.SUB_PROCESS, ElementKind.EVENT_SUB_PROCESS)
            and (around is None or around.action is Action.KEPT or self._dissolved(around))
        )

    def _misfit(self, token: Token, source: Element, targets: tuple[int, ...]) -> tuple[Code, str] | None:
        """What keeps an activity from being kept; None where nothing does."""
        mapping = self._explicit.get(source.index)
        if not targets:
            return Code.UNMAPPED, f"element {source.id} has no counterpart in the target: map it to an element there"
        if len(targets) > 1 or (mapping is not None and len(mapping.sources) > 1):
            return Code.UNMAPPED, "not one to one"
        target = self._target.elements[targets[0]]
        if target.kind is not source.kind or target.bpmn_type != source.bpmn_type:
            text = f"element {source.id} is a {source.bpmn_type}, but {target.id} is a {target.bpmn_type}"
            return Code.TYPE_CHANGED, f"{text}: map it explicitly to begin anew"
        if _loop_of(source) != _loop_of(target):
            text = f"element {source.id} is {_loop_of(source)}, but {target.id} is {_loop_of(target)}"
            return Code.MULTI_INSTANCE_CHANGED, f"{text}: map it explicitly to begin anew"
        if token.stage is Stage.TAKING and self._source.flows[token.flow].id not in {f.id for f in self._target.flows}:
            flow_id = self._source.flows[token.flow].id
            return Code.FLOW_MISSING, f"the target has no sequence flow {flow_id}, whose listener waits"
        if not self._same_place(token, target):
            return Code.SCOPE_CHANGED, f"element {target.id} is in another scope than {source.id}"
        return None

    def _same_place(self, token: Token, target: Element) -> bool:
        if token.scope_key == ROOT_SCOPE:
            return target.scope == PROCESS_SCOPE
        owner = self._found.fates.get(token.scope_key)
        if owner is None or owner.action is not Action.KEPT:
            return False
        place = owner.targets[0]
        # A child of a multi-instance is at the same element as its body.
        return place == (target.index if owner.token.stage is Stage.BODY else target.scope)

    # What waits on behalf of others

    def _decide_companion(self, token: Token) -> None:
        if self._plan.update_event_triggers:
            return
        source = self._source.elements[token.element]
        targets = self._targets(source, self._explicit.get(source.index))
        if len(targets) != 1:
            return
        target = self._target.elements[targets[0]]
        if target.kind is not source.kind or type(_trigger_of(source)) is not type(_trigger_of(target)):
            return
        if token.host == ROOT_SCOPE:
            place = PROCESS_SCOPE
        else:
            host = self._found.fates.get(token.host)
            if host is None or host.action is not Action.KEPT:
                return
            place = host.targets[0]
        if self._belongs(source, target, place):
            self._found.companions[token.key] = target.index

    def _belongs(self, source: Element, target: Element, place: int) -> bool:
        """Whether a companion's counterpart belongs to the activity or scope that its host becomes."""
        if source.kind is ElementKind.BOUNDARY_EVENT:
            return place != PROCESS_SCOPE and target.index in self._target.elements[place].boundary
        if source.kind is ElementKind.START_EVENT:
            return target.scope in self._target.event_sub_processes.get(place, ())
        return place != PROCESS_SCOPE and any(
            flow.target == target.index for flow in self._target.elements[place].outgoing
        )


def _loop_of(element: Element) -> str:
    wrapping = element.wrapping
    if wrapping is not None and wrapping.multi_instance is not None:
        return f"a {'sequential' if wrapping.multi_instance.sequential else 'parallel'} multi-instance"
    return "a loop" if wrapping is not None and wrapping.loop is not None else "no multi-instance"


def _trigger_of(element: Element) -> object:
    spec = element.spec
    return spec.trigger if isinstance(spec, CatchSpec | StartSpec | ReceiveTaskSpec) else None


def keeps_handler(source: Element, target: Element) -> bool:
    """Say whether what was completed at an element can still be compensated at its counterpart."""
    had = source.wrapping is not None and source.wrapping.compensation_handler != NO_ELEMENT
    has = target.wrapping is not None and target.wrapping.compensation_handler != NO_ELEMENT
    return source.kind is target.kind and (has or not had)
