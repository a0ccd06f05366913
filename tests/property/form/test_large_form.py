"""The form of 40 fields in the browser's form-js: it finds the same faults, and takes the same data."""

from __future__ import annotations

import json

from form_svc.schema.field_types import FIELD_TYPES
from tests.infrastructure.form_js import FormJs
from tests.integration.form.large_form import COMPONENTS, FAULTS, FAULTY, GOOD, VARIABLES, large_form
from tests.property.form.random_forms import Case
from tests.property.form.test_against_form_js import compare, compare_handed_over, tried


def _case(submitted: dict[str, object]) -> Case:
    return Case(json.loads(large_form()), VARIABLES, dict(submitted), "UTC", fixed=["field-known"])


def test_it_has_fields_of_every_type() -> None:
    assert len(COMPONENTS) == 40
    assert {component["type"] for component in COMPONENTS} == set(FIELD_TYPES)


def test_form_js_takes_the_data_that_is_right(form_js: FormJs) -> None:
    case = _case(GOOD)
    theirs, ours = tried(form_js, case)
    assert ours.violations == ()
    assert theirs["errors"] == {}
    compare(case, theirs, ours)
    compare_handed_over(case, theirs)


def test_form_js_finds_the_same_faults(form_js: FormJs) -> None:
    case = _case(FAULTY)
    theirs, ours = tried(form_js, case)
    assert tuple(violation.path for violation in ours.violations) == FAULTS
    compare(case, theirs, ours)
