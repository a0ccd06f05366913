"""Service task whose work an external worker does."""

from __future__ import annotations

from engine_svc.compile.executable import Element, ExternalTaskSpec
from engine_svc.events.record import JOB_COMPLETED
from engine_svc.runtime.behaviors.cancellation import end_incidents
from engine_svc.runtime.behaviors.external_jobs import make_job
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Stage, Token, Wait


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Make a job and wait for it. Raises `WrongState` (EXPRESSION_FAILED)."""
    spec = element.spec
    assert isinstance(spec, ExternalTaskSpec)
    make_job(execution, token, element, spec)


def complete(execution: Execution, token: Token, element: Element) -> None:
    """The worker is done: leave, or go on with what surrounds the behaviour. Incidents of the work are over."""
    execution.changes.ended_jobs.append(token.key)
    execution.changes.events.append((JOB_COMPLETED, token.key, token.job_type, element.id))
    end_incidents(execution, (token.key,))
    if token.stage is Stage.NOTICE:
        execution.instance.remove_waiting(token)
        return
    execution.wait(token, Wait.NOTHING)
    if token.stage is Stage.ACTIVE:
        execution.complete(token, element)
    else:
        # It was the job of a listener.
        execution.agenda.appendleft(token)
