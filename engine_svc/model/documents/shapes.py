"""What values of a document look like: each shape checks a value and says the same as JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from engine_svc.model.documents.located import Located, Path, written
from engine_svc.model.problem import Findings, Source
from engine_svc.model.rules import Rule

_ELEMENTS = ("tasks", "transitions", "catch")

NOT_TAKEN: Any = object()
"""What a check returns for a value that was reported."""

_XML_ILLEGAL = r"\u0000-\u0008\u000B\u000C\u000E-\u001F\uD800-\uDFFF\uFFFE\uFFFF"
_TEXT_PATTERN = rf"^[^{_XML_ILLEGAL}]*[^\u0000-\u0020\uD800-\uDFFF\uFFFE\uFFFF][^{_XML_ILLEGAL}]*$"
_NAME_START = (
    r"A-Z_a-z\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u02FF\u0370-\u037D\u037F-\u1FFF\u200C-\u200D\u2070-\u218F"
    r"\u2C00-\u2FEF\u3001-\uD7FF\uF900-\uFDCF\uFDF0-\uFFFD"
)
IDENTIFIER_PATTERN = (
    rf"^(?!_(start$|start\.|flow\.|to\.|timeout\.|catch\.))[{_NAME_START}]"
    rf"[{_NAME_START}\-.0-9\u00B7\u0300-\u036F\u203F-\u2040]*$"
)
MAX_IDENTIFIER = 100
"""Leaves room for the ids that are made of two others, within what the engine stores."""
EXPRESSION_PATTERN = rf"^[^{_XML_ILLEGAL}]*[$#]\{{[^{_XML_ILLEGAL}]*$"
DURATION_PATTERN = r"^P(?=.)([0-9]+[YMWD])*(T([0-9]+([.][0-9]+)?[HMS])+)?$"


class Checking:
    """One check of one document: where things stand, and what is wrong."""

    def __init__(self, root: Located, findings: Findings) -> None:
        self.root = root
        self.findings = findings
        self.faulty: set[Path] = set()
        """Where the tasks, transitions and the process with problems are."""
        self.is_skeleton_sound = True
        """Whether every element is known with its id and type, and every transition with its ends."""

    def error(self, rule: Rule, path: Path, message: str, source: Source | None = None) -> None:
        """Report a problem at `path`, or at `source` in it, that stops the deployment."""
        identifier = self.root.id_at(path)
        self.faulty.add(element_path(path))
        place = written(path)
        self.findings.error(
            rule, identifier, source or self.root.source_of(path), f"{place}: {message}" if place else message
        )


def element_path(path: Path) -> Path:
    """Return the path of the task, transition or caught event that `path` leads into; empty for the process."""
    inner = [
        position for position, step in enumerate(path) if isinstance(step, int) and path[position - 1] in _ELEMENTS
    ]
    return path[: inner[-1] + 1] if inner else ()


class Shape(Protocol):
    """A kind of value."""

    def check(self, value: Located, path: Path, checking: Checking) -> Any:
        """Return the plain value, without the parts that were reported; `NOT_TAKEN` where nothing is left."""

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the shape."""


@dataclass(slots=True, frozen=True)
class Text:
    """A text that is not empty and that XML can hold."""

    most: int = 100_000
    pattern: str = ""
    expected: str = "a text"
    defined: str = ""
    """Name under which the schema has it once."""

    def check(self, value: Located, path: Path, checking: Checking) -> Any:
        """See `Shape`."""
        text = value.value
        if not isinstance(text, str):
            advice = " Put it in quotes." if isinstance(text, int | float) else ""
            return _wrong(value, path, checking, self.expected, advice)
        if not text or len(text) > self.most:
            return _wrong(value, path, checking, f"{self.expected} of 1 to {self.most} characters")
        if re.fullmatch(_TEXT_PATTERN[1:-1], text) is None:
            return _wrong(value, path, checking, f"{self.expected}, neither blank nor with control characters")
        if self.pattern and re.search(self.pattern, text) is None:
            return _wrong(value, path, checking, self.expected)
        return text

    def schema(self) -> dict[str, Any]:
        """See `Shape`."""
        return {"$ref": f"#/$defs/{self.defined}"} if self.defined else self.definition()

    def definition(self) -> dict[str, Any]:
        """Return the JSON Schema itself."""
        pattern = self.pattern or _TEXT_PATTERN
        return {"type": "string", "minLength": 1, "maxLength": self.most, "pattern": pattern}


