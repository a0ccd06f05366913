from __future__ import annotations

import pytest

from engine_svc.compile.executable import (
    PROCESS_SCOPE,
    CatchSpec,
    Element,
    ElementKind,
    ErrorTrigger,
    ExecutableProcess,
    StartSpec,
    SubProcessSpec,
    TerminateSpec,
)
from engine_svc.compile.load import load_bpmn
from tests.unit.bpmn_models import flow, process
from tests.unit.expressions.variables import Variables

START, END = '<startEvent id="s"/>', '<endEvent id="e"/>'


def compiled(body: str, attributes: str = "") -> ExecutableProcess:
    result = load_bpmn(process(body, attributes))
    assert result.is_valid, result.problems
    (executable,) = result.processes
    return executable


def element(executable: ExecutableProcess, identifier: str) -> Element:
    return executable.elements[executable.by_id[identifier]]


def ids(executable: ExecutableProcess, indexes: frozenset[int]) -> set[str]:
    return {executable.elements[index].id for index in indexes}


def test_straight_process() -> None:
    executable = compiled(
        f'<documentation>Why</documentation>{START}<task id="t" name="T"/><manualTask id="m"/>{END}'
        + flow("s", "t")
        + flow("t", "m")
        + flow("m", "e"),
        'name="P" camunda:versionTag="v2"',
    )
    assert (executable.key, executable.name, executable.version_tag) == ("p", "P", "v2")
    assert executable.documentation == "Why"
    assert [item.id for item in executable.elements] == ["s", "t", "m", "e"]
    assert [item.index for item in executable.elements] == [0, 1, 2, 3]
    assert [item.bpmn_type for item in executable.elements] == [
        "startEvent",
        "task",
        "manualTask",
        "endEvent",
    ]
    assert [item.kind for item in executable.elements] == [
        ElementKind.START_EVENT,
        ElementKind.PASS_THROUGH_TASK,
        ElementKind.PASS_THROUGH_TASK,
        ElementKind.NONE_END_EVENT,
    ]
    assert executable.start == 0
    assert [(item.index, item.source, item.target) for item in executable.flows] == [
        (0, 0, 1),
        (1, 1, 2),
        (2, 2, 3),
    ]
    assert element(executable, "t").outgoing == (executable.flows[1],)
    assert element(executable, "t").incoming == (executable.flows[0],)
    assert all(item.scope == PROCESS_SCOPE for item in executable.elements)


@pytest.mark.parametrize("dialect", ["flowable", "activiti", "camunda"])
def test_initiator(dialect: str) -> None:
    executable = compiled(f'<startEvent id="s" {dialect}:initiator="who"/>')
    assert element(executable, "s").spec == StartSpec("who")


def test_nested_sub_processes() -> None:
    inner = f'<subProcess id="b"><startEvent id="bs"/><task id="bt"/>{flow("bs", "bt")}</subProcess>'
    around = f'<startEvent id="as"/>{inner}<endEvent id="ae"/>{flow("as", "b")}{flow("b", "ae")}'
    outer = f'<subProcess id="a">{around}</subProcess>'
    executable = compiled(f"{START}{outer}{END}{flow('s', 'a')}{flow('a', 'e')}")
    assert [item.id for item in executable.elements] == ["s", "a", "as", "b", "bs", "bt", "ae", "e"]
    assert element(executable, "a").spec == SubProcessSpec(executable.by_id["as"])
    assert element(executable, "b").spec == SubProcessSpec(executable.by_id["bs"])
    scopes = {item.id: item.scope for item in executable.elements}
    assert scopes == {"s": -1, "a": -1, "as": 1, "b": 1, "bs": 3, "bt": 3, "ae": 1, "e": -1}
    assert executable.start == 0


def test_deep_nesting_compiles() -> None:
    body = '<task id="t"/>'
    for level in range(90):
        first = f"s{level}"
        target = "t" if level == 0 else f"sp{level - 1}"
        body = f'<subProcess id="sp{level}"><startEvent id="{first}"/>{body}{flow(first, target)}</subProcess>'
    assert len(compiled(f"{START}{body}{flow('s', 'sp89')}").elements) == 182


def test_exclusive_gateway() -> None:
    executable = compiled(
        f'{START}<exclusiveGateway id="g" default="g_b"/><task id="a"/><task id="b"/><task id="c"/>'
        + flow("s", "g")
        + flow("g", "c", "${n == 2}")
        + flow("g", "b")
        + flow("g", "a", "${n == 1}")
    )
    gateway = element(executable, "g")
    assert [item.id for item in gateway.outgoing] == ["g_c", "g_b", "g_a"]
    assert gateway.default_flow is gateway.outgoing[1]
    last = gateway.outgoing[2]
    assert last.condition_text == "${n == 1}"
    assert last.condition is not None
    assert last.condition(Variables(n="1")) is True
    assert gateway.outgoing[1].condition is None


