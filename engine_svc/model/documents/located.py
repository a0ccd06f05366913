"""Values of a JSON or YAML document together with where they stand in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine_svc.model.problem import NOWHERE, Findings, Source
from engine_svc.model.rules import Rule

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_VALUES = 50_000
MAX_NUMBER_LENGTH = 20

Path = tuple[str | int, ...]
"""From the root to a value: property names and 0-based positions in lists."""

Scalar = str | int | float | bool | None


class DocumentRefusedError(Exception):
    """The bytes cannot be read as a document."""

    def __init__(self, rule: Rule, message: str, source: Source = NOWHERE) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.source = source


@dataclass(slots=True, frozen=True)
class Located:
    """A value and where it begins."""

    value: Scalar | list[Located] | dict[str, Located]
    source: Source
    keys: Mapping[str, Source] = field(default_factory=dict)
    """Where each property's name stands; of an object only."""

    def at(self, path: Path) -> Located:
        """Return the value at `path`, or the last one on the way that exists."""
        current = self
        for step in path:
            inner = current.child(step)
            if inner is None:
                break
            current = inner
        return current

    def source_of(self, path: Path) -> Source:
        """Return where the value at `path` begins; for one that is missing, where what should hold it begins."""
        return self.at(path).source

    def id_at(self, path: Path) -> str:
        """Return the id of the innermost object on `path` that has one; empty where none has."""
        found = ""
        current: Located | None = self
        for step in (*path, None):
            if current is None:
                break
            if isinstance(current.value, dict):
                identifier = current.value.get("id")
                if identifier is not None and isinstance(identifier.value, str):
                    found = identifier.value
            current = None if step is None else current.child(step)
        return found

    def child(self, step: str | int) -> Located | None:
        """Return the property or list item `step`; None where there is none."""
        if isinstance(self.value, dict) and isinstance(step, str):
            return self.value.get(step)
        if isinstance(self.value, list) and isinstance(step, int) and step < len(self.value):
            return self.value[step]
        return None


def written(path: Path) -> str:
    """Return a path as people read it: `tasks[2].assignee`."""
    parts = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in path]
    return "".join(parts).removeprefix(".")


def decoded(content: bytes) -> str:
    """Return the text of a document. Raises `DocumentRefusedError` where it is too large or not UTF-8."""
    if len(content) > MAX_BYTES:
        raise DocumentRefusedError(
            Rule.DOCUMENT_TOO_LARGE,
            f"The file has {len(content)} bytes; a JSON or YAML definition may have {MAX_BYTES}. Call parts of it as "
            "processes of their own.",
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        place = Source(before.count(b"\n") + 1, len(before.rpartition(b"\n")[2].decode("utf-8", "replace")) + 1)
        raise DocumentRefusedError(
            Rule.DOCUMENT_NOT_WELL_FORMED, "The file is not encoded in UTF-8. Save it as UTF-8.", place
        ) from error


def too_deep(source: Source) -> DocumentRefusedError:
    """Return the refusal of a document that is nested too deeply."""
    return DocumentRefusedError(
        Rule.DOCUMENT_TOO_DEEP,
        f"Objects and lists are nested more than {MAX_DEPTH} levels deep. Call inner sub-processes as processes of "
        "their own.",
        source,
    )


def too_many_values(source: Source) -> DocumentRefusedError:
    """Return the refusal of a document that holds too much, its aliases written out."""
    return DocumentRefusedError(
        Rule.DOCUMENT_TOO_MANY_VALUES,
        f"The file holds more than {MAX_VALUES} values, those that aliases repeat counted each time. Call parts of it "
        "as processes of their own.",
        source,
    )


def number_too_long(source: Source) -> DocumentRefusedError:
    """Return the refusal of a number that no property can hold."""
    return DocumentRefusedError(
        Rule.DOCUMENT_VALUE_INVALID,
        f"The number has more than {MAX_NUMBER_LENGTH} characters. Put it in quotes if it is meant as a text.",
        source,
    )


def report_duplicate(findings: Findings, key: str, source: Source, first: Source) -> None:
    """Report a property that an object has twice."""
    findings.error(
        Rule.DOCUMENT_PROPERTY_DUPLICATE,
        "",
        source,
        f"The property {key!r} was given before, in line {first.line}. Keep one of them.",
    )
