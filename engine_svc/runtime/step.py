"""The commands on an instance. Each is pure: no I/O, no clock, no ids of its own.

A command is a program (`engine_svc.runtime.requests`): it asks for what it needs from outside. One that raises may
leave the instance changed in part; the caller drops it and loads it again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from engine_svc.compile.executable import ElementKind, ReceiveTaskSpec, StartSpec
from engine_svc.events.record import (
    INCIDENT_RAISED,
    INCIDENT_RESOLVED,
    INSTANCE_RESUMED,
    INSTANCE_SUSPENDED,
    JOB_FAILED,
    USER_TASK_ASSIGNED,
)
from engine_svc.runtime.behaviors import calls, conditions, firing, lifecycle
from engine_svc.runtime.behaviors.errors import BpmnError, throw_from_activity
from engine_svc.runtime.changes import Changes, NewIncident
from engine_svc.runtime.drain import SLICE, Enter, cancel_instance, drain
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.processors import external_task, user_task
from engine_svc.runtime.requests import LoadInstance, Program
from engine_svc.runtime.unit import Unit
from engine_svc.state.definition import Definition
from engine_svc.state.instance import ROOT_SCOPE, WITH_JOB, Instance, Stage, Status, Token, Wait
from mesh.errors import NotFound, WrongState
from mesh.ids import member_id, new_id

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
    ids: Callable[[], str] = new_id,
) -> Program[tuple[Instance, Changes]]:
    """Start an instance and run it until every token waits. `now` in microseconds since the Unix epoch.

    `start_element`: another start event than the none start event. `ids` names called instances.
    Raises `WrongState` (BPMN_ERROR_NOT_CAUGHT, EXPRESSION_FAILED, NO_OUTGOING_FLOW, START_EVENT_MISSING).
    """
    process = definition.process
    element = process.start if start_element is None else start_element
    if element < 0:
        raise WrongState(
            "START_EVENT_MISSING",
            f"process {definition.key} has no none start event; start it by one of its messages",
            metadata={"key": definition.key},
        )
    instance = Instance(instance_id, definition, tenant_id=tenant_id, business_key=business_key, start_micros=now)
    unit = Unit(now, ids, initiator)
    execution = Execution(instance, unit)
    spec = process.elements[element].spec
    if isinstance(spec, StartSpec) and spec.initiator_variable and initiator:
        variables = {spec.initiator_variable: initiator, **variables}
    calls.begin_instance(execution, element, variables, initiator)
    yield from drain(unit)
    return instance, unit.finish(execution)


def complete_user_task(
    instance: Instance, key: int, variables: dict[str, Any], now: int, ids: Callable[[], str] = new_id
) -> Program[Changes]:
    """Complete a user task and run on. Raises `WrongState`, `NotFound`."""
    token = _user_task_token(instance, key)
    return (yield from _complete(instance, token, variables, now, ids, user_task.complete))


def claim_user_task(instance: Instance, key: int, user: str, now: int) -> Changes:
    """Give a task to a user; nothing changes where it is the user's already. Raises `WrongState`, `NotFound`."""
    token = _user_task_token(instance, key)
    if token.assignee and token.assignee != user:
        raise WrongState(
            "USER_TASK_ALREADY_CLAIMED",
            f"the task is claimed by {token.assignee}; it must be unclaimed first",
            metadata={"id": member_id(instance.id, key), "assignee": token.assignee},
        )
    return _assign(instance, token, user, now)


def unclaim_user_task(instance: Instance, key: int, now: int) -> Changes:
    """Take the assignee off a task. Raises `WrongState`, `NotFound`."""
    return _assign(instance, _user_task_token(instance, key), "", now)


def complete_job(
    instance: Instance, key: int, variables: dict[str, Any], now: int, ids: Callable[[], str] = new_id
) -> Program[Changes]:
    """Complete an external worker's job and run on. Raises `WrongState`, `NotFound`."""
    token = _job_token(instance, key)
    return (yield from _complete(instance, token, variables, now, ids, external_task.complete))


def run_job(instance: Instance, key: int, now: int, ids: Callable[[], str] = new_id) -> Program[Changes]:
    """Do a timer's or asynchronous job and run on. Raises `WrongState`, `NotFound`."""
    token = _own_job_token(instance, key)
    if token is None:
        raise _job_missing(instance, key)
    _require_running(instance)
    execution = _execution(instance, now, ids)
    _do_job(execution, token)
    yield from drain(execution.unit)
    return execution.unit.finish(execution)


def run_jobs(
    instance: Instance, keys: Sequence[int], now: int, ids: Callable[[], str] = new_id
) -> Program[tuple[Changes, list[int], list[int]]]:
    """Do several timers' or asynchronous jobs, each as if it were alone, in one step.

    Also return the keys of those done, and of those that nothing waits for (any more). What is in neither list is
    left for another step, this one being long enough. Raises `WrongState`, `NotFound`.
    """
    _require_running(instance)
    execution = _execution(instance, now, ids)
    done: list[int] = []
    gone: list[int] = []
    for key in keys:
        if execution.unit.steps >= SLICE // 2:
            break
        token = _own_job_token(instance, key)
        if token is None:
            execution.changes.ended_jobs.append(key)
            gone.append(key)
            continue
        _do_job(execution, token)
        execution.unit.ready.append(execution)
        yield from drain(execution.unit)
        done.append(key)
    return execution.unit.finish(execution), done, gone


