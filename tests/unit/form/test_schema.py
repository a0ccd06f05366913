from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from flowmesh.form.v1.start_form_service_pb2 import GetStartFormResponse
from flowmesh.form.v1.task_form_service_pb2 import GetTaskFormResponse
from google.protobuf.struct_pb2 import Value

from form_svc.api.mapping import rendered_message
from form_svc.commands.form_lookup import FoundForm
from form_svc.commands.form_reading import ReadForm
from form_svc.schema import NEWEST_VERSION, FormSchemaInvalid, parse
from form_svc.schema.field_types import FIELD_TYPES
from mesh.json_values import from_value
from tests.unit.form.forms import document, form, problems

TEXT = {"type": "textfield", "key": "a"}


def text(**more: Any) -> dict[str, Any]:
    return TEXT | more


@pytest.mark.parametrize("version", [None, 1, 4, 9, 16, NEWEST_VERSION])
def test_all_versions_are_read(version: int | None) -> None:
    assert parse(document(TEXT, **({} if version is None else {"schemaVersion": version}))).version == version


@pytest.mark.parametrize("version", [0, -1, "1", 1.5, True, NEWEST_VERSION + 1])
def test_versions_that_there_are_not_are_refused(version: object) -> None:
    assert set(problems(TEXT, schemaVersion=version)) == {"$.schemaVersion"}


def test_every_type_of_field_is_read() -> None:
    components = []
    for name, field_type in FIELD_TYPES.items():
        one: dict[str, Any] = {"type": name, "id": name}
        if field_type.is_keyed:
            one["key"] = f"key_{name}"
        if field_type.is_list:
            one["path"] = "rows"
        if name == "expression":
            one["expression"] = "=1 + 1"
        components.append(one)
    assert len(components) == 22
    assert list(form(*components).fields) == ["default", *FIELD_TYPES]


def test_a_byte_order_mark_does_not_matter() -> None:
    assert parse(b"\xef\xbb\xbf" + document(TEXT)).root.components[0].value_path == ("a",)


def test_properties_that_are_not_known_are_let_be() -> None:
    exporter = {"exporter": {"name": "Camunda Modeler", "version": "5.30"}, "executionPlatform": "Camunda Cloud"}
    layout = {"row": "Row_1", "columns": None}
    parse(document(text(layout=layout, properties={"x": 1}, appearance={"prefixAdorner": "€"}), **exporter))


def test_all_problems_are_told_at_once_with_their_place() -> None:
    found = problems(
        {"type": "textfield"},
        {"type": "nope", "key": "b"},
        {"key": "c"},
        "text",  # type: ignore[arg-type]
        text(validate={"min": 1, "minLength": -1, "maxLength": "many", "required": "yes", "pattern": "("}),
        text(id=5, label=7, disabled="=x", conditional={"hide": "x > 1"}),
        {"type": "number", "key": "n", "decimalDigits": -1, "increment": 0, "defaultValue": "one"},
        {"type": "select", "key": "s", "valuesExpression": "=1 +"},
        {"type": "datetime", "key": "d", "subtype": "week", "timeInterval": 7, "timeSerializingFormat": "x"},
        {"type": "dynamiclist", "defaultRepetitions": -2, "isRepeating": False, "components": {}},
        {"type": "expression", "key": "e"},
        {"type": "checkbox", "key": "f", "validate": {"maxLength": 3}, "components": []},
        {"type": "text", "text": "=("},
    )
    assert set(found) == {
        "$.components[0].key",
        "$.components[1].type",
        "$.components[2].type",
        "$.components[3]",
        "$.components[4].validate.min",
        "$.components[4].validate.minLength",
        "$.components[4].validate.maxLength",
        "$.components[4].validate.required",
        "$.components[4].validate.pattern",
        "$.components[5].id",
        "$.components[5].key",
        "$.components[5].label",
        "$.components[5].disabled",
        "$.components[5].conditional.hide",
        "$.components[6].decimalDigits",
        "$.components[6].increment",
        "$.components[6].defaultValue",
        "$.components[7].valuesExpression",
        "$.components[8].subtype",
        "$.components[8].timeInterval",
        "$.components[8].timeSerializingFormat",
        "$.components[9].path",
        "$.components[9].defaultRepetitions",
        "$.components[9].isRepeating",
        "$.components[9].components",
        "$.components[10].expression",
        "$.components[11].validate.maxLength",
        "$.components[11].components",
        "$.components[12].text",
    }
    assert found["$.components[5].conditional.hide"] == (
        '"x > 1" is no condition and would never hold; begin it with ='
    )
    assert "textfield" in found["$.components[2].type"]
    assert "(character 4)" in found["$.components[7].valuesExpression"]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("a..b", "empty part"),
        (".a", "empty part"),
        (" ", "empty part"),
        ("a.__proto__", "reserved"),
        ("constructor", "reserved"),
        ("items.0", "is a number"),
        ("x" * 501, "501 characters"),
        (5, "no text"),
        ("", "no key"),
    ],
)
def test_keys_that_cannot_be_are_refused(key: object, told: str) -> None:
    found = problems({"type": "textfield", "key": key})
    assert any(told in message for message in found.values()), found


