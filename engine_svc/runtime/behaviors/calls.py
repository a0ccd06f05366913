"""Called instances: beginning them, going on when they end, and finding those who called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine_svc.compile.executable import NO_ELEMENT, CallActivitySpec, Element
from engine_svc.events.record import INSTANCE_STARTED
from engine_svc.runtime.behaviors import companions, mappings, placements
from engine_svc.runtime.behaviors.triggers import failed
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import LoadInstance, Request, Resume
from engine_svc.runtime.unit import MAX_DEPTH, Unit, call_too_deep
from engine_svc.state.definition import Definition
from engine_svc.state.instance import ROOT_SCOPE, Instance, Stage, Token, Wait
from mesh.errors import NotFound


def begin_instance(
    execution: Execution, start: int, variables: dict[str, Any], initiator: str, *, arrived: bool = False
) -> None:
    """Open the scope of a new instance and put a token in front of its start event.

    `arrived`: it begins at an element whose event has come already, and goes on behind it.
    """
    open_instance(execution, variables, initiator)
    token = execution.start_token(ROOT_SCOPE, start)
    if execution.instance.definition.process.start_listeners or arrived:
        token.stage = Stage.BEGINNING
    if arrived:
        token.detail = {"arrived": True}


def begin_at(
    execution: Execution, places: Sequence[placements.Placement], variables: dict[str, Any], initiator: str
) -> None:
    """Open the scope of a new instance and put tokens at places of its process."""
    open_instance(execution, variables, initiator)
    for made in places:
        placements.place(execution, ROOT_SCOPE, made)


def open_instance(execution: Execution, variables: dict[str, Any], initiator: str) -> None:
    """Open the scope of a new instance; nothing moves in it yet."""
    process = execution.instance.definition.process
    # What the instance is given counts for more than the values of data objects.
    given = {**process.variables, **variables}
    execution.open_scope(ROOT_SCOPE, ROOT_SCOPE, given)
    # The event shows the variables as they were given, whatever the step makes of those of the scope.
    instance = execution.instance
    instance.initiator = initiator
    started: tuple[Any, ...] = (INSTANCE_STARTED, initiator, given)
    if process.name:
        started = (*started, instance.parent_id, instance.parent_key, instance.root_id, process.name)
    elif instance.parent_id:
        started = (*started, instance.parent_id, instance.parent_key, instance.root_id)
    execution.changes.events.append(started)
    companions.open_event_sub_processes(execution, ROOT_SCOPE)


def call(execution: Execution, token: Token, element: Element, spec: CallActivitySpec, definition: Definition) -> None:
    """Begin an instance of a definition for the call activity that a token waits in.

    Raises `WrongState` (CALL_DEPTH_EXCEEDED, EXPRESSION_FAILED).
    """
    instance = execution.instance
    if instance.depth >= MAX_DEPTH:
        raise call_too_deep(element.id)
    places = placements.placements_of(definition.process, placements.taken(token, placements.CALLED))
    if definition.process.start == NO_ELEMENT and not places:
        raise failed(element, f"process {definition.key} has no none start event and cannot be called")
    scope_key = execution.scope_of(token)
    variables: dict[str, Any] = execution.visible(scope_key) if spec.inherit_variables else {}
    for mapping, name, value in mappings.computed(execution, element, spec.inputs, scope_key):
        variables[name] = mappings.placed(variables.get(name), mapping.target_path, value)
    business_key = instance.business_key if spec.inherit_business_key else ""
    if spec.business_key is not None:
        value = execution.evaluate(spec.business_key, token, element)
        business_key = "" if value is None else str(value)
    called = Instance(
        execution.unit.new_id(),
        definition,
        tenant_id=definition.tenant_id,
        business_key=business_key,
        start_micros=execution.now,
    )
    execution.wait(token, Wait.CALL)
    called.parent_id, called.parent_key = instance.id, token.key
    called.root_id, called.depth = instance.root_id, instance.depth + 1
    token.detail = {**(token.detail or {}), "called": called.id}
    if spec.id_variable:
        execution.set_variable(scope_key, spec.id_variable, called.id)
    below = Execution(called, execution.unit)
    if places:
        begin_at(below, places, variables, "")
    else:
        begin_instance(below, definition.process.start, variables, "")


def returned(caller: Execution, called: Execution) -> None:
    """A called instance has completed: its outputs are set, and the call activity is left."""
    token = caller.instance.tokens.get(called.instance.parent_key)
    if token is None:
        return
    element = caller.elements[token.element]
    spec = element.spec
    assert isinstance(spec, CallActivitySpec)
    scope_key = caller.scope_of(token)
    scope = called.instance.scopes[ROOT_SCOPE]
    values = dict(scope.variables) if spec.return_variables else {}
    for mapping, name, value in mappings.computed(called, element, spec.outputs, ROOT_SCOPE):
        values[name] = mappings.placed(values.get(name), mapping.target_path, value)
    for name, value in values.items():
        if spec.local_outputs:
            caller.local_scope(token)
            caller.set_local(token.key, name, value)
        else:
            caller.set_variable(scope_key, name, value)
    caller.touched = True
    caller.complete(token, element)


def missing_caller(execution: Execution, resume: Resume) -> LoadInstance | None:
    """Return the request for the nearest caller that is not at hand; None where all of them are."""
    unit = execution.unit
    current = execution
    while current.instance.parent_id:
        caller = unit.executions.get(current.instance.parent_id)
        if caller is None:
            return LoadInstance(current.instance.parent_id, resume, caller=True)
        current = caller
    return None


def load_callers(execution: Execution, go_on: Callable[[], Request | None]) -> LoadInstance | None:
    """Return the request for the nearest caller that is not at hand, after which `go_on` is called.

    None where all of them are at hand.
    Raises `NotFound` where a caller is gone.
    """

    def resume(instance: Instance | None) -> Request | None:
        assert request is not None
        if instance is None:
            raise caller_gone(request)
        take_up(execution.unit, instance)
        return go_on()

    request = missing_caller(execution, resume)
    return request


def caller_gone(request: LoadInstance) -> NotFound:
    """Return the error of a caller that does not exist any more."""
    return NotFound(
        "PROCESS_INSTANCE_NOT_FOUND",
        f"the calling process instance {request.instance_id} is gone",
        metadata={"id": request.instance_id},
    )


def take_up(unit: Unit, instance: Instance) -> Execution:
    """Let a caller or called instance that was loaded take part in the step; it counts as changed once it is."""
    execution = Execution(instance, unit)
    execution.touched = False
    return execution
