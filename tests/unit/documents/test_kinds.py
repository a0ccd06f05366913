"""Each type of task and each property beside the BPMN that comes of it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_svc.compile.load import MODEL_ENDINGS, bpmn_of, load_definitions
from engine_svc.model.documents.format import KINDS
from engine_svc.model.documents.from_bpmn import from_bpmn
from tests.unit.bpmn_models import NAMESPACES, around
from tests.unit.documents.strategies import documents
from tests.unit.documents.test_schema import mutated

CASES: list[tuple[str, str]] = [
    ("type: START, initiator: who, formKey: f", '<startEvent id="x" flowable:initiator="who" flowable:formKey="f"/>'),
    (
        "type: START, message: placed",
        '<startEvent id="x"><messageEventDefinition messageRef="_message.1"/></startEvent>',
    ),
    (
        "type: START, timer: {cycle: R3/PT10M}",
        '<startEvent id="x"><timerEventDefinition><timeCycle xsi:type="tFormalExpression">R3/PT10M</timeCycle>'
        "</timerEventDefinition></startEvent>",
    ),
    (
        "type: START, error: '*', interrupting: true",
        '<startEvent id="x" isInterrupting="true"><errorEventDefinition/></startEvent>',
    ),
    (
        "type: START, escalation: E1, interrupting: false",
        '<startEvent id="x" isInterrupting="false"><escalationEventDefinition escalationRef="_escalation.1"/></startEvent>',
    ),
    ("type: END", '<endEvent id="x"/>'),
    ("type: END, error: E1", '<endEvent id="x"><errorEventDefinition errorRef="_error.1"/></endEvent>'),
    ("type: END, terminate: SCOPE", '<endEvent id="x"><terminateEventDefinition/></endEvent>'),
    (
        "type: END, terminate: INSTANCE",
        '<endEvent id="x"><terminateEventDefinition flowable:terminateAll="true"/></endEvent>',
    ),
    ("type: END, signal: done", '<endEvent id="x"><signalEventDefinition signalRef="_signal.1"/></endEvent>'),
    (
        "type: USER_TASK, name: Ask, documentation: Why, assignee: '${who}', candidateUsers: [ada, bob], "
        "candidateGroups: ['${f(a, b)}', sales], priority: 70, dueDate: P1D, formKey: f",
        '<userTask id="x" name="Ask" flowable:assignee="${who}" flowable:candidateUsers="ada,bob" '
        'flowable:candidateGroups="${f(a, b)},sales" flowable:priority="70" flowable:dueDate="P1D" flowable:formKey="f">'
        "<documentation>Why</documentation></userTask>",
    ),
    (
        "type: SERVICE_TASK, jobType: ship, inputs: {to: '${address}', how: fast}, retry: {attempts: 5, delay: PT10S}",
        '<serviceTask id="x" flowable:type="external-worker" flowable:topic="ship"><extensionElements>'
        "<flowable:failedJobRetryTimeCycle>R5/PT10S</flowable:failedJobRetryTimeCycle>"
        '<flowable:field name="to"><flowable:expression>${address}</flowable:expression></flowable:field>'
        '<flowable:field name="how"><flowable:string>fast</flowable:string></flowable:field>'
        "</extensionElements></serviceTask>",
    ),
    (
        "type: SERVICE_TASK, expression: '${a + 1}', resultVariable: b, async: true, exclusive: false, skipExpression: '${c}'",
        '<serviceTask id="x" flowable:async="true" flowable:exclusive="false" flowable:skipExpression="${c}" '
        'flowable:expression="${a + 1}" flowable:resultVariable="b"/>',
    ),
    (
        "type: SCRIPT_TASK, language: javascript, script: 'a < b', resultVariable: c",
        '<scriptTask id="x" scriptFormat="javascript" flowable:resultVariable="c"><script>a &lt; b</script></scriptTask>',
    ),
    ("type: SEND_TASK, jobType: mail", '<sendTask id="x" flowable:type="external-worker" flowable:topic="mail"/>'),
    ("type: RECEIVE_TASK", '<receiveTask id="x"/>'),
    ("type: RECEIVE_TASK, message: paid", '<receiveTask id="x" messageRef="_message.1"/>'),
    (
        "type: DECISION, decision: discount",
        '<serviceTask id="x" flowable:type="dmn"><extensionElements><flowable:field name="decisionTableReferenceKey">'
        "<flowable:string>discount</flowable:string></flowable:field></extensionElements></serviceTask>",
    ),
    (
        "type: CALL_ACTIVITY, process: other, businessKey: '${key}', inheritVariables: true, "
        "in: [{source: a, target: b}], out: [{sourceExpression: '${c}', target: d}]",
        '<callActivity id="x" calledElement="other" flowable:businessKey="${key}" flowable:inheritVariables="true">'
        '<extensionElements><flowable:in source="a" target="b"/><flowable:out sourceExpression="${c}" target="d"/>'
        "</extensionElements></callActivity>",
    ),
    (
        "type: SUB_PROCESS, tasks: [{id: y, type: TASK}], transitions: []",
        '<subProcess id="x"><startEvent id="_start.x"/><task id="y"/>'
        '<sequenceFlow id="_to._start.x" sourceRef="_start.x" targetRef="y"/></subProcess>',
    ),
    (
        "type: SUB_PROCESS, triggeredByEvent: true, tasks: [{id: y, type: START, error: E}], transitions: []",
        '<subProcess id="x" triggeredByEvent="true"><startEvent id="y"><errorEventDefinition errorRef="_error.1"/>'
        "</startEvent></subProcess>",
    ),
    ("type: TASK", '<task id="x"/>'),
    ("type: MANUAL_TASK", '<manualTask id="x"/>'),
    (
        "type: TIMER, duration: PT1H",
        '<intermediateCatchEvent id="x"><timerEventDefinition><timeDuration xsi:type="tFormalExpression">PT1H'
        "</timeDuration></timerEventDefinition></intermediateCatchEvent>",
    ),
    (
        "type: MESSAGE, message: paid",
        '<intermediateCatchEvent id="x"><messageEventDefinition messageRef="_message.1"/></intermediateCatchEvent>',
    ),
    (
        "type: SIGNAL, signal: stop",
        '<intermediateCatchEvent id="x"><signalEventDefinition signalRef="_signal.1"/></intermediateCatchEvent>',
    ),
    (
        "type: CONDITION, condition: '${a}'",
        '<intermediateCatchEvent id="x"><conditionalEventDefinition><condition xsi:type="tFormalExpression">${a}'
        "</condition></conditionalEventDefinition></intermediateCatchEvent>",
    ),
    (
        "type: THROW_SIGNAL, signal: stop",
        '<intermediateThrowEvent id="x"><signalEventDefinition signalRef="_signal.1"/></intermediateThrowEvent>',
    ),
    (
        "type: THROW_ESCALATION, escalation: E1",
        '<intermediateThrowEvent id="x"><escalationEventDefinition escalationRef="_escalation.1"/></intermediateThrowEvent>',
    ),
    ("type: EXCLUSIVE_GATEWAY", '<exclusiveGateway id="x"/>'),
    ("type: PARALLEL_GATEWAY", '<parallelGateway id="x"/>'),
    ("type: INCLUSIVE_GATEWAY", '<inclusiveGateway id="x"/>'),
    ("type: EVENT_GATEWAY", '<eventBasedGateway id="x"/>'),
    (
        "type: TASK, repeat: {times: 3, sequential: true, until: '${a}'}",
        '<task id="x"><multiInstanceLoopCharacteristics isSequential="true"><loopCardinality xsi:type="tFormalExpression">'
        '3</loopCardinality><completionCondition xsi:type="tFormalExpression">${a}</completionCondition>'
        "</multiInstanceLoopCharacteristics></task>",
    ),
    (
        "type: TASK, repeat: {forEach: orders, item: order}",
        '<task id="x"><multiInstanceLoopCharacteristics flowable:collection="orders" flowable:elementVariable="order"/></task>',
    ),
    (
        "type: TASK, timeout: {after: PT1H, to: x}",
        '<task id="x"/><boundaryEvent id="_timeout.x" attachedToRef="x"><timerEventDefinition>'
        '<timeDuration xsi:type="tFormalExpression">PT1H</timeDuration></timerEventDefinition></boundaryEvent>'
        '<sequenceFlow id="_to._timeout.x" sourceRef="_timeout.x" targetRef="x"/>',
    ),
    (
        "type: TASK, catch: [{error: '*', to: x}, {id: told, name: Told, signal: s, interrupting: false}]",
        '<task id="x"/><boundaryEvent id="_catch.x.1" attachedToRef="x"><errorEventDefinition/></boundaryEvent>'
        '<boundaryEvent id="told" attachedToRef="x" name="Told" cancelActivity="false">'
        '<signalEventDefinition signalRef="_signal.1"/></boundaryEvent>'
        '<sequenceFlow id="_to._catch.x.1" sourceRef="_catch.x.1" targetRef="x"/>',
    ),
]  # fmt: skip


def body_of(yaml: str) -> str:
    """What stands in the process, without the start event before it, on one line."""
    xml = bpmn_of("m.yaml", yaml.encode()).decode()
    assert "<definitions" in xml, load_definitions("m.yaml", yaml.encode()).problems
    content = re.sub(r">\s+<", "><", xml.partition("<process ")[2].partition(">")[2].rpartition("</process>")[0])
    return content.strip().removeprefix('<startEvent id="s"/>')


@pytest.mark.parametrize(("task", "xml"), CASES)
def test_what_comes_of_a_task(task: str, xml: str) -> None:
    yaml = f"id: p\ntasks:\n- {{id: s, type: START}}\n- {{id: x, {task}}}\ntransitions: []\n"
    assert body_of(yaml) == xml
    converted = bpmn_of("m.yaml", yaml.encode())
    assert from_bpmn(converted, "p")["tasks"][1]["type"] in task


def test_there_is_a_case_for_every_type() -> None:
    assert {re.match(r"type: (\w+)", task)[1] for task, _ in CASES} == set(KINDS)  # type: ignore[index]


def test_the_process_itself() -> None:
    xml = bpmn_of(
        "m.json",
        b'{"$schema": "x", "id": "p", "name": "P", "version": 3, "documentation": "D", "transitions": [],'
        b' "tasks": [{"id": "t", "type": "TASK"}]}',
    ).decode()
    assert '<process id="p" isExecutable="true" name="P" camunda:versionTag="3">' in xml
    assert "<documentation>D</documentation>" in xml
    assert '<startEvent id="_start"/>' in xml
    assert "targetNamespace=" in xml


def test_transitions() -> None:
    yaml = """
