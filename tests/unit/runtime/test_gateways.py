from __future__ import annotations

import pytest

from mesh.errors import WrongState
from tests.unit.runtime.running import Run, model

ENDS = '<startEvent id="s"/><endEvent id="e"/>'


def user_tasks(*names: str) -> str:
    return "".join(f'<userTask id="{name}"/>' for name in names)


# Exclusive


CHOICE = model(
    ENDS + '<exclusiveGateway id="x" default="x_c"/>' + user_tasks("a", "b", "c"),
    "s>x",
    "x>a:${n > 10}",
    "x>b:${n > 5}",
    "x>c",
    "a>e",
    "b>e",
    "c>e",
)


@pytest.mark.parametrize(("n", "taken"), [(11, "a"), (6, "b"), (5, "c")])
def test_exclusive_takes_the_first_flow_that_holds_else_the_default(n: int, taken: str) -> None:
    assert Run(CHOICE, {"n": n}).waiting == [taken]


def test_exclusive_default_first_in_the_file_is_still_the_last_choice() -> None:
    choice = model(
        ENDS + '<exclusiveGateway id="x" default="x_a"/>' + user_tasks("a", "b"),
        "s>x",
        "x>a",
        "x>b:${n == 1}",
        "a>e",
        "b>e",
    )
    assert Run(choice, {"n": 1}).waiting == ["b"]
    assert Run(choice, {"n": 2}).waiting == ["a"]


def test_exclusive_without_a_flow_that_holds() -> None:
    stuck = model(
        ENDS + '<exclusiveGateway id="x"/>' + user_tasks("a", "b"),
        "s>x",
        "x>a:${n > 10}",
        "x>b:${n > 5}",
        "a>e",
        "b>e",
    )
    with pytest.raises(WrongState) as refused:
        Run(stuck, {"n": 1})
    assert refused.value.reason == "NO_OUTGOING_FLOW"
    assert refused.value.metadata == {"element_id": "x"}


def test_exclusive_condition_of_an_unknown_variable_is_an_error() -> None:
    with pytest.raises(WrongState) as refused:
        Run(CHOICE)
    assert refused.value.reason == "EXPRESSION_FAILED"
    assert refused.value.metadata == {"element_id": "x", "expression": "${n > 10}"}


def test_exclusive_merges_nothing() -> None:
    twice = model(
        ENDS + '<parallelGateway id="f"/><exclusiveGateway id="x"/>' + user_tasks("t"),
        "s>f",
        "f>x",
        "f>t",
        "t>x",
        "x>e",
    )
    run = Run(twice)
    assert run.passed.count("e") == 1
    run.complete("t")
    assert run.passed.count("e") == 2
    assert run.completed


# Parallel


FORK = model(
    ENDS + '<parallelGateway id="f"/><parallelGateway id="j"/>' + user_tasks("a", "b", "c"),
    "s>f",
    "f>a",
    "f>b",
    "f>c",
    "a>j",
    "b>j",
    "c>j",
    "j>e",
)


def test_parallel_waits_for_every_flow() -> None:
    run = Run(FORK)
    assert run.waiting == ["a", "b", "c"]
    run.complete("b")
    assert run.waiting == ["a", "c", "j"]
    run.complete("c")
    assert run.waiting == ["a", "j", "j"]
    run.complete("a")
    assert run.completed
    assert run.passed.count("j") == 3


def test_two_tokens_by_one_flow_do_not_complete_a_parallel_join() -> None:
    # `m` has two incoming flows and merges nothing, so two tokens reach the join by the flow m_j.
    doubled = model(
        ENDS
        + '<parallelGateway id="f"/><exclusiveGateway id="m"/><parallelGateway id="j"/>'
        + user_tasks("a", "b", "c"),
        "s>f",
        "f>a",
        "f>b",
        "f>c",
        "a>m",
        "b>m",
        "m>j",
        "c>j",
        "j>e",
    )
    run = Run(doubled)
    run.complete("a")
    run.complete("b")
    assert run.waiting == ["c", "j", "j"]
    assert not run.completed
    run.complete("c")
    # One token of each flow left together; the second one of m_j waits on.
    assert run.passed.count("e") == 1
    assert run.waiting == ["j"]
    assert not run.completed
    assert run.passed.count("j") == 2


def test_leftovers_of_both_flows_complete_the_parallel_join_again() -> None:
    doubled = model(
        ENDS
        + '<parallelGateway id="f"/><exclusiveGateway id="m"/><exclusiveGateway id="n"/><parallelGateway id="j"/>'
        + user_tasks("a", "b", "c", "d"),
        "s>f",
        "f>a",
        "f>b",
        "f>c",
        "f>d",
        "a>m",
        "b>m",
        "c>n",
        "d>n",
        "m>j",
        "n>j",
        "j>e",
    )
    run = Run(doubled)
    for task in "abcd":
        run.complete(task)
    assert run.completed
    assert run.passed.count("j") == 4
    assert run.passed.count("e") == 2


