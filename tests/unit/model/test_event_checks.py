"""Where events and event-based gateways may stand, and what fits together."""

from __future__ import annotations

import pytest

from tests.unit.bpmn_models import around, definitions, flow, process
from tests.unit.model.findings import errors, problems, warnings
from tests.unit.model.test_events import file

TIMER = "<timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition>"
HANDLER = '<subProcess id="{0}" triggeredByEvent="true"><startEvent id="{0}s">{1}</startEvent></subProcess>'
ERROR = '<errorEventDefinition errorRef="broke"/>'
MESSAGE = '<messageEventDefinition messageRef="order"/>'


def boundary(identifier: str, definition: str, activity: str = "n") -> str:
    """A boundary event."""
    return f'<boundaryEvent id="{identifier}" attachedToRef="{activity}">{definition}</boundaryEvent>'


def caught(identifier: str, definition: str) -> str:
    """An intermediate catch event."""
    return f'<intermediateCatchEvent id="{identifier}">{definition}</intermediateCatchEvent>'


def thrown(identifier: str, definition: str) -> str:
    """An intermediate throw event."""
    return f'<intermediateThrowEvent id="{identifier}">{definition}</intermediateThrowEvent>'


UNDO = '<task id="undo" isForCompensation="true"/><association id="as" sourceRef="c" targetRef="undo"/>'
LINK = '<linkEventDefinition name="{0}"/>'


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('<boundaryEvent id="b"><errorEventDefinition/></boundaryEvent>', [("BOUNDARY_EVENT_ATTACHMENT", "b")]),
        (boundary("b", ERROR, "zz"), [("BOUNDARY_EVENT_ATTACHMENT", "b")]),
        (boundary("b", ERROR, "e"), [("BOUNDARY_EVENT_ATTACHMENT", "b")]),
        (
            f'<subProcess id="q"><startEvent id="qs"/>{boundary("b", ERROR)}</subProcess>' + flow("n", "q"),
            [("BOUNDARY_EVENT_ATTACHMENT", "b")],
        ),
        (boundary("b", ERROR) + flow("n", "b"), [("BOUNDARY_EVENT_INCOMING", "b")]),
        (boundary("b", "<errorEventDefinition/>") * 1 + boundary("c", "<errorEventDefinition/>"), [("ERROR_CATCH_DUPLICATE", "c")]),
        (boundary("b", ERROR) + boundary("c", ERROR) + boundary("d", "<errorEventDefinition/>"), [("ERROR_CATCH_DUPLICATE", "c")]),
        (
            boundary("b", "<escalationEventDefinition/>") + boundary("c", "<escalationEventDefinition/>"),
            [("BOUNDARY_EVENT_DUPLICATE", "c")],
        ),
        (boundary("b", MESSAGE) + boundary("c", MESSAGE), [("BOUNDARY_EVENT_DUPLICATE", "c")]),
        (HANDLER.format("h", ERROR) + HANDLER.format("i", ERROR), [("ERROR_CATCH_DUPLICATE", "i")]),
        (HANDLER.format("h", ERROR) + flow("n", "h"), [("EVENT_SUB_PROCESS_CONNECTED", "h")]),
        (HANDLER.format("h", ERROR) + flow("h", "e"), [("EVENT_SUB_PROCESS_CONNECTED", "h")]),
        (HANDLER.format("h", ""), [("EVENT_SUB_PROCESS_START", "hs")]),
        (
            HANDLER.format("h", ERROR).replace("</subProcess>", f'<startEvent id="h2">{MESSAGE}</startEvent></subProcess>'),
            [("EVENT_SUB_PROCESS_START", "h")],
        ),
        ('<subProcess id="h" triggeredByEvent="true"><task id="ht"/></subProcess>', [("EVENT_SUB_PROCESS_START", "h")]),
        (
            boundary("c", "<compensateEventDefinition/>")
            + UNDO
            + UNDO.replace('"undo"', '"undo2"').replace('"as"', '"as2"'),
            [("COMPENSATION_HANDLER", "c")],
        ),
        (
            boundary("c", "<compensateEventDefinition/>")
            + UNDO
            + boundary("d", "<compensateEventDefinition/>")
            + UNDO.replace('"undo"', '"undo2"').replace('"as"', '"as2"').replace('"c"', '"d"'),
            [("BOUNDARY_EVENT_DUPLICATE", "d")],
        ),
        (thrown("t", '<compensateEventDefinition activityRef="zz"/>') + flow("n", "t"), [("COMPENSATION_ACTIVITY_UNKNOWN", "t")]),
        (boundary("b", "<cancelEventDefinition/>"), [("CANCEL_PLACEMENT", "b")]),
        ('<endEvent id="x"><cancelEventDefinition/></endEvent>' + flow("n", "x"), [("CANCEL_PLACEMENT", "x")]),
        (f'<startEvent id="x">{ERROR}</startEvent>', [("EVENT_DEFINITION_NOT_ALLOWED", "x")]),
        ('<startEvent id="x"><compensateEventDefinition/></startEvent>', [("EVENT_DEFINITION_NOT_ALLOWED", "x")]),
        ('<startEvent id="x"/>', [("START_EVENT_SEVERAL", "x")]),
        (
            f'<subProcess id="q"><startEvent id="qs">{TIMER}</startEvent></subProcess>' + flow("n", "q"),
            [("EVENT_DEFINITION_NOT_ALLOWED", "qs")],
        ),
        (
            f'<startEvent id="x">{MESSAGE}</startEvent><startEvent id="y">{MESSAGE}</startEvent>',
            [("MESSAGE_START_DUPLICATE", "y")],
        ),
        (thrown("t", LINK.format("there")) + flow("n", "t"), [("LINK_TARGET", "t")]),
        (
            thrown("t", LINK.format("a")) + flow("n", "t") + caught("u", LINK.format("a")) + caught("v", LINK.format("a")),
            [("LINK_TARGET", "v")],
        ),
        (caught("u", LINK.format("a")) + flow("n", "u"), [("LINK_CONNECTED", "u")]),
        (
            thrown("t", LINK.format("a")) + flow("n", "t") + caught("u", LINK.format("a")) + flow("t", "e"),
            [("LINK_CONNECTED", "t")],
        ),
        (
            thrown("t", LINK.format("a"))
            + flow("n", "t")
            + f'<subProcess id="q"><startEvent id="qs"/>{caught("u", LINK.format("a"))}</subProcess>'
            + flow("n", "q"),
            [("LINK_TARGET", "t")],
        ),
        ('<eventBasedGateway id="g"/>' + flow("n", "g"), [("EVENT_GATEWAY_TARGET", "g")]),
        ('<eventBasedGateway id="g"/><task id="t"/>' + flow("n", "g") + flow("g", "t"), [("EVENT_GATEWAY_TARGET", "g")]),
        (
            '<eventBasedGateway id="g" instantiate="true"/>' + caught("c", MESSAGE) + flow("n", "g") + flow("g", "c"),
            [("EVENT_GATEWAY_INSTANTIATE", "g")],
        ),
    ],
)  # fmt: skip
def test_what_is_refused(content: str, expected: list[tuple[str, str]]) -> None:
    assert errors(file(content)) == expected


