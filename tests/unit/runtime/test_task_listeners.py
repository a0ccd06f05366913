from __future__ import annotations

from typing import Any

import pytest

from engine_svc.events import record
from engine_svc.runtime import user_task_commands
from engine_svc.runtime.changes import NewUserTask
from engine_svc.runtime.task_host import ListenerTask
from engine_svc.scripts.call import ScriptCall, ScriptResult, TaskCall, VariableWrite
from engine_svc.state.instance import Status
from mesh.errors import WrongState
from tests.unit.runtime.pieces import a_process, boundary, call, end, extensions, file_of, handler, one, sub, tasks
from tests.unit.runtime.world import World


def says(event: str, text: str = "") -> str:
    """A task listener that puts the name of its event at the end of the variable `log`."""
    expression = "${execution.setVariable('log', log.concat('" + (text or event) + " '))}"
    return f'<flowable:taskListener event="{event}" expression="{expression}"/>'


def does(event: str, expression: str) -> str:
    return f'<flowable:taskListener event="{event}" expression="{expression}"/>'


def script(event: str, source: str) -> str:
    return (
        f'<camunda:taskListener event="{event}"><camunda:script scriptFormat="javascript">{source}</camunda:script>'
        "</camunda:taskListener>"
    )


def work(event: str) -> str:
    return f'<flowable:taskListener event="{event}" class="com.acme.Audit"/>'


ALL = [says(event) for event in ("create", "assignment", "complete", "delete")]


def listened(*listeners: str, attributes: str = "") -> bytes:
    task = f'<userTask id="t" {attributes}>{extensions(*listeners)}</userTask>'
    return one(
        task + boundary("b", "t", "timer") + boundary("x", "t", "error") + tasks("after", "late", "caught"),
        "s>t>after",
        "b>late",
        "x>caught",
    )


def started(file: bytes, **variables: Any) -> World:
    world = World(file)
    world.start(variables={"log": "", **variables})
    return world


def log_of(world: World) -> list[str]:
    log: str = world.variables()["log"]
    return log.split()


def assign(world: World, user: str) -> None:
    (at, key) = next(place for place, task in world.tasks.items() if task.element_id == "t")
    world.do(at, user_task_commands.assign(world.instances[at], key, user, world.now))


def the_task(world: World) -> NewUserTask:
    (task,) = world.tasks.values()
    return task


# When


def test_creation_completion_and_end() -> None:
    world = started(listened(*ALL))
    assert log_of(world) == ["create"]
    world.complete("t")
    assert log_of(world) == ["create", "complete", "delete"]
    assert world.open == ["after"]


def test_an_assignment_by_the_model_comes_before_the_creation() -> None:
    world = started(listened(*ALL, attributes='flowable:assignee="ann"'))
    assert log_of(world) == ["assignment", "create"]


def test_an_assignment_by_somebody() -> None:
    world = started(
        listened(*ALL, says("assignment", "${task.assignee}").replace("'${task.assignee} '", "task.assignee"))
    )
    assign(world, "ann")
    assert log_of(world)[:2] == ["create", "assignment"]
    assert "ann" in world.variables()["log"]
    assign(world, "ann")
    assert log_of(world).count("assignment") == 1


def test_the_end_before_its_time() -> None:
    world = started(listened(*ALL))
    world.advance(60)
    assert log_of(world) == ["create", "delete"]
    assert world.open == ["late"]


def test_the_end_with_its_instance() -> None:
    world = started(listened(*ALL))
    world.cancel(next(iter(world.instances)))
    assert log_of(world) == ["create", "delete"]


def test_the_end_by_an_interrupting_event_sub_process() -> None:
    inside = f'<userTask id="t">{extensions(*ALL)}</userTask>' + handler("h", "signal", tasks("ht"), "in.h>ht")
    world = started(one(sub("n", inside, "in.n>t"), "s>n"))
    world.signal("sig")
    assert log_of(world) == ["create", "delete"]


def test_the_end_with_the_caller() -> None:
    file = file_of(
        a_process(call("n", "called") + boundary("b", "n", "timer") + tasks("late"), "s>n", "b>late"),
        a_process(
            f'<userTask id="t">{extensions(does("delete", "${1 / 1}"), work("delete"))}</userTask>', "s>t", key="called"
        ),
    )
    world = World(file)
    world.start()
    world.advance(60)
    assert world.open == ["late"]


# What they see and change


def test_what_they_see() -> None:
    expression = "${execution.setVariable('seen', task.name.concat('/').concat(task.assignee).concat('/').concat(task.eventName))}"
    world = started(listened(does("create", expression), attributes='name="Look" flowable:assignee="ann"'))
    assert world.variables()["seen"] == "Look/ann/create"


