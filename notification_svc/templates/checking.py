"""Whether a template is within the language, and uses only what its event gives."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError

from notification_svc.templates.environment import LOOP_PARTS, environment
from notification_svc.templates.faults import TemplateFault
from notification_svc.templates.filters import ALL_TESTS, FILTER_NAMES
from notification_svc.templates.template import RenderLimits
from notification_svc.templates.variables import Kind, Variable

_MOST_FAULTS = 20
_ALLOWED: Final = (
    *(nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Const, nodes.List, nodes.Tuple),
    *(nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Getattr, nodes.Getitem, nodes.Slice, nodes.Keyword),
    *(nodes.Compare, nodes.Operand, nodes.And, nodes.Or, nodes.Not, nodes.Neg, nodes.Pos),
    *(nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Concat),
    *(nodes.For, nodes.If, nodes.Assign),
)
_REFUSED: Final[Mapping[type[nodes.Node], str]] = {
    nodes.Include: "{% include %} is not there: a template stands for itself",
    nodes.Import: "{% import %} is not there: a template stands for itself",
    nodes.FromImport: "{% import %} is not there: a template stands for itself",
    nodes.Extends: "{% extends %} is not there: a template stands for itself",
    nodes.Block: "{% block %} is not there: a template stands for itself",
    nodes.Macro: "{% macro %} is not there",
    nodes.CallBlock: "{% call %} is not there",
    nodes.FilterBlock: "{% filter %} is not there: put the filter behind each value",
    nodes.AssignBlock: "{% set %} takes a value here, no block",
    nodes.With: "{% with %} is not there: use {% set %}",
    nodes.ScopedEvalContextModifier: "{% autoescape %} is not there: HTML is always escaped",
    nodes.Call: "nothing can be called: there are filters, with |",
    nodes.Mod: "% is not there: texts are joined with ~",
    nodes.Pow: "** is not there",
    nodes.Dict: "{…} is not there: only variables have fields",
    nodes.NSRef: "{% set %} takes a name without a dot",
}
_LOOP: Final = Variable("loop", Kind.OBJECT, "", parts=tuple(Variable(each, Kind.NUMBER, "") for each in LOOP_PARTS))
_UNKNOWN: Final = Variable("", Kind.TEXT, "")
"""Stands for what was calculated: nothing is known of it, and nothing is said."""

_Scope = dict[str, Variable]


def parsed(source: str, part: str, limits: RenderLimits, *, html: bool) -> tuple[nodes.Template | None, TemplateFault]:
    """Read a template. Return nothing and the fault where it cannot be read."""
    clear = TemplateFault(part, 1, "")
    if len(source) > limits.source_characters:
        return None, TemplateFault(part, 1, f"it has more than {limits.source_characters} characters")
    try:
        return environment(html=html).parse(source), clear
    except TemplateSyntaxError as error:
        return None, TemplateFault(part, error.lineno, error.message or "it cannot be read")
    except (RecursionError, MemoryError, ValueError, OverflowError):
        return None, TemplateFault(part, 1, "it is nested too deep, or holds a number that is too long")


def check(
    source: nodes.Template, part: str, variables: Sequence[Variable], limits: RenderLimits
) -> tuple[TemplateFault, ...]:
    """Return what is wrong with a template that was read."""
    size = _too_large(source, limits)
    if size:
        return (TemplateFault(part, 1, size),)
    checker = _Checker(part)
    checker.body(source.body, {each.name: each for each in variables})
    return tuple(sorted(set(checker.faults), key=lambda fault: (fault.line, fault.message))[:_MOST_FAULTS])


def _too_large(source: nodes.Template, limits: RenderLimits) -> str:
    """Look without recursion: what comes after it may rely on the depth."""
    level: list[nodes.Node] = [source]
    count = depth = 0
    while level:
        count += len(level)
        depth += 1
        if depth > limits.depth:
            return f"it is nested deeper than {limits.depth} levels"
        if count > limits.nodes:
            return f"it has more than {limits.nodes} pieces"
        level = [child for node in level for child in node.iter_child_nodes()]
    return ""


class _Checker:
    """Goes through a template with the names that there are at each place."""

    def __init__(self, part: str) -> None:
        self._part = part
        self.faults: list[TemplateFault] = []

    def body(self, statements: Iterable[nodes.Node], scope: _Scope) -> None:
        """Check statements; what they set is in scope for those that follow."""
        for statement in statements:
            self._statement(statement, scope)

    def _statement(self, node: nodes.Node, scope: _Scope) -> None:
        match node:
            case nodes.Output():
                for each in node.nodes:
                    if not isinstance(each, nodes.TemplateData):
                        self._expression(each, scope)
            case nodes.If():
                self._expression(node.test, scope)
                # Jinja keeps what is set in a branch for what follows.
                self.body(node.body, scope)
                self.body(node.elif_, scope)
                self.body(node.else_, scope)
            case nodes.For():
                self._loop(node, scope)
            case nodes.Assign():
                value = self._expression(node.node, scope)
                self._bind(node.target, value, scope)
            case nodes.Scope():
                # Around what is refused in it.
                self.body(node.body, scope)
            case _:
                self._refuse(node)

    def _loop(self, node: nodes.For, scope: _Scope) -> None:
        if node.recursive:
            self._say(node, "{% for … recursive %} is not there")
        through = self._expression(node.iter, scope)
        inner = {**scope, "loop": _LOOP}
        entry = _UNKNOWN
        if through is not _UNKNOWN:
            if through.kind is Kind.LIST:
                entry = Variable(through.name, Kind.OBJECT, through.about, parts=through.parts)
            else:
                self._say(node, f"{through.name} is no list, but a {through.kind.value}")
        self._bind(node.target, entry, inner)
        if node.test is not None:
            self._expression(node.test, inner)
        self.body(node.body, inner)
        self.body(node.else_, dict(scope))

    def _bind(self, target: nodes.Node, value: Variable, scope: _Scope) -> None:
        if isinstance(target, nodes.Name):
            if target.name.startswith("_") or target.name == "loop":
                self._say(target, f"{target.name} is no name for a variable")
            scope[target.name] = (
                Variable(target.name, value.kind, value.about, parts=value.parts) if value.name else value
            )
        elif isinstance(target, nodes.Tuple):
            self._say(target, "one variable at a time")
        else:
            self._refuse(target)

    def _expression(self, node: nodes.Node, scope: _Scope) -> Variable:
        match node:
            case nodes.Name():
                return self._name(node, scope)
            case nodes.Getattr():
                return self._field(node, self._expression(node.node, scope), node.attr)
            case nodes.Getitem(arg=nodes.Const(value=str(name))):
                return self._field(node, self._expression(node.node, scope), name)
            case nodes.Filter() if node.node is None or node.name not in FILTER_NAMES:
                self._say(node, f"there is no filter {node.name}" + _near(node.name, FILTER_NAMES))
            case nodes.Test() if node.name not in ALL_TESTS:
                self._say(node, f"there is no test {node.name}" + _near(node.name, tuple(ALL_TESTS)))
            case nodes.Filter() | nodes.Test() if node.dyn_args is not None or node.dyn_kwargs is not None:
                self._say(node, "* and ** are not there")
            case nodes.Const(value=float(number)) if not math.isfinite(number):
                self._say(node, "no number is that large")
            case nodes.CondExpr() if node.expr2 is None:
                self._say(node, "… if … needs an else")
            case _ if not isinstance(node, _ALLOWED):
                self._refuse(node)
                return _UNKNOWN
        for child in node.iter_child_nodes():
            self._expression(child, scope)
        return _UNKNOWN

    def _name(self, node: nodes.Name, scope: _Scope) -> Variable:
        found = scope.get(node.name)
        if found is not None:
            return found
        self._say(node, f"there is no variable {node.name}" + _near(node.name, tuple(scope)))
        return _UNKNOWN

    def _field(self, node: nodes.Node, value: Variable, name: str) -> Variable:
        if value is _UNKNOWN:
            return _UNKNOWN
        if value.kind is not Kind.OBJECT:
            self._say(node, f"{value.name} has no fields: it is a {value.kind.value}")
            return _UNKNOWN
        found = value.part(name)
        if found is None:
            near = _near(name, tuple(each.name for each in value.parts))
            self._say(node, f"{value.name} has no field {name}{near}")
            return _UNKNOWN
        if value is _LOOP:
            return _UNKNOWN
        return found

    def _refuse(self, node: nodes.Node) -> None:
        self._say(node, _REFUSED.get(type(node), f"{type(node).__name__.lower()} is not there"))

    def _say(self, node: nodes.Node, message: str) -> None:
        self.faults.append(TemplateFault(self._part, node.lineno or 1, message + "."))


def _near(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name[:100], known, n=1, cutoff=0.6)
    if near:
        return f"; did you mean {near[0]}"
    return f"; there are {', '.join(sorted(known))}" if known else ""
