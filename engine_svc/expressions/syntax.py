"""Grammar of what stands inside `${...}` (JSP 2.1 EL, section 1.19), parsed without recursion."""

from __future__ import annotations

import dataclasses
import functools
import math
import re
from dataclasses import dataclass
from typing import Any

from lark import Lark, Token, Transformer
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from engine_svc.expressions.functions import FUNCTIONS
from engine_svc.expressions.limits import MAX_DEPTH, MAX_INTEGER
from engine_svc.expressions.nodes import (
    Arithmetic,
    Comparison,
    Conditional,
    FunctionCall,
    Index,
    Literal,
    Logical,
    MethodCall,
    Node,
    Property,
    Unary,
    Variable,
)

_GRAMMAR = r"""
?ternary: either
    | either "?" ternary ":" ternary    -> conditional
?either: both (_OR both)*
?both: equality (_AND equality)*
?equality: relation (EQUALITY relation)*
?relation: addition (RELATION addition)*
?addition: multiplication (SUM multiplication)*
?multiplication: unary (PRODUCT unary)*
?unary: postfix
    | SUM unary                         -> sign
    | NOT unary                         -> negation
    | EMPTY unary                       -> emptiness
?postfix: primary suffix*
?suffix: "." NAME                       -> property_suffix
    | "." NAME "(" [arguments] ")"      -> method_suffix
    | "[" ternary "]"                   -> index_suffix
arguments: ternary ("," ternary)*
?primary: INTEGER                       -> integer
    | DECIMAL                           -> decimal
    | STRING                            -> string
    | TRUE                              -> true
    | FALSE                             -> false
    | NULL                              -> null
    | NAME                              -> variable
    | NAME "(" [arguments] ")"          -> function
    | PREFIXED "(" [arguments] ")"      -> function
    | "(" ternary ")"                   -> parentheses

_OR.3: /\|\||or\b/
_AND.3: /&&|and\b/
NOT.3: /!(?!=)|not\b/
EMPTY.3: /empty\b/
TRUE.3: /true\b/
FALSE.3: /false\b/
NULL.3: /null\b/
EQUALITY.3: /==|!=|eq\b|ne\b/
RELATION.3: /<=|>=|<|>|le\b|ge\b|lt\b|gt\b/
SUM: /[+-]/
PRODUCT.3: /[*\/%]|div\b|mod\b/
PREFIXED.4: /(?:variables|vars|var|date)\s*:\s*[^\W0-9]\w*(?=\s*\()/
NAME: /[^\W0-9][\w$]*|\$[\w$]+/
DECIMAL.2: /[0-9]+\.[0-9]+([eE][+-]?[0-9]+)?|\.[0-9]+([eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+/
INTEGER: /[0-9]+/
STRING: /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"/s
WHITESPACE: /\s+/
%ignore WHITESPACE
"""

_SYMBOLS = {
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "div": "/",
    "mod": "%",
}