@pytest.mark.parametrize("key", ["a", "person.name", "姓名", "first-name", "x1.y2.z3"])
def test_keys_with_dots_and_in_any_language_are_taken(key: str) -> None:
    (_, field) = form({"type": "textfield", "key": key}).fields.values()
    assert field.value_path == tuple(key.split("."))


def test_keys_with_operators_are_known_to_expressions() -> None:
    form({"type": "number", "key": "net-price"}, {"type": "expression", "key": "e", "expression": "=net-price * 2"})


def test_the_same_place_is_refused_for_two_fields() -> None:
    found = problems(
        TEXT,
        {"type": "number", "key": "a"},
        {"type": "number", "key": "a.b"},
        {"type": "dynamiclist", "path": "rows", "components": [{"type": "number", "key": "x"}]},
        {"type": "number", "key": "rows.y"},
        {"type": "group", "path": "g", "components": [TEXT]},
        {"type": "group", "path": "g", "components": [{"type": "textfield", "key": "c"}]},
        {"type": "group", "path": "g", "components": [TEXT]},
    )
    assert set(found) == {
        "$.components[1].key",
        "$.components[2].key",
        "$.components[4].key",
        "$.components[7].components[0].key",
    }
    assert found["$.components[1].key"].startswith("a belongs to $.components[0]")


def test_ids_are_unique() -> None:
    found = problems(text(id="x"), {"type": "number", "key": "b", "id": "x"}, id="x")
    assert set(found) == {"$.components[0].id", "$.components[1].id"}


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"[]", "no JSON object"),
        (b"null", "no JSON object"),
        (b'{"type": "default", "x": NaN}', "no JSON"),
        (b'"' + b"x" * (1024 * 1024) + b'"', "make it smaller"),
        (b"[" * 100_000 + b"]" * 100_000, "JSON"),
        (b'{"a":' * 200 + b"1" + b"}" * 200, "nested more than 90 deep"),
    ],
)
def test_what_is_no_form_is_refused(content: bytes, told: str) -> None:
    with pytest.raises(FormSchemaInvalid, match=told) as raised:
        parse(content)
    assert len(raised.value.problems) == 1


def test_forms_have_bounds() -> None:
    many = [{"type": "textfield", "key": f"k{at}"} for at in range(2001)]
    assert "more than 2000 fields" in problems(*many)["$.components[2000]"]
    nested: dict[str, Any] = TEXT
    for _ in range(16):
        nested = {"type": "group", "components": [nested]}
    assert any("more than 15 deep" in message for message in problems(nested).values())
    rows: dict[str, Any] = {"type": "textfield", "key": "x"}
    for at in range(3):
        rows = {"type": "dynamiclist", "path": f"l{at}", "defaultRepetitions": 1000, "components": [rows]}
    assert "more than 10000 fields" in problems(rows)["$.components"]


