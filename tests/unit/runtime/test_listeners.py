from __future__ import annotations

import pytest

from engine_svc.scripts.call import ScriptCall, ScriptResult, VariableWrite
from mesh.errors import WrongState
from tests.unit.bpmn_models import flow
from tests.unit.runtime.pieces import boundary, end, extensions, handler, listener, one, sub, tasks
from tests.unit.runtime.world import World


def both(name: str) -> str:
    return extensions(listener("start", f"{name}+"), listener("end", f"{name}-"))


def log_of(world: World) -> list[str]:
    log: str = world.variables()["log"]
    return log.split()


def run(file: bytes, **variables: object) -> World:
    world = World(file)
    world.start(variables={"log": "", **variables})
    return world


def test_on_every_node_and_flow_in_order() -> None:
    taken = flow("g", "e").replace("></sequenceFlow>", f">{extensions(listener('take', 'flow'))}</sequenceFlow>")
    file = one(
        f'<task id="t">{both("t")}</task><exclusiveGateway id="g">{both("g")}</exclusiveGateway>'
        f'<endEvent id="e">{both("e")}</endEvent>{taken}',
        "s>t>g",
        attributes="",
    ).replace(b'<startEvent id="s"/>', f'<startEvent id="s">{both("s")}</startEvent>'.encode())
    world = run(file)
    assert log_of(world) == ["s+", "s-", "t+", "t-", "g+", "g-", "flow", "e+", "e-"]
    assert world.ended


def test_of_the_process_come_first_and_last() -> None:
    file = one(extensions(listener("start", "p+"), listener("end", "p-")) + f'<task id="t">{both("t")}</task>', "s>t")
    # Extensions come first in a process.
    file = file.replace(b'<startEvent id="s"/><extensionElements>', b"<extensionElements>").replace(
        b"</extensionElements><task", b'</extensionElements><startEvent id="s"/><task', 1
    )
    world = run(file)
    assert log_of(world) == ["p+", "t+", "t-", "p-"]


def test_of_a_sub_process_and_what_is_inside() -> None:
    inside = f'<task id="t">{both("t")}</task>'
    world = run(one(sub("n", inside, "in.n>t", loop=both("n")), "s>n"))
    assert log_of(world) == ["n+", "t+", "t-", "n-"]


def test_of_a_user_task_start_before_it_is_there_and_end_when_it_is_done() -> None:
    world = run(one(f'<userTask id="t" name="${{log}}">{both("t")}</userTask>', "s>t"))
    assert [task.name for task in world.tasks.values()] == ["t+ "]
    world.complete("t")
    assert log_of(world) == ["t+", "t-"]


def test_of_boundary_and_catch_events() -> None:
    bound = boundary("b", "t", "timer").replace("<timer", both("b") + "<timer")
    caught = (
        f'<intermediateCatchEvent id="c">{both("c")}<signalEventDefinition signalRef="sig"/></intermediateCatchEvent>'
    )
    world = run(one(tasks("t") + bound + caught, "s>t", "b>c"))
    world.advance(60)
    world.signal("sig")
    assert log_of(world)[-2:] == ["c+", "c-"]
    assert world.ended


def test_end_listeners_are_not_called_for_what_is_cancelled() -> None:
    world = run(one(f'<userTask id="t">{both("t")}</userTask>' + boundary("b", "t", "timer"), "s>t"))
    world.advance(60)
    assert log_of(world) == ["t+"]


def test_flow_listeners_come_in_document_order() -> None:
    def listened(source: str, target: str) -> str:
        text = extensions(listener("take", target))
        return flow(source, target).replace("></sequenceFlow>", f">{text}</sequenceFlow>")

    world = run(one('<task id="t"/><task id="a"/><task id="b"/>' + listened("t", "b") + listened("t", "a"), "s>t"))
    assert log_of(world) == ["b", "a"]


def test_what_a_listener_sets_locally_belongs_to_its_activity() -> None:
    local = '<extensionElements><flowable:executionListener event="start" expression="${execution.setVariableLocal('
    inside = f"{local}'x', 7)}}\"/></extensionElements>"
    world = World(one(f'<userTask id="t" name="${{x}}">{inside}</userTask><userTask id="u" name="${{x}}"/>', "s>t>u"))
    world.start(variables={"x": 1})
    assert [task.name for task in world.tasks.values()] == ["7"]
    assert world.variables() == {"x": 1}
    world.complete("t", {"x": 8})
    assert [task.name for task in world.tasks.values()] == ["1"]
    assert world.variables() == {"x": 1}


def test_what_a_script_of_a_listener_sets_locally_belongs_to_its_activity() -> None:
    keeps = {"keep": lambda call: ScriptResult(None, (VariableWrite("local", "x", 7),))}
    world = World(
        one(f'<userTask id="t" name="${{x}}">{scripted("start", "keep")}</userTask>' + tasks("u"), "s>t>u"),
        scripts=keeps,
    )
    world.start(variables={"x": 1})
    assert [task.name for task in world.tasks.values()] == ["7"]
    assert world.variables() == {"x": 1}


