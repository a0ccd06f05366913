"""Small forms for tests."""

from __future__ import annotations

import datetime
import json
from typing import Any

from form_svc.schema import FormSchema, FormSchemaInvalid, parse
from form_svc.submission import Circumstances, SubmittedFile, Violation, check, submit

NOW = datetime.datetime(2026, 3, 10, 9, 30, tzinfo=datetime.UTC)


def document(*components: dict[str, Any], **more: Any) -> bytes:
    """Return a form's document."""
    return json.dumps({"type": "default", "components": components, **more}).encode()


def form(*components: dict[str, Any]) -> FormSchema:
    """Return a form."""
    return parse(document(*components))


def problems(*components: dict[str, Any], **more: Any) -> dict[str, str]:
    """Return what is wrong with a form, by path."""
    try:
        parse(document(*components, **more))
    except FormSchemaInvalid as invalid:
        found = {problem.path: problem.message for problem in invalid.problems}
        assert len(found) == len(invalid.problems)
        return found
    return {}


def circumstances(**more: Any) -> Circumstances:
    """Return a fixed time."""
    return Circumstances(now=NOW, **more)


def rules(
    components: list[dict[str, Any]], data: dict[str, Any], variables: dict[str, Any] | None = None, **more: Any
) -> dict[str, list[str]]:
    """Return the rules that data break, by path."""
    found: dict[str, list[str]] = {}
    for violation in violations(components, data, variables, **more):
        found.setdefault(violation.path, []).append(violation.rule)
    return found


def violations(
    components: list[dict[str, Any]],
    data: dict[str, Any],
    variables: dict[str, Any] | None = None,
    language: str = "en",
    **more: Any,
) -> list[Violation]:
    """Return what is wrong with data."""
    return check(form(*components), data, variables or {}, language, circumstances(**more))


def kept(
    components: list[dict[str, Any]], data: dict[str, Any], variables: dict[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    """Return what is kept of data that are right."""
    outcome = submit(form(*components), data, variables or {}, "en", circumstances(**more))
    assert outcome.violations == ()
    return outcome.data


def files(**named: list[tuple[str, str]]) -> dict[str, list[SubmittedFile]]:
    """Return uploaded files by their key."""
    return {f"files::{key}": [SubmittedFile(*each) for each in held] for key, held in named.items()}
