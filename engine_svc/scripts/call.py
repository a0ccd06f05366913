"""What a script is given and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(slots=True, frozen=True, kw_only=True)
class ScriptCall:
    """One run of a script."""

    source: str
    scopes: Sequence[Mapping[str, Any]]
    """Variables that the script sees, the innermost scope first, the process instance's own last: JSON values.

    Local variables (`execution.getVariableLocal`) are those of the first one.
    """
    execution: Mapping[str, Any] = field(default_factory=dict)
    """Properties of the object `execution`: name -> JSON value."""
    task: Mapping[str, Any] | None = None
    """Properties of the object `task`, in a task listener; None: there is no such object."""
    auto_store: bool = False
    """Whether top-level variables of the script become variables of the process (flowable:autoStoreVariables)."""
    now_micros: int | None = None
    """Where the clock of the script begins, in microseconds since the Unix epoch; None: the machine's clock."""


@dataclass(slots=True, frozen=True)
class VariableWrite:
    """A variable that a script set or removed."""

    scope: Literal["nearest", "local", "transient"]
    """`nearest`: the nearest scope that has it, else the instance's own; `local`: the first scope of the call."""
    name: str
    value: Any
    removed: bool = False


@dataclass(slots=True, frozen=True)
class TaskCall:
    """A method of `task` that a script called, one of `TASK_METHODS`."""

    method: str
    arguments: tuple[Any, ...]


@dataclass(slots=True, frozen=True)
class ScriptResult:
    """What a script did. The engine applies `writes`, then `task_calls`, each in its order."""

    value: Any
    """The value of the last statement; None where it has none."""
    writes: tuple[VariableWrite, ...] = ()
    task_calls: tuple[TaskCall, ...] = ()
    bpmn_error: tuple[str, str] | None = None
    """Code and message of the `BpmnError` that the script threw; `writes` and `task_calls` before it still count."""
    log: tuple[str, ...] = ()
    """What the script printed, as much of it as is worth keeping."""


TASK_METHODS = frozenset(
    {
        "setAssignee",
        "setName",
        "setDescription",
        "setPriority",
        "setDueDate",
        "setOwner",
        "setCategory",
        "setFormKey",
        "addCandidateUser",
        "addCandidateUsers",
        "addCandidateGroup",
        "addCandidateGroups",
        "deleteCandidateUser",
        "deleteCandidateGroup",
    }
)
"""Methods of `task` that change the task."""


class ScriptError(Exception):
    """The script failed, or went beyond a limit: its author's to mend.

    `line` and `column` count from 1; both are 0 where the place is not known.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(f"line {line}, column {column}: {message}" if line else message)
        self.line = line
        self.column = column


class ScriptUnavailable(Exception):
    """The script could not be run to its end, through no fault that is known of it; trying again may help."""
