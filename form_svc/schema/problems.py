"""What is wrong with a form, said so that its author can mend it."""

from __future__ import annotations

from dataclasses import dataclass

from form_svc.schema.limits import MAX_PROBLEMS


@dataclass(slots=True, frozen=True)
class SchemaProblem:
    """One fault of a form's schema."""

    path: str
    """JSON path of what is at fault, such as `$.components[2].validate.min`."""
    field_id: str
    """Id of the field; empty where it has none."""
    message: str


class FormSchemaInvalid(ValueError):
    """The form cannot be used; `problems` has all that is wrong with it, in the order of the document."""

    def __init__(self, problems: tuple[SchemaProblem, ...]) -> None:
        super().__init__("; ".join(f"{problem.path}: {problem.message}" for problem in problems[:3]))
        self.problems = problems


class Problems:
    """Collects problems, so that all of them are reported and not just the first."""

    def __init__(self) -> None:
        self._found: list[SchemaProblem] = []

    @property
    def found(self) -> tuple[SchemaProblem, ...]:
        """The problems so far."""
        return tuple(self._found)

    def add(self, path: str, field_id: str, message: str) -> None:
        """Record a problem; beyond the bound it is left out, as nobody reads so many."""
        if len(self._found) < MAX_PROBLEMS:
            self._found.append(SchemaProblem(path, field_id, message))
