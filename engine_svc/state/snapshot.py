"""The stored form of an instance's live state (`flowmesh.internal.v1.InstanceSnapshot`)."""

from __future__ import annotations

import orjson
from flowmesh.internal.v1 import stored_pb2

from engine_svc.compile.executable import ElementKind
from engine_svc.state.instance import NO_FLOW, AddedTask, Instance, Scope, Token

FORMAT = 1

JOINS = frozenset({ElementKind.PARALLEL_GATEWAY, ElementKind.INCLUSIVE_GATEWAY})


class UnknownSnapshotFormat(Exception):
    """The snapshot was written by a newer release. Guessing could lose work, so it is refused."""


def encode_snapshot(instance: Instance) -> bytes:
    """Return the live state as bytes."""
    process = instance.definition.process
    elements = process.elements
    flows = process.flows
    incidents = sorted(instance.incidents)
    snapshot = stored_pb2.InstanceSnapshot(
        format=FORMAT,
        next_key=instance.next_key,
        incident_keys=incidents,
        incident_job_keys=[instance.incidents[key] for key in incidents],
        scopes=[
            stored_pb2.StoredScope(
                key=scope.key, parent_key=scope.parent_key, variables_json=orjson.dumps(scope.variables)
            )
            for scope in instance.scopes.values()
        ],
        tokens=[
            stored_pb2.StoredToken(
                key=token.key,
                scope_key=token.scope_key,
                element_id=elements[token.element].id,
                start_micros=token.start_micros,
                flow_id=flows[token.flow].id if token.flow != NO_FLOW else "",
                assignee=token.assignee,
                job_type=token.job_type,
            )
            for token in instance.tokens.values()
        ],
        delegated_task_keys=sorted(instance.delegated_tasks),
        added_tasks=[
            stored_pb2.StoredAddedTask(key=task.key, parent_key=task.parent_key, assignee=task.assignee)
            for task in instance.added_tasks.values()
        ],
    )
    return snapshot.SerializeToString()


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
    # Snapshots of earlier releases do not tell the jobs.
    jobs = snapshot.incident_job_keys or [0] * len(snapshot.incident_keys)
    instance.incidents = dict(zip(snapshot.incident_keys, jobs, strict=True))
    instance.delegated_tasks.update(snapshot.delegated_task_keys)
    for added in snapshot.added_tasks:
        instance.added_tasks[added.key] = AddedTask(added.key, added.parent_key, added.assignee)
    for stored in snapshot.scopes:
        instance.scopes[stored.key] = Scope(stored.key, stored.parent_key, orjson.loads(stored.variables_json))
    for entry in snapshot.tokens:
        flow = flow_index[entry.flow_id] if entry.flow_id else NO_FLOW
        token = Token(entry.scope_key, process.by_id[entry.element_id], flow)
        token.key = entry.key
        token.start_micros = entry.start_micros
        token.assignee = entry.assignee
        token.job_type = entry.job_type
        instance.tokens[token.key] = token
        instance.scopes[token.scope_key].live_tokens += 1
        if process.elements[token.element].kind in JOINS:
            instance.arrivals.setdefault((token.scope_key, token.element), []).append(token)
