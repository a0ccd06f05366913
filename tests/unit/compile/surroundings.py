"""Short forms for tests of what surrounds and fills one element `n`."""

from __future__ import annotations

from typing import Any

from engine_svc.compile.executable import Element, ExecutableProcess, Wrapping
from engine_svc.compile.load import load_bpmn
from engine_svc.expressions import Evaluate
from tests.unit.bpmn_models import around
from tests.unit.expressions.variables import Variables


def load(xml: bytes) -> ExecutableProcess:
    """The first process of a valid file."""
    result = load_bpmn(xml)
    assert result.is_valid, result.problems
    return result.processes[0]


def element(node: str) -> Element:
    """The element of a node `n` between a start and an end event."""
    process = load(around(node))
    return process.elements[process.by_id["n"]]


def wrapping(node: str) -> Wrapping:
    """What surrounds a node `n`."""
    found = element(node).wrapping
    assert found is not None
    return found


def task(attributes: str = "", extensions: str = "", content: str = "", kind: str = "userTask") -> str:
    """A task `n`."""
    return f'<{kind} id="n" {attributes}><extensionElements>{extensions}</extensionElements>{content}</{kind}>'


def value(evaluate: Evaluate | None, **variables: Any) -> Any:
    """What an expression gives."""
    assert evaluate is not None
    return evaluate(Variables(**variables))
