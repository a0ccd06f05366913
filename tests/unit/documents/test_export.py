"""BPMN that others made as a document, and what of it no document can say."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine_svc.compile.load import bpmn_of, load_definitions
from engine_svc.model.documents.export import export
from engine_svc.model.documents.from_bpmn import NotExpressibleError, from_bpmn
from tests.unit.bpmn_models import around, definitions, flow, process

ORDER = Path(__file__).resolve().parents[3] / "launcher" / "examples" / "order.bpmn"


def reasons(xml: bytes, key: str = "p") -> list[tuple[str, str]]:
    with pytest.raises(NotExpressibleError) as refused:
        export(xml, key, is_json=True)
    return list(refused.value.reasons)


def test_the_example_order() -> None:
    xml = ORDER.read_bytes()
    content = export(xml, "order", is_json=False)
    assert content.startswith(b"id: order\nname: Order\n")
    assert b"  candidateGroups:\n  - sales\n" in content
    (original,), (again,) = load_definitions("o.bpmn", xml).processes, load_definitions("o.yaml", content).processes
    assert [(element.id, element.kind) for element in again.elements] == [
        (element.id, element.kind) for element in original.elements
    ]
    assert [(f.id, f.source, f.target, f.condition_text) for f in again.flows] == [
        (f.id, f.source, f.target, f.condition_text) for f in original.flows
    ]
    assert load_definitions("o.yaml", content).problems == ()


def test_what_related_dialects_say() -> None:
    node = """<serviceTask id="n" camunda:type="external" camunda:topic="t" camunda:asyncBefore="true">
      <extensionElements><activiti:field name="a" stringValue="1"/><activiti:field name="b" expression="${c}"/>
      </extensionElements><incoming>s_n</incoming>
      <multiInstanceLoopCharacteristics><loopCardinality>
        ${d}
      </loopCardinality></multiInstanceLoopCharacteristics></serviceTask>"""
    assert from_bpmn(around(node, attributes='camunda:versionTag="v1"'), "p") == {
        "id": "p",
        "version": "v1",
        "tasks": [
            {"id": "s", "type": "START"},
            {
                "id": "n",
                "type": "SERVICE_TASK",
                "async": True,
                "repeat": {"times": "${d}"},
                "jobType": "t",
                "inputs": {"a": "1", "b": "${c}"},
            },
            {"id": "e", "type": "END"},
        ],
        "transitions": [{"id": "s_n", "from": "s", "to": "n"}, {"id": "n_e", "from": "n", "to": "e"}],
    }


def test_one_of_several_processes() -> None:
    nodes = '<startEvent id="{0}s"/><task id="{0}t"/>'
    xml = definitions(
        "".join(f'<process id="{key}">{nodes.format(key)}{flow(key + "s", key + "t")}</process>' for key in ("a", "b"))
    )
    assert from_bpmn(xml, "b")["tasks"] == [{"id": "bs", "type": "START"}, {"id": "bt", "type": "TASK"}]


def test_an_error_that_is_not_declared_is_its_code() -> None:
    node = '<task id="n"/><boundaryEvent id="b" attachedToRef="n"><errorEventDefinition errorRef="X"/></boundaryEvent>'
    assert from_bpmn(around(node), "p")["tasks"][1]["catch"] == [{"id": "b", "error": "X"}]


@pytest.mark.parametrize(
    ("node", "element", "says"),
    [
        ('<userTask id="n" flowable:category="c"/>', "n", "the attribute of an extension category"),
        ('<userTask id="n" xmlns:x="urn:x" x:y="z"/>', "n", "the attribute of an extension y"),
        (
            '<userTask id="n"><extensionElements><flowable:formProperty id="f"/></extensionElements></userTask>',
            "n",
            "the extension flowable:formProperty",
        ),
        ('<serviceTask id="n" flowable:class="a.B"/>', "n", "the attribute of an extension class"),
        ('<userTask id="n"><potentialOwner/></userTask>', "n", "the element potentialOwner"),
        ('<transaction id="n"/>', "n", "the element transaction"),
        ('<task id="n"><standardLoopCharacteristics/></task>', "n", "the element standardLoopCharacteristics"),
        ('<intermediateThrowEvent id="n"/>', "n", "the element intermediateThrowEvent"),
        ('<task id="n" isForCompensation="true"/>', "n", "the attribute isForCompensation"),
        ('<task id="n" flowable:asyncLeave="true"/>', "n", "the attribute of an extension asyncLeave"),
        (
            '<task id="n"/><boundaryEvent id="b" attachedToRef="s"/>',
            "b",
            "a boundary event of something that is no task",
        ),
        ('<task id="n"/><dataObject id="d"/>', "d", "the element dataObject"),
        ('<task id="n"/><laneSet id="l"/>', "l", "the element laneSet"),
        ('<receiveTask id="n" messageRef="m"/>', "n", "its messageRef 'm', which names nothing"),
        (
            '<endEvent id="n"><signalEventDefinition/></endEvent>',
            "n",
            "its signalEventDefinition, which has no signalRef",
        ),
        (
            '<task id="n"><extensionElements><flowable:failedJobRetryTimeCycle>5</flowable:failedJobRetryTimeCycle>'
            "</extensionElements></task>",
            "n",
            "failedJobRetryTimeCycle '5'",
        ),
        ('<task id="n" default="gone"/>', "p", "the default flow 'gone', which is not there"),
        ('<task id="n" name="' + "x" * 1001 + '"/>', "n", "1000 characters"),
        ('<serviceTask id="n" flowable:expression="constant"/>', "n", "an expression"),
    ],
)
def test_what_a_document_cannot_say(node: str, element: str, says: str) -> None:
    assert [(found, what) for found, what in reasons(around(node)) if found == element and says in what], reasons(
        around(node)
    )


def test_ids_that_the_format_does_not_take() -> None:
    xml = around('<task id="a b"/>', "a b")
    assert {element for element, _ in reasons(xml)} >= {"a b", "s_a b"}
    assert "are the engine's" in reasons(around('<task id="_flow.x"/>', "_flow.x"))[0][1]


def test_everything_is_named_at_once() -> None:
    xml = process(
        '<startEvent id="s"/><userTask id="a" flowable:category="c"/><callActivity id="b" calledElement="x" '
        'flowable:sameDeployment="true"/>' + flow("s", "a") + flow("a", "b")
    )
    assert [element for element, _ in reasons(xml)] == ["a", "b"]


def test_a_start_that_says_something_is_kept() -> None:
    yaml = b"id: p\ntasks:\n- {id: a, type: TASK}\ntransitions: []\n"
    implied = bpmn_of("m.yaml", yaml)
    assert from_bpmn(implied, "p")["tasks"] == [{"id": "a", "type": "TASK"}]
    named = implied.replace(b'<startEvent id="_start"/>', b'<startEvent id="_start" name="Go"/>')
    assert reasons(named)
