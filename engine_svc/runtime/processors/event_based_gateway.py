"""Event-based gateway (BPMN 2.0 section 10.6.6): the first of its events wins."""

from __future__ import annotations

from engine_svc.compile.executable import CatchSpec, Element, ReceiveTaskSpec
from engine_svc.runtime.behaviors import triggers
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Stage, Token, Wait


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Let every event behind the gateway wait; the gateway itself is passed. Raises `WrongState`."""
    scope_key = execution.scope_of(token)
    execution.over(token, element)
    token.stage = Stage.CHOOSING
    execution.wait(token)
    for flow in element.outgoing:
        event = execution.elements[flow.target]
        companion = Token(token.scope_key, event.index, flow.index)
        companion.host = token.key
        spec = event.spec
        assert isinstance(spec, CatchSpec | ReceiveTaskSpec)
        if spec.trigger is None:
            execution.wait(companion, Wait.TRIGGER)
        else:
            triggers.wait_for(execution, companion, event, spec.trigger, scope_key)
