"""From the bytes of a JSON or YAML document to BPMN, with every problem at its place in the document."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from engine_svc.model.documents.format import DOCUMENT
from engine_svc.model.documents.json_reader import read_json
from engine_svc.model.documents.located import DocumentRefusedError, Located, Path, decoded, written
from engine_svc.model.documents.shapes import NOT_TAKEN, Checking
from engine_svc.model.documents.to_bpmn import Trace, to_bpmn
from engine_svc.model.documents.yaml_reader import read_yaml
from engine_svc.model.problem import Findings, Problem, Source
from engine_svc.model.rules import Rule


@dataclass(slots=True, frozen=True)
class Converted:
    """A document as BPMN."""

    bpmn: bytes | None
    """None where the document has not even the skeleton of a process."""
    problems: tuple[Problem, ...]
    """Those of the document itself."""
    key: str
    """The process's id; empty where it has none."""
    _root: Located
    _trace: Trace
    _faulty: frozenset[Path]

    def located(self, problems: Iterable[Problem]) -> list[Problem]:
        """Return problems of the BPMN at their places in the document.

        Those of elements that have problems in the document already are left out: they may be no more than echoes.
        """
        echoing = set(self._faulty)
        for path in self._faulty:
            # What its transitions say decides whether a gateway is right.
            begin = self._root.at(path).child("from")
            if begin is not None and isinstance(begin.value, str):
                echoing.add(self._trace.elements.get(begin.value, path))
        return [
            self._located(problem)
            for problem in problems
            if self._trace.elements.get(problem.element_id) not in echoing
        ]

    def _located(self, problem: Problem) -> Problem:
        path = self._trace.elements.get(problem.element_id, ())
        message = problem.message
        origins = self._trace.properties.get(problem.element_id, {})
        for origin in sorted(origins, key=len, reverse=True):
            found = re.search(rf"(?<![\w:]){re.escape(origin)}(?!\w)", message)
            if found is not None:
                path = origins[origin]
                message = f"{message[: found.start()]}{path[-1]}{message[found.end() :]}"
                break
        source = self._root.source_of(path)
        place = f"{written(path)}: " if path else ""
        return replace(problem, line=source.line, column=source.column, message=place + message)


def convert(content: bytes, *, is_json: bool) -> Converted:
    """Read a document and convert it; a bad one gives problems, never an exception."""
    findings = Findings()
    try:
        text = decoded(content)
        root = read_json(text, findings) if is_json else read_yaml(text, findings)
    except DocumentRefusedError as error:
        findings.error(error.rule, "", error.source, error.message)
        return Converted(None, findings.in_file_order(), "", Located(None, error.source), Trace(), frozenset())
    checking = Checking(root, findings)
    taken = DOCUMENT.check(root, (), checking)
    bpmn: bytes | None = None
    trace = Trace()
    if taken is not NOT_TAKEN and checking.is_skeleton_sound and _ids_are_unique(taken, checking):
        bpmn, trace = to_bpmn(taken, checking)
    if findings.error_count and not checking.faulty:
        # A property that was given twice: what it belongs to is not known.
        bpmn = None
    return Converted(bpmn, findings.in_file_order(), root.id_at(()), root, trace, frozenset(checking.faulty))


def _ids_are_unique(document: Any, checking: Checking) -> bool:
    first: dict[str, Source] = {}
    is_unique = True
    for path, identifier in _ids(document, ()):
        source = checking.root.source_of(path)
        if identifier in first:
            is_unique = False
            checking.error(
                Rule.ID_DUPLICATE,
                path,
                f"{identifier!r} is also the id in line {first[identifier].line}. Give one of them another id.",
            )
        else:
            first[identifier] = source
    return is_unique


def _ids(value: Any, path: Path) -> Iterable[tuple[Path, str]]:
    if "id" in value:
        yield (*path, "id"), value["id"]
    for name in ("tasks", "transitions", "catch"):
        for position, inner in enumerate(value.get(name, ())):
            yield from _ids(inner, (*path, name, position))
