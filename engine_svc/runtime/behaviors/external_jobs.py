"""Jobs for external workers."""

from __future__ import annotations

from typing import Any

from engine_svc.compile.executable import Element, ExternalTaskSpec
from engine_svc.events.record import JOB_SCHEDULED
from engine_svc.runtime.behaviors.triggers import failed
from engine_svc.runtime.changes import NewJob
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token, Wait

MAX_JOB_TYPE = 255
"""Characters that the index of jobs has room for."""
MAX_PRIORITY = 2**31 - 1


def make_job(execution: Execution, token: Token, element: Element, spec: ExternalTaskSpec) -> None:
    """Make a job and let the token wait for it. Raises `WrongState` (EXPRESSION_FAILED)."""
    job_type = execution.evaluate(spec.job_type, token, element)
    if not isinstance(job_type, str) or not job_type:
        raise failed(element, f"the job type must be a non-empty text, not {job_type!r}")
    if len(job_type) > MAX_JOB_TYPE:
        raise failed(element, f"the job type has {len(job_type)} characters, more than the {MAX_JOB_TYPE} allowed")
    inputs = {name: execution.evaluate(value, token, element) for name, value in spec.inputs.items()}
    retries = spec.retries
    if spec.retries_text is not None:
        retries = _whole(execution.evaluate(spec.retries_text, token, element), element, "number of retries")
    priority = 0
    if spec.priority is not None:
        priority = _whole(execution.evaluate(spec.priority, token, element), element, "priority")
    execution.wait(token, Wait.EXTERNAL_JOB)
    token.job_type = job_type
    execution.changes.new_jobs.append(
        NewJob(token.key, element.id, job_type, retries, priority, dict(spec.headers), inputs)
    )
    execution.changes.events.append((JOB_SCHEDULED, token.key, job_type, element.id, retries))


def _whole(value: Any, element: Element, what: str) -> int:
    if isinstance(value, str) and value.strip().lstrip("+-").isdigit():
        value = int(value)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_PRIORITY:
        raise failed(element, f"the {what} must be a whole number, not {value!r}")
    return value
