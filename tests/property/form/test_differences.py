"""What `docs/forms-schema.md` says of differences is so: form-js does this, the server that."""

from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from form_svc.schema import parse
from form_svc.submission import Submission, initial_data, submit
from tests.infrastructure.form_js import FormJs
from tests.unit.form.forms import circumstances, problems

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def both(
    form_js: FormJs, component: dict[str, Any], data: dict[str, Any], zone: str = "UTC"
) -> tuple[dict[str, Any], Submission]:
    schema = {"type": "default", "components": [{"id": "x", "key": "a"} | component]}
    theirs = form_js.fill(schema, {}, data, zone=zone)
    ours = submit(parse(json.dumps(schema).encode()), data, {}, "en", circumstances(zone=ZoneInfo(zone)))
    return theirs, ours


def test_decimals_are_exact_on_the_server(form_js: FormJs) -> None:
    theirs, ours = both(form_js, {"type": "expression", "expression": "=0.1 + 0.2"}, {})
    assert theirs["data"] == {"a": 0.30000000000000004}
    assert ours.data == {"a": 0.3}


def test_some_values_end_form_js(form_js: FormJs) -> None:
    theirs, ours = both(form_js, {"type": "number", "decimalDigits": 2}, {"a": 1e21})
    assert "crash" in theirs
    assert ours.violations == ()
    theirs, ours = both(form_js, {"type": "taglist", "valuesExpression": '=["x"]'}, {"a": "x"})
    assert "crash" in theirs
    assert [each.rule for each in ours.violations] == ["NOT_A_LIST"]


def test_variables_that_cannot_hold_a_field_keep_form_js_from_opening(form_js: FormJs) -> None:
    schema = {"type": "default", "components": [{"type": "textfield", "key": "user.name", "id": "x"}]}
    assert form_js.fill(schema, {"user": "bob"}, {}) == {"refused": True}
    shown = initial_data(parse(json.dumps(schema).encode()), {"user": "bob"}, circumstances())
    assert form_js.fill(schema, shown, {"user": {"name": "Bob"}})["data"] == {"user": {"name": "Bob"}}


def test_files_from_before_stay_on_the_server(form_js: FormJs) -> None:
    schema = {"type": "default", "components": [{"type": "filepicker", "key": "a", "id": "x"}]}
    before = {"a": [{"fileId": "1", "name": "a.pdf"}]}
    handed_over = form_js.fill(schema, before, {})["data"]
    assert handed_over == {"a": None}
    assert submit(parse(json.dumps(schema).encode()), handed_over, before, "en", circumstances()).data == before


def test_conditions_that_are_no_expressions_have_no_effect_in_form_js(form_js: FormJs) -> None:
    field = {"type": "textfield", "key": "a", "id": "x", "conditional": {"hide": "true"}}
    assert form_js.fill({"type": "default", "components": [field]}, {}, {"a": "x"})["data"] == {"a": "x"}
    assert set(problems(field)) == {"$.components[0].conditional.hide"}


def test_feelin_departs_from_the_standard(form_js: FormJs) -> None:
    for expression in ("=[1] = []", "=is defined(missing)"):
        theirs, ours = both(form_js, {"type": "expression", "expression": expression}, {})
        assert theirs["data"] == {"a": None}
        assert ours.data == {"a": False}


def test_a_condition_on_nothing_hides_in_both(form_js: FormJs) -> None:
    theirs, ours = both(form_js, {"type": "textfield", "conditional": {"hide": "=amount > 5"}}, {"a": "x"})
    assert theirs["data"] == ours.data == {}
