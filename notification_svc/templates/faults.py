"""What is wrong with a template, or with what it was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TemplateFault:
    """One fault: in which part of the template, on which line, and what to do."""

    part: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.part}, line {self.line}: {self.message}"


class TemplateInvalid(Exception):
    """A template cannot be used; all that is wrong with it."""

    def __init__(self, faults: Sequence[TemplateFault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = tuple(faults)


class RenderingFailed(Exception):
    """A template that can be used could not be rendered with what it was given, or took too much."""

    def __init__(self, fault: TemplateFault) -> None:
        super().__init__(str(fault))
        self.fault = fault
