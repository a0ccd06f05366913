"""Ends what waits or moves inside an activity or scope before its time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TypeVar

from engine_svc.events.record import ACTIVITY_TERMINATED, INCIDENT_RESOLVED, USER_TASK_TERMINATED
from engine_svc.runtime.behaviors import long_lists, task_endings
from engine_svc.runtime.behaviors.added_tasks import end_parts
from engine_svc.runtime.changes import NewJob, NewSubscription, NewUserTask
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import ROOT_SCOPE, WITH_JOB, WITH_SUBSCRIPTION, Stage, Token, Wait

Row = TypeVar("Row", NewUserTask, NewJob, NewSubscription)


def cancel_activity(execution: Execution, token: Token, reason: str) -> None:
    """End the activity that a token waits in, with everything inside and what waits on its boundary.

    The token stays in its scope and may move.
    """
    scopes = execution.instance.scopes
    if token.key in scopes:
        cancel_content(execution, token.key, reason)
        del scopes[token.key]
    close_companions(execution, token.key, reason)
    terminate(execution, [token], reason)
    forget(execution, token)
    if token in execution.agenda:
        execution.agenda.remove(token)


def cancel_content(execution: Execution, scope_key: int, reason: str) -> None:
    """End everything in a scope, the innermost first. The scope itself stays, empty, and so do its companions."""
    instance = execution.instance
    scopes = instance.scopes
    if not scopes[scope_key].live_tokens:
        return
    gone = {scope_key}
    # A scope is opened after the one around it, and has the greater key.
    for key in sorted(scopes):
        if scopes[key].parent_key in gone and key != ROOT_SCOPE:
            gone.add(key)
    tokens = youngest_first(
        token
        for token in instance.tokens.values()
        if token.scope_key in gone and token.host != scope_key and token.key != scope_key
    )
    terminate(execution, tokens, reason)
    for token in tokens:
        forget(execution, token)
    for place in [place for place in instance.arrivals if place[0] in gone]:
        del instance.arrivals[place]
    for token in execution.agenda.drop(gone):
        _break_off(execution, token, reason)
    for key in gone - {scope_key}:
        del scopes[key]
    scopes[scope_key].live_tokens = 0


def youngest_first(tokens: Iterable[Token]) -> list[Token]:
    """Return waiting tokens in the order in which they end, however the instance was kept: the last one first."""
    return sorted(tokens, key=_key, reverse=True)


def _key(token: Token) -> int:
    return token.key


def close_companions(execution: Execution, host_key: int, reason: str) -> None:
    """End what waits on behalf of an activity or scope."""
    companions = execution.instance.hosted.get(host_key)
    if companions:
        waiting = list(companions)
        terminate(execution, waiting, reason)
        for token in waiting:
            forget(execution, token)


def terminate(execution: Execution, tokens: Iterable[Token], reason: str) -> None:
    """Record that the activities of waiting tokens end before their time, with their tasks, jobs and incidents."""
    changes = execution.changes
    jobs: set[int] = set()
    for token in tokens:
        element = execution.elements[token.element]
        if token.waits_for is Wait.USER_TASK:
            # What this very step made is not in the database yet.
            if not _withdraw(changes.new_user_tasks, token.key):
                changes.ended_user_tasks.append(token.key)
            end_parts(execution, token.key, reason)
            task_endings.deleted(execution, token, element)
            changes.events.append((USER_TASK_TERMINATED, token.key, reason))
        elif token.stage is Stage.TASK_COMPLETING:
            task_endings.deleted(execution, token, element)
            changes.events.append((USER_TASK_TERMINATED, token.key, reason))
        elif token.waits_for is Wait.CALL:
            assert token.detail is not None
            execution.unit.cancelled_calls.append((token.detail["called"], reason))
            halt(execution, token.detail["called"], reason)
        drop_rows(execution, token)
        if token.waits_for in WITH_JOB:
            jobs.add(token.key)
        if execution.is_shown(token):
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
                    execution.flow_id(token),
                )
            )
    end_incidents(execution, jobs)


def halt(execution: Execution, instance_id: str, reason: str) -> None:
    """Let nothing move any more in a called instance that is about to be ended, nor in what it has called.

    It ends when all else has moved; what it was about to do must not happen before.
    """
    called = execution.unit.executions.get(instance_id)
    if called is not None:
        for token in called.agenda:
            _break_off(called, token, reason)
        called.agenda.clear()
        for token in called.instance.tokens.values():
            if token.waits_for is Wait.CALL and token.detail is not None:
                halt(called, token.detail["called"], reason)


def _break_off(execution: Execution, token: Token, reason: str) -> None:
    if token.stage is Stage.COMPLETING and not token.key:
        # It had begun, and was about to be left.
        execution.record_break(token, execution.elements[token.element], reason)


def drop_rows(execution: Execution, token: Token) -> None:
    """Drop the job or subscription that a waiting token has."""
    changes = execution.changes
    if token.waits_for in WITH_JOB:
        if not _withdraw(changes.new_jobs, token.key):
            changes.ended_jobs.append(token.key)
    elif token.waits_for in WITH_SUBSCRIPTION and not _withdraw(changes.new_subscriptions, token.key):
        changes.ended_subscriptions.append(token.key)


def end_incidents(execution: Execution, jobs: Collection[int]) -> None:
    """Close the incidents of jobs that are no more."""
    incidents = execution.instance.incidents
    if not incidents:
        return
    for key in [key for key, job in incidents.items() if job in jobs]:
        del incidents[key]
        execution.changes.ended_incidents.append(key)
        execution.changes.events.append((INCIDENT_RESOLVED, key))


def forget(execution: Execution, token: Token) -> None:
    """Take a token whose activity was ended out of the state."""
    if token.stage is Stage.FIRING and token in execution.agenda:
        execution.agenda.remove(token)
    instance = execution.instance
    instance.remove_waiting(token)
    if instance.pages and token.detail:
        long_lists.drop_all(instance, token.detail)
    execution.release(token)


def _withdraw(rows: list[Row], key: int) -> bool:
    for position, row in enumerate(rows):
        if row.key == key:
            del rows[position]
            return True
    return False