def test_parallel_joins_within_one_step() -> None:
    straight = model(
        ENDS + '<parallelGateway id="f"/><parallelGateway id="j"/><task id="a"/><task id="b"/>' + user_tasks("t"),
        "s>f",
        "f>a",
        "f>b",
        "a>j",
        "b>j",
        "j>t",
        "t>e",
    )
    run = Run(straight)
    assert run.waiting == ["t"]
    # The token that waited at the join is the one that waits in the task: still one start.
    assert [event[2] for event in run.named() if event[0] == "ACTIVITY_STARTED"] == ["t"]


def test_parallel_joins_are_counted_in_each_scope() -> None:
    body = (
        '<startEvent id="{0}s"/><parallelGateway id="{0}f"/><parallelGateway id="{0}j"/><endEvent id="{0}e"/>'
        '<userTask id="{0}a"/><userTask id="{0}b"/>'
        '<sequenceFlow id="{0}1" sourceRef="{0}s" targetRef="{0}f"/>'
        '<sequenceFlow id="{0}2" sourceRef="{0}f" targetRef="{0}a"/>'
        '<sequenceFlow id="{0}3" sourceRef="{0}f" targetRef="{0}b"/>'
        '<sequenceFlow id="{0}4" sourceRef="{0}a" targetRef="{0}j"/>'
        '<sequenceFlow id="{0}5" sourceRef="{0}b" targetRef="{0}j"/>'
        '<sequenceFlow id="{0}6" sourceRef="{0}j" targetRef="{0}e"/>'
    )
    # Both tokens of the fork run through the one sub-process `u`, each in a scope of its own.
    twice = model(
        ENDS + f'<parallelGateway id="f"/><exclusiveGateway id="m"/><subProcess id="u">{body.format("u")}</subProcess>',
        "s>f",
        "f>m",
        "f>u",
        "m>u",
        "u>e",
    )
    run = Run(twice)
    assert run.waiting == ["u", "u", "ua", "ua", "ub", "ub"]
    run.complete("ua")
    run.complete("ua")
    # Two tokens wait at the join, but in different scopes.
    assert run.waiting == ["u", "u", "ub", "ub", "uj", "uj"]
    run.complete("ub")
    assert run.passed.count("u") == 1
    run.complete("ub")
    assert run.completed
    assert run.passed.count("uj") == 4


# Inclusive


SPLIT = model(
    ENDS + '<inclusiveGateway id="f" default="f_d"/><inclusiveGateway id="j"/>' + user_tasks("a", "b", "d"),
    "s>f",
    "f>a:${a}",
    "f>b:${b}",
    "f>d",
    "a>j",
    "b>j",
    "d>j",
    "j>e",
)


@pytest.mark.parametrize(
    ("chosen", "waiting"),
    [
        ({"a": True, "b": True}, ["a", "b"]),
        ({"a": True, "b": False}, ["a"]),
        ({"a": False, "b": False}, ["d"]),
    ],
)
def test_inclusive_takes_every_flow_that_holds_else_the_default(chosen: dict[str, bool], waiting: list[str]) -> None:
    run = Run(SPLIT, chosen)
    assert run.waiting == waiting
    for task in waiting:
        assert not run.completed
        run.complete(task)
    assert run.completed
    assert run.passed.count("j") == len(waiting)


def test_inclusive_without_a_flow_that_holds() -> None:
    stuck = model(
        ENDS + '<inclusiveGateway id="f"/>' + user_tasks("a", "b"),
        "s>f",
        "f>a:${false}",
        "f>b:${false}",
        "a>e",
        "b>e",
    )
    with pytest.raises(WrongState) as refused:
        Run(stuck)
    assert (refused.value.reason, refused.value.metadata) == ("NO_OUTGOING_FLOW", {"element_id": "f"})


def test_inclusive_join_is_released_when_a_token_ends_elsewhere() -> None:
    elsewhere = model(
        ENDS
        + '<parallelGateway id="f"/><exclusiveGateway id="x" default="x_j"/><inclusiveGateway id="j"/>'
        + '<endEvent id="other"/>'
        + user_tasks("a", "b"),
        "s>f",
        "f>a",
        "f>b",
        "a>j",
        "b>x",
        "x>other:${away}",
        "x>j",
        "j>e",
    )
    run = Run(elsewhere, {"away": True})
    run.complete("a")
    assert run.waiting == ["b", "j"]
    run.complete("b")
    assert run.completed
    assert run.passed[-2:] == ["j", "e"]


