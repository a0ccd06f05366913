"""Runs a step until every token waits.

Long runs are cut into slices: what is left moves on in an asynchronous job, so that no step holds the engine for long.
"""

from __future__ import annotations

from collections.abc import Callable

from engine_svc.compile.executable import Element, ElementKind
from engine_svc.events.record import INSTANCE_TERMINATED
from engine_svc.runtime.behaviors import calls, conditions, continuation, lifecycle
from engine_svc.runtime.behaviors.cancellation import terminate, youngest_first
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.processors import (
    call_activity,
    cancel_end_event,
    catch_event,
    compensation_throw_event,
    error_end_event,
    escalation_throw_event,
    event_based_gateway,
    events,
    exclusive_gateway,
    expression_task,
    external_task,
    inclusive_gateway,
    link_throw_event,
    message_throw_event,
    parallel_gateway,
    pass_through_task,
    receive_task,
    script_task,
    signal_throw_event,
    sub_process,
    terminate_end_event,
    user_task,
)
from engine_svc.runtime.requests import LoadInstance, Program, Request
from engine_svc.runtime.unit import Unit
from engine_svc.state.instance import Instance, Status, Token
from mesh.errors import WrongState

SLICE = 1_000
"""Elements that one step runs through before what is left goes on in a job of its own."""
RUN_LIMIT = 1_000_000
"""Elements that an instance may run through without waiting for anything from outside."""

Enter = Callable[[Execution, Token, Element], Request | None]

ENTER: dict[ElementKind, Enter] = {
    ElementKind.START_EVENT: events.enter_start_event,
    ElementKind.NONE_END_EVENT: events.enter_end_event,
    ElementKind.EXCLUSIVE_GATEWAY: exclusive_gateway.enter,
    ElementKind.PARALLEL_GATEWAY: parallel_gateway.enter,
    ElementKind.INCLUSIVE_GATEWAY: inclusive_gateway.enter,
    ElementKind.PASS_THROUGH_TASK: pass_through_task.enter,
    ElementKind.USER_TASK: user_task.enter,
    ElementKind.EXTERNAL_TASK: external_task.enter,
    ElementKind.EXPRESSION_TASK: expression_task.enter,
    ElementKind.SUB_PROCESS: sub_process.enter,
    ElementKind.ERROR_END_EVENT: error_end_event.enter,
    ElementKind.TERMINATE_END_EVENT: terminate_end_event.enter,
    ElementKind.BOUNDARY_EVENT: events.enter_start_event,
    ElementKind.EVENT_SUB_PROCESS: sub_process.enter,
    ElementKind.CATCH_EVENT: catch_event.enter,
    ElementKind.NONE_THROW_EVENT: events.enter_start_event,
    ElementKind.LINK_THROW_EVENT: link_throw_event.enter,
    ElementKind.MESSAGE_THROW: message_throw_event.enter,
    ElementKind.SIGNAL_THROW: signal_throw_event.enter,
    ElementKind.ESCALATION_THROW: escalation_throw_event.enter,
    ElementKind.COMPENSATION_THROW: compensation_throw_event.enter,
    ElementKind.CANCEL_END_EVENT: cancel_end_event.enter,
    ElementKind.EVENT_BASED_GATEWAY: event_based_gateway.enter,
    ElementKind.SCRIPT_TASK: script_task.enter,
    ElementKind.RECEIVE_TASK: receive_task.enter,
    ElementKind.CALL_ACTIVITY: call_activity.enter,
}


def drain(unit: Unit) -> Program[None]:
    """Run every execution of a unit until its tokens wait. Raises `WrongState`, `NotFound`."""
    while True:
        while unit.ready:
            execution = unit.ready.pop(0)
            while (request := _run(execution)) is not None:
                following: Request | None = request
                while following is not None:
                    answer = yield following
                    following = following.resume(answer)
        if unit.cancelled_calls:
            yield from _cancel_called(unit)
        elif unit.ended_calls:
            yield from _return_to_caller(unit)
        elif not _settle(unit):
            return


def _run(execution: Execution) -> Request | None:
    """Run until the agenda is empty, or until something from outside is needed."""
    agenda = execution.agenda
    elements = execution.elements
    unit = execution.unit
    while agenda:
        if unit.steps >= SLICE:
            _cut(execution)
            return None
        unit.steps += 1
        token = agenda.popleft()
        element = elements[token.element]
        if token.stage:
            request = lifecycle.STAGES[token.stage](execution, token, element)
        elif element.wrapping is None or token.key:
            request = ENTER[element.kind](execution, token, element)
        else:
            request = lifecycle.arrive(execution, token, element)
        if request is not None:
            return request
    return None


def _cut(execution: Execution) -> None:
    instance = execution.instance
    agenda = execution.agenda
    instance.run_length += execution.unit.steps
    if instance.run_length > RUN_LIMIT:
        element = execution.elements[agenda[0].element]
        raise WrongState(
            "STEP_LIMIT_EXCEEDED",
            f"more than {RUN_LIMIT} elements without a wait, the last one {element.id}: does the model loop?",
            metadata={"element_id": element.id, "limit": str(RUN_LIMIT)},
        )
    continuation.cut(execution)


def _settle(unit: Unit) -> bool:
    """Do what waits until nothing else moves; say whether something moves again."""
    moved = False
    for execution in list(unit.executions.values()):
        instance = execution.instance
        if instance.ended:
            continue
        # Whether an inclusive join may leave is known only when nothing else moves.
        if (instance.arrivals and inclusive_gateway.release(execution)) or (
            execution.changed and conditions.evaluate_changed(execution)
        ):
            unit.ready.append(execution)
            moved = True
    return moved


def _cancel_called(unit: Unit) -> Program[None]:
    instance_id, reason = unit.cancelled_calls.pop(0)
    execution = unit.executions.get(instance_id)
    if execution is None:
        instance: Instance | None = yield LoadInstance(instance_id, lambda _: None)
        if instance is None:
            return
        execution = calls.take_up(unit, instance)
    if not execution.instance.ended:
        cancel_instance(execution, reason)


def cancel_instance(execution: Execution, reason: str) -> None:
    """End an instance before its end, with what it has called."""
    instance = execution.instance
    execution.touched = True
    terminate(execution, youngest_first(instance.tokens.values()), reason)
    execution.changes.events.append((INSTANCE_TERMINATED, instance.start_micros, reason))
    execution.agenda.clear()
    instance.tokens.clear()
    instance.hosted.clear()
    instance.watching.clear()
    instance.arrivals.clear()
    instance.scopes.clear()
    instance.pages.clear()
    instance.incidents.clear()
    instance.status = Status.TERMINATED
    instance.end_micros = execution.now


def _return_to_caller(unit: Unit) -> Program[None]:
    called = unit.ended_calls.pop(0)
    caller = unit.executions.get(called.instance.parent_id)
    if caller is None:
        instance: Instance | None = yield LoadInstance(called.instance.parent_id, lambda _: None, caller=True)
        if instance is None or instance.ended:
            return
        caller = calls.take_up(unit, instance)
    calls.returned(caller, called)
