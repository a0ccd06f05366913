from __future__ import annotations

import pytest

from engine_svc.compile.executable import AdHocSpec, MultiInstanceSpec
from tests.unit.bpmn_models import around
from tests.unit.compile.surroundings import element, task, value, wrapping
from tests.unit.model.findings import errors, warnings


def loop(attributes: str = "", content: str = "", extensions: str = "") -> str:
    return task(
        content=f"<multiInstanceLoopCharacteristics {attributes}><extensionElements>{extensions}</extensionElements>"
        f"{content}</multiInstanceLoopCharacteristics>"
    )


def instances(attributes: str = "", content: str = "", extensions: str = "") -> MultiInstanceSpec:
    found = wrapping(loop(attributes, content, extensions)).multi_instance
    assert found is not None
    return found


def test_cardinality() -> None:
    found = instances(
        'isSequential="true"',
        "<loopCardinality>${n + 1}</loopCardinality>"
        "<completionCondition>${nrOfCompletedInstances == 2}</completionCondition>",
    )
    assert found.sequential
    assert value(found.cardinality, n=2) == 3
    assert value(found.completion_condition, nrOfCompletedInstances=2) is True
    assert found.index_variable == "loopCounter"
    assert not instances("", "<loopCardinality>3</loopCardinality>").sequential


@pytest.mark.parametrize("dialect", ["flowable", "activiti", "camunda"])
def test_collections(dialect: str) -> None:
    found = instances(
        f'{dialect}:collection="people" {dialect}:elementVariable="who" {dialect}:elementIndexVariable="i"'
    )
    assert (value(found.collection), found.element_variable, found.index_variable) == ("people", "who", "i")
    expression = instances(f'{dialect}:collection="${{a.b}}"')
    assert value(expression.collection, a={"b": [1]}) == [1]


def test_collections_in_the_notation_of_bpmn() -> None:
    found = instances("", '<loopDataInputRef>people</loopDataInputRef><inputDataItem name="who"/>')
    assert (value(found.collection), found.element_variable) == ("people", "who")
    found = instances(
        "",
        "<loopDataInputRef>people</loopDataInputRef><loopDataOutputRef>results</loopDataOutputRef>"
        '<outputDataItem name="result"/>',
    )
    assert found.output_collection == "results"


def test_collections_as_elements() -> None:
    found = instances("", "", "<flowable:collection><flowable:string>people</flowable:string></flowable:collection>")
    assert value(found.collection) == "people"
    found = instances(
        "", "", "<flowable:collection><flowable:expression>${x}</flowable:expression></flowable:collection>"
    )
    assert value(found.collection, x=[1]) == [1]


def test_zeebe_collections() -> None:
    found = instances(
        'isSequential="true"',
        "<completionCondition>= done = true</completionCondition>",
        '<zeebe:loopCharacteristics inputCollection="=order.lines" inputElement="line" outputCollection="prices" '
        'outputElement="=line.price * 2"/>',
    )
    assert value(found.collection, order={"lines": [1, 2]}) == [1, 2]
    assert (found.element_variable, found.output_collection) == ("line", "prices")
    assert value(found.output_element, line={"price": 4}) == 8
    assert value(found.completion_condition, done=True) is True


def test_zeebe_literals() -> None:
    found = instances(
        "",
        "",
        """<zeebe:loopCharacteristics inputCollection='=[1, "b", x, [true]]' inputElement="i" outputCollection="o"
        outputElement='={k: i, "the key": {n: 2}, empty_list: []}'/>""",
    )
    assert value(found.collection, x=5) == [1, "b", 5, [True]]
    assert value(found.output_element, i=3) == {"k": 3, "the key": {"n": 2}, "empty_list": []}