class ParseError(Exception):
    """The expression is not valid; `position` is the 0-based place within it."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


@dataclass(slots=True, frozen=True)
class _Suffix:
    """What follows an owner; becomes a node once the owner is known."""

    column: int
    name: str = ""
    key: Node | None = None
    arguments: tuple[Node, ...] | None = None


def parse_expression(source: str) -> Node:
    """Return the syntax tree of what stands between the braces.

    Raises `ParseError` where it is not valid or nested too deeply.
    """
    try:
        tree: Any = _parser().parse(source)
    except UnexpectedInput as error:
        raise _unexpected(source, error) from error
    assert isinstance(tree, Node)
    return tree


def _unexpected(source: str, error: UnexpectedInput) -> ParseError:
    position = error.pos_in_stream if error.pos_in_stream is not None else len(source)
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        message = "the expression ends too early" if source.strip() else "the expression is empty"
        return ParseError(message, len(source))
    position = max(position, 0)
    found = source[position : position + 1]
    if found == "=":
        return ParseError("unexpected '='; use == to compare (expressions cannot assign)", position)
    if found in ("'", '"') and isinstance(error, UnexpectedCharacters):
        return ParseError("the string is not closed", position)
    shown = str(error.token) if isinstance(error, UnexpectedToken) else found
    return ParseError(f"unexpected {shown[:40]!r}", position)


def _depth(position: int, *nodes: Node) -> int:
    depth = 1 + max((node.depth for node in nodes), default=0)
    if depth > MAX_DEPTH:
        raise ParseError(f"nested more than {MAX_DEPTH} levels deep; use a variable in between", position)
    return depth


def _name(token: Token) -> str:
    name = str(token)
    if name.startswith("__"):
        raise ParseError(f"names that begin with two underscores, as {name[:40]}, are reserved", _at(token))
    return name


def _at(token: Token) -> int:
    return token.start_pos or 0


class _TreeBuilder(Transformer[Token, Any]):
    """Builds nodes while the parser runs, so that no tree of the parser's own is ever walked."""

    def conditional(self, nodes: list[Node]) -> Node:
        condition, then, otherwise = nodes
        depth = _depth(condition.column, condition, then, otherwise)
        return Conditional(condition.column, depth, condition, then, otherwise)

    def either(self, nodes: list[Node]) -> Node:
        return Logical(nodes[0].column, _depth(nodes[0].column, *nodes), "||", tuple(nodes))

    def both(self, nodes: list[Node]) -> Node:
        return Logical(nodes[0].column, _depth(nodes[0].column, *nodes), "&&", tuple(nodes))

    def equality(self, items: list[Any]) -> Node:
        result: Node = items[0]
        for token, right in zip(items[1::2], items[2::2], strict=True):
            symbol = _SYMBOLS.get(str(token), str(token))
            result = Comparison(_at(token), _depth(_at(token), result, right), symbol, result, right)
        return result

    relation = equality

    def addition(self, items: list[Any]) -> Node:
        first: Node = items[0]
        rest = tuple(
            (_SYMBOLS.get(str(token), str(token)), operand)
            for token, operand in zip(items[1::2], items[2::2], strict=True)
        )
        depth = _depth(first.column, first, *(operand for _, operand in rest))
        return Arithmetic(first.column, depth, first, rest)

    multiplication = addition

    def sign(self, items: list[Any]) -> Node:
        token, operand = items
        if str(token) == "+":
            raise ParseError("a number takes no '+' sign", _at(token))
        return Unary(_at(token), _depth(_at(token), operand), "-", operand)

    def negation(self, items: list[Any]) -> Node:
        token, operand = items
        return Unary(_at(token), _depth(_at(token), operand), "!", operand)

    def emptiness(self, items: list[Any]) -> Node:
        token, operand = items
        return Unary(_at(token), _depth(_at(token), operand), "empty", operand)

    def postfix(self, items: list[Any]) -> Node:
        owner: Node = items[0]
        suffixes: list[_Suffix] = items[1:]
        for suffix in suffixes:
            column = suffix.column
            if suffix.key is not None:
                owner = Index(column, _depth(column, owner, suffix.key), owner, suffix.key)
            elif suffix.arguments is not None:
                depth = _depth(column, owner, *suffix.arguments)
                owner = MethodCall(column, depth, owner, suffix.name, suffix.arguments)
            else:
                owner = Property(column, _depth(column, owner), owner, suffix.name)
        return owner

    def property_suffix(self, items: list[Any]) -> _Suffix:
        return _Suffix(_at(items[0]), _name(items[0]))

    def method_suffix(self, items: list[Any]) -> _Suffix:
        return _Suffix(_at(items[0]), _name(items[0]), arguments=items[1] or ())

    def index_suffix(self, items: list[Any]) -> _Suffix:
        return _Suffix(items[0].column, key=items[0])

    def arguments(self, nodes: list[Node]) -> tuple[Node, ...]:
        return tuple(nodes)

    def integer(self, items: list[Token]) -> Node:
        digits = str(items[0]).lstrip("0") or "0"
        if len(digits) > 19 or int(digits) > MAX_INTEGER:
            raise ParseError("the integer does not fit 64 bits", _at(items[0]))
        return Literal(_at(items[0]), 1, int(digits))

    def decimal(self, items: list[Token]) -> Node:
        value = float(items[0])
        if not math.isfinite(value):
            raise ParseError("the number is too large", _at(items[0]))
        return Literal(_at(items[0]), 1, value)

    def string(self, items: list[Token]) -> Node:
        token = items[0]
        quote, body = token[0], token[1:-1]

        def unescaped(match: re.Match[str]) -> str:
            if match[1] in ("\\", quote):
                return match[1]
            raise ParseError(
                f"unknown escape \\{match[1]}; only \\\\ and \\{quote} are known",
                _at(token) + 1 + match.start(),
            )

        return Literal(_at(token), 1, re.sub(r"\\(.)", unescaped, body, flags=re.DOTALL))

    def true(self, items: list[Token]) -> Node:
        return Literal(_at(items[0]), 1, True)

    def false(self, items: list[Token]) -> Node:
        return Literal(_at(items[0]), 1, False)

    def null(self, items: list[Token]) -> Node:
        return Literal(_at(items[0]), 1, None)

    def variable(self, items: list[Token]) -> Node:
        return Variable(_at(items[0]), 1, _name(items[0]))

    def function(self, items: list[Any]) -> Node:
        token: Token = items[0]
        arguments: tuple[Node, ...] = items[1] or ()
        name = "".join(str(token).split())
        function = FUNCTIONS.get(name)
        if function is None:
            raise ParseError(
                f"unknown function {name[:40]}(); there are methods of values, such as list.size(), and the functions "
                "variables:get() and the like, now(), dateTime() and currentUser()",
                _at(token),
            )
        if not function.least <= len(arguments) <= function.most:
            raise ParseError(f"wrong number of arguments for {name}()", _at(token))
        if function.names_variable and isinstance(arguments[0], Variable):
            # In Flowable the name may stand without quotes: vars:get(amount).
            first = arguments[0]
            arguments = (Literal(first.column, first.depth, first.name), *arguments[1:])
        return FunctionCall(_at(token), _depth(_at(token), *arguments), name, arguments)

    def parentheses(self, nodes: list[Node]) -> Node:
        (inner,) = nodes
        return dataclasses.replace(inner, depth=_depth(inner.column, inner))


@functools.cache
def _parser() -> Lark:
    """Return the parser. Its tables take 0.1-0.2 s to compute, which importing this must not cost."""
    return Lark(
        _GRAMMAR,
        start="ternary",
        parser="lalr",
        lexer="contextual",
        transformer=_TreeBuilder(),
        propagate_positions=False,
    )
