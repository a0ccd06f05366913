"""The files of the conformance suite: read, and checked strictly, so that no expectation is lost to a slip of the pen.

The format is told in `README.md` beside this file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.conformance.matrix_elements import ELEMENTS

FOLDER = Path(__file__).with_name("cases")

Check = Callable[[Any], bool]


class BadCase(Exception):
    """A file of the suite does not keep to the format."""


def _text(value: Any) -> bool:
    return isinstance(value, str) and value != ""


def _any_text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _variables(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(name, str) for name in value)


def _counts(value: Any) -> bool:
    return _variables(value) and all(isinstance(count, int) and count >= 0 for count in value.values())


def _number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


def _records(value: Any) -> bool:
    return _variables(value) and all(_variables(entry) for entry in value.values())


def _names(value: Any) -> bool:
    return _variables(value) and all(isinstance(name, str) for name in value.values())


def _instructions(value: Any) -> bool:
    return isinstance(value, list) and all(_variables(entry) and _instruction(entry) for entry in value)


def _instruction(entry: dict[str, Any]) -> bool:
    with_variables = {**entry}
    variables = with_variables.pop("with", {})
    return frozenset(with_variables) in INSTRUCTIONS and _names(with_variables) and _variables(variables)


def _incidents(value: Any) -> bool:
    return isinstance(value, list) and all(_variables(entry) and entry.keys() <= INCIDENT_KEYS for entry in value)


def _is(*values: str) -> Check:
    return lambda value: value in values


INSTRUCTIONS = frozenset(
    {
        frozenset({"move", "to"}),
        frozenset({"cancel"}),
        frozenset({"start_before"}),
        frozenset({"start_after"}),
        frozenset({"add_child"}),
    }
)
INCIDENT_KEYS = {"element", "type", "message"}
TASK_KEYS = {
    "name",
    "description",
    "assignee",
    "owner",
    "users",
    "groups",
    "priority",
    "due",
    "form",
    "delegated",
    "category",
    "follow_up",
}
STATUSES = ("running", "suspended", "completed", "terminated", "failed")


@dataclass(frozen=True)
class Verb:
    """What a step does: the check of what stands behind the verb, and the further keys that go with it."""

    subject: Check
    options: Mapping[str, Check]


IN: dict[str, Check] = {"in": _text}
WITH: dict[str, Check] = {"with": _variables}

VERBS: dict[str, Verb] = {
    "start": Verb(
        lambda value: _text(value) or (_variables(value) and "process" in value),
        {"as": _text, **WITH, "business_key": _any_text, "by": _text, "version": _number},
    ),
    "complete": Verb(_text, {**IN, **WITH, "by": _text}),
    "claim": Verb(_text, {**IN, "by": _text}),
    "unclaim": Verb(_text, IN),
    "assign": Verb(_text, {**IN, "to": _any_text}),
    "delegate": Verb(_text, {**IN, "to": _text}),
    "resolve": Verb(_text, {**IN, **WITH}),
    "fail": Verb(_text, {**IN, "left": _number, "text": _text}),
    "throw": Verb(_text, {**IN, **WITH, "code": _any_text, "text": _any_text}),
    "signal": Verb(_text, {**IN, **WITH, "to": _text}),
    "message": Verb(_text, {**IN, **WITH, "key": _any_text, "business_key": _any_text, "all": _flag, "as": _text}),
    "trigger": Verb(_text, {**IN, **WITH}),
    "set": Verb(_variables, {**IN, "at": _text, "locally": _flag}),
    "remove": Verb(_texts, {**IN, "at": _text, "locally": _flag}),
    "evaluate": Verb(_is("conditions"), {**IN, **WITH}),
    "evaluate_starts": Verb(_is("conditions"), WITH),
    "advance": Verb(_text, {}),
    "run": Verb(_is("jobs"), {}),
    "retry": Verb(_text, {**IN, "left": _number}),
    "suspend": Verb(_text, {}),
    "resume": Verb(_text, {}),
    "suspend_definition": Verb(_text, {"with_instances": _flag}),
    "resume_definition": Verb(_text, {"with_instances": _flag}),
    "cancel": Verb(_text, {"reason": _text}),
    "deploy": Verb(_text, {}),
    "undeploy": Verb(_is("newest"), {}),
    "begin": Verb(_text, {**IN, **WITH, "of": _text}),
    "finish": Verb(_text, IN),
    "modify": Verb(_instructions, IN),
    "migrate": Verb(_text, {"mapping": _names, **WITH}),
    "look": Verb(_is("now"), {}),
}

EXPECTATIONS: dict[str, Check] = {
    "open": _texts,
    "jobs": _texts,
    "timers": _texts,
    "async": _texts,
    "waiting": _texts,
    "subscriptions": _texts,
    "enabled": _texts,
    "variables": _variables,
    "absent": _texts,
    "local": _records,
    "activities": _counts,
    "completed": _texts,
    "order": _texts,
    "ended": _flag,
    "status": _is(*STATUSES),
    "incidents": _incidents,
    "tasks": _records,
    "headers": _records,
    "inputs": _records,
    "retries": _counts,
    "priorities": _variables,
    "types": _variables,
    "error": _text,
    "caught": _flag,
    "fired": _number,
    "business_key": _any_text,
    "instances": _records,
}
OF_ONE_INSTANCE = EXPECTATIONS.keys() - {"error", "caught", "fired", "instances"}


@dataclass(frozen=True)
class Step:
    """One thing that is done, and what is to be seen then."""

    verb: str
    subject: Any
    options: Mapping[str, Any]
    expected: Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A model, and what it does."""

    group: str
    subject: str
    name: str
    elements: tuple[str, ...]
    source: str
    models: tuple[str, ...]
    steps: tuple[Step, ...]
    refused: tuple[str, ...]
    """Rules for which the deployment is refused; there are no steps then."""
    warned: tuple[str, ...]

    @property
    def id(self) -> str:
        """What a test run calls it."""
        return f"{self.group}/{self.subject}: {self.name}"


