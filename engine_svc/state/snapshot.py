"""The stored form of an instance's live state (`flowmesh.internal.v1.InstanceSnapshot`).

Scopes and tokens keep the bytes they were last stored as, so that an instance with thousands of them costs what
changed, not what is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

import orjson
from flowmesh.internal.v1 import stored_pb2

from engine_svc.compile.executable import ElementKind, ExecutableProcess
from engine_svc.state.instance import NO_FLOW, AddedTask, Compensable, Instance, Page, Scope, Stage, Token, Wait
from engine_svc.state.members import SPAN, LargeValue, LargeValues, PartedMembers, Parts, plain

FORMAT = 2

MANY_MEMBERS = 256
MANY_BYTES = 64 * 1024
"""An instance with more scopes, tokens and pages, or with more bytes of them, is stored in parts."""
FEW_MEMBERS = 64
FEW_BYTES = 16 * 1024
"""One with fewer of both is stored as one again."""
LARGE_VALUE_BYTES = 64 * 1024
"""A variable's value that takes more bytes as JSON is stored apart."""
HASH_BYTES = 20

JOINS = frozenset({ElementKind.PARALLEL_GATEWAY, ElementKind.INCLUSIVE_GATEWAY, ElementKind.COMPLEX_GATEWAY})
_SCOPE_TAG = b"\x1a"
_TOKEN_TAG = b"\x22"
_PAGE_TAG = b"\x52"


class UnknownSnapshotFormat(Exception):
    """The snapshot was written by another release. Guessing could lose work, so it is refused."""


def silent_commits_of(content: bytes) -> int:
    """Return how many of the last commits of the instance with this stored state had no events."""
    return stored_pb2.InstanceSnapshot.FromString(content).silent_commits


class Apart:
    """What is stored beside the snapshot of an instance, and what is to be written and removed of it now."""

    __slots__ = ("dropped_parts", "dropped_values", "parts", "size", "values")

    def __init__(self) -> None:
        self.parts: list[tuple[int, bytes]] = []
        """Number and content of the parts that changed."""
        self.dropped_parts: list[int] = []
        self.values: list[tuple[str, bytes]] = []
        """Hash and content of large values that are new."""
        self.dropped_values: list[str] = []
        self.size = 0
        """Bytes of all that is stored beside the snapshot, changed or not."""


def encode_snapshot(instance: Instance) -> tuple[bytes, Apart | None]:
    """Return the live state as bytes, with what is stored apart; None where there is and was nothing apart.

    What changed counts as stored from then on: where it is not, the instance must be loaded again.
    """
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
    snapshot = head.SerializeToString()
    members = len(instance.scopes) + len(instance.tokens) + len(instance.pages)
    new_values: dict[str, bytes] = {}
    if members > (MANY_MEMBERS if instance.parts is None else FEW_MEMBERS):
        return snapshot, _encode_parted(instance, new_values)
    whole = _encode_whole(instance, snapshot, new_values)
    if len(whole) > (MANY_BYTES if instance.parts is None else FEW_BYTES):
        return snapshot, _encode_parted(instance, new_values)
    if instance.parts is None and instance.large_values is None:
        return whole, None
    apart = Apart()
    if instance.parts is not None:
        apart.dropped_parts = list(instance.parts.sizes)
        _join_parts(instance)
    if instance.large_values is not None:
        _add_values(apart, instance, new_values)
    return whole, apart


def _encode_whole(instance: Instance, head: bytes, new_values: dict[str, bytes]) -> bytes:
    process = instance.definition.process
    pieces = [head]
    for scope in instance.scopes.values():
        pieces.append(scope.encoded or _encode_scope(scope, instance, new_values))
    for token in instance.tokens.values():
        pieces.append(token.encoded or _encode_token(token, process))
    for page in instance.pages.values():
        pieces.append(page.encoded or _encode_page(page))
    return b"".join(pieces)


