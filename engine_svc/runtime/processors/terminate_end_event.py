"""Terminate end event (BPMN 2.0 section 10.5.3)."""

from __future__ import annotations

from engine_svc.compile.executable import Element, TerminateSpec
from engine_svc.runtime.behaviors.cancellation import cancel_content
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import ROOT_SCOPE, Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """End everything in the scope, or in the whole instance; a sub-process completes and is left as usual."""
    spec = element.spec
    assert isinstance(spec, TerminateSpec)
    execution.over(token, element)
    scope_key = ROOT_SCOPE if spec.everything else token.scope_key
    cancel_content(execution, scope_key, f"terminate end event ({element.id})")
    # The token itself is the last one of the scope: its end ends the scope.
    token.scope_key = scope_key
    execution.instance.scopes[scope_key].live_tokens = 1
    execution.end_token(token)
