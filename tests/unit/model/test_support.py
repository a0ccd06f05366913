"""What is refused, what is kept with a warning, and what is passed over."""

from __future__ import annotations

import pytest

from engine_svc.model.parse import parse_bpmn
from tests.unit.bpmn_models import around, definitions, flow, process
from tests.unit.model.findings import errors, problems, warnings


@pytest.mark.parametrize("name", ["choreographyTask", "callChoreography", "subChoreography"])
def test_unsupported_nodes(name: str) -> None:
    xml = around(f'<{name} id="n"/>')
    assert errors(xml) == [("ELEMENT_NOT_SUPPORTED", "n")]
    assert name in problems(xml)[0].message


@pytest.mark.parametrize("attributes", ['startQuantity="2"', 'completionQuantity="2"'])
def test_unsupported_attributes(attributes: str) -> None:
    assert errors(around(f'<userTask id="n" {attributes}/>')) == [("ATTRIBUTE_NOT_SUPPORTED", "n")]


@pytest.mark.parametrize(
    "attributes",
    ['flowable:async="perhaps"', 'camunda:exclusive="${x}"', 'isForCompensation="maybe"', 'flowable:asyncLeave=""'],
)
def test_attributes_that_are_no_booleans(attributes: str) -> None:
    assert errors(around(f'<userTask id="n" {attributes}/>')) == [("ATTRIBUTE_VALUE_INVALID", "n")]


@pytest.mark.parametrize(
    "attributes", ['flowable:unknown="x"', 'zeebe:unknown="x"', 'activiti:decisionRef="x"', 'camunda:topic="x"']
)
def test_attributes_that_a_dialect_does_not_know_there(attributes: str) -> None:
    xml = around(f'<userTask id="n" {attributes}/>')
    assert (errors(xml), warnings(xml)) == ([], [("ATTRIBUTE_UNKNOWN", "n")])


@pytest.mark.parametrize("child", ["flowable:unknown", "camunda:in", "zeebe:calledElement", "activiti:field"])
def test_elements_that_a_dialect_does_not_know_there(child: str) -> None:
    xml = around(f'<userTask id="n"><extensionElements><{child}/></extensionElements></userTask>')
    assert (errors(xml), warnings(xml)) == ([], [("FOREIGN_EXTENSION", "n")])


def test_unsupported_children() -> None:
    assert errors(around('<userTask id="n"><unheardOf/></userTask>')) == [("ELEMENT_NOT_SUPPORTED", "n")]


def test_dialect_elements_outside_of_extension_elements() -> None:
    xml = around('<userTask id="n"><flowable:formProperty id="x"/></userTask>')
    assert errors(xml) == [("ELEMENT_NOT_SUPPORTED", "n")]


@pytest.mark.parametrize(
    "attributes",
    [
        'flowable:async="false"',
        'flowable:exclusive="false"',
        'camunda:asyncBefore="false"',
        'isForCompensation="false"',
        'camunda:modelerTemplate="x"',
        'zeebe:modelerTemplate="x"',
        'flowable:category="x"',
        'implementation="##unspecified"',
        'camunda:jobPriority="5"',
        'flowable:async="true"',
        'camunda:asyncAfter="true"',
        'flowable:formFieldValidation="true"',
        'name="a&#10;b"',
    ],
)
def test_informative_attributes(attributes: str) -> None:
    assert problems(around(f'<userTask id="n" {attributes}/>')) == ()


def test_informative_process_attributes_and_elements() -> None:
    xml = definitions(
        """
        <import importType="x" location="http://127.0.0.1:1/x.xsd" namespace="y"/>
        <itemDefinition id="i" structureRef="string"/><message id="m" name="M"/><error id="er"/><dataStore id="ds"/>
        <collaboration id="c"><participant id="pool" name="Pool" processRef="p"/>
          <messageFlow id="mf" sourceRef="a" targetRef="b"/></collaboration>
        <process id="p" name="P" processType="None" camunda:historyTimeToLive="P1D" camunda:versionTag="v1"
                 flowable:candidateStarterUsers="a" camunda:isStartableInTasklist="false">
          <documentation>About it</documentation>
          <laneSet id="ls"><lane id="l1" name="Lane"><flowNodeRef>s</flowNodeRef></lane></laneSet>
          <dataObject id="d" name="D"/><dataObjectReference id="dr" dataObjectRef="d"/>
          <dataStoreReference id="dsr"/>
          <startEvent id="s"/><endEvent id="e"/>
          <sequenceFlow id="f" sourceRef="s" targetRef="e" isImmediate="true"/>
          <textAnnotation id="a1"><text>x</text></textAnnotation>
          <association id="as" sourceRef="s" targetRef="a1"/><group id="g"/>
        </process>
        <di:BPMNDiagram xmlns:di="http://www.omg.org/spec/BPMN/20100524/DI" id="p">
          <di:BPMNPlane bpmnElement="p"/></di:BPMNDiagram>
        """
    )
    assert problems(xml) == ()
    model = parse_bpmn(xml).definitions
    assert model is not None
    (read,) = model.processes
    assert (read.name, read.version_tag, read.documentation) == ("P", "v1", "About it")
    assert read.lanes[0].flow_node_refs == ["s"]
    assert model.participants[0].process_ref == "p"


