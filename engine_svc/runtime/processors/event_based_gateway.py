"""Event-based gateway (BPMN 2.0 section 10.6.6): the first of its events wins."""

from __future__ import annotations

from engine_svc.compile.executable import Element
from engine_svc.runtime.behaviors import companions
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Stage, Token

_TURNS = "turns"
_AWAY = 3
"""Turns of a token that leaves the gateway, takes a flow and enters the event behind it."""


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Pass the gateway; the events behind it wait as soon as tokens on its flows would have come to them."""
    execution.over(token, element)
    token.stage = Stage.CHOOSING
    execution.wait(token)
    token.detail = {_TURNS: _AWAY}
    execution.agenda.append(token)


def choose(execution: Execution, token: Token, element: Element) -> None:
    """Let every event behind the gateway wait, when the time has come. Raises `WrongState`."""
    assert token.detail is not None
    left = token.detail[_TURNS] - 1
    if left:
        token.detail = {_TURNS: left}
        execution.agenda.append(token)
    else:
        token.detail = None
        companions.open_choice(execution, token, element)
