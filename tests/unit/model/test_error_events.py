"""Errors: what throws and catches them, in all dialects, and where that may stand."""

from __future__ import annotations

import pytest

from engine_svc.model.elements import BoundaryErrorEvent, ErrorEndEvent, EventSubProcess, FlowNode, TerminateEndEvent
from engine_svc.model.parse import parse_bpmn
from tests.unit.bpmn_models import definitions, flow
from tests.unit.model.findings import errors, problems, warnings

ERRORS = '<error id="broke" name="Broke" errorCode="BROKE"/><error id="bare"/>'
HANDLER = (
    '<subProcess id="{0}" triggeredByEvent="true"><startEvent id="{0}s">'
    '<errorEventDefinition errorRef="{1}"/></startEvent></subProcess>'
)


def catch(identifier: str, reference: str = "", activity: str = "n", attributes: str = "") -> str:
    """A boundary error event."""
    error = f'<errorEventDefinition errorRef="{reference}"/>' if reference else "<errorEventDefinition/>"
    return f'<boundaryEvent id="{identifier}" attachedToRef="{activity}" {attributes}>{error}</boundaryEvent>'


def file(content: str, declared: str = ERRORS) -> bytes:
    """A process with a user task `n` and what is given."""
    row = '<startEvent id="s"/><userTask id="n"/><endEvent id="e"/>' + flow("s", "n") + flow("n", "e")
    return definitions(f'{declared}<process id="p" isExecutable="true">{row}{content}</process>')


def node(xml: bytes, identifier: str) -> FlowNode:
    """A node of the process itself, of a file without problems."""
    assert problems(xml) == ()
    model = parse_bpmn(xml).definitions
    assert model is not None
    return next(node for node in model.processes[0].body.nodes if node.id == identifier)


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ('<errorEventDefinition errorRef="broke"/>', ("BROKE", "", "")),
        ("<errorEventDefinition/>", ("", "", "")),
        (
            '<errorEventDefinition errorRef="broke" camunda:errorCodeVariable="c" camunda:errorMessageVariable="m"/>',
            ("BROKE", "c", "m"),
        ),
        ('<errorEventDefinition id="d" flowable:errorVariableName="c"/>', ("", "c", "")),
        ('<errorEventDefinition activiti:errorVariableName="c"/>', ("", "c", "")),
    ],
)
def test_a_boundary_event_and_an_event_sub_process_catch(definition: str, expected: tuple[str, str, str]) -> None:
    event = node(file(f'<boundaryEvent id="b" attachedToRef="n">{definition}</boundaryEvent>'), "b")
    assert isinstance(event, BoundaryErrorEvent)
    assert event.attached_to == "n"
    assert (event.error.code, event.error.code_variable, event.error.message_variable) == expected
    start = f'<startEvent id="hs" isInterrupting="true">{definition}</startEvent>'
    handler = node(file(f'<subProcess id="h" triggeredByEvent="true">{start}</subProcess>'), "h")
    assert isinstance(handler, EventSubProcess)
    assert handler.bpmn_type == "eventSubProcess"


def test_an_error_end_event_throws_with_a_message() -> None:
    declared = '<error id="late" errorCode="LATE" camunda:errorMessage="late by ${days}"/>'
    thrown = '<endEvent id="x"><errorEventDefinition errorRef="late"/></endEvent>'
    event = node(file(thrown + catch("b") + flow("b", "x"), declared), "x")
    assert isinstance(event, ErrorEndEvent)
    assert event.error.code == "LATE"
    assert event.error.message is not None
    assert event.error.message.text == "late by ${days}"
    broken = file(thrown + catch("b") + flow("b", "x"), declared.replace("${days}", "${days"))
    assert errors(broken) == [("EXPRESSION_SYNTAX", "x")]


@pytest.mark.parametrize(
    ("attribute", "everything"),
    [("", False), ('flowable:terminateAll="false"', False), ('flowable:terminateAll="true"', True)],
)
def test_a_terminate_end_event_ends_its_scope_or_everything(attribute: str, everything: bool) -> None:
    thrown = f'<endEvent id="x"><terminateEventDefinition id="t" {attribute}/></endEvent>'
    event = node(file(thrown + catch("b") + flow("b", "x")), "x")
    assert isinstance(event, TerminateEndEvent)
    assert event.termination.everything is everything


