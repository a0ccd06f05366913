from __future__ import annotations

import pytest

from engine_svc.compile.load import load_bpmn, load_definitions
from engine_svc.model.documents.from_bpmn import from_bpmn
from tests.unit.bpmn_models import process
from tests.unit.model.findings import errors

NODES = '<startEvent id="s"/><endEvent id="e"/><sequenceFlow id="f" sourceRef="s" targetRef="e"/>'
MINUTES = 5 * 60_000_000


def asking(value: str) -> bytes:
    return process(NODES, f'xmlns:flowmesh="urn:flowmesh:bpmn" flowmesh:completionAcknowledgement="{value}"')


def by_property(dialect: str, value: str, times: int = 1) -> bytes:
    prop = f'<{dialect}:property name="completionAcknowledgement" value="{value}"/>' * times
    properties = f'<{dialect}:properties><{dialect}:property name="other" value="x"/>{prop}</{dialect}:properties>'
    return process(f"<extensionElements>{properties}</extensionElements>{NODES}")


def micros(xml: bytes) -> int:
    loaded = load_bpmn(xml)
    assert not loaded.problems
    return loaded.processes[0].acknowledgement_micros


def test_none_is_the_default() -> None:
    assert micros(process(NODES)) == 0


def test_as_an_attribute() -> None:
    assert micros(asking("PT5M")) == MINUTES


@pytest.mark.parametrize("dialect", ["camunda", "flowable", "zeebe", "activiti"])
def test_as_a_property(dialect: str) -> None:
    assert micros(by_property(dialect, "PT5M")) == MINUTES


@pytest.mark.parametrize("value", ["", "5", "PT0S", "-PT5M", "P31D", "${x}", "PT0.5S", "P9999999Y"])
def test_what_is_no_duration_that_can_be_waited(value: str) -> None:
    for xml in (asking(value), by_property("camunda", value)):
        assert errors(xml) == [("ATTRIBUTE_VALUE_INVALID", "p")]


def test_said_twice() -> None:
    assert errors(by_property("zeebe", "PT5M", 2)) == [("ATTRIBUTE_CONFLICT", "p")]


def test_in_a_document_and_back() -> None:
    text = (
        b'{"id": "p", "completionAcknowledgement": "PT5M", "tasks": [{"id": "t", "type": "USER_TASK"}],'
        b' "transitions": []}'
    )
    loaded = load_definitions("p.json", text)
    assert [process.acknowledgement_micros for process in loaded.processes] == [MINUTES]
    assert from_bpmn(asking("PT5M"), "p")["completionAcknowledgement"] == "PT5M"
    wrong = load_definitions("p.json", text.replace(b"PT5M", b"P31D"))
    assert [problem.rule.name for problem in wrong.problems] == ["ATTRIBUTE_VALUE_INVALID"]
