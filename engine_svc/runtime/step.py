"""The commands on an instance. Each is pure: no I/O, no clock, no ids of its own.

A command is a program (`engine_svc.runtime.requests`): it asks for what it needs from outside. One that raises may
leave the instance changed in part; the caller drops it and loads it again.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from engine_svc.compile.executable import (
    Element,
    ElementKind,
    ExecutableProcess,
    MessageTrigger,
    StartSpec,
)
from engine_svc.events.record import (
    INCIDENT_RAISED,
    INCIDENT_RESOLVED,
    INSTANCE_RESUMED,
    INSTANCE_SUSPENDED,
    JOB_FAILED,
)
from engine_svc.runtime.behaviors import calls, conditions, firing, lifecycle, placements, signals
from engine_svc.runtime.behaviors.bpmn_error import BpmnError
from engine_svc.runtime.behaviors.errors import throw_from_activity
from engine_svc.runtime.changes import Changes, NewIncident
from engine_svc.runtime.drain import Enter, cancel_instance, drain
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.processors import external_task, user_task
from engine_svc.runtime.processors.user_task import Completion
from engine_svc.runtime.requests import Program
from engine_svc.runtime.unit import Unit
from engine_svc.state.definition import Definition
from engine_svc.state.instance import NO_HOST, ROOT_SCOPE, WITH_JOB, Instance, Stage, Status, Token, Wait
from mesh.errors import NotFound, WrongState
from mesh.ids import member_id, new_id

TRIGGERED = frozenset({Wait.MESSAGE, Wait.SIGNAL, Wait.TIMER, Wait.CONDITION, Wait.VARIABLE, Wait.TRIGGER})
"""What a token waits for that can be let come by command."""

_PLAIN_COMPLETION = Completion()

OWN_JOBS = frozenset({Wait.TIMER, Wait.ASYNC_JOB})
"""Waits for jobs that the engine does itself."""

INCIDENT_JOB_NO_RETRIES = 1
INCIDENT_UNHANDLED_ERROR = 2
INCIDENT_NAMES = {INCIDENT_JOB_NO_RETRIES: "JOB_NO_RETRIES", INCIDENT_UNHANDLED_ERROR: "UNHANDLED_ERROR"}


def start(
    definition: Definition,
    instance_id: str,
    *,
    tenant_id: str,
    business_key: str,
    variables: dict[str, Any],
    initiator: str,
    now: int,
    start_element: int | None = None,
    begin_at: Sequence[str] = (),
    restarted_from: str = "",
    ids: Callable[[], str] = new_id,
) -> Program[tuple[Instance, Changes]]:
    """Start an instance and run it until every token waits. `now` in microseconds since the Unix epoch.

    `start_element`: another start event than the none start event; or the event or receive task that a message or
    signal has just reached, by which the instance begins. A process without a none start event begins at the first of
    its events that wait for a message. `begin_at`: ids of elements to begin at instead. `restarted_from`: the ended
    instance that this one repeats. `ids` names called instances.
    Raises `WrongState` (BPMN_ERROR_NOT_CAUGHT, ELEMENT_NOT_FOUND, EXPRESSION_FAILED, NO_OUTGOING_FLOW,
    START_EVENT_MISSING).
    """
    process = definition.process
    if begin_at:
        places = placements.placements_of(process, begin_at)
        instance = Instance(instance_id, definition, tenant_id=tenant_id, business_key=business_key, start_micros=now)
        instance.restarted_from = restarted_from
        unit = Unit(now, ids, initiator)
        execution = Execution(instance, unit)
        calls.begin_at(execution, places, variables, initiator)
        yield from drain(unit)
        return instance, unit.finish(execution)
    element = _first_start(process) if start_element is None else start_element
    if element < 0:
        raise WrongState(
            "START_EVENT_MISSING",
            f"process {definition.key} has no start event that can be named so; it starts by a signal, timer or "
            "condition",
            metadata={"key": definition.key},
        )
    instance = Instance(instance_id, definition, tenant_id=tenant_id, business_key=business_key, start_micros=now)
    instance.restarted_from = restarted_from
    unit = Unit(now, ids, initiator)
    execution = Execution(instance, unit)
    spec = process.elements[element].spec
    if isinstance(spec, StartSpec) and spec.initiator_variable and initiator:
        variables = {spec.initiator_variable: initiator, **variables}
    # Behind an event-based gateway that instantiates, or a receive task, what is waited for has come already.
    arrived = process.elements[element].kind is not ElementKind.START_EVENT
    calls.begin_instance(execution, element, variables, initiator, arrived=arrived)
    yield from drain(unit)
    return instance, unit.finish(execution)


def _first_start(process: ExecutableProcess) -> int:
    if process.start >= 0:
        return process.start
    for index in process.starts:
        spec = process.elements[index].spec
        if isinstance(spec, StartSpec) and isinstance(spec.trigger, MessageTrigger):
            return index
    return process.start


def complete_user_task(
    instance: Instance,
    key: int,
    variables: dict[str, Any],
    now: int,
    ids: Callable[[], str] = new_id,
    completion: Completion = _PLAIN_COMPLETION,
) -> Program[Changes]:
    """Complete a user task and run on. Raises `WrongState`, `NotFound`."""
    token = user_task_token(instance, key)

    def complete(execution: Execution, token: Token, element: Element) -> None:
        user_task.complete(execution, token, element, completion)

    return (yield from _complete(instance, token, variables, now, ids, complete))


def complete_job(
    instance: Instance, key: int, variables: dict[str, Any], now: int, ids: Callable[[], str] = new_id
) -> Program[Changes]:
    """Complete an external worker's job and run on. Raises `WrongState`, `NotFound`."""
    token = _job_token(instance, key)
    return (yield from _complete(instance, token, variables, now, ids, external_task.complete))