def test_what_a_start_listener_sets_is_read_by_the_boundary() -> None:
    start = extensions(
        "<flowable:executionListener event=\"start\" expression=\"${execution.setVariable('wait', 'PT5S')}\"/>"
    )
    bound = boundary("b", "t", "timer").replace("PT1M", "${wait}")
    world = World(one(f'<userTask id="t">{start}</userTask>{bound}' + tasks("late"), "s>t", "b>late"))
    world.start()
    world.advance(5)
    assert world.open == ["late"]


# Scripts


def scripted(event: str, text: str) -> str:
    listener = (
        f'<camunda:executionListener event="{event}"><camunda:script scriptFormat="javascript">{text}</camunda:script>'
        "</camunda:executionListener>"
    )
    return extensions(listener)


def sets(name: str, value: object) -> object:
    return lambda call: ScriptResult(None, (VariableWrite("nearest", name, value),))


def fails(call: ScriptCall) -> ScriptResult:
    return ScriptResult(None, bpmn_error=("E", "no"))


@pytest.mark.parametrize("event", ["start", "end"])
def test_a_script(event: str) -> None:
    file = one(f'<task id="t">{scripted(event, "set")}</task>' + tasks("after"), "s>t>after")
    world = World(file, scripts={"set": sets("x", 1)})  # type: ignore[dict-item]
    world.start()
    assert world.variables() == {"x": 1}
    assert world.open == ["after"]


@pytest.mark.parametrize("event", ["start", "end"])
def test_a_bpmn_error_of_a_script_is_caught_at_the_boundary(event: str) -> None:
    file = one(
        f'<userTask id="t">{scripted(event, "fail")}</userTask>'
        + boundary("b", "t", "error")
        + tasks("after", "caught"),
        "s>t>after",
        "b>caught",
    )
    world = World(file, scripts={"fail": fails})
    world.start()
    if event == "end":
        world.complete("t")
    assert world.open == ["caught"]
    world.complete("caught")
    assert world.ended


def test_a_bpmn_error_of_a_script_on_a_flow() -> None:
    listened = flow("t", "after").replace("></sequenceFlow>", f">{scripted('take', 'fail')}</sequenceFlow>")
    file = one(
        tasks("t", "after") + listened + handler("h", "error", tasks("ht"), "in.h>ht"),
        "s>t",
    )
    world = World(file, scripts={"fail": fails})
    world.start()
    world.complete("t")
    assert world.open == ["ht"]
    world.complete("ht")
    assert world.ended


def test_a_bpmn_error_that_nothing_catches() -> None:
    world = World(one(f'<task id="t">{scripted("start", "fail")}</task>', "s>t"), scripts={"fail": fails})
    with pytest.raises(WrongState) as refused:
        world.start()
    assert refused.value.reason == "BPMN_ERROR_NOT_CAUGHT"


# Jobs


def work(event: str) -> str:
    return extensions(f'<flowable:executionListener event="{event}" class="com.acme.Audit"/>')


@pytest.mark.parametrize("event", ["start", "end"])
def test_a_job(event: str) -> None:
    world = World(one(f'<userTask id="t">{work(event)}</userTask>' + tasks("after"), "s>t>after"))
    world.start()
    if event == "start":
        assert [job.type for job in world.jobs.values()] == ["com.acme.Audit"]
        world.complete("t", {"x": 1})
        assert len(world.tasks) == 1
        world.complete("t")
    else:
        world.complete("t")
        assert [job.type for job in world.jobs.values()] == ["com.acme.Audit"]
        world.complete("t")
    assert world.open == ["after"]


def test_jobs_of_a_flow_and_of_the_process() -> None:
    listened = flow("t", "after").replace("></sequenceFlow>", f">{work('take')}</sequenceFlow>")
    file = (
        one(work("start") + tasks("t", "after") + listened, "s>t")
        .replace(b'<startEvent id="s"/><extensionElements>', b"<extensionElements>")
        .replace(b"</extensionElements><userTask", b'</extensionElements><startEvent id="s"/><userTask', 1)
    )
    world = World(file)
    world.start()
    assert world.open == ["s"]
    world.complete("s")
    assert world.open == ["t"]
    world.complete("t")
    assert world.open == ["after"]
    assert [job.type for job in world.jobs.values()] == ["com.acme.Audit"]
    world.complete("after")
    assert [task.element_id for task in world.tasks.values()] == ["after"]


def test_a_worker_throws_an_error_in_a_listener() -> None:
    file = one(
        f'<userTask id="t">{work("end")}</userTask>' + boundary("b", "t", "error") + tasks("caught") + end("e"),
        "s>t>e",
        "b>caught",
    )
    world = World(file)
    world.start()
    world.complete("t")
    assert world.throw_error("t", "E")
    assert world.open == ["caught"]


@pytest.mark.parametrize("place", ["process", "sub-process"])
def test_nothing_begins_in_a_scope_whose_end_listener_waits_for_its_work(place: str) -> None:
    inside = tasks("it") + handler("h", "signal", tasks("ht"), "in.h>ht", interrupting=False)
    if place == "process":
        file = one(inside, "s>it").replace(b'isExecutable="true" >', f'isExecutable="true">{work("end")}'.encode())
    else:
        file = one(sub("n", inside, "in.n>it", loop=work("end")), "s>n")
    world = World(file)
    world.start()
    world.complete("it")
    assert [job.type for job in world.jobs.values()] == ["com.acme.Audit"]
    assert world.signal("sig") == 0
    world.complete(world.open[0])
    assert world.ended
