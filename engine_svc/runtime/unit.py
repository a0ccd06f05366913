"""One step as a unit of work: the instance a command is for, its callers, and those it calls."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from engine_svc.runtime.agenda import Turns
from mesh.errors import WrongState

if TYPE_CHECKING:
    from engine_svc.runtime.changes import Changes
    from engine_svc.runtime.execution import Execution
    from engine_svc.runtime.requests import RunScript

MAX_DEPTH = 256


class Unit:
    """What the executions of one step share. `now` in microseconds since the Unix epoch."""

    __slots__ = ("agenda", "aside", "cancelled_calls", "ended_calls", "executions", "new_id", "now", "steps", "user")

    def __init__(self, now: int, new_id: Callable[[], str], user: str = "") -> None:
        self.now = now
        self.new_id = new_id
        self.user = user
        """Who gives the command; empty: nobody in particular."""
        self.executions: dict[str, Execution] = {}
        self.agenda: Turns = deque()
        self.steps = 0
        """Elements run through."""
        self.cancelled_calls: list[tuple[str, str]] = []
        """Called instances to be cancelled, each with the reason."""
        self.aside: list[RunScript] = []
        """Scripts that are run when nothing else moves: listeners of tasks that were ended."""
        self.ended_calls: list[Execution] = []
        """Called instances that have completed, whose caller has to go on."""

    def finish(self, primary: Execution) -> Changes:
        """Return the changes of the command's own instance, with those of the others among them. The unit is over."""
        changes = primary.finish()
        if len(self.executions) > 1:
            changes.others = [
                (execution.instance, execution.finish())
                for execution in self.executions.values()
                if execution is not primary and execution.touched
            ]
        # Executions and their unit know each other: parted, they are gone at once, without the garbage collector.
        for execution in self.executions.values():
            del execution.agenda
        self.executions.clear()
        self.agenda.clear()
        return changes


def call_too_deep(element_id: str) -> WrongState:
    """Return the error of a call activity that would go deeper than the limit."""
    return WrongState(
        "CALL_DEPTH_EXCEEDED",
        f"element {element_id}: calls are nested more than {MAX_DEPTH} deep; does the process call itself?",
        metadata={"element_id": element_id, "limit": str(MAX_DEPTH)},
    )
