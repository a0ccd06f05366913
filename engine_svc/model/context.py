"""What the parser's parts share while they read one file: where things stand, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from engine_svc.model.elements import (
    ErrorDeclaration,
    EscalationDeclaration,
    MessageDeclaration,
    ModelText,
    SignalDeclaration,
    TextKind,
)
from engine_svc.model.namespaces import BPMN, split
from engine_svc.model.problem import NOWHERE, Findings, Source
from engine_svc.model.rules import Rule


@dataclass(slots=True, frozen=True)
class ParseContext:
    """One reading of one file."""

    findings: Findings
    sources: Mapping[etree._Element, Source]
    data_ids: frozenset[str] = frozenset()
    """Ids of the file's data objects, data stores, and declared inputs and outputs."""
    errors: dict[str, ErrorDeclaration] = field(default_factory=dict)
    """The file's errors by id: read before the processes that refer to them, as all declarations."""
    messages: dict[str, MessageDeclaration] = field(default_factory=dict)
    signals: dict[str, SignalDeclaration] = field(default_factory=dict)
    escalations: dict[str, EscalationDeclaration] = field(default_factory=dict)
    event_definitions: dict[str, etree._Element] = field(default_factory=dict)
    """Event definitions beside the processes, by id."""

    def source(self, element: etree._Element) -> Source:
        """Return where `element` begins."""
        return self.sources.get(element, NOWHERE)

    def error(self, rule: Rule, element: etree._Element, message: str) -> None:
        """Report a problem at `element` that stops the deployment."""
        self.findings.error(rule, nearest_id(element), self.source(element), message)

    def warning(self, rule: Rule, element: etree._Element, message: str) -> None:
        """Report a problem at `element` that the author should know of."""
        self.findings.warning(rule, nearest_id(element), self.source(element), message)


@dataclass(slots=True, frozen=True)
class Site:
    """One attribute or child element that is being read."""

    context: ParseContext
    element: etree._Element
    """The element itself, or the one that has the attribute."""
    origin: str
    """As the file writes it: `flowable:assignee`."""

    @property
    def source(self) -> Source:
        """Where it stands."""
        return self.context.source(self.element)

    def template(self, text: str) -> ModelText:
        """Return a text that may hold `${...}`."""
        return ModelText(text, self.source, self.origin)

    def literal(self, text: str) -> ModelText:
        """Return a text that is meant as it is written."""
        return ModelText(text, self.source, self.origin, TextKind.LITERAL)

    def error(self, rule: Rule, message: str) -> None:
        """Report a problem here that stops the deployment."""
        self.context.error(rule, self.element, message)

    def warning(self, rule: Rule, message: str) -> None:
        """Report a problem here that the author should know of."""
        self.context.warning(rule, self.element, message)


def nearest_id(element: etree._Element) -> str:
    """Return the id of `element`, or of the nearest enclosing element of the model that has one."""
    current: etree._Element | None = element
    while current is not None:
        identifier = current.get("id", "")
        if identifier and split(str(current.tag))[0] == BPMN:
            return identifier
        current = current.getparent()
    return ""


def local_name(element: etree._Element) -> str:
    """Return the name of `element` without its namespace."""
    return split(str(element.tag))[1]


def written_name(element: etree._Element) -> str:
    """Return the name of `element` as the file writes it, with its prefix."""
    name = local_name(element)
    return f"{element.prefix}:{name}" if element.prefix else name


def text_of(element: etree._Element) -> str:
    """Return all text within `element`, without the white space around it."""
    return "".join(str(part) for part in element.itertext()).strip()


def boolean(text: str) -> bool | None:
    """Return the XML Schema boolean that `text` holds, None where it holds none."""
    return {"true": True, "1": True, "false": False, "0": False}.get(text.strip().lower())


def is_executable(process: etree._Element) -> bool | None:
    """Tell whether a process is to be executed: also where it does not say so, as many Flowable files.

    None where the attribute holds no boolean.
    """
    return boolean(process.get("isExecutable", "true"))


def split_names(text: str) -> list[str]:
    """Split a list of names at its commas, but not within `${...}` or parentheses."""
    parts: list[str] = []
    depth = 0
    start = 0
    for position, character in enumerate(text):
        if character in "({[":
            depth += 1
        elif character in ")}]":
            depth = max(depth - 1, 0)
        elif character == "," and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]
