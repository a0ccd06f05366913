"""Deployments and process definitions."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine_svc.storage.commit import REQUEST_COLUMNS, AlreadyAnswered, RequestRecord, find_answer
from mesh.db.select import Select
from mesh.db.statements import Execute, Fetch, FetchKeys, InsertMany, Program, Row, UpdateKeys

DEPLOYMENT_COLUMNS = ("id", "name", "tenant_id", "created_at", "content_hash")
DEFINITION_COLUMNS = (
    "id",
    "definition_key",
    "version",
    "name",
    "description",
    "version_tag",
    "deployment_id",
    "resource_name",
    "tenant_id",
    "latest",
    "created_at",
)
DUPLICATE = "duplicate"


@dataclass(slots=True, frozen=True)
class NewDefinition:
    """A process of a bundle, not yet numbered."""

    id: str
    key: str
    name: str
    description: str
    version_tag: str
    resource_name: str


@dataclass(slots=True, frozen=True)
class NewDeployment:
    """A validated bundle to be deployed. `now` in microseconds."""

    id: str
    name: str
    tenant_id: str
    now: int
    resources: Sequence[tuple[str, bytes]]
    definitions: Sequence[NewDefinition]
    force: bool

    def content_hash(self) -> str:
        """Return a digest of all resources, their names and order aside."""
        digest = hashlib.sha256()
        for name, content in sorted(self.resources):
            digest.update(hashlib.sha256(name.encode()).digest() + hashlib.sha256(content).digest())
        return digest.hexdigest()


@dataclass(slots=True, frozen=True)
class StoredDeployment:
    """A deployment row with its definitions' rows. `duplicate`: it was there before."""

    row: Row
    definitions: list[Row]
    resource_names: list[str]
    duplicate: bool = False


def deploy(new: NewDeployment, request: RequestRecord | None) -> Program[StoredDeployment | Exception]:
    """Store a bundle and give its processes their next versions; one deployment at a time.

    Where the newest deployment of the name holds the same bytes, that one is answered. Returns what
    `find_answer` says where the request id is known; its response is the deployment's id, followed by `DUPLICATE`
    where that deployment was there before.
    """
    # This lock is what makes versions count up without gaps or twins.
    yield Fetch("SELECT epoch FROM definition_epoch WHERE id=1", lock=True)
    if request is not None:
        answered = yield from find_answer(request)
        if isinstance(answered, AlreadyAnswered):
            deployment_id, _, kind = answered.response.decode().partition(" ")
            stored = yield from read_deployment(deployment_id)
            if stored is not None:
                return replace(stored, duplicate=kind == DUPLICATE)
        if answered is not None:
            return answered
    content_hash = new.content_hash()
    if not new.force:
        newest: list[Row] = yield Fetch(
            "SELECT id, content_hash FROM deployment WHERE tenant_id=? AND name=? ORDER BY id DESC LIMIT 1",
            (new.tenant_id, new.name),
        )
        if newest and newest[0][1] == content_hash:
            stored = yield from read_deployment(newest[0][0])
            assert stored is not None
            yield from _remember(request, f"{newest[0][0]} {DUPLICATE}", new.now)
            return replace(stored, duplicate=True)
    yield InsertMany("deployment", DEPLOYMENT_COLUMNS, [(new.id, new.name, new.tenant_id, new.now, content_hash)])
    yield InsertMany(
        "deployment_resource",
        ("deployment_id", "name", "content"),
        [(new.id, name, content) for name, content in new.resources],
    )
    yield from _insert_definitions(new)
    yield Execute("UPDATE definition_epoch SET epoch=epoch+1 WHERE id=1")
    yield from _remember(request, new.id, new.now)
    stored = yield from read_deployment(new.id)
    assert stored is not None
    return stored


def _insert_definitions(new: NewDeployment) -> Program[None]:
    rows = []
    for definition in new.definitions:
        newest: list[Row] = yield Fetch(
            "SELECT id, version FROM process_definition WHERE tenant_id=? AND definition_key=? "
            "ORDER BY version DESC LIMIT 1",
            (new.tenant_id, definition.key),
        )
        version = newest[0][1] + 1 if newest else 1
        if newest:
            yield UpdateKeys("process_definition", "latest=0", (), ("id",), [(newest[0][0],)])
        rows.append(
            (
                definition.id,
                definition.key,
                version,
                definition.name,
                definition.description,
                definition.version_tag,
                new.id,
                definition.resource_name,
                new.tenant_id,
                1,
                new.now,
            )
        )
    if rows:
        yield InsertMany("process_definition", DEFINITION_COLUMNS, rows)


