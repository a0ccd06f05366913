from __future__ import annotations

from typing import Any

import pytest

from engine_svc.compile.executable import (
    ElementKind,
    ExpressionTaskSpec,
    ExternalTaskSpec,
    MessageThrowSpec,
    MessageTrigger,
    ReceiveTaskSpec,
    ScriptSpec,
    ScriptTaskSpec,
    Spec,
    UserTaskSpec,
)
from engine_svc.compile.load import load_bpmn
from engine_svc.expressions import Evaluate, is_constant
from tests.unit.bpmn_models import around, definitions, flow
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


def test_zeebe_user_task_values() -> None:
    spec = user_task(
        'name="= &quot;For &quot; + who"',
        """<extensionElements><zeebe:userTask/>
        <zeebe:assignmentDefinition assignee="${who}" candidateUsers="a, b" candidateGroups='=["g", who]'/>
        <zeebe:formDefinition formId="form-1"/>
        <zeebe:taskSchedule dueDate="2030-01-31T09:00:00Z" followUpDate="=who"/>
        <zeebe:priorityDefinition priority="=n * 2"/></extensionElements>""",
    )
    assert value(spec.name) == "For kermit"
    assert value(spec.assignee) == "${who}"
    assert values(spec.candidate_users) == ["a", "b"]
    assert values(spec.candidate_groups) == ["g", "kermit"]
    assert value(spec.form_key) == "form-1"
    assert value(spec.due_date) == "2030-01-31T09:00:00Z"
    assert value(spec.follow_up_date) == "kermit"
    assert value(spec.priority) == 14


@pytest.mark.parametrize(
    "extension",
    [
        '<zeebe:assignmentDefinition assignee="=[who]"/>',
        '<zeebe:taskSchedule dueDate="=now()"/>',
        '<zeebe:priorityDefinition priority="=for x in y return x"/>',
        '<zeebe:formDefinition formKey="=x[item &gt; 1]"/>',
    ],
)
def test_feel_beyond_the_translated_part_is_refused(extension: str) -> None:
    xml = around(f'<userTask id="n"><extensionElements>{extension}</extensionElements></userTask>')
    assert errors(xml) == [("EXPRESSION_LANGUAGE_NOT_SUPPORTED", "n")]
    assert "FEEL comes with a later release" in load_bpmn(xml).problems[0].message


