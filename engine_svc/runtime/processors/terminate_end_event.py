"""Terminate end event (BPMN 2.0 section 10.5.3)."""

from __future__ import annotations

from engine_svc.compile.executable import Element, TerminateSpec
from engine_svc.runtime.behaviors import calls
from engine_svc.runtime.behaviors.cancellation import cancel_content
from engine_svc.runtime.behaviors.multi_instance import is_child, leave_body
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import Request
from engine_svc.state.instance import ROOT_SCOPE, Stage, Token


def enter(execution: Execution, token: Token, element: Element) -> Request | None:
    """End everything in the scope, or in the multi-instance around it, or in the whole tree of instances.

    A scope that is ended so completes and is left as usual. Everything is, as in Flowable, the outermost caller with
    all that it has called.
    """
    spec = element.spec
    assert isinstance(spec, TerminateSpec)

    def again() -> Request | None:
        return enter(execution, token, element)

    if spec.everything and (request := calls.load_callers(execution, again)) is not None:
        return request
    execution.over(token, element)
    reason = f"terminate end event ({element.id})"
    if spec.everything:
        root = execution.unit.executions[execution.instance.root_id]
        root.touched = True
        _end_scope(root, ROOT_SCOPE, reason)
    elif spec.multi_instance and (body := _body_around(execution, token)) is not None:
        cancel_content(execution, body.key, reason)
        leave_body(execution, body)
    elif _is_plain_sub_process(execution, token.scope_key):
        # As in Flowable what moves already has one more turn before it ends.
        token.stage = Stage.TERMINATING
        execution.agenda.append(token)
    else:
        _end_scope(execution, token.scope_key, reason)
    return None


def end_sub_process(execution: Execution, token: Token, element: Element) -> None:
    """End the sub-process around a terminate end event that a token has reached; it is left at once."""
    owner = execution.instance.tokens[token.scope_key]
    _end_scope(execution, token.scope_key, f"terminate end event ({element.id})")
    execution.agenda.remove(owner)
    execution.agenda.appendleft(owner)


def _is_plain_sub_process(execution: Execution, scope_key: int) -> bool:
    owner = execution.instance.tokens.get(scope_key)
    return owner is not None and owner.stage is Stage.ACTIVE and not is_child(execution, owner)


def _end_scope(execution: Execution, scope_key: int, reason: str) -> None:
    cancel_content(execution, scope_key, reason)
    # What ends the scope is the end of its last token.
    execution.instance.scopes[scope_key].live_tokens = 1
    execution.end_token(Token(scope_key, 0))


def _body_around(execution: Execution, token: Token) -> Token | None:
    owner = execution.instance.tokens.get(token.scope_key)
    while owner is not None:
        if owner.stage is Stage.BODY:
            return owner
        owner = execution.instance.tokens.get(owner.scope_key)
    return None
