from __future__ import annotations

from typing import Any

import pytest

from engine_svc.compile.executable import (
    ElementKind,
    ExpressionTaskSpec,
    ExternalTaskSpec,
    Spec,
    UserTaskSpec,
)
from engine_svc.compile.load import load_bpmn
from engine_svc.expressions import Evaluate, is_constant
from tests.unit.bpmn_models import around
from tests.unit.expressions.variables import Variables
from tests.unit.model.findings import errors, warnings

VARIABLES = Variables(who="kermit", groups=["a", "b"], n=7, topic="t-1")


def spec_of(node: str) -> tuple[ElementKind, Spec]:
    result = load_bpmn(around(node))
    assert result.is_valid, result.problems
    compiled = result.processes[0].elements[1]
    return compiled.kind, compiled.spec


def user_task(attributes: str = "", content: str = "") -> UserTaskSpec:
    kind, spec = spec_of(f'<userTask id="n" {attributes}>{content}</userTask>')
    assert kind is ElementKind.USER_TASK
    assert isinstance(spec, UserTaskSpec)
    return spec


def external(attributes: str = "", extensions: str = "") -> ExternalTaskSpec:
    kind, spec = spec_of(service(attributes, extensions))
    assert kind is ElementKind.EXTERNAL_TASK
    assert isinstance(spec, ExternalTaskSpec)
    return spec


def service(attributes: str = "", extensions: str = "") -> str:
    return f'<serviceTask id="n" {attributes}><extensionElements>{extensions}</extensionElements></serviceTask>'


def value(evaluate: Evaluate | None) -> Any:
    assert evaluate is not None
    return evaluate(VARIABLES)


def values(evaluates: tuple[Evaluate, ...]) -> list[Any]:
    return [evaluate(VARIABLES) for evaluate in evaluates]


def test_bare_user_task() -> None:
    spec = user_task()
    assert value(spec.name) == ""
    assert (spec.description, spec.assignee, spec.priority, spec.due_date, spec.form_key) == (None,) * 5
    assert spec.candidate_users == spec.candidate_groups == ()


@pytest.mark.parametrize("dialect", ["flowable", "activiti", "camunda"])
def test_user_task_attributes(dialect: str) -> None:
    spec = user_task(
        f'name="For ${{who}}" {dialect}:assignee="${{who}}" {dialect}:candidateUsers="u1, ${{who}},u2" '
        f'{dialect}:candidateGroups="${{groups}}" {dialect}:priority="${{n}}" {dialect}:dueDate="P3D" '
        f'{dialect}:formKey="f-${{n}}"',
        "<documentation> Do it, ${who}. </documentation>",
    )
    assert value(spec.name) == "For kermit"
    assert value(spec.description) == "Do it, kermit."
    assert value(spec.assignee) == "kermit"
    assert values(spec.candidate_users) == ["u1", "kermit", "u2"]
    assert values(spec.candidate_groups) == [["a", "b"]]
    assert value(spec.priority) == 7
    assert value(spec.due_date) == "P3D"
    assert value(spec.form_key) == "f-7"


def test_resource_roles() -> None:
    def role(name: str, text: str) -> str:
        return (
            f"<{name}><resourceAssignmentExpression><formalExpression>{text}</formalExpression>"
            f"</resourceAssignmentExpression></{name}>"
        )

    spec = user_task(
        "",
        role("humanPerformer", "${who}") + role("potentialOwner", "user(fozzie), group(mgmt), group(${who}), sales"),
    )
    assert value(spec.assignee) == "kermit"
    assert values(spec.candidate_users) == ["fozzie"]
    assert values(spec.candidate_groups) == ["mgmt", "kermit", "sales"]
    conflict = around(f'<userTask id="n" flowable:assignee="x">{role("humanPerformer", "y")}</userTask>')
    assert errors(conflict) == [("ATTRIBUTE_CONFLICT", "n")]


def test_zeebe_user_task_values_are_static() -> None:
    spec = user_task(
        "",
        """<extensionElements><zeebe:userTask/>
        <zeebe:assignmentDefinition assignee="${who}" candidateUsers="a, b" candidateGroups="g"/>
        <zeebe:formDefinition formId="form-1"/><zeebe:taskSchedule dueDate="2030-01-31T09:00:00Z"/>
        <zeebe:priorityDefinition priority="60"/></extensionElements>""",
    )
    assert value(spec.assignee) == "${who}"
    assert values(spec.candidate_users) == ["a", "b"]
    assert values(spec.candidate_groups) == ["g"]
    assert value(spec.form_key) == "form-1"
    assert value(spec.due_date) == "2030-01-31T09:00:00Z"
    assert value(spec.priority) == "60"


