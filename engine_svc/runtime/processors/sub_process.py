"""Embedded and event sub-process and transaction (BPMN 2.0 section 10.3.5): a scope of its own.

It is left when its last token ends.
"""

from __future__ import annotations

from engine_svc.compile.executable import Element, SubProcessSpec
from engine_svc.runtime.behaviors import companions, placements
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Open the scope and start inside it, or where a modification says."""
    spec = element.spec
    assert isinstance(spec, SubProcessSpec)
    execution.wait(token)
    execution.local_scope(token)
    for name, value in spec.variables.items():
        execution.set_local(token.key, name, value)
    companions.open_event_sub_processes(execution, token.key)
    if not placements.place_all(execution, token.key, token):
        execution.start_token(token.key, spec.start)
