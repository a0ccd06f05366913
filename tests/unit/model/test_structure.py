from __future__ import annotations

import pytest

from engine_svc.compile.load import load_bpmn
from engine_svc.model.rules import Rule
from tests.unit.bpmn_models import around, definitions, flow, process
from tests.unit.model.findings import errors, problems, warnings

START, END = '<startEvent id="s"/>', '<endEvent id="e"/>'


def test_executable_processes() -> None:
    body = f"{START}{END}{flow('s', 'e')}"
    missing = definitions(f'<process id="p">{body}</process>')
    assert [item.key for item in load_bpmn(missing).processes] == ["p"]
    other = body.replace('"s', '"s2').replace('"e"', '"e2"')
    two = definitions(f'<process id="p">{body}</process><process id="q" isExecutable="true">{other}</process>')
    assert [item.key for item in load_bpmn(two).processes] == ["p", "q"]
    skipped = definitions(f'<process id="p">{body}</process><process id="q" isExecutable="false"><task/></process>')
    assert [item.key for item in load_bpmn(skipped).processes] == ["p"]
    assert warnings(skipped) == [("PROCESS_NOT_EXECUTABLE", "q")]
    none = definitions('<process id="q" isExecutable="false"/>')
    assert errors(none) == [("NO_EXECUTABLE_PROCESS", "")]
    assert errors(definitions("")) == [("NO_EXECUTABLE_PROCESS", "")]
    assert errors(definitions('<process id="q" isExecutable="maybe"/>')) == [("ATTRIBUTE_VALUE_INVALID", "q")]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("", [("START_EVENT_MISSING", "p")]),
        (f"{END}", [("START_EVENT_MISSING", "p")]),
        (f'{START}<startEvent id="s2"/>', [("START_EVENT_SEVERAL", "s2")]),
        (f"{START}{END}<task id='s'/>{flow('s', 'e')}", [("ID_DUPLICATE", "s")]),
        (f"{START}{END}<sequenceFlow id='f' targetRef='e'/>", [("SEQUENCE_FLOW_SOURCE_UNKNOWN", "f")]),
        (f"{START}{END}<sequenceFlow id='f' sourceRef='s'/>", [("SEQUENCE_FLOW_TARGET_UNKNOWN", "f")]),
        (
            f"{START}{END}{flow('x', 'e')}{flow('s', 'y')}",
            [("SEQUENCE_FLOW_SOURCE_UNKNOWN", "x_e"), ("SEQUENCE_FLOW_TARGET_UNKNOWN", "s_y")],
        ),
        (f"{START}{END}{flow('s', 's')}", [("START_EVENT_INCOMING", "s")]),
        (f"{START}{END}{flow('s', 'e')}<task id='t'/>{flow('e', 't')}", [("END_EVENT_OUTGOING", "e")]),
        (f"{START}{END}<subProcess id='n'/>{flow('s', 'n')}{flow('n', 'e')}", [("SUB_PROCESS_EMPTY", "n")]),
        (
            f"{START}<subProcess id='n'><task id='t'/></subProcess>{flow('s', 'n')}",
            [("START_EVENT_MISSING", "n")],
        ),
        (
            f"{START}{END}<subProcess id='n'><startEvent id='s2'/><task id='t'/>"
            f"{flow('s2', 't')}{flow('t', 'e')}</subProcess>{flow('s', 'n')}{flow('n', 'e')}",
            [("SEQUENCE_FLOW_CROSSES_SCOPE", "t_e")],
        ),
        (f"{START}<exclusiveGateway id='g'/>{flow('s', 'g')}", [("EXCLUSIVE_GATEWAY_NO_OUTGOING", "g")]),
        (
            f"{START}{END}<exclusiveGateway id='g'/>{flow('s', 'g')}{flow('g', 'e', '${x}')}",
            [("EXCLUSIVE_GATEWAY_SINGLE_CONDITION", "g")],
        ),
        (
            f"{START}{END}<task id='t'/><exclusiveGateway id='g' default='g_e'/>{flow('s', 'g')}"
            f"{flow('g', 'e', '${x}')}{flow('g', 't', '${x}')}",
            [("DEFAULT_FLOW_CONDITION", "g_e")],
        ),
        (
            f"{START}{END}<task id='n'/>{flow('s', 'n')}{flow('n', 'e', '${x =}')}",
            [("EXPRESSION_SYNTAX", "n_e")],
        ),
        (
            f"{START}{END}<task id='n'/>{flow('s', 'n')}{flow('n', 'e', 'approved')}",
            [("EXPRESSION_SYNTAX", "n_e")],
        ),
        (f"{START}{END}{flow('s', 'e', '=for x in y return x')}", [("EXPRESSION_LANGUAGE_NOT_SUPPORTED", "s_e")]),
    ],
)
def test_structural_errors(body: str, expected: list[tuple[str, str]]) -> None:
    assert errors(process(body)) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (f"{START}{END}{flow('s', 'e')}<task id='t'/>", [("ELEMENT_UNREACHABLE", "t")]),
        (
            f"{START}{END}{flow('s', 'e')}<task id='t'/><task id='u'/>{flow('t', 'u')}{flow('u', 't')}",
            [("ELEMENT_UNREACHABLE", "t"), ("ELEMENT_UNREACHABLE", "u")],
        ),
        (
            f"{START}{END}<task id='t'/><exclusiveGateway id='g'/>{flow('s', 'g')}{flow('g', 'e', '${x}')}"
            f"{flow('g', 't')}",
            [("EXCLUSIVE_GATEWAY_FLOW_WITHOUT_CONDITION", "g_t")],
        ),
        (
            f"{START}{END}<task id='t'/><inclusiveGateway id='g' default='g_e'/>{flow('s', 'g')}"
            f"{flow('g', 'e', '${x}')}{flow('g', 't', '${x}')}",
            [("DEFAULT_FLOW_CONDITION", "g_e")],
        ),
        (
            f"{START}{END}<task id='n' default='zz'/>{flow('s', 'n')}{flow('n', 'e')}",
            [("DEFAULT_FLOW_UNKNOWN", "n")],
        ),
        (
            f"{START}{END}<task id='n' default='s_n'/>{flow('s', 'n')}{flow('n', 'e')}",
            [("DEFAULT_FLOW_UNKNOWN", "n")],
        ),
        (
            f"{START}{END}<parallelGateway id='g'/>{flow('s', 'g')}{flow('g', 'e', '${x}')}",
            [("CONDITION_IGNORED", "g_e")],
        ),
        (f"{START}{END}<sequenceFlow sourceRef='s' targetRef='e'/>", [("SEQUENCE_FLOW_ID_MISSING", "p")]),
        (f"{START}{END}{flow('s', 'e')}<task/>", [("ID_MISSING", "p"), ("ELEMENT_UNREACHABLE", "task-1")]),
    ],
)
def test_structural_warnings(body: str, expected: list[tuple[str, str]]) -> None:
    assert errors(process(body)) == []
    assert warnings(process(body)) == expected