@pytest.mark.parametrize(
    "extension",
    [
        '<zeebe:assignmentDefinition assignee="=who"/>',
        '<zeebe:taskSchedule dueDate="=now()"/>',
        '<zeebe:priorityDefinition priority="=1"/>',
        '<zeebe:formDefinition formKey="=x"/>',
    ],
)
def test_feel_is_refused(extension: str) -> None:
    xml = around(f'<userTask id="n"><extensionElements>{extension}</extensionElements></userTask>')
    assert errors(xml) == [("EXPRESSION_LANGUAGE_NOT_SUPPORTED", "n")]
    assert "FEEL" in load_bpmn(xml).problems[0].message


@pytest.mark.parametrize(
    ("attributes", "rule"),
    [
        ('flowable:priority="high"', "ATTRIBUTE_VALUE_INVALID"),
        ('flowable:priority="${n"', "EXPRESSION_SYNTAX"),
        ('flowable:dueDate="tomorrow"', "ATTRIBUTE_VALUE_INVALID"),
        ('flowable:dueDate="${dateTime().plusDays(1)}"', "EXPRESSION_SYNTAX"),
        ('flowable:assignee="${a +}"', "EXPRESSION_SYNTAX"),
        ('flowable:candidateUsers="a,${b +}"', "EXPRESSION_SYNTAX"),
        ('flowable:formKey="${"', "EXPRESSION_SYNTAX"),
        ('flowable:assignee="a" camunda:assignee="b"', "ATTRIBUTE_CONFLICT"),
        ('camunda:formRef="f" camunda:formRefBinding="deployment"', "ATTRIBUTE_NOT_SUPPORTED"),
    ],
)
def test_bad_user_task_values(attributes: str, rule: str) -> None:
    assert errors(around(f'<userTask id="n" {attributes}/>')) == [(rule, "n")]


@pytest.mark.parametrize("date", ["2030-01-31", "2030-01-31T09:00:00+02:00", "P1DT2H", "PT5M"])
def test_static_due_dates(date: str) -> None:
    assert value(user_task(f'camunda:dueDate="{date}"').due_date) == date


@pytest.mark.parametrize(
    ("attributes", "extensions"),
    [
        ("", '<flowable:formProperty id="x" type="long" required="true"/>'),
        ("", '<camunda:formData><camunda:formField id="x" label="X" type="long"/></camunda:formData>'),
        ('camunda:followUpDate="${d}"', ""),
        ("", '<zeebe:taskSchedule followUpDate="2030-01-31T09:00:00Z"/>'),
    ],
)
def test_kept_but_not_in_effect(attributes: str, extensions: str) -> None:
    xml = around(f'<userTask id="n" {attributes}><extensionElements>{extensions}</extensionElements></userTask>')
    assert errors(xml) == []
    assert warnings(xml) == [("NOT_IN_EFFECT", "n")]


@pytest.mark.parametrize("attribute", ['name="${a +}"', 'name="Cost ${"'])
def test_a_name_that_is_no_expression_is_a_warning(attribute: str) -> None:
    assert warnings(around(f'<userTask id="n" {attribute}/>')) == [("EXPRESSION_SYNTAX", "n")]


@pytest.mark.parametrize(
    "attributes",
    [
        'flowable:type="external-worker" flowable:topic="${topic}"',
        'activiti:topic="${topic}" activiti:type="external-worker"',
        'camunda:type="external" camunda:topic="${topic}"',
    ],
)
def test_external_topics(attributes: str) -> None:
    spec = external(attributes)
    assert value(spec.job_type) == "t-1"
    assert (spec.retries, spec.priority, spec.headers, spec.inputs) == (3, 0, {}, {})


def test_camunda_task_priority() -> None:
    assert external('camunda:type="external" camunda:topic="t" camunda:taskPriority="12"').priority == 12


def test_zeebe_task_definition() -> None:
    spec = external(
        "",
        '<zeebe:taskDefinition type="pay" retries="5"/><zeebe:taskHeaders><zeebe:header key="k" value="v"/>'
        '<zeebe:header key="empty"/></zeebe:taskHeaders>',
    )
    assert value(spec.job_type) == "pay"
    assert is_constant(spec.job_type)
    assert spec.retries == 5
    assert spec.headers == {"k": "v", "empty": ""}