def test_conditions_that_are_not_evaluated_are_dropped() -> None:
    executable = compiled(
        f'{START}<task id="t" default="t_a"/><parallelGateway id="a"/>{END}{flow("s", "t")}'
        + flow("t", "a", "${x}")
        + flow("t", "e", "${y}")
        + flow("a", "e", "${z}")
    )
    assert [(item.id, item.condition_text) for item in executable.flows] == [
        ("s_t", ""),
        ("t_a", ""),
        ("t_e", "${y}"),
        ("a_e", ""),
    ]
    assert [item.condition is None for item in executable.flows] == [True, True, False, True]
    assert element(executable, "t").default_flow is executable.flows[1]


def test_inclusive_join_knows_what_can_reach_it() -> None:
    executable = compiled(
        f'{START}<inclusiveGateway id="f"/><task id="a"/><task id="b"/><task id="x"/>'
        '<inclusiveGateway id="j"/>'
        f'<exclusiveGateway id="again"/>{END}'
        + flow("s", "f")
        + flow("f", "a", "${p}")
        + flow("f", "b", "${q}")
        + flow("f", "x", "${r}")
        + flow("a", "j")
        + flow("b", "j")
        + flow("j", "again")
        + flow("again", "a", "${loop}")
        + flow("again", "e", "${!loop}")
    )
    join = element(executable, "j")
    by_flow = {executable.flows[index].id: ids(executable, found) for index, found in join.reaches_flow.items()}
    assert by_flow == {"a_j": {"a", "f", "s", "again"}, "b_j": {"b", "f", "s"}}
    split = element(executable, "f")
    assert split.reaches_flow == {}


def test_inclusive_join_with_a_flow_to_itself_and_two_from_one_source() -> None:
    executable = compiled(
        f'{START}<task id="a"/><inclusiveGateway id="j"/>{END}{flow("s", "a")}'
        + flow("a", "j", identifier="one")
        + flow("a", "j", identifier="two")
        + flow("j", "j", "${again}", "self")
        + flow("j", "e")
    )
    join = element(executable, "j")
    by_flow = {executable.flows[index].id: ids(executable, found) for index, found in join.reaches_flow.items()}
    assert by_flow == {"one": {"s", "a"}, "two": {"s", "a"}, "self": set()}


def test_inclusive_join_looks_at_its_own_scope_only() -> None:
    body = (
        '<startEvent id="as"/><task id="x"/><task id="y"/><inclusiveGateway id="j"/>'
        + flow("as", "x")
        + flow("as", "y")
        + flow("x", "j")
        + flow("y", "j")
    )
    executable = compiled(f'{START}<subProcess id="a">{body}</subProcess>{flow("s", "a")}')
    assert {frozenset(ids(executable, found)) for found in element(executable, "j").reaches_flow.values()} == {
        frozenset({"as", "x"}),
        frozenset({"as", "y"}),
    }


def test_error_events_and_event_sub_processes() -> None:
    catch = '<boundaryEvent id="{0}" attachedToRef="n"><errorEventDefinition {1}/></boundaryEvent>'
    start = '<startEvent id="hs"><errorEventDefinition camunda:errorMessageVariable="m"/></startEvent>'
    inner = f'<subProcess id="h" triggeredByEvent="true">{start}</subProcess>'
    nested = f'<startEvent id="ns"/>{inner}<endEvent id="ne"><terminateEventDefinition/></endEvent>' + flow("ns", "ne")
    executable = compiled(
        f'{START}<subProcess id="n">{nested}</subProcess>{END}'
        + catch.format("b", 'errorRef="A" flowable:errorVariableName="v"')
        + catch.format("c", "")
        + flow("s", "n")
        + flow("n", "e")
        + flow("b", "e")
    )
    sub_process = element(executable, "n")
    assert sub_process.boundary == (executable.by_id["b"], executable.by_id["c"])
    assert element(executable, "e").boundary == ()
    assert element(executable, "b").spec == CatchSpec(ErrorTrigger("A", "v", ""))
    assert element(executable, "c").spec == CatchSpec(ErrorTrigger(""))
    assert element(executable, "c").kind is ElementKind.BOUNDARY_EVENT
    assert executable.event_sub_processes == {sub_process.index: (executable.by_id["h"],)}
    handler = element(executable, "h")
    assert (handler.kind, handler.bpmn_type) == (ElementKind.EVENT_SUB_PROCESS, "eventSubProcess")
    assert handler.spec == SubProcessSpec(executable.by_id["hs"])
    assert element(executable, "hs").spec == StartSpec(trigger=ErrorTrigger("", "", "m"))
    assert element(executable, "ne").spec == TerminateSpec(everything=False)
    assert sub_process.spec == SubProcessSpec(executable.by_id["ns"])


def test_an_inclusive_join_can_be_reached_by_a_boundary_event() -> None:
    executable = compiled(
        f'{START}<inclusiveGateway id="g"/><userTask id="a"/><userTask id="n"/><inclusiveGateway id="j"/>{END}'
        '<boundaryEvent id="b" attachedToRef="n"><errorEventDefinition/></boundaryEvent>'
        + "".join(flow(*ends.split(">")) for ends in ("s>g", "g>a", "g>n", "a>j", "b>j", "j>e", "n>e"))
    )
    join = element(executable, "j")
    by_boundary = next(found for found in join.incoming if executable.elements[found.source].id == "b")
    assert ids(executable, join.reaches_flow[by_boundary.index]) == {"s", "g", "n", "b"}
