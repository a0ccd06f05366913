"""Compiled expressions and unary tests: what the rest of the system uses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from mesh.feel import functions  # noqa: F401  (registers them)
from mesh.feel.closures import Builder
from mesh.feel.combinators import Judge
from mesh.feel.errors import FeelSyntaxError, FeelWarning, LimitExceeded, WarningKind
from mesh.feel.evaluation import Evaluate, Run
from mesh.feel.json_values import check_size
from mesh.feel.limits import KEPT_EXPRESSIONS, MAX_DEPTH, MAX_KEPT_LENGTH, MAX_TEXT_LENGTH
from mesh.feel.nodes import Node, UnaryTests, sizes
from mesh.feel.syntax import parse_expression, parse_unary_tests
from mesh.feel.tokens import ParseError, special_names


class Expression:
    """A compiled expression. It keeps nothing between evaluations and may be used by several threads."""

    __slots__ = ("_evaluate", "names", "text")

    def __init__(self, text: str, evaluate: Evaluate, names: frozenset[str]) -> None:
        self.text = text
        self._evaluate = evaluate
        self.names = names
        """The variables that may be read. In a filter a name may be a variable or an entry of an element."""

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    def evaluate(
        self,
        context: Mapping[str, Any],
        *,
        now: datetime | None = None,
        warnings: list[FeelWarning] | None = None,
    ) -> Any:
        """Return the value (see `mesh.feel.values` for the types); `context` has the variables, JSON values mostly.

        Never raises for what the context holds: what cannot be evaluated is null, and `warnings` gets the reasons.
        The context is not changed; what is returned may share lists and contexts with what another evaluation returned
        and is not to be changed either. `now` is what `now()` and `today()` tell, with a time zone; without it they
        tell the system's time in UTC.
        """
        run = Run(context, now)
        try:
            value = self._evaluate(run)
            if type(value) is list or type(value) is dict:
                check_size(run, value)
        except (LimitExceeded, RecursionError) as error:
            value = _ended(run, error)
        if warnings is not None and run.warnings:
            warnings.extend(run.warnings)
        return value


class UnaryTestsExpression:
    """Compiled unary tests: a cell of a decision table."""

    __slots__ = ("_judge", "names", "text")

    def __init__(self, text: str, judge: Judge, names: frozenset[str]) -> None:
        self.text = text
        self._judge = judge
        self.names = names
        """The variables that may be read."""

    def __repr__(self) -> str:
        return f"UnaryTestsExpression({self.text!r})"

    def evaluate(
        self,
        value: Any,
        context: Mapping[str, Any],
        *,
        now: datetime | None = None,
        warnings: list[FeelWarning] | None = None,
    ) -> bool | None:
        """Tell whether `value` passes; null (None) where the two cannot be compared. As `Expression.evaluate`."""
        run = Run(context, now)
        try:
            found: bool | None = self._judge(run, run.taken(value))
        except (LimitExceeded, RecursionError) as error:
            found = _ended(run, error)
        if warnings is not None and run.warnings:
            warnings.extend(run.warnings)
        return found


def _ended(run: Run, error: Exception) -> Any:
    message = str(error) if isinstance(error, LimitExceeded) else "the evaluation goes too deep"
    return run.null(WarningKind.LIMIT, message)


def compile_expression(text: str, names: Iterable[str] = ()) -> Expression:
    """Compile an expression; raise `FeelSyntaxError`.

    `names` are variables and entries whose names could be read as something else, because they hold operators or
    keywords (`order-id`, `time in hours`); others need not be given, names with spaces neither. The last
    thousand compiled expressions that are not long are kept, so it is cheap to compile one again.
    """
    return _COMPILE_EXPRESSION[len(text) <= MAX_KEPT_LENGTH](text, special_names(names))


def compile_unary_tests(text: str, names: Iterable[str] = ()) -> UnaryTestsExpression:
    """Compile unary tests, such as `> 5, [1..3]`, `not("a")` or `-`; raise `FeelSyntaxError`.

    No text is `-`, as in a decision table. For `names` see `compile_expression`.
    """
    text = text if text.strip() else "-"
    return _COMPILE_UNARY_TESTS[len(text) <= MAX_KEPT_LENGTH](text, special_names(names))


def _compile_expression(text: str, names: frozenset[str]) -> Expression:
    try:
        root = _checked(parse_expression(_bounded(text), names))
        builder = Builder(root[1])
        evaluate = builder.build(root[0])
    except ParseError as error:
        raise FeelSyntaxError(text, error.message, error.position + 1) from error
    return Expression(text, evaluate, frozenset(builder.read))


def _compile_unary_tests(text: str, names: frozenset[str]) -> UnaryTestsExpression:
    try:
        root = _checked(parse_unary_tests(_bounded(text), names))
        builder = Builder(root[1])
        assert isinstance(root[0], UnaryTests)
        judge = builder.unary_tests(root[0])
    except ParseError as error:
        raise FeelSyntaxError(text, error.message, error.position + 1) from error
    return UnaryTestsExpression(text, judge, frozenset(builder.read))


# Long ones are not kept: a thousand of them would take gigabytes.
_COMPILE_EXPRESSION = (_compile_expression, lru_cache(maxsize=KEPT_EXPRESSIONS)(_compile_expression))
_COMPILE_UNARY_TESTS = (_compile_unary_tests, lru_cache(maxsize=KEPT_EXPRESSIONS)(_compile_unary_tests))


def _bounded(text: str) -> str:
    if len(text) > MAX_TEXT_LENGTH:
        raise ParseError(f"longer than {MAX_TEXT_LENGTH} characters", MAX_TEXT_LENGTH)
    return text


def _checked(root: Node) -> tuple[Node, dict[Node, int]]:
    found = sizes(root, MAX_DEPTH)
    if found is None:
        raise ParseError(f"nested more than {MAX_DEPTH} levels deep", 0)
    return root, found
