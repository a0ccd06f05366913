"""From the bytes of a model file, whatever its format, to executable processes in one call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine_svc.compile.definitions import compile_definitions
from engine_svc.compile.executable import ExecutableProcess
from engine_svc.model.parse import parse_bpmn
from engine_svc.model.problem import Problem, in_file_order
from engine_svc.model.validate import validate

if TYPE_CHECKING:
    from engine_svc.model.documents.convert import Converted

JSON_ENDINGS = (".json",)
YAML_ENDINGS = (".yaml", ".yml")
BPMN_ENDINGS = (".bpmn", ".bpmn20.xml", ".bpmn.xml")
MODEL_ENDINGS = (*BPMN_ENDINGS, *JSON_ENDINGS, *YAML_ENDINGS)
FORM_ENDINGS = (".form",)
"""Files that the engine keeps with a deployment and does not read: the form service does."""


def is_form(resource_name: str) -> bool:
    """Tell whether a file of a deployment is a form."""
    return resource_name.lower().endswith(FORM_ENDINGS)


@dataclass(slots=True, frozen=True)
class LoadResult:
    """What came of a file."""

    processes: tuple[ExecutableProcess, ...]
    """Empty where a problem is an error: nothing is deployed by halves."""
    problems: tuple[Problem, ...]
    """All of them, in file order."""

    @property
    def is_valid(self) -> bool:
        """Whether the file may be deployed; warnings do not prevent it."""
        return not any(problem.is_error for problem in self.problems)


def load_definitions(resource_name: str, content: bytes) -> LoadResult:
    """Parse, validate and compile a file in the format that its ending tells: one of `MODEL_ENDINGS`.

    A bad one gives problems, never an exception; each stands at its place in that file.
    """
    document = _converted(resource_name, content)
    if document is None:
        return load_bpmn(content)
    if document.bpmn is None:
        return LoadResult((), document.problems)
    loaded = load_bpmn(document.bpmn)
    problems = in_file_order([*document.problems, *document.located(loaded.problems)])
    return LoadResult(loaded.processes if not any(problem.is_error for problem in problems) else (), problems)


def bpmn_of(resource_name: str, content: bytes) -> bytes:
    """Return a file that was deployed as BPMN XML, byte for byte where it is BPMN itself."""
    document = _converted(resource_name, content)
    if document is None or document.bpmn is None:
        return content
    return document.bpmn


def _converted(resource_name: str, content: bytes) -> Converted | None:
    name = resource_name.lower()
    if not name.endswith((*JSON_ENDINGS, *YAML_ENDINGS)):
        return None
    # 25 ms that an engine whose models are all BPMN does not pay.
    from engine_svc.model.documents.convert import convert

    return convert(content, is_json=name.endswith(JSON_ENDINGS))


def load_bpmn(xml: bytes) -> LoadResult:
    """Parse, validate and compile a BPMN file; a bad one gives problems, never an exception."""
    parsed = parse_bpmn(xml)
    if parsed.definitions is None:
        return LoadResult((), parsed.problems)
    problems = in_file_order([*parsed.problems, *validate(parsed.definitions)])
    if any(problem.is_error for problem in problems):
        return LoadResult((), problems)
    return LoadResult(tuple(compile_definitions(parsed.definitions)), problems)
