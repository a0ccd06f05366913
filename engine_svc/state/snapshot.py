"""The stored form of an instance's live state (`flowmesh.internal.v1.InstanceSnapshot`).

Scopes and tokens keep the bytes they were last stored as, so that an instance with thousands of them costs what
changed, not what is there.
"""

from __future__ import annotations

from typing import Any

import orjson
from flowmesh.internal.v1 import stored_pb2

from engine_svc.compile.executable import ElementKind, ExecutableProcess
from engine_svc.state.instance import NO_FLOW, AddedTask, Compensable, Instance, Scope, Stage, Token, Wait

FORMAT = 2

JOINS = frozenset({ElementKind.PARALLEL_GATEWAY, ElementKind.INCLUSIVE_GATEWAY, ElementKind.COMPLEX_GATEWAY})
_SCOPE_TAG = b"\x1a"
_TOKEN_TAG = b"\x22"


class UnknownSnapshotFormat(Exception):
    """The snapshot was written by another release. Guessing could lose work, so it is refused."""


def silent_commits_of(content: bytes) -> int:
    """Return how many of the last commits of the instance with this stored state had no events."""
    return stored_pb2.InstanceSnapshot.FromString(content).silent_commits


def encode_snapshot(instance: Instance) -> bytes:
    """Return the live state as bytes."""
    process = instance.definition.process
    head = stored_pb2.InstanceSnapshot(format=FORMAT, next_key=instance.next_key)
    if instance.silent_commits:
        head.silent_commits = instance.silent_commits
    if instance.run_length:
        head.run_length = instance.run_length
    if instance.parent_id:
        head.parent_key = instance.parent_key
        head.depth = instance.depth
    if instance.last_variables:
        head.last_variables_json = orjson.dumps(instance.last_variables)
    if instance.incidents or instance.delegated_tasks or instance.added_tasks:
        _add_rare(head, instance)
    parts = [head.SerializeToString()]
    for scope in instance.scopes.values():
        parts.append(scope.encoded or _encode_scope(scope, process))
    for token in instance.tokens.values():
        parts.append(token.encoded or _encode_token(token, process))
    return b"".join(parts)


def _add_rare(head: stored_pb2.InstanceSnapshot, instance: Instance) -> None:
    incidents = sorted(instance.incidents)
    head.incident_keys.extend(incidents)
    head.incident_job_keys.extend([instance.incidents[key] for key in incidents])
    head.delegated_task_keys.extend(sorted(instance.delegated_tasks))
    for task in instance.added_tasks.values():
        head.added_tasks.add(key=task.key, parent_key=task.parent_key, assignee=task.assignee)


def _encode_scope(scope: Scope, process: ExecutableProcess) -> bytes:
    stored = stored_pb2.StoredScope(
        key=scope.key, parent_key=scope.parent_key, variables_json=orjson.dumps(scope.variables)
    )
    if scope.compensations:
        stored.compensations.extend([_stored_compensable(entry, process) for entry in scope.compensations])
    scope.encoded = _field(_SCOPE_TAG, stored.SerializeToString())
    return scope.encoded


def _encode_token(token: Token, process: ExecutableProcess) -> bytes:
    stored = stored_pb2.StoredToken(
        key=token.key,
        scope_key=token.scope_key,
        element_id=process.elements[token.element].id,
        start_micros=token.start_micros,
        host=token.host + 1,
        stage=token.stage,
        waits_for=token.waits_for,
    )
    if token.flow != NO_FLOW:
        stored.flow_id = process.flows[token.flow].id
    if token.assignee:
        stored.assignee = token.assignee
    if token.job_type:
        stored.job_type = token.job_type
    if token.detail is not None:
        stored.detail_json = orjson.dumps(token.detail)
    token.encoded = _field(_TOKEN_TAG, stored.SerializeToString())
    return token.encoded


def _field(tag: bytes, content: bytes) -> bytes:
    # A length-delimited field of the protobuf wire format.
    size = len(content)
    if size <= 0x7F:
        return tag + bytes((size,)) + content
    length = bytearray()
    while size > 0x7F:
        length.append(size & 0x7F | 0x80)
        size >>= 7
    length.append(size)
    return tag + length + content


def _stored_compensable(entry: Compensable, process: ExecutableProcess) -> stored_pb2.StoredCompensable:
    return stored_pb2.StoredCompensable(
        key=entry.key,
        element_id=process.elements[entry.element].id,
        variables_json=orjson.dumps(entry.variables),
        inner=[_stored_compensable(inner, process) for inner in entry.inner],
    )


def decode_snapshot(content: bytes, instance: Instance) -> None:
    """Fill scopes and tokens of an instance whose definition is known.

    Raises `UnknownSnapshotFormat`.
    """
    snapshot = stored_pb2.InstanceSnapshot.FromString(content)
    if snapshot.format != FORMAT:
        raise UnknownSnapshotFormat(
            f"process instance {instance.id} was stored in format {snapshot.format}, this release reads {FORMAT}"
        )
    process = instance.definition.process
    flow_index = {flow.id: flow.index for flow in process.flows}
    instance.next_key = snapshot.next_key
    instance.run_length = snapshot.run_length
    instance.parent_key = snapshot.parent_key
    instance.depth = snapshot.depth
    if snapshot.last_variables_json:
        instance.last_variables = orjson.loads(snapshot.last_variables_json)
    instance.silent_commits = snapshot.silent_commits
    instance.incidents = dict(zip(snapshot.incident_keys, snapshot.incident_job_keys, strict=True))
    instance.delegated_tasks.update(snapshot.delegated_task_keys)
    for added in snapshot.added_tasks:
        instance.added_tasks[added.key] = AddedTask(added.key, added.parent_key, added.assignee)
    for stored in snapshot.scopes:
        scope = Scope(stored.key, stored.parent_key, orjson.loads(stored.variables_json))
        scope.compensations = [_compensable(entry, process) for entry in stored.compensations]
        instance.scopes[stored.key] = scope
    for entry in snapshot.tokens:
        token = _token(entry, process, flow_index)
        instance.add_waiting(token)
        if not entry.host:
            instance.scopes[token.scope_key].live_tokens += 1
        if process.elements[token.element].kind in JOINS and token.stage == Stage.ACTIVE:
            instance.arrivals.setdefault((token.scope_key, token.element), []).append(token)


def _token(entry: Any, process: ExecutableProcess, flow_index: dict[str, int]) -> Token:
    flow = flow_index[entry.flow_id] if entry.flow_id else NO_FLOW
    token = Token(entry.scope_key, process.by_id[entry.element_id], flow)
    token.key = entry.key
    token.start_micros = entry.start_micros
    token.host = entry.host - 1
    token.stage = Stage(entry.stage)
    token.waits_for = Wait(entry.waits_for)
    token.assignee = entry.assignee
    token.job_type = entry.job_type
    token.detail = orjson.loads(entry.detail_json) if entry.detail_json else None
    return token


def _compensable(entry: Any, process: ExecutableProcess) -> Compensable:
    return Compensable(
        entry.key,
        process.by_id[entry.element_id],
        orjson.loads(entry.variables_json),
        [_compensable(inner, process) for inner in entry.inner],
    )
