"""Scripts: handed to whoever runs the step, which runs them in a sandbox; what they wrote is applied here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine_svc.compile.executable import Element, ScriptSpec
from engine_svc.runtime.behaviors import calls
from engine_svc.runtime.behaviors.errors import BpmnError, throw_from_activity
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import Request, RunScript, ScriptOutcome
from engine_svc.state.instance import Instance, Token
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
    instance = execution.instance

    def resume(outcome: ScriptOutcome) -> Request | None:
        apply(execution, scope_key, outcome)
        if outcome.error is not None:
            return throw(execution, token, element, BpmnError(*outcome.error))
        if result_variable:
            execution.set_variable(scope_key, result_variable, outcome.value)
        then()
        return None

    return RunScript(
        script.source,
        execution.visible(scope_key),
        tuple(instance.scopes[scope_key].variables),
        {"execution": facts(execution, token, element, event)},
        script.auto_store,
        element.id,
        resume,
    )


def apply(execution: Execution, scope_key: int, outcome: ScriptOutcome) -> None:
    """Set and remove the variables that a script set and removed."""
    for name, value, local in outcome.writes:
        if local:
            execution.set_local(scope_key, name, value)
        else:
            execution.set_variable(scope_key, name, value)
    for name in outcome.removed:
        execution.remove_variable(scope_key, name)


def throw(execution: Execution, token: Token, element: Element, error: BpmnError) -> Request | None:
    """Throw a BPMN error in an element that the engine runs itself. Raises `WrongState` where nothing catches it.

    Callers that are not at hand are asked for first.
    """

    def resume(instance: Instance | None) -> Request | None:
        if instance is not None:
            calls.take_up(execution.unit, instance)
        return throw(execution, token, element, error)

    if (request := calls.missing_caller(execution, resume)) is not None:
        return request
    if not throw_from_activity(execution, token, error):
        raise WrongState(
            "BPMN_ERROR_NOT_CAUGHT",
            f"element {element.id} throws the BPMN error {error.code or '(without a code)'}, which nothing catches",
            metadata={"element_id": element.id, "error_code": error.code},
        )
    return None


def facts(execution: Execution, token: Token, element: Element, event: str) -> dict[str, Any]:
    """Return what a script may read of its execution."""
    instance = execution.instance
    return {
        "id": instance.id if not token.key else f"{instance.id}.{token.key}",
        "processInstanceId": instance.id,
        "processDefinitionId": instance.definition.id,
        "processInstanceBusinessKey": instance.business_key or None,
        "currentActivityId": element.id,
        "currentActivityName": element.name,
        "eventName": event or None,
        "tenantId": instance.tenant_id or None,
        "parentId": instance.parent_id or None,
    }