def _in_groups(count: int) -> dict[str, Any]:
    nested: dict[str, Any] = {"type": "select", "id": "x", "key": "x", "values": [{"label": "A", "value": "a"}]}
    for _ in range(count):
        nested = {"type": "group", "components": [nested]}
    return nested


def _in_lists(count: int) -> Any:
    return [_in_lists(count - 1)] if count else "x"


def _in_objects(count: int) -> Any:
    return {"a": _in_objects(count - 1)} if count else "x"


@pytest.mark.parametrize(
    ("make", "least"),
    [
        (_in_groups, 14),
        (lambda count: TEXT | {"custom": _in_lists(count)}, 35),
        (lambda count: TEXT | {"custom": _in_objects(count)}, 25),
    ],
)
@pytest.mark.parametrize("answer", [GetTaskFormResponse, GetStartFormResponse])
def test_the_deepest_form_can_be_shown(answer: Any, make: Callable[[int], dict[str, Any]], least: int) -> None:
    deepest = max(count for count in range(60) if not problems(make(count)))
    assert deepest >= least
    content = document(make(deepest))
    found = FoundForm(ReadForm(parse(content), json.loads(content), "", len(content)), "f")
    shown = answer.FromString(answer(form=rendered_message(found)).SerializeToString())
    assert from_value(Value(struct_value=shown.form.schema)) == json.loads(content)
    wrong = [{"type": "nope"} for _ in range(1000)]
    assert len(problems(*wrong)) == 200


def test_a_pattern_that_never_ends_does_not_hold_up_a_deployment() -> None:
    started = time.process_time()
    form(text(validate={"pattern": "^(a+)+$"}))
    assert time.process_time() - started < 2


def test_defaults_fit_their_fields() -> None:
    options = {"values": [{"label": "A", "value": "a"}, 1, {"label": "X", "value": {"id": 1}}]}
    for fits in (
        text(defaultValue="x"),
        {"type": "number", "key": "a", "defaultValue": 1.5},
        {"type": "number", "key": "a", "defaultValue": "1.50", "serializeToString": True},
        {"type": "checkbox", "key": "a", "defaultValue": True},
        {"type": "select", "key": "a", "defaultValue": {"id": 1}} | options,
        {"type": "taglist", "key": "a", "defaultValue": ["a", 1]} | options,
        {"type": "radio", "key": "a", "defaultValue": "whatever", "valuesKey": "them"},
        {"type": "datetime", "key": "a", "defaultValue": "2026-01-31"},
    ):
        assert problems(fits) == {}
    for wrong in (
        text(defaultValue=5),
        {"type": "number", "key": "a", "defaultValue": "1"},
        {"type": "checkbox", "key": "a", "defaultValue": "true"},
        {"type": "select", "key": "a", "defaultValue": "b"} | options,
        {"type": "select", "key": "a", "defaultValue": True} | options,
        {"type": "taglist", "key": "a", "defaultValue": "a"} | options,
        {"type": "checklist", "key": "a", "defaultValue": ["a", "b"]} | options,
        {"type": "datetime", "key": "a", "defaultValue": 5},
        {"type": "filepicker", "key": "a", "defaultValue": "files::1"},
    ):
        assert set(problems(wrong)) == {"$.components[0].defaultValue"}, wrong


def test_reading_never_raises_anything_else() -> None:
    odd = [None, True, 1, -1.5, "", "=", "=x", "x", [], {}, [1], {"a": 1}]
    names = """
        id key path type label components conditional validate values valuesKey valuesExpression defaultValue
        readonly disabled subtype timeInterval decimalDigits increment serializeToString defaultRepetitions
        allowAddRemove expression computeOn accept multiple appearance dataSource columnsExpression text
    """
    for name in names.split():
        for value in odd:
            for kind in FIELD_TYPES:
                document = {"type": "default", "components": [{"type": kind, "key": "a", "path": "p", name: value}]}
                try:
                    parse(json.dumps(document).encode())
                except FormSchemaInvalid as invalid:
                    assert invalid.problems
