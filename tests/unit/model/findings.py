"""Short forms for assertions on problems."""

from __future__ import annotations

from engine_svc.compile.load import load_bpmn
from engine_svc.model.problem import Problem


def problems(xml: bytes) -> tuple[Problem, ...]:
    return load_bpmn(xml).problems


def errors(xml: bytes) -> list[tuple[str, str]]:
    """Rule and element id of each error, in file order."""
    return [(problem.rule.value, problem.element_id) for problem in problems(xml) if problem.is_error]


def warnings(xml: bytes) -> list[tuple[str, str]]:
    """Rule and element id of each warning, in file order."""
    return [(problem.rule.value, problem.element_id) for problem in problems(xml) if not problem.is_error]
