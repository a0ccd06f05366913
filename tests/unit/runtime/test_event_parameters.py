"""Values that go with signals and errors, and what a catch keeps of them."""

from __future__ import annotations

import pytest

from mesh.errors import WrongState
from tests.unit.runtime.pieces import a_process, call, extensions, file_of, flows, one, sub, tasks
from tests.unit.runtime.world import World


def a_signal(name: str, payload: str) -> str:
    definition = f'<signalEventDefinition signalRef="sig">{extensions(payload)}</signalEventDefinition>'
    return f'<intermediateThrowEvent id="{name}">{definition}</intermediateThrowEvent>'


def a_catch(name: str, host: str, definition: str, parameters: str = "") -> str:
    kept = extensions(parameters) if parameters else ""
    return f'<boundaryEvent id="{name}" attachedToRef="{host}">{kept}{definition}</boundaryEvent>'


SIGNAL = '<signalEventDefinition signalRef="sig"/>'
ERROR = '<errorEventDefinition errorRef="err"/>'


def beside(payload: str, parameters: str = "") -> World:
    """A process of two paths: `go` leads to a throw, and what it throws is caught on `t`."""
    content = tasks("t", "go", "after", "late") + a_signal("throw", payload) + a_catch("b", "t", SIGNAL, parameters)
    world = World(one(content, "s>t>after", "s>go>throw", "b>late"))
    world.start(variables={"a": 1, "name": "x"})
    world.complete("go")
    return world


def test_a_signal_carries_values() -> None:
    world = beside('<camunda:in source="a" target="b"/><camunda:in sourceExpression="${a + 1}" target="c"/>')
    assert world.open == ["late"]
    assert world.variables() == {"a": 1, "name": "x", "b": 1, "c": 2}
    assert world.signals[0].variables == {"b": 1, "c": 2}


def test_a_value_that_is_not_there_goes_as_null() -> None:
    assert beside('<camunda:in source="missing" target="b"/>').signals[0].variables == {"b": None}


def test_all_variables_go_with_a_signal() -> None:
    world = beside('<camunda:in variables="all"/><camunda:in sourceExpression="own" target="a"/>')
    assert world.signals[0].variables == {"a": "own", "name": "x"}


def test_a_flowable_throw_names_what_goes_with_it() -> None:
    throw = (
        '<intermediateThrowEvent id="throw">' + extensions('<flowable:out source="a" target="b"/>') + SIGNAL
    ) + "</intermediateThrowEvent>"
    world = World(one(throw + tasks("t"), "s>throw>t"))
    world.start(variables={"a": 1})
    assert world.signals[0].variables == {"b": 1}


def test_a_catch_keeps_what_it_names() -> None:
    world = beside(
        '<camunda:in source="a" target="b"/><camunda:in source="name" target="c"/>',
        '<flowable:in source="b" target="kept"/><flowable:in sourceExpression="${c.concat(b)}" target="made"/>'
        '<flowable:in source="nothing" target="none"/>',
    )
    assert world.variables() == {"a": 1, "name": "x", "kept": 1, "made": "x1", "none": None}


def test_an_expression_of_a_catch_sees_only_what_came() -> None:
    with pytest.raises(WrongState, match="name"):
        beside('<camunda:in source="a" target="b"/>', '<flowable:in sourceExpression="${name}" target="made"/>')


def failing(parameters: str = "") -> str:
    end = f'<endEvent id="end">{extensions(OUT)}{ERROR}</endEvent>'
    return sub("p1", end, "in.p1>end") + a_catch("b", "p1", ERROR, parameters) + tasks("caught", "after")


OUT = '<flowable:out source="a" target="b"/><flowable:out sourceExpression="bad" target="errorMessage"/>'


@pytest.mark.parametrize(
    ("parameters", "kept"),
    [("", {}), ('<flowable:in source="b" target="c"/>', {"c": 1})],
)
def test_a_catch_asks_for_what_goes_with_an_error(parameters: str, kept: dict[str, int]) -> None:
    world = World(one(failing(parameters), "s>p1>after", "b>caught"))
    world.start(variables={"a": 1})
    assert world.open == ["caught"]
    assert world.variables() == {"a": 1, **kept}


def test_an_error_takes_values_to_the_caller() -> None:
    end = f'<endEvent id="end">{extensions(OUT)}{ERROR}</endEvent>'
    called = a_process(end, "s>end", key="called")
    catch = a_catch("b", "c", ERROR, '<flowable:in source="b" target="c"/>')
    given = '<flowable:in sourceExpression="${7}" target="a"/>'
    caller = a_process(
        call("c", "called", extensions(given)) + catch + tasks("caught", "after"), "s>c>after", "b>caught"
    )
    world = World(file_of(caller, called))
    started = world.start()
    assert world.open == ["caught"]
    assert world.variables(started) == {"c": 7}


def test_an_event_sub_process_keeps_what_it_names() -> None:
    kept = extensions('<flowable:in source="b" target="kept"/>')
    start = f'<startEvent id="in.h">{kept}{SIGNAL}</startEvent>'
    handler = f'<subProcess id="h" triggeredByEvent="true">{start}{tasks("late")}{flows("in.h>late")}</subProcess>'
    throw = a_signal("throw", '<camunda:in source="a" target="b"/>')
    world = World(one(handler + throw + tasks("t"), "s>throw>t"))
    world.start(variables={"a": 1})
    assert world.open == ["late"]
    assert world.variables() == {"a": 1, "kept": 1}
