"""What is wrong with a model, said so that its author can mend it."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from engine_svc.model.rules import Rule


class Severity(enum.StrEnum):
    """Whether a problem stops the deployment."""

    ERROR = "ERROR"
    WARNING = "WARNING"


@dataclass(slots=True, frozen=True)
class Source:
    """Where something stands in the file; both are 1-based, 0 where it is not known."""

    line: int
    column: int


NOWHERE = Source(0, 0)


@dataclass(slots=True, frozen=True)
class Problem:
    """One finding of the parser or the validation."""

    severity: Severity
    rule: Rule
    element_id: str
    """Id of the element or of the nearest enclosing one that has an id; empty for the file itself."""
    line: int
    column: int
    message: str

    @property
    def is_error(self) -> bool:
        """Whether the model must not be deployed."""
        return self.severity is Severity.ERROR


class Findings:
    """Collects problems, so that all of them are reported and not just the first."""

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self.error_count = 0
        """How many problems so far stop the deployment."""

    def error(self, rule: Rule, element_id: str, source: Source, message: str) -> None:
        """Record a problem that stops the deployment."""
        self._add(Severity.ERROR, rule, element_id, source, message)
        self.error_count += 1

    def warning(self, rule: Rule, element_id: str, source: Source, message: str) -> None:
        """Record a problem that the author should know of."""
        self._add(Severity.WARNING, rule, element_id, source, message)

    def in_file_order(self) -> tuple[Problem, ...]:
        """Return the problems by their place in the file."""
        return in_file_order(self._problems)

    def _add(self, severity: Severity, rule: Rule, element_id: str, source: Source, message: str) -> None:
        self._problems.append(Problem(severity, rule, element_id, source.line, source.column, message))


def in_file_order(problems: list[Problem]) -> tuple[Problem, ...]:
    """Return the problems sorted by line and column; those of one place keep their order."""
    return tuple(sorted(problems, key=lambda problem: (problem.line, problem.column)))