def test_aggregation() -> None:
    found = instances(
        "",
        "<loopCardinality>2</loopCardinality>",
        '<flowable:variableAggregation target="reviews" storeAsTransientVariable="true">'
        '<variable sourceExpression="${a + 1}" target="next"/><variable sourceExpression="${b}" target="b"/>'
        "</flowable:variableAggregation>",
    )
    assert found.output_collection == "reviews"
    assert value(found.output_element, a=1, b="x") == {"next": 2, "b": "x"}


@pytest.mark.parametrize(
    ("node", "rule"),
    [
        (loop(), "MULTI_INSTANCE_INCOMPLETE"),
        (loop("", "<loopCardinality/>"), "MULTI_INSTANCE_INCOMPLETE"),
        (loop("", "<loopCardinality>${</loopCardinality>"), "EXPRESSION_SYNTAX"),
        (loop('nonsense="1"', "<loopCardinality>1</loopCardinality>"), "ATTRIBUTE_NOT_SUPPORTED"),
        (loop("", "<loopCardinality>1</loopCardinality><complexBehaviorDefinition/>"), "ELEMENT_NOT_SUPPORTED"),
        (
            loop("", "", '<zeebe:loopCharacteristics inputCollection="=1..2"/>'),
            "EXPRESSION_LANGUAGE_NOT_SUPPORTED",
        ),
        (
            loop("", "<loopCardinality>1</loopCardinality>", "<flowable:variableAggregation class='a' target='b'/>"),
            "ELEMENT_NOT_SUPPORTED",
        ),
        (
            loop('flowable:collection="a"', "", "<flowable:collection flowable:delegateExpression='${x}'/>"),
            "ELEMENT_NOT_SUPPORTED",
        ),
        (task(content='<standardLoopCharacteristics loopMaximum="many"/>'), "ATTRIBUTE_VALUE_INVALID"),
    ],
)
def test_bad_loops(node: str, rule: str) -> None:
    assert errors(around(node)) == [(rule, "n")]


def test_a_loop_without_a_bound_is_carried_out_once() -> None:
    once = around(task(content="<standardLoopCharacteristics/>"))
    assert errors(once) == []
    assert warnings(once) == [("MULTI_INSTANCE_INCOMPLETE", "n")]
    assert element(task(content="<standardLoopCharacteristics/>")).wrapping is None


def test_what_has_no_effect_is_said() -> None:
    node = loop('camunda:asyncBefore="true"', "<loopCardinality>1</loopCardinality>")
    assert (errors(around(node)), warnings(around(node))) == ([], [("NOT_IN_EFFECT", "n")])
    silent = loop('camunda:asyncBefore="false" flowable:exclusive="false"', "<loopCardinality>1</loopCardinality>")
    assert (errors(around(silent)), warnings(around(silent))) == ([], [])


def test_ad_hoc_sub_processes() -> None:
    def ad_hoc(extensions: str, attributes: str = "") -> str:
        return task(
            attributes,
            extensions,
            "<task id='inner'/><completionCondition>${done}</completionCondition>",
            kind="adHocSubProcess",
        )

    spec = element(ad_hoc('<zeebe:adHoc activeElementsCollection="=chosen"/>', 'ordering="Sequential"')).spec
    assert isinstance(spec, AdHocSpec)
    assert (spec.sequential, spec.cancel_remaining, len(spec.activities)) == (True, True, 1)
    assert value(spec.active_elements, chosen=["inner"]) == ["inner"]
    assert value(spec.completion_condition, done=True) is True
    for refused in ('<zeebe:taskDefinition type="t"/>', '<zeebe:adHoc outputCollection="o" outputElement="=x"/>'):
        assert {rule for rule, _ in errors(around(ad_hoc(refused)))} == {"ELEMENT_NOT_SUPPORTED"}


def test_standard_loop() -> None:
    found = wrapping(
        task(
            content='<standardLoopCharacteristics testBefore="true" loopMaximum="4">'
            "<loopCondition>${again}</loopCondition></standardLoopCharacteristics>"
        )
    ).loop
    assert found is not None
    assert (found.test_before, found.maximum, value(found.condition, again=True)) == (True, 4, True)
