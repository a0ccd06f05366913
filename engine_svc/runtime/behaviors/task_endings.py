"""Task listeners of tasks that end before their time."""

from __future__ import annotations

from engine_svc.compile.executable import Element, ListenerSpec
from engine_svc.runtime.behaviors.script_writes import apply_writes
from engine_svc.runtime.behaviors.task_facts import listeners_of
from engine_svc.runtime.behaviors.task_listener_calls import call_expression, host_of, make_notice, script_call
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import Request, RunScript
from engine_svc.scripts.call import ScriptResult
from engine_svc.state.instance import ROOT_SCOPE, Token


def deleted(execution: Execution, token: Token, element: Element) -> None:
    """Call the listeners of the end of a task that ends before its time. Raises `WrongState`.

    Their scripts run when nothing else moves, with the variables of now.
    """
    if token.detail is None or "task" not in token.detail:
        return
    done = token.detail.get("listener", 0) - len(listeners_of(element, ("complete",)))
    for listener in listeners_of(element, ("delete",))[max(done, 0) :]:
        if listener.expression is not None:
            call_expression(execution, token, element, listener)
        elif listener.script is not None:
            execution.unit.aside.append(_farewell(execution, token, element, listener))
        else:
            make_notice(execution, token, element, listener)


def _farewell(execution: Execution, token: Token, element: Element, listener: ListenerSpec) -> RunScript:
    _, host = host_of(execution, token, listener.event)
    around = [execution.scope_of(token)]
    while around[-1] != ROOT_SCOPE:
        around.append(execution.instance.scopes[around[-1]].parent_key)

    def resume(result: ScriptResult) -> Request | None:
        # The scopes that the task was in may have ended with it.
        left = next((key for key in around if key in execution.instance.scopes), None)
        if left is not None and not execution.instance.ended:
            apply_writes(execution, left, result)
        return None

    return RunScript(script_call(execution, token, element, listener, host), element.id, resume)