def test_inclusive_join_does_not_wait_for_what_cannot_reach_it() -> None:
    aside = model(
        ENDS + '<parallelGateway id="f"/><inclusiveGateway id="j"/><endEvent id="z"/>' + user_tasks("a", "b", "c"),
        "s>f",
        "f>a",
        "f>b",
        "f>c",
        "a>j",
        "b>j",
        "c>z",
        "j>e",
    )
    run = Run(aside)
    run.complete("a")
    run.complete("b")
    assert run.waiting == ["c"]
    run.complete("c")
    assert run.completed


def test_inclusive_join_waits_for_a_token_inside_a_sub_process_upstream() -> None:
    body = (
        '<startEvent id="us"/><userTask id="ut"/><endEvent id="ue"/>'
        '<sequenceFlow id="u1" sourceRef="us" targetRef="ut"/><sequenceFlow id="u2" sourceRef="ut" targetRef="ue"/>'
    )
    upstream = model(
        ENDS
        + f'<parallelGateway id="f"/><inclusiveGateway id="j"/><subProcess id="u">{body}</subProcess>'
        + user_tasks("a"),
        "s>f",
        "f>a",
        "f>u",
        "a>j",
        "u>j",
        "j>e",
    )
    run = Run(upstream)
    run.complete("a")
    assert run.waiting == ["j", "u", "ut"]
    run.complete("ut")
    assert run.completed


def test_inclusive_join_in_a_loop() -> None:
    # Every round forks to a and b and joins them; the second round uses the same join.
    loop = model(
        ENDS
        + '<exclusiveGateway id="m"/><inclusiveGateway id="f"/><inclusiveGateway id="j"/>'
        + '<exclusiveGateway id="x" default="x_e"/>'
        + '<serviceTask id="count" flowable:expression="${round + 1}" flowable:resultVariable="round"/>'
        + user_tasks("a", "b"),
        "s>m",
        "m>f",
        "f>a:${true}",
        "f>b:${round < 1}",
        "a>j",
        "b>j",
        "j>count",
        "count>x",
        "x>m:${round < 3}",
        "x>e",
    )
    run = Run(loop, {"round": 0})
    assert run.waiting == ["a", "b"]
    run.complete("a")
    assert run.waiting == ["b", "j"]
    run.complete("b")
    assert run.waiting == ["a"]
    run.complete("a")
    assert run.waiting == ["a"]
    run.complete("a")
    assert run.completed
    assert run.passed.count("j") == 4


def test_inclusive_join_inside_a_loop_does_not_wait_for_a_token_that_can_only_come_by_the_join_itself() -> None:
    # A token behind the join can come back to it only through the loop, by a flow that is filled already.
    loop = model(
        ENDS
        + '<parallelGateway id="f"/><inclusiveGateway id="j"/><exclusiveGateway id="x" default="x_e"/>'
        + user_tasks("a", "b", "again"),
        "s>f",
        "f>a",
        "f>b",
        "a>j",
        "b>j",
        "j>x",
        "x>again:${more}",
        "again>j",
        "x>e",
    )
    run = Run(loop, {"more": True})
    run.complete("a")
    assert run.waiting == ["b", "j"]
    run.complete("b")
    assert run.waiting == ["again"]
    run.complete("again", {"more": False})
    assert run.completed
    assert run.passed.count("j") == 3


def test_inclusive_join_by_the_second_clause_of_the_standard() -> None:
    # The token in `b` can reach the empty flow, but the filled one as well, so the join need not wait for it.
    clause = model(
        ENDS
        + '<parallelGateway id="f"/><inclusiveGateway id="j"/><inclusiveGateway id="x"/>'
        + '<exclusiveGateway id="m"/>'
        + user_tasks("a", "b"),
        "s>f",
        "f>a",
        "f>b",
        "a>m",
        "b>x",
        "x>m:${toFilled}",
        "x>j:${!toFilled}",
        "m>j",
        "j>e",
    )
    run = Run(clause, {"toFilled": True})
    run.complete("a")
    assert run.waiting == ["b"]
    run.complete("b")
    assert run.completed
    assert run.passed.count("j") == 2


