"""Scripts: handed to whoever runs the step, which runs them in a sandbox; what they wrote is applied here."""

from __future__ import annotations

from collections.abc import Callable

from engine_svc.compile.executable import Element, ScriptSpec
from engine_svc.runtime.behaviors import calls
from engine_svc.runtime.behaviors.bpmn_error import BpmnError
from engine_svc.runtime.behaviors.errors import throw_from_activity
from engine_svc.runtime.behaviors.script_writes import apply_writes
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.execution_host import ExecutionHost
from engine_svc.runtime.requests import Request, RunScript
from engine_svc.scripts.call import ScriptCall, ScriptResult
from engine_svc.state.instance import Token
from mesh.errors import WrongState


def run(
    execution: Execution,
    token: Token,
    element: Element,
    script: ScriptSpec,
    result_variable: str,
    *,
    event: str,
    then: Callable[[], None],
) -> Request:
    """Ask for a script of an element to be run, and go on with `then` when it was.

    `event` is what `execution.getEventName()` tells the script. An error that the script throws is looked for in the
    callers of the instance too.
    """
    scope_key = execution.scope_of(token)

    def resume(result: ScriptResult) -> Request | None:
        own = scope_key
        if event and token.key and any(write.scope == "local" for write in result.writes):
            # What a listener keeps to itself belongs to its activity.
            own = execution.local_scope(token).key
        apply_writes(execution, own, result)
        if result.bpmn_error is not None:
            return throw(execution, token, element, BpmnError(*result.bpmn_error))
        if result_variable:
            execution.set_variable(scope_key, result_variable, result.value)
        then()
        return None

    call = ScriptCall(
        source=script.source,
        scopes=execution.scope_variables(scope_key),
        execution=ExecutionHost(execution, scope_key, element, key=token.key, event=event).facts(),
        auto_store=script.auto_store,
        now_micros=execution.now,
    )
    return RunScript(call, element.id, resume)


def throw(execution: Execution, token: Token, element: Element, error: BpmnError) -> Request | None:
    """Throw a BPMN error in an element that the engine runs itself. Raises `WrongState` where nothing catches it.

    Callers that are not at hand are asked for first.
    """

    def again() -> Request | None:
        return throw(execution, token, element, error)

    if (request := calls.load_callers(execution, again)) is not None:
        return request
    if not throw_from_activity(execution, token, error):
        raise WrongState(
            "BPMN_ERROR_NOT_CAUGHT",
            f"element {element.id} throws the BPMN error {error.code or '(without a code)'}, which nothing catches",
            metadata={"element_id": element.id, "error_code": error.code},
        )
    return None
