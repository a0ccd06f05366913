"""Each problem of a document: its rule, its place, and what its author reads."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine_svc.compile.load import load_definitions
from engine_svc.model.documents.located import MAX_BYTES
from engine_svc.model.problem import Problem
from engine_svc.model.rules import Rule

HEAD = "id: p\ntasks:\n"


def problems(text: str | bytes, name: str = "m.yaml") -> list[Problem]:
    result = load_definitions(name, text if isinstance(text, bytes) else text.encode())
    assert result.is_valid or result.processes == ()
    return list(result.problems)


def only(text: str | bytes, name: str = "m.yaml") -> Problem:
    (problem,) = problems(text, name)
    return problem


def one_task(properties: str) -> str:
    return f"{HEAD}  - {{id: t, {properties}}}\ntransitions: []\n"


@pytest.mark.parametrize(
    ("text", "rule", "line", "column", "says"),
    [
        pytest.param("id: p\ntransitions: []\n", "PROPERTY_MISSING", 1, 1, "tasks is missing", id="no tasks"),
        pytest.param("id: p\ntasks: []\ntransitions: []\n", "VALUE_INVALID", 2, 8, "at least 1", id="no task"),
        pytest.param("[]", "VALUE_INVALID", 1, 1, "a list must be an object", id="a list"),
        pytest.param("", "NOT_WELL_FORMED", 0, 0, "empty", id="empty"),
        pytest.param(one_task("name: x"), "PROPERTY_MISSING", 3, 5, "tasks[0]: type is missing", id="no type"),
        pytest.param(one_task("type: LUNCH"), "TYPE_UNKNOWN", 3, 19, "tasks[0].type: 'LUNCH' is no type", id="unknown type"),
        pytest.param(
            one_task("type: USER_TASK, asignee: x"), "PROPERTY_UNKNOWN", 3, 30, "'asignee' is not known", id="misspelt"
        ),
        pytest.param(
            one_task("type: USER_TASK, form-key: x"), "PROPERTY_UNKNOWN", 3, 30, "Did you mean formKey?", id="nearly right"
        ),
        pytest.param(
            one_task("type: USER_TASK, assignee: 7"), "VALUE_INVALID", 3, 40, "tasks[0].assignee: 7 must be a text. Put it in quotes.", id="number for text"
        ),
        pytest.param(one_task("type: USER_TASK, name: ''"), "VALUE_INVALID", 3, 36, "characters", id="empty text"),
        pytest.param(
            one_task('type: USER_TASK, name: "\\x01"'), "VALUE_INVALID", 3, 36, "control characters", id="control character"
        ),
        pytest.param(one_task("type: USER_TASK, async: maybe"), "VALUE_INVALID", 3, 37, "true or false", id="no boolean"),
        pytest.param(
            one_task("type: USER_TASK, candidateGroups: ['a, b']"), "VALUE_INVALID", 3, 48, "candidateGroups[0]: 'a, b' must be one name", id="two names in one"
        ),
        pytest.param(one_task("type: SERVICE_TASK"), "PROPERTY_MISSING", 3, 5, "one of jobType, expression", id="no work"),
        pytest.param(
            f"{HEAD}  - {{id: t, type: SERVICE_TASK, jobType: a, expression: '${{b}}'}}\ntransitions: []\n",
            "ATTRIBUTE_CONFLICT", 3, 5, "jobType and expression exclude each other", id="work twice",
        ),
        pytest.param(
            one_task("type: SERVICE_TASK, jobType: a, retry: {attempts: 3}"), "PROPERTY_MISSING", 3, 52, "tasks[0].retry: delay is missing", id="half a retry"
        ),
        pytest.param(
            one_task("type: TASK, timeout: {after: PT1H}"), "PROPERTY_MISSING", 3, 34, "tasks[0].timeout: to is missing", id="half a timeout"
        ),
        pytest.param("id: 'a b'\ntasks:\n  - {id: t, type: TASK}\ntransitions: []\n", "VALUE_INVALID", 1, 5, "must be an id", id="id with a blank"),
        pytest.param("id: _start.x\ntasks:\n  - {id: t, type: TASK}\ntransitions: []\n", "VALUE_INVALID", 1, 5, "are the engine's", id="reserved id"),
        pytest.param(f"{HEAD}  - {{id: t, type: TASK}}\n  - {{id: t, type: TASK}}\ntransitions: []\n", "ID_DUPLICATE", 4, 10, "also the id in line 3", id="two of one id"),
        pytest.param(f"{HEAD}  - {{id: t, type: TASK}}\n  - {{id: u, type: TASK}}\ntransitions: []\n", "START_UNCLEAR", 3, 3, "no transition leads to 't', 'u'", id="two beginnings"),
        pytest.param(f"{HEAD}  - {{id: t, type: TASK}}\ntransitions:\n  - {{from: t, to: t}}\n", "START_UNCLEAR", 3, 3, "lead to every task", id="no beginning"),
        pytest.param(
            f"{HEAD}  - {{id: t, type: EXCLUSIVE_GATEWAY}}\n  - {{id: u, type: TASK}}\ntransitions:\n  - {{from: t, to: u, default: true}}\n  - {{from: t, to: u, default: true}}\n",
            "ATTRIBUTE_CONFLICT", 7, 31, "another default, transitions[0]", id="two defaults",
        ),
        pytest.param(
            f"{HEAD}  - {{id: t, type: START}}\n  - {{id: u, type: TASK}}\ntransitions:\n  - {{from: t, to: u, default: true}}\n",
            "ATTRIBUTE_NOT_SUPPORTED", 6, 31, "'t' has no default transition", id="default of a start",
        ),
        pytest.param(f"{HEAD}  - {{id: t, type: TASK, id: u}}\ntransitions: []\n", "PROPERTY_DUPLICATE", 3, 25, "in line 3", id="property twice"),
        pytest.param("id: p\n---\nid: q\n", "NOT_WELL_FORMED", 2, 1, "more than one YAML document", id="two documents"),
        pytest.param("id: !!python/object:os.system p\n", "NOT_WELL_FORMED", 1, 5, "tag", id="tag"),
        pytest.param("id: &a\n  b: *a\n", "NOT_WELL_FORMED", 2, 6, "within what it repeats", id="endless alias"),
        pytest.param("id: *a\n", "NOT_WELL_FORMED", 1, 5, "not there", id="unknown alias"),
        pytest.param("? [a]\n: b\n", "NOT_WELL_FORMED", 1, 3, "must be a text", id="list as a name"),
        pytest.param("id: {p\n", "NOT_WELL_FORMED", 2, 1, "not valid YAML", id="no YAML"),
        pytest.param("id: \x00\n", "NOT_WELL_FORMED", 0, 0, "not valid YAML", id="zero byte"),
        pytest.param(b"id: p\nname: \xff\n", "NOT_WELL_FORMED", 2, 7, "UTF-8", id="another encoding"),
        pytest.param("id: 123456789012345678901\n", "VALUE_INVALID", 1, 5, "quotes", id="long number"),
        pytest.param("[" * 70 + "]" * 70, "TOO_DEEP", 1, 65, "64 levels", id="deep"),
        pytest.param("- x\n" * 50_001, "TOO_MANY_VALUES", 50_000, 3, "50000 values", id="many values"),
        pytest.param(b" " * (MAX_BYTES + 1), "TOO_LARGE", 0, 0, "bytes", id="large"),
    ],
)  # fmt: skip
def test_problem_of_a_yaml_document(text: str | bytes, rule: str, line: int, column: int, says: str) -> None:
    problem = only(text)
    assert problem.rule in (rule, f"DOCUMENT_{rule}")
    assert (problem.line, problem.column) == (line, column), problem
    assert says in problem.message
    assert problem.is_error


def test_an_alias_bomb_is_not_written_out() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
    for level in range(1, 30):
        bomb += f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n"
    assert only(bomb).rule is Rule.DOCUMENT_TOO_MANY_VALUES
    deep = "a0: &a0 [x]\n" + "".join(f"a{level}: &a{level} [*a{level - 1}]\n" for level in range(1, 80))
    assert only(deep).rule is Rule.DOCUMENT_TOO_DEEP


def test_aliases_repeat_values() -> None:
    text = f"""{HEAD}
  - {{id: a, type: USER_TASK, candidateGroups: &sales [sales]}}
  - {{id: b, type: USER_TASK, candidateGroups: *sales}}
