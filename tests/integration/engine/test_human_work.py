"""What people do with tasks: hand them out, delegate them, change them, split them, talk about them."""

from __future__ import annotations

import asyncio

import grpc
from flowmesh.engine.v1 import attachment_service_pb2, comment_service_pb2, process_instance_service_pb2
from flowmesh.engine.v1 import user_task_service_pb2 as pb

from mesh.json_values import to_values
from mesh.status import error_info_of
from tests.integration.engine.human_work import HumanWork, UserTask, at
from tests.integration.engine.serving import ENDS, Engine, model, refusal, user_task

CANDIDATES = 'flowable:candidateUsers="ann,bob" flowable:candidateGroups="sales"'
LARGEST = 5 << 20


async def one_task(engine: Engine, attributes: str = "") -> tuple[HumanWork, UserTask]:
    await engine.deploy(user_task(attributes=attributes))
    await engine.start("review", {"amount": 1}, business_key="order-1")
    (task,) = await engine.user_tasks()
    return HumanWork(engine), task


async def reason(call: object) -> str:
    return (await refusal(call)).reason  # type: ignore[arg-type]


async def test_dates_from_the_model(engine: Engine) -> None:
    _, task = await one_task(engine, 'flowable:dueDate="2030-01-31" camunda:followUpDate="2030-01-20T08:00:00Z"')
    assert task.due_time.ToJsonString() == "2030-01-31T00:00:00Z"
    assert task.follow_up_time.ToJsonString() == "2030-01-20T08:00:00Z"
    assert task.business_key == "order-1"


async def test_assign_goes_over_a_claim(engine: Engine) -> None:
    work, task = await one_task(engine, CANDIDATES)
    await work.claim(task.id, "ann")
    engine.clock.forward(60)
    given = await work.assign(task.id, "kim")
    assert given.assignee == "kim"
    assert given.claim_time.seconds - task.create_time.seconds >= 60
    assert await engine.user_tasks(assignee="kim") == [given]
    assert await engine.user_tasks(assignee="ann") == []
    # Repeated, it changes nothing.
    assert await work.assign(task.id, "kim") == given
    assert given.etag != task.etag


async def test_delegate_and_resolve(engine: Engine) -> None:
    work, task = await one_task(engine, 'flowable:assignee="ann"')
    delegated = await work.delegate(task.id, "bob")
    assert (delegated.assignee, delegated.owner) == ("bob", "ann")
    assert delegated.delegation_state == UserTask.DELEGATION_STATE_PENDING
    assert await work.get(task.id) == delegated
    refused = await refusal(engine.complete_task(task.id))
    assert (refused.code, refused.reason) == ("FAILED_PRECONDITION", "USER_TASK_DELEGATED")
    assert await engine.user_tasks() == [delegated]
    # On to a third one; the owner stays.
    assert (await work.delegate(task.id, "kim")).owner == "ann"
    resolved = await work.resolve(task.id, {"checked": True})
    assert (resolved.assignee, resolved.owner) == ("ann", "ann")
    assert resolved.delegation_state == UserTask.DELEGATION_STATE_RESOLVED
    assert await engine.variables(task.process_instance_id) == {"amount": 1, "checked": True}
    assert (await engine.complete_task(task.id)).process_instance_ended


async def test_resolve_without_an_owner(engine: Engine) -> None:
    work, task = await one_task(engine, CANDIDATES)
    await work.delegate(task.id, "bob")
    assert (await work.resolve(task.id)).assignee == ""
    assert len(await engine.user_tasks(candidate_user="ann")) == 1
    await work.assign(task.id, "kim")
    assert (await work.resolve(task.id)).assignee == "kim"