def test_what_stands_behind_a_boundary_event_can_be_reached() -> None:
    assert problems(file(catch("b") + '<task id="t"/>' + flow("b", "t"))) == ()
    lost = file(catch("b", activity="t") + '<task id="t"/><task id="u"/>' + flow("b", "u"))
    assert sorted(warnings(lost)) == [("ELEMENT_UNREACHABLE", name) for name in "btu"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('<boundaryEvent id="b"><errorEventDefinition/></boundaryEvent>', [("BOUNDARY_EVENT_ATTACHMENT", "b")]),
        (catch("b", activity="zz"), [("BOUNDARY_EVENT_ATTACHMENT", "b")]),
        (catch("b", activity="e"), [("BOUNDARY_EVENT_ATTACHMENT", "b")]),
        (catch("b", activity="h") + HANDLER.format("h", "broke"), [("BOUNDARY_EVENT_ATTACHMENT", "b")]),
        (
            f'<subProcess id="q"><startEvent id="qs"/>{catch("b")}</subProcess>' + flow("e", "q").replace('"e"', '"n"'),
            [("BOUNDARY_EVENT_ATTACHMENT", "b")],
        ),
        (catch("b") + flow("n", "b"), [("BOUNDARY_EVENT_INCOMING", "b")]),
        (catch("b") + catch("c"), [("ERROR_CATCH_DUPLICATE", "c")]),
        (catch("b", "broke") + catch("c", "broke") + catch("d"), [("ERROR_CATCH_DUPLICATE", "c")]),
        (HANDLER.format("h", "broke") + HANDLER.format("i", "broke"), [("ERROR_CATCH_DUPLICATE", "i")]),
        (HANDLER.format("h", "broke") + flow("n", "h"), [("EVENT_SUB_PROCESS_CONNECTED", "h")]),
        (HANDLER.format("h", "broke") + flow("h", "e"), [("EVENT_SUB_PROCESS_CONNECTED", "h")]),
        (catch("b", attributes='cancelActivity="false"'), [("ATTRIBUTE_NOT_SUPPORTED", "b")]),
        (
            HANDLER.format("h", "broke").replace('id="hs"', 'id="hs" isInterrupting="false"'),
            [("ATTRIBUTE_NOT_SUPPORTED", "hs")],
        ),
        (
            catch("b").replace("<errorEventDefinition", '<errorEventDefinition flowable:errorVariableTransient="true"'),
            [("ATTRIBUTE_NOT_SUPPORTED", "b")],
        ),
        (
            '<endEvent id="x"><terminateEventDefinition flowable:terminateMultiInstance="true"/></endEvent>',
            [("ATTRIBUTE_NOT_SUPPORTED", "x")],
        ),
        (
            '<endEvent id="x"><terminateEventDefinition flowable:terminateAll="perhaps"/></endEvent>',
            [("ATTRIBUTE_VALUE_INVALID", "x")],
        ),
        (
            '<endEvent id="x"><errorEventDefinition camunda:errorCodeVariable="c"/></endEvent>',
            [("ATTRIBUTE_NOT_SUPPORTED", "x")],
        ),
        ('<endEvent id="x"><errorEventDefinition errorRef="bare"/></endEvent>', [("ERROR_CODE_MISSING", "x")]),
        (
            '<endEvent id="x"><errorEventDefinition/><terminateEventDefinition/></endEvent>',
            [("ELEMENT_NOT_SUPPORTED", "x"), ("ELEMENT_NOT_SUPPORTED", "x")],
        ),
    ],
)
def test_what_is_refused(content: str, expected: list[tuple[str, str]]) -> None:
    assert errors(file(content)) == expected


def test_several_boundary_events_of_different_codes() -> None:
    declared = ERRORS + '<error id="late" errorCode="LATE"/>'
    assert problems(file(catch("b", "broke") + catch("c", "late") + catch("d"), declared)) == ()


def test_a_reference_without_error_is_taken_as_the_code() -> None:
    xml = file(catch("b", "UNHEARD_OF"))
    assert errors(xml) == []
    assert warnings(xml) == [("ERROR_REF_UNKNOWN", "b")]
    model = parse_bpmn(xml).definitions
    assert model is not None
    assert any(
        isinstance(n, BoundaryErrorEvent) and n.error.code == "UNHEARD_OF" for n in model.processes[0].body.nodes
    )


def test_an_error_without_code_is_caught_as_every_error() -> None:
    assert warnings(file(catch("b", "bare"))) == [("ERROR_CODE_MISSING", "b")]


def test_a_qualified_reference() -> None:
    assert problems(file(catch("b", "tns:broke"))) == ()


def test_codes_in_feel() -> None:
    xml = file(catch("b", "feel"), '<error id="feel" errorCode="=code"/>')
    assert errors(xml) == [("EXPRESSION_LANGUAGE_NOT_SUPPORTED", "b")]
