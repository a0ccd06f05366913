from __future__ import annotations

from typing import Any

import pytest

from engine_svc.compile.executable import SubProcessSpec
from tests.unit.bpmn_models import around
from tests.unit.compile.surroundings import load
from tests.unit.model.findings import errors


def data(kind: str, text: str, name: str = "x") -> str:
    return (
        f'<dataObject id="d" name="{name}" itemSubjectRef="{kind}"><extensionElements>'
        f"<flowable:value>{text}</flowable:value></extensionElements></dataObject>"
    )


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("xsd:string", "abc", "abc"),
        ("xsd:int", "5", 5),
        ("xsd:long", "-7", -7),
        ("xsd:double", "1.5", 1.5),
        ("xsd:boolean", "true", True),
        ("xsd:datetime", "2030-01-31T09:00:00", "2030-01-31T09:00:00"),
        ("xsd:json", '{"a": [1]}', {"a": [1]}),
        ("", "text", "text"),
        ("someItem", "text", "text"),
        ("xsd:string", "", None),
    ],
)
def test_values(kind: str, text: str, expected: Any) -> None:
    variables = load(around(f'<task id="n"/>{data(kind, text)}')).variables
    assert (dict(variables), type(variables["x"])) == ({"x": expected}, type(expected))


def test_what_is_no_variable() -> None:
    for node in (data("xsd:string", "a", name=""), data("xsd:unheardOf", "a"), '<dataStoreReference id="d"/>'):
        assert load(around(f'<task id="n"/>{node}')).variables == {}


def test_data_of_sub_processes() -> None:
    process = load(
        around(
            f'<subProcess id="n"><startEvent id="i"/>{data("xsd:int", "3")}</subProcess>{data("xsd:int", "4", "y")}'.replace(
                'id="d" name="y"', 'id="d2" name="y"'
            )
        )
    )
    assert process.variables == {"y": 4}
    spec = process.elements[1].spec
    assert isinstance(spec, SubProcessSpec)
    assert spec.variables == {"x": 3}


@pytest.mark.parametrize(
    ("kind", "text"), [("xsd:int", "five"), ("xsd:boolean", "yes"), ("xsd:json", "{"), ("xsd:double", "nan")]
)
def test_bad_values(kind: str, text: str) -> None:
    assert errors(around(f'<task id="n"/>{data(kind, text)}')) == [("ATTRIBUTE_VALUE_INVALID", "d")]
