"""The commands on an instance. Each is pure: no I/O, no clock, no ids of its own.

A command that raises may leave the instance changed in part; the caller drops it and loads it again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine_svc.compile.executable import Element, ElementKind, StartSpec
from engine_svc.events.record import (
    INCIDENT_RAISED,
    INCIDENT_RESOLVED,
    INSTANCE_RESUMED,
    INSTANCE_STARTED,
    INSTANCE_SUSPENDED,
    INSTANCE_TERMINATED,
    JOB_FAILED,
)
from engine_svc.runtime.behaviors.cancellation import terminate
from engine_svc.runtime.behaviors.errors import BpmnError, throw_from_activity
from engine_svc.runtime.changes import Changes, NewIncident
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.processors import (
    error_end_event,
    events,
    exclusive_gateway,
    expression_task,
    external_task,
    inclusive_gateway,
    parallel_gateway,
    pass_through_task,
    sub_process,
    terminate_end_event,
    user_task,
)
from engine_svc.runtime.processors.user_task import Completion
from engine_svc.state.definition import Definition
from engine_svc.state.instance import ROOT_SCOPE, Instance, Status, Token
from mesh.errors import NotFound, WrongState
from mesh.ids import member_id

STEP_LIMIT = 10_000
"""Elements that one command may run through without a wait, beyond once through all elements of the model."""

Enter = Callable[[Execution, Token, Element], None]

_PLAIN_COMPLETION = Completion()

ENTER: dict[ElementKind, Enter] = {
    ElementKind.NONE_START_EVENT: events.enter_start_event,
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
    ElementKind.BOUNDARY_ERROR_EVENT: events.enter_boundary_event,
    ElementKind.EVENT_SUB_PROCESS: sub_process.enter,
    ElementKind.ERROR_START_EVENT: events.enter_start_event,
}

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
) -> tuple[Instance, Changes]:
    """Start an instance and run it until every token waits. `now` in microseconds since the Unix epoch.

    Raises `WrongState` (BPMN_ERROR_NOT_CAUGHT, EXPRESSION_FAILED, NO_OUTGOING_FLOW, STEP_LIMIT_EXCEEDED).
    """
    instance = Instance(instance_id, definition, tenant_id=tenant_id, business_key=business_key, start_micros=now)
    execution = Execution(instance, now)
    process = definition.process
    spec = process.elements[process.start].spec
    if isinstance(spec, StartSpec) and spec.initiator_variable and initiator:
        variables = {spec.initiator_variable: initiator, **variables}
    execution.open_scope(ROOT_SCOPE, ROOT_SCOPE, variables)
    # The event shows the variables as they were given, whatever the step makes of them.
    execution.changes.events.append((INSTANCE_STARTED, initiator, dict(variables)))
    execution.start_token(ROOT_SCOPE, process.start)
    _drain(execution)
    return instance, execution.finish()


def complete_user_task(
    instance: Instance, key: int, variables: dict[str, Any], now: int, completion: Completion = _PLAIN_COMPLETION
) -> Changes:
    """Complete a user task and run on. Raises `WrongState`, `NotFound`."""
    token = user_task_token(instance, key)

    def complete(execution: Execution, token: Token, element: Element) -> None:
        user_task.complete(execution, token, element, completion)

    return _complete(instance, token, variables, now, complete)


def complete_job(instance: Instance, key: int, variables: dict[str, Any], now: int) -> Changes:
    """Complete an external worker's job and run on. Raises `WrongState`, `NotFound`."""
    return _complete(instance, _job_token(instance, key), variables, now, external_task.complete)


def fail_job(instance: Instance, key: int, *, retries: int, error_message: str, error_code: str, now: int) -> Changes:
    """Note a failed attempt; without retries left, or with a BPMN error code, raise an incident.

    Raises `WrongState`, `NotFound`.
    """
    token = _job_token(instance, key)
    element = instance.definition.process.elements[token.element]
    execution = Execution(instance, now)
    execution.changes.events.append((JOB_FAILED, key, token.job_type, element.id, retries, error_message, error_code))
    if retries == 0 or error_code:
        incident_type = INCIDENT_UNHANDLED_ERROR if error_code else INCIDENT_JOB_NO_RETRIES
        message = f"error {error_code} is not caught: {error_message}" if error_code else error_message
        incident = NewIncident(execution.new_key(), incident_type, element.id, key, message)
        execution.changes.new_incidents.append(incident)
        execution.changes.events.append(
            (INCIDENT_RAISED, incident.key, INCIDENT_NAMES[incident_type], element.id, key, message)
        )
        instance.incidents[incident.key] = key
    return execution.finish()