id: p
tasks:
  - {id: g, type: EXCLUSIVE_GATEWAY}
  - {id: x, type: TASK}
transitions:
  - {id: yes, name: Yes, from: g, to: x, condition: "${a > 1}"}
  - {from: g, to: x, default: true}
  - {from: g, to: x, condition: "${b}"}
"""
    assert body_of(yaml) == (
        '<startEvent id="_start"/><exclusiveGateway id="g" default="_flow.g.to.x"/><task id="x"/>'
        '<sequenceFlow id="yes" sourceRef="g" targetRef="x" name="Yes">'
        '<conditionExpression xsi:type="tFormalExpression">${a &gt; 1}</conditionExpression></sequenceFlow>'
        '<sequenceFlow id="_flow.g.to.x" sourceRef="g" targetRef="x"/>'
        '<sequenceFlow id="_flow.g.to.x.2" sourceRef="g" targetRef="x">'
        '<conditionExpression xsi:type="tFormalExpression">${b}</conditionExpression></sequenceFlow>'
        '<sequenceFlow id="_to._start" sourceRef="_start" targetRef="g"/>'
    )


def test_declarations_are_shared() -> None:
    yaml = """
id: p
tasks:
  - {id: s, type: START, message: a}
  - {id: x, type: RECEIVE_TASK, message: b}
  - {id: y, type: MESSAGE, message: a}
transitions: []
"""
    xml = bpmn_of("m.yaml", yaml.encode()).decode()
    assert '<message id="_message.1" name="a"/>\n  <message id="_message.2" name="b"/>' in xml
    assert xml.count('messageRef="_message.1"') == 2
    assert NAMESPACES.split()[0] in xml


def test_bpmn_stays_as_it_is() -> None:
    model = around('<userTask id="n"/>')
    for ending in MODEL_ENDINGS[:3]:
        assert bpmn_of(f"M{ending.upper()}", model) == model
    assert load_definitions("m.bpmn", model).is_valid


@settings(max_examples=150, deadline=None)
@given(st.one_of(mutated(), documents()), st.booleans())
def test_no_document_raises(document: Any, is_json: bool) -> None:
    result = load_definitions("m.json" if is_json else "m.yaml", json.dumps(document).encode())
    assert result.is_valid or not result.processes


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=80), st.text("{}[]:,-&*!|>'\"# \n\tab1", max_size=60)), st.booleans())
def test_no_text_raises(text: str, is_json: bool) -> None:
    assert load_definitions("m.json" if is_json else "m.yml", text.encode("utf-8", "replace")).problems
