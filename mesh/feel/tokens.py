"""Cuts a text into tokens.

FEEL's names may hold spaces and even operators, brackets may stand the other way round, and what a word means depends
on what is before it; so this is written by hand. Every pattern takes time linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from lark import Token

from mesh.feel.limits import MAX_DEPTH

START = r"[^\W\d]|[\U00010000-\U000EFFFF]"
PART = r"[\w\U00010000-\U000EFFFF]"
_SPACE = re.compile(r"(?:[\s\u180e\u200b\ufeff]+|//[^\n]*|/\*.*?\*/)*", re.DOTALL)
_WORD = re.compile(rf"(?:{START}){PART}*")
_MORE = re.compile(rf"{PART}+")
_NUMBER = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_QUOTED_NAME = re.compile(r"`([^`]+)`")
_OF = re.compile(r"\s+of\b")
_KEY = re.compile(r"[^:{}\[\](),\"]+")
_SYMBOL = re.compile(r"\*\*|\.\.|->|<=|>=|!=|[-+*/<>=(){}\[\],:.?]")
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{6})|(.))", re.DOTALL)

_KEYWORDS = {
    word: word.upper() if word in ("some", "every", "null", "true", "false") else f"_{word.upper()}"
    for word in (
        "if then else for return some every satisfies and or between in function null true false".split()  # noqa: SIM905
    )
}
_SYMBOLS = {
    "(": "_LPAR", ")": "_RPAR", "[": "_LSQB", "]": "_RSQB", "{": "_LBRACE", "}": "_RBRACE", ",": "_COMMA",
    ":": "_COLON", ".": "_DOT", "..": "_DOTS", "->": "_ARROW", "+": "PLUS", "-": "MINUS", "*": "TIMES", "/": "DIVIDE",
    "**": "POWER",
    "<": "_LT", ">": "_GT", "<=": "_COMPARE", ">=": "_COMPARE", "=": "_COMPARE", "!=": "_COMPARE", "?": "NAME",
}  # fmt: skip
_OPERAND_ENDS = frozenset(
    {"NAME", "NUMBER", "STRING", "MOMENT", "NULL", "TRUE", "FALSE", "_RPAR", "_RSQB", "_RBRACE", "_RANGE_END"}
)
_BEHIND_OPERANDS = frozenset({"and", "or", "then", "else", "return", "satisfies", "in", "instance", "between"})
_OPENERS = frozenset({"_LPAR", "_LSQB", "_RANGE_START", "_LBRACE"})
_CLOSERS = frozenset({"_RPAR", "_RSQB", "_RANGE_END", "_RBRACE"})
_CLOSING = {"(": ")]", "[": "])", "]": "])", "{": "}"}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "'": "'", "\\": "\\"}

NAMES_WITH_KEYWORDS = (
    "date and time",
    "days and time duration",
    "day and time duration",
    "years and months duration",
    "year and month duration",
    "get or else",
)
"""Names of functions and types that could be read as an `and` or an `or`."""


class ParseError(Exception):
    """The text is not valid; `position` is the 0-based place within it."""

    def __init__(self, message: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.position = position


def normalized_name(name: str) -> str:
    """Return a name as it is looked up: one space where there are several, none around it."""
    return " ".join(name.split())


def special_names(names: Iterable[str]) -> frozenset[str]:
    """Return those of the names that could be read as something else."""
    return frozenset(filter(_is_special, map(normalized_name, names)))


def tokenize(text: str, names: frozenset[str] = frozenset(), unary: bool = False) -> list[Token]:
    """Return the tokens of `text`. `names` are what `special_names` gives."""
    return _Tokenizer(text, {*names, *NAMES_WITH_KEYWORDS}, unary).tokens()


def _is_special(name: str) -> bool:
    words = name.split(" ")
    plain = _WORD.fullmatch(words[0]) is not None and all(_MORE.fullmatch(word) for word in words[1:])
    return bool(name) and (not plain or any(word in _KEYWORDS for word in words))


@lru_cache(maxsize=256)
def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    longest_first = sorted(names, key=len, reverse=True)
    texts = (r"\s+".join(map(re.escape, name.split(" "))) for name in longest_first)
    return re.compile(rf"(?:{'|'.join(texts)})(?!{PART})")


@dataclass(slots=True)
class _Bracket:
    sign: str
    dots: bool = False


class _Tokenizer:
    def __init__(self, text: str, special: set[str], unary: bool) -> None:
        self._text = text
        self._names = special
        self._special = _pattern(frozenset(special))
        self._found: list[Token] = []
        self._brackets: list[_Bracket] = []
        self._at = 0
        self._unary = unary

    def tokens(self) -> list[Token]:
        text = self._text
        self._skip_space()
        while self._at < len(text):
            self._next(text[self._at])
            self._skip_space()
        if self._unary:
            self._mark_negation()
        return self._found

    def _skip_space(self) -> None:
        space = _SPACE.match(self._text, self._at)
        assert space is not None
        self._at = space.end()

    def _last(self) -> str:
        return self._found[-1].type if self._found else ""

    def _add(self, kind: str, value: str, end: int) -> None:
        self._found.append(Token(kind, value, start_pos=self._at, end_pos=end))
        self._at = end

    def _next(self, sign: str) -> None:
        if self._brackets and self._brackets[-1].sign == "{" and self._last() in ("_LBRACE", "_COMMA") and sign != "}":
            self._key(sign)
        elif sign == '"':
            self._add("STRING", *self._string())
        elif sign == "@":
            self._moment()
        elif sign == "`":
            self._quoted_name()
        elif sign.isascii() and (sign.isdigit() or (sign == "." and self._starts_number())):
            number = _NUMBER.match(self._text, self._at)
            assert number is not None
            self._add("NUMBER", number[0], number.end())
        elif not self._name():
            self._symbol(sign)

    def _starts_number(self) -> bool:
        following = self._text[self._at + 1 : self._at + 2]
        return following.isascii() and following.isdigit() and self._last() not in _OPERAND_ENDS

    def _string(self) -> tuple[str, int]:
        found = _STRING.match(self._text, self._at)
        if found is None:
            raise ParseError("the string is not closed", self._at)
        return _unescaped(found[0][1:-1], self._at + 1), found.end()

    def _moment(self) -> None:
        start = self._at
        self._at += 1
        self._skip_space()
        if self._text[self._at : self._at + 1] != '"':
            raise ParseError("a string is expected after '@'", start)
        self._add("MOMENT", *self._string())

    def _quoted_name(self) -> None:
        found = _QUOTED_NAME.match(self._text, self._at)
        if found is None:
            raise ParseError("the name is not closed by a '`'", self._at)
        self._add("NAME", found[1], found.end())

    def _key(self, sign: str) -> None:
        if sign == '"':
            self._add("KEY", *self._string())
            return
        found = _KEY.match(self._text, self._at)
        name = normalized_name(found[0]).strip("`") if found else ""
        if not found or not name:
            raise ParseError(f"the name of an entry is expected, not {sign!r}", self._at)
        self._add("KEY", name, found.end())
        if _is_special(name) and name not in self._names:
            self._names.add(name)
            self._special = _pattern(frozenset(self._names))

    def _name(self) -> bool:
        after_dot = self._last() == "_DOT"
        special = self._special.match(self._text, self._at)
        if special and not (after_dot and normalized_name(special[0]) in NAMES_WITH_KEYWORDS):
            self._add("NAME", normalized_name(special[0]), special.end())
            return True
        word = _WORD.match(self._text, self._at)
        if word is None:
            return False
        if word[0] == "instance" and self._is_instance_of(word.end()):
            return True
        if word[0] in _KEYWORDS and not after_dot and not self._is_called(word):
            self._add(_KEYWORDS[word[0]], word[0], word.end())
            return True
        words, end = [word[0]], word.end()
        while following := self._following_word(end):
            words.append(following[0])
            end = following.end()
        self._add("NAME", " ".join(words), end)
        return True

    def _is_called(self, word: re.Match[str]) -> bool:
        """Tell whether an `and` or `or` is the function and not the operator."""
        return word[0] in ("and", "or") and self._last() not in _OPERAND_ENDS and self._rest(word.end())[:1] == "("

    def _following_word(self, end: int) -> re.Match[str] | None:
        """Return the next word of a name: nothing else can stand behind a name without an operator."""
        space = _SPACE.match(self._text, end)
        assert space is not None
        if space.end() == end or self._special.match(self._text, space.end()):
            return None
        word = _MORE.match(self._text, space.end())
        if word is None or word[0] in _KEYWORDS:
            return None
        if word[0] == "instance" and _OF.match(self._text, word.end()):
            return None
        return word

    def _is_instance_of(self, end: int) -> bool:
        of = _OF.match(self._text, end)
        if of is None or self._last() not in _OPERAND_ENDS:
            return False
        self._add("_INSTANCE_OF", "instance of", of.end())
        return True

    def _symbol(self, sign: str) -> None:
        found = _SYMBOL.match(self._text, self._at)
        if found is None:
            raise ParseError(f"unexpected {sign!r}", self._at)
        symbol, end = found[0], found.end()
        kind = _SYMBOLS[symbol]
        if symbol == "..":
            if self._brackets:
                self._brackets[-1].dots = True
        elif symbol == "[" and self._ends_range(end):
            kind = "_RANGE_END"
            self._brackets.pop()
        elif symbol == "]" and self._starts_range(end):
            kind = "_RANGE_START"
            self._open(symbol)
        elif symbol in "([{":
            self._open(symbol)
        elif symbol in ")]}":
            if not self._brackets or symbol not in _CLOSING[self._brackets[-1].sign]:
                raise ParseError(f"unexpected {symbol!r}", self._at)
            self._brackets.pop()
        self._add(kind, symbol, end)

    def _open(self, sign: str) -> None:
        if len(self._brackets) >= MAX_DEPTH:
            raise ParseError(f"nested more than {MAX_DEPTH} levels deep", self._at)
        self._brackets.append(_Bracket(sign))

    def _starts_range(self, end: int) -> bool:
        """Tell whether a `]` is the start of `]1..5]` and not the end of a list."""
        if self._last() != "_LSQB":
            return self._last() not in _OPERAND_ENDS
        # Behind a list without elements no operand can stand.
        rest = self._rest(end)
        word = _WORD.match(rest)
        return rest[:1] in tuple('"@0123456789') if word is None else word[0] not in _BEHIND_OPERANDS

    def _rest(self, end: int) -> str:
        """Return what comes next, without space."""
        space = _SPACE.match(self._text, end)
        assert space is not None
        return self._text[space.end() : space.end() + 16]

    def _ends_range(self, end: int) -> bool:
        """Tell whether a `[` is the end of `[1..5[` and not the start of a filter."""
        if not self._brackets or not self._brackets[-1].dots or self._last() not in _OPERAND_ENDS:
            return False
        rest = self._rest(end)
        word = _WORD.match(rest)
        if word:
            return word[0] in _BEHIND_OPERANDS
        return rest[:1] in ("", ")", "]", "}", ",", "=", "!", "+", "*", "/", ".")

    def _mark_negation(self) -> None:
        """Make the `not` of `not(tests)` a token of its own, where the parentheses hold all that there is."""
        found = self._found
        if len(found) < 3 or found[0] != "not" or found[1].type != "_LPAR":
            return
        level = 0
        for index, token in enumerate(found):
            level += (token.type in _OPENERS) - (token.type in _CLOSERS)
            if level == 0 and index > 1:
                break
        if index == len(found) - 1:
            found[0] = Token("NOT", "not", start_pos=found[0].start_pos)


def _unescaped(body: str, position: int) -> str:
    if "\\" not in body:
        return body

    def character(match: re.Match[str]) -> str:
        code = match[1] or match[2]
        if code is None:
            return _ESCAPES.get(match[3], match[0])
        if int(code, 16) > 0x10FFFF:
            raise ParseError(f"there is no character {match[0]}", position + match.start())
        return chr(int(code, 16))

    joined = _ESCAPE.sub(character, body)
    if any("\ud800" <= sign <= "\udfff" for sign in joined):
        # Two halves of a character beyond the 16-bit plane, as JSON and Java write it.
        joined = joined.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return joined
