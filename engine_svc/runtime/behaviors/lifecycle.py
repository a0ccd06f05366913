"""What surrounds the behaviour of an element, in the order in which it happens.

Asynchronous start, multi-instance, start listeners, boundary events, input mappings, the behaviour, output mappings,
end listeners, compensation, asynchronous end, outgoing flows. Each function is a stage: it is called with a token on
the agenda that stands in it, and puts the token on the agenda for the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from engine_svc.compile.executable import NO_ELEMENT, Element, SubProcessSpec, Wrapping
from engine_svc.runtime.behaviors import ad_hoc, companions, continuation, firing, jobs, mappings, multi_instance
from engine_svc.runtime.behaviors.cancellation import close_companions
from engine_svc.runtime.behaviors.compensation import own_handler
from engine_svc.runtime.behaviors.firing import close_event_starts
from engine_svc.runtime.behaviors.listeners import run_listeners
from engine_svc.runtime.behaviors.placements import SKIP_INPUTS
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import Request
from engine_svc.state.instance import ROOT_SCOPE, Compensable, Stage, Token

REASON_COMPLETED = "completed"
_PLAIN = Wrapping()


def arrive(execution: Execution, token: Token, element: Element) -> Request | None:
    """A token comes to an element that something surrounds."""
    wrapping = element.wrapping
    assert wrapping is not None
    if wrapping.multi_instance is None and wrapping.loop is None and wrapping.async_before:
        jobs.park(execution, token, element, Stage.BEFORE)
        return None
    return begin(execution, token, element)


def begin(execution: Execution, token: Token, element: Element) -> Request | None:
    """The activity of an element begins; of a multi-instance, its body."""
    execution.wait(token)
    token.stage = Stage.STARTING
    token.encoded = None
    return start(execution, token, element)


def begin_child(execution: Execution, token: Token, element: Element) -> Request | None:
    """A child of a multi-instance or loop begins."""
    wrapping = element.wrapping
    assert wrapping is not None
    if wrapping.async_before and not _resumed(token):
        jobs.park(execution, token, element, Stage.CHILD)
        return None
    execution.begin_activity(token)
    token.stage = Stage.STARTING
    token.encoded = None
    return start(execution, token, element)


def _resumed(token: Token) -> bool:
    # Where a job has been done the token has been marked.
    return bool(token.detail and token.detail.pop("resumed", False))


def start(execution: Execution, token: Token, element: Element) -> Request | None:
    """Start listeners, then boundary events, inputs, and the behaviour."""
    wrapping = element.wrapping or _PLAIN
    if wrapping.start_listeners:
        paused = run_listeners(execution, token, element, wrapping.start_listeners)
        if paused is not None:
            return paused if isinstance(paused, Request) else None
    if not multi_instance.is_child(execution, token):
        body = wrapping.multi_instance is not None or wrapping.loop is not None
        if body:
            multi_instance.open_body(execution, token, element)
        if not body or not multi_instance.is_empty(token):
            # What the listeners have set can be read by the timers and messages of the boundary.
            companions.open_boundary(execution, token, element)
        if body:
            return None
    token.stage = Stage.ACTIVE
    token.encoded = None
    if wrapping.inputs and not _skips_inputs(token):
        execution.local_scope(token)
        mappings.apply_inputs(execution, element, wrapping.inputs, token.key)
    if wrapping.skip is not None and execution.skips(wrapping.skip, token, element):
        token.stage = Stage.COMPLETING
    execution.agenda.appendleft(token)
    return None


def _skips_inputs(token: Token) -> bool:
    return bool(token.detail and token.detail.pop(SKIP_INPUTS, False))


def go_on_with_body(execution: Execution, token: Token, element: Element) -> Request | None:
    """More children of a multi-instance."""
    multi_instance.go_on(execution, token, element)
    return None


def complete(execution: Execution, token: Token, element: Element) -> Request | None:
    """The behaviour is done: outputs, end listeners, and out."""
    key = token.key
    if element.wrapping is None and (not key or key not in execution.instance.scopes):
        token.stage = Stage.ACTIVE
        execution.over(token, element)
        execution.leave(token, element)
        return None
    wrapping = element.wrapping or _PLAIN
    child = multi_instance.is_child(execution, token)
    body = not child and (wrapping.multi_instance is not None or wrapping.loop is not None)
    # Nothing may begin in a scope any more while its end listeners wait for their work.
    close_event_starts(execution, key, REASON_COMPLETED)
    if wrapping.outputs and not body and not (token.detail and "listener" in token.detail):
        execution.local_scope(token)
        mappings.apply_outputs(execution, element, wrapping.outputs, key)
    if wrapping.end_listeners and not (body and multi_instance.is_empty(token)):
        paused = run_listeners(execution, token, element, wrapping.end_listeners)
        if paused is not None:
            return paused if isinstance(paused, Request) else None
    _keep_compensable(execution, token, element, wrapping, body=body)
    close_companions(execution, key, REASON_COMPLETED)
    if child:
        multi_instance.child_done(execution, token, element)
        return None
    execution.instance.scopes.pop(key, None)
    if body:
        execution.withdraw(token)
    else:
        execution.end_wait(token, element)
    if wrapping.async_after:
        jobs.park(execution, token, element, Stage.AFTER)
    else:
        execution.leave(token, element)
    return None


def _keep_compensable(execution: Execution, token: Token, element: Element, wrapping: Wrapping, *, body: bool) -> None:
    scopes = execution.instance.scopes
    own = scopes.get(token.key)
    inner = own.compensations if own is not None else []
    if body:
        # Children handed theirs to the body; it hands them on.
        _keep(execution, token.scope_key, inner)
        return
    if wrapping.compensation_handler == NO_ELEMENT and not inner and not _undoes_itself(execution, element):
        return
    variables = dict(own.variables) if own is not None else {}
    _keep(execution, token.scope_key, [Compensable(token.key, element.index, variables, inner)])


def _undoes_itself(execution: Execution, element: Element) -> bool:
    return isinstance(element.spec, SubProcessSpec) and own_handler(execution, element.index) != NO_ELEMENT


def _keep(execution: Execution, scope_key: int, entries: list[Compensable]) -> None:
    if entries:
        scope = execution.instance.scopes[scope_key]
        scope.compensations.extend(entries)
        scope.encoded = None


def take_flow(execution: Execution, token: Token, element: Element) -> Request | None:
    """A token is on a flow; `element` is where the flow leads to."""
    flow = execution.instance.definition.process.flows[token.flow]
    if flow.listeners:
        paused = run_listeners(execution, token, element, flow.listeners)
        if paused is not None:
            return paused if isinstance(paused, Request) else None
    if token.key:
        execution.withdraw(token)
    token.stage = Stage.ACTIVE
    execution.agenda.append(token)
    return None


def end_path(execution: Execution, token: Token, element: Element) -> Request | None:
    """A token has come to the end of its path."""
    if token.key:
        execution.withdraw(token)
    execution.end_token(token)
    return None


def fire(execution: Execution, token: Token, element: Element) -> Request | None:
    """The event has come that a token waits for."""
    firing.fire_planned(execution, token)
    return None


def begin_instance(execution: Execution, token: Token, element: Element) -> Request | None:
    """An instance begins: the start listeners of the process come before its start event."""
    paused = run_listeners(execution, token, element, execution.instance.definition.process.start_listeners)
    if paused is not None:
        return paused if isinstance(paused, Request) else None
    arrived = bool(token.detail and token.detail.get("arrived"))
    if token.key:
        execution.withdraw(token)
    if arrived:
        token.detail = None
        execution.wait(token)
    token.stage = Stage.COMPLETING if arrived else Stage.ACTIVE
    execution.agenda.appendleft(token)
    return None


def end_instance(execution: Execution, token: Token, element: Element) -> Request | None:
    """The last token of an instance has ended."""
    process = execution.instance.definition.process
    close_event_starts(execution, ROOT_SCOPE, REASON_COMPLETED)
    if process.end_listeners:
        paused = run_listeners(execution, token, element, process.end_listeners)
        if paused is not None:
            return paused if isinstance(paused, Request) else None
    if token.key:
        execution.withdraw(token)
    close_companions(execution, ROOT_SCOPE, REASON_COMPLETED)
    execution.complete_instance()
    return None


def go_on(execution: Execution, token: Token, element: Element) -> Request | None:
    """An asynchronous job is done: the token goes on where it stood."""
    stage = token.stage
    if stage is Stage.CARRYING:
        continuation.go_on(execution, token)
    elif stage is Stage.BEFORE:
        execution.withdraw(token)
        if element.wrapping is not None:
            return begin(execution, token, element)
        execution.agenda.appendleft(token)
    elif stage is Stage.AFTER:
        execution.withdraw(token)
        execution.leave(token, element)
    else:
        if stage is Stage.CHILD:
            token.detail = {**(token.detail or {}), "resumed": True}
        execution.wait(token)
        execution.agenda.appendleft(token)
    return None


Enter = Callable[[Execution, Token, Element], Request | None]

STAGES: Mapping[Stage, Enter] = {
    Stage.STARTING: start,
    Stage.COMPLETING: complete,
    Stage.BODY: go_on_with_body,
    Stage.CHILD: begin_child,
    Stage.TAKING: take_flow,
    Stage.ENDED: end_path,
    Stage.FIRING: fire,
    Stage.ENDING: end_instance,
    Stage.LEAVING: ad_hoc.leave,
    Stage.BEGINNING: begin_instance,
}
"""What is called for a token on the agenda that is not about to enter its element."""