async def test_a_delegation_outlives_the_engine(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    work, task = await one_task(first, 'flowable:assignee="ann"')
    await work.delegate(task.id, "bob")
    assert await reason(second.complete_task(task.id)) == "USER_TASK_DELEGATED"
    await HumanWork(second).resolve(task.id)
    assert (await first.complete_task(task.id)).process_instance_ended


async def test_update(engine: Engine) -> None:
    work, task = await one_task(engine, f'{CANDIDATES} flowable:dueDate="2030-01-31"')
    changed = await work.update(
        task.id, name="Look", description="closely", priority=90, category="urgent", owner="kim",
        form_key="form", follow_up_time=at("2030-01-02T03:04:05Z"), assignee="ann",
    )  # fmt: skip
    assert (changed.name, changed.description, changed.priority) == ("Look", "closely", 90)
    assert (changed.category, changed.owner, changed.form_key, changed.assignee) == ("urgent", "kim", "form", "ann")
    assert changed.follow_up_time.ToJsonString() == "2030-01-02T03:04:05Z"
    assert changed.due_time == task.due_time
    assert changed.claim_time.seconds
    assert await work.get(task.id) == changed
    emptied = await work.update(task.id, "due_time", "owner", "assignee", name="not named in the mask")
    assert (emptied.HasField("due_time"), emptied.owner, emptied.assignee) == (False, "", "")
    assert emptied.name == "Look"
    assert not emptied.HasField("claim_time")
    for mask, details in ((("id",), {}), ((), {}), (("priority",), {})):
        assert await reason(work.update(task.id, *mask, **details)) == "FIELD_INVALID"


async def test_an_update_of_what_somebody_changed_is_refused(engine: Engine) -> None:
    work, task = await one_task(engine)
    changed = await work.update(task.id, name="One", etag=task.etag)
    refused = await refusal(work.update(task.id, name="Two", etag=task.etag))
    assert (refused.code, refused.reason) == ("ABORTED", "REVISION_CONFLICT")
    assert (await work.update(task.id, name="Two", etag=changed.etag)).name == "Two"
    # What happens elsewhere in the instance does not change the task.
    assert (await work.get(task.id)).etag == (await work.get(task.id)).etag
    await work.set(task.id, {"amount": 2})
    assert (await work.get(task.id)).name == "Two"


async def test_two_writers_see_each_other(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    work, task = await one_task(first)
    other = HumanWork(second)
    await asyncio.gather(
        *[work.offer(task.id, users=[f"a{n}"]) for n in range(8)],
        *[other.offer(task.id, users=[f"b{n}"]) for n in range(8)],
        work.update(task.id, name="One"),
        other.update(task.id, priority=7),
    )
    found = await work.get(task.id)
    assert sorted(found.candidate_users) == [f"{letter}{n}" for letter in "ab" for n in range(8)]
    assert (found.name, found.priority) == ("One", 7)
    for user in found.candidate_users:
        assert len(await second.user_tasks(candidate_user=user)) == 1
    results = await asyncio.gather(
        work.update(task.id, name="A", etag=found.etag),
        other.update(task.id, name="B", etag=found.etag),
        return_exceptions=True,
    )
    (lost,) = [result for result in results if isinstance(result, grpc.aio.AioRpcError)]
    assert (info := error_info_of(lost)) is not None
    assert info.reason == "REVISION_CONFLICT"


async def test_delegating_and_completing_at_once(two_engines: tuple[Engine, Engine]) -> None:
    """Either the task is completed, or it is delegated: never both."""
    first, second = two_engines
    await first.deploy(user_task(attributes='flowable:assignee="ann"'))
    for _ in range(5):
        instance = await first.start("review")
        (task,) = await first.user_tasks(process_instance_id=instance.id)
        results = await asyncio.gather(
            HumanWork(second).delegate(task.id, "bob"), first.complete_task(task.id), return_exceptions=True
        )
        assert sum(isinstance(result, grpc.aio.AioRpcError) for result in results) == 1


async def test_candidates(engine: Engine) -> None:
    work, task = await one_task(engine, CANDIDATES)
    more = await work.offer(task.id, users=["kim", "ann"], groups=["it"])
    assert (list(more.candidate_users), list(more.candidate_groups)) == (["ann", "bob", "kim"], ["sales", "it"])
    assert await engine.user_tasks(candidate_user="kim") == [more]
    less = await work.withdraw(task.id, users=["ann", "nobody"], groups=["sales"])
    assert (list(less.candidate_users), list(less.candidate_groups)) == (["bob", "kim"], ["it"])
    assert await engine.user_tasks(candidate_user="ann") == []
    assert await engine.user_tasks(candidate_groups=["it"]) == [less]
    assert await work.withdraw(task.id, users=["nobody"]) == less


async def test_requests_are_idempotent(engine: Engine) -> None:
    work, task = await one_task(engine)
    first = await work.delegate(task.id, "bob", request_id="d")
    await work.resolve(task.id)
    assert await work.delegate(task.id, "bob", request_id="d") == first
    assert (await work.get(task.id)).delegation_state == UserTask.DELEGATION_STATE_RESOLVED
    alone = await work.create(name="alone", request_id="c")
    assert await work.create(name="alone", request_id="c") == alone
    assert len(await engine.user_tasks(name="alone")) == 1
    assert await reason(work.create(name="other", request_id="c")) == "REQUEST_ID_REUSED"


async def test_a_stand_alone_task(engine: Engine) -> None:
    work = HumanWork(engine)
    task = await work.create(
        name="Buy milk", priority=60, due_time=at("2030-01-31T00:00:00Z"), candidate_users=["ann", "ann"],
        tenant_id="acme",
    )  # fmt: skip
    assert (task.name, task.process_instance_id, task.process_definition_key, task.element_id) == (
        "Buy milk",
        "",
        "",
        "",
    )
    assert (task.priority, list(task.candidate_users), task.tenant_id) == (60, ["ann"], "acme")
    assert await engine.user_tasks(candidate_user="ann") == [task]
    assert await work.get(task.id) == task
    # It is no process instance.
    tree = task.id.partition(".")[0]
    assert await reason(engine.get(tree)) == "PROCESS_INSTANCE_NOT_FOUND"
    assert await reason(engine.suspend(tree)) == "PROCESS_INSTANCE_NOT_FOUND"
    assert await reason(engine.variables(tree)) == "PROCESS_INSTANCE_NOT_FOUND"
    listing = process_instance_service_pb2.ListProcessInstancesRequest()
    assert list((await engine.instances.ListProcessInstances(listing)).process_instances) == []
    await work.claim(task.id, "ann")
    await work.delegate(task.id, "bob")
    assert await reason(engine.complete_task(task.id)) == "USER_TASK_DELEGATED"
    assert (await work.resolve(task.id, {"n": 1})).assignee == "ann"
    assert await work.variables(task.id) == {"n": 1}
    answer = await engine.complete_task(task.id, {"n": 2})
    assert (answer.process_instance_id, answer.process_instance_ended) == ("", False)
    assert await engine.user_tasks() == []
    assert await reason(engine.complete_task(task.id)) == "USER_TASK_ALREADY_COMPLETED"


async def test_parts_of_a_task_end_with_it(engine: Engine) -> None:
    work, task = await one_task(engine)
    part = await work.create(task.id, name="part", assignee="ann")
    inner = await work.create(part.id, name="inner")
    other = await work.create(task.id, name="other")
    assert (part.parent_task_id, inner.parent_task_id) == (task.id, part.id)
    assert part.process_instance_id == task.process_instance_id
    assert await engine.user_tasks(parent_task_id=task.id) == [part, other]
    assert await engine.user_tasks(parent_task_id=part.id) == [inner]
    assert await engine.user_tasks(parent_task_id="nonsense") == []
    # A part can be completed or deleted by itself.
    await engine.complete_task(inner.id)
    await work.delete(other.id, reason="not needed")
    assert await engine.user_tasks() == [task, part]
    assert await reason(work.delete(task.id)) == "USER_TASK_OF_PROCESS"
    # As in Flowable, a parent with open parts may be completed; they end with it.
    assert (await engine.complete_task(task.id)).process_instance_ended
    assert await engine.user_tasks() == []
    assert await reason(work.create(task.id, name="late")) == "USER_TASK_ALREADY_COMPLETED"


async def test_parts_end_with_a_cancelled_instance(two_engines: tuple[Engine, Engine]) -> None:
    engine, other = two_engines
    work, task = await one_task(engine)
    part = await HumanWork(other).create(task.id, name="part")
    await work.set(part.id, {"own": 1})
    request = process_instance_service_pb2.CancelProcessInstanceRequest(id=task.process_instance_id)
    await engine.instances.CancelProcessInstance(request)
    assert await other.user_tasks() == []


async def test_a_tree_of_stand_alone_tasks(engine: Engine) -> None:
    work = HumanWork(engine)
    root = await work.create(name="root")
    part = await work.create(root.id, name="part")
    await work.create(part.id, name="inner")
    assert part.process_instance_id == ""
    await work.delete(root.id)
    assert await engine.user_tasks() == []
    assert await reason(work.delete(root.id)) == "USER_TASK_ALREADY_COMPLETED"


async def test_variables(engine: Engine) -> None:
    work, task = await one_task(engine)
    assert await work.variables(task.id) == {"amount": 1}
    assert await work.variables(task.id, local=True) == {}
    assert await work.set(task.id, {"own": 1, "amount": 5}, local=True) == {"amount": 5, "own": 1}
    assert await work.variables(task.id, local=True) == {"amount": 5, "own": 1}
    assert await engine.variables(task.process_instance_id) == {"amount": 1}
    # Without `local` the nearest scope that has it, else the instance.
    assert await work.set(task.id, {"own": 2, "new": 3}) == {"amount": 5, "own": 2, "new": 3}
    assert await engine.variables(task.process_instance_id) == {"amount": 1, "new": 3}
    assert await work.unset(task.id, "amount", "none") == {"amount": 1, "own": 2, "new": 3}
    assert await work.unset(task.id, "new", local=True) == {"amount": 1, "own": 2, "new": 3}
    assert await work.unset(task.id, "new") == {"amount": 1, "own": 2}
    part = await work.create(task.id, name="part")
    assert await work.variables(part.id) == {}
    assert await work.set(part.id, {"mine": 1}) == {"mine": 1}
    assert await work.unset(part.id, "mine") == {}
    assert await reason(work.set(task.id, {"execution": 1})) == "FIELD_INVALID"
    assert await reason(work.variables(f"{task.process_instance_id}.999")) == "USER_TASK_NOT_FOUND"


async def test_local_variables_end_with_the_task(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    await first.deploy(model("two", ENDS + '<userTask id="a"/><userTask id="b" name="${own}"/>', "s>a", "a>b", "b>e"))
    instance = await first.start("two", {"own": "of the instance"})
    (task,) = await first.user_tasks()
    await HumanWork(second).set(task.id, {"own": "of the task"}, local=True)
    assert await HumanWork(first).variables(task.id) == {"own": "of the task"}
    await first.complete_task(task.id)
    (task,) = await first.user_tasks()
    assert task.name == "of the instance"
    assert await second.variables(instance.id) == {"own": "of the instance"}


async def test_outcomes(engine: Engine) -> None:
    await engine.deploy(
        user_task("plain"), user_task("formed", 'flowable:formKey="offer"'),
        model("on", ENDS + '<userTask id="a" flowable:formKey="f"/><userTask id="b"/>', "s>a", "a>b", "b>e"),
    )  # fmt: skip
    instance = await engine.start("on")
    (task,) = await engine.user_tasks()
    await engine.complete_task(task.id, outcome="reject", completed_by="ann")
    assert await engine.variables(instance.id) == {"form_f_outcome": "reject"}
    (task,) = await engine.user_tasks()
    part = await HumanWork(engine).create(task.id)
    await engine.complete_task(part.id, outcome="ok")
    await engine.deploy(
        model("chosen", ENDS + '<userTask id="a"/><userTask id="b"/>', "s>a", "a>b", "b>e"),
    )
    for fields, variables in (
        ({"outcome": "ok"}, {"outcome": "ok"}),
        ({"outcome": "ok", "outcome_variable": "decision"}, {"decision": "ok"}),
    ):
        instance = await engine.start("chosen")
        (task,) = await engine.user_tasks(process_instance_id=instance.id)
        await engine.complete_task(task.id, **fields)
        assert await engine.variables(instance.id) == variables
    (task,) = await engine.user_tasks(process_instance_id=instance.id)
    assert await reason(engine.complete_task(task.id, outcome="x", outcome_variable="execution")) == "FIELD_INVALID"


async def test_transient_variables(two_engines: tuple[Engine, Engine]) -> None:
    first, second = two_engines
    await first.deploy(
        model(
            "choice", ENDS + '<userTask id="a"/><exclusiveGateway id="x"/><userTask id="b" name="${note}"/>',
            "s>a", "a>x", "x>b:${way == 'on'}", "x>e:${way == 'out'}", "b>e",
        )
    )  # fmt: skip
    instance = await first.start("choice", {"note": "kept"})
    (task,) = await first.user_tasks()
    await first.complete_task(
        task.id, {"done": True}, transient_variables=to_values({"way": "on", "note": "passing", "done": False})
    )
    for engine in two_engines:
        assert await engine.variables(instance.id) == {"note": "kept", "done": True}
    (task,) = await second.user_tasks()
    assert task.name == "passing"


async def test_comments(engine: Engine) -> None:
    work, task = await one_task(engine)
    first = await work.comment(task.id, "first", "ann")
    assert (first.user_id, first.text, first.user_task_id) == ("ann", "first", task.id)
    assert first.process_instance_id == task.process_instance_id
    await work.comment(task.id, "second")
    on_instance = comment_service_pb2.CreateProcessInstanceCommentRequest(
        process_instance_id=task.process_instance_id, text="on the whole", request_id="r"
    )
    made = (await work.comments.CreateProcessInstanceComment(on_instance)).comment
    assert (await work.comments.CreateProcessInstanceComment(on_instance)).comment == made
    assert made.user_task_id == ""
    assert await work.task_comments(task.id) == ["first", "second"]
    assert await work.instance_comments(task.process_instance_id) == ["first", "second", "on the whole"]
    listing = comment_service_pb2.ListUserTaskCommentsRequest(user_task_id=task.id, page_size=1)
    page = await work.comments.ListUserTaskComments(listing)
    listing.page_token = page.next_page_token
    (second,) = (await work.comments.ListUserTaskComments(listing)).comments
    assert second.text == "second"
    await engine.complete_task(task.id)
    # They stay when task and instance have ended, and can still be deleted.
    await work.comments.DeleteComment(comment_service_pb2.DeleteCommentRequest(id=first.id))
    assert await work.instance_comments(task.process_instance_id) == ["second", "on the whole"]
    delete = comment_service_pb2.DeleteCommentRequest(id=first.id)
    assert await reason(work.comments.DeleteComment(delete)) == "COMMENT_NOT_FOUND"
    assert await reason(work.comment(task.id, "late")) == "USER_TASK_ALREADY_COMPLETED"
    alone = await work.create(name="alone")
    assert (await work.comment(alone.id, "hm")).process_instance_id == ""
    assert await work.task_comments(alone.id) == ["hm"]


async def test_attachments(engine: Engine) -> None:
    work, task = await one_task(engine)
    content = bytes(range(256)) * (LARGEST // 256)
    kept = await work.attach(task.id, "plan.pdf", content=content, content_type="application/pdf", user_id="ann")
    assert (kept.size_bytes, kept.content_type, kept.url, kept.user_id) == (LARGEST, "application/pdf", "", "ann")
    linked = await work.attach(task.id, "wiki", url="https://example.org/", description="see there")
    listing = attachment_service_pb2.ListUserTaskAttachmentsRequest(user_task_id=task.id)
    assert list((await work.attachments.ListUserTaskAttachments(listing)).attachments) == [kept, linked]
    read = await work.attachments.GetAttachmentContent(attachment_service_pb2.GetAttachmentContentRequest(id=kept.id))
    assert (read.data == content, read.content_type) == (True, "application/pdf")
    got = await work.attachments.GetAttachment(attachment_service_pb2.GetAttachmentRequest(id=linked.id))
    assert got.attachment == linked
    for unread in (linked.id, "nonsense", f"{task.process_instance_id}.999"):
        request = attachment_service_pb2.GetAttachmentContentRequest(id=unread)
        assert await reason(work.attachments.GetAttachmentContent(request)) == "ATTACHMENT_NOT_FOUND"
    for fields in ({}, {"content": b"x", "url": "u"}, {"content": content + b"x"}):
        assert await reason(work.attach(task.id, "wrong", **fields)) == "FIELD_INVALID"
    on_instance = attachment_service_pb2.CreateProcessInstanceAttachmentRequest(
        process_instance_id=task.process_instance_id, name="n", content=b"x"
    )
    made = (await work.attachments.CreateProcessInstanceAttachment(on_instance)).attachment
    assert made.content_type == "application/octet-stream"
    await engine.complete_task(task.id)
    await work.attachments.DeleteAttachment(attachment_service_pb2.DeleteAttachmentRequest(id=kept.id))
    everything = attachment_service_pb2.ListProcessInstanceAttachmentsRequest(
        process_instance_id=task.process_instance_id
    )
    assert list((await work.attachments.ListProcessInstanceAttachments(everything)).attachments) == [linked, made]


async def test_a_deleted_instance_takes_along_what_was_said(engine: Engine) -> None:
    work, task = await one_task(engine)
    await work.create(task.id, name="part")
    await work.comment(task.id, "hm")
    kept = await work.attach(task.id, "plan", content=b"x")
    request = process_instance_service_pb2.DeleteProcessInstanceRequest(id=task.process_instance_id)
    await engine.instances.DeleteProcessInstance(request)
    assert await engine.user_tasks() == []
    assert await work.instance_comments(task.process_instance_id) == []
    read = attachment_service_pb2.GetAttachmentContentRequest(id=kept.id)
    assert await reason(work.attachments.GetAttachmentContent(read)) == "ATTACHMENT_NOT_FOUND"


async def test_nothing_moves_in_a_paused_instance(engine: Engine) -> None:
    work, task = await one_task(engine, CANDIDATES)
    part = await work.create(task.id, name="part")
    await engine.suspend(task.process_instance_id)
    assert (await work.get(part.id)).suspended
    for member in (task.id, part.id):
        for call in (
            work.assign(member, "ann"),
            work.delegate(member, "ann"),
            work.resolve(member),
            work.update(member, name="x"),
            work.offer(member, users=["x"]),
            work.withdraw(member, users=["x"]),
            work.create(member, name="x"),
            work.set(member, {"a": 1}, local=True),
            work.unset(member, "a"),
            work.comment(member, "x"),
            work.attach(member, "x", url="x"),
            engine.complete_task(member),
        ):
            assert await reason(call) == "PROCESS_INSTANCE_NOT_RUNNING"
    assert await work.variables(task.id) == {"amount": 1}
    await engine.resume(task.process_instance_id)
    await work.delete(part.id)
    assert (await work.get(task.id)).etag == task.etag


async def test_unknown_tasks(engine: Engine) -> None:
    work, task = await one_task(engine)
    for unknown in (f"{task.process_instance_id}.999", f"{task.process_instance_id}.0", "nonsense"):
        for call in (
            work.assign(unknown, "ann"),
            work.delegate(unknown, "ann"),
            work.resolve(unknown),
            work.update(unknown, name="x"),
            work.offer(unknown, users=["x"]),
            work.create(unknown, name="x"),
            work.delete(unknown),
            work.set(unknown, {"a": 1}),
            work.variables(unknown),
            work.comment(unknown, "x"),
            work.attach(unknown, "x", url="x"),
            engine.tasks.CompleteUserTask(pb.CompleteUserTaskRequest(id=unknown, outcome="x")),
        ):
            assert await reason(call) == "USER_TASK_NOT_FOUND", unknown