def _own_job_token(instance: Instance, key: int) -> Token | None:
    token = instance.tokens.get(key)
    return token if token is not None and token.waits_for in (Wait.TIMER, Wait.ASYNC_JOB) else None


def _do_job(execution: Execution, token: Token) -> None:
    if token.waits_for is Wait.TIMER:
        execution.instance.run_length = 0
        firing.fire(execution, token, {})
    else:
        execution.changes.ended_jobs.append(token.key)
        lifecycle.go_on(execution, token, execution.elements[token.element])


def reschedule_timer(instance: Instance, key: int, due: int, now: int) -> Changes:
    """Let a timer be due at another time, in microseconds; a cycle counts on from there.

    Raises `WrongState` (JOB_KIND_UNSUITABLE), `NotFound`.
    """
    token = instance.tokens.get(key)
    if token is None or token.waits_for not in WITH_JOB:
        raise _job_missing(instance, key)
    if token.waits_for is not Wait.TIMER:
        job_id = member_id(instance.id, key)
        raise WrongState(
            "JOB_KIND_UNSUITABLE",
            f"job {job_id} is no timer; only timers have a due date that can be changed",
            metadata={"id": job_id, "kind": token.waits_for.name},
        )
    _require_running(instance)
    execution = _execution(instance, now, new_id)
    token.detail = {**(token.detail or {}), "due": due}
    token.encoded = None
    return execution.unit.finish(execution)


def give_up_job(instance: Instance, key: int, message: str, now: int) -> Changes:
    """Put a job of any kind into the dead letter: raise its incident, unless it has one.

    Raises `WrongState`, `NotFound`.
    """
    token = instance.tokens.get(key)
    if token is None or token.waits_for not in WITH_JOB:
        raise _job_missing(instance, key)
    _require_running(instance)
    execution = _execution(instance, now, new_id)
    if key not in instance.incidents.values():
        _raise_incident(execution, token, INCIDENT_JOB_NO_RETRIES, message)
    return execution.unit.finish(execution)


def revive_job(instance: Instance, key: int, now: int) -> tuple[Changes, bool]:
    """Close the incident of a job of any kind where it has one; say whether it had.

    Raises `WrongState`, `NotFound`.
    """
    token = instance.tokens.get(key)
    if token is None or token.waits_for not in WITH_JOB:
        raise _job_missing(instance, key)
    _require_running(instance)
    execution = _execution(instance, now, new_id)
    incidents = [incident for incident, job in instance.incidents.items() if job == key]
    for incident in incidents:
        execution.changes.ended_incidents.append(incident)
        execution.changes.events.append((INCIDENT_RESOLVED, incident))
        del instance.incidents[incident]
    return execution.unit.finish(execution), bool(incidents)


def trigger(
    instance: Instance, key: int, variables: dict[str, Any], now: int, ids: Callable[[], str] = new_id
) -> Program[Changes]:
    """Let the event come that a token waits for: a message, signal or timer, or a receive task's trigger.

    Raises `WrongState`, `NotFound` (ACTIVITY_NOT_FOUND).
    """
    token = instance.tokens.get(key)
    if token is None or not _can_be_triggered(instance, token):
        activity_id = member_id(instance.id, key)
        raise NotFound(
            "ACTIVITY_NOT_FOUND",
            f"there is no activity {activity_id} that waits for an event",
            metadata={"id": activity_id}
        )
    _require_running(instance)
    instance.run_length = 0
    execution = _execution(instance, now, ids)
    firing.fire(execution, token, variables)
    yield from drain(execution.unit)
    return execution.unit.finish(execution)


def _can_be_triggered(instance: Instance, token: Token) -> bool:
    return token.waits_for in (
        Wait.MESSAGE,
        Wait.SIGNAL,
        Wait.TIMER,
        Wait.CONDITION,
        Wait.VARIABLE,
        Wait.TRIGGER,
    ) or isinstance(instance.definition.process.elements[token.element].spec, ReceiveTaskSpec)


def evaluate_conditions(
    instance: Instance, variables: dict[str, Any], now: int, ids: Callable[[], str] = new_id
) -> Program[tuple[Changes, int]]:
    """Set variables and fire every conditional event whose condition holds; also return how many there were.

    Raises `WrongState`.
    """
    _require_running(instance)
    instance.run_length = 0
    execution = _execution(instance, now, ids)
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
        raise _job_missing(instance, key)
    _require_running(instance)
    element = instance.definition.process.elements[token.element]
    execution = _execution(instance, now, new_id)
    execution.changes.events.append((JOB_FAILED, key, token.job_type, element.id, retries, error_message, error_code))
    if (retries == 0 or error_code) and key not in instance.incidents.values():
        incident_type = INCIDENT_UNHANDLED_ERROR if error_code else INCIDENT_JOB_NO_RETRIES
        message = f"error {error_code} is not caught: {error_message}" if error_code else error_message
        _raise_incident(execution, token, incident_type, message)
    return execution.unit.finish(execution)