@pytest.mark.parametrize("dialect", ["flowable", "activiti", "camunda"])
@pytest.mark.parametrize(
    ("attribute", "job_type"),
    [('class="org.x.Delegate"', "org.x.Delegate"), ('delegateExpression="${myBean}"', "${myBean}")],
)
def test_java_delegates_become_external_work(dialect: str, attribute: str, job_type: str) -> None:
    spec = external(
        f"{dialect}:{attribute}",
        f'<{dialect}:field name="a" stringValue="${{who}}"/><{dialect}:field name="b" expression="${{who}}"/>'
        f'<{dialect}:field name="c"><{dialect}:string><![CDATA[x]]></{dialect}:string></{dialect}:field>'
        f'<{dialect}:field name="d"><{dialect}:expression>${{n}}</{dialect}:expression></{dialect}:field>',
    )
    assert value(spec.job_type) == job_type
    assert {name: value(text) for name, text in spec.inputs.items()} == {
        "a": "${who}",
        "b": "kermit",
        "c": "x",
        "d": 7,
    }


@pytest.mark.parametrize("result", ["flowable:resultVariable", "flowable:resultVariableName", "camunda:resultVariable"])
def test_expressions(result: str) -> None:
    dialect = result.partition(":")[0]
    kind, spec = spec_of(service(f'{dialect}:expression="${{n + 1}}" {result}="r"'))
    assert kind is ElementKind.EXPRESSION_TASK
    assert isinstance(spec, ExpressionTaskSpec)
    assert value(spec.expression) == 8
    assert spec.result_variable == "r"


@pytest.mark.parametrize(
    ("attributes", "extensions", "rule"),
    [
        ("", "", "SERVICE_TASK_IMPLEMENTATION_MISSING"),
        ('flowable:type="external-worker"', "", "SERVICE_TASK_IMPLEMENTATION_MISSING"),
        ('camunda:topic="t"', "", "SERVICE_TASK_IMPLEMENTATION_MISSING"),
        ('flowable:type="mail"', "", "ELEMENT_NOT_SUPPORTED"),
        ('flowable:type="http"', '<flowable:field name="x" stringValue="y"/>', "ELEMENT_NOT_SUPPORTED"),
        ('flowable:class="a" flowable:expression="${b}"', "", "ATTRIBUTE_CONFLICT"),
        ('flowable:class="a"', '<zeebe:taskDefinition type="b"/>', "ATTRIBUTE_CONFLICT"),
        ('flowable:class="a" flowable:resultVariable="b"', "", "ATTRIBUTE_CONFLICT"),
        ('flowable:expression="${b}"', '<flowable:field name="x" stringValue="y"/>', "ATTRIBUTE_CONFLICT"),
        ('flowable:expression="${b +}"', "", "EXPRESSION_SYNTAX"),
        ('flowable:class="a"', '<flowable:field name="x"/>', "ATTRIBUTE_VALUE_INVALID"),
        ('flowable:class="a"', '<flowable:field stringValue="x"/>', "ATTRIBUTE_VALUE_INVALID"),
        ('flowable:class="a"', '<flowable:field name="x" expression="${"/>', "EXPRESSION_SYNTAX"),
        ('flowable:class="a" operationRef="o"', "", "ATTRIBUTE_NOT_SUPPORTED"),
        ('flowable:class="a" flowable:triggerable="true"', "", "ATTRIBUTE_NOT_SUPPORTED"),
        ('camunda:class="a" camunda:taskPriority="${p}"', "", "ATTRIBUTE_VALUE_INVALID"),
        ("", '<zeebe:taskDefinition type="b" retries="many"/>', "ATTRIBUTE_VALUE_INVALID"),
        ("", '<zeebe:taskDefinition type="=b"/>', "EXPRESSION_LANGUAGE_NOT_SUPPORTED"),
        ("", '<zeebe:taskDefinition retries="1"/>', "SERVICE_TASK_IMPLEMENTATION_MISSING"),
        ("", '<zeebe:taskDefinition type="b" other="1"/>', "ATTRIBUTE_NOT_SUPPORTED"),
    ],
)
def test_bad_service_tasks(attributes: str, extensions: str, rule: str) -> None:
    assert errors(around(service(attributes, extensions))) == [(rule, "n")]
