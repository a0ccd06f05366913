"""Tokens that wait for others at a gateway. A join takes one token of each flow; more of one flow stay.

Each token that arrives is an activity of its own, as in Flowable's history.
"""

from __future__ import annotations

from engine_svc.compile.executable import Element
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Token


def arrive(execution: Execution, token: Token) -> list[Token]:
    """Let a token wait at its join; return all that wait there in this scope, oldest first."""
    arrivals = execution.instance.arrivals.setdefault((token.scope_key, token.element), [])
    arrivals.append(token)
    execution.wait(token)
    return arrivals


def merge(execution: Execution, element: Element, arrivals: list[Token]) -> Token:
    """Merge the oldest token of each flow into one, which still waits but is ready to be completed."""
    instance = execution.instance
    scope_key = arrivals[0].scope_key
    merged: dict[int, Token] = {}
    remaining: list[Token] = []
    for token in arrivals:
        if token.flow in merged:
            remaining.append(token)
        else:
            merged[token.flow] = token
    survivor = arrivals[0]
    for token in merged.values():
        if token is not survivor:
            execution.end_wait(token, element)
    instance.scopes[scope_key].live_tokens -= len(merged) - 1
    if remaining:
        instance.arrivals[(scope_key, element.index)] = remaining
    else:
        del instance.arrivals[(scope_key, element.index)]
    return survivor