def test_what_they_change_before_the_task_is_there() -> None:
    world = started(
        listened(
            does("create", "${task.setName('Other')}"),
            does("create", "${task.setPriority(80)}"),
            does("create", "${task.setAssignee('kim')}"),
            does("create", "${task.addCandidateGroup('it')}"),
            does("create", "${task.setDueDate('2030-01-31')}"),
            attributes='name="Look" flowable:candidateGroups="sales"',
        )
    )
    task = the_task(world)
    assert (task.name, task.priority, task.assignee, task.candidate_groups) == ("Other", 80, "kim", ("sales", "it"))
    assert task.due_micros
    ((at, key),) = world.tasks
    assert world.instances[at].tokens[key].assignee == "kim"
    created = [event for _, event in world.log if event[0] == record.USER_TASK_CREATED]
    assert created[0][3] == "Other"


def test_a_task_assigned_on_by_its_listener() -> None:
    world = started(listened(does("assignment", "${task.setAssignee('kim')}")))
    assign(world, "ann")
    ((at, key),) = world.tasks
    assert world.instances[at].tokens[key].assignee == "kim"
    assert [event[2] for _, event in world.log if event[0] == record.USER_TASK_ASSIGNED] == ["ann", "kim"]


def test_an_expression_that_fails() -> None:
    with pytest.raises(WrongState) as refused:
        started(listened(does("create", "${missing.name}")))
    assert refused.value.reason == "EXPRESSION_FAILED"
    assert refused.value.metadata["element_id"] == "t"


def test_a_completion_that_fails_leaves_the_task() -> None:
    world = started(listened(does("complete", "${missing.name}")))
    with pytest.raises(WrongState):
        world.complete("t")


# Scripts


def sets(name: str, value: object, *calls: TaskCall, error: tuple[str, str] | None = None) -> Any:
    def run(_: ScriptCall) -> ScriptResult:
        return ScriptResult(None, (VariableWrite("nearest", name, value),), calls, error)

    return run


def test_a_script_of_the_creation_sees_and_changes_the_task() -> None:
    seen: list[Any] = []

    def create(call: ScriptCall) -> ScriptResult:
        assert call.task is not None
        seen.append((call.task["name"], call.task["eventName"]))
        return ScriptResult(None, task_calls=(TaskCall("setName", ("Scripted",)),))

    world = World(listened(script("create", "go"), attributes='name="Look"'), scripts={"go": create})
    world.start()
    assert seen == [("Look", "create")]
    assert the_task(world).name == "Scripted"


@pytest.mark.parametrize("event", ["complete", "delete"])
def test_a_script_of_the_completion(event: str) -> None:
    world = World(listened(script(event, "go")), scripts={"go": sets("x", 1)})
    world.start()
    world.complete("t")
    assert world.variables()["x"] == 1
    assert world.open == ["after"]


def test_a_script_of_an_end_before_its_time() -> None:
    world = World(listened(script("delete", "go")), scripts={"go": sets("x", 1)})
    world.start()
    world.advance(60)
    assert world.variables()["x"] == 1
    assert world.open == ["late"]


def test_a_script_of_an_end_with_the_instance() -> None:
    world = World(listened(script("delete", "go")), scripts={"go": sets("x", 1)})
    at = world.start()
    world.cancel(at)
    assert world.status(at) is Status.TERMINATED


def test_a_script_of_an_assignment() -> None:
    world = World(listened(script("assignment", "go")), scripts={"go": sets("x", 1)})
    world.start()
    assign(world, "ann")
    assert world.variables()["x"] == 1


@pytest.mark.parametrize("event", ["create", "complete", "assignment"])
def test_a_bpmn_error_of_a_script(event: str) -> None:
    fail = sets("x", 1, error=("E", "no"))
    world = World(listened(script(event, "go")), scripts={"go": fail})
    world.start()
    if event == "complete":
        world.complete("t")
    elif event == "assignment":
        assign(world, "ann")
    assert world.open == ["caught"]
    world.complete("caught")
    assert world.ended


# Jobs


def test_a_job_of_the_creation_comes_before_the_task_is_there() -> None:
    world = started(listened(work("create"), *ALL))
    assert world.tasks == {}
    assert [job.type for job in world.jobs.values() if job.element_id == "t"] == ["com.acme.Audit"]
    world.complete("t", {"x": 1})
    assert the_task(world).element_id == "t"
    assert log_of(world) == ["create"]


