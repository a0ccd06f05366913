"""Turns a syntax tree into nested Python functions.

Whatever is evaluated more than once takes steps by its number of nodes.
"""

from __future__ import annotations

from typing import Any

from mesh.feel.calls import BUILTINS, Builtin, call_value, call_value_named
from mesh.feel.combinators import (
    Judge,
    any_of,
    arithmetic,
    between,
    comparison_with_literal,
    conditional,
    logical,
    within,
)
from mesh.feel.comparison import COMPARISONS, holds, is_in, order
from mesh.feel.errors import WarningKind
from mesh.feel.evaluation import Constant, Evaluate, Run, Scope
from mesh.feel.iteration import Loops, scopes
from mesh.feel.nodes import (
    Arithmetic,
    Between,
    Call,
    Comparison,
    Conditional,
    ContextLiteral,
    Filter,
    For,
    FunctionDefinition,
    In,
    InstanceOf,
    ListLiteral,
    Literal,
    Logical,
    Loop,
    Negation,
    Node,
    Property,
    Quantified,
    RangeLiteral,
    Test,
    TypeName,
    UnaryTests,
    Variable,
    children,
)
from mesh.feel.operators import ARITHMETIC, negate
from mesh.feel.reading import element, entry, outer_entry, outer_variable
from mesh.feel.type_tests import accepts, predicate
from mesh.feel.values import NUMBERS, Function, Range, type_name

_FOLDED = frozenset({"date", "time", "date and time", "duration"})


