"""Instructions of modifications, read from the contract."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowmesh.engine.v1 import modification_pb2 as pb
from google.protobuf.struct_pb2 import Value

from engine_svc.commands.variables import read_variables
from engine_svc.runtime.behaviors.placements import AFTER, BEFORE, FLOW
from engine_svc.runtime.instructions import (
    AddChild,
    Cancel,
    Direction,
    Instruction,
    Move,
    RemoveChild,
    Start,
    invalid,
)
from engine_svc.state.instance import ROOT_SCOPE
from mesh.ids import split_member_id

_DIRECTIONS = {
    pb.MoveActivities.DIRECTION_UNSPECIFIED: Direction.HERE,
    pb.MoveActivities.DIRECTION_TO_PARENT: Direction.TO_PARENT,
    pb.MoveActivities.DIRECTION_TO_CALLED: Direction.TO_CALLED,
}


def read_instructions(
    instance_id: str, sent: Sequence[pb.ModificationInstruction], max_variable_bytes: int
) -> list[Instruction]:
    """Return instructions for an instance.

    Raises `InvalidField` (MODIFICATION_INVALID for ids of other instances, FIELD_INVALID, VARIABLE_TOO_LARGE).
    """
    reader = _Reader(instance_id, max_variable_bytes)
    found = [reader.read(position, message) for position, message in enumerate(sent)]
    if reader.problems:
        raise invalid(reader.problems)
    return found


class _Reader:
    def __init__(self, instance_id: str, max_variable_bytes: int) -> None:
        self.problems: list[tuple[int, str]] = []
        self._instance_id = instance_id
        self._largest = max_variable_bytes
        self._position = 0

    def read(self, position: int, message: pb.ModificationInstruction) -> Instruction:
        self._position = position
        match message.WhichOneof("instruction"):
            case "start_before":
                return self._start(message.start_before, BEFORE)
            case "start_after":
                return self._start(message.start_after, AFTER)
            case "start_sequence_flow":
                flow = message.start_sequence_flow
                return Start(
                    at=FLOW,
                    flow_id=flow.sequence_flow_id,
                    ancestor_key=self._key(flow.ancestor_activity_id),
                    variables=self._variables(flow.variables, "variables"),
                )
            case "move":
                return self._move(message.move)
            case "add_multi_instance_child":
                add = message.add_multi_instance_child
                return AddChild(
                    add.element_id, self._key(add.ancestor_activity_id), self._variables(add.variables, "variables")
                )
            case "remove_multi_instance_child":
                remove = message.remove_multi_instance_child
                return RemoveChild(self._key(remove.activity_id), remove.completed)
            case _:
                cancel = message.cancel
                return Cancel(self._keys(cancel.activity_ids), list(cancel.element_ids), cancel.oldest_only)

    def _start(self, start: pb.StartActivity, at: str) -> Start:
        return Start(
            start.element_id,
            at,
            ancestor_key=self._key(start.ancestor_activity_id),
            variables=self._variables(start.variables, "variables"),
            local_variables=self._variables(start.local_variables, "local_variables"),
        )

    def _move(self, move: pb.MoveActivities) -> Move:
        return Move(
            self._keys(move.activity_ids),
            list(move.element_ids),
            list(move.target_element_ids),
            _DIRECTIONS[move.direction],
            move.call_activity_id,
            self._key(move.ancestor_activity_id),
            self._variables(move.variables, "variables"),
            {
                name: self._variables(given.fields, f"local_variables.{name}")
                for name, given in move.local_variables.items()
            },
        )

    def _keys(self, ids: Sequence[str]) -> list[int]:
        return [self._key(activity_id) for activity_id in ids]

    def _key(self, activity_id: str) -> int:
        if not activity_id:
            return ROOT_SCOPE
        parts = split_member_id(activity_id)
        if parts is None or parts[0] != self._instance_id:
            self.problems.append((self._position, f"{activity_id} is no activity of this process instance"))
            return ROOT_SCOPE
        return parts[1]

    def _variables(self, sent: Mapping[str, Value], name: str) -> dict[str, Any]:
        return read_variables(sent, f"instructions[{self._position}].{name}", self._largest)