def test_nested_inclusive_joins() -> None:
    nested = model(
        ENDS + "".join(f'<inclusiveGateway id="{name}"/>' for name in ("f", "g", "h", "j")) + user_tasks("a", "b", "c"),
        "s>f",
        "f>g:${true}",
        "f>c:${c}",
        "g>a:${a}",
        "g>b:${b}",
        "a>h",
        "b>h",
        "h>j",
        "c>j",
        "j>e",
    )
    run = Run(nested, {"a": True, "b": True, "c": True})
    run.complete("c")
    assert run.waiting == ["a", "b", "j"]
    run.complete("a")
    assert run.waiting == ["b", "h", "j"]
    run.complete("b")
    assert run.completed
    assert [run.passed.count(name) for name in ("h", "j", "e")] == [2, 2, 1]
    lone = Run(nested, {"a": False, "b": True, "c": False})
    lone.complete("b")
    assert lone.completed


def test_inclusive_join_keeps_a_second_token_of_one_flow_for_the_next_release() -> None:
    doubled = model(
        ENDS
        + '<parallelGateway id="f"/><exclusiveGateway id="m"/><inclusiveGateway id="j"/>'
        + user_tasks("a", "b", "c"),
        "s>f",
        "f>a",
        "f>b",
        "f>c",
        "a>m",
        "b>m",
        "m>j",
        "c>j",
        "j>e",
    )
    run = Run(doubled)
    run.complete("a")
    run.complete("b")
    assert run.waiting == ["c", "j", "j"]
    run.complete("c")
    # The first release takes one token of each flow; nothing is left that could join the second token of m_j.
    assert run.completed
    assert run.passed.count("j") == 3


@pytest.mark.parametrize("reload", [False, True])
def test_waiting_joins_are_released_in_the_order_of_their_oldest_token(reload: bool) -> None:
    # At j waits a token that is left over from its first release, younger than the one at k.
    two = model(
        ENDS
        + '<parallelGateway id="f"/><exclusiveGateway id="m"/><inclusiveGateway id="j"/><inclusiveGateway id="k"/>'
        + '<exclusiveGateway id="gate" default="gate_e"/>'
        + user_tasks("a", "b", "c", "d", "after_j", "after_k"),
        "s>f",
        "f>a",
        "f>b",
        "f>c",
        "f>d",
        "a>m",
        "b>m",
        "m>j",
        "c>k",
        "d>gate",
        "gate>j:${toJ}",
        "gate>k:${toK}",
        "gate>e",
        "j>after_j",
        "k>after_k",
        "after_j>e",
        "after_k>e",
    )
    run = Run(two, {"toJ": False, "toK": False}, reload=reload)
    run.complete("a")
    run.complete("c")
    run.complete("b")
    run.complete("d")
    assert [event[2] for event in run.named(run.last) if event[0] == "ACTIVITY_COMPLETED"] == [
        "d",
        "gate",
        "e",
        "j",
        "k",
        "j",
    ]


# Implicit forks and merges


def test_activity_with_several_outgoing_flows_forks() -> None:
    fork = model(ENDS + '<task id="t"/>' + user_tasks("a", "b"), "s>t", "t>a", "t>b", "a>e", "b>e")
    run = Run(fork)
    assert run.waiting == ["a", "b"]
    run.complete("a")
    run.complete("b")
    assert run.completed
    assert run.passed.count("e") == 2


def test_activity_with_conditions_is_an_implicit_inclusive_split() -> None:
    split = model(
        ENDS + '<userTask id="t" default="t_c"/>' + user_tasks("a", "b", "c"),
        "s>t",
        "t>a:${n > 1}",
        "t>b:${n > 2}",
        "t>c",
        "a>e",
        "b>e",
        "c>e",
    )
    for n, waiting in ((3, ["a", "b"]), (2, ["a"]), (1, ["c"])):
        run = Run(split)
        run.complete("t", {"n": n})
        assert run.waiting == waiting


def test_activity_without_a_flow_that_holds_is_an_error_and_nothing_moves() -> None:
    only = model(ENDS + user_tasks("t", "a"), "s>t", "t>a:${go}", "a>e")
    run = Run(only)
    with pytest.raises(WrongState) as refused:
        run.complete("t", {"go": False})
    assert (refused.value.reason, refused.value.metadata) == ("NO_OUTGOING_FLOW", {"element_id": "t"})


def test_activity_with_several_incoming_flows_runs_for_each_token() -> None:
    merge = model(
        ENDS + '<parallelGateway id="f"/><task id="x"/><task id="y"/>' + user_tasks("t"),
        "s>f",
        "f>x",
        "f>y",
        "x>t",
        "y>t",
        "t>e",
    )
    run = Run(merge)
    assert run.waiting == ["t", "t"]
    run.complete("t")
    assert not run.completed
    run.complete("t")
    assert run.completed


def test_a_node_without_outgoing_flows_ends_its_token() -> None:
    open_ended = model('<startEvent id="s"/>' + user_tasks("t"), "s>t")
    run = Run(open_ended)
    run.complete("t")
    assert run.completed
