"""What can be asked of a modification of a running instance."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine_svc.runtime.behaviors import placements
from engine_svc.state.instance import ROOT_SCOPE
from mesh.errors import InvalidField, Violation

CANCELLED = "cancelled by a modification"


class Direction(enum.Enum):
    """Where the targets of a move are."""

    HERE = "here"
    TO_PARENT = "to the calling process"
    TO_CALLED = "into a called process"


@dataclass(slots=True)
class Cancel:
    """End activities: those with these keys, and those of these elements."""

    keys: Sequence[int] = ()
    element_ids: Sequence[str] = ()
    oldest_only: bool = False
    """Of each element only the activity that began first."""


@dataclass(slots=True)
class Start:
    """Begin at an element (`BEFORE`), behind it (`AFTER`), or on the sequence flow `flow_id`."""

    element_id: str = ""
    at: str = placements.BEFORE
    flow_id: str = ""
    ancestor_key: int = ROOT_SCOPE
    """The activity of the sub-process to begin in, where there are several."""
    variables: dict[str, Any] = field(default_factory=dict)
    """Variables of the instance."""
    local_variables: dict[str, Any] = field(default_factory=dict)
    """Variables of the activity that begins."""


@dataclass(slots=True)
class Move:
    """End activities and begin at elements instead: one to one, one to many, many to one."""

    keys: Sequence[int] = ()
    element_ids: Sequence[str] = ()
    targets: Sequence[str] = ()
    direction: Direction = Direction.HERE
    call_activity_id: str = ""
    """The call activity through which a move goes into a called process."""
    ancestor_key: int = ROOT_SCOPE
    variables: dict[str, Any] = field(default_factory=dict)
    local_variables: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By target element."""


@dataclass(slots=True)
class AddChild:
    """One more child of a multi-instance activity that runs; of a sequential one when its turn comes."""

    element_id: str
    ancestor_key: int = ROOT_SCOPE
    variables: dict[str, Any] = field(default_factory=dict)
    """Variables of the child."""


@dataclass(slots=True)
class RemoveChild:
    """End a child of a multi-instance activity; `completed`: it counts as done."""

    key: int
    completed: bool = False


Instruction = Cancel | Start | Move | AddChild | RemoveChild


@dataclass(slots=True)
class Options:
    """What all instructions share. `reason` goes to history."""

    reason: str = ""
    skip_listeners: bool = False
    """Start listeners of what begins are not called."""
    skip_mappings: bool = False
    """Input mappings of what begins are not applied."""


def invalid(problems: Iterable[tuple[int, str]]) -> InvalidField:
    """Return the error of instructions that cannot be carried out, each problem with the index of its own."""
    violations = [Violation(f"instructions[{position}]", text) for position, text in problems]
    return InvalidField(
        "MODIFICATION_INVALID",
        f"the modification cannot be carried out: {violations[0].description}"
        + (f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""),
        violations=violations,
    )
