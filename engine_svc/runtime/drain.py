"""Runs a step until every token waits.

Long runs are cut into slices: what is left moves on in an asynchronous job, so that no step holds the engine for long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine_svc.compile.executable import Element, ElementKind
from engine_svc.events.record import INSTANCE_TERMINATED
from engine_svc.runtime.behaviors import calls, conditions, continuation, lifecycle
from engine_svc.runtime.behaviors.cancellation import drop_rows, terminate, youngest_first
from engine_svc.runtime.behaviors.firing import close_idle_event_starts
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.processors import (
    ad_hoc_sub_process,
    call_activity,
    cancel_end_event,
    catch_event,
    compensation_throw_event,
    complex_gateway,
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
from engine_svc.state.instance import ROOT_SCOPE, Instance, Stage, Status, Token
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
    ElementKind.BOUNDARY_EVENT: events.enter_boundary_event,
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
    ElementKind.AD_HOC_SUB_PROCESS: ad_hoc_sub_process.enter,
    ElementKind.COMPLEX_GATEWAY: complex_gateway.enter,
}


STAGES: Mapping[Stage, Enter] = {
    **lifecycle.STAGES,
    Stage.CHOOSING: event_based_gateway.choose,
    Stage.TERMINATING: terminate_end_event.end_sub_process,
    Stage.TASK_CREATING: user_task.create,
    Stage.TASK_COMPLETING: user_task.finish,
}


def drain(unit: Unit) -> Program[None]:
    """Run every execution of a unit until its tokens wait. Raises `WrongState`, `NotFound`."""
    while True:
        while (request := _run(unit)) is not None:
            following: Request | None = request
            while following is not None:
                answer = yield following
                following = following.resume(answer)
        if unit.cancelled_calls:
            yield from _cancel_called(unit)
        elif unit.ended_calls:
            yield from _return_to_caller(unit)
        elif unit.aside:
            notice: Request | None = unit.aside.pop(0)
            while notice is not None:
                answer = yield notice
                notice = notice.resume(answer)
        elif not _settle(unit):
            return


def _run(unit: Unit) -> Request | None:
    """Run until the agenda is empty, or until something from outside is needed."""
    agenda = unit.agenda
    while agenda:
        if unit.cancelled_calls or unit.ended_calls:
            # Nothing of a called instance may run once it is interrupted; a caller goes on at once.
            return None
        execution, token = agenda.popleft()
        element = execution.elements[token.element]
        stage = token.stage
        if stage is Stage.COMPLETING and element.wrapping is None and not token.key:
            # The common case of `lifecycle.complete`: it has passed an element that nothing surrounds.
            token.stage = Stage.ACTIVE
            execution.record_passage(token, element)
            execution.leave(token, element)
            continue
        if stage:
            request = STAGES[stage](execution, token, element)
        else:
            if unit.steps >= SLICE:
                agenda.appendleft((execution, token))
                _cut(unit)
                return None
            unit.steps += 1
            if element.wrapping is None or token.key:
                request = ENTER[element.kind](execution, token, element)
            else:
                request = lifecycle.arrive(execution, token, element)
        if request is not None:
            return request
    return None


def _cut(unit: Unit) -> None:
    for execution in unit.executions.values():
        execution.instance.run_length += unit.steps
    unit.steps = 0
    held: dict[Execution, list[Token]] = {}
    while unit.agenda:
        execution, token = unit.agenda.popleft()
        if execution.instance.run_length > RUN_LIMIT:
            element = execution.elements[token.element]
            raise WrongState(
                "STEP_LIMIT_EXCEEDED",
                f"more than {RUN_LIMIT} elements without a wait, the last one {element.id}: does the model loop?",
                metadata={"element_id": element.id, "limit": str(RUN_LIMIT)},
            )
        if token.stage is Stage.FIRING:
            # It has a job or subscription of its own, which goes with the event.
            lifecycle.fire(execution, token, execution.elements[token.element])
            continue
        held.setdefault(execution, []).append(token)
    for execution, tokens in held.items():
        continuation.cut(execution, tokens)


def _settle(unit: Unit) -> bool:
    """Do what waits until nothing else moves; say whether something moves again."""
    for execution in list(unit.executions.values()):
        instance = execution.instance
        if instance.ended:
            continue
        # Whether an inclusive join may leave is known only when nothing else moves.
        if instance.arrivals:
            inclusive_gateway.release(execution)
        if execution.changed:
            conditions.evaluate_changed(execution)
    if unit.agenda:
        return True
    for execution in unit.executions.values():
        if execution.quieter:
            close_idle_event_starts(execution)
    return False


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
    waiting = youngest_first(instance.tokens.values())
    terminate(execution, waiting, reason)
    # Work that listeners of the tasks ask for is not done any more.
    for token in list(instance.tokens.values())[len(waiting) :]:
        drop_rows(execution, token)
    execution.changes.events.append((INSTANCE_TERMINATED, instance.start_micros, reason))
    execution.agenda.clear()
    instance.tokens.clear()
    instance.hosted.clear()
    instance.watching.clear()
    instance.arrivals.clear()
    instance.last_variables = instance.scopes[ROOT_SCOPE].variables
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