def run_job(instance: Instance, key: int, now: int, ids: Callable[[], str] = new_id) -> Program[Changes]:
    """Do a timer's or asynchronous job and run on. Raises `WrongState`, `NotFound`."""
    token = instance.tokens.get(key)
    if token is None or token.waits_for not in OWN_JOBS:
        raise job_missing(instance, key)
    require_running(instance)
    execution = execution_of(instance, now, ids)
    do_job(execution, token)
    yield from drain(execution.unit)
    return execution.unit.finish(execution)


def do_job(execution: Execution, token: Token) -> None:
    """The time of a timer has come, or of an asynchronous continuation. The step goes on from there."""
    if token.waits_for is Wait.TIMER:
        execution.instance.run_length = 0
        firing.go_on(execution, token)
    else:
        execution.changes.ended_jobs.append(token.key)
        lifecycle.go_on(execution, token, execution.elements[token.element])


def trigger(
    instance: Instance,
    key: int,
    variables: dict[str, Any],
    now: int,
    ids: Callable[[], str] = new_id,
    *,
    local_variables: Mapping[str, Any] | None = None,
    transient_variables: Mapping[str, Any] | None = None,
) -> Program[Changes]:
    """Let the event come that a token waits for: a message, signal or timer, or a receive task's trigger.

    `local_variables` go to the scope of its activity, `transient_variables` are gone when the step is over.
    Raises `WrongState`, `NotFound` (ACTIVITY_NOT_FOUND).
    """
    token = instance.tokens.get(key)
    if token is None or token.waits_for not in TRIGGERED:
        raise _activity_missing(instance, key)
    require_running(instance)
    instance.run_length = 0
    execution = execution_of(instance, now, ids)
    if local_variables:
        # What waits on behalf of something else has no scope of its own.
        scope_key = execution.local_scope(token).key if token.host == NO_HOST else token.scope_key
        for name, value in local_variables.items():
            execution.set_local(scope_key, name, value)
    for name, value in (transient_variables or {}).items():
        execution.set_transient(token.scope_key, name, value)
    firing.fire(execution, token, variables)
    yield from drain(execution.unit)
    return execution.unit.finish(execution)


def deliver_signal(
    instance: Instance,
    name: str,
    keys: Collection[int],
    variables: dict[str, Any],
    now: int,
    ids: Callable[[], str] = new_id,
) -> Program[tuple[Changes, int]]:
    """Let a signal come that the tokens with these keys wait for; also return how many still did.

    Raises `WrongState`.
    """
    require_running(instance)
    instance.run_length = 0
    execution = execution_of(instance, now, ids)
    fired = signals.deliver_to(execution, name, keys, variables)
    yield from drain(execution.unit)
    return execution.unit.finish(execution), fired


def evaluate_conditions(
    instance: Instance, variables: dict[str, Any], now: int, ids: Callable[[], str] = new_id
) -> Program[tuple[Changes, int]]:
    """Set variables and fire every conditional event whose condition holds; also return how many there were.

    Raises `WrongState`.
    """
    require_running(instance)
    instance.run_length = 0
    execution = execution_of(instance, now, ids)
    for name, value in variables.items():
        execution.set_variable(ROOT_SCOPE, name, value)
    execution.changed.clear()
    fired = conditions.evaluate_all(execution)
    yield from drain(execution.unit)
    return execution.unit.finish(execution), fired


