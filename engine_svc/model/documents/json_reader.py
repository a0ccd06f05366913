"""Reads JSON with the place of every value, which the parsers of the standard library and orjson do not tell."""

from __future__ import annotations

import bisect
import json
import re
from json import JSONDecodeError

from engine_svc.model.documents.located import (
    MAX_DEPTH,
    MAX_NUMBER_LENGTH,
    MAX_VALUES,
    DocumentRefusedError,
    Located,
    number_too_long,
    report_duplicate,
    too_deep,
    too_many_values,
)
from engine_svc.model.problem import Findings, Source
from engine_svc.model.rules import Rule

_SPACE = re.compile(r"[ \t\r\n]*")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_STRING = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\.)*+"')
_LINE_END = re.compile(r"\r\n|\r|\n")
_WORDS = {"true": True, "false": False, "null": None}


def read_json(text: str, findings: Findings) -> Located:
    """Return the document's value; properties given twice are reported. Raises `DocumentRefusedError`."""
    return _Reader(text, findings).document()


class _Reader:
    def __init__(self, text: str, findings: Findings) -> None:
        self._text = text
        self._findings = findings
        self._line_starts = [0, *(match.end() for match in _LINE_END.finditer(text))]
        self._count = 0

    def document(self) -> Located:
        value, position = self._value(self._after_space(0), 1)
        position = self._after_space(position)
        if position < len(self._text):
            raise self._refused(position, "more follows the end of the document")
        return value

    def _value(self, position: int, depth: int) -> tuple[Located, int]:
        source = self._source(position)
        self._count += 1
        if self._count > MAX_VALUES:
            raise too_many_values(source)
        character = self._text[position : position + 1]
        if character in ("{", "["):
            if depth > MAX_DEPTH:
                raise too_deep(source)
            return self._object(position, depth) if character == "{" else self._list(position, depth)
        if character == '"':
            text, end = self._string(position)
            return Located(text, source), end
        for word, meant in _WORDS.items():
            if self._text.startswith(word, position):
                return Located(meant, source), position + len(word)
        number = _NUMBER.match(self._text, position)
        if number is None:
            found = f"{character!r} is no JSON value" if character else "the document ends too early"
            raise self._refused(position, found)
        if len(number[0]) > MAX_NUMBER_LENGTH:
            raise number_too_long(source)
        return Located(float(number[0]) if number[1] or number[2] else int(number[0]), source), number.end()

    def _object(self, start: int, depth: int) -> tuple[Located, int]:
        values: dict[str, Located] = {}
        keys: dict[str, Source] = {}
        position = self._after_space(start + 1)
        if self._text.startswith("}", position):
            return Located(values, self._source(start), keys), position + 1
        while True:
            if not self._text.startswith('"', position):
                raise self._refused(position, "a property's name in double quotes is expected")
            source = self._source(position)
            key, position = self._string(position)
            position = self._after_space(position)
            if not self._text.startswith(":", position):
                raise self._refused(position, "a colon is expected behind a property's name")
            value, position = self._value(self._after_space(position + 1), depth + 1)
            if key in keys:
                report_duplicate(self._findings, key, source, keys[key])
            else:
                keys[key] = source
                values[key] = value
            position = self._after_space(position)
            if self._text.startswith("}", position):
                return Located(values, self._source(start), keys), position + 1
            position = self._after_comma(position, "}")

    def _list(self, start: int, depth: int) -> tuple[Located, int]:
        items: list[Located] = []
        position = self._after_space(start + 1)
        if self._text.startswith("]", position):
            return Located(items, self._source(start)), position + 1
        while True:
            item, position = self._value(position, depth + 1)
            items.append(item)
            position = self._after_space(position)
            if self._text.startswith("]", position):
                return Located(items, self._source(start)), position + 1
            position = self._after_comma(position, "]")

    def _string(self, position: int) -> tuple[str, int]:
        match = _STRING.match(self._text, position)
        if match is None:
            raise self._refused(position, "a text has no end, or holds a line end or another control character")
        try:
            return str(json.loads(match[0])), match.end()
        except JSONDecodeError as error:
            raise self._refused(position + error.pos, f"in a text: {error.msg}") from error

    def _after_comma(self, position: int, end: str) -> int:
        if not self._text.startswith(",", position):
            raise self._refused(position, f"a comma or {end} is expected")
        return self._after_space(position + 1)

    def _after_space(self, position: int) -> int:
        match = _SPACE.match(self._text, position)
        assert match is not None
        return match.end()

    def _source(self, position: int) -> Source:
        line = bisect.bisect_right(self._line_starts, position)
        return Source(line, position - self._line_starts[line - 1] + 1)

    def _refused(self, position: int, message: str) -> DocumentRefusedError:
        return DocumentRefusedError(
            Rule.DOCUMENT_NOT_WELL_FORMED, f"The file is not valid JSON: {message}. Correct it.", self._source(position)
        )
