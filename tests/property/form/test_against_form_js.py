"""The server against the real form-js: the same forms, variables and data, and the same outcome, fault by fault."""

from __future__ import annotations

import datetime
import json
import os
import re
from collections import defaultdict
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from form_svc.schema import parse
from form_svc.submission import Circumstances, Rule, Submission, SubmittedFile, Violation, initial_data, submit
from tests.infrastructure.form_js import FormJs
from tests.property.form.random_forms import Case, random_case

FORMS = int(os.environ.get("FLOWMESH_RANDOM_FORMS", "150"))
SEED = "FLOWMESH_RANDOM_SEED"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

MESSAGES = (
    (Rule.INTEGER, "Value is expected to be an integer."),
    (Rule.DECIMAL_DIGITS, "Value is expected to have at most"),
    (Rule.INCREMENT, "Please select a valid value"),
    (Rule.PATTERN, "Field must match pattern"),
    (Rule.PATTERN, "own words"),
    (Rule.REQUIRED, "Field is required."),
    (Rule.MIN, "Field must have minimum value"),
    (Rule.MAX, "Field must have maximum value"),
    (Rule.BOUND_UNUSABLE, "Min validation value is not a valid number."),
    (Rule.BOUND_UNUSABLE, "Max validation value is not a valid number."),
    (Rule.MIN_LENGTH, "Field must have minimum length"),
    (Rule.MAX_LENGTH, "Field must have maximum length"),
    (Rule.PHONE, "Field must be a valid  international phone number."),
    (Rule.EMAIL, "Field must be a valid email."),
)
SHARED = frozenset(rule for rule, _ in MESSAGES)
"""Rules that form-js reports; the others are of values that it drops."""
ROWS = frozenset({Rule.ROWS_FIXED, Rule.NOT_A_LIST})


def rule_of(message: str) -> Rule:
    return next(rule for rule, start in MESSAGES if message.startswith(start))


def circumstances(case: Case) -> Circumstances:
    zone = ZoneInfo(case.zone)
    files = {key: [SubmittedFile(file["name"]) for file in files] for key, files in case.files.items()}
    return Circumstances(now=datetime.datetime.now(zone), zone=zone, files=files)


def by_path(violations: tuple[Violation, ...]) -> dict[str, list[Violation]]:
    found = defaultdict(list)
    for violation in violations:
        found[violation.path].append(violation)
    return found


def at(data: Any, path: str) -> Any:
    for step in re.findall(r"\[(\d+)\]|([^.\[\]]+)", path):
        try:
            data = data[int(step[0]) if step[0] else step[1]]
        except (KeyError, IndexError, TypeError):
            return None
    return data


def tried(form_js: FormJs, case: Case) -> tuple[dict[str, Any], Submission]:
    theirs = form_js.fill(
        case.schema, case.variables, case.submitted, files=case.files, zone=case.zone, fixed=case.fixed
    )
    assert "crash" not in theirs, theirs["crash"]
    schema = parse(json.dumps(case.schema).encode())
    assert not theirs.get("refused")
    assert initial_data(schema, case.variables, circumstances(case)) == theirs["initial"]
    return theirs, submit(schema, case.submitted, case.variables, "en", circumstances(case))


def compare(case: Case, theirs: dict[str, Any], ours: Submission) -> None:
    assert ours.data == theirs["data"]
    found = by_path(ours.violations)
    dropped = {path for path, faults in found.items() if any(fault.rule not in SHARED for fault in faults)}
    for path in dropped:
        (fault,) = found[path]
        if fault.rule not in ROWS:
            held = theirs["held"].get(path, at(theirs["initial"], path))
            assert json.dumps(held) != json.dumps(at(case.submitted, path)), f"{path}: {fault.message}"
    rules = {path: sorted(fault.rule for fault in faults) for path, faults in found.items() if path not in dropped}
    expected = {
        path: sorted(map(rule_of, messages)) for path, messages in theirs["errors"].items() if path not in dropped
    }
    assert rules == expected
    for path, messages in theirs["errors"].items():
        for nearest in (re.search(r"nearest valid values are (\S+) and (\S+)\.$", message) for message in messages):
            if nearest is not None and path not in dropped:
                (increment,) = (fault for fault in found[path] if fault.rule is Rule.INCREMENT)
                assert increment.message.endswith(f"enter {nearest[1]} or {nearest[2]}.")


def compare_handed_over(case: Case, theirs: dict[str, Any]) -> None:
    """What a browser hands over is taken by the server as it is, with the faults that the browser found."""
    schema = parse(json.dumps(case.schema).encode())
    ours = submit(schema, theirs["data"], case.variables, "zh", circumstances(case))
    assert ours.data == theirs["data"]
    assert {path: sorted(fault.rule for fault in faults) for path, faults in by_path(ours.violations).items()} == {
        path: sorted(map(rule_of, messages)) for path, messages in theirs["errors"].items()
    }


def seeds() -> list[int]:
    named = os.environ.get(SEED)
    return [int(named)] if named else list(range(FORMS))


def test_form_js_and_the_server_agree(form_js: FormJs) -> None:
    accepted = refused = faults = 0
    for seed in seeds():
        case = random_case(seed)
        try:
            theirs, ours = tried(form_js, case)
            compare(case, theirs, ours)
            if all(fault.rule is not Rule.ROWS_FIXED for fault in ours.violations):
                compare_handed_over(case, theirs)
        except BaseException as failure:
            failure.add_note(f"seed {seed}; try it again with {SEED}={seed}\n{json.dumps(vars(case))}")
            raise
        accepted += not ours.violations
        refused += bool(ours.violations)
        faults += len(ours.violations)
    print(f"seeds {seeds()[0]} to {seeds()[-1]}: {accepted} accepted, {refused} refused with {faults} faults")
    if len(seeds()) > 100:
        assert accepted > len(seeds()) // 20
        assert refused > len(seeds()) // 4
