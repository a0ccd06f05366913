"""Ad-hoc sub-process (BPMN 2.0 section 13.3.5): a scope whose activities are started one by one, by command."""

from __future__ import annotations

from typing import Any

from engine_svc.compile.executable import AdHocSpec, Element
from engine_svc.runtime.behaviors import companions, placements
from engine_svc.runtime.behaviors.ad_hoc import finish
from engine_svc.runtime.behaviors.triggers import failed
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Open the scope, and start the elements that the model names to begin with. Raises `WrongState`."""
    spec = element.spec
    assert isinstance(spec, AdHocSpec)
    execution.wait(token)
    execution.local_scope(token)
    for name, value in spec.variables.items():
        execution.set_local(token.key, name, value)
    companions.open_event_sub_processes(execution, token.key)
    if placements.place_all(execution, token.key, token) or spec.active_elements is None:
        return
    named = _named(execution, element, spec, execution.evaluate(spec.active_elements, token, element))
    for index in named:
        execution.start_token(token.key, index)
    if not named and spec.completion_condition is None:
        finish(execution, token)


def _named(execution: Execution, element: Element, spec: AdHocSpec, value: Any) -> list[int]:
    if not isinstance(value, list):
        raise failed(element, f"the elements to begin with must be a list of ids, not {value!r}")
    by_id = {execution.elements[index].id: index for index in spec.activities}
    for identifier in value:
        if not isinstance(identifier, str) or identifier not in by_id:
            raise failed(element, f"{identifier!r} is no activity of it that can be started")
    if spec.sequential and len(value) > 1:
        raise failed(element, f"{len(value)} elements to begin with are more than the one that its ordering allows")
    return [by_id[identifier] for identifier in value]
