"""The variables of a waiting instance as they are seen from one of its activities."""

from __future__ import annotations

from typing import Any

from engine_svc.state.instance import HIDDEN, NO_HOST, ROOT_SCOPE, Instance, Scope
from engine_svc.state.snapshot import JOINS


def sees_variables(instance: Instance, key: int) -> bool:
    """Say whether a key names something that sees variables: the instance (`ROOT_SCOPE`), or a running activity.

    What waits on behalf of another activity, and what waits at a join, is none: nothing would end a scope of it.
    """
    if key in instance.scopes:
        return key == ROOT_SCOPE or key in instance.tokens
    token = instance.tokens.get(key)
    return (
        token is not None
        and token.host == NO_HOST
        and token.stage not in HIDDEN
        and instance.definition.process.elements[token.element].kind not in JOINS
    )


def visible_variables(instance: Instance, key: int, *, local: bool) -> dict[str, Any]:
    """Return the variables that are visible from the activity of a key, or its own alone."""
    scopes = instance.scopes
    own = scopes.get(key)
    if local:
        return dict(own.variables) if own is not None else {}
    visible: dict[str, Any] = {}
    for scope in reversed(_around(instance, own or scopes[instance.tokens[key].scope_key])):
        visible.update(scope.variables)
    return visible


def _around(instance: Instance, scope: Scope) -> list[Scope]:
    chain = [scope]
    while scope.key != ROOT_SCOPE:
        scope = instance.scopes[scope.parent_key]
        chain.append(scope)
    return chain