def throw_job_error(instance: Instance, key: int, error: BpmnError, *, retries: int, now: int) -> tuple[Changes, bool]:
    """Throw a BPMN error at a job's element and run on; where nothing catches it, raise an incident.

    Says whether it was caught: then the job has ended. `retries`: how many are left, for the record of the attempt.
    Raises `WrongState`, `NotFound`.
    """
    token = _job_token(instance, key)
    execution = Execution(instance, now)
    element = execution.elements[token.element]
    execution.changes.events.append((JOB_FAILED, key, token.job_type, element.id, retries, error.message, error.code))
    if not throw_from_activity(execution, token, error):
        changes = fail_job(instance, key, retries=retries, error_message=error.message, error_code=error.code, now=now)
        return changes, False
    _drain(execution)
    return execution.finish(), True


def touch_job(instance: Instance, key: int, now: int) -> Changes:
    """Change nothing of an instance that has this open job. Raises `NotFound`."""
    if _token(instance, key, ElementKind.EXTERNAL_TASK) is None:
        raise _job_missing(instance, key)
    return Execution(instance, now).finish()


def resolve_incident(instance: Instance, key: int, now: int) -> Changes:
    """Close an open incident. Raises `WrongState` where the instance does not run."""
    require_running(instance)
    execution = Execution(instance, now)
    execution.changes.ended_incidents.append(key)
    execution.changes.events.append((INCIDENT_RESOLVED, key))
    del instance.incidents[key]
    return execution.finish()


def set_variables(instance: Instance, variables: dict[str, Any], now: int) -> Changes:
    """Set variables of the instance's own scope. Raises `WrongState` where it has ended."""
    require_alive(instance)
    execution = Execution(instance, now)
    for name, value in variables.items():
        execution.set_variable(ROOT_SCOPE, name, value)
    return execution.finish()


def cancel(instance: Instance, reason: str, now: int) -> Changes:
    """End an instance before its end. Raises `WrongState` where it has ended."""
    require_alive(instance)
    execution = Execution(instance, now)
    terminate(execution, reversed(instance.tokens.values()), reason)
    execution.changes.events.append((INSTANCE_TERMINATED, instance.start_micros, reason))
    instance.tokens.clear()
    instance.arrivals.clear()
    instance.scopes.clear()
    instance.status = Status.TERMINATED
    instance.end_micros = now
    instance.incidents.clear()
    return execution.finish()


def suspend(instance: Instance, now: int) -> Changes:
    """Pause an instance. Raises `WrongState` where it does not run."""
    require_running(instance)
    execution = Execution(instance, now)
    instance.status = Status.PAUSED
    execution.changes.events.append((INSTANCE_SUSPENDED,))
    return execution.finish()


def resume(instance: Instance, now: int) -> Changes:
    """Let a paused instance go on. Raises `WrongState` where it is not paused."""
    if instance.status is not Status.PAUSED:
        raise WrongState(
            "PROCESS_INSTANCE_NOT_PAUSED",
            f"the process instance is {instance.status.name.lower()}, not paused",
            metadata={"id": instance.id, "status": instance.status.name},
        )
    execution = Execution(instance, now)
    instance.status = Status.RUNNING
    execution.changes.events.append((INSTANCE_RESUMED,))
    return execution.finish()


def _complete(instance: Instance, token: Token, variables: dict[str, Any], now: int, complete: Enter) -> Changes:
    execution = Execution(instance, now)
    for name, value in variables.items():
        execution.set_variable(token.scope_key, name, value)
    complete(execution, token, execution.elements[token.element])
    _drain(execution)
    return execution.finish()


def _drain(execution: Execution) -> None:
    agenda = execution.agenda
    elements = execution.elements
    limit = STEP_LIMIT + len(elements)
    steps = 0
    while True:
        while agenda:
            token = agenda.popleft()
            element = elements[token.element]
            steps += 1
            if steps > limit:
                raise WrongState(
                    "STEP_LIMIT_EXCEEDED",
                    f"more than {limit} elements without a wait, the last one {element.id}: does the model loop?",
                    metadata={"element_id": element.id, "limit": str(limit)},
                )
            ENTER[element.kind](execution, token, element)
        # Whether an inclusive join may leave is known only when nothing else moves.
        if not execution.instance.arrivals or not inclusive_gateway.release(execution):
            return


def user_task_token(instance: Instance, key: int) -> Token:
    """Return the token that waits in an open user task. Raises `NotFound`, `WrongState`."""
    token = _token(instance, key, ElementKind.USER_TASK)
    if token is not None:
        require_running(instance)
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
    token = _token(instance, key, ElementKind.EXTERNAL_TASK)
    if token is None:
        raise _job_missing(instance, key)
    require_running(instance)
    return token


def _job_missing(instance: Instance, key: int) -> NotFound:
    job_id = member_id(instance.id, key)
    return NotFound("JOB_NOT_FOUND", f"there is no open job {job_id}", metadata={"id": job_id})


def _token(instance: Instance, key: int, kind: ElementKind) -> Token | None:
    token = instance.tokens.get(key)
    if token is None or instance.definition.process.elements[token.element].kind is not kind:
        return None
    return token


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
