from __future__ import annotations

import pytest

from engine_svc.compile.executable import CallActivitySpec
from tests.unit.bpmn_models import around
from tests.unit.compile.surroundings import element, task, value
from tests.unit.model.findings import errors


def call(attributes: str = 'calledElement="other"', extensions: str = "") -> CallActivitySpec:
    spec = element(task(attributes, extensions, kind="callActivity")).spec
    assert isinstance(spec, CallActivitySpec)
    return spec


def test_a_plain_call() -> None:
    spec = call()
    assert (value(spec.called_element), spec.binding, spec.version) == ("other", "latest", None)
    flags = (spec.inherit_variables, spec.return_variables, spec.inherit_business_key, spec.local_outputs)
    assert flags == (False,) * 4
    assert (spec.inputs, spec.outputs, spec.business_key) == ((), (), None)


def test_flowable_settings() -> None:
    spec = call(
        'calledElement="${which}" flowable:calledElementType="id" flowable:businessKey="${key}" '
        'flowable:inheritBusinessKey="true" flowable:inheritVariables="true" flowable:completeAsync="true" '
        'flowable:useLocalScopeForOutParameters="true" flowable:processInstanceIdVariableName="called" '
        'flowable:fallbackToDefaultTenant="true"'
    )
    assert (value(spec.called_element, which="x"), spec.binding) == ("x", "id")
    assert value(spec.business_key, key="k") == "k"
    assert spec.inherit_business_key
    assert spec.inherit_variables
    assert spec.local_outputs
    assert spec.id_variable == "called"
    wrapping = element(task('calledElement="x" flowable:completeAsync="true"', kind="callActivity")).wrapping
    assert wrapping is not None
    assert wrapping.async_after
    assert call('calledElement="x" flowable:sameDeployment="true"').binding == "deployment"


@pytest.mark.parametrize("dialect", ["flowable", "activiti", "camunda"])
def test_mappings(dialect: str) -> None:
    spec = call(
        'calledElement="x"',
        f'<{dialect}:in source="a" target="b"/><{dialect}:in sourceExpression="${{a + 1}}" target="c"/>'
        f'<{dialect}:out sourceExpression="${{z}}" targetExpression="${{name}}" transient="true"/>',
    )
    assert [value(mapping.target) for mapping in spec.inputs] == ["b", "c"]
    assert value(spec.inputs[1].value, a=1) == 2
    (output,) = spec.outputs
    assert (value(output.target, name="n"), value(output.value, z=5), output.transient) == ("n", 5, True)


def test_camunda_settings() -> None:
    spec = call(
        'calledElement="x" camunda:calledElementBinding="version" camunda:calledElementVersion="${v}"',
        '<camunda:in variables="all"/><camunda:out variables="all"/><camunda:in businessKey="#{key}"/>',
    )
    assert (spec.binding, value(spec.version, v=3)) == ("version", 3)
    assert spec.inherit_variables
    assert spec.return_variables
    assert value(spec.business_key, key="k") == "k"
    tagged = call(
        'calledElement="x" camunda:calledElementVersion="1" camunda:calledElementVersionTag="gold" '
        'camunda:calledElementBinding="versionTag"'
    )
    assert (tagged.binding, value(tagged.version)) == ("versionTag", "gold")


def test_zeebe_settings() -> None:
    spec = call("", '<zeebe:calledElement processId="=&quot;p-&quot; + which"/>')
    assert value(spec.called_element, which="x") == "p-x"
    assert spec.inherit_variables
    assert spec.return_variables
    spec = call(
        "",
        '<zeebe:calledElement processId="x" propagateAllChildVariables="false" propagateAllParentVariables="false" '
        'bindingType="versionTag" versionTag="v1"/><zeebe:ioMapping><zeebe:input source="=a" target="b"/>'
        "</zeebe:ioMapping>",
    )
    assert (spec.binding, value(spec.version), spec.inherit_variables, spec.return_variables) == (
        "versionTag",
        "v1",
        False,
        False,
    )
    assert [value(mapping.target) for mapping in spec.inputs] == ["b"]


@pytest.mark.parametrize(
    ("attributes", "extensions", "rule"),
    [
        ("", "", "CALLED_ELEMENT_MISSING"),
        ('camunda:caseRef="c"', "", "ELEMENT_NOT_SUPPORTED"),
        ('calledElement="x" camunda:calledElementBinding="version"', "", "ATTRIBUTE_VALUE_INVALID"),
        ('calledElement="x" camunda:calledElementBinding="oldest"', "", "ATTRIBUTE_VALUE_INVALID"),
        ('calledElement="x" camunda:variableMappingClass="a.B"', "", "ELEMENT_NOT_SUPPORTED"),
        ('calledElement="x"', '<flowable:in source="a"/>', "ATTRIBUTE_VALUE_INVALID"),
        ('calledElement="x"', '<flowable:out sourceExpression="${" target="a"/>', "EXPRESSION_SYNTAX"),
        ('calledElement="${x"', "", "EXPRESSION_SYNTAX"),
        ("", '<zeebe:calledElement processId="x" bindingType="never"/>', "ATTRIBUTE_VALUE_INVALID"),
    ],
)
def test_bad_calls(attributes: str, extensions: str, rule: str) -> None:
    assert errors(around(task(attributes, extensions, kind="callActivity"))) == [(rule, "n")]
