"""What the outbox holds becomes valid, unique and stable events on the bus."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson
import protovalidate
import pytest
from flowmesh.events.v1 import worker_pb2, workflow_pb2
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.events.v1.event_types import EVENT_TYPES
from flowmesh.internal.v1 import stored_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from engine_svc.events import record
from engine_svc.events.commit_record import COMMIT_RECORD, encode_commit
from engine_svc.events.expansion import KINDS, expand
from engine_svc.events.formats import UnknownRecordFormat
from engine_svc.runtime import completion, step, user_task_commands
from engine_svc.runtime.changes import Changes, NewUserTask
from engine_svc.runtime.migration import migrate
from engine_svc.runtime.migration_plan import Plan
from engine_svc.runtime.processors.user_task import Completion
from engine_svc.runtime.requests import run_alone
from engine_svc.state.instance import ROOT_SCOPE, Status
from engine_svc.state.task_tree import new_task_tree
from mesh.bus.port import BusMessage
from mesh.bus.topics import topic_of_type
from mesh.call import CallContext, as_call
from mesh.contract_rules import surely_valid
from mesh.event_decoding import Unreadable
from mesh.ids import new_id
from mesh.json_values import from_value
from mesh.outbox import OutboxRow
from tests.unit.bpmn_models import flow
from tests.unit.runtime.running import INSTANCE_ID, NOW, Run, model, reloaded

TOPICS = {payload: topic_of_type(event_type) for payload, event_type in EVENT_TYPES.items()}
"""By payload the topic where its events lie."""
OF_NO_INSTANCE = {
    "deployment_created",
    "deployment_deleted",
    "process_definition_suspended",
    "process_definition_resumed",
}
"""Told by no commit of an instance; tests/integration/engine/test_told_operations.py has them."""
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
DUE = NOW + 86_400_000_000


def row_of(payload: bytes, *, outbox_id: str = "", kind: int = COMMIT_RECORD) -> OutboxRow:
    return OutboxRow(1, outbox_id or new_id(), "workflow-execution-events", INSTANCE_ID, kind, payload, NOW, 0)


def envelopes(messages: list[BusMessage]) -> list[EventEnvelope]:
    return [EventEnvelope.FromString(message.value) for message in messages]


def rich_model() -> Any:
    inside = (
        '<startEvent id="us"/><endEvent id="ue"/><userTask id="inner"/>' + flow("us", "inner") + flow("inner", "ue")
    )
    return model(
        '<startEvent id="s" name="Go"/><endEvent id="e"/><parallelGateway id="f"/><parallelGateway id="j"/>'
        '<userTask id="t" name="Look" flowable:assignee="kim" flowable:candidateUsers="ann" flowable:dueDate="P1D"'
        ' flowable:candidateGroups="it" flowable:formKey="form"><documentation>why</documentation></userTask>'
        '<serviceTask id="n" flowable:type="external-worker" flowable:topic="work"/>'
        f'<subProcess id="u">{inside}</subProcess>',
        "s>f", "f>t", "f>n", "f>u", "t>j", "n>j", "u>j", "j>e",
    )  # fmt: skip


def renamed_model() -> Any:
    """The same, but a task has another name."""
    definition = rich_model()
    element = definition.process.elements[definition.process.by_id["t"]]
    element.name = "Look closely"
    return definition


def life() -> Iterator[tuple[Run, list[Any]]]:
    """Runs with the events of each of their commits: together every kind of event there is."""
    run = Run(rich_model(), {"a": [1, {"b": None}], "big": 2**53}, initiator="ann", business_key="order")
    run.instance.tenant_id = "acme"

    def committed(changes: Changes) -> tuple[Run, list[Any]]:
        run.instance.revision += 1
        return run, changes.events

    yield committed(run.last)
    task = next(key for key, found in run.tasks.items() if found.element_id == "t")
    (job,) = run.jobs
    inner = next(key for key, found in run.tasks.items() if found.element_id == "inner")
    yield committed(run.run(user_task_commands.assign(run.instance, task, "", NOW + 1)))
    yield committed(run.run(user_task_commands.claim(run.instance, task, "bob", NOW + 2)))
    yield committed(step.suspend(run.instance, NOW + 3))
    yield committed(run_alone(step.update_variables(run.instance, ROOT_SCOPE, {"c": True}, (), NOW + 4)))
    yield committed(run_alone(step.update_variables(run.instance, ROOT_SCOPE, {}, ("c",), NOW + 4)))
    yield committed(step.resume(run.instance, NOW + 5))
    failed = step.fail_job(run.instance, job, retries=0, error_message="down", error_code="", now=NOW + 6)
    yield committed(failed)
    yield committed(step.resolve_incident(run.instance, failed.new_incidents[0].key, NOW + 7))
    scope = run.instance.tokens[inner].scope_key
    run.instance.scopes[scope].variables["local"] = 0
    yield committed(run_alone(step.complete_user_task(run.instance, inner, {"local": 1}, NOW + 8)))
    yield committed(run.complete("n"))
    part = NewUserTask(run.instance.next_key, "", "Ask", "", "", ("ann",), (), 50, DUE, "", "kim", DUE, "c", task)
    run.instance.next_key += 1
    yield committed(run.took(user_task_commands.add_task(run.instance, part, NOW + 9)))
    own = user_task_commands.update_variables(run.instance, part.key, {"own": 1}, (), NOW + 10, local=True)
    yield committed(run_alone(own))
    gone = user_task_commands.update_variables(run.instance, part.key, {}, ("own",), NOW + 11, local=True)
    yield committed(run_alone(gone))
    details = user_task_commands.TaskDetails(
        "Ask", "whom", "kim", 70, DUE, DUE, "c", "form", "PENDING", ("ann",), ("it",)
    )
    updated = run.run(user_task_commands.delegate(run.instance, part.key, "ann", NOW + 12))
    updated.events.append(details.updated_event(part.key, ["owner"]))
    yield committed(updated)
    comment, commented = user_task_commands.add_comment(run.instance, task, "ann", "done soon", NOW + 13)
    yield committed(commented)
    yield committed(user_task_commands.delete_comment(run.instance, comment, task, NOW + 14))
    facts = user_task_commands.AttachmentFacts("ann", "plan.pdf", "application/pdf", "", 10)
    attachment, attached = user_task_commands.add_attachment(run.instance, 0, facts, NOW + 15)
    yield committed(attached)
    yield committed(user_task_commands.delete_attachment(run.instance, attachment, 0, NOW + 16))
    yield committed(run.complete("t"))
    assert run.completed
    migrated = Run(rich_model(), business_key="order")
    migrated.instance.revision = 1
    yield migrated, run_alone(migrate(migrated.instance, Plan(renamed_model()), NOW + 17)).changes.events
    short = model('<startEvent id="s"/><endEvent id="e"/>', "s>e")
    asking = Run(
        replace(short, process=replace(short.process, acknowledgement_micros=60_000_000)), business_key="order"
    )
    asking.instance.revision = 1
    assert asking.completed
    assert asking.last.awaits_acknowledgement
    yield asking, asking.last.events
    asking.instance.revision += 1
    yield asking, completion.ask_again(2, NOW + 18).events
    asking.instance.revision += 1
    yield asking, completion.fail_completion(asking.instance, "rejected", NOW + 19).events
    assert asking.instance.status is Status.FAILED
    cancelled = Run(rich_model())
    cancelled.instance.revision = 1
    yield cancelled, cancelled.cancel("no more").events


def test_every_kind_of_event_is_valid_unique_and_stable() -> None:
    ids: set[str] = set()
    seen: set[str] = set()
    with as_call(CallContext("correlation", TRACE, "ann")):
        commits = [(encode_commit(run.instance, events, NOW), run, len(events)) for run, events in life()]
    for payload, run, count in commits:
        row = row_of(payload)
        messages = expand(row)
        assert messages == expand(row)
        assert len(messages) == count
        for ordinal, (message, envelope) in enumerate(zip(messages, envelopes(messages), strict=True)):
            protovalidate.validate(envelope)
            payload_field = envelope.WhichOneof("payload")
            assert payload_field is not None
            seen.add(payload_field)
            ids.add(envelope.event_id)
            assert (message.topic, message.key) == ("workflow-execution-events", INSTANCE_ID)
            assert message.headers["ce_id"] == envelope.event_id
            assert message.headers["ce_type"] == envelope.event_type
            assert message.headers["traceparent"] == TRACE
            assert message.headers["correlation-id"] == envelope.correlation_id == "correlation"
            assert (envelope.metadata.user_id, envelope.metadata.trace_id) == ("ann", TRACE[3:35])
            about = getattr(envelope, payload_field).process_instance
            assert (about.id, about.ordinal, about.process_definition_key) == (INSTANCE_ID, ordinal, "p")
            assert about.business_key == run.instance.business_key
            assert about.revision >= 1
    assert len(ids) == sum(count for _, _, count in commits)
    assert seen == {name for name, topic in TOPICS.items() if topic == "workflow-execution-events"} - OF_NO_INSTANCE


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (("", {}), ("", "", "", "")),
        (("", {}, "caller", 3, "root"), ("caller", "caller.3", "root", "")),
        (("", {}, "", 0, INSTANCE_ID, "Sum up"), ("", "", "", "Sum up")),
        (("", {}, "caller", 3, "root", "Sum up"), ("caller", "caller.3", "root", "Sum up")),
    ],
)
def test_what_the_start_of_an_instance_holds(values: tuple[Any, ...], expected: tuple[str, ...]) -> None:
    run, _ = next(iter(life()))
    (envelope,) = envelopes(expand(row_of(encode_commit(run.instance, [(record.INSTANCE_STARTED, *values)], NOW))))
    started = envelope.process_instance_started
    assert (
        started.parent_process_instance_id,
        started.parent_activity_id,
        started.root_process_instance_id,
        started.process_definition_name,
    ) == expected


def test_what_events_hold() -> None:
    told: dict[str | None, EventEnvelope] = {}
    for run, events in life():
        for envelope in envelopes(expand(row_of(encode_commit(run.instance, events, NOW)))):
            told.setdefault(envelope.WhichOneof("payload"), envelope)
    started = told["process_instance_started"].process_instance_started
    assert started.initiator == "ann"
    assert {name: from_value(value) for name, value in started.variables.items()} == {
        "a": [1, {"b": None}],
        "big": 2**53,
    }
    created = told["user_task_created"].user_task_created
    assert (created.name, created.description, created.assignee) == ("Look", "why", "kim")
    assert (list(created.candidate_users), list(created.candidate_groups)) == (["ann"], ["it"])
    assert (created.priority, created.form_key, created.due_time.ToMicroseconds()) == (50, "form", DUE)
    assert created.task_id.startswith(f"{INSTANCE_ID}.")
    assigned = told["user_task_assigned"].user_task_assigned
    assert (assigned.assignee, assigned.previous_assignee) == ("", "kim")
    raised = told["incident_raised"].incident_raised
    assert (raised.type, raised.message, raised.element_id) == ("JOB_NO_RETRIES", "down", "n")
    assert raised.job_id == told["job_failed"].job_failed.job_id
    assert told["incident_resolved"].incident_resolved.incident_id == raised.incident_id
    ended = told["process_instance_terminated"].process_instance_terminated
    assert (ended.reason, ended.start_time.ToMicroseconds()) == ("no more", NOW)


def test_a_variable_of_a_sub_process_names_its_activity() -> None:
    updates = [
        envelope.variables_updated
        for run, events in life()
        for envelope in envelopes(expand(row_of(encode_commit(run.instance, events, NOW))))
        if envelope.WhichOneof("payload") == "variables_updated"
    ]
    scopes = {name: update.scope_activity_id for update in updates for name in update.variables}
    assert scopes["c"] == ""
    assert scopes["local"].startswith(f"{INSTANCE_ID}.")


def test_the_tables_of_kinds_belong_together() -> None:
    fields = {
        field.number: field.name
        for field in EventEnvelope.DESCRIPTOR.oneofs_by_name["payload"].fields
        if TOPICS[field.name] == "workflow-execution-events" and field.name not in OF_NO_INSTANCE
    }
    assert fields == {number: kind.field for number, kind in KINDS.items()}
    assert set(record.POSITIONS) == set(KINDS)
    types = [kind.event_type for kind in KINDS.values()]
    assert len(set(types)) == len(types)


def test_without_a_call_there_is_nobody_to_name() -> None:
    run = Run(rich_model())
    run.instance.revision = 1
    envelope = envelopes(expand(row_of(encode_commit(run.instance, run.last.events, NOW))))[0]
    protovalidate.validate(envelope)
    assert (envelope.correlation_id, envelope.metadata.user_id, envelope.metadata.trace_id) == ("", "", "")


def test_what_follows_a_completion() -> None:
    told = {
        envelope.WhichOneof("payload"): envelope
        for run, events in life()
        for envelope in envelopes(expand(row_of(encode_commit(run.instance, events, NOW))))
    }
    pending = told["completion_pending"].completion_pending
    assert (pending.saga_id, pending.attempt) == (f"saga:process:{INSTANCE_ID}", 2)
    assert pending.acknowledge_before.ToMicroseconds() == NOW + 18
    failed = told["process_instance_failed"].process_instance_failed
    assert (failed.reason, failed.saga_id) == ("rejected", pending.saga_id)


def test_the_command_of_a_job() -> None:
    command = worker_pb2.JobActivated(job_id="i.1", job_type="mail", lease_token="1-a")
    command.process_instance.CopyFrom(workflow_pb2.ProcessInstanceRef(id=INSTANCE_ID, revision=3))
    command.lease_expire_time.FromMicroseconds(NOW + 1)
    record = stored_pb2.JobActivationRecord(format=1, time_micros=NOW, job_activated=command)
    row = row_of(record.SerializeToString(), kind=2)
    (message,) = expand(row)
    (envelope,) = envelopes([message])
    protovalidate.validate(envelope)
    assert (envelope.event_id, envelope.event_type, envelope.biz_id) == (
        row.id,
        "workflow.job.activated.v1",
        message.key,
    )
    assert envelope.job_activated == command
    assert message.headers["ce_type"] == envelope.event_type
    record.format = 2
    with pytest.raises(UnknownRecordFormat, match="format 2"):
        expand(row_of(record.SerializeToString(), kind=2))


def test_what_a_newer_release_wrote_is_refused() -> None:
    run = Run(rich_model())
    payload = encode_commit(run.instance, run.last.events, NOW)
    with pytest.raises(UnknownRecordFormat, match="kind 4"):
        expand(row_of(payload, kind=4))
    newer = stored_pb2.CommitRecord.FromString(payload)
    newer.format = 2
    with pytest.raises(UnknownRecordFormat, match="format 2"):
        expand(row_of(newer.SerializeToString()))


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 200))
def test_ids_of_neighbouring_commits_do_not_meet(count: int) -> None:
    run = Run(rich_model())
    run.instance.revision = 1
    payload = encode_commit(run.instance, run.last.events * 20, NOW)
    ids = [EventEnvelope.FromString(m.value).event_id for _ in range(count // 10 + 2) for m in expand(row_of(payload))]
    assert len(set(ids)) == len(ids)
    assert all(str(uuid.UUID(event_id)) == event_id for event_id in ids)


def test_a_stand_alone_task_is_told_without_a_process() -> None:
    tree = new_task_tree(INSTANCE_ID, "acme", NOW)
    tree.revision = 1
    tree.next_key = 2
    task = NewUserTask(1, "", "Buy milk", "", "ann", (), (), 50, 0, "")
    events = [*user_task_commands.add_task(tree, task, NOW).events]
    part = NewUserTask(2, "", "Find the shop", "", "", (), (), 50, 0, "", parent_key=1)
    events += user_task_commands.add_task(tree, part, NOW).events
    twin = reloaded(tree)
    assert [(one.key, one.parent_key, one.assignee) for one in twin.added_tasks.values()] == [(1, 0, "ann"), (2, 1, "")]
    events += run_alone(user_task_commands.complete(twin, 1, {}, NOW, Completion("done", "ann"))).events
    assert (twin.status, twin.added_tasks, twin.scopes) == (Status.COMPLETED, {}, {})
    told = envelopes(expand(row_of(encode_commit(tree, events, NOW))))
    for envelope in told:
        protovalidate.validate(envelope)
    # No process instance begins or ends.
    assert [envelope.event_type for envelope in told] == [
        "workflow.task.created.v1",
        "workflow.task.created.v1",
        "workflow.task.terminated.v1",
        "workflow.task.completed.v1",
    ]
    assert told[1].user_task_created.parent_task_id == f"{INSTANCE_ID}.1"
    assert told[0].user_task_created.process_instance.process_definition_id == ""
    assert (told[3].user_task_completed.outcome, told[3].user_task_completed.completed_by) == ("done", "ann")


@pytest.mark.parametrize("size", [1, 100, 127, 128, 20_000, 3_000_000])
def test_an_event_of_any_size_can_be_read(size: int) -> None:
    run = Run(rich_model(), {"text": "x" * size})
    run.instance.revision = 1
    started = envelopes(expand(row_of(encode_commit(run.instance, run.last.events, NOW))))[0]
    protovalidate.validate(started)
    assert started.process_instance_started.variables["text"].string_value == "x" * size
    assert started.process_instance_started.process_instance.id == INSTANCE_ID


def commit_with_activities(*element_ids: str) -> OutboxRow:
    events = [(record.ACTIVITY_STARTED, key, name, "", "userTask", 0) for key, name in enumerate(element_ids, 1)]
    commit = stored_pb2.CommitRecord(
        format=1, process_instance_id=INSTANCE_ID, revision=1, time_micros=NOW, events_json=orjson.dumps(events)
    )
    return row_of(commit.SerializeToString())


@pytest.mark.parametrize("element_ids", [("", "b"), ("a", ""), ("a", "b", "")])
def test_an_event_that_breaks_its_contract_is_not_made(element_ids: tuple[str, ...]) -> None:
    with pytest.raises(Unreadable, match="element_id") as refused:
        expand(commit_with_activities(*element_ids))
    assert refused.value.reason == "INVALID"
    assert len(expand(commit_with_activities("a", "b", "c"))) == 3


def test_a_command_that_breaks_its_contract_is_not_made() -> None:
    activation = stored_pb2.JobActivationRecord(format=1, time_micros=NOW, job_activated=worker_pb2.JobActivated())
    with pytest.raises(Unreadable, match=r"job_activated\.process_instance: value is required"):
        expand(row_of(activation.SerializeToString(), kind=2))


def test_events_are_checked_without_protovalidate() -> None:
    for run, events in life():
        for envelope in envelopes(expand(row_of(encode_commit(run.instance, events, NOW)))):
            assert surely_valid(envelope), envelope.event_type