TEXT = Text(defined="text")
NAME = Text(255, defined="name")
IDENTIFIER = Text(
    MAX_IDENTIFIER,
    IDENTIFIER_PATTERN,
    "an id: a letter or _, then letters, digits and _ - . only; those that begin with _start, _flow., _to., _timeout. "
    "and _catch. are the engine's",
    "id",
)
EXPRESSION = Text(pattern=EXPRESSION_PATTERN, expected="an expression: ${...}", defined="expression")
DURATION = Text(100, DURATION_PATTERN, "an ISO 8601 duration: PT30S, P2D", "duration")
TEXTS = (TEXT, NAME, IDENTIFIER, EXPRESSION, DURATION)
"""Those that the schema has once."""


@dataclass(slots=True, frozen=True)
class Whole:
    """A whole number."""

    least: int
    most: int

    def check(self, value: Located, path: Path, checking: Checking) -> Any:
        """See `Shape`."""
        number = value.value
        if isinstance(number, bool) or not isinstance(number, int) or not self.least <= number <= self.most:
            return _wrong(value, path, checking, f"a whole number from {self.least} to {self.most}")
        return number

    def schema(self) -> dict[str, Any]:
        """See `Shape`."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(slots=True, frozen=True)
class Flag:
    """True or false."""

    only_true: bool = False
    """False is said by leaving it out."""

    def check(self, value: Located, path: Path, checking: Checking) -> Any:
        """See `Shape`."""
        if not isinstance(value.value, bool) or (self.only_true and not value.value):
            return _wrong(value, path, checking, "true, or left out" if self.only_true else "true or false")
        return value.value

    def schema(self) -> dict[str, Any]:
        """See `Shape`."""
        return {"const": True} if self.only_true else {"type": "boolean"}


@dataclass(slots=True, frozen=True)
class Either:
    """One shape for numbers, another one for texts."""

    number: Whole
    text: Text

    def check(self, value: Located, path: Path, checking: Checking) -> Any:
        """See `Shape`."""
        if isinstance(value.value, str):
            return self.text.check(value, path, checking)
        if isinstance(value.value, int) and not isinstance(value.value, bool):
            return self.number.check(value, path, checking)
        return _wrong(
            value,
            path,
            checking,
            f"a whole number from {self.number.least} to {self.number.most} or {self.text.expected}",
        )

    def schema(self) -> dict[str, Any]:
        """See `Shape`."""
        return {"anyOf": [self.number.schema(), self.text.schema()]}


@dataclass(slots=True, frozen=True)
class ListOf:
    """A list."""

    item: Shape
    least: int = 1

    def check(self, value: Located, path: Path, checking: Checking) -> Any:
        """See `Shape`."""
        if not isinstance(value.value, list):
            return _wrong(value, path, checking, "a list")
        if len(value.value) < self.least:
            return _wrong(value, path, checking, f"a list of at least {self.least}")
        taken = [self.item.check(item, (*path, position), checking) for position, item in enumerate(value.value)]
        return NOT_TAKEN if any(item is NOT_TAKEN for item in taken) else taken

    def schema(self) -> dict[str, Any]:
        """See `Shape`."""
        made: dict[str, Any] = {"type": "array", "items": self.item.schema()}
        return {**made, "minItems": self.least} if self.least else made


@dataclass(slots=True, frozen=True)
class MapOf:
    """An object whose property names the author chooses."""

    name: Text
    value: Shape

    def check(self, value: Located, path: Path, checking: Checking) -> Any:
        """See `Shape`."""
        if not isinstance(value.value, dict):
            return _wrong(value, path, checking, "an object")
        if not value.value:
            return _wrong(value, path, checking, "an object with at least one property")
        taken = {}
        for name, inner in value.value.items():
            place = (*path, name)
            is_named = self.name.check(Located(name, value.keys[name]), place, checking) is not NOT_TAKEN
            if (checked := self.value.check(inner, place, checking)) is not NOT_TAKEN and is_named:
                taken[name] = checked
        return taken

    def schema(self) -> dict[str, Any]:
        """See `Shape`."""
        return {
            "type": "object",
            "minProperties": 1,
            "propertyNames": self.name.schema(),
            "additionalProperties": self.value.schema(),
        }


@dataclass(slots=True, frozen=True)
class Property:
    """A property of an object."""

    shape: Shape
    about: str = ""
    required: bool = False


@dataclass(slots=True, frozen=True)
class OneOf:
    """Properties that exclude each other."""

    names: tuple[str, ...]
    required: bool = True

    def check(self, value: Mapping[str, Any], path: Path, checking: Checking) -> None:
        """Report where the properties of an object do not fit."""
        given = [name for name in self.names if name in value]
        listed = ", ".join(self.names)
        if not given and self.required:
            checking.error(Rule.DOCUMENT_PROPERTY_MISSING, path, f"one of {listed} is missing. Add it.")
        elif len(given) > 1:
            checking.error(
                Rule.ATTRIBUTE_CONFLICT, path, f"{' and '.join(given)} exclude each other. Keep one of them."
            )

    def schema(self) -> list[dict[str, Any]]:
        """Return what to put into `allOf`."""
        made: list[dict[str, Any]] = []
        if self.required:
            made.append({"anyOf": [{"required": [name]} for name in self.names]})
        made.extend(
            {"not": {"required": [first, second]}}
            for position, first in enumerate(self.names)
            for second in self.names[position + 1 :]
        )
        return made


@dataclass(slots=True, frozen=True)
class Record:
    """An object with known properties."""

    properties: Mapping[str, Property]
    one_of: Sequence[OneOf] = field(default=())
    skeleton: frozenset[str] = frozenset()
    """Properties without which nothing can be said of other parts of the document. A record that has none is taken
    whole or not at all."""

    def check(self, value: Located, path: Path, checking: Checking) -> Any:
        """See `Shape`."""
        if not isinstance(value.value, dict):
            if self.skeleton:
                checking.is_skeleton_sound = False
            return _wrong(value, path, checking, "an object")
        errors = checking.findings.error_count
        taken: dict[str, Any] = {}
        for name, inner in value.value.items():
            known = self.properties.get(name)
            if known is None:
                _unknown(name, value, path, checking, self.properties)
            elif (checked := known.shape.check(inner, (*path, name), checking)) is not NOT_TAKEN:
                taken[name] = checked
            elif name in self.skeleton:
                checking.is_skeleton_sound = False
        for name, known in self.properties.items():
            if known.required and name not in value.value:
                checking.is_skeleton_sound = checking.is_skeleton_sound and name not in self.skeleton
                checking.error(Rule.DOCUMENT_PROPERTY_MISSING, path, f"{name} is missing. Add it.")
        for rule in self.one_of:
            rule.check(value.value, path, checking)
        return taken if self.skeleton or checking.findings.error_count == errors else NOT_TAKEN

    def schema(self) -> dict[str, Any]:
        """See `Shape`."""
        made: dict[str, Any] = {
            "type": "object",
            "properties": {name: _described(known) for name, known in self.properties.items()},
            "additionalProperties": False,
        }
        if required := [name for name, known in self.properties.items() if known.required]:
            made["required"] = required
        if rules := [schema for rule in self.one_of for schema in rule.schema()]:
            made["allOf"] = rules
        return made


@dataclass(slots=True, frozen=True)
class Reference:
    """A shape that is defined apart, because it holds itself or is used often."""

    name: str
    shapes: Mapping[str, Shape]

    def check(self, value: Located, path: Path, checking: Checking) -> Any:
        """See `Shape`."""
        return self.shapes[self.name].check(value, path, checking)

    def schema(self) -> dict[str, Any]:
        """See `Shape`."""
        return {"$ref": f"#/$defs/{self.name}"}


@dataclass(slots=True, frozen=True)
class ByType:
    """An object whose property `type` says which properties it has."""

    records: Mapping[str, Record]

    def check(self, value: Located, path: Path, checking: Checking) -> Any:
        """See `Shape`."""
        if not isinstance(value.value, dict):
            checking.is_skeleton_sound = False
            return _wrong(value, path, checking, "an object")
        kind = value.value.get("type")
        if kind is None:
            checking.is_skeleton_sound = False
            checking.error(Rule.DOCUMENT_PROPERTY_MISSING, path, f"type is missing. Add one of {self._known()}.")
            return NOT_TAKEN
        record = self.records.get(kind.value) if isinstance(kind.value, str) else None
        if record is None:
            checking.is_skeleton_sound = False
            checking.error(
                Rule.DOCUMENT_TYPE_UNKNOWN, (*path, "type"), f"{_shown(kind)} is no type. Use one of {self._known()}."
            )
            return NOT_TAKEN
        return record.check(value, path, checking)

    def schema(self) -> dict[str, Any]:
        """See `Shape`."""
        return {
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"enum": list(self.records)}},
            "allOf": [
                {
                    "if": {"properties": {"type": {"const": kind}}, "required": ["type"]},
                    "then": {"$ref": f"#/$defs/{kind}"},
                }
                for kind in self.records
            ],
        }

    def _known(self) -> str:
        return ", ".join(self.records)


@dataclass(slots=True, frozen=True)
class Constant:
    """One value only: the type of a record that was chosen by it."""

    value: str

    def check(self, value: Located, path: Path, checking: Checking) -> Any:
        """See `Shape`."""
        return self.value

    def schema(self) -> dict[str, Any]:
        """See `Shape`."""
        return {"const": self.value}


def _described(known: Property) -> dict[str, Any]:
    schema = known.shape.schema()
    return {**schema, "description": known.about} if known.about else schema


def _unknown(name: str, value: Located, path: Path, checking: Checking, known: Mapping[str, Property]) -> None:
    folded = {candidate.lower(): candidate for candidate in known}
    near = folded.get(re.sub(r"[-_ ]", "", name).lower(), "")
    advice = f"Did you mean {near}?" if near else f"Remove it, or use one of {', '.join(known)}."
    checking.error(
        Rule.DOCUMENT_PROPERTY_UNKNOWN,
        path,
        f"the property {name[:60]!r} is not known here. {advice}",
        value.keys[name],
    )


def _wrong(value: Located, path: Path, checking: Checking, expected: str, advice: str = "") -> Any:
    checking.error(Rule.DOCUMENT_VALUE_INVALID, path, f"{_shown(value)} must be {expected}.{advice}", value.source)
    return NOT_TAKEN


def _shown(value: Located) -> str:
    match value.value:
        case None:
            return "nothing"
        case bool():
            return "true" if value.value else "false"
        case list():
            return "a list"
        case dict():
            return "an object"
        case str():
            return repr(value.value if len(value.value) <= 60 else value.value[:60] + "...")
    return str(value.value)


@dataclass(slots=True, frozen=True)
class Choice:
    """One of several texts."""

    values: Sequence[str]

    def check(self, value: Located, path: Path, checking: Checking) -> Any:
        """See `Shape`."""
        if value.value in self.values:
            return value.value
        return _wrong(value, path, checking, f"one of {', '.join(self.values)}")

    def schema(self) -> dict[str, Any]:
        """See `Shape`."""
        return {"enum": list(self.values)}