def _split(instance: Instance) -> Parts:
    parts = instance.parts = Parts()
    instance.scopes = PartedMembers(instance.scopes, parts.changed)
    instance.tokens = PartedMembers(instance.tokens, parts.changed)
    instance.pages = PartedMembers(instance.pages, parts.changed)
    return parts


def _join_parts(instance: Instance) -> None:
    instance.parts = None
    instance.scopes = plain(instance.scopes)
    instance.tokens = plain(instance.tokens)
    instance.pages = plain(instance.pages)


def _encode_parted(instance: Instance, new_values: dict[str, bytes]) -> Apart:
    parts = instance.parts or _split(instance)
    apart = Apart()
    for number in sorted(parts.changed):
        content = _encode_part(instance, number, new_values)
        if content:
            apart.parts.append((number, content))
            parts.sizes[number] = len(content)
        elif parts.sizes.pop(number, None) is not None:
            apart.dropped_parts.append(number)
    parts.changed.clear()
    apart.size = sum(parts.sizes.values())
    if instance.large_values is not None:
        _add_values(apart, instance, new_values)
    return apart


def _encode_part(instance: Instance, number: int, new_values: dict[str, bytes]) -> bytes:
    process = instance.definition.process
    scopes, tokens, pages = instance.scopes, instance.tokens, instance.pages
    pieces: list[bytes] = []
    for key in range(number * SPAN, (number + 1) * SPAN):
        scope = scopes.get(key)
        if scope is not None:
            pieces.append(scope.encoded or _encode_scope(scope, instance, new_values))
        token = tokens.get(key)
        if token is not None:
            pieces.append(token.encoded or _encode_token(token, process))
        page = pages.get(key) if pages else None
        if page is not None:
            pieces.append(page.encoded or _encode_page(page))
    return b"".join(pieces)


def _add_values(apart: Apart, instance: Instance, new_values: dict[str, bytes]) -> None:
    values = instance.large_values
    assert values is not None
    used: dict[str, int] = {}
    total = 0
    for key in list(values.scopes):
        scope = instance.scopes.get(key)
        if scope is None or not scope.large:
            values.scopes.discard(key)
        else:
            for large in scope.large.values():
                used[large.content_hash] = large.size
                total += large.size
    apart.values = [(content_hash, new_values[content_hash]) for content_hash in used if content_hash in new_values]
    apart.dropped_values = [content_hash for content_hash in values.sizes if content_hash not in used]
    # Each variable counts, also where several share what is stored: whoever reads them gets it as often.
    apart.size += total
    values.sizes = used
    if not used:
        instance.large_values = None


def _add_rare(head: stored_pb2.InstanceSnapshot, instance: Instance) -> None:
    incidents = sorted(instance.incidents)
    head.incident_keys.extend(incidents)
    head.incident_job_keys.extend([instance.incidents[key] for key in incidents])
    head.delegated_task_keys.extend(sorted(instance.delegated_tasks))
    for task in instance.added_tasks.values():
        head.added_tasks.add(key=task.key, parent_key=task.parent_key, assignee=task.assignee)


def _encode_scope(scope: Scope, instance: Instance, new_values: dict[str, bytes]) -> bytes:
    variables = b"" if scope.large is not None else orjson.dumps(scope.variables)
    if scope.large is not None or len(variables) > LARGE_VALUE_BYTES:
        variables = orjson.dumps(_small_variables(scope, instance, new_values))
    stored = stored_pb2.StoredScope(key=scope.key, parent_key=scope.parent_key, variables_json=variables)
    if scope.large is not None:
        for name, large in sorted(scope.large.items()):
            stored.large_values[name] = large.content_hash
    if scope.compensations:
        process = instance.definition.process
        stored.compensations.extend([_stored_compensable(entry, process) for entry in scope.compensations])
    scope.encoded = _field(_SCOPE_TAG, stored.SerializeToString())
    return scope.encoded