class Builder:
    """Builds closures. `sizes` has the number of nodes under each node."""

    def __init__(self, sizes: dict[Node, int]) -> None:
        self._sizes = sizes
        self._local: list[set[str]] = []
        self._in_elements = 0
        self.read: set[str] = set()
        """Names of variables that are read from outside."""

    def build(self, node: Node) -> Evaluate:
        """Return a function that evaluates `node`."""
        match node:
            case Literal(value=value):
                return Constant(value)
            case Variable(name=name):
                return self._variable(name)
            case Property(owner=owner, name=name):
                return self._property(owner, name)
            case Comparison(operator=symbol, left=left, right=right):
                return self._comparison(symbol, left, right)
            case Logical(operator=word, operands=operands):
                return logical([self.build(operand) for operand in operands], word == "or")
            case Arithmetic(first=first, rest=rest):
                return arithmetic(self.build(first), [(ARITHMETIC[symbol], self.build(each)) for symbol, each in rest])
            case Negation(operand=operand):
                evaluate = self.build(operand)
                return lambda scope: negate(scope.run, evaluate(scope))
            case Conditional(condition=condition, then=then, otherwise=otherwise):
                return conditional(self.build(condition), self.build(then), self.build(otherwise))
            case Call():
                return self._call(node)
            case Filter():
                return self._filter(node)
            case _:
                return self._build_rarer(node)

    def _build_rarer(self, node: Node) -> Evaluate:
        match node:
            case Between(value=value, low=low, high=high):
                return between(self.build(value), self.build(low), self.build(high))
            case In(value=value, tests=tests):
                judge = self.judge if len(tests) > 1 else self._in_test
                return within(self.build(value), [judge(test) for test in tests])
            case Test():
                return self._test_value(node)
            case InstanceOf(value=value, type=kind):
                evaluate, check = self.build(value), predicate(kind)
                return lambda scope: check(scope.run, evaluate(scope))
            case RangeLiteral():
                return self._range(node)
            case ListLiteral(items=items):
                parts = [self.build(item) for item in items]
                return lambda scope: [part(scope) for part in parts]
            case ContextLiteral(entries=entries):
                return self._context(entries)
            case For(loops=loops, body=body):
                return self._for(loops, body)
            case Quantified():
                return self._quantified(node)
            case FunctionDefinition():
                return self._function(node)
        raise AssertionError(f"no closure for {type(node).__name__}")

    # Names

    def _is_local(self, name: str) -> bool:
        return any(name in names for names in self._local)

    def _variable(self, name: str) -> Evaluate:
        builtin = BUILTINS.get(name)
        if name != "?" and not self._is_local(name):
            self.read.add(name)
        if not self._local and not self._in_elements:
            return outer_variable(name, builtin)

        def evaluate(scope: Scope) -> Any:
            while scope.outer is not None:
                values = scope.values
                if name in values:
                    return values[name]
                scope = scope.outer
            return outermost(scope)

        outermost = outer_variable(name, builtin)
        return evaluate

    def _property(self, owner: Node, name: str) -> Evaluate:
        path = self._outer_path(owner)
        evaluate = self.build(owner)
        if path is not None:
            return outer_entry((*path, name), entry(evaluate, name))
        return entry(evaluate, name)

    def _outer_path(self, node: Node) -> tuple[str, ...] | None:
        """Return the names of `a.b.c` where `a` is a variable from outside."""
        names: list[str] = []
        while isinstance(node, Property):
            names.append(node.name)
            node = node.owner
        if not isinstance(node, Variable) or self._local or self._in_elements:
            return None
        return (node.name, *reversed(names))

    # Operators

    def _comparison(self, symbol: str, left: Node, right: Node) -> Evaluate:
        compare = COMPARISONS[symbol]
        if isinstance(right, Literal) and type(right.value) in (int, str):
            return comparison_with_literal(symbol, self.build(left), right.value)
        evaluate_left, evaluate_right = self.build(left), self.build(right)
        return lambda scope: compare(scope.run, evaluate_left(scope), evaluate_right(scope))

    # Tests

    def judge(self, node: Node) -> Judge:
        """Return a function that tests a value by `node`."""
        match node:
            case Test(operator=symbol, operand=operand):
                compare, evaluate = COMPARISONS[symbol], self.build(operand)
                return lambda scope, value: compare(scope.run, value, evaluate(scope))
        target = self.build(node)
        if isinstance(target, Constant):
            literal = target.value
            return lambda scope, value: is_in(scope.run, value, literal)
        return lambda scope, value: _passes(scope.run, value, target(scope))

    def _in_test(self, node: Node) -> Judge:
        if isinstance(node, Test):
            return self.judge(node)
        target = self.build(node)

        def tested(scope: Scope, value: Any) -> Any:
            found = target(scope)
            if found is None and value is not None:
                # Whether something is in a list that is not there is not known.
                return None
            return _passes(scope.run, value, found)

        return tested

    def unary_tests(self, node: UnaryTests) -> Judge:
        """Return a function that tells whether a value, which is `?` as well, passes the tests."""
        self._local.append({"?"})
        tests = [self._unary_test(test) for test in node.tests]
        self._local.pop()
        negated = node.negated

        def tested(scope: Scope, value: Any) -> Any:
            if not tests:
                return True
            inner = Scope({"?": value}, scope)
            found = any_of([test(inner, value) for test in tests])
            return not found if negated and found is not None else found

        return tested

    def _unary_test(self, node: Node) -> Judge:
        if not _reads(node, "?"):
            return self._plain_unary_test(node)
        evaluate = self.build(node)

        def tested(scope: Scope, value: Any) -> Any:
            found = evaluate(scope)
            if found is None or type(found) is bool:
                return found
            return is_in(scope.run, value, found)

        return tested

    def _plain_unary_test(self, node: Node) -> Judge:
        if isinstance(node, Test | Literal):
            return self.judge(node)
        target = self.build(node)

        def tested(scope: Scope, value: Any) -> Any:
            found = target(scope)
            if type(found) is bool and type(value) is not bool:
                # A condition on other variables.
                return found
            return _passes(scope.run, value, found)

        return tested

    def _test_value(self, node: Test) -> Evaluate:
        symbol, evaluate = node.operator, self.build(node.operand)

        def make(scope: Scope) -> Any:
            bound = evaluate(scope)
            if symbol == "!=" or (bound is None and symbol != "="):
                return scope.run.null(WarningKind.INVALID_TYPE, f"({symbol} {type_name(bound)}) is no range")
            if symbol == "=":
                return Range(bound, bound, True, True)
            included = symbol in ("<=", ">=")
            return Range(bound, None, included, False) if ">" in symbol else Range(None, bound, False, included)

        return make

    def _range(self, node: RangeLiteral) -> Evaluate:
        start, end = self.build(node.start), self.build(node.end)
        constant = isinstance(start, Constant) and isinstance(end, Constant)
        start_included, end_included = node.start_included, node.end_included

        def make(scope: Scope) -> Any:
            low, high = start(scope), end(scope)
            bounded = low is not None and high is not None
            if (bounded and order(low, high) not in (-1, 0)) or (low is None and high is None):
                kinds = f"{type_name(low)}..{type_name(high)}"
                return scope.run.null(
                    WarningKind.INVALID_TYPE, f"there is no range {kinds}, or it ends before it starts"
                )
            return Range(low, high, start_included and low is not None, end_included and high is not None)

        found = make(Run({}, None)) if constant else None
        return make if found is None else Constant(found)

    # What has names of its own

    def _context(self, entries: tuple[tuple[str, Node], ...]) -> Evaluate:
        names: set[str] = set()
        self._local.append(names)
        parts = []
        for name, node in entries:
            if isinstance(node, FunctionDefinition):
                # So that it can call itself.
                names.add(name)
            parts.append((name, self.build(node)))
            names.add(name)
        self._local.pop()

        def make(scope: Scope) -> Any:
            values: dict[str, Any] = {}
            inner = Scope(values, scope)
            for name, part in parts:
                values[name] = part(inner)
            return values

        return make

    def _function(self, node: FunctionDefinition) -> Evaluate:
        names = tuple(name for name, _ in node.parameters)
        checks = [(name, accepts(kind), _takes_list(kind)) for name, kind in node.parameters if kind is not None]
        self._local.append(set(names))
        body = self.build(node.body)
        self._local.pop()
        # A call takes some more than its nodes.
        weight = 4 + self._sizes[node.body]

        def make(scope: Scope) -> Any:
            def call_named(run: Run, arguments: dict[str, Any]) -> Any:
                run.spend(weight)
                if arguments.keys() != names_set:
                    return run.null(WarningKind.INVALID_ARGUMENTS, "a function does not have these parameters")
                for name, takes, takes_list in checks:
                    value = arguments[name]
                    if not takes(run, value):
                        if type(value) is list and len(value) == 1 and takes(run, value[0]):
                            arguments[name] = value[0]
                        elif takes_list and takes(run, [value]):
                            arguments[name] = [value]
                        else:
                            return run.null(WarningKind.INVALID_ARGUMENTS, f"{name} cannot be a {type_name(value)}")
                return body(Scope(arguments, scope))

            def call(run: Run, arguments: list[Any]) -> Any:
                if len(arguments) != len(names):
                    return run.null(WarningKind.INVALID_ARGUMENTS, f"a function takes {len(names)} arguments")
                return call_named(run, dict(zip(names, arguments, strict=True)))

            return Function("", names, call, call_named)

        names_set = set(names)
        return make

    def _call(self, node: Call) -> Evaluate:
        constant = folded(node)
        function, names = node.function, node.names
        if isinstance(constant, Literal) and isinstance(function, Variable) and not self._is_local(function.name):
            return self.build(constant)
        arguments = [self.build(argument) for argument in node.arguments]
        builtin = BUILTINS.get(function.name) if isinstance(function, Variable) else None
        call_builtin = None if builtin is None else _builtin_call(builtin, arguments, names)
        if call_builtin is not None and isinstance(function, Variable) and not self._is_local(function.name):
            return call_builtin
        called = function.name if isinstance(function, Variable) else "what is called"
        evaluate = self.build(function)

        def call(scope: Scope) -> Any:
            target = evaluate(scope)
            if type(target) is Range and len(arguments) == 1 and names is None:
                # A range is a function of one value.
                return holds(target, arguments[0](scope))
            if type(target) is not Function:
                if call_builtin is not None:
                    # An entry that happens to have the name of a function: {count: 1, all: count(list)}.
                    return call_builtin(scope)
                return scope.run.null(WarningKind.NO_FUNCTION, f"{called} is no function")
            values = [argument(scope) for argument in arguments]
            if names is None:
                return call_value(scope.run, target, values)
            return call_value_named(scope.run, target, dict(zip(names, values, strict=True)))

        return call

    def _filter(self, node: Filter) -> Evaluate:
        owner, condition = self.build(node.owner), node.condition
        if isinstance(condition, Literal) and type(condition.value) in NUMBERS:
            index = condition.value
            return lambda scope: element(scope.run, owner(scope), index)
        self._in_elements += 1
        # Within a filter `item` is the element; a name may be one of its entries.
        self._local.append({"item"})
        judge, index_of = self._filter_condition(condition)
        self._local.pop()
        self._in_elements -= 1
        weight = 1 + self._sizes[condition]

        def filtered(scope: Scope) -> Any:
            value = owner(scope)
            run = scope.run
            if index_of is not None:
                warnings = len(run.warnings) if run.warnings else 0
                run.spend(weight)
                index = index_of(scope)
                if type(index) in NUMBERS:
                    return element(run, value, index)
                if run.warnings:
                    del run.warnings[warnings:]
            if type(value) is not list:
                if value is None:
                    return None
                value = [value]
            run.spend(weight * len(value))
            return [item for item in value if judge(scope, item) is True]

        return filtered

    def _filter_condition(self, condition: Node) -> tuple[Judge, Evaluate | None]:
        """Return the test of an element, and what gives the index where it may be one."""
        if isinstance(condition, Test):
            return self.judge(condition), None
        evaluate = self.build(condition)

        def judge(scope: Scope, item: Any) -> Any:
            inner = Scope({"item": item}, scope)
            return evaluate(Scope(item, inner) if type(item) is dict else inner)

        never_index = Comparison | Logical | In | Between | Quantified | InstanceOf
        return judge, None if isinstance(condition, never_index) else evaluate

    def _loops(self, loops: tuple[Loop, ...]) -> Loops:
        """Build the domains; the names are known to what is built next. The caller takes the names away again."""
        built = []
        for loop in loops:
            domain, end = self.build(loop.domain), None if loop.end is None else self.build(loop.end)
            self._local.append({loop.name})
            built.append((loop.name, domain, end))
        return built

    def _for(self, loops: tuple[Loop, ...], body: Node) -> Evaluate:
        built = self._loops(loops)
        self._local.append({"partial"})
        evaluate = self.build(body)
        del self._local[-len(loops) - 1 :]
        reads_partial = _reads(body, "partial")
        weight = 1 + self._sizes[body] + sum(self._sizes[loop] for loop in loops)

        def produce(scope: Scope) -> Any:
            results: list[Any] = []
            run = scope.run
            for inner in scopes(scope, built):
                if inner is None:
                    return None
                run.spend(weight)
                if reads_partial:
                    run.spend(len(results))
                    inner = Scope({"partial": list(results)}, inner)
                results.append(evaluate(inner))
            return results

        return produce

    def _quantified(self, node: Quantified) -> Evaluate:
        built = self._loops(node.loops)
        evaluate = self.build(node.condition)
        del self._local[-len(node.loops) :]
        weight = 1 + self._sizes[node.condition] + sum(self._sizes[loop] for loop in node.loops)
        decisive = not node.every

        def judge(scope: Scope) -> Any:
            unknown = False
            for inner in scopes(scope, built):
                if inner is None:
                    return None
                inner.run.spend(weight)
                found = evaluate(inner)
                if found is decisive:
                    return decisive
                unknown = unknown or type(found) is not bool
            return None if unknown else not decisive

        return judge


