"""From BPMN XML to executable processes in one call."""

from __future__ import annotations

from dataclasses import dataclass

from engine_svc.compile.definitions import compile_definitions
from engine_svc.compile.executable import ExecutableProcess
from engine_svc.model.parse import parse_bpmn
from engine_svc.model.problem import Problem, in_file_order
from engine_svc.model.validate import validate


@dataclass(slots=True, frozen=True)
class LoadResult:
    """What came of a file."""

    processes: tuple[ExecutableProcess, ...]
    """Empty where a problem is an error: nothing is deployed by halves."""
    problems: tuple[Problem, ...]
    """All of them, in file order."""

    @property
    def is_valid(self) -> bool:
        """Whether the file may be deployed; warnings do not prevent it."""
        return not any(problem.is_error for problem in self.problems)


def load_bpmn(xml: bytes) -> LoadResult:
    """Parse, validate and compile a BPMN file; a bad one gives problems, never an exception."""
    parsed = parse_bpmn(xml)
    if parsed.definitions is None:
        return LoadResult((), parsed.problems)
    problems = in_file_order([*parsed.problems, *validate(parsed.definitions)])
    if any(problem.is_error for problem in problems):
        return LoadResult((), problems)
    return LoadResult(tuple(compile_definitions(parsed.definitions)), problems)
