"""Inclusive gateway (BPMN 2.0 section 13.4.3)."""

from __future__ import annotations

from engine_svc.compile.executable import Element, ElementKind
from engine_svc.runtime.behaviors import joins
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import NO_HOST, Stage, Token


def enter(execution: Execution, token: Token, element: Element) -> None:
    """Fork at once, or wait: whether a join may leave is decided when nothing else moves."""
    if len(element.incoming) <= 1:
        execution.complete(token, element)
    else:
        joins.arrive(execution, token)


def release(execution: Execution) -> bool:
    """Let one waiting join leave that no other token of its scope can add to; say whether there was one.

    The rule of the standard: the join waits for a token elsewhere in the scope that can reach an incoming flow
    which has no token, without passing the join, unless it can also reach one that has a token.
    """
    # By age, so that an instance goes on in the same way whether it was kept in memory or loaded.
    waiting = sorted(execution.instance.arrivals.items(), key=_oldest)
    for (scope_key, index), arrivals in waiting:
        element = execution.elements[index]
        if element.kind is ElementKind.INCLUSIVE_GATEWAY and not _must_wait(execution, scope_key, element, arrivals):
            execution.complete(joins.merge(execution, element, arrivals), element)
            return True
    return False


def _oldest(entry: tuple[tuple[int, int], list[Token]]) -> int:
    return entry[1][0].key


def _must_wait(execution: Execution, scope_key: int, element: Element, arrivals: list[Token]) -> bool:
    filled = {arrival.flow for arrival in arrivals}
    empty = [flow.index for flow in element.incoming if flow.index not in filled]
    if not empty:
        return False
    reaches = element.reaches_flow
    for token in execution.instance.tokens.values():
        if token.scope_key != scope_key or token.host != NO_HOST:
            continue
        if token.element == element.index:
            # In front of the gateway, for an asynchronous job or a listener of the flow.
            if token.stage in (Stage.BEFORE, Stage.TAKING) and token.flow in empty:
                return True
        elif any(token.element in reaches[flow] for flow in empty) and not any(
            token.element in reaches[flow] for flow in filled
        ):
            return True
    return False
