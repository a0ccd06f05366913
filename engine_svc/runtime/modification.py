"""Modification of a running instance: ends activities and begins others, all of it in one step or nothing.

The instructions are checked against the instance as it is, and every problem is told at once. Then activities end in
the order of the instructions, what is to begin begins, and scopes that are left with nothing in them end.

As in Flowable, a move out of a sub-process ends that sub-process with all that is in it; sub-processes between the
place where a move comes to and its target are taken where they run, else begun with their boundary events and event
sub-processes, without their start event. Unlike there, only the moved child of a multi-instance activity ends.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine_svc.compile.executable import PROCESS_SCOPE, ElementKind, SubProcessSpec
from engine_svc.runtime.behaviors import calls, companions, multi_instance, placements
from engine_svc.runtime.behaviors.cancellation import cancel_activity, forget, terminate
from engine_svc.runtime.behaviors.placements import Placement
from engine_svc.runtime.changes import Changes
from engine_svc.runtime.drain import cancel_instance, drain
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.instructions import (
    CANCELLED,
    AddChild,
    Cancel,
    Direction,
    Instruction,
    Move,
    Options,
    RemoveChild,
    Start,
    invalid,
)
from engine_svc.runtime.modification_checks import Checks
from engine_svc.runtime.requests import LoadInstance, Program
from engine_svc.runtime.unit import Unit
from engine_svc.runtime.ways import base_of, bodies_of, contains, interrupts, is_body, mover_of, tokens_of, way_to
from engine_svc.state.instance import ROOT_SCOPE, Instance, Status, Token
from mesh.errors import NotFound, WrongState
from mesh.ids import new_id


def modify(
    instance: Instance,
    instructions: Sequence[Instruction],
    options: Options,
    now: int,
    ids: Callable[[], str] = new_id,
    *,
    validate_only: bool = False,
) -> Program[Changes]:
    """Carry out instructions and run on; with `validate_only` nothing but the checks.

    Raises `InvalidField` (MODIFICATION_INVALID) with every problem, `WrongState`.
    """
    if instance.status is not Status.RUNNING:
        raise WrongState(
            "PROCESS_INSTANCE_NOT_RUNNING",
            f"process instance {instance.id} is {instance.status.name.lower()}; only a running one can be modified",
            metadata={"id": instance.id, "status": instance.status.name},
        )
    execution = Execution(instance, Unit(now, ids))
    parent = None
    if instance.parent_id and any(_goes_to_parent(one) for one in instructions):
        parent = yield from _parent_of(execution)
    problems = Checks(execution, parent).problems(instructions)
    if problems:
        raise invalid(problems)
    if not validate_only:
        instance.run_length = 0
        work = Modification(execution, options)
        above = None if parent is None else Modification(parent, options)
        for position, instruction in enumerate(instructions):
            work.position = position
            if isinstance(instruction, Move) and instruction.direction is Direction.TO_PARENT:
                assert above is not None
                parent = above.execution
                parent.touched = True
                parent.instance.run_length = 0
                above.move_up(instruction, instance.parent_key)
            else:
                work.apply(instruction)
        if above is not None:
            above.finish()
        work.finish()
        yield from drain(execution.unit)
    return execution.unit.finish(execution)


def _goes_to_parent(instruction: Instruction) -> bool:
    return isinstance(instruction, Move) and instruction.direction is Direction.TO_PARENT


def _parent_of(execution: Execution) -> Program[Execution]:
    parent_id = execution.instance.parent_id
    instance: Instance | None = yield LoadInstance(parent_id, lambda _: None, caller=True)
    if instance is None:
        raise NotFound(
            "PROCESS_INSTANCE_NOT_FOUND",
            f"the calling process instance {parent_id} is gone",
            metadata={"id": parent_id},
        )
    return calls.take_up(execution.unit, instance)


class Modification:
    """Changes one instance. What begins is kept until `finish`, so that it is not ended with what ends."""

    def __init__(self, execution: Execution, options: Options) -> None:
        self.execution = execution
        self.position = 0
        self._options = options
        self._beginning: list[tuple[int, int, Placement]] = []
        """Position of the instruction, scope and placement."""
        self._entered: dict[tuple[int, tuple[int, ...]], Placement] = {}
        """Sub-processes to be entered, by the scope and the way to them."""
        self._left: set[int] = set()
        """Scopes in which something was ended."""
        self._interrupted: set[int] = set()
        """Scopes whose interrupting event sub-process was ended."""

    def apply(self, instruction: Instruction) -> None:
        """Carry out one instruction that was checked."""
        match instruction:
            case Cancel():
                self._cancel(instruction)
            case Start():
                self._start(instruction)
            case Move():
                self._move(instruction)
            case AddChild():
                self._add_child(instruction)
            case RemoveChild():
                self._remove_child(instruction)

    def finish(self) -> None:
        """Begin what is to begin, and end what is left with nothing in it."""
        execution = self.execution
        scopes = execution.instance.scopes
        gone = [position for position, scope_key, _ in self._beginning if scope_key not in scopes]
        if gone:
            raise invalid((one, "the scope to begin in is ended by another instruction") for one in gone)
        for _, scope_key, made in self._beginning:
            self._close_interrupting_start(scope_key, made)
            placements.place(execution, scope_key, made)
        self._end_empty()
        for scope_key in sorted(self._interrupted & scopes.keys()):
            if scopes[scope_key].live_tokens and not self._interrupting(scope_key):
                companions.open_event_sub_processes(execution, scope_key)

    # Instructions

    def _cancel(self, cancel: Cancel) -> None:
        execution = self.execution
        reason = self._options.reason or CANCELLED
        for key in cancel.keys:
            self._end_key(key, reason)
        for element_id in cancel.element_ids:
            tokens = tokens_of(execution, element_id)
            for token in tokens[:1] if cancel.oldest_only else tokens:
                self._end(token, reason)

    def _start(self, start: Start) -> None:
        process = self.execution.instance.definition.process
        element_id = start.element_id
        if start.at == placements.FLOW:
            flow = next(flow for flow in process.flows if flow.id == start.flow_id)
            element_id = process.elements[flow.source].id
        self._set(start.variables)
        made = self._made(element_id, start.at, flow_id=start.flow_id, local=start.local_variables)
        self._begin(start.ancestor_key, process.by_id[element_id], made)

    def _move(self, move: Move) -> None:
        execution = self.execution
        tokens = [execution.instance.tokens.get(key) for key in move.keys]
        sources = [mover for token in tokens if token is not None and (mover := mover_of(execution, token)) is not None]
        for element_id in move.element_ids:
            sources += tokens_of(execution, element_id)
        self._move_tokens(move, sources)

    def move_up(self, move: Move, call_key: int) -> None:
        """Move from the call activity that called an instance, which ends with it."""
        token = self.execution.instance.tokens.get(call_key)
        if token is not None:
            self._move_tokens(move, [token])

    def _move_tokens(self, move: Move, sources: Sequence[Token]) -> None:
        execution = self.execution
        self._set(move.variables)
        by_id = execution.instance.definition.process.by_id
        called: Sequence[str] = ()
        target_ids = move.targets
        if move.direction is Direction.TO_CALLED:
            called, target_ids = move.targets, [move.call_activity_id]
        targets = [by_id[element_id] for element_id in target_ids]
        reason = self._options.reason or f"Change activity to {', '.join(move.targets)}"
        for group in self._groups(sources):
            ids = [execution.elements[token.element].id for token in group]
            base = self._leave(group, targets, reason)
            if base is None:
                continue
            for target, element_id in zip(targets, target_ids, strict=True):
                local = move.local_variables.get(element_id)
                made = self._made(element_id, placements.BEFORE, local=local, sources=ids, called=called)
                self._begin(move.ancestor_key or base, target, made)

    def _groups(self, sources: Sequence[Token]) -> list[list[Token]]:
        """Tokens that move as one: all of the instance, but of each multi-instance child its own."""
        scopes = self.execution.instance.scopes
        groups: dict[int, list[Token]] = {}
        for token in sources:
            scope_key = token.scope_key
            if is_body(self.execution, scope_key):
                scope_key = scopes[scope_key].parent_key
            while scope_key != ROOT_SCOPE and not is_body(self.execution, scopes[scope_key].parent_key):
                scope_key = scopes[scope_key].parent_key
            groups.setdefault(scope_key, []).append(token)
        return list(groups.values())

    def _leave(self, tokens: Sequence[Token], targets: Sequence[int], reason: str) -> int | None:
        """End activities, with the sub-processes around them that no target is in; return where to go on.

        None where all of them were ended together with others before.
        """
        instance = self.execution.instance
        keys = [token.key for token in tokens]
        base: int | None = None
        for key in keys:
            token = instance.tokens.get(key)
            if token is None:
                continue
            here = base_of(self.execution, token, targets)
            top = token
            scope_key = token.scope_key
            if is_body(self.execution, scope_key) and instance.scopes[scope_key].parent_key == here:
                scope_key = here
            while scope_key != here:
                top = instance.tokens[scope_key]
                scope_key = top.scope_key
            self._end(top, reason)
            base = here if base is None else base
        return base

    def _add_child(self, add: AddChild) -> None:
        execution = self.execution
        element = execution.elements[execution.instance.definition.process.by_id[add.element_id]]
        (body,) = bodies_of(execution, element.index, add.ancestor_key)
        multi_instance.add_child(execution, body, element, add.variables)

    def _remove_child(self, remove: RemoveChild) -> None:
        execution = self.execution
        child = execution.instance.tokens.get(remove.key)
        if child is None:
            return
        body_key = child.scope_key
        self._end(child, self._options.reason or "multi-instance child removed", count=False)
        body = execution.instance.tokens[body_key]
        self._left.discard(body_key)
        multi_instance.child_removed(execution, body, execution.elements[body.element], completed=remove.completed)

    # What they are made of

    def _set(self, variables: dict[str, Any]) -> None:
        for name, value in variables.items():
            self.execution.set_variable(ROOT_SCOPE, name, value)

    def _made(
        self,
        element_id: str,
        at: str,
        *,
        flow_id: str = "",
        local: dict[str, Any] | None = None,
        sources: Sequence[str] = (),
        called: Sequence[str] = (),
    ) -> Placement:
        return placements.placement(
            element_id,
            at,
            flow_id=flow_id,
            local=local,
            sources=sources,
            called=called,
            skip_listeners=self._options.skip_listeners,
            skip_mappings=self._options.skip_mappings,
        )

    def begin(self, base: int, element_id: str, sources: Sequence[str], local: dict[str, Any]) -> None:
        """Begin at an element, in a scope or in sub-processes within it."""
        element = self.execution.instance.definition.process.by_id[element_id]
        self._begin(base, element, self._made(element_id, placements.BEFORE, sources=sources, local=local))

    def _begin(self, base: int, element: int, made: Placement) -> None:
        execution = self.execution
        while not contains(execution, base, element):
            base = execution.instance.scopes[base].parent_key
        way = way_to(execution, base, element)
        if way.ambiguous != PROCESS_SCOPE:
            around = execution.elements[way.ambiguous].id
            raise invalid([(self.position, f"sub-process {around} runs more than once")])
        walked: tuple[int, ...] = ()
        around_it: Placement | None = None
        for sub_process in way.missing:
            walked = (*walked, sub_process)
            entered = self._entered.get((way.scope_key, walked))
            if entered is None:
                entered = placements.entering(
                    execution.elements[sub_process].id,
                    skip_listeners=self._options.skip_listeners,
                    skip_mappings=self._options.skip_mappings,
                )
                self._entered[(way.scope_key, walked)] = entered
                self._put(way.scope_key, around_it, entered)
            around_it = entered
        self._put(way.scope_key, around_it, made)

    def _put(self, scope_key: int, around: Placement | None, made: Placement) -> None:
        if around is None:
            self._beginning.append((self.position, scope_key, made))
        else:
            around[placements.INNER].append(made)

    def _end_key(self, key: int, reason: str) -> None:
        token = self.execution.instance.tokens.get(key)
        mover = None if token is None else mover_of(self.execution, token)
        if mover is not None:
            self._end(mover, reason)

    def end(self, token: Token, reason: str) -> None:
        """End an activity with everything in it; what is around it ends in `finish` where nothing is left."""
        self._end(token, reason)

    def _end(self, token: Token, reason: str, *, count: bool = True) -> None:
        execution = self.execution
        instance = execution.instance
        scope_key = token.scope_key
        place = (scope_key, token.element)
        element = execution.elements[token.element]
        if element.kind is ElementKind.EVENT_SUB_PROCESS and interrupts(execution, token.element):
            self._interrupted.add(scope_key)
        cancel_activity(execution, token, reason)
        waiting = instance.arrivals.get(place)
        if waiting is not None and token in waiting:
            waiting.remove(token)
            if not waiting:
                del instance.arrivals[place]
        scope = instance.scopes[scope_key]
        scope.live_tokens -= 1
        self._left.add(scope_key)
        if count and is_body(execution, scope_key):
            for name in (multi_instance.INSTANCES, multi_instance.ACTIVE):
                if name in scope.variables:
                    execution.set_local(scope_key, name, scope.variables[name] - 1)

    def _end_empty(self) -> None:
        execution = self.execution
        instance = execution.instance
        reason = self._options.reason or CANCELLED
        while True:
            empty = [
                key
                for key in self._left
                if key in instance.scopes and not instance.scopes[key].live_tokens and not self._may_be_empty(key)
            ]
            if not empty:
                return
            key = max(empty)
            if key == ROOT_SCOPE:
                cancel_instance(execution, reason)
                return
            self._end(instance.tokens[key], reason)

    def _may_be_empty(self, scope_key: int) -> bool:
        """Whether a scope waits for more even if nothing runs in it: an ad-hoc sub-process."""
        owner = self.execution.instance.tokens.get(scope_key)
        return owner is not None and self.execution.elements[owner.element].kind is ElementKind.AD_HOC_SUB_PROCESS

    def _close_interrupting_start(self, scope_key: int, made: Placement) -> None:
        """An interrupting event sub-process that is entered waits for its event no more."""
        execution = self.execution
        element = execution.elements[execution.instance.definition.process.by_id[made["element"]]]
        if element.kind is not ElementKind.EVENT_SUB_PROCESS or not interrupts(execution, element.index):
            return
        spec = element.spec
        assert isinstance(spec, SubProcessSpec)
        waiting = [token for token in execution.instance.hosted.get(scope_key, ()) if token.element == spec.start]
        terminate(execution, waiting, self._options.reason or CANCELLED)
        for token in waiting:
            forget(execution, token)

    def _interrupting(self, scope_key: int) -> bool:
        return any(
            token.scope_key == scope_key and interrupts(self.execution, token.element)
            for token in (*self.execution.instance.tokens.values(), *self.execution.agenda)
        )