@pytest.mark.parametrize(
    "content",
    [
        boundary("c", "<compensateEventDefinition/>") + UNDO,
        # Either direction; and drawn in the process while its ends are in a sub-process.
        boundary("c", "<compensateEventDefinition/>")
        + UNDO.replace("sourceRef", "x").replace("targetRef", "sourceRef").replace("x=", "targetRef="),
        f'<subProcess id="q"><startEvent id="qs"/><task id="qt"/>{flow("qs", "qt")}'
        + boundary("c", "<compensateEventDefinition/>", "qt")
        + '<task id="undo" isForCompensation="true"/></subProcess><association id="as" sourceRef="c" targetRef="undo"/>'
        + flow("n", "q"),
        '<transaction id="q"><startEvent id="qs"/><endEvent id="qe"><cancelEventDefinition/></endEvent>'
        + flow("qs", "qe")
        + "</transaction>"
        + boundary("b", "<cancelEventDefinition/>", "q")
        + flow("n", "q"),
        thrown("t", LINK.format("a")) + thrown("t2", LINK.format("a")) + caught("u", LINK.format("a"))
        + flow("n", "t") + flow("n", "t2"),
        '<eventBasedGateway id="g"/><receiveTask id="r"/>' + caught("c", TIMER) + flow("n", "g") + flow("g", "c")
        + flow("g", "r"),
        '<subProcess id="q"><startEvent id="qs"/>'
        + HANDLER.format("h", "<compensateEventDefinition/>") + "</subProcess>" + flow("n", "q"),
        boundary("b", ERROR) + boundary("c", '<errorEventDefinition errorRef="late"/>')
        + boundary("d", "<errorEventDefinition/>"),
        thrown("t", '<compensateEventDefinition activityRef="n"/>') + flow("n", "t"),
    ],
)  # fmt: skip
def test_what_is_accepted(content: str) -> None:
    assert [(problem.rule, problem.element_id) for problem in problems(file(content))] == [("NAME_MISSING", "nameless")]