def test_flows_without_id_get_distinct_ones() -> None:
    one = "<sequenceFlow sourceRef='s' targetRef='e'/>"
    taken = flow("s", "e", identifier="s-to-e-1")
    (compiled,) = load_bpmn(process(START + END + taken + one + one)).processes
    assert [item.id for item in compiled.flows] == ["s-to-e-1", "s-to-e-2", "s-to-e-3"]


def test_ids_have_a_length() -> None:
    assert errors(around(f'<task id="{"n" * 256}"/>', "n" * 256))[0] == ("ID_TOO_LONG", "n" * 256)


def test_ids_across_processes() -> None:
    body = f"{START}{END}{flow('s', 'e')}"
    xml = definitions(f'<process id="p">{body}</process><process id="q">{body}</process>')
    assert [rule for rule, _ in errors(xml)] == ["ID_DUPLICATE"] * 3


def test_inclusive_joins_are_bounded() -> None:
    tasks = "".join(f'<task id="t{i}"/>' + flow("s", f"t{i}") + flow(f"t{i}", "g") for i in range(800))
    xml = process(f'{START}{END}{tasks}<inclusiveGateway id="g"/>{flow("g", "e")}')
    assert errors(xml) == [("INCLUSIVE_JOINS_TOO_MANY", "p")]


def test_expressions_are_bounded_together() -> None:
    long = "${" + "a" + "&&b" * 3000 + "}"
    tasks = "".join(f'<task id="t{i}"/>' + flow("s", f"t{i}", long) for i in range(30))
    assert errors(process(f"{START}{tasks}")) == [("EXPRESSIONS_TOO_LONG", "")]


def test_all_problems_at_once_in_file_order() -> None:
    xml = process(
        "\n".join(
            [
                '<startEvent id="s"><timerEventDefinition id="d"/></startEvent>',
                '<userTask id="n" flowable:assignee="${a +}" flowable:async="perhaps" flowable:dueDate="soon"/>',
                '<scriptTask id="c"/>',
                flow("n", "gone"),
                flow("s", "n", "${"),
            ]
        )
    )
    found = problems(xml)
    assert [problem.rule for problem in found if problem.is_error] == [
        Rule.TIMER_MISSING,
        Rule.ATTRIBUTE_VALUE_INVALID,
        Rule.EXPRESSION_SYNTAX,
        Rule.ATTRIBUTE_VALUE_INVALID,
        Rule.SCRIPT_MISSING,
        Rule.SEQUENCE_FLOW_TARGET_UNKNOWN,
        Rule.EXPRESSION_SYNTAX,
    ]
    assert [problem.line for problem in found if problem.is_error] == [4, 5, 5, 5, 6, 7, 8]
    assert load_bpmn(xml).processes == ()
