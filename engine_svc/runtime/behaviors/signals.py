"""Signals within the instances of a step; whoever else waits for one is told after the commit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from engine_svc.runtime.behaviors.event_parameters import receive
from engine_svc.runtime.behaviors.firing import plan
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import Wait


def deliver(execution: Execution, name: str, variables: Mapping[str, Any]) -> int:
    """Fire every event of an instance that waits for a signal; return how many there were."""
    instance = execution.instance
    keys = [
        token.key
        for token in instance.tokens.values()
        if token.waits_for is Wait.SIGNAL and token.detail is not None and token.detail["name"] == name
    ]
    return deliver_to(execution, name, keys, variables)


def deliver_to(execution: Execution, name: str, keys: Iterable[int], variables: Mapping[str, Any]) -> int:
    """Fire the events of these tokens that wait for a signal; return how many did."""
    instance = execution.instance
    fired = 0
    for key in keys:
        token = instance.tokens.get(key)
        if token is None or token.waits_for is not Wait.SIGNAL or token.detail is None:
            continue
        if token.detail["name"] == name:
            receive(execution, token.scope_key, execution.elements[token.element], variables)
            plan(execution, token)
            fired += 1
    return fired
