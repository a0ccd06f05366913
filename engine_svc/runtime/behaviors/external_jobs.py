"""Jobs for external workers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine_svc.compile.executable import Element, Evaluate, ExternalTaskSpec
from engine_svc.events.record import JOB_SCHEDULED
from engine_svc.runtime.behaviors.bpmn_error import BpmnError
from engine_svc.runtime.behaviors.triggers import failed
from engine_svc.runtime.changes import NewJob
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Stage, Token, Wait

MAX_JOB_TYPE = 255
"""Characters that the index of jobs has room for."""
MAX_PRIORITY = 2**31 - 1


def make_job(
    execution: Execution,
    token: Token,
    element: Element,
    spec: ExternalTaskSpec,
    evaluate: Callable[[Evaluate], Any] | None = None,
) -> None:
    """Make a job and let the token wait for it. Raises `WrongState` (EXPRESSION_FAILED).

    `evaluate`: how expressions see things, where it is not as the token does.
    """
    evaluate = evaluate or (lambda expression: execution.evaluate(expression, token, element))
    job_type = evaluate(spec.job_type)
    if not isinstance(job_type, str) or not job_type:
        raise failed(element, f"the job type must be a non-empty text, not {job_type!r}")
    if len(job_type) > MAX_JOB_TYPE:
        raise failed(element, f"the job type has {len(job_type)} characters, more than the {MAX_JOB_TYPE} allowed")
    inputs = {name: evaluate(value) for name, value in spec.inputs.items()}
    retries = spec.retries
    if spec.retries_text is not None:
        retries = whole_number(evaluate(spec.retries_text), element, "number of retries")
    priority = 0
    if spec.priority is not None:
        priority = whole_number(evaluate(spec.priority), element, "priority")
    execution.wait(token, Wait.EXTERNAL_JOB)
    token.job_type = job_type
    execution.changes.new_jobs.append(
        NewJob(token.key, element.id, job_type, retries, priority, dict(spec.headers), inputs)
    )
    execution.changes.events.append((JOB_SCHEDULED, token.key, job_type, element.id, retries))


def mapped_error(
    execution: Execution, token: Token, element: Element, error_code: str, error_message: str
) -> BpmnError | None:
    """Return the BPMN error that the model maps a worker's failure to, None where it maps it to none.

    A condition sees the failure as `externalTask.errorCode` and `externalTask.errorMessage`. Raises `WrongState`
    (EXPRESSION_FAILED).
    """
    spec = element.spec
    if token.stage is not Stage.ACTIVE or not isinstance(spec, ExternalTaskSpec):
        # The job of a listener.
        return None
    if spec.error_mappings:
        failure = {"errorCode": error_code, "errorMessage": error_message, "topicName": token.job_type}
        execution.set_transient(execution.scope_of(token), "externalTask", failure)
    for mapping in spec.error_mappings:
        if mapping.exception and mapping.exception != error_code:
            continue
        if mapping.condition is None or execution.evaluate(mapping.condition, token, element) is True:
            return BpmnError(mapping.error_code, error_message)
    return None


def named_result(token: Token, element: Element, result: Any) -> dict[str, Any]:
    """Return what a worker's result sets: the variable that the model names for it."""
    spec = element.spec
    if token.stage is Stage.ACTIVE and isinstance(spec, ExternalTaskSpec) and spec.result_variable:
        return {spec.result_variable: result}
    return {}


def whole_number(value: Any, element: Element, what: str) -> int:
    """Return a whole number that an expression gave, also as a text. Raises `WrongState` (EXPRESSION_FAILED)."""
    if isinstance(value, str) and value.strip().lstrip("+-").isdigit():
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_PRIORITY:
        raise failed(element, f"the {what} must be a whole number, not {value!r}")
    return value
