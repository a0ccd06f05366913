"""Embedded and event sub-process (BPMN 2.0 section 10.2.5): a scope of its own, left when its last token ends."""

from __future__ import annotations

from engine_svc.compile.executable import Element, SubProcessSpec
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Open the scope and start inside it."""
    spec = element.spec
    assert isinstance(spec, SubProcessSpec)
    execution.wait(token)
    execution.open_scope(token.key, token.scope_key, {})
    execution.start_token(token.key, spec.start)
