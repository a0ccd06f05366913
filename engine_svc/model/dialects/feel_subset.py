"""The part of FEEL that means the same as an engine expression, translated to one.

Names, paths, literals, comparisons, arithmetic, `and`/`or`/`not(...)`, `if ... then ... else` and a few functions on
lists and texts. Everything else is refused: FEEL itself comes with a later release.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from engine_svc.model.context import Site
from engine_svc.model.elements import ListValue, MapValue, ModelText, ModelValue
from engine_svc.model.rules import Rule

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)
      | (?P<string>"(?:[^"\\]|\\.)*")
      | (?P<name>[^\W0-9]\w*)
      | (?P<symbol><=|>=|!=|\*\*|[-+*/=<>().,:\[\]{}])
    )""",
    re.VERBOSE,
)
_COMPARISONS = {"=": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_WORDS = frozenset(
    {"and", "or", "not", "if", "then", "else", "true", "false", "null", "in", "between", "for", "some", "every",
     "return", "instance", "of", "function", "satisfies"}
)  # fmt: skip
_RESERVED_THERE = frozenset({"empty", "eq", "ne", "lt", "le", "gt", "ge", "div", "mod", "instanceof"})
"""Words of the engine's expressions that may be names in FEEL."""
_CALLS: dict[str, tuple[int, str]] = {
    "contains": (2, "{0}.contains({1})"),
    "count": (1, "{0}.size()"),
    "list contains": (2, "{0}.contains({1})"),
    "starts with": (2, "{0}.startsWith({1})"),
    "ends with": (2, "{0}.endsWith({1})"),
    "string length": (1, "{0}.length()"),
    "upper case": (1, "{0}.toUpperCase()"),
    "lower case": (1, "{0}.toLowerCase()"),
}
"""FEEL function -> number of arguments, and the method that does the same."""
_MAX_DEPTH = 50

T = TypeVar("T")


class NotTranslatableError(Exception):
    """The text is not in the part of FEEL that is translated."""


@dataclass(slots=True, frozen=True)
class _Token:
    kind: str
    text: str


def feel_text(site: Site, text: str) -> ModelText | None:
    """Return the model text for a value of a zeebe model: static, or `=` and FEEL.

    FEEL that cannot be translated is reported at `site`, and gives None.
    """
    if not text.startswith("="):
        return site.literal(text)
    try:
        return site.template("${" + translate(text[1:]) + "}")
    except NotTranslatableError as error:
        site.error(
            Rule.EXPRESSION_LANGUAGE_NOT_SUPPORTED,
            f"{site.origin} holds the FEEL expression {text[:80]!r}, which is not understood ({error}): FEEL comes "
            "with a later release. Write a static value, or a simple name, comparison or calculation.",
        )
        return None


def feel_value(site: Site, text: str) -> ModelValue | None:
    """Return what `feel_text` returns, and for list and context literals the value that is made of their parts."""
    if not text.startswith("="):
        return site.literal(text)
    try:
        parser = _Parser(_tokens(text[1:]))
        value = parser.value(site)
        parser.expect_end()
    except NotTranslatableError:
        return feel_text(site, text)
    return value


def translate(text: str) -> str:
    """Return the engine expression, without braces, for a FEEL expression without its `=`.

    Raises `NotTranslatableError`.
    """
    parser = _Parser(_tokens(text))
    result = parser.expression()
    parser.expect_end()
    return result


def _tokens(text: str) -> list[_Token]:
    tokens = []
    position = 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise NotTranslatableError(f"unexpected {stripped[position:].strip()[:1]!r}")
        kind = match.lastgroup or ""
        tokens.append(_Token(kind, match[kind]))
        position = match.end()
    return tokens


_DATE_AND_TIME = [_Token("name", "and"), _Token("name", "time"), _Token("symbol", "(")]


class _Parser:
    """Recursive descent over the tokens; each method returns the text of what it read."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0

    def expression(self) -> str:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotTranslatableError("nested too deeply")
        result = self._conditional() if self._at("name", "if") else self._disjunction()
        self._depth -= 1
        return result

    def value(self, site: Site) -> ModelValue:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise NotTranslatableError("nested too deeply")
        result: ModelValue
        if self._at("symbol", "["):
            result = ListValue(self._items("]", lambda: self.value(site)))
        elif self._at("symbol", "{"):
            result = MapValue(dict(self._items("}", lambda: self._entry(site))))
        else:
            result = site.template("${" + self.expression() + "}")
        self._depth -= 1
        return result

    def _entry(self, site: Site) -> tuple[str, ModelValue]:
        token = self._next()
        if token.kind not in ("name", "string"):
            raise NotTranslatableError(f"unexpected {token.text!r}")
        name = _unescaped(token.text) if token.kind == "string" else token.text
        self._take("symbol", ":")
        return name.replace("${", "\\${").replace("#{", "\\#{"), self.value(site)

    def _items(self, end: str, item: Callable[[], T]) -> list[T]:
        self._position += 1
        items: list[T] = []
        while not self._at("symbol", end):
            if items:
                self._take("symbol", ",")
            items.append(item())
        self._position += 1
        return items

    def expect_end(self) -> None:
        if self._position < len(self._tokens):
            raise NotTranslatableError(f"unexpected {self._tokens[self._position].text!r}")

    def _conditional(self) -> str:
        self._take("name", "if")
        condition = self.expression()
        self._take("name", "then")
        then = self.expression()
        self._take("name", "else")
        otherwise = self.expression()
        return f"({condition} ? {then} : {otherwise})"

    def _disjunction(self) -> str:
        return self._chain(self._conjunction, "name", {"or": "||"})

    def _conjunction(self) -> str:
        return self._chain(self._comparison, "name", {"and": "&&"})

    def _comparison(self) -> str:
        left = self._sum()
        token = self._peek()
        if token is None or token.kind != "symbol" or token.text not in _COMPARISONS:
            return left
        self._position += 1
        return f"{left} {_COMPARISONS[token.text]} {self._sum()}"

    def _sum(self) -> str:
        return self._chain(self._product, "symbol", {"+": "+", "-": "-"})

    def _product(self) -> str:
        return self._chain(self._signed, "symbol", {"*": "*", "/": "/"})

    def _signed(self) -> str:
        if self._at("symbol", "-"):
            self._position += 1
            return f"-{self._postfix()}"
        return self._postfix()

    def _postfix(self) -> str:
        result = self._primary()
        while True:
            if self._at("symbol", "."):
                self._position += 1
                result += f".{self._name()}"
            elif self._at("symbol", "["):
                self._position += 1
                index = self._next()
                if index.kind != "number" or not index.text.isdecimal() or int(index.text) < 1:
                    raise NotTranslatableError("a filter")
                self._take("symbol", "]")
                result += f"[{int(index.text) - 1}]"
            else:
                return result

    def _primary(self) -> str:
        token = self._next()
        if token.kind == "number":
            return token.text if not token.text.startswith(".") else f"0{token.text}"
        if token.kind == "string":
            return _string(token.text)
        if token.kind == "symbol":
            if token.text != "(":
                raise NotTranslatableError(f"unexpected {token.text!r}")
            inner = self.expression()
            self._take("symbol", ")")
            return f"({inner})"
        if token.text in ("true", "false", "null"):
            return token.text
        if token.text == "not":
            self._take("symbol", "(")
            inner = self.expression()
            self._take("symbol", ")")
            return f"!({inner})"
        self._position -= 1
        return self._name_or_call()

    def _name_or_call(self) -> str:
        words = [self._name()]
        begin = self._position
        if words == ["date"] and self._tokens[begin : begin + 3] == _DATE_AND_TIME:
            # The one function with a word in its name that is an operator elsewhere.
            words.extend(("and", "time"))
            self._position += 2
        while (token := self._peek()) is not None and token.kind == "name" and token.text not in _WORDS:
            words.append(token.text)
            self._position += 1
        if self._at("symbol", "("):
            return self._call(" ".join(words), leads=begin == 1)
        if len(words) > 1:
            self._position = begin
        return words[0]

    def _call(self, function: str, *, leads: bool) -> str:
        self._take("symbol", "(")
        arguments = []
        if not self._at("symbol", ")"):
            arguments.append(self.expression())
            while self._at("symbol", ","):
                self._position += 1
                arguments.append(self.expression())
        self._take("symbol", ")")
        alone = leads and self._peek() is None and len(arguments) == 1 and arguments[0].startswith("'")
        if alone and function in ("duration", "date", "time", "date and time"):
            # Timers and due dates take the text; within a calculation such a value would have an own kind.
            return arguments[0]
        known = _CALLS.get(function)
        if known is None or len(arguments) != known[0]:
            raise NotTranslatableError(f"the function {function}()")
        first = arguments[0]
        owner = first if re.fullmatch(r"[\w.\[\]]+|'.*'", first) else f"({first})"
        return known[1].format(owner, *arguments[1:])

    def _name(self) -> str:
        token = self._next()
        if token.kind != "name" or token.text in _WORDS:
            raise NotTranslatableError(f"unexpected {token.text!r}")
        if token.text in _RESERVED_THERE:
            raise NotTranslatableError(f"the name {token.text!r}")
        return token.text

    def _chain(self, operand: Callable[[], str], kind: str, operators: dict[str, str]) -> str:
        result = operand()
        while (token := self._peek()) is not None and token.kind == kind and token.text in operators:
            self._position += 1
            result += f" {operators[token.text]} {operand()}"
        return result

    def _peek(self) -> _Token | None:
        return self._tokens[self._position] if self._position < len(self._tokens) else None

    def _at(self, kind: str, text: str) -> bool:
        return self._peek() == _Token(kind, text)

    def _next(self) -> _Token:
        token = self._peek()
        if token is None:
            raise NotTranslatableError("it ends too early")
        self._position += 1
        return token

    def _take(self, kind: str, text: str) -> None:
        if self._next() != _Token(kind, text):
            raise NotTranslatableError(f"{text!r} is missing")


def _unescaped(literal: str) -> str:
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t", "r": "\r"}.get(match[1], match[1]), literal[1:-1])


def _string(literal: str) -> str:
    return "'" + _unescaped(literal).replace("\\", "\\\\").replace("'", "\\'") + "'"
