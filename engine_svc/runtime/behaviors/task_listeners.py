"""Task listeners: on a user task's creation, assignment, change, completion and end of any kind.

Those of creation and completion come before the task is there or is left, and the token waits for their jobs. Those of
an assignment or change of an open task, and of its end before its time, run beside it: what a worker does for them
keeps nothing waiting, and is dropped where the instance ends first.
"""

from __future__ import annotations

from collections.abc import Callable

from engine_svc.compile.executable import Element, ListenerSpec
from engine_svc.expressions.errors import OperationError
from engine_svc.runtime.behaviors import scripts
from engine_svc.runtime.behaviors.bpmn_error import BpmnError
from engine_svc.runtime.behaviors.external_jobs import make_job
from engine_svc.runtime.behaviors.listeners import PAUSED, Paused
from engine_svc.runtime.behaviors.script_writes import apply_writes
from engine_svc.runtime.behaviors.task_facts import keep, listeners_of
from engine_svc.runtime.behaviors.task_listener_calls import (
    call_expression,
    evaluator,
    host_of,
    make_notice,
    script_call,
)
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import Program, Request, RunScript
from engine_svc.scripts.call import ScriptResult
from engine_svc.state.instance import Token
from mesh.errors import WrongState


def run(execution: Execution, token: Token, element: Element, *events: str) -> Request | Paused | None:
    """Call the listeners of the events that a token has not called yet; None once all of them are done.

    A request, once answered, puts the token back on the agenda, to go on behind the script. Raises `WrongState`.
    """
    listeners = listeners_of(element, events)
    assert token.detail is not None
    position = token.detail.get("listener", 0)
    while position < len(listeners):
        listener = listeners[position]
        position += 1
        if listener.expression is not None:
            call_expression(execution, token, element, listener)
            continue
        token.detail = {**token.detail, "listener": position}
        token.encoded = None
        if listener.script is not None:
            return _script(execution, token, element, listener, lambda: execution.agenda.appendleft(token))
        assert listener.work is not None
        make_job(execution, token, element, listener.work, evaluator(execution, token, element, listener))
        return PAUSED
    token.detail = {name: value for name, value in token.detail.items() if name != "listener"}
    token.encoded = None
    return None


def tell(execution: Execution, token: Token, event: str) -> Program[None]:
    """Call the listeners of an event of an open task. Raises `WrongState`."""
    element = execution.elements[token.element]
    for listener in listeners_of(element, (event,)):
        if listener.expression is not None:
            call_expression(execution, token, element, listener)
        elif listener.script is not None:
            request: Request | None = _script(execution, token, element, listener, lambda: None)
            while request is not None:
                answer = yield request
                request = request.resume(answer)
        else:
            make_notice(execution, token, element, listener)
        if token.key not in execution.instance.tokens:
            # A BPMN error of a script has ended the task.
            return


def _script(
    execution: Execution, token: Token, element: Element, listener: ListenerSpec, then: Callable[[], None]
) -> RunScript:
    task, host = host_of(execution, token, listener.event)

    def resume(result: ScriptResult) -> Request | None:
        if any(write.scope == "local" for write in result.writes):
            execution.local_scope(token)
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
        if result.bpmn_error is not None:
            return scripts.throw(execution, token, element, BpmnError(*result.bpmn_error))
        then()
        return None

    return RunScript(script_call(execution, token, element, listener, host), element.id, resume)
