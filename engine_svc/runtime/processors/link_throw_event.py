"""Link throw event (BPMN 2.0 section 10.5.5): goes on at the catch event of the same name."""

from __future__ import annotations

from engine_svc.compile.executable import Element, LinkThrowSpec
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import NO_FLOW, Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Go on at the target."""
    spec = element.spec
    assert isinstance(spec, LinkThrowSpec)
    execution.over(token, element)
    token.element = spec.target
    token.flow = NO_FLOW
    execution.agenda.append(token)