def _remember(request: RequestRecord | None, answer: str, now: int) -> Program[None]:
    if request is not None:
        row = (request.method, request.request_id, request.fingerprint, answer.encode(), now)
        yield InsertMany("request_record", REQUEST_COLUMNS, [row])


def read_deployment(deployment_id: str) -> Program[StoredDeployment | None]:
    """Read a deployment with its definitions."""
    rows: list[Row] = yield FetchKeys("deployment", DEPLOYMENT_COLUMNS, ("id",), [(deployment_id,)])
    if not rows:
        return None
    return (yield from _with_contents(rows))[0]


def list_deployments(tenant_id: str, name: str, after: str | None, limit: int) -> Program[list[StoredDeployment]]:
    """Read deployments, newest first."""
    select = (
        Select("deployment", DEPLOYMENT_COLUMNS)
        .equal("tenant_id", tenant_id)
        .equal("name", name)
        .page(("id",), None if after is None else (after,), limit, descending=True)
    )
    rows: list[Row] = yield select.fetch()
    return (yield from _with_contents(rows)) if rows else []


def _with_contents(rows: list[Row]) -> Program[list[StoredDeployment]]:
    ids = [row[0] for row in rows]
    definitions: list[Row] = yield (
        Select("process_definition", DEFINITION_COLUMNS)
        .one_of("deployment_id", ids)
        .page(("deployment_id", "definition_key"), None, 100_000)
        .fetch()
    )
    resources: list[Row] = yield (
        Select("deployment_resource", ("deployment_id", "name"))
        .one_of("deployment_id", ids)
        .page(("deployment_id", "name"), None, 100_000)
        .fetch()
    )
    by_deployment = DEFINITION_COLUMNS.index("deployment_id")
    return [
        StoredDeployment(
            row,
            [definition for definition in definitions if definition[by_deployment] == row[0]],
            [name for deployment_id, name in resources if deployment_id == row[0]],
        )
        for row in rows
    ]


def read_resource(deployment_id: str, name: str) -> Program[bytes | None]:
    """Read a resource's bytes."""
    rows: list[Row] = yield FetchKeys(
        "deployment_resource", ("content",), ("deployment_id", "name"), [(deployment_id, name)]
    )
    return bytes(rows[0][0]) if rows else None


def read_definitions(definition_ids: Sequence[str]) -> Program[list[tuple[Row, bytes]]]:
    """Read definitions together with the files they come from."""
    rows: list[Row] = yield FetchKeys("process_definition", DEFINITION_COLUMNS, ("id",), [(i,) for i in definition_ids])
    found = []
    for row in rows:
        content = yield from read_resource(row[6], row[7])
        assert content is not None
        found.append((row, content))
    return found


def find_beside(definition_id: str, key: str) -> Program[str | None]:
    """Return the id of the process of a key that was deployed together with a definition."""
    rows: list[Row] = yield Fetch(
        "SELECT called.id FROM process_definition caller CROSS JOIN process_definition called "
        "WHERE caller.id=? AND called.deployment_id=caller.deployment_id AND called.definition_key=?",
        (definition_id, key),
    )
    return rows[0][0] if rows else None


def find_tagged(tenant_id: str, key: str, version_tag: str) -> Program[str | None]:
    """Return the id of the newest version of a process that has a tag."""
    rows: list[Row] = yield Fetch(
        "SELECT id FROM process_definition WHERE tenant_id=? AND definition_key=? AND version_tag=? "
        "ORDER BY version DESC LIMIT 1",
        (tenant_id, key, version_tag),
    )
    return rows[0][0] if rows else None


def find_definition(tenant_id: str, key: str, version: int) -> Program[tuple[str | None, int]]:
    """Return the id of a version (0: the newest) and the epoch at which that was so."""
    epoch: list[Row] = yield Fetch("SELECT epoch FROM definition_epoch WHERE id=1")
    if version:
        rows: list[Row] = yield FetchKeys(
            "process_definition", ("id",), ("tenant_id", "definition_key", "version"), [(tenant_id, key, version)]
        )
    else:
        rows = yield Fetch(
            "SELECT id FROM process_definition WHERE tenant_id=? AND definition_key=? ORDER BY version DESC LIMIT 1",
            (tenant_id, key),
        )
    return (rows[0][0] if rows else None), epoch[0][0]


def list_definitions(
    tenant_id: str, key: str, after: Sequence[object] | None, limit: int, *, latest_only: bool
) -> Program[list[Row]]:
    """Read definitions, newest first, in the order of `DEFINITION_COLUMNS`."""
    select = (
        Select("process_definition", DEFINITION_COLUMNS)
        .equal("tenant_id", tenant_id)
        .equal("definition_key", key)
        .equal("latest", int(latest_only))
        .page(("id",), after, limit, descending=True)
    )
    rows: list[Row] = yield select.fetch()
    return rows