def fail_job(instance: Instance, key: int, *, retries: int, error_message: str, error_code: str, now: int) -> Changes:
    """Note a failed attempt of any kind of job; without retries left, or with a BPMN error code, raise an incident.

    Raises `WrongState`, `NotFound`.
    """
    token = instance.tokens.get(key)
    if token is None or token.waits_for not in WITH_JOB:
        raise job_missing(instance, key)
    require_running(instance)
    element = instance.definition.process.elements[token.element]
    execution = execution_of(instance, now)
    execution.changes.events.append((JOB_FAILED, key, token.job_type, element.id, retries, error_message, error_code))
    if (retries == 0 or error_code) and key not in instance.incidents.values():
        incident_type = INCIDENT_UNHANDLED_ERROR if error_code else INCIDENT_JOB_NO_RETRIES
        message = f"error {error_code} is not caught: {error_message}" if error_code else error_message
        raise_incident(execution, token, incident_type, message)
    return execution.unit.finish(execution)


def raise_incident(execution: Execution, token: Token, incident_type: int, message: str) -> None:
    """Raise an incident of the job that a token waits for."""
    element_id = execution.elements[token.element].id
    incident = NewIncident(execution.new_key(), incident_type, element_id, token.key, message)
    execution.changes.new_incidents.append(incident)
    execution.changes.events.append(
        (INCIDENT_RAISED, incident.key, INCIDENT_NAMES[incident_type], element_id, token.key, message)
    )
    execution.instance.incidents[incident.key] = token.key


def throw_job_error(
    instance: Instance, key: int, error: BpmnError, *, retries: int, now: int, ids: Callable[[], str] = new_id
) -> Program[tuple[Changes, bool]]:
    """Throw a BPMN error at a job's element and run on; where nothing catches it, raise an incident.

    Says whether it was caught: then the job has ended. `retries`: how many are left, for the record of the attempt.
    Raises `WrongState`, `NotFound`.
    """
    token = _job_token(instance, key)
    instance.run_length = 0
    execution = execution_of(instance, now, ids)
    yield from _load_callers(execution)
    element = execution.elements[token.element]
    execution.changes.events.append((JOB_FAILED, key, token.job_type, element.id, retries, error.message, error.code))
    if not throw_from_activity(execution, token, error):
        changes = fail_job(instance, key, retries=retries, error_message=error.message, error_code=error.code, now=now)
        return changes, False
    yield from drain(execution.unit)
    return execution.unit.finish(execution), True


def _load_callers(execution: Execution) -> Program[None]:
    while (request := calls.missing_caller(execution, lambda _: None)) is not None:
        caller: Instance | None = yield request
        if caller is None:
            raise calls.caller_gone(request)
        calls.take_up(execution.unit, caller)


def touch_job(instance: Instance, key: int, now: int) -> Changes:
    """Change nothing of an instance that has this open job. Raises `NotFound`."""
    token = instance.tokens.get(key)
    if token is None or token.waits_for not in WITH_JOB:
        raise job_missing(instance, key)
    execution = execution_of(instance, now)
    return execution.unit.finish(execution)


def resolve_incident(instance: Instance, key: int, now: int) -> Changes:
    """Close an open incident. Raises `WrongState` where the instance does not run."""
    require_running(instance)
    execution = execution_of(instance, now)
    execution.changes.ended_incidents.append(key)
    execution.changes.events.append((INCIDENT_RESOLVED, key))
    del instance.incidents[key]
    return execution.unit.finish(execution)


def update_variables(
    instance: Instance,
    key: int,
    variables: dict[str, Any],
    removed: Sequence[str],
    now: int,
    *,
    local: bool = False,
    ids: Callable[[], str] = new_id,
) -> Program[Changes]:
    """Set and remove variables as seen from an activity (`ROOT_SCOPE`: from the instance), and run on.

    Without `local` the nearest scope that has a variable counts, else the instance's own; with it the activity's own.
    Conditions that come to hold move the instance. Raises `WrongState` where it has ended, `NotFound`.
    """
    require_alive(instance)
    execution = execution_of(instance, now, ids)
    scope_key = ROOT_SCOPE
    if key != ROOT_SCOPE:
        token = instance.tokens.get(key)
        if token is None:
            raise _activity_missing(instance, key)
        scope_key = execution.local_scope(token).key if local else execution.scope_of(token)
    for name, value in variables.items():
        if local:
            execution.set_local(scope_key, name, value)
        else:
            execution.set_variable(scope_key, name, value)
    for name in removed:
        execution.remove_variable(scope_key, name, local=local)
    if instance.status is Status.RUNNING:
        instance.run_length = 0
        yield from drain(execution.unit)
    return execution.unit.finish(execution)