transitions:
  - {{from: a, to: b}}
"""
    assert problems(text) == []


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("", 1, 1, "ends too early"),
        ('{"id": "p"', 1, 11, "a comma or }"),
        ('{"id" "p"}', 1, 7, "a colon"),
        ("{id: 1}", 1, 2, "double quotes"),
        ('{"id": "p"} x', 1, 13, "more follows"),
        ('{"id": "a\nb"}', 1, 8, "no end"),
        ('{"id": "\\x"}', 1, 9, "escape"),
        ('{"id": 01}', 1, 9, "a comma or }"),
        ('{"id": NaN}', 1, 8, "no JSON value"),
        ('{\n "id": [1,]}', 2, 11, "no JSON value"),
        ('{\r\n"id": [1,\r\n 2 3]}', 3, 4, "a comma or ]"),
    ],
)
def test_json_that_is_none(text: str, line: int, column: int, says: str) -> None:
    problem = only(text, "m.json")
    assert (problem.rule, problem.line, problem.column) == (Rule.DOCUMENT_NOT_WELL_FORMED, line, column), problem
    assert says in problem.message


def test_json_limits() -> None:
    assert only("[" * 70 + "]" * 70, "m.json").rule is Rule.DOCUMENT_TOO_DEEP
    assert only(json.dumps([1] * 50_001), "m.json").rule is Rule.DOCUMENT_TOO_MANY_VALUES
    assert only("1" * 21, "m.json").rule is Rule.DOCUMENT_VALUE_INVALID
    assert {problem.rule for problem in problems('{"id": "p", "id": "q"}', "m.json")} >= {
        Rule.DOCUMENT_PROPERTY_DUPLICATE
    }


def test_all_problems_at_once_and_in_order() -> None:
    found = problems(
        """id: p
