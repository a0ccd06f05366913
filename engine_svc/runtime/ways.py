"""Where things run in an instance, and how to come from a scope to an element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine_svc.compile.executable import PROCESS_SCOPE, ElementKind, StartSpec, SubProcessSpec
from engine_svc.runtime.execution import Execution
from engine_svc.state.instance import NO_HOST, ROOT_SCOPE, Stage, Token


def tokens_of(execution: Execution, element_id: str) -> list[Token]:
    """Return the tokens that stand for the activities of an element, oldest first.

    Of a multi-instance the body, not its children; of an event behind an event-based gateway the gateway.
    """
    instance = execution.instance
    index = instance.definition.process.by_id.get(element_id)
    if index is None:
        return []
    found: dict[int, Token] = {}
    for token in instance.tokens.values():
        if token.element != index or token.stage is Stage.COMPENSATING:
            continue
        mover = mover_of(execution, token)
        if mover is not None and not _is_child_of(execution, mover, index):
            found[mover.key] = mover
    return [found[key] for key in sorted(found)]


def mover_of(execution: Execution, token: Token) -> Token | None:
    """Return the token that a move takes for a waiting one; None for boundary events and event sub-processes."""
    if token.host == NO_HOST:
        return token
    holder = execution.instance.tokens.get(token.host)
    return holder if holder is not None and holder.stage is Stage.CHOOSING else None


def _is_child_of(execution: Execution, token: Token, index: int) -> bool:
    owner = execution.instance.tokens.get(token.scope_key)
    return owner is not None and owner.stage is Stage.BODY and owner.element == index


def is_body(execution: Execution, scope_key: int) -> bool:
    """Say whether a scope is that of the body of a multi-instance activity or loop."""
    owner = execution.instance.tokens.get(scope_key)
    return owner is not None and owner.stage is Stage.BODY


def _place_of(execution: Execution, scope_key: int) -> int:
    return PROCESS_SCOPE if scope_key == ROOT_SCOPE else execution.instance.tokens[scope_key].element


def contains(execution: Execution, scope_key: int, element: int) -> bool:
    """Say whether an element lies in the sub-process of a scope, at any depth."""
    if is_body(execution, scope_key):
        return False
    place = _place_of(execution, scope_key)
    scope = execution.elements[element].scope
    while scope not in (place, PROCESS_SCOPE):
        scope = execution.elements[scope].scope
    return scope == place


def _path(execution: Execution, scope_key: int, element: int) -> list[int]:
    """The sub-processes between a scope and an element in it, the outermost first."""
    place = _place_of(execution, scope_key)
    found: list[int] = []
    scope = execution.elements[element].scope
    while scope != place:
        found.append(scope)
        scope = execution.elements[scope].scope
    return found[::-1]


def _running(execution: Execution, scope_key: int, sub_process: int) -> list[int]:
    """The scopes of a sub-process that run directly in a scope; of a multi-instance those of its children."""
    instance = execution.instance
    found = []
    for token in instance.tokens.values():
        if token.element != sub_process or token.stage is not Stage.ACTIVE or token.key not in instance.scopes:
            continue
        around = token.scope_key
        if is_body(execution, around) and instance.tokens[around].element == sub_process:
            around = instance.tokens[around].scope_key
        if around == scope_key:
            found.append(token.key)
    return sorted(found)


@dataclass(slots=True)
class Way:
    """How to come from a scope to an element: into this scope, and from there through these sub-processes."""

    scope_key: int
    missing: list[int]
    ambiguous: int = PROCESS_SCOPE
    """A sub-process on the way that runs more than once."""


def way_to(execution: Execution, scope_key: int, element: int) -> Way:
    """Return the way from a scope to an element in it, as far as sub-processes run already."""
    path = _path(execution, scope_key, element)
    while path:
        running = _running(execution, scope_key, path[0])
        if len(running) > 1:
            return Way(scope_key, path, path[0])
        if not running:
            break
        scope_key = running[0]
        path = path[1:]
    return Way(scope_key, path)


def bodies_of(execution: Execution, element: int, ancestor_key: int) -> list[Token]:
    """Return the bodies of a multi-instance element that run in an activity, or in the instance."""
    wrapping = execution.elements[element].wrapping
    if wrapping is None or wrapping.multi_instance is None:
        return []
    scopes = execution.instance.scopes

    def inside(scope_key: int) -> bool:
        while scope_key not in (ancestor_key, ROOT_SCOPE):
            scope_key = scopes[scope_key].parent_key
        return scope_key == ancestor_key

    return [
        token
        for token in execution.instance.tokens.values()
        if token.element == element
        and token.stage is Stage.BODY
        and (token.key == ancestor_key or inside(token.scope_key))
    ]


def base_of(execution: Execution, token: Token, targets: Sequence[int]) -> int:
    """Return the innermost scope around a token that one of the targets lies in."""
    instance = execution.instance
    scope_key = token.scope_key
    if is_body(execution, scope_key):
        scope_key = instance.scopes[scope_key].parent_key
    while scope_key != ROOT_SCOPE and not any(contains(execution, scope_key, target) for target in targets):
        scope_key = instance.scopes[scope_key].parent_key
    return scope_key


def interrupts(execution: Execution, index: int) -> bool:
    """Say whether an element is an event sub-process that interrupts the scope around it."""
    element = execution.elements[index]
    if element.kind is not ElementKind.EVENT_SUB_PROCESS:
        return False
    sub_process = element.spec
    assert isinstance(sub_process, SubProcessSpec)
    start = execution.elements[sub_process.start].spec
    return isinstance(start, StartSpec) and start.interrupting
