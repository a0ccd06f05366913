"""Timers of catch events: when they are due, and whether they come again."""

from __future__ import annotations

from engine_svc.compile.executable import Element, TimerTrigger
from engine_svc.expressions.timers import Cycle, InvalidTimer, due_date
from engine_svc.runtime.behaviors import triggers
from engine_svc.runtime.changes import JobKind, NewJob
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token, Wait

TRIES = 3


def schedule(execution: Execution, token: Token, element: Element, trigger: TimerTrigger, scope_key: int) -> None:
    """Make the job of a timer that a token waits for. Raises `WrongState` (EXPRESSION_FAILED)."""
    text = triggers.evaluate(execution, element, trigger.text, scope_key)
    end = triggers.evaluate(execution, element, trigger.end_date, scope_key) if trigger.end_date else None
    try:
        if trigger.kind == "cycle":
            cycle = Cycle.parse(text, execution.now, end or None)
            due = cycle.first()
            token.detail = {**(token.detail or {}), "cycle": cycle.to_dict(), "fired": 0, "due": due}
        else:
            due = due_date(text, execution.now)
            token.detail = {**(token.detail or {}), "due": due}
    except InvalidTimer as error:
        raise triggers.failed(element, str(error)) from error
    _add_job(execution, token, element, due)


def schedule_next(execution: Execution, token: Token, element: Element) -> None:
    """Make the next job of a timer that has just fired and whose job is dropped, where it recurs."""
    detail = token.detail or {}
    due = None
    if "cycle" in detail:
        fired = detail["fired"] + 1
        due = Cycle.from_dict(detail["cycle"]).next(detail["due"], fired, execution.now)
        token.detail = {**detail, "fired": fired, "due": due}
    _add_job(execution, token, element, due)


def _add_job(execution: Execution, token: Token, element: Element, due: int | None) -> None:
    token.encoded = None
    if due is None:
        # It stays, as part of its activity, but nothing will come any more.
        token.waits_for = Wait.NOTHING
        return
    execution.changes.new_jobs.append(
        NewJob(token.key, element.id, "", TRIES, 0, {}, {}, kind=JobKind.TIMER, due_micros=due)
    )
