"""Service task whose work an external worker does."""

from __future__ import annotations

from engine_svc.compile.executable import Element, ExternalTaskSpec
from engine_svc.events.record import JOB_COMPLETED, JOB_SCHEDULED
from engine_svc.runtime.changes import NewJob
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token
from mesh.errors import WrongState

MAX_JOB_TYPE = 255
"""Characters that the index of jobs has room for."""


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Make a job and wait for it. Raises `WrongState` (EXPRESSION_FAILED)."""
    spec = element.spec
    assert isinstance(spec, ExternalTaskSpec)
    job_type = execution.evaluate(spec.job_type, token, element)
    if not isinstance(job_type, str) or not job_type:
        raise WrongState(
            "EXPRESSION_FAILED",
            f"element {element.id}: the job type must be a non-empty text, not {job_type!r}",
            metadata={"element_id": element.id},
        )
    if len(job_type) > MAX_JOB_TYPE:
        raise WrongState(
            "EXPRESSION_FAILED",
            f"element {element.id}: the job type has {len(job_type)} characters, more than the {MAX_JOB_TYPE} allowed",
            metadata={"element_id": element.id},
        )
    inputs = {name: execution.evaluate(value, token, element) for name, value in spec.inputs.items()}
    execution.wait(token)
    token.job_type = job_type
    execution.changes.new_jobs.append(
        NewJob(token.key, element.id, job_type, spec.retries, spec.priority, dict(spec.headers), inputs)
    )
    execution.changes.events.append((JOB_SCHEDULED, token.key, job_type, element.id, spec.retries))


def complete(execution: Execution, token: Token, element: Element) -> None:
    """The worker is done: leave."""
    execution.changes.ended_jobs.append(token.key)
    execution.changes.events.append((JOB_COMPLETED, token.key, token.job_type, element.id))
    execution.end_wait(token, element)
    execution.leave(token, element)
