"""The grammar of FEEL (DMN 1.4, section 10.3.1.2), parsed without recursion."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedInput, UnexpectedToken, VisitError
from lark.lexer import Lexer

from mesh.feel.decimals import parse_literal
from mesh.feel.limits import MAX_NUMERAL_LENGTH
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
)
from mesh.feel.temporal import parse_moment
from mesh.feel.tokens import ParseError, tokenize

_GRAMMAR = r"""
?expression: either
?either: both (_OR both)*
?both: comparison (_AND comparison)*
?comparison: addition
    | comparison comparing addition                                    -> compared
    | comparison _BETWEEN addition _AND addition                       -> between
    | comparison _IN addition                                          -> within
    | comparison _IN test                                              -> within
    | comparison _IN _LPAR alternative (_COMMA alternative)+ _RPAR     -> within
    | comparison _INSTANCE_OF type                                     -> instance_of
!comparing: _LT | _GT | _COMPARE
test: comparing addition
?alternative: expression | test
?addition: multiplication ((PLUS | MINUS) multiplication)*
?multiplication: exponentiation ((TIMES | DIVIDE) exponentiation)*
?exponentiation: unary (POWER unary)*
?unary: postfix
    | MINUS unary                                                      -> negation
    | _IF expression _THEN expression _ELSE expression                 -> conditional
    | _FOR loop (_COMMA loop)* _RETURN expression                      -> for_return
    | SOME loop (_COMMA loop)* _SATISFIES expression                   -> quantified
    | EVERY loop (_COMMA loop)* _SATISFIES expression                  -> quantified
    | _FUNCTION _LPAR [parameters] _RPAR expression                    -> function
loop: NAME _IN expression [_DOTS expression]
parameters: parameter (_COMMA parameter)*
parameter: NAME [_COLON type]
?postfix: primary
    | postfix _DOT NAME                                                -> path
    | postfix _LSQB alternative _RSQB                                  -> filtered
    | postfix _LPAR [positional] _RPAR                                 -> call
    | postfix _LPAR named _RPAR                                        -> named_call
positional: expression (_COMMA expression)*
named: argument (_COMMA argument)*
argument: NAME _COLON expression
?primary: NUMBER                                            -> number
    | STRING                                                           -> string
    | MOMENT                                                           -> moment
    | TRUE                                                             -> true
    | FALSE                                                            -> false
    | NULL                                                             -> null
    | NAME                                                             -> variable
    | _LPAR expression _RPAR                                           -> parentheses
    | _LPAR test _RPAR                                                 -> parentheses
    | interval
    | _LSQB [positional] _RSQB                                         -> list_of
    | _LBRACE [entries] _RBRACE                                        -> context
!interval: (_LPAR | _LSQB | _RANGE_START) expression _DOTS expression (_RPAR | _RSQB | _RANGE_END)
entries: entry (_COMMA entry)*
entry: KEY _COLON expression
type: NAME                                                  -> plain_type
    | NULL                                                             -> plain_type
    | NAME _LT type (_COMMA type)* _GT                                 -> generic_type
    | NAME _LT field (_COMMA field)* _GT                               -> context_type
    | _FUNCTION _LT [types] _GT _ARROW type                            -> function_type
types: type (_COMMA type)*
field: NAME _COLON type
unary_tests: MINUS                                          -> any_value
    | NOT _LPAR tests _RPAR                                            -> no_test
    | tests                                                            -> some_test
