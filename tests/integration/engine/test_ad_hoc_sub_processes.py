"""Ad-hoc sub-processes and task listeners through the engine's services."""

from __future__ import annotations

from typing import Any

from flowmesh.engine.v1 import ad_hoc_sub_process_service_pb2 as pb
from flowmesh.engine.v1 import user_task_service_pb2 as tasks_pb
from flowmesh.engine.v1.ad_hoc_sub_process_service_pb2_grpc import AdHocSubProcessServiceStub

from mesh.json_values import to_values
from tests.integration.engine.serving import Engine, model, refusal

AD_HOC = (
    '<startEvent id="s"/><endEvent id="e"/><adHocSubProcess id="n"><userTask id="a" name="Do a"/><userTask id="b"/>'
    "</adHocSubProcess>"
)


def stub(engine: Engine) -> Any:
    return AdHocSubProcessServiceStub(engine.channel)


async def begun(engine: Engine) -> tuple[str, str]:
    """Deploy and start; return the ids of the instance and of the running ad-hoc sub-process."""
    await engine.deploy(model("chosen", AD_HOC, "s>n", "n>e"))
    instance = await engine.start("chosen")
    # The start event has the first key.
    return instance.id, f"{instance.id}.2"


async def test_activities_are_listed_started_and_completed(engine: Engine) -> None:
    instance_id, ad_hoc = await begun(engine)
    service = stub(engine)
    listed = await service.ListEnabledActivities(pb.ListEnabledActivitiesRequest(id=ad_hoc))
    assert [(entry.element_id, entry.element_name, entry.element_type) for entry in listed.enabled_activities] == [
        ("a", "Do a", "userTask"),
        ("b", "", "userTask"),
    ]
    start = pb.StartAdHocActivityRequest(request_id="r", id=ad_hoc, element_id="a", variables=to_values({"x": 1}))
    first = await service.StartAdHocActivity(start)
    assert first.process_instance.id == instance_id
    assert await service.StartAdHocActivity(start) == first
    (task,) = await engine.user_tasks()
    assert task.name == "Do a"
    assert await engine.variables(instance_id) == {"x": 1}
    busy = await refusal(service.CompleteAdHocSubProcess(pb.CompleteAdHocSubProcessRequest(id=ad_hoc)))
    assert (busy.code, busy.reason) == ("FAILED_PRECONDITION", "AD_HOC_SUB_PROCESS_BUSY")
    await engine.complete_task(task.id)
    done = await service.CompleteAdHocSubProcess(pb.CompleteAdHocSubProcessRequest(id=ad_hoc))
    assert done.process_instance.end_time.seconds


async def test_what_cannot_be_done(engine: Engine) -> None:
    instance_id, ad_hoc = await begun(engine)
    service = stub(engine)
    unknown = pb.StartAdHocActivityRequest(id=ad_hoc, element_id="e")
    refused = await refusal(service.StartAdHocActivity(unknown))
    assert (refused.reason, refused.metadata) == ("AD_HOC_ACTIVITY_NOT_ENABLED", {"id": ad_hoc, "element_id": "e"})
    for missing in ("nothing", f"{instance_id}.99", f"{instance_id[:-1]}x.1"):
        for call in (
            service.ListEnabledActivities(pb.ListEnabledActivitiesRequest(id=missing)),
            service.StartAdHocActivity(pb.StartAdHocActivityRequest(id=missing, element_id="a")),
            service.CompleteAdHocSubProcess(pb.CompleteAdHocSubProcessRequest(id=missing)),
        ):
            assert (await refusal(call)).reason == "ACTIVITY_NOT_FOUND"


async def test_listeners_change_the_row_of_a_task(engine: Engine) -> None:
    listeners = (
        "<extensionElements>"
        '<flowable:taskListener event="create" expression="${task.setName(\'Made\')}"/>'
        '<flowable:taskListener event="assignment" expression="${task.setPriority(90)}"/>'
        '<flowable:taskListener event="assignment" expression="${task.addCandidateGroup(\'it\')}"/>'
        '<camunda:taskListener event="update" expression="${execution.setVariable(\'seen\', task.description)}"/>'
        "</extensionElements>"
    )
    await engine.deploy(
        model("heard", f'<startEvent id="s"/><endEvent id="e"/><userTask id="t">{listeners}</userTask>', "s>t", "t>e")
    )
    instance = await engine.start("heard")
    (task,) = await engine.user_tasks()
    assert (task.name, task.priority) == ("Made", 50)
    claimed = (await engine.tasks.ClaimUserTask(tasks_pb.ClaimUserTaskRequest(id=task.id, user_id="ann"))).user_task
    assert (claimed.assignee, claimed.priority, list(claimed.candidate_groups)) == ("ann", 90, ["it"])
    (listed,) = await engine.user_tasks()
    assert listed == claimed
    update = tasks_pb.UpdateUserTaskRequest(id=task.id, details=tasks_pb.UserTaskDetails(description="new"))
    update.update_mask.paths.append("description")
    changed = (await engine.tasks.UpdateUserTask(update)).user_task
    assert (changed.description, changed.priority) == ("new", 90)
    assert await engine.variables(instance.id) == {"seen": "new"}
