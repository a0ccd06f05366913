"""Finds what is wrong with the instructions of a modification before anything is changed."""

from __future__ import annotations

from collections.abc import Sequence

from engine_svc.compile.executable import PROCESS_SCOPE, ElementKind
from engine_svc.runtime.behaviors import multi_instance, placements
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.instructions import AddChild, Cancel, Direction, Instruction, Move, RemoveChild, Start
from engine_svc.runtime.ways import base_of, bodies_of, contains, mover_of, tokens_of, way_to
from engine_svc.state.instance import ROOT_SCOPE, Stage, Status, Token


class Checks:
    """Finds what is wrong with instructions before anything is changed."""

    def __init__(self, execution: Execution, parent: Execution | None) -> None:
        self._execution = execution
        self._parent = parent
        self._found: list[tuple[int, str]] = []
        self._position = 0

    def problems(self, instructions: Sequence[Instruction]) -> list[tuple[int, str]]:
        """Return every problem with the index of its instruction."""
        for position, instruction in enumerate(instructions):
            self._position = position
            match instruction:
                case Cancel():
                    self._sources(self._execution, instruction.keys, instruction.element_ids)
                case Start():
                    self._start(instruction)
                case Move():
                    self._move(instruction)
                case AddChild():
                    self._add_child(instruction)
                case RemoveChild():
                    self._remove_child(instruction)
        return self._found

    def _add(self, text: str) -> None:
        self._found.append((self._position, text))

    def _sources(self, execution: Execution, keys: Sequence[int], element_ids: Sequence[str]) -> list[Token]:
        instance = execution.instance
        found: list[Token] = []
        if not keys and not element_ids:
            self._add("name the activities by their ids or by their element")
        for key in keys:
            token = instance.tokens.get(key)
            mover = None if token is None else mover_of(execution, token)
            if mover is None or mover.stage is Stage.COMPENSATING:
                self._add(f"no activity {instance.id}.{key} is running that can be ended")
            else:
                found.append(mover)
        for element_id in element_ids:
            if element_id not in instance.definition.process.by_id:
                self._add(f"the process has no element {element_id}")
                continue
            tokens = tokens_of(execution, element_id)
            if not tokens:
                self._add(f"no activity of element {element_id} is running")
            found += tokens
        return found

    def _target(self, execution: Execution, element_id: str) -> int | None:
        process = execution.instance.definition.process
        index = process.by_id.get(element_id)
        if index is None:
            self._add(f"process {process.key} has no element {element_id}")
            return None
        return index

    def _ancestor(self, execution: Execution, key: int, element: int) -> bool:
        """Whether a named activity is a sub-process around an element; a problem where it is not."""
        if key in execution.instance.scopes and key in execution.instance.tokens:
            if contains(execution, key, element):
                return True
            target = execution.elements[element].id
            self._add(f"activity {execution.instance.id}.{key} is no sub-process around element {target}")
        else:
            self._add(f"no activity {execution.instance.id}.{key} is running that others are in")
        return False

    def _reachable(self, execution: Execution, scope_key: int, element: int) -> None:
        way = way_to(execution, scope_key, element)
        if way.ambiguous != PROCESS_SCOPE:
            around = execution.elements[way.ambiguous].id
            target = execution.elements[element].id
            self._add(
                f"sub-process {around} runs more than once: say with ancestor_activity_id in which one {target} begins"
            )

    def _start(self, start: Start) -> None:
        execution = self._execution
        process = execution.instance.definition.process
        if start.at == placements.FLOW:
            flow = next((flow for flow in process.flows if flow.id == start.flow_id), None)
            if flow is None:
                self._add(f"process {process.key} has no sequence flow {start.flow_id}")
                return
            element: int | None = flow.source
        else:
            element = self._target(execution, start.element_id)
        if element is None:
            return
        if start.at == placements.AFTER and not execution.elements[element].outgoing:
            self._add(f"element {start.element_id} has no outgoing sequence flow to start after it")
        if not start.ancestor_key:
            self._reachable(execution, ROOT_SCOPE, element)
        elif self._ancestor(execution, start.ancestor_key, element):
            self._reachable(execution, start.ancestor_key, element)

    def _move(self, move: Move) -> None:
        execution = self._execution
        sources = self._sources(execution, move.keys, move.element_ids)
        if not move.targets:
            self._add("name the elements to move to")
        if move.direction is Direction.TO_CALLED:
            index = self._target(execution, move.call_activity_id)
            if index is not None and execution.elements[index].kind is not ElementKind.CALL_ACTIVITY:
                self._add(f"element {move.call_activity_id} is no call activity")
            return
        if move.direction is Direction.TO_PARENT:
            if self._parent is None:
                self._add("the process instance was not called by another one")
                return
            caller = self._parent.instance
            if caller.status is not Status.RUNNING or caller.tokens.get(execution.instance.parent_key) is None:
                self._add(f"the calling process instance {caller.id} does not wait for this one any more")
                return
            execution = self._parent
            sources = [caller.tokens[self._execution.instance.parent_key]]
        targets = [self._target(execution, element_id) for element_id in move.targets]
        for element_id in move.local_variables:
            if element_id not in move.targets:
                self._add(f"local variables are given for {element_id}, which is no target")
        known = [target for target in targets if target is not None]
        for target in known:
            if move.ancestor_key:
                if self._ancestor(execution, move.ancestor_key, target):
                    self._reachable(execution, move.ancestor_key, target)
                continue
            for source in sources:
                self._reachable(execution, base_of(execution, source, [target]), target)

    def _add_child(self, add: AddChild) -> None:
        element = self._target(self._execution, add.element_id)
        if element is None:
            return
        bodies = bodies_of(self._execution, element, add.ancestor_key)
        if not bodies:
            self._add(f"no multi-instance activity of element {add.element_id} is running")
        elif len(bodies) > 1:
            self._add(
                f"multi-instance activity {add.element_id} runs more than once: say with ancestor_activity_id which"
            )

    def _remove_child(self, remove: RemoveChild) -> None:
        instance = self._execution.instance
        token = instance.tokens.get(remove.key)
        if token is None or not multi_instance.is_child(self._execution, token):
            self._add(f"activity {instance.id}.{remove.key} is no running child of a multi-instance activity")
