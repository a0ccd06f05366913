"""Events that only mark where a token passes or ends (BPMN 2.0 sections 10.5.2 to 10.5.4)."""

from __future__ import annotations

from engine_svc.compile.executable import CatchSpec, Element
from engine_svc.runtime.behaviors import task_timeouts
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import Request
from engine_svc.state.instance import NO_HOST, Token


def enter_start_event(execution: Execution, token: Token, element: Element) -> None:
    """Leave at once: a start event that was triggered, or a mark."""
    execution.complete(token, element)


def enter_boundary_event(execution: Execution, token: Token, element: Element) -> Request | None:
    """Leave at once; one that stands for a task listener calls it, with the task that it is attached to."""
    spec = element.spec
    assert isinstance(spec, CatchSpec)
    host = (token.detail or {}).get("host", NO_HOST)
    execution.complete(token, element)
    task = execution.instance.tokens.get(host)
    if spec.listener is None or task is None:
        return None
    return task_timeouts.call(execution, task, spec.listener)


def enter_end_event(execution: Execution, token: Token, element: Element) -> None:
    """End the token."""
    execution.complete(token, element)
