"""What the audit is told of a commit, and what events say of changes: mentions, and values as they were."""

from __future__ import annotations

from typing import Any

import orjson
import protovalidate
import pytest
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.internal.v1 import stored_pb2

from engine_svc.commands.operation_record import add_operation
from engine_svc.events import record
from engine_svc.events.commit_record import COMMIT_RECORD, encode_commit
from engine_svc.events.expansion import expand
from engine_svc.events.mentions import MAX_MENTIONS, mentioned_in
from engine_svc.storage.commit import INSTANCE_COLUMNS, Commit
from mesh.access.acting import acting_user
from mesh.call import CallContext, as_call
from mesh.ids import new_id
from mesh.outbox import OutboxEntry, OutboxRow
from tests.unit.engine.test_events import TRACE, life
from tests.unit.runtime.running import INSTANCE_ID, NOW

RUNS = {
    record.ACTIVITY_STARTED,
    record.ACTIVITY_COMPLETED,
    record.ACTIVITY_TERMINATED,
    record.JOB_SCHEDULED,
    record.COMPLETION_PENDING,
}
"""Events of which the audit keeps nothing: history has them."""
METHOD = "/flowmesh.engine.v1.UserTaskService/CompleteUserTask"


def call(method: str = METHOD) -> CallContext:
    made = CallContext("correlation", TRACE, "ann", method=method)
    made.session_id = "session"
    made.told_address = "192.0.2.7"
    return made


def told(payload: bytes) -> tuple[list[EventEnvelope], list[EventEnvelope]]:
    """The events of a commit, and its operations."""
    row = OutboxRow(1, new_id(), "workflow-execution-events", INSTANCE_ID, COMMIT_RECORD, payload, NOW, 0)
    messages = expand(row)
    assert messages == expand(row)
    envelopes = [EventEnvelope.FromString(message.value) for message in messages]
    for envelope, message in zip(envelopes, messages, strict=True):
        protovalidate.validate(envelope)
        assert message.headers["ce_id"] == envelope.event_id
        audit = envelope.event_type.startswith("audit.")
        assert message.topic == ("audit-events" if audit else "workflow-execution-events")
    assert len({envelope.event_id for envelope in envelopes}) == len(envelopes)
    operations = [envelope for envelope in envelopes if envelope.HasField("operation_recorded")]
    return [envelope for envelope in envelopes if envelope not in operations], operations


def committed(events: list[Any], run: Any, made: CallContext | None) -> bytes:
    """The payload of the outbox row of a commit that a call made."""
    commit = Commit(NOW)
    commit.outbox.append(OutboxEntry(new_id(), "workflow-execution-events", INSTANCE_ID, COMMIT_RECORD, b"", NOW))
    if made is None:
        return encode_commit(run.instance, events, NOW)
    with as_call(made):
        payload = encode_commit(run.instance, events, NOW)
        commit.outbox[0] = commit.outbox[0]._replace(payload=payload)
        add_operation(commit)
    assert len(commit.outbox) == 1
    return commit.outbox[0].payload


def test_every_commit_of_a_call_tells_one_operation_and_its_events_as_without() -> None:
    for run, events in life():
        plain, none = told(committed(events, run, None))
        shown, (operation,) = told(committed(events, run, call()))
        assert not none
        assert len(plain) == len(shown) == len(events)
        assert [envelope.event_type for envelope in plain] == [envelope.event_type for envelope in shown]
        assert (operation.biz_id, operation.source_service) == (INSTANCE_ID, "engine")
        assert (operation.metadata.user_id, operation.metadata.session_id) == ("ann", "session")
        assert operation.correlation_id == "correlation"
        recorded = operation.operation_recorded
        assert recorded.method == METHOD[1:]
        assert (recorded.resource_type, recorded.resource_id) == ("processInstance", INSTANCE_ID)
        assert list(recorded.tenant_ids) == [run.instance.tenant_id]
        assert not recorded.mesh_wide
        assert (recorded.client_address, recorded.traceparent) == ("192.0.2.7", TRACE)
        assert events == [] or recorded.after_json or all(event[0] in RUNS for event in events)


def test_what_the_engine_does_by_itself_is_no_operation() -> None:
    run, events = next(iter(life()))
    assert told(committed(events, run, call("")))[1] == []


def test_who_is_acted_for_is_told() -> None:
    run, events = next(iter(life()))
    made = call()
    assert acting_user(made, "completed_by", "bob") == "bob"
    _, (operation,) = told(committed(events, run, made))
    assert operation.operation_recorded.acting_for == "bob"


def test_names_of_variables_are_told_and_never_their_values() -> None:
    for run, events in life():
        for envelope in told(committed(events, run, call()))[1]:
            recorded = envelope.operation_recorded
            text = (recorded.before_json + recorded.after_json).decode()
            assert str(2**53) not in text
            started = [event for event in events if event[0] == record.INSTANCE_STARTED and event[2]]
            if started:
                assert {"a", "big"} <= set(orjson.loads(recorded.after_json)["variables"])


def test_a_commit_without_events_has_a_row_of_its_own() -> None:
    commit = Commit(NOW)
    values = {"id": INSTANCE_ID, "revision": 7, "definition_id": "d", "definition_key": "p", "tenant_id": "acme"}
    values |= {"definition_version": 1, "business_key": "order"}
    commit.instances.append(tuple(values.get(column, 0) for column in INSTANCE_COLUMNS))
    with as_call(call()):
        add_operation(commit)
    (entry,) = commit.outbox
    assert entry.partition_key == INSTANCE_ID
    events, (operation,) = told(entry.payload)
    assert not events
    assert operation.operation_recorded.process_definition_key == "p"
    assert list(operation.operation_recorded.tenant_ids) == ["acme"]


def test_a_message_that_nobody_took_is_told() -> None:
    commit = Commit(NOW, messages=[("m-1", "Paid", "", "", "acme", 1, NOW, 0, 0, "", 0, "", b"{}")])
    with as_call(call()):
        add_operation(commit)
    _, (operation,) = told(commit.outbox[0].payload)
    recorded = operation.operation_recorded
    assert (recorded.resource_type, recorded.resource_id, list(recorded.tenant_ids)) == ("message", "m-1", ["acme"])


def test_a_record_of_the_release_before_is_read() -> None:
    old = stored_pb2.CommitRecord(
        format=1,
        process_instance_id=INSTANCE_ID,
        process_definition_id="d",
        process_definition_key="p",
        revision=3,
        time_micros=NOW,
        events_json=orjson.dumps(
            [
                [record.USER_TASK_UPDATED, 4, ["due_at"], "n", "", "kim", 50, NOW, 0, "", "", "", [], []],
                [record.COMMENT_CREATED, 9, 4, "ann", "see @bob"],
            ]
        ),
    )
    (updated, commented), operations = told(old.SerializeToString())
    assert not operations
    task = updated.user_task_updated
    assert list(task.changed) == ["due_time"]
    assert not task.HasField("previous_due_time")
    assert list(commented.comment_created.mentioned_user_ids) == ["bob"]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("@ann and @bob, then @ann again", ["ann", "bob"]),
        ("请@alice看一下，还有@bob.", ["alice", "bob"]),
        ("mail ann@example.com", []),
        ("@ann@example.com knows", ["ann@example.com"]),
        ("@ @- nothing", []),
        ("(@kim-2)", ["kim-2"]),
        (" ".join(f"@u{n}" for n in range(99)), [f"u{n}" for n in range(MAX_MENTIONS)]),
    ],
)
def test_mentions(text: str, named: list[str]) -> None:
    assert mentioned_in(text) == named
