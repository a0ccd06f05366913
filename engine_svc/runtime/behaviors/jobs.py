"""Asynchronous jobs: points at which an instance goes on later, in a transaction of its own."""

from __future__ import annotations

from engine_svc.compile.executable import Element, RetrySpec, Wrapping
from engine_svc.model.retry_cycle import read_retry_cycle
from engine_svc.runtime.behaviors import triggers
from engine_svc.runtime.behaviors.external_jobs import whole_number
from engine_svc.runtime.changes import JobKind, NewJob
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Stage, Token, Wait

_PLAIN = Wrapping()


def park(execution: Execution, token: Token, element: Element, stage: Stage) -> None:
    """Let a token wait for an asynchronous job; it goes on at the stage.

    Where its activity has not begun, or has ended, the key that it gets is the job's alone.
    """
    wrapping = element.wrapping or _PLAIN
    token.stage = stage
    execution.wait(token, Wait.ASYNC_JOB)
    retry = retries(execution, token, element, wrapping.retry)
    priority = 0
    if wrapping.job_priority is not None:
        priority = whole_number(execution.evaluate(wrapping.job_priority, token, element), element, "job priority")
    execution.changes.new_jobs.append(
        NewJob(
            token.key,
            element.id,
            "",
            retry.tries,
            priority,
            {},
            {},
            kind=JobKind.ASYNC,
            due_micros=execution.now,
            waits_micros=retry.waits_micros,
        )
    )


def retries(execution: Execution, token: Token, element: Element, retry: RetrySpec) -> RetrySpec:
    """Return the tries of a job; a cycle that is an expression is read now. Raises `WrongState`."""
    if retry.text is None:
        return retry
    text = execution.evaluate(retry.text, token, element)
    if text is None or text == "":
        return RetrySpec()
    cycle = read_retry_cycle(str(text))
    if cycle is None:
        raise triggers.failed(element, f"{text!r} is no retry cycle; write R3/PT10S, or waits such as PT5S,PT1M")
    return RetrySpec(cycle.tries, cycle.waits_micros)