def test_a_job_of_the_completion_keeps_the_token() -> None:
    world = started(listened(work("complete"), *ALL))
    ((at, key),) = world.tasks
    world.complete("t")
    assert world.tasks == {}
    with pytest.raises(WrongState) as refused:
        world.do(at, user_task_commands.assign(world.instances[at], key, "ann", world.now))
    assert refused.value.reason == "USER_TASK_ALREADY_COMPLETED"
    world.complete("t")
    assert log_of(world) == ["create", "complete", "delete"]
    assert world.open == ["after"]


def test_a_timer_ends_a_completion_that_waits_for_a_job() -> None:
    world = started(listened(work("complete"), *ALL))
    world.complete("t")
    world.advance(60)
    assert world.open == ["late"]
    told = [event[0] for _, event in world.log]
    assert record.USER_TASK_TERMINATED in told
    assert record.USER_TASK_COMPLETED not in told


def test_a_worker_throws_an_error_in_a_job_of_the_completion() -> None:
    world = started(listened(work("complete")))
    world.complete("t")
    assert world.throw_error("t", "E")
    assert world.open == ["caught"]


@pytest.mark.parametrize("event", ["assignment", "update"])
def test_a_job_of_an_assignment_keeps_nothing_waiting(event: str) -> None:
    listener = work("assignment") if event == "assignment" else work("assignment").replace("assignment", "update")
    world = started(listened(listener.replace("flowable:", "camunda:")))
    ((at, key),) = world.tasks
    if event == "assignment":
        assign(world, "ann")
    else:
        world.do(at, user_task_commands.updated(world.instances[at], key, world.now))
    assert world.open == ["t", "t"]
    (job,) = [job for job in world.jobs.values() if job.element_id == "t"]
    del world.tasks[(at, key)]
    place = (at, job.key)
    from engine_svc.runtime import step

    world.tasks[(at, key)] = NewUserTask(key, "t", "", "", "", (), (), 50, 0, "")
    world.do(at, step.complete_job(world.instances[at], place[1], {"x": 1}, world.now))
    assert world.variables()["x"] == 1
    assert world.open == ["t"]


def test_a_job_of_an_end_before_its_time_is_done_beside_the_instance() -> None:
    world = started(listened(work("delete")))
    world.advance(60)
    assert world.open == ["late", "t"]
    world.complete("t")
    assert world.open == ["late"]


def test_a_job_of_an_end_is_dropped_with_the_instance() -> None:
    world = started(listened(work("delete")))
    world.advance(60)
    world.complete("late")
    assert world.ended
    assert world.open == []


def test_a_job_of_an_end_with_the_instance_is_not_made() -> None:
    world = started(listened(work("delete")))
    world.cancel(next(iter(world.instances)))
    assert world.open == []
    assert world.ended


def test_a_job_of_an_end_by_terminate() -> None:
    task = f'<userTask id="t">{extensions(work("delete"))}</userTask>'
    world = started(one(task + tasks("quick") + end("x", "terminate"), "s>t", "s>quick>x"))
    world.complete("quick")
    assert world.ended
    assert world.open == []


# Details


def test_the_variable_of_its_id() -> None:
    world = started(one('<userTask id="t" flowable:taskIdVariableName="which"/>', "s>t"))
    ((at, key),) = world.tasks
    assert world.variables()["which"] == f"{at}.{key}"


def test_what_a_token_keeps_is_gone_behind_the_task() -> None:
    world = started(listened(*ALL))
    world.complete("t")
    (instance,) = world.instances.values()
    assert all(token.detail is None or "task" not in token.detail for token in instance.tokens.values())
    assert ListenerTask(id="a", element_id="b", execution_id="c").priority == 50


@pytest.mark.parametrize("event", ["create", "complete"])
def test_a_local_variable_of_the_task_goes_with_it(event: str) -> None:
    seen = "${execution.setVariable('seen', task.getVariableLocal('x'))}"
    world = started(listened(does(event, "${task.setVariableLocal('x', 2)}"), does("complete", seen)), x=1)
    assert world.variables() == {"log": "", "x": 1}
    world.complete("t")
    assert world.variables() == {"log": "", "x": 1, "seen": 2}


def test_a_local_variable_that_a_script_sets_goes_with_the_task() -> None:
    def write(call: ScriptCall) -> ScriptResult:
        assert list(call.scopes) == [{}, {"log": "", "x": 1}]
        return ScriptResult(None, (VariableWrite("local", "x", 2),))

    seen = "${execution.setVariable('seen', task.getVariableLocal('x'))}"
    world = World(listened(script("create", "go"), does("complete", seen)), scripts={"go": write})
    world.start(variables={"log": "", "x": 1})
    world.complete("t")
    assert world.variables() == {"log": "", "x": 1, "seen": 2}
