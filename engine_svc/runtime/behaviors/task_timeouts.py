"""Task listeners of timeouts: a timer of an open task is due, and the task stays open."""

from __future__ import annotations

from engine_svc.compile.executable import ListenerSpec
from engine_svc.expressions.errors import OperationError
from engine_svc.runtime.behaviors import scripts
from engine_svc.runtime.behaviors.bpmn_error import BpmnError
from engine_svc.runtime.behaviors.script_writes import apply_writes
from engine_svc.runtime.behaviors.task_facts import facts_of, keep, reassign
from engine_svc.runtime.behaviors.task_listener_calls import call_expression, host_of, make_notice, script_call
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import Request, RunScript
from engine_svc.scripts.call import ScriptResult
from engine_svc.state.instance import Token
from mesh.errors import WrongState


def call(execution: Execution, token: Token, listener: ListenerSpec) -> Request | None:
    """Call a listener with the task that a token waits for; what a worker does for it keeps nothing waiting.

    Raises `WrongState`.
    """
    element = execution.elements[token.element]
    if facts_of(token) is None:
        # The task is not there yet, or no more: listeners of its creation or end are still at work.
        return None
    if listener.expression is not None:
        call_expression(execution, token, element, listener)
        _follow(execution, token)
    elif listener.script is not None:
        return _script(execution, token, listener)
    else:
        make_notice(execution, token, element, listener)
    return None


def _script(execution: Execution, token: Token, listener: ListenerSpec) -> RunScript:
    element = execution.elements[token.element]
    task, host = host_of(execution, token, listener.event)

    def resume(result: ScriptResult) -> Request | None:
        apply_writes(execution, execution.scope_of(token), result)
        try:
            host.apply(result.task_calls)
        except OperationError as error:
            raise WrongState(
                "SCRIPT_FAILED",
                f"element {element.id}: listener of {listener.event}: {error}",
                metadata={"element_id": element.id},
            ) from error
        keep(token, task)
        _follow(execution, token)
        if result.bpmn_error is not None:
            return scripts.throw(execution, token, element, BpmnError(*result.bpmn_error))
        return None

    return RunScript(script_call(execution, token, element, listener, host), element.id, resume)


def _follow(execution: Execution, token: Token) -> None:
    facts = facts_of(token)
    if facts is not None and facts.assignee != token.assignee:
        reassign(execution, token, facts.assignee)