def cancel(instance: Instance, reason: str, now: int) -> Program[Changes]:
    """End an instance before its end, with what it has called. Raises `WrongState` where it has ended."""
    require_alive(instance)
    execution = execution_of(instance, now)
    cancel_instance(execution, reason)
    yield from drain(execution.unit)
    return execution.unit.finish(execution)


def suspend(instance: Instance, now: int) -> Changes:
    """Pause an instance. Raises `WrongState` where it does not run."""
    require_running(instance)
    execution = execution_of(instance, now)
    instance.status = Status.PAUSED
    execution.changes.events.append((INSTANCE_SUSPENDED,))
    return execution.unit.finish(execution)


def resume(instance: Instance, now: int) -> Changes:
    """Let a paused instance go on. Raises `WrongState` where it is not paused."""
    if instance.status is not Status.PAUSED:
        raise WrongState(
            "PROCESS_INSTANCE_NOT_PAUSED",
            f"the process instance is {instance.status.name.lower()}, not paused",
            metadata={"id": instance.id, "status": instance.status.name},
        )
    execution = execution_of(instance, now)
    instance.status = Status.RUNNING
    execution.changes.events.append((INSTANCE_RESUMED,))
    return execution.unit.finish(execution)


def execution_of(instance: Instance, now: int, ids: Callable[[], str] = new_id) -> Execution:
    """Begin a step of an instance."""
    return Execution(instance, Unit(now, ids))


def _complete(
    instance: Instance, token: Token, variables: dict[str, Any], now: int, ids: Callable[[], str], complete: Enter
) -> Program[Changes]:
    instance.run_length = 0
    execution = execution_of(instance, now, ids)
    scope_key = execution.scope_of(token)
    for name, value in variables.items():
        execution.set_variable(scope_key, name, value)
    complete(execution, token, execution.elements[token.element])
    yield from drain(execution.unit)
    return execution.unit.finish(execution)


def user_task_token(instance: Instance, key: int) -> Token:
    """Return the token that waits in an open user task. Raises `NotFound`, `WrongState`."""
    token = instance.tokens.get(key)
    if token is not None and token.waits_for is Wait.USER_TASK:
        require_running(instance)
        return token
    task_id = member_id(instance.id, key)
    if 0 < key < instance.next_key and (token is None or token.stage is Stage.TASK_COMPLETING):
        raise WrongState(
            "USER_TASK_ALREADY_COMPLETED",
            f"user task {task_id} was completed or cancelled already",
            metadata={"id": task_id},
        )
    raise NotFound("USER_TASK_NOT_FOUND", f"there is no user task {task_id}", metadata={"id": task_id})


def _job_token(instance: Instance, key: int) -> Token:
    token = instance.tokens.get(key)
    if token is None or token.waits_for is not Wait.EXTERNAL_JOB:
        raise job_missing(instance, key)
    require_running(instance)
    return token


def job_missing(instance: Instance, key: int) -> NotFound:
    """Return the error for a job that no token waits for."""
    job_id = member_id(instance.id, key)
    return NotFound("JOB_NOT_FOUND", f"there is no open job {job_id}", metadata={"id": job_id})


def _activity_missing(instance: Instance, key: int) -> NotFound:
    activity_id = member_id(instance.id, key)
    return NotFound(
        "ACTIVITY_NOT_FOUND",
        f"no activity {activity_id} is running that this can be done to",
        metadata={"id": activity_id},
    )


def require_running(instance: Instance) -> None:
    """Raise `WrongState` where an instance is paused or has ended."""
    if instance.status is not Status.RUNNING:
        raise _not_running(instance)


def require_alive(instance: Instance) -> None:
    """Raise `WrongState` where an instance has ended."""
    if instance.ended:
        raise _not_running(instance)


def _not_running(instance: Instance) -> WrongState:
    return WrongState(
        "PROCESS_INSTANCE_NOT_RUNNING",
        f"process instance {instance.id} is {instance.status.name.lower()}",
        metadata={"id": instance.id, "status": instance.status.name},
    )
