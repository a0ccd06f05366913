"""The commands on timers and asynchronous jobs, and those of operators on jobs of any kind."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Any, Final

from engine_svc.events.record import INCIDENT_RESOLVED
from engine_svc.runtime import step
from engine_svc.runtime.behaviors import external_jobs
from engine_svc.runtime.changes import Changes
from engine_svc.runtime.drain import SLICE, drain
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import Program
from engine_svc.runtime.step import (
    INCIDENT_JOB_NO_RETRIES,
    OWN_JOBS,
    do_job,
    execution_of,
    job_missing,
    raise_incident,
    require_running,
)
from engine_svc.state.instance import WITH_JOB, Instance, Token, Wait
from mesh.errors import WrongState
from mesh.ids import member_id, new_id

NO_RESULT: Final = object()
"""A worker that gives no result; None is one."""


class Failed(enum.Enum):
    """What a worker's failure led to."""

    NOTED = enum.auto()
    """An attempt less."""
    CAUGHT = enum.auto()
    """A BPMN error that something caught: the job is gone."""
    UNCAUGHT = enum.auto()
    """A BPMN error that nothing caught: the job is held, with an incident."""


def run_jobs(
    instance: Instance, keys: Sequence[int], now: int, ids: Callable[[], str] = new_id
) -> Program[tuple[Changes, list[int], list[int]]]:
    """Do several timers' or asynchronous jobs, each as if it were alone, in one step.

    Also return the keys of those done, and of those that nothing waits for (any more). What is in neither list is
    left for another step, this one being long enough. Raises `WrongState`, `NotFound`.
    """
    require_running(instance)
    execution = execution_of(instance, now, ids)
    done: list[int] = []
    gone: list[int] = []
    for key in keys:
        if execution.unit.steps >= SLICE // 2:
            break
        token = instance.tokens.get(key)
        if token is None or token.waits_for not in OWN_JOBS:
            execution.changes.ended_jobs.append(key)
            gone.append(key)
            continue
        do_job(execution, token)
        yield from drain(execution.unit)
        done.append(key)
    return execution.unit.finish(execution), done, gone


def reschedule_timer(instance: Instance, key: int, due: int, now: int) -> Changes:
    """Let a timer be due at another time, in microseconds; a cycle counts on from there.

    Raises `WrongState` (JOB_KIND_UNSUITABLE), `NotFound`.
    """
    execution, token = _with_job(instance, key, now)
    if token.waits_for is not Wait.TIMER:
        job_id = member_id(instance.id, key)
        raise WrongState(
            "JOB_KIND_UNSUITABLE",
            f"job {job_id} is no timer; only timers have a due date that can be changed",
            metadata={"id": job_id, "kind": token.waits_for.name},
        )
    token.detail = {**(token.detail or {}), "due": due}
    token.encoded = None
    return execution.unit.finish(execution)


def give_up_job(instance: Instance, key: int, message: str, now: int) -> Changes:
    """Put a job of any kind into the dead letter: raise its incident, unless it has one.

    Raises `WrongState`, `NotFound`.
    """
    execution, token = _with_job(instance, key, now)
    if key not in instance.incidents.values():
        raise_incident(execution, token, INCIDENT_JOB_NO_RETRIES, message)
    return execution.unit.finish(execution)


def revive_job(instance: Instance, key: int, now: int) -> tuple[Changes, bool]:
    """Close the incident of a job of any kind where it has one; say whether it had.

    Raises `WrongState`, `NotFound`.
    """
    execution, _ = _with_job(instance, key, now)
    incidents = [incident for incident, job in instance.incidents.items() if job == key]
    for incident in incidents:
        execution.changes.ended_incidents.append(incident)
        execution.changes.events.append((INCIDENT_RESOLVED, incident))
        del instance.incidents[incident]
    return execution.unit.finish(execution), bool(incidents)


def complete_external_job(
    instance: Instance,
    key: int,
    variables: dict[str, Any],
    result: object,
    now: int,
    ids: Callable[[], str] = new_id,
) -> Program[Changes]:
    """Complete an external worker's job and run on; `result` is `NO_RESULT` where the worker gave none.

    Raises `WrongState`, `NotFound`.
    """
    token = instance.tokens.get(key)
    if token is not None and result is not NO_RESULT:
        element = instance.definition.process.elements[token.element]
        variables = {**variables, **external_jobs.named_result(token, element, result)}
    return (yield from step.complete_job(instance, key, variables, now, ids))


def fail_external_job(
    instance: Instance,
    key: int,
    *,
    retries: int,
    error_message: str,
    error_code: str,
    now: int,
    ids: Callable[[], str] = new_id,
) -> Program[tuple[Changes, Failed]]:
    """Note a worker's failed attempt, or throw the BPMN error that the model maps it to.

    Raises `WrongState`, `NotFound`.
    """
    execution, token = _with_job(instance, key, now)
    if token.waits_for is not Wait.EXTERNAL_JOB:
        raise job_missing(instance, key)
    element = execution.elements[token.element]
    error = external_jobs.mapped_error(execution, token, element, error_code, error_message)
    if error is None:
        changes = step.fail_job(instance, key, retries=retries, error_message=error_message, error_code="", now=now)
        return changes, Failed.NOTED
    changes, caught = yield from step.throw_job_error(instance, key, error, retries=retries, now=now, ids=ids)
    return changes, Failed.CAUGHT if caught else Failed.UNCAUGHT


def _with_job(instance: Instance, key: int, now: int) -> tuple[Execution, Token]:
    token = instance.tokens.get(key)
    if token is None or token.waits_for not in WITH_JOB:
        raise job_missing(instance, key)
    require_running(instance)
    return execution_of(instance, now), token