@pytest.mark.parametrize(
    ("attributes", "rule"),
    [
        ('flowable:priority="high"', "ATTRIBUTE_VALUE_INVALID"),
        ('flowable:priority="${n"', "EXPRESSION_SYNTAX"),
        ('flowable:dueDate="tomorrow"', "ATTRIBUTE_VALUE_INVALID"),
        ('flowable:dueDate="${day +}"', "EXPRESSION_SYNTAX"),
        ('flowable:assignee="${a +}"', "EXPRESSION_SYNTAX"),
        ('flowable:candidateUsers="a,${b +}"', "EXPRESSION_SYNTAX"),
        ('flowable:formKey="${"', "EXPRESSION_SYNTAX"),
        ('flowable:assignee="a" camunda:assignee="b"', "ATTRIBUTE_CONFLICT"),
        ('camunda:followUpDate="later"', "ATTRIBUTE_VALUE_INVALID"),
        ('camunda:formRef="f" camunda:formRefBinding="never"', "ATTRIBUTE_VALUE_INVALID"),
        ('camunda:formRef="f" camunda:formRefBinding="version"', "ATTRIBUTE_VALUE_INVALID"),
        ('camunda:formRef="f" camunda:formRefBinding="version" camunda:formRefVersion="x"', "ATTRIBUTE_VALUE_INVALID"),
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
        ('flowable:businessCalendarName="holidays"', ""),
        ("", '<flowable:customResource flowable:name="admin"/>'),
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
    assert (spec.retries, spec.priority, spec.headers, spec.inputs) == (3, None, {}, {})


def test_camunda_task_priority() -> None:
    spec = external('camunda:type="external" camunda:topic="t" camunda:taskPriority="${n}"')
    assert value(spec.priority) == 7


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
    "expression", ["${bean.doIt(n)}", "${a.b.send()}", "#{service.load('x').name}", "Hello ${bean.name()}"]
)
def test_expressions_that_call_a_bean_become_external_work(expression: str) -> None:
    spec = external(
        f'flowable:expression="{expression}" flowable:resultVariable="r"',
        '<flowable:field name="f" expression="${n}"/>',
    )
    assert value(spec.job_type) == expression
    assert spec.result_variable == "r"
    assert value(spec.inputs["f"]) == 7


@pytest.mark.parametrize(
    "expression",
    ["${groups.size()}", "${execution.getVariable('n')}", "${who.toUpperCase()}", "${groups.contains(who)}", "${bean}"],
)
def test_expressions_on_values_stay_in_the_engine(expression: str) -> None:
    assert spec_of(service(f'flowable:expression="{expression}"'))[0] is ElementKind.EXPRESSION_TASK


def test_result_scopes() -> None:
    _, spec = spec_of(
        service(
            'flowable:expression="${n}" flowable:resultVariable="r" flowable:useLocalScopeForResultVariable="true" '
            'flowable:storeResultVariableAsTransient="true"'
        )
    )
    assert isinstance(spec, ExpressionTaskSpec)
    assert (spec.local_result, spec.transient_result) == (True, True)


@pytest.mark.parametrize("kind", ["mail", "http", "camel", "mule"])
@pytest.mark.parametrize("task", ["serviceTask", "sendTask"])
def test_built_in_tasks_are_work_of_their_type(kind: str, task: str) -> None:
    found, spec = spec_of(
        f'<{task} id="n" flowable:type="{kind}"><extensionElements><flowable:field name="to">'
        f"<flowable:expression>${{who}}</flowable:expression></flowable:field></extensionElements></{task}>"
    )
    assert found is ElementKind.EXTERNAL_TASK
    assert isinstance(spec, ExternalTaskSpec)
    assert (value(spec.job_type), value(spec.inputs["to"])) == (kind, "kermit")


def test_an_event_of_the_registry_is_sent_by_a_worker() -> None:
    spec = external(
        'flowable:type="send-event"',
        "<flowable:eventType>myEvent</flowable:eventType>"
        '<flowable:eventInParameter source="${who}" target="customer"/>',
    )
    assert value(spec.job_type) == "send-event"
    assert spec.headers == {"eventType": "myEvent"}
    assert value(spec.inputs["customer"]) == "kermit"


@pytest.mark.parametrize("task", ["sendTask", "businessRuleTask", "serviceTask"])
@pytest.mark.parametrize("dialect", ["flowable", "camunda"])
def test_every_kind_of_task_may_be_a_delegate(task: str, dialect: str) -> None:
    found, spec = spec_of(f'<{task} id="n" {dialect}:delegateExpression="${{b}}"/>')
    assert found is ElementKind.EXTERNAL_TASK
    assert isinstance(spec, ExternalTaskSpec)
    assert value(spec.job_type) == "${b}"


def test_a_web_service_is_work_of_its_operation() -> None:
    assert value(external('implementation="##WebService" operationRef="sayHello"').job_type) == "sayHello"


def test_a_triggerable_expression_is_work_that_is_completed_from_outside() -> None:
    assert value(external('flowable:expression="${n}" flowable:triggerable="true"').job_type) == "${n}"


def test_a_connector_is_work_of_its_id() -> None:
    spec = external(
        "",
        "<camunda:connector><camunda:connectorId>http-connector</camunda:connectorId><camunda:inputOutput>"
        '<camunda:inputParameter name="url">http://${who}</camunda:inputParameter>'
        "</camunda:inputOutput></camunda:connector>",
    )
    assert value(spec.job_type) == "http-connector"
    assert value(spec.inputs["url"]) == "http://kermit"


def test_errors_of_workers_become_bpmn_errors() -> None:
    spec = external(
        'flowable:class="a.B"',
        '<flowable:mapException errorCode="E1" includeChildExceptions="true">a.b.SomeException</flowable:mapException>'
        '<flowable:mapException errorCode="E2"/>',
    )
    assert [(mapping.error_code, mapping.exception) for mapping in spec.error_mappings] == [
        ("E1", "a.b.SomeException"),
        ("E2", ""),
    ]


def test_camunda_error_definitions() -> None:
    task = service(
        'camunda:type="external" camunda:topic="t"',
        '<camunda:errorEventDefinition errorRef="E" expression="${n == 7}"/>',
    )
    xml = definitions(
        '<error id="E" errorCode="oops"/><process id="p" isExecutable="true"><startEvent id="s"/>'
        + task
        + flow("s", "n")
        + "</process>"
    )
    spec = load_bpmn(xml).processes[0].elements[1].spec
    assert isinstance(spec, ExternalTaskSpec)
    (mapping,) = spec.error_mappings
    assert (mapping.error_code, value(mapping.condition)) == ("oops", True)


def test_zeebe_retries_and_types_may_be_expressions() -> None:
    spec = external("", '<zeebe:taskDefinition type="=topic" retries="=n - 2"/>')
    assert value(spec.job_type) == "t-1"
    assert value(spec.retries_text) == 5


def test_inputs_of_declared_data_go_to_the_worker() -> None:
    found, spec = spec_of(
        '<serviceTask id="n" flowable:class="a.B"><ioSpecification><dataInput id="in1" name="amount"/>'
        "<inputSet/><outputSet/></ioSpecification><dataInputAssociation><sourceRef>n</sourceRef>"
        "<targetRef>in1</targetRef></dataInputAssociation></serviceTask>"
    )
    assert found is ElementKind.EXTERNAL_TASK
    assert isinstance(spec, ExternalTaskSpec)
    assert list(spec.inputs) == ["amount"]
    _, spec = spec_of(
        '<dataStoreReference id="store" name="Store"/><dataObject id="d" name="order"/>'
        '<dataObjectReference id="r" dataObjectRef="d"/><serviceTask id="n" flowable:class="a.B">'
        '<ioSpecification><dataInput id="in1" name="a"/><dataInput id="in2"/></ioSpecification>'
        "<dataInputAssociation><sourceRef>store</sourceRef><targetRef>n</targetRef></dataInputAssociation>"
        "<dataInputAssociation><sourceRef>r</sourceRef><targetRef>in1</targetRef></dataInputAssociation>"
        "<dataInputAssociation><targetRef>in2</targetRef><assignment><from>${n}</from><to>in2</to></assignment>"
        "</dataInputAssociation></serviceTask>"
    )
    assert isinstance(spec, ExternalTaskSpec)
    assert list(spec.inputs) == ["a", "in2"]
    assert value(spec.inputs["in2"]) == 7


def test_parameters_of_external_work_and_scripts() -> None:
    parameters = '<flowable:in source="n" target="a"/><flowable:in sourceExpression="${n + 1}" target="b"/>'
    spec = external('flowable:type="external-worker" flowable:topic="t"', parameters)
    assert value(spec.inputs["b"]) == 8
    xml = around(
        f'<scriptTask id="n" scriptFormat="javascript"><extensionElements>{parameters}</extensionElements>'
        "<script>1</script></scriptTask>"
    )
    wrapping = load_bpmn(xml).processes[0].elements[1].wrapping
    assert wrapping is not None
    assert [value(mapping.target) for mapping in wrapping.inputs] == ["a", "b"]


@pytest.mark.parametrize("name", ["javascript", "JavaScript", "text/javascript"])
def test_scripts(name: str) -> None:
    kind, spec = spec_of(
        f'<scriptTask id="n" scriptFormat="{name}" flowable:autoStoreVariables="true" flowable:resultVariable="r">'
        "<script><![CDATA[if (1 < 2) { x = 1 }]]></script></scriptTask>"
    )
    assert kind is ElementKind.SCRIPT_TASK
    assert isinstance(spec, ScriptTaskSpec)
    assert spec == ScriptTaskSpec(ScriptSpec("if (1 < 2) { x = 1 }", auto_store=True), "r")


def test_scripts_in_the_expression_language_are_expressions() -> None:
    kind, spec = spec_of(
        '<scriptTask id="n" scriptFormat="juel" flowable:resultVariable="r"><script>${n + 1}</script></scriptTask>'
    )
    assert kind is ElementKind.EXPRESSION_TASK
    assert isinstance(spec, ExpressionTaskSpec)
    assert (value(spec.expression), spec.result_variable) == (8, "r")


def test_zeebe_scripts() -> None:
    kind, spec = spec_of(
        '<scriptTask id="n"><extensionElements><zeebe:script expression="=n + 1" resultVariable="r"/>'
        "</extensionElements></scriptTask>"
    )
    assert kind is ElementKind.EXPRESSION_TASK
    assert isinstance(spec, ExpressionTaskSpec)
    assert (value(spec.expression), spec.result_variable) == (8, "r")
    kind, _ = spec_of(
        '<scriptTask id="n"><extensionElements><zeebe:taskDefinition type="t"/></extensionElements></scriptTask>'
    )
    assert kind is ElementKind.EXTERNAL_TASK


@pytest.mark.parametrize(
    ("script", "rule"),
    [
        ('<scriptTask id="n" scriptFormat="groovy"><script>1</script></scriptTask>', "SCRIPT_LANGUAGE_NOT_SUPPORTED"),
        ('<scriptTask id="n" scriptFormat="python"><script>1</script></scriptTask>', "SCRIPT_LANGUAGE_NOT_SUPPORTED"),
        ('<scriptTask id="n" scriptFormat="javascript"/>', "SCRIPT_MISSING"),
        ('<scriptTask id="n" scriptFormat="javascript" camunda:resource="a.js"/>', "ELEMENT_NOT_SUPPORTED"),
        ('<scriptTask id="n" scriptFormat="python" camunda:resource="a.py"/>', "SCRIPT_LANGUAGE_NOT_SUPPORTED"),
        ('<scriptTask id="n" scriptFormat="juel"><script>${a +}</script></scriptTask>', "EXPRESSION_SYNTAX"),
    ],
)
def test_bad_scripts(script: str, rule: str) -> None:
    assert errors(around(script)) == [(rule, "n")]


def test_messages_of_tasks() -> None:
    for task, kind in (("sendTask", ElementKind.MESSAGE_THROW), ("receiveTask", ElementKind.RECEIVE_TASK)):
        xml = definitions(
            f'<message id="m" name="Order ${{who}}"/><process id="p" isExecutable="true"><startEvent id="s"/>'
            f'<{task} id="n" messageRef="m"/>{flow("s", "n")}</process>'
        )
        element = load_bpmn(xml).processes[0].elements[1]
        assert element.kind is kind
        match element.spec:
            case MessageThrowSpec(name=name) | ReceiveTaskSpec(trigger=MessageTrigger(name=name)):
                assert value(name) == "Order kermit"
            case other:
                pytest.fail(f"{other} has no message")


def test_a_receive_task_without_message_waits_to_be_triggered() -> None:
    assert spec_of('<receiveTask id="n"/>') == (ElementKind.RECEIVE_TASK, ReceiveTaskSpec())


@pytest.mark.parametrize(
    ("attributes", "extensions", "rule"),
    [
        ("", "", "SERVICE_TASK_IMPLEMENTATION_MISSING"),
        ('flowable:type="external-worker"', "", "SERVICE_TASK_IMPLEMENTATION_MISSING"),
        ('camunda:topic="t"', "", "SERVICE_TASK_IMPLEMENTATION_MISSING"),
        ('flowable:type="shell"', "", "ELEMENT_NOT_SUPPORTED"),
        ('flowable:type="dmn"', "", "ELEMENT_NOT_SUPPORTED"),
        ('flowable:type="case"', "", "ELEMENT_NOT_SUPPORTED"),
        ('flowable:rules="r1"', "", "ELEMENT_NOT_SUPPORTED"),
        ('flowable:type="unheard-of"', "", "ELEMENT_NOT_SUPPORTED"),
        ("", '<zeebe:calledDecision decisionId="d" resultVariable="r"/>', "ELEMENT_NOT_SUPPORTED"),
        ('flowable:class="a" flowable:expression="${b}"', "", "ATTRIBUTE_CONFLICT"),
        ('flowable:class="a"', '<zeebe:taskDefinition type="b"/>', "ATTRIBUTE_CONFLICT"),
        ('flowable:expression="${b +}"', "", "EXPRESSION_SYNTAX"),
        ('flowable:class="a"', '<flowable:field name="x"/>', "ATTRIBUTE_VALUE_INVALID"),
        ('flowable:class="a"', '<flowable:field stringValue="x"/>', "ATTRIBUTE_VALUE_INVALID"),
        ('flowable:class="a"', '<flowable:field name="x" expression="${"/>', "EXPRESSION_SYNTAX"),
        ('flowable:class="a"', "<flowable:mapException>x</flowable:mapException>", "ERROR_CODE_MISSING"),
        ('camunda:class="a" camunda:taskPriority="${p"', "", "EXPRESSION_SYNTAX"),
        ("", "<camunda:connector/>", "SERVICE_TASK_IMPLEMENTATION_MISSING"),
        ("", '<zeebe:taskDefinition type="b" retries="many"/>', "ATTRIBUTE_VALUE_INVALID"),
        ("", '<zeebe:taskDefinition type="=[b]"/>', "EXPRESSION_LANGUAGE_NOT_SUPPORTED"),
        ("", '<zeebe:taskDefinition retries="1"/>', "SERVICE_TASK_IMPLEMENTATION_MISSING"),
    ],
)
def test_bad_service_tasks(attributes: str, extensions: str, rule: str) -> None:
    assert errors(around(service(attributes, extensions))) == [(rule, "n")]


def test_fields_of_an_expression_have_no_effect() -> None:
    xml = around(service('flowable:expression="${b}"', '<flowable:field name="x" stringValue="y"/>'))
    assert (errors(xml), warnings(xml)) == ([], [("NOT_IN_EFFECT", "n")])
