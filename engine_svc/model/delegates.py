"""Which expressions call into a program of the user, and so become work for an external worker."""

from __future__ import annotations

from engine_svc.expressions import ExpressionSyntaxError
from engine_svc.expressions.hosts import HOSTS
from engine_svc.expressions.methods import METHODS_BY_TYPE
from engine_svc.expressions.nodes import Index, MethodCall, Node, Property, Variable, children
from engine_svc.expressions.template import parse_template

_ENGINE_OBJECTS = frozenset(
    {*HOSTS, "execution", "task", "variables", "vars", "var", "date", "now", "dateTime", "loopCounter"}
)
_VALUE_METHODS = frozenset(name for methods in METHODS_BY_TYPE.values() for name in methods)


def calls_a_bean(text: str) -> bool:
    """Tell whether an expression calls a method that no value has, on a name the engine does not know.

    Such a name stands for a bean of a Java program. A text that is no valid expression is none.
    """
    try:
        parts = parse_template(text).parts
    except ExpressionSyntaxError:
        return False
    pending: list[Node] = [part for part in parts if not isinstance(part, str)]
    while pending:
        node = pending.pop()
        pending.extend(children(node))
        if isinstance(node, MethodCall) and node.name not in _VALUE_METHODS:
            root = _root(node)
            if isinstance(root, Variable) and root.name not in _ENGINE_OBJECTS:
                return True
    return False


def _root(node: Node) -> Node:
    while isinstance(node, MethodCall | Property | Index):
        node = node.owner
    return node
