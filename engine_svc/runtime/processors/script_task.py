"""Script task (BPMN 2.0 section 10.3.3)."""

from __future__ import annotations

from engine_svc.compile.executable import Element, ScriptTaskSpec
from engine_svc.runtime.behaviors import scripts
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import Request
from engine_svc.state.instance import Token


def enter(execution: Execution, token: Token, element: Element) -> Request | None:
    """Ask for the script to be run, and leave when it was. Raises `WrongState` (BPMN_ERROR_NOT_CAUGHT)."""
    spec = element.spec
    assert isinstance(spec, ScriptTaskSpec)

    def done() -> None:
        execution.complete(token, element)

    return scripts.run(execution, token, element, spec.script, spec.result_variable, event="", then=done)