@pytest.mark.parametrize("prefix", ["flowable", "activiti", "camunda"])
def test_version_tags(prefix: str) -> None:
    xml = around("<task id='n'/>", attributes=f'{prefix}:versionTag="v1.2" {prefix}:historyTimeToLive="180"')
    assert problems(xml) == ()
    model = parse_bpmn(xml).definitions
    assert model is not None
    assert model.processes[0].version_tag == "v1.2"


def test_a_version_tag_of_zeebe() -> None:
    tag = '<extensionElements><zeebe:versionTag value="v1.2"/></extensionElements>'
    xml = process(tag + '<startEvent id="s"/><endEvent id="e"/>' + flow("s", "e"))
    assert problems(xml) == ()
    model = parse_bpmn(xml).definitions
    assert model is not None
    assert model.processes[0].version_tag == "v1.2"


def test_data_that_only_documents() -> None:
    xml = process(
        """
        <startEvent id="s"/><dataStoreReference id="store"/>
        <userTask id="n">
          <ioSpecification id="io"><dataInput id="in"/><inputSet/><outputSet/></ioSpecification>
          <property id="pr"/>
          <dataInputAssociation id="a">
            <sourceRef>store</sourceRef><targetRef>pr</targetRef>
          </dataInputAssociation>
        </userTask>
        """
        + flow("s", "n")
    )
    assert problems(xml) == ()


@pytest.mark.parametrize(
    "association",
    [
        "<sourceRef>x</sourceRef><targetRef>y</targetRef>",
        "<assignment><from>${a}</from><to>b</to></assignment>",
        "<sourceRef>store</sourceRef><transformation>${a}</transformation>",
    ],
)
def test_data_that_does_not_move(association: str) -> None:
    xml = process(
        f"""<startEvent id="s"/><dataStoreReference id="store"/><userTask id="n">
        <dataOutputAssociation id="a">{association}</dataOutputAssociation></userTask>"""
        + flow("s", "n")
    )
    assert (errors(xml), warnings(xml)) == ([], [("NOT_IN_EFFECT", "a")])


def test_foreign_extensions_are_kept() -> None:
    xml = around(
        """<task id="n" xmlns:my="urn:my" xmlns:sig="urn:sig" my:colour="red" my:size="2">
        <extensionElements><sig:meta key="k">v</sig:meta><sig:meta/></extensionElements><my:direct/></task>"""
    )
    assert errors(xml) == []
    assert warnings(xml) == [("FOREIGN_EXTENSION", "n")] * 3
    model = parse_bpmn(xml).definitions
    assert model is not None
    kept = model.processes[0].body.nodes[1].extensions
    assert [(item.namespace, item.name) for item in kept] == [
        ("urn:my", "colour"),
        ("urn:my", "size"),
        ("urn:sig", "meta"),
        ("urn:sig", "meta"),
        ("urn:my", "direct"),
    ]
    assert kept[0].content == "red"
    assert "v</sig:meta>" in kept[2].content


def test_camunda_properties_are_kept_silently() -> None:
    properties = '<camunda:properties><camunda:property name="a" value="b"/></camunda:properties>'
    assert problems(around(f'<task id="n"><extensionElements>{properties}</extensionElements></task>')) == ()


@pytest.mark.parametrize("language", ["juel", "JUEL", "uel", ""])
def test_condition_languages(language: str) -> None:
    condition = (
        f'<conditionExpression xsi:type="tFormalExpression" id="ce" language="{language}">${{x}}</conditionExpression>'
    )
    xml = process(
        '<startEvent id="s"/><endEvent id="e"/>'
        f'<sequenceFlow id="f" sourceRef="s" targetRef="e">{condition}</sequenceFlow>'
    )
    assert problems(xml) == ()
    for other in ("javascript", "feel", "groovy"):
        changed = xml.replace(f'language="{language}"'.encode(), f'language="{other}"'.encode())
        assert errors(changed) == [("EXPRESSION_LANGUAGE_NOT_SUPPORTED", "ce")]
    for other in ("http://www.w3.org/1999/XPath", "https://example.org/any"):
        changed = xml.replace(f'language="{language}"'.encode(), f'language="{other}"'.encode())
        assert errors(changed) == []
    feel = xml.replace(f'language="{language}"'.encode(), b'language="feel"').replace(b"${x}", b"x = 1")
    assert errors(feel) == []


def test_scripted_conditions() -> None:
    condition = '<conditionExpression id="ce" camunda:resource="deployment://x.js">${x}</conditionExpression>'
    xml = process(
        '<startEvent id="s"/><endEvent id="e"/>'
        f'<sequenceFlow id="f" sourceRef="s" targetRef="e">{condition}</sequenceFlow>'
    )
    assert errors(xml) == [("ATTRIBUTE_NOT_SUPPORTED", "ce")]