KEYS = {"name", "elements", "source", "model", "models", "steps", "refused", "warned", "semantics"}


def all_cases(folder: Path = FOLDER) -> list[Case]:
    """Read every case. Raises `BadCase`."""
    cases = [case for path in sorted(folder.glob("*/*.yaml")) for case in cases_of(path)]
    seen: set[str] = set()
    for case in cases:
        if case.name in seen:
            raise BadCase(f"two cases are named {case.name!r}")
        seen.add(case.name)
    return cases


def cases_of(path: Path) -> list[Case]:
    """Read the cases of a file. Raises `BadCase`."""
    # The pure Python loader takes ten times as long.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = list(yaml.load_all(path.read_text(encoding="utf-8"), Loader=loader))
    return [_case(path, document) for document in documents if document is not None]


def _case(path: Path, document: Any) -> Case:
    where = f"{path.parent.name}/{path.name}"
    if not isinstance(document, dict) or not _text(document.get("name")):
        raise BadCase(f"{where}: a case must be a mapping with a name")
    where = f"{where}: {document['name']!r}"
    _refuse_unknown(where, document, KEYS)
    elements = document.get("elements")
    if not _texts(elements) or not elements:
        raise BadCase(f"{where}: elements must list what the case shows")
    for element in elements:
        if element not in ELEMENTS:
            raise BadCase(f"{where}: {element!r} is no row of the support matrix")
    if ("model" in document) == ("models" in document):
        raise BadCase(f"{where}: it needs either model or models")
    models = document.get("models", [document.get("model")])
    if not _texts(models):
        raise BadCase(f"{where}: models must be texts")
    refused, warned = document.get("refused", []), document.get("warned", [])
    if not _texts(refused) or not _texts(warned):
        raise BadCase(f"{where}: refused and warned must list rules")
    steps = document.get("steps", [])
    if not isinstance(steps, list) or bool(steps) == bool(refused):
        raise BadCase(f"{where}: it needs either steps or refused")
    return Case(
        group=path.parent.name,
        subject=path.stem,
        name=document["name"],
        elements=tuple(elements),
        source=str(document.get("source", "")),
        models=tuple(models),
        steps=tuple(_step(f"{where}, step {number}", entry) for number, entry in enumerate(steps, 1)),
        refused=tuple(refused),
        warned=tuple(warned),
    )


def _step(where: str, entry: Any) -> Step:
    if not isinstance(entry, dict):
        raise BadCase(f"{where}: a step must be a mapping")
    verbs = [key for key in entry if key in VERBS]
    if len(verbs) != 1:
        raise BadCase(f"{where}: a step does one thing of {', '.join(VERBS)}")
    verb = verbs[0]
    allowed = VERBS[verb]
    _refuse_unknown(where, entry, {verb, *allowed.options, *EXPECTATIONS})
    subject = entry[verb]
    if not allowed.subject(subject):
        raise BadCase(f"{where}: {subject!r} does not fit {verb}")
    options = {key: value for key, value in entry.items() if key in allowed.options}
    if verb == "start" and isinstance(subject, dict):
        further = {"process", "variables", "business_key", "as", "by", "version"}
        _refuse_unknown(where, subject, further)
        options |= {("with" if key == "variables" else key): value for key, value in subject.items()}
        subject = options.pop("process")
    for key, value in options.items():
        if not allowed.options[key](value):
            raise BadCase(f"{where}: {value!r} does not fit {key}")
    expected = {key: value for key, value in entry.items() if key in EXPECTATIONS and key not in allowed.options}
    _check_expected(where, expected)
    return Step(verb, subject, options, expected)


def _check_expected(where: str, expected: Mapping[str, Any]) -> None:
    for key, value in expected.items():
        if not EXPECTATIONS[key](value):
            raise BadCase(f"{where}: {value!r} does not fit {key}")
    for attributes in expected.get("tasks", {}).values():
        _refuse_unknown(where, attributes, TASK_KEYS)
    for name, inner in expected.get("instances", {}).items():
        _refuse_unknown(f"{where}, instance {name}", inner, set(OF_ONE_INSTANCE))
        _check_expected(f"{where}, instance {name}", inner)


def _refuse_unknown(where: str, mapping: Mapping[str, Any], known: set[str]) -> None:
    unknown = sorted(str(key) for key in mapping if key not in known)
    if unknown:
        raise BadCase(f"{where}: unknown {', '.join(unknown)}")
