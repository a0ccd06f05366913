from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_svc.compile.load import load_bpmn
from engine_svc.model.parse import parse_bpmn
from engine_svc.model.rules import Rule
from engine_svc.model.xml import MAX_ATTRIBUTES, MAX_BYTES, MAX_ELEMENTS
from tests.unit.bpmn_models import NAMESPACES, around, flow, process

SIMPLE = around('<task id="n"/>')


def only_problem(xml: bytes) -> Rule:
    result = parse_bpmn(xml)
    assert result.definitions is None
    assert len(result.problems) == 1
    assert result.problems[0].is_error
    return result.problems[0].rule


LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">
<!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
<!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;">
<!ENTITY lol4 "&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;">
]><lolz>&lol4;</lolz>"""


@pytest.mark.parametrize(
    "xml",
    [
        LAUGHS,
        b'<!DOCTYPE d SYSTEM "http://127.0.0.1:1/x.dtd"><d/>',
        b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>',
        b'<!DOCTYPE d [<!ENTITY % x SYSTEM "file:///etc/passwd"> %x;]><d/>',
        b"<!DOCTYPE definitions><definitions/>",
        "\ufeff<!DOCTYPE d><d/>".encode("utf-16-le"),
        "<!DOCTYPE d><d/>".encode("utf-16"),
    ],
)
def test_document_types_are_refused(xml: bytes) -> None:
    assert only_problem(xml) is Rule.XML_DOCTYPE


@pytest.mark.parametrize(
    "xml",
    [
        b"",
        b"   ",
        b"text",
        b"<a>",
        b"<a></b>",
        b"<a>&undefined;</a>",
        b"\xff\xfe\xfd",
        b'<?xml version="1.0" encoding="nope"?><a/>',
        b"<a>\xff</a>",
    ],
)
def test_what_is_not_well_formed(xml: bytes) -> None:
    assert only_problem(xml) is Rule.XML_NOT_WELL_FORMED


def test_position_of_what_is_not_well_formed() -> None:
    problem = parse_bpmn(b"<a>\n  <b></c>\n</a>").problems[0]
    assert problem.line == 2


def test_size_depth_and_count() -> None:
    assert only_problem(b" " * (MAX_BYTES + 1)) is Rule.XML_TOO_LARGE
    assert only_problem(b"<a>" * 201 + b"</a>" * 201) is Rule.XML_TOO_DEEP
    assert only_problem(b"<a>" * 5000 + b"</a>" * 5000) is Rule.XML_TOO_DEEP
    assert only_problem(b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>") is Rule.XML_TOO_MANY_ELEMENTS
    assert only_problem(b"<a>" * 200 + b"</a>" * 200) is Rule.NOT_BPMN


@pytest.mark.parametrize("pattern", ['a%d=""', 'xmlns:n%d="u"'])
def test_attributes_and_namespaces_of_one_element(pattern: str) -> None:
    def element(count: int) -> bytes:
        return ("<a " + " ".join(pattern % number for number in range(count)) + "/>").encode()

    assert only_problem(element(MAX_ATTRIBUTES)) is Rule.NOT_BPMN
    assert only_problem(element(MAX_ATTRIBUTES + 1)) is Rule.XML_TOO_MANY_ATTRIBUTES


@pytest.mark.parametrize(
    "xml", [b"<definitions/>", b'<process xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>', b"<html/>"]
)
def test_other_xml(xml: bytes) -> None:
    assert only_problem(xml) is Rule.NOT_BPMN


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "windows-1252"])
def test_encodings(encoding: str) -> None:
    text = SIMPLE.decode().replace('<task id="n"/>', '<task id="n" name="Prüfen"/>')
    declared = text.replace("UTF-8", encoding.removesuffix("-sig"), 1)
    result = load_bpmn(declared.encode(encoding))
    assert result.is_valid
    assert result.processes[0].elements[1].name == "Prüfen"


def test_any_prefix() -> None:
    text = SIMPLE.decode().replace("xmlns=", "xmlns:q=")
    for name in ("definitions", "process", "startEvent", "endEvent", "task", "sequenceFlow"):
        text = text.replace(f"<{name} ", f"<q:{name} ").replace(f"</{name}>", f"</q:{name}>")
    assert load_bpmn(text.encode()).is_valid


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_lines_and_columns_are_those_of_the_start_tag(line_end: str) -> None:
    lines = [
        "<?xml version='1.0'?><!-- < a comment > -->",
        f"<definitions {NAMESPACES}><process id='p'><documentation><![CDATA[ <x> ]]></documentation>",
        "  <startEvent id='s'/>   <choreographyTask",
        "     id='n'",
        "     name='>'/>",
        "<?pi <y> ?><endEvent id='e'/>" + flow("s", "n") + flow("n", "e"),
        "</process></definitions>",
    ]
    (problem,) = load_bpmn(line_end.join(lines).encode()).problems
    assert (problem.rule, problem.line, problem.column) == (Rule.ELEMENT_NOT_SUPPORTED, 3, 26)


def test_large_models_are_read_in_reasonable_time() -> None:
    count = 20_000
    nodes = "".join(f'<task id="t{i}"/>' for i in range(count))
    flows = "".join(flow(f"t{i}", f"t{i + 1}") for i in range(count - 1))
    xml = process(
        f'<startEvent id="s"/>{nodes}<endEvent id="e"/>{flows}' + flow("s", "t0") + flow(f"t{count - 1}", "e")
    )
    begin = time.perf_counter()
    result = load_bpmn(xml)
    assert result.is_valid
    assert time.perf_counter() - begin < 20


@settings(max_examples=200, deadline=None)
@given(junk=st.binary(max_size=200))
def test_bytes_never_raise(junk: bytes) -> None:
    load_bpmn(junk)
    load_bpmn(SIMPLE[:150] + junk + SIMPLE[150:])


NAMES = st.sampled_from(
    [
        "process",
        "startEvent",
        "endEvent",
        "task",
        "userTask",
        "serviceTask",
        "subProcess",
        "sequenceFlow",
        "exclusiveGateway",
        "inclusiveGateway",
        "extensionElements",
        "flowable:formProperty",
        "camunda:field",
        "zeebe:taskDefinition",
        "conditionExpression",
        "transaction",
        "boundaryEvent",
        "dataObject",
        "potentialOwner",
        "zeebe:taskHeaders",
        "resourceAssignmentExpression",
        "formalExpression",
        "laneSet",
        "lane",
        "documentation",
        "camunda:formData",
        "x",
    ]
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(
        [
            "id",
            "name",
            "sourceRef",
            "targetRef",
            "default",
            "isExecutable",
            "triggeredByEvent",
            "language",
            "flowable:assignee",
            "camunda:class",
            "flowable:type",
            "flowable:topic",
            "camunda:taskPriority",
            "flowable:async",
            "flowable:expression",
            "retries",
            "type",
            "flowable:dueDate",
            "camunda:nope",
        ]
    ),
    st.sampled_from(["a", "b", "c", "true", "false", "${x}", "${", "=x", "", "external-worker", "5", "P1D"]),
    max_size=4,
)
ELEMENTS: st.SearchStrategy[Any] = st.recursive(
    st.builds(lambda name, attributes: (name, attributes, []), NAMES, ATTRIBUTES),
    lambda inner: st.builds(
        lambda name, attributes, content: (name, attributes, content),
        NAMES,
        ATTRIBUTES,
        st.lists(inner, max_size=5),
    ),
    max_leaves=25,
)


def written(element: tuple[str, dict[str, str], list]) -> str:
    name, attributes, content = element
    pairs = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return f"<{name}{pairs}>{''.join(written(child) for child in content)}</{name}>"


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(content=st.lists(ELEMENTS, max_size=5))
def test_elements_in_any_order_never_raise(content: list) -> None:
    for problem in load_bpmn(process("".join(written(element) for element in content))).problems:
        assert problem.message
        assert problem.line > 0
        assert problem.column > 0
