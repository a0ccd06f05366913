"""What walls let through, and what they do to what is shared: streams, request ids, batches, lists of several grants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from flowmesh.engine.v1 import (
    attachment_service_pb2,
    batch_pb2,
    batch_service_pb2,
    comment_service_pb2,
    explanation_service_pb2,
    job_service_pb2,
    message_service_pb2,
    process_instance_service_pb2,
    signal_service_pb2,
    user_task_service_pb2,
)
from flowmesh.engine.v1.attachment_service_pb2_grpc import AttachmentServiceStub
from flowmesh.engine.v1.batch_service_pb2_grpc import BatchServiceStub
from flowmesh.engine.v1.comment_service_pb2_grpc import CommentServiceStub
from flowmesh.engine.v1.explanation_service_pb2_grpc import ExplanationServiceStub
from flowmesh.engine.v1.message_service_pb2_grpc import MessageServiceStub
from flowmesh.engine.v1.signal_service_pb2_grpc import SignalServiceStub

from mesh.access.rows import RowGrant
from mesh.db.database import Database
from tests.infrastructure.walls import NOBODY, Door, caller
from tests.integration.engine.event_calls import catches, message_model
from tests.integration.engine.serving import ENDS, Engine, external, model, refusal, until, user_task

IN_A = RowGrant(frozenset({"a"}))
IN_B = RowGrant(frozenset({"b"}))
TAKING_PART = RowGrant(frozenset({"a"}), involved_only=True)


@pytest.fixture
def door() -> Door:
    """Says who calls."""
    return Door()


@pytest.fixture
async def walled(engine_database: Database, door: Door) -> AsyncIterator[Engine]:
    """An engine that lets everybody in as the door says."""
    running = await Engine.started(engine_database, authorize=door.authorize)
    yield running
    await running.stop()


async def test_a_stream_gives_out_what_is_open(walled: Engine, door: Door) -> None:
    for tenant in ("a", "b"):
        await walled.deploy(external(), tenant_id=tenant)
        await walled.start("ship", tenant_id=tenant)
    for tenant, grant in (("a", IN_A), ("b", IN_B)):
        door.caller = caller("worker", grant)
        stream = walled.jobs.StreamJobs(job_service_pb2.StreamJobsRequest(type="work", worker="w"))
        assert (await stream.read()).HasField("heartbeat")
        job = (await stream.read()).job
        assert job.tenant_id == tenant
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await stream.read()
        stream.cancel()


async def test_jobs_that_a_worker_of_the_same_name_holds_elsewhere_do_not_count(walled: Engine, door: Door) -> None:
    for tenant in ("a", "b"):
        await walled.deploy(external(), tenant_id=tenant)
        await walled.start("ship", tenant_id=tenant)
    door.caller = caller("one", IN_A)
    (held,) = await walled.activate()
    assert held.tenant_id == "a"
    door.caller = caller("other", IN_B)
    stream = walled.jobs.StreamJobs(job_service_pb2.StreamJobsRequest(type="work", worker="w", max_active_jobs=1))
    await stream.read()
    async with asyncio.timeout(5):
        assert (await stream.read()).job.tenant_id == "b"
    stream.cancel()


async def test_a_stream_that_is_open_loses_what_is_closed_to_it(walled: Engine, door: Door) -> None:
    for tenant in ("a", "b"):
        await walled.deploy(external(), tenant_id=tenant)
    door.caller = caller("worker", IN_A, IN_B)
    stream = walled.jobs.StreamJobs(job_service_pb2.StreamJobsRequest(type="work", worker="w"))
    await stream.read()
    (call,) = [call for call in door.calls if call.method.endswith("StreamJobs")]
    call.narrow(caller("worker", IN_B).rows)
    for tenant in ("a", "b"):
        await walled.start("ship", tenant_id=tenant)
    async with asyncio.timeout(5):
        assert (await stream.read()).job.tenant_id == "b"
    stream.cancel()
    (left,) = await walled.activate()
    assert left.tenant_id == "a"


async def test_a_request_id_belongs_to_its_caller(walled: Engine, door: Door) -> None:
    await walled.deploy(user_task(), tenant_id="a")
    door.caller = caller("ann", IN_A)
    first = await walled.start("review", tenant_id="a", request_id="r")
    assert (await walled.start("review", tenant_id="a", request_id="r")).id == first.id
    door.caller = caller("bob", IN_A)
    assert (await walled.start("review", tenant_id="a", request_id="r")).id != first.id
    # Nor is it in the way of another request of somebody else.
    await walled.start("review", {"x": 1}, tenant_id="a", request_id="other")
    door.caller = caller("ann", IN_A)
    await walled.start("review", {"x": 2}, tenant_id="a", request_id="other")
    refused = await refusal(walled.start("review", {"x": 3}, tenant_id="a", request_id="other"))
    assert (refused.reason, refused.metadata["request_id"]) == ("REQUEST_ID_REUSED", "other")


async def test_who_took_part_is_answered_again_when_it_is_over(walled: Engine, door: Door) -> None:
    await walled.deploy(user_task(attributes='flowable:assignee="ann"'), tenant_id="a")
    await walled.start("review", tenant_id="a")
    door.caller = caller("ann", TAKING_PART)
    (task,) = await walled.user_tasks()
    answer = await walled.complete_task(task.id, request_id="c")
    assert await walled.complete_task(task.id, request_id="c") == answer
    door.caller = caller("eve", TAKING_PART)
    assert (await refusal(walled.complete_task(task.id, request_id="c"))).reason == "USER_TASK_NOT_FOUND"


async def test_a_batch_works_with_the_rows_of_who_made_it(walled: Engine, door: Door) -> None:
    batches: Any = BatchServiceStub(walled.channel)
    started = {}
    for tenant in ("a", "b"):
        await walled.deploy(user_task(), tenant_id=tenant)
        started[tenant] = (await walled.start("review", tenant_id=tenant)).id
    operation = batch_pb2.BatchOperation(suspend={})

    async def worked(**targets: Any) -> tuple[str, list[tuple[str, str]]]:
        made = await batches.CreateBatch(batch_service_pb2.CreateBatchRequest(operation=operation, **targets))

        async def items() -> list[tuple[str, str]] | None:
            batch = (await batches.GetBatch(batch_service_pb2.GetBatchRequest(id=made.batch.id))).batch
            if batch.state != batch_pb2.Batch.STATE_COMPLETED:
                return None
            listed = await batches.ListBatchItems(batch_service_pb2.ListBatchItemsRequest(id=batch.id))
            return [(item.target_id, item.error_reason) for item in listed.items]

        return made.batch.id, (await until(items)) or []

    door.caller = caller("ann", IN_A)
    batch_id, items = await worked(filter={"process_definition_key": "review"})
    assert items == [(started["a"], "")]
    _, items = await worked(target_ids=[started["b"], "neverwas"])
    assert items == [(started["b"], "PROCESS_INSTANCE_NOT_FOUND"), ("neverwas", "PROCESS_INSTANCE_NOT_FOUND")]
    # In the same tenant, but another's.
    door.caller = caller("bob", IN_A)
    refused = await refusal(batches.CancelBatch(batch_service_pb2.CancelBatchRequest(id=batch_id)))
    assert (refused.code, refused.reason) == ("NOT_FOUND", "BATCH_NOT_FOUND")
    assert not (await batches.ListBatches(batch_service_pb2.ListBatchesRequest())).batches
    door.caller = NOBODY
    assert len((await batches.ListBatches(batch_service_pb2.ListBatchesRequest())).batches) == 2
    assert [(await walled.get(started[tenant])).status for tenant in ("a", "b")] == [2, 1]


async def test_what_an_instance_does_to_others_has_no_walls(walled: Engine, door: Door) -> None:
    throws = message_model(
        "throws",
        '<startEvent id="s"/><userTask id="t" flowable:assignee="ann"/><intermediateThrowEvent id="c">'
        '<signalEventDefinition signalRef="go"/></intermediateThrowEvent><callActivity id="k" calledElement="called"/>'
        '<endEvent id="e"/>',
        "s>t",
        "t>c",
        "c>k",
        "k>e",
        signals="go",
    )
    waits = message_model(
        "waits",
        '<startEvent id="s"/><intermediateCatchEvent id="c"><signalEventDefinition signalRef="go"/>'
        '</intermediateCatchEvent><endEvent id="e"/>',
        "s>c",
        "c>e",
        signals="go",
    )
    await walled.deploy(throws, waits, model("called", ENDS, "s>e"), tenant_id="a")
    waiting = await walled.start("waits", tenant_id="a")
    await walled.start("throws", tenant_id="a")
    door.caller = caller("ann", RowGrant(frozenset({"a"}), ("throws",), involved_only=True))
    (task,) = await walled.user_tasks()
    answer = await walled.complete_task(task.id)
    assert answer.process_instance_ended
    assert (await refusal(walled.get(waiting.id))).reason == "PROCESS_INSTANCE_NOT_FOUND"
    door.caller = NOBODY
    assert (await walled.get(waiting.id)).status == 3


async def test_events_of_a_tenant_move_nothing_in_another(walled: Engine, door: Door) -> None:
    messages: Any = MessageServiceStub(walled.channel)
    signals: Any = SignalServiceStub(walled.channel)
    waiting = {}
    for tenant in ("a", "b"):
        await walled.deploy(catches(), tenant_id=tenant)
        waiting[tenant] = (await walled.start("order", {"orderId": "7"}, tenant_id=tenant)).id
    door.caller = caller("ann", IN_A)
    other = message_service_pb2.CorrelateMessageRequest(name="paid", process_instance_id=waiting["b"])
    refused = await refusal(messages.CorrelateMessage(other))
    assert refused.reason == "MESSAGE_NOT_CORRELATED"
    assert waiting["b"] not in refused.metadata["waiting"]
    # An event of the open tenant is named, one of the closed tenant never.
    assert waiting["a"] in refused.message
    for call in (
        messages.PublishMessage(message_service_pb2.PublishMessageRequest(name="paid", tenant_id="b")),
        messages.CorrelateMessage(message_service_pb2.CorrelateMessageRequest(name="paid", tenant_id="b")),
        signals.BroadcastSignal(signal_service_pb2.BroadcastSignalRequest(name="go", tenant_id="b")),
        # Without a name it is the tenant without one, which is closed as well.
        messages.PublishMessage(message_service_pb2.PublishMessageRequest(name="paid")),
    ):
        assert (await refusal(call)).reason == "TENANT_NOT_FOUND"
    sent = message_service_pb2.PublishMessageRequest(name="paid", correlation_key="7", tenant_id="a")
    assert (await messages.PublishMessage(sent)).message.process_instance_id == waiting["a"]
    door.caller = NOBODY
    assert not await walled.user_tasks(process_instance_id=waiting["b"])


async def test_who_starts_an_instance_takes_part_in_it(walled: Engine, door: Door) -> None:
    await walled.deploy(user_task(), tenant_id="a")
    door.caller = caller("ann", TAKING_PART, may_act_as=False)
    mine = await walled.start("review", tenant_id="a")
    assert (await walled.get(mine.id)).id == mine.id
    assert await walled.user_tasks() == []
    door.caller = caller("bob", TAKING_PART)
    assert (await refusal(walled.get(mine.id))).code == "NOT_FOUND"
    # On behalf of another one would start what one does not see.
    assert (await refusal(walled.start("review", tenant_id="a", initiator="cid"))).code == "NOT_FOUND"


async def test_a_task_is_open_to_its_candidates_and_its_group(walled: Engine, door: Door) -> None:
    await walled.deploy(user_task(attributes='flowable:candidateGroups="sales" flowable:candidateUsers="ann"'))
    started = await walled.start("review")
    everywhere = RowGrant(involved_only=True)
    for one in (caller("ann", everywhere), caller("bob", everywhere, groups=("it", "sales"))):
        door.caller = one
        (task,) = await walled.user_tasks()
        (counted,) = await walled.user_tasks(include_total_size=True, order_by="due_time desc")
        assert task.id == counted.id
        assert (await walled.get(started.id)).id == started.id
    door.caller = caller("eve", everywhere, groups=("it",))
    assert await walled.user_tasks() == []
    assert await walled.user_tasks(candidate_groups=["sales"]) == []
    assert await walled.user_tasks(unassigned=True) == []
    # Without a name nobody takes part, not even in what nobody has.
    door.caller = caller("", everywhere)
    assert await walled.user_tasks() == []
    assert (await refusal(walled.get(started.id))).code == "NOT_FOUND"


async def test_todo_lists_of_two_callers_are_two(walled: Engine, door: Door) -> None:
    for tenant in ("a", "b"):
        await walled.deploy(user_task(attributes='flowable:candidateGroups="sales"'), tenant_id=tenant)
        await walled.start("review", tenant_id=tenant)
    # From the third time on a list comes from the cache.
    for _ in range(4):
        for tenant, grant in (("a", IN_A), ("b", IN_B)):
            door.caller = caller("ann", grant)
            assert [task.tenant_id for task in await walled.user_tasks(candidate_groups=["sales"])] == [tenant]


async def test_pages_of_several_grants_have_everything_once(walled: Engine, door: Door) -> None:
    for tenant in ("a", "b", "c"):
        await walled.deploy(user_task(attributes='flowable:assignee="${who}"'), tenant_id=tenant)
        for who in ("ann", "bob", "ann", "bob"):
            await walled.start("review", {"who": who}, tenant_id=tenant)
    door.caller = caller("ann", TAKING_PART, IN_B)
    found: list[tuple[str, str]] = []
    token = ""
    while True:
        request = process_instance_service_pb2.ListProcessInstancesRequest(page_size=2, page_token=token)
        page = await walled.instances.ListProcessInstances(request)
        found += [(instance.tenant_id, instance.id) for instance in page.process_instances]
        token = page.next_page_token
        if not token:
            break
    assert len(set(found)) == len(found) == 6
    assert sorted(tenant for tenant, _ in found) == ["a", "a", "b", "b", "b", "b"]
    assert found == sorted(found, key=lambda one: one[1], reverse=True)
    tasks: list[tuple[str, str]] = []
    while True:
        wanted = user_task_service_pb2.ListUserTasksRequest(page_size=2, page_token=token, include_total_size=True)
        listed = await walled.tasks.ListUserTasks(wanted)
        assert listed.total_size == 6
        tasks += [(task.tenant_id, task.id) for task in listed.user_tasks]
        token = listed.next_page_token
        if not token:
            break
    assert len(set(tasks)) == len(tasks) == 6


async def test_near_misses_are_for_who_sees_the_tenant(walled: Engine, door: Door) -> None:
    explanations: Any = ExplanationServiceStub(walled.channel)
    messages: Any = MessageServiceStub(walled.channel)
    await walled.deploy(catches(), tenant_id="a")
    waiting = await walled.start("order", {"orderId": "7"}, tenant_id="a", initiator="ann")
    await messages.PublishMessage(
        message_service_pb2.PublishMessageRequest(name="paid", correlation_key="secret", tenant_id="a")
    )
    for one, misses in ((caller("op", IN_A), 1), (caller("ann", TAKING_PART), 0)):
        door.caller = one
        request = explanation_service_pb2.ExplainProcessInstanceRequest(id=waiting.id)
        answer = await explanations.ExplainProcessInstance(request)
        assert len(answer.waits[0].near_misses) == misses


# Who acts


async def test_the_caller_acts_where_nobody_is_named(walled: Engine, door: Door) -> None:
    comments: Any = CommentServiceStub(walled.channel)
    await walled.deploy(
        model(
            "review",
            '<startEvent id="s" flowable:initiator="who"/><userTask id="t"/><endEvent id="e"/>',
            "s>t",
            "t>e",
        )
    )
    door.caller = caller("ann", RowGrant(), may_act_as=False)
    started = await walled.start("review")
    assert await walled.variables(started.id) == {"who": "ann"}
    (task,) = await walled.user_tasks()
    claimed = await walled.tasks.ClaimUserTask(user_task_service_pb2.ClaimUserTaskRequest(id=task.id))
    assert claimed.user_task.assignee == "ann"
    made = await comments.CreateUserTaskComment(
        comment_service_pb2.CreateUserTaskCommentRequest(user_task_id=task.id, text="t", user_id="ann")
    )
    assert made.comment.user_id == "ann"


async def test_to_act_as_another_takes_a_permission(walled: Engine, door: Door) -> None:
    comments: Any = CommentServiceStub(walled.channel)
    attachments: Any = AttachmentServiceStub(walled.channel)
    await walled.deploy(user_task())
    started = await walled.start("review")
    (task,) = await walled.user_tasks()

    def calls() -> dict[str, Any]:
        spec = process_instance_service_pb2.ProcessInstanceSpec(process_definition_key="review", initiator="bob")
        about: dict[str, Any] = {"name": "n", "url": "u", "user_id": "bob"}
        return {
            "initiator": walled.start("review", initiator="bob"),
            "instances[0].initiator": walled.instances.BatchCreateProcessInstances(
                process_instance_service_pb2.BatchCreateProcessInstancesRequest(instances=[spec])
            ),
            "user_id": walled.tasks.ClaimUserTask(
                user_task_service_pb2.ClaimUserTaskRequest(id=task.id, user_id="bob")
            ),
            "user_id ": comments.CreateUserTaskComment(
                comment_service_pb2.CreateUserTaskCommentRequest(user_task_id=task.id, text="t", user_id="bob")
            ),
            "user_id  ": comments.CreateProcessInstanceComment(
                comment_service_pb2.CreateProcessInstanceCommentRequest(
                    process_instance_id=started.id, text="t", user_id="bob"
                )
            ),
            "user_id   ": attachments.CreateUserTaskAttachment(
                attachment_service_pb2.CreateUserTaskAttachmentRequest(user_task_id=task.id, **about)
            ),
            "user_id    ": attachments.CreateProcessInstanceAttachment(
                attachment_service_pb2.CreateProcessInstanceAttachmentRequest(process_instance_id=started.id, **about)
            ),
            "completed_by": walled.complete_task(task.id, completed_by="bob"),
        }

    door.caller = caller("ann", RowGrant(), may_act_as=False)
    for field, call in calls().items():
        refused = await refusal(call)
        assert (refused.code, refused.reason) == ("PERMISSION_DENIED", "ACCESS_DENIED")
        assert refused.metadata == {"permission": "users.actAs", "field": field.strip()}
        assert refused.message.startswith(field.strip())
    door.caller = caller("ann", RowGrant(), may_act_as=True)
    for call in calls().values():
        await call


async def test_a_task_is_claimed_by_somebody(walled: Engine, door: Door) -> None:
    await walled.deploy(user_task())
    await walled.start("review")
    (task,) = await walled.user_tasks()
    refused = await refusal(walled.tasks.ClaimUserTask(user_task_service_pb2.ClaimUserTaskRequest(id=task.id)))
    assert (refused.code, refused.reason) == ("INVALID_ARGUMENT", "FIELD_INVALID")


async def test_a_definition_that_is_closed_is_not_migrated_to(walled: Engine, door: Door) -> None:
    from tests.integration.engine.test_migrations import Migrations

    migrations = Migrations(walled)
    await walled.deploy(user_task(), tenant_id="a")
    other = (await walled.deploy(user_task(), tenant_id="b")).process_definitions[0].id
    started = await walled.start("review", tenant_id="a")
    door.caller = caller("ann", IN_A)
    for target in (other, "neverwas"):
        refused = await refusal(migrations.migrate(started.id, migrations.plan(target)))
        assert (refused.code, refused.reason) == ("NOT_FOUND", "PROCESS_DEFINITION_NOT_FOUND")
        assert refused.message == f"there is no process definition {target}"


async def test_a_task_of_its_own_is_made_in_an_open_tenant(walled: Engine, door: Door) -> None:
    def create(tenant: str) -> Any:
        return walled.tasks.CreateUserTask(
            user_task_service_pb2.CreateUserTaskRequest(tenant_id=tenant, details={"name": "call"})
        )

    door.caller = caller("ann", IN_A)
    made = (await create("a")).user_task
    for tenant in ("b", "", "nowhere"):
        assert (await refusal(create(tenant))).reason == "TENANT_NOT_FOUND"
    # What is narrowed to definitions is closed to what has none.
    door.caller = caller("ann", RowGrant(frozenset({"a"}), ("review",)))
    assert (await refusal(create("a"))).reason == "TENANT_NOT_FOUND"
    assert await walled.user_tasks() == []
    door.caller = caller("eve", RowGrant(frozenset({"a"}), involved_only=True))
    assert (await refusal(walled.complete_task(made.id))).reason == "USER_TASK_NOT_FOUND"


async def test_a_process_calls_none_of_another_tenant(walled: Engine) -> None:
    other = (await walled.deploy(user_task("called"), tenant_id="b")).process_definitions[0].id
    own = (await walled.deploy(user_task("called"), tenant_id="a")).process_definitions[0].id
    calls = model(
        "calls",
        ENDS + '<callActivity id="c" calledElement="${which}" flowable:calledElementType="id"/>',
        "s>c",
        "c>e",
    )
    await walled.deploy(calls, tenant_id="a")
    await walled.start("calls", {"which": own}, tenant_id="a")
    for closed in (other, "neverwas"):
        refused = await refusal(walled.start("calls", {"which": closed}, tenant_id="a"))
        assert refused.reason == "PROCESS_DEFINITION_NOT_FOUND"
        assert refused.message == f"there is no process definition {closed}"
    assert len(await walled.user_tasks()) == 1