def folded(node: Node) -> Node:
    """Return the literal that a call such as `date("2020-01-01")` comes to, and any other node as it is."""
    if not isinstance(node, Call) or not isinstance(node.function, Variable) or node.names is not None:
        return node
    values = [argument.value for argument in node.arguments if isinstance(argument, Literal)]
    if node.function.name not in _FOLDED or len(values) < len(node.arguments):
        return node
    found = BUILTINS[node.function.name].call(Run({}, None), values)
    return node if found is None else Literal(found)


def _builtin_call(builtin: Builtin, arguments: list[Evaluate], names: tuple[str, ...] | None) -> Evaluate:
    call, call_named = builtin.call, builtin.call_named
    if names is None:
        return lambda scope: call(scope.run, [argument(scope) for argument in arguments])
    return lambda scope: call_named(
        scope.run, dict(zip(names, [argument(scope) for argument in arguments], strict=True))
    )


def _takes_list(kind: TypeName) -> bool:
    return kind.name == "list"


def _reads(node: Node, name: str) -> bool:
    pending = [node]
    while pending:
        each = pending.pop()
        if isinstance(each, Variable) and each.name == name:
            return True
        pending.extend(children(each))
    return False


def _passes(run: Run, value: Any, target: Any) -> Any:
    if type(target) is Function:
        return call_value(run, target, [value])
    return is_in(run, value, target)