name: [x]
nonsense: 1
tasks:
  - id: ask
    type: USER_TASK
    assignee: ${1 +}
    dueDate: tomorrow
  - id: big
    type: EXCLUSIVE_GATEWAY
  - id: work
    type: SERVICE_TASK
    jobType: a
    retry: 5
transitions:
  - {from: ask, to: big}
  - {from: big, to: nowhere}
  - {from: big, to: work, condition: "${a +}"}
"""
    )
    assert [(problem.line, problem.rule.value, problem.element_id) for problem in found] == [
        (2, "DOCUMENT_VALUE_INVALID", "p"),
        (3, "DOCUMENT_PROPERTY_UNKNOWN", "p"),
        (7, "EXPRESSION_SYNTAX", "ask"),
        (8, "ATTRIBUTE_VALUE_INVALID", "ask"),
        (14, "DOCUMENT_VALUE_INVALID", "work"),
        (17, "EXCLUSIVE_GATEWAY_FLOW_WITHOUT_CONDITION", "_flow.big.to.nowhere"),
        (17, "SEQUENCE_FLOW_TARGET_UNKNOWN", "_flow.big.to.nowhere"),
        (18, "EXPRESSION_SYNTAX", "_flow.big.to.work"),
    ]  # fmt: skip
    texts = {problem.rule.value: problem.message for problem in found}
    assert texts["ATTRIBUTE_VALUE_INVALID"].startswith('tasks[0].dueDate: dueDate="tomorrow" must be')
    assert texts["SEQUENCE_FLOW_TARGET_UNKNOWN"].startswith("transitions[1].to: to of Sequence flow")
    assert texts["EXPRESSION_SYNTAX"].startswith("transitions[2].condition: condition: ")


def test_problem_of_a_nested_task() -> None:
    problem = only(
        """id: p
tasks:
  - id: outer
    type: SUB_PROCESS
    tasks:
      - {id: inner, type: USER_TASK, priority: "${}"}
    transitions: []
transitions: []
"""
    )
    assert (problem.element_id, problem.line, problem.column) == ("inner", 6, 48)
    assert problem.message.startswith("tasks[0].tasks[0].priority: ")


def test_columns_count_characters() -> None:
    assert only("{id: p, name: 漢字, '漢': 1, tasks: [{id: t, type: TASK}], transitions: []}").column == 19


def test_a_byte_order_mark_is_passed_over() -> None:
    document: dict[str, Any] = {"id": "p", "tasks": [{"id": "t", "type": "TASK"}], "transitions": []}
    assert problems(b"\xef\xbb\xbf" + json.dumps(document).encode(), "m.json") == []
