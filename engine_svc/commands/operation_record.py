"""Lets the audit know of the call that made a commit, in the commit's own row of the outbox."""

from __future__ import annotations

from flowmesh.internal.v1 import stored_pb2

from engine_svc.events.commit_record import COMMIT_RECORD, FORMAT
from engine_svc.storage.commit import INSTANCE_COLUMNS, MESSAGE_COLUMNS, Commit
from mesh.bus.topics import WORKFLOW_EXECUTION_EVENTS
from mesh.call import CallContext, find_call
from mesh.ids import new_id
from mesh.outbox import OutboxEntry

NOT_TOLD = frozenset({"/flowmesh.engine.v1.JobService/ExtendJobLease"})
"""Calls that change nothing but who works on something for how long: workers make them all the time."""
_INSTANCE = {name: INSTANCE_COLUMNS.index(name) for name in INSTANCE_COLUMNS}
_MESSAGE = {name: MESSAGE_COLUMNS.index(name) for name in ("id", "name", "tenant_id")}


def add_operation(commit: Commit) -> None:
    """Add the call that is being served; what the engine does by itself is none.

    The rows that a commit has in the outbox take it, one for each instance with events. A commit that has none gets
    one.
    """
    call = find_call()
    if call is None or not call.method or call.method in NOT_TOLD:
        return
    operation = stored_pb2.StoredOperation(
        method=call.method,
        session_id=call.session_id,
        acting_for=call.acting_for,
        client_address=call.client_address,
    )
    if commit.outbox:
        # Serialised messages that are put behind one another are one message.
        added = stored_pb2.CommitRecord(operation=operation).SerializeToString()
        commit.outbox = [entry._replace(payload=entry.payload + added) for entry in commit.outbox]
    elif commit.instances:
        row = commit.instances[0]
        record = stored_pb2.CommitRecord(
            process_instance_id=row[_INSTANCE["id"]],
            process_definition_id=row[_INSTANCE["definition_id"]],
            process_definition_key=row[_INSTANCE["definition_key"]],
            process_definition_version=row[_INSTANCE["definition_version"]],
            business_key=row[_INSTANCE["business_key"]],
            tenant_id=row[_INSTANCE["tenant_id"]],
            revision=row[_INSTANCE["revision"]],
        )
        _add_row(commit, record, operation, call)
    elif commit.messages:
        message = commit.messages[0]
        operation.resource_type, operation.resource_id = "message", message[_MESSAGE["id"]]
        _add_row(commit, stored_pb2.CommitRecord(tenant_id=message[_MESSAGE["tenant_id"]]), operation, call)


def _add_row(
    commit: Commit, record: stored_pb2.CommitRecord, operation: stored_pb2.StoredOperation, call: CallContext
) -> None:
    record.format = FORMAT
    record.time_micros = commit.now
    record.correlation_id = call.correlation_id
    record.traceparent = call.traceparent
    record.user_id = call.user_id or ""
    record.events_json = b"[]"
    record.operation.CopyFrom(operation)
    key = record.process_instance_id or operation.resource_id
    entry = OutboxEntry(new_id(), WORKFLOW_EXECUTION_EVENTS, key, COMMIT_RECORD, record.SerializeToString(), commit.now)
    commit.outbox.append(entry)