def _raise_incident(execution: Execution, token: Token, incident_type: int, message: str) -> None:
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
    execution = _execution(instance, now, ids)
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
            raise _gone(request)
        calls.take_up(execution.unit, caller)


def _gone(request: LoadInstance) -> NotFound:
    return NotFound(
        "PROCESS_INSTANCE_NOT_FOUND",
        f"the calling process instance {request.instance_id} is gone",
        metadata={"id": request.instance_id},
    )


def touch_job(instance: Instance, key: int, now: int) -> Changes:
    """Change nothing of an instance that has this open job. Raises `NotFound`."""
    token = instance.tokens.get(key)
    if token is None or token.waits_for not in WITH_JOB:
        raise _job_missing(instance, key)
    execution = _execution(instance, now, new_id)
    return execution.unit.finish(execution)


def resolve_incident(instance: Instance, key: int, now: int) -> Changes:
    """Close an open incident. Raises `WrongState` where the instance does not run."""
    _require_running(instance)
    execution = _execution(instance, now, new_id)
    execution.changes.ended_incidents.append(key)
    execution.changes.events.append((INCIDENT_RESOLVED, key))
    del instance.incidents[key]
    return execution.unit.finish(execution)


def set_variables(
    instance: Instance, variables: dict[str, Any], now: int, ids: Callable[[], str] = new_id
) -> Program[Changes]:
    """Set variables of the instance's own scope, and run on where that makes a condition hold.

    Raises `WrongState` where it has ended.
    """
    _require_alive(instance)
    execution = _execution(instance, now, ids)
    for name, value in variables.items():
        execution.set_variable(ROOT_SCOPE, name, value)
    if instance.status is Status.RUNNING:
        yield from drain(execution.unit)
    return execution.unit.finish(execution)


def cancel(instance: Instance, reason: str, now: int) -> Program[Changes]:
    """End an instance before its end, with what it has called. Raises `WrongState` where it has ended."""
    _require_alive(instance)
    execution = _execution(instance, now, new_id)
    cancel_instance(execution, reason)
    yield from drain(execution.unit)
    return execution.unit.finish(execution)


def suspend(instance: Instance, now: int) -> Changes:
    """Pause an instance. Raises `WrongState` where it does not run."""
    _require_running(instance)
    execution = _execution(instance, now, new_id)
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
    execution = _execution(instance, now, new_id)
    instance.status = Status.RUNNING
    execution.changes.events.append((INSTANCE_RESUMED,))
    return execution.unit.finish(execution)


def _execution(instance: Instance, now: int, ids: Callable[[], str]) -> Execution:
    return Execution(instance, Unit(now, ids))


def _complete(
    instance: Instance, token: Token, variables: dict[str, Any], now: int, ids: Callable[[], str], complete: Enter
) -> Program[Changes]:
    instance.run_length = 0
    execution = _execution(instance, now, ids)
    scope_key = execution.scope_of(token)
    for name, value in variables.items():
        execution.set_variable(scope_key, name, value)
    complete(execution, token, execution.elements[token.element])
    yield from drain(execution.unit)
    return execution.unit.finish(execution)


def _assign(instance: Instance, token: Token, user: str, now: int) -> Changes:
    execution = _execution(instance, now, new_id)
    if token.assignee != user:
        execution.changes.events.append((USER_TASK_ASSIGNED, token.key, user, token.assignee))
        token.assignee = user
        token.encoded = None
    return execution.unit.finish(execution)


def _user_task_token(instance: Instance, key: int) -> Token:
    token = instance.tokens.get(key)
    if token is not None and token.waits_for is Wait.USER_TASK:
        _require_running(instance)
        return token
    task_id = member_id(instance.id, key)
    if 0 < key < instance.next_key and key not in instance.tokens:
        raise WrongState(
            "USER_TASK_ALREADY_COMPLETED",
            f"user task {task_id} was completed or cancelled already",
            metadata={"id": task_id},
        )
    raise NotFound("USER_TASK_NOT_FOUND", f"there is no user task {task_id}", metadata={"id": task_id})


def _job_token(instance: Instance, key: int) -> Token:
    token = instance.tokens.get(key)
    if token is None or token.waits_for is not Wait.EXTERNAL_JOB:
        raise _job_missing(instance, key)
    _require_running(instance)
    return token


def _job_missing(instance: Instance, key: int) -> NotFound:
    job_id = member_id(instance.id, key)
    return NotFound("JOB_NOT_FOUND", f"there is no open job {job_id}", metadata={"id": job_id})


def _require_running(instance: Instance) -> None:
    if instance.status is not Status.RUNNING:
        raise _not_running(instance)


def _require_alive(instance: Instance) -> None:
    if instance.ended:
        raise _not_running(instance)


def _not_running(instance: Instance) -> WrongState:
    return WrongState(
        "PROCESS_INSTANCE_NOT_RUNNING",
        f"process instance {instance.id} is {instance.status.name.lower()}",
        metadata={"id": instance.id, "status": instance.status.name},
    )
