"""Ends what waits or moves inside an activity or scope before its time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeVar

from engine_svc.compile.executable import ElementKind
from engine_svc.events.record import ACTIVITY_TERMINATED, INCIDENT_RESOLVED, USER_TASK_TERMINATED
from engine_svc.runtime.behaviors.added_tasks import end_parts
from engine_svc.runtime.changes import NewJob, NewUserTask
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import ROOT_SCOPE, Token

Row = TypeVar("Row", NewUserTask, NewJob)


def cancel_activity(execution: Execution, token: Token, reason: str) -> None:
    """End the activity that a token waits in, with everything inside. The token stays in its scope and may move."""
    scopes = execution.instance.scopes
    if token.key in scopes:
        cancel_content(execution, token.key, reason)
        del scopes[token.key]
    terminate(execution, [token], reason)
    _forget(execution, token)


def cancel_content(execution: Execution, scope_key: int, reason: str) -> None:
    """End everything in a scope, the innermost first. The scope itself stays, empty."""
    instance = execution.instance
    scopes = instance.scopes
    gone = {scope_key}
    # A scope is opened after the one around it.
    for key, scope in scopes.items():
        if scope.parent_key in gone and key != ROOT_SCOPE:
            gone.add(key)
    tokens = [token for token in reversed(instance.tokens.values()) if token.scope_key in gone]
    terminate(execution, tokens, reason)
    for token in tokens:
        _forget(execution, token)
    for place in [place for place in instance.arrivals if place[0] in gone]:
        del instance.arrivals[place]
    # In place: the step is going through it.
    moving = [token for token in execution.agenda if token.scope_key not in gone]
    execution.agenda.clear()
    execution.agenda.extend(moving)
    for key in gone - {scope_key}:
        del scopes[key]
    scopes[scope_key].live_tokens = 0


def terminate(execution: Execution, tokens: Iterable[Token], reason: str) -> None:
    """Record that the activities of waiting tokens end before their time, with their tasks, jobs and incidents."""
    instance = execution.instance
    changes = execution.changes
    jobs: set[int] = set()
    for token in tokens:
        element = execution.elements[token.element]
        if element.kind is ElementKind.USER_TASK:
            # What this very step made is not in the database yet.
            if not _withdraw(changes.new_user_tasks, token.key):
                changes.ended_user_tasks.append(token.key)
            end_parts(execution, token.key, reason)
            changes.events.append((USER_TASK_TERMINATED, token.key, reason))
        elif element.kind is ElementKind.EXTERNAL_TASK:
            if not _withdraw(changes.new_jobs, token.key):
                changes.ended_jobs.append(token.key)
            jobs.add(token.key)
        # Of the tokens that wait at one join only the oldest stands for the activity.
        arrivals = instance.arrivals.get((token.scope_key, token.element))
        if arrivals is None or arrivals[0] is token:
            changes.events.append(
                (
                    ACTIVITY_TERMINATED,
                    token.key,
                    element.id,
                    element.name,
                    element.bpmn_type,
                    token.scope_key,
                    token.start_micros,
                    reason,
                )
            )
    _end_incidents(execution, jobs)


def _end_incidents(execution: Execution, jobs: Collection[int]) -> None:
    incidents = execution.instance.incidents
    for key in [key for key, job in incidents.items() if job in jobs]:
        del incidents[key]
        execution.changes.ended_incidents.append(key)
        execution.changes.events.append((INCIDENT_RESOLVED, key))


def _withdraw(rows: list[Row], key: int) -> bool:
    for position, row in enumerate(rows):
        if row.key == key:
            del rows[position]
            return True
    return False


def _forget(execution: Execution, token: Token) -> None:
    del execution.instance.tokens[token.key]
    token.key = 0
    token.assignee = ""
    token.job_type = ""