tests: alternative (_COMMA alternative)*
%declare NAME NUMBER STRING MOMENT KEY TRUE FALSE NULL SOME EVERY NOT PLUS MINUS TIMES DIVIDE POWER
%declare _LPAR _RPAR _LSQB _RSQB _LBRACE _RBRACE _RANGE_START _RANGE_END _COMMA _COLON _DOT _DOTS _ARROW
%declare _LT _GT _COMPARE _IF _THEN _ELSE _FOR _RETURN _SATISFIES _AND _OR _BETWEEN _IN _FUNCTION _INSTANCE_OF
"""


class _Tokens(Lexer):
    """Hands the parser tokens that are there already."""

    __future_interface__ = 1

    def __init__(self, configuration: Any) -> None:
        pass

    def lex(self, lexer_state: Any, parser_state: Any) -> Iterator[Token]:
        """Return the tokens."""
        return iter(lexer_state.text)


def parse_expression(text: str, names: frozenset[str] = frozenset()) -> Node:
    """Return the syntax tree of an expression. Raises `ParseError`."""
    return _parse(text, names, "expression")


def parse_unary_tests(text: str, names: frozenset[str] = frozenset()) -> Node:
    """Return the syntax tree of unary tests. Raises `ParseError`."""
    return _parse(text, names, "unary_tests")


def _parse(text: str, names: frozenset[str], start: str) -> Node:
    tokens = tokenize(text, names, unary=start == "unary_tests")
    try:
        tree: Any = _parser().parse(tokens, start=start)
    except UnexpectedInput as error:
        raise _unexpected(text, error) from error
    except VisitError as error:
        if isinstance(error.orig_exc, ParseError):
            raise error.orig_exc from error
        raise
    assert isinstance(tree, Node)
    return tree


def _unexpected(text: str, error: UnexpectedInput) -> ParseError:
    if not isinstance(error, UnexpectedToken) or error.token.type == "$END":
        return ParseError("the expression ends too early" if text.strip() else "the expression is empty", len(text))
    found = error.token
    position = found.start_pos or 0
    if found == "=" and text[position - 1 : position] == "=":
        return ParseError("unexpected '='; = is written once to compare", position)
    return ParseError(f"unexpected {str(found)[:40]!r}", position)


class _TreeBuilder(Transformer[Token, Any]):
    """Builds nodes while the parser runs."""

    def either(self, nodes: list[Node]) -> Node:
        return Logical("or", tuple(nodes))

    def both(self, nodes: list[Node]) -> Node:
        return Logical("and", tuple(nodes))

    def comparing(self, items: list[Token]) -> str:
        return str(items[0])

    def compared(self, items: list[Any]) -> Node:
        left, operator, right = items
        return Comparison(operator, left, right)

    def between(self, nodes: list[Node]) -> Node:
        return Between(*nodes)

    def within(self, nodes: list[Node]) -> Node:
        return In(nodes[0], tuple(nodes[1:]))

    def instance_of(self, items: list[Any]) -> Node:
        return InstanceOf(*items)

    def test(self, items: list[Any]) -> Node:
        return Test(*items)

    def addition(self, items: list[Any]) -> Node:
        return Arithmetic(items[0], tuple(zip(map(str, items[1::2]), items[2::2], strict=True)))

    multiplication = addition
    exponentiation = addition

    def negation(self, items: list[Any]) -> Node:
        operand = items[1]
        if isinstance(operand, Literal) and type(operand.value) is int:
            return Literal(-operand.value)
        if isinstance(operand, Literal) and type(operand.value) is Decimal:
            return Literal(operand.value.copy_negate())
        return Negation(operand)

    def conditional(self, nodes: list[Node]) -> Node:
        return Conditional(*nodes)

    def loop(self, items: list[Any]) -> Loop:
        return Loop(str(items[0]), items[1], items[2])

    def for_return(self, items: list[Any]) -> Node:
        return For(tuple(items[:-1]), items[-1])

    def quantified(self, items: list[Any]) -> Node:
        return Quantified(items[0].type == "EVERY", tuple(items[1:-1]), items[-1])

    def parameter(self, items: list[Any]) -> tuple[str, TypeName | None]:
        return str(items[0]), items[1]

    def parameters(self, items: list[Any]) -> tuple[Any, ...]:
        return tuple(items)

    def function(self, items: list[Any]) -> Node:
        parameters = items[0] or ()
        names = [name for name, _ in parameters]
        if len(set(names)) < len(names):
            raise ParseError("two parameters of a function have the same name", 0)
        return FunctionDefinition(parameters, items[1])

    def path(self, items: list[Any]) -> Node:
        return Property(items[0], str(items[1]))

    def filtered(self, nodes: list[Node]) -> Node:
        return Filter(*nodes)

    def call(self, items: list[Any]) -> Node:
        return Call(items[0], items[1] or ())

    def named_call(self, items: list[Any]) -> Node:
        return Call(items[0], tuple(value for _, value in items[1]), tuple(name for name, _ in items[1]))

    def positional(self, nodes: list[Node]) -> tuple[Node, ...]:
        return tuple(nodes)

    tests = positional
    entries = positional
    types = positional

    def named(self, items: list[tuple[Token, Node]]) -> tuple[tuple[str, Node], ...]:
        for index, (name, _) in enumerate(items):
            if any(name == other for other, _ in items[:index]):
                raise ParseError(f"the argument {str(name)[:40]!r} is given twice", name.start_pos or 0)
        return tuple((str(name), value) for name, value in items)

    def argument(self, items: list[Any]) -> tuple[Token, Node]:
        return items[0], items[1]

    def number(self, items: list[Token]) -> Node:
        value = parse_literal(items[0])
        if value is None:
            raise ParseError("the number is too large", items[0].start_pos or 0)
        return Literal(value)

    def string(self, items: list[Token]) -> Node:
        return Literal(str(items[0]))

    def moment(self, items: list[Token]) -> Node:
        text = str(items[0])
        value = parse_moment(text) if len(text) <= MAX_NUMERAL_LENGTH else None
        if value is None:
            # Not an error: a value that is not there, as for date() of the same text.
            return Call(Variable("@"), (Literal(text),))
        return Literal(value)

    def true(self, items: list[Token]) -> Node:
        return Literal(True)

    def false(self, items: list[Token]) -> Node:
        return Literal(False)

    def null(self, items: list[Token]) -> Node:
        return Literal(None)

    def variable(self, items: list[Token]) -> Node:
        return Variable(str(items[0]))

    def parentheses(self, nodes: list[Node]) -> Node:
        return nodes[0]

    def interval(self, items: list[Any]) -> Node:
        return RangeLiteral(items[1], items[3], items[0] == "[", items[4] == "]")

    def list_of(self, items: list[Any]) -> Node:
        return ListLiteral(items[0] or ())

    def entry(self, items: list[Any]) -> tuple[Token, Node]:
        return items[0], items[1]

    def context(self, items: list[Any]) -> Node:
        entries: tuple[tuple[Token, Node], ...] = items[0] or ()
        seen: set[str] = set()
        for name, _ in entries:
            if name in seen:
                raise ParseError(f"the entry {str(name)[:40]!r} is there twice", name.start_pos or 0)
            seen.add(str(name))
        return ContextLiteral(tuple((str(name), value) for name, value in entries))

    def plain_type(self, items: list[Token]) -> TypeName:
        return TypeName(str(items[0]))

    def generic_type(self, items: list[Any]) -> TypeName:
        return TypeName(str(items[0]), tuple(items[1:]))

    def field(self, items: list[Any]) -> tuple[str, TypeName]:
        return str(items[0]), items[1]

    def context_type(self, items: list[Any]) -> TypeName:
        return TypeName(str(items[0]), fields=tuple(items[1:]))

    def function_type(self, items: list[Any]) -> TypeName:
        return TypeName("function", items[0] or (), result=items[1])

    def any_value(self, items: list[Token]) -> Node:
        return UnaryTests((), False)

    def no_test(self, items: list[Any]) -> Node:
        return UnaryTests(items[1], True)

    def some_test(self, items: list[Any]) -> Node:
        return UnaryTests(items[0], False)


@functools.cache
def _parser() -> Lark:
    """Return the parser. Its tables take 0.1-0.2 s to compute, which importing this must not cost."""
    return Lark(
        _GRAMMAR,
        start=["expression", "unary_tests"],
        parser="lalr",
        lexer=_Tokens,
        transformer=_TreeBuilder(),
    )
