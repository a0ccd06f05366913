"""Execution listeners: expressions at once, scripts in the sandbox, and external jobs that the token waits for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine_svc.compile.executable import Element, ListenerSpec
from engine_svc.runtime.behaviors import scripts
from engine_svc.runtime.behaviors.external_jobs import make_job
from engine_svc.runtime.execution import Execution
from engine_svc.runtime.requests import Request
from engine_svc.state.instance import Token


class Paused:
    """The token waits for a listener's job."""


PAUSED = Paused()


def run_listeners(
    execution: Execution, token: Token, element: Element, listeners: Sequence[ListenerSpec]
) -> Request | Paused | None:
    """Call the listeners that a token has not called yet; None once all of them are done.

    A request, once answered, puts the token back on the agenda, to go on behind the script.
    """
    detail: dict[str, Any] = token.detail or {}
    position = detail.get("listener", 0)
    while position < len(listeners):
        listener = listeners[position]
        position += 1
        if listener.expression is not None:
            execution.evaluate(listener.expression, token, element, event=listener.event)
            continue
        token.detail = {**(token.detail or {}), "listener": position}
        token.encoded = None
        if listener.script is not None:
            return scripts.run(
                execution,
                token,
                element,
                listener.script,
                "",
                event=listener.event,
                then=lambda: execution.agenda.appendleft(token),
            )
        assert listener.work is not None
        make_job(execution, token, element, listener.work)
        return PAUSED
    if "listener" in detail or (token.detail and "listener" in token.detail):
        token.detail = {name: value for name, value in (token.detail or {}).items() if name != "listener"} or None
        token.encoded = None
    return None
