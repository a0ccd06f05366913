"""Fields that a model lists become forms that can be used, whatever the model says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flowmesh.engine.v1.form_host_service_pb2 import FormHostConstraint, FormHostField, FormHostValue
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from form_svc.commands.checking import check_data
from form_svc.commands.form_lookup import FoundForm
from form_svc.commands.form_reading import ReadForm
from form_svc.commands.listed_fields import renamed_in, schema_of
from form_svc.schema import parse
from form_svc.submission import submit


def field(key: str = "a", kind: str = "string", **more: Any) -> FormHostField:
    return FormHostField(**{"id": key, "type": kind, "readable": True, "writable": True, **more})


def component(one: FormHostField) -> dict[str, Any]:
    content = schema_of("f", [one])
    parse(content)
    (made,) = json.loads(content)["components"]
    return dict(made)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("string", {"type": "textfield"}),
        ("", {"type": "textfield"}),
        ("custom", {"type": "textfield"}),
        ("long", {"type": "number", "decimalDigits": 0}),
        ("Integer", {"type": "number", "decimalDigits": 0}),
        ("double", {"type": "number"}),
        ("boolean", {"type": "checkbox"}),
        ("date", {"type": "datetime", "subtype": "date"}),
        ("enum", {"type": "select", "values": []}),
    ],
)
def test_types(kind: str, expected: dict[str, Any]) -> None:
    made = component(field(kind=kind))
    assert {name: made[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", {"subtype": "date"}),
        ("dd-MM-yyyy", {"subtype": "date"}),
        ("dd-MM-yyyy hh:mm", {"subtype": "datetime", "timeInterval": 1, "timeSerializingFormat": "no_timezone"}),
        ("yyyy-MM-dd'T'HH:mm", {"subtype": "datetime"}),
    ],
)
def test_a_date_has_a_time_where_its_pattern_has_one(pattern: str, expected: dict[str, Any]) -> None:
    made = component(field(kind="date", date_pattern=pattern))
    assert {name: made[name] for name in expected} == expected


def test_variable_goes_before_the_id_and_the_id_before_nothing() -> None:
    assert component(field(variable="v"))["key"] == "v"
    assert component(field(name="Label"))["label"] == "Label"
    assert component(field())["label"] == "a"


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("string", "x", "x"),
        ("string", "${x}", None),
        ("long", "7", 7),
        ("long", "7.5", None),
        ("double", "99999999999999999999", 1e20),
        ("long", "x", None),
        ("double", "7.5", 7.5),
        ("double", "NaN", None),
        ("boolean", "true", True),
        ("boolean", "no", False),
        ("date", "2030-01-01", "2030-01-01"),
        ("date", "31/01/2030", "2030-01-31"),
        ("date", "soon", None),
        ("date", "2030-02-30", None),
        ("enum", "b", None),
        ("string", "", None),
    ],
)
def test_defaults(kind: str, text: str, expected: Any) -> None:
    assert component(field(kind=kind, default_value=text)).get("defaultValue") == expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("dd-MM-yyyy", "31-01-2030", "2030-01-31"),
        ("dd-MM-yyyy hh:mm", "31-01-2030 09:30", "2030-01-31T09:30"),
        ("yyyy-MM-dd'T'HH:mm:ss", "2030-01-31T09:30:59", "2030-01-31T09:30"),
        ("d.M.yyyy", "1.2.2030", "2030-02-01"),
        # The pattern has parts that are not known.
        ("EEE, d MMM yyyy", "2030-01-31", "2030-01-31"),
        ("EEE, d MMM yyyy", "Thu, 31 Jan 2030", None),
        ("dd%MM%yyyy", "1%2%2030", "2030-02-01"),
        ("dd dd", "1 1", None),
    ],
)
def test_defaults_of_dates(pattern: str, text: str, expected: str | None) -> None:
    made = component(field(kind="date", date_pattern=pattern, default_value=text))
    assert made.get("defaultValue") == expected
    if expected is not None:
        assert submit(
            parse(schema_of("f", [field(kind="date", date_pattern=pattern, default_value=text)])), {}, {}
        ).data


@pytest.mark.parametrize("name", ["customer.name", "1.x", "1", "constructor", "__proto__", " ", "a..b", "x" * 600])
async def test_a_variable_whose_name_is_no_key(name: str) -> None:
    fields = [field("field_1"), field(name, "long"), field("other", variable=name), field("customer")]
    content = schema_of("f", fields)
    document = json.loads(content)
    assert [each["key"] for each in document["components"]] == ["field_1", "field_1_", "customer"]
    found = FoundForm(ReadForm(parse(content), document, "", len(content)), "", renamed=renamed_in(fields))
    # Another variable has the field's key as its name.
    variables = {name: 7, "field_1_": "x", "customer": "Ann"}
    assert found.shown(variables) == {name: 7, "field_1_": 7, "customer": "Ann"}
    checked = await check_data(found, {}, variables, {}, {}, "en", 0)
    assert checked.data == {"field_1": "", name: 7, "customer": "Ann"}
    checked = await check_data(found, {"field_1_": 8}, variables, {}, {}, "en", 0)
    assert checked.data == {"field_1": "", name: 8, "customer": "Ann"}


def test_a_variable_that_is_listed_twice_is_shown_once() -> None:
    fields = [field("a", readable=False), field("a", name="First"), field("b", variable="a")]
    (made,) = json.loads(schema_of("f", fields))["components"]
    assert (made["key"], made["label"]) == ("a", "First")


@pytest.mark.parametrize("text", ["=", "=now()", "{{secret}}", "{{"])
def test_labels_are_no_expressions(text: str) -> None:
    made = component(field(name=text, kind="enum", values=[FormHostValue(id="a", name=text)]))
    for label in (made["label"], made["values"][0]["label"]):
        assert not label.startswith("=")
        assert "{{" not in label


def test_values_and_their_default() -> None:
    values = [FormHostValue(id="a", name="First"), FormHostValue(id="b")]
    made = component(field(kind="enum", values=values, default_value="b"))
    assert made["values"] == [{"value": "a", "label": "First"}, {"value": "b", "label": "b"}]
    assert made["defaultValue"] == "b"


def test_rules() -> None:
    rules = [("minlength", "2"), ("maxlength", "5"), ("required", ""), ("readonly", "true"), ("other", "x")]
    made = component(field(constraints=[FormHostConstraint(name=name, config=config) for name, config in rules]))
    assert made["validate"] == {"minLength": 2, "maxLength": 5, "required": True}
    assert made["readonly"] is True
    bad = [FormHostConstraint(name="min", config="x"), FormHostConstraint(name="required", config="false")]
    assert "validate" not in component(field(kind="long", constraints=bad))


def test_what_must_not_be_read_is_left_out() -> None:
    assert json.loads(schema_of("f", [field("a", readable=False)]))["components"] == []
    assert component(field(writable=False))["readonly"] is True


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.builds(
            FormHostField,
            id=st.from_regex(r"[a-z][a-zA-Z0-9_]{0,8}", fullmatch=True),
            name=st.text(max_size=20),
            type=st.sampled_from(["string", "long", "double", "boolean", "date", "enum", "?"]),
            required=st.booleans(),
            default_value=st.text(max_size=8),
            readable=st.booleans(),
            writable=st.booleans(),
            values=st.lists(
                st.builds(FormHostValue, id=st.text(min_size=1, max_size=5), name=st.text(max_size=5)),
                max_size=3,
                unique_by=lambda value: value.id,
            ),
            constraints=st.lists(
                st.builds(
                    FormHostConstraint,
                    name=st.sampled_from(["min", "max", "minlength", "maxlength", "required", "readonly"]),
                    config=st.one_of(st.text(max_size=4), st.integers(-5, 5).map(str)),
                ),
                max_size=4,
            ),
        ),
        max_size=6,
        unique_by=lambda one: one.id,
    )
)
def test_every_list_of_fields_makes_a_form(fields: list[FormHostField]) -> None:
    submit(parse(schema_of("f", fields)), {}, {})


@pytest.mark.parametrize("bound", ["1e30", "-1e300", "9007199254740993", "9223372036854775808"])
def test_bounds_beyond_all_whole_numbers(bound: str) -> None:
    made = component(field(kind="double", constraints=[FormHostConstraint(name="max", config=bound)]))
    assert made["validate"]["max"] == float(bound)