def _small_variables(scope: Scope, instance: Instance, new_values: dict[str, bytes]) -> dict[str, Any]:
    """Note the large values of a scope, without serialising those that are known; return the other variables."""
    known = scope.large or {}
    scope.large = {}
    small: dict[str, Any] = {}
    for name, value in scope.variables.items():
        large = known.get(name)
        if large is not None and large.value is value:
            scope.large[name] = large
        elif isinstance(value, list | dict) or (isinstance(value, str) and len(value) * 6 > LARGE_VALUE_BYTES):
            content = orjson.dumps(value)
            if len(content) > LARGE_VALUE_BYTES:
                scope.large[name] = _new_large(value, content, instance, new_values)
            else:
                small[name] = value
        else:
            small[name] = value
    if scope.large:
        if instance.large_values is None:
            instance.large_values = LargeValues()
        instance.large_values.scopes.add(scope.key)
    else:
        scope.large = None
    return small


def _new_large(value: Any, content: bytes, instance: Instance, new_values: dict[str, bytes]) -> LargeValue:
    content_hash = blake2b(content, digest_size=HASH_BYTES).hexdigest()
    if instance.large_values is None or content_hash not in instance.large_values.sizes:
        new_values[content_hash] = content
    return LargeValue(value, content_hash, len(content))


def _encode_page(page: Page) -> bytes:
    stored = stored_pb2.StoredPage(key=page.key, entries_json=orjson.dumps(page.entries))
    page.encoded = _field(_PAGE_TAG, stored.SerializeToString())
    return page.encoded


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


_NO_VALUES: Final[Mapping[str, bytes]] = {}


def decode_snapshot(
    content: bytes,
    instance: Instance,
    parts: Sequence[tuple[int, bytes]] = (),
    values: Mapping[str, bytes] = _NO_VALUES,
) -> None:
    """Fill scopes and tokens of an instance whose definition is known.

    `parts` with their numbers, in their order, and large `values` by their hashes are what was stored apart.
    Raises `UnknownSnapshotFormat`.
    """
    # Messages of one kind behind each other are one message that has all their entries.
    snapshot = stored_pb2.InstanceSnapshot.FromString(b"".join([content, *[part for _, part in parts]]))
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
    large_values = {content_hash: orjson.loads(value) for content_hash, value in values.items()}
    if values:
        instance.large_values = LargeValues()
        instance.large_values.sizes = {content_hash: len(value) for content_hash, value in values.items()}
    for stored in snapshot.scopes:
        scope = Scope(stored.key, stored.parent_key, orjson.loads(stored.variables_json))
        if stored.large_values:
            _add_large(scope, stored.large_values, large_values, instance)
        scope.compensations = [_compensable(entry, process) for entry in stored.compensations]
        instance.scopes[stored.key] = scope
    for page in snapshot.pages:
        instance.pages[page.key] = Page(page.key, orjson.loads(page.entries_json))
    for entry in snapshot.tokens:
        token = _token(entry, process, flow_index)
        instance.add_waiting(token)
        if not entry.host:
            instance.scopes[token.scope_key].live_tokens += 1
        if process.elements[token.element].kind in JOINS and token.stage == Stage.ACTIVE:
            instance.arrivals.setdefault((token.scope_key, token.element), []).append(token)
    if parts:
        _add_parts(instance, parts)


def _add_large(scope: Scope, hashes: Mapping[str, str], decoded: Mapping[str, Any], instance: Instance) -> None:
    assert instance.large_values is not None
    instance.large_values.scopes.add(scope.key)
    scope.large = {}
    for name, content_hash in hashes.items():
        value = scope.variables[name] = decoded[content_hash]
        scope.large[name] = LargeValue(value, content_hash, instance.large_values.sizes[content_hash])


def _add_parts(instance: Instance, stored: Sequence[tuple[int, bytes]]) -> None:
    parts = _split(instance)
    parts.changed.clear()
    parts.sizes = {number: len(content) for number, content in stored}


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