def test_an_event_sub_process_has_no_boundary() -> None:
    xml = file(HANDLER.format("h", ERROR) + boundary("b", TIMER, "h") + '<task id="t"/>' + flow("b", "t"))
    assert errors(xml) == []
    assert ("BOUNDARY_EVENT_ATTACHMENT", "b") in warnings(xml)


def test_a_process_that_only_an_event_starts() -> None:
    declared = '<message id="m" name="M"/>'
    start = '<startEvent id="s"><messageEventDefinition messageRef="m"/></startEvent><endEvent id="e"/>' + flow(
        "s", "e"
    )
    assert problems(definitions(f'{declared}<process id="p">{start}</process>')) == ()
    gateway = (
        '<eventBasedGateway id="g" instantiate="true"/>'
        + caught("c", '<messageEventDefinition messageRef="m"/>')
        + flow("g", "c")
    )
    assert problems(definitions(f'{declared}<process id="p">{gateway}</process>')) == ()
    receive = '<receiveTask id="r" messageRef="m" instantiate="true"/><endEvent id="e"/>' + flow("r", "e")
    assert problems(definitions(f'{declared}<process id="p">{receive}</process>')) == ()


def test_the_same_start_message_in_two_processes() -> None:
    start = '<startEvent id="{0}"><messageEventDefinition messageRef="m"/></startEvent>'
    two = "".join(f'<process id="p{n}">{start.format(f"s{n}")}</process>' for n in (1, 2))
    assert errors(definitions(f'<message id="m" name="M"/>{two}')) == [("MESSAGE_START_DUPLICATE", "s2")]


def test_what_stands_behind_an_event_can_be_reached() -> None:
    reached = (
        boundary("b", ERROR)
        + '<task id="t"/>'
        + flow("b", "t")
        + thrown("x", LINK.format("a"))
        + flow("t", "x")
        + caught("y", LINK.format("a"))
        + '<task id="z"/>'
        + flow("y", "z")
    )
    assert warnings(file(reached)) == [("NAME_MISSING", "nameless")]
    lost = boundary("b", ERROR, "t") + '<task id="t"/><task id="u"/>' + flow("b", "u")
    assert sorted(warnings(file(lost)))[:3] == [("ELEMENT_UNREACHABLE", name) for name in "btu"]


def test_conditions_behind_an_event_based_gateway_are_ignored() -> None:
    xml = process(
        '<startEvent id="s"/><eventBasedGateway id="g"/>'
        + caught("c", TIMER)
        + flow("s", "g")
        + flow("g", "c", "${never}")
    )
    assert (errors(xml), warnings(xml)) == ([], [("CONDITION_IGNORED", "g_c")])


def test_ids_are_made_for_nodes_without_one() -> None:
    xml = process(
        '<startEvent id="s"/><task id="n"/><boundaryEvent attachedToRef="n">'
        + TIMER
        + "</boundaryEvent>"
        + flow("s", "n")
    )
    assert errors(xml) == []
    assert warnings(xml) == [("ID_MISSING", "p")]


def test_attributes_that_bpmn_does_not_know_have_no_effect() -> None:
    xml = around('<task id="n" isHappy="true"/>')
    assert (errors(xml), warnings(xml)) == ([], [("ATTRIBUTE_UNKNOWN", "n")])


def test_a_compensation_event_without_a_handler_has_no_effect() -> None:
    xml = file(boundary("c", "<compensateEventDefinition/>"))
    assert errors(xml) == []
    assert ("COMPENSATION_HANDLER", "c") in warnings(xml)
