"""Deployments and process definitions."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine_svc.storage.commit import REQUEST_COLUMNS, AlreadyAnswered, RequestRecord, find_answer
from engine_svc.storage.definition_events import REFERENCE_COLUMNS, Telling
from engine_svc.storage.newest_version import replace_newest
from engine_svc.storage.start_events import NO_STARTS, Starts, claim_messages, insert_starts, refuse_taken_messages
from mesh.access.row_conditions import row_condition
from mesh.access.rows import Rows
from mesh.audit.operation import NOBODY, Maker
from mesh.db.select import Select
from mesh.db.statements import Execute, Fetch, FetchKeys, InsertMany, Program, Row
from mesh.errors import NotFound

DEPLOYMENT_COLUMNS = ("id", "name", "tenant_id", "created_at", "content_hash", "deleting")
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
    "state",
)
START_COLUMNS = ("id", "definition_key", "version", "state", "tenant_id")
DUPLICATE = "duplicate"


class DefinitionState(enum.IntEnum):
    """Whether a definition may be started; the numbers are those of the database."""

    ACTIVE = 1
    SUSPENDED = 2
    DELETING = 3
    """Its deployment is being deleted: for callers it is gone."""


@dataclass(slots=True, frozen=True)
class NewDefinition:
    """A process of a bundle, not yet numbered."""

    id: str
    key: str
    name: str
    description: str
    version_tag: str
    resource_name: str
    starts: Starts = NO_STARTS


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
    maker: Maker = NOBODY

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
    where that deployment was there before. Raises `NotFound` where that deployment has been deleted since, and
    `AlreadyExists` (START_MESSAGE_TAKEN).
    """
    # This lock is what makes versions count up without gaps or twins.
    yield from lock_definitions()
    if request is not None:
        answered = yield from find_answer(request)
        if isinstance(answered, AlreadyAnswered):
            deployment_id, _, kind = answered.response.decode().partition(" ")
            stored = yield from read_deployment(deployment_id)
            if stored is None:
                raise NotFound(
                    "DEPLOYMENT_NOT_FOUND",
                    f"deployment {deployment_id}, which this request id made, has been deleted; to deploy the bundle "
                    "again send another request id",
                    metadata={"id": deployment_id},
                )
            return replace(stored, duplicate=kind == DUPLICATE)
        if answered is not None:
            return answered
    content_hash = new.content_hash()
    if not new.force:
        newest: list[Row] = yield Fetch(
            "SELECT id, content_hash FROM deployment WHERE tenant_id=? AND name=? AND deleting=0 "
            "ORDER BY id DESC LIMIT 1",
            (new.tenant_id, new.name),
        )
        if newest and newest[0][1] == content_hash:
            stored = yield from read_deployment(newest[0][0])
            assert stored is not None
            yield from remember(request, f"{newest[0][0]} {DUPLICATE}".encode(), new.now)
            return replace(stored, duplicate=True)
    yield InsertMany("deployment", DEPLOYMENT_COLUMNS, [(new.id, new.name, new.tenant_id, new.now, content_hash, 0)])
    yield InsertMany(
        "deployment_resource",
        ("deployment_id", "name", "content"),
        [(new.id, name, content) for name, content in new.resources],
    )
    yield from _insert_definitions(new)
    yield from raise_epoch()
    yield from remember(request, new.id.encode(), new.now)
    stored = yield from read_deployment(new.id)
    assert stored is not None
    told = yield FetchKeys("process_definition", REFERENCE_COLUMNS, ("id",), [row[:1] for row in stored.definitions])
    yield from Telling(new.now, new.maker).deployed(stored.row, told, new.resources)
    return stored


def lock_definitions() -> Program[None]:
    """Let nobody else deploy, delete, suspend or resume definitions, nor start any, until the transaction ends."""
    yield Fetch("SELECT epoch FROM definition_epoch WHERE id=1", lock=True)


def raise_epoch() -> Program[None]:
    """Make stale what every process knows of which definitions may be started."""
    yield Execute("UPDATE definition_epoch SET epoch=epoch+1 WHERE id=1")


def newest_version(tenant_id: str, key: str) -> Program[Row | None]:
    """Return id and version of the newest definition that is not being deleted."""
    rows: list[Row] = yield Fetch(
        "SELECT id, version FROM process_definition WHERE tenant_id=? AND definition_key=? AND state<>? "
        "ORDER BY version DESC LIMIT 1",
        (tenant_id, key, DefinitionState.DELETING),
    )
    return rows[0] if rows else None


def _insert_definitions(new: NewDeployment) -> Program[None]:
    for definition in new.definitions:
        before = yield from newest_version(new.tenant_id, definition.key)
        # Counts those that are being deleted: their rows are still there.
        highest: list[Row] = yield Fetch(
            "SELECT MAX(version) FROM process_definition WHERE tenant_id=? AND definition_key=?",
            (new.tenant_id, definition.key),
        )
        row = (
            definition.id,
            definition.key,
            (highest[0][0] or 0) + 1,
            definition.name,
            definition.description,
            definition.version_tag,
            new.id,
            definition.resource_name,
            new.tenant_id,
            0,
            new.now,
            int(DefinitionState.ACTIVE),
        )
        yield InsertMany("process_definition", DEFINITION_COLUMNS, [row])
        yield from insert_starts(definition.id, definition.key, new.tenant_id, definition.starts, new.now)
        yield from replace_newest(
            new.tenant_id, definition.key, before=before[0] if before else None, after=definition.id, now=new.now
        )
    # Only now: a process of the same bundle may have given a message up.
    for definition in new.definitions:
        yield from refuse_taken_messages(new.tenant_id, definition.key, definition.starts)
        yield from claim_messages(definition.id)


def remember(request: RequestRecord | None, answer: bytes, now: int) -> Program[None]:
    """Keep the answer of a request that has an id. `now` in microseconds."""
    if request is not None:
        row = (request.method, request.request_id, request.fingerprint, answer, now)
        yield InsertMany("request_record", REQUEST_COLUMNS, [row])


def read_deployment(deployment_id: str) -> Program[StoredDeployment | None]:
    """Read a deployment with its definitions."""
    rows: list[Row] = yield FetchKeys("deployment", DEPLOYMENT_COLUMNS, ("id",), [(deployment_id,)])
    if not rows:
        return None
    return (yield from _with_contents(rows))[0]


def list_deployments(
    tenant_id: str, name: str, opened: Rows, after: str | None, limit: int
) -> Program[list[StoredDeployment]]:
    """Read deployments that are open to a call, newest first."""
    select = (
        Select("deployment", DEPLOYMENT_COLUMNS)
        .open_to(row_condition(opened, "tenant_id"))
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


def read_deployment_tenant(deployment_id: str) -> Program[str | None]:
    """Read the tenant of a deployment, None where there is no such deployment."""
    rows: list[Row] = yield FetchKeys("deployment", ("tenant_id",), ("id",), [(deployment_id,)])
    return rows[0][0] if rows else None


def read_resource(deployment_id: str, name: str) -> Program[bytes | None]:
    """Read a resource's bytes."""
    rows: list[Row] = yield FetchKeys(
        "deployment_resource", ("content",), ("deployment_id", "name"), [(deployment_id, name)]
    )
    return bytes(rows[0][0]) if rows else None


def read_definition(definition_id: str) -> Program[Row | None]:
    """Read a definition, as `DEFINITION_COLUMNS`."""
    rows: list[Row] = yield FetchKeys("process_definition", DEFINITION_COLUMNS, ("id",), [(definition_id,)])
    return rows[0] if rows else None


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


def find_definition(tenant_id: str, key: str, version: int) -> Program[tuple[Row | None, int]]:
    """Return a version (0: the newest) as `START_COLUMNS`, and the epoch at which that was so."""
    epoch: list[Row] = yield Fetch("SELECT epoch FROM definition_epoch WHERE id=1")
    if version:
        rows: list[Row] = yield FetchKeys(
            "process_definition",
            START_COLUMNS,
            ("tenant_id", "definition_key", "version"),
            [(tenant_id, key, version)],
        )
    else:
        rows = yield Fetch(
            f"SELECT {','.join(START_COLUMNS)} FROM process_definition WHERE tenant_id=? AND definition_key=? "
            "AND latest=1 ORDER BY version DESC LIMIT 1",
            (tenant_id, key),
        )
    return _startable(rows), epoch[0][0]


def newest_startable(limit: int) -> Program[tuple[list[Row], int]]:
    """Return id, key and tenant of the newest versions that may be started, youngest first, and the epoch of that."""
    epoch: list[Row] = yield Fetch("SELECT epoch FROM definition_epoch WHERE id=1")
    rows: list[Row] = yield Fetch(
        "SELECT id, definition_key, tenant_id FROM process_definition WHERE latest=1 AND state=? "
        f"ORDER BY id DESC LIMIT {int(limit)}",
        (DefinitionState.ACTIVE,),
    )
    return rows, epoch[0][0]


def find_definition_by_id(definition_id: str) -> Program[tuple[Row | None, int]]:
    """Return a definition as `START_COLUMNS`, and the epoch at which that was so."""
    epoch: list[Row] = yield Fetch("SELECT epoch FROM definition_epoch WHERE id=1")
    rows: list[Row] = yield FetchKeys("process_definition", START_COLUMNS, ("id",), [(definition_id,)])
    return _startable(rows), epoch[0][0]


def _startable(rows: list[Row]) -> Row | None:
    return rows[0] if rows and rows[0][3] != DefinitionState.DELETING else None


@dataclass(slots=True, frozen=True)
class DefinitionFilter:
    """What to list; empty values do not filter."""

    key: str = ""
    key_contains: str = ""
    name: str = ""
    name_contains: str = ""
    version: int = 0
    version_tag: str = ""
    tenant_id: str = ""
    deployment_id: str = ""
    resource_name: str = ""
    latest_only: bool = False
    suspended: bool | None = None


def list_definitions(
    wanted: DefinitionFilter,
    opened: Rows,
    order: Sequence[str],
    after: Sequence[object] | None,
    limit: int,
    *,
    descending: bool,
) -> Program[list[Row]]:
    """Read definitions that are open to a call in the order of columns that together are unique.

    Each as `DEFINITION_COLUMNS`.
    """
    select = (
        Select("process_definition", DEFINITION_COLUMNS)
        .open_to(row_condition(opened, "tenant_id", "definition_key"))
        .equal("tenant_id", wanted.tenant_id)
        .equal("definition_key", wanted.key)
        .equal("name", wanted.name)
        .equal("version", wanted.version)
        .equal("version_tag", wanted.version_tag)
        .equal("deployment_id", wanted.deployment_id)
        .equal("resource_name", wanted.resource_name)
        .equal("latest", int(wanted.latest_only))
    )
    # Unlike LIKE, this tells upper from lower case on every database.
    if wanted.key_contains:
        select.where("INSTR(definition_key, ?)>0", wanted.key_contains)
    if wanted.name_contains:
        select.where("INSTR(name, ?)>0", wanted.name_contains)
    if wanted.suspended is None:
        select.where("state<>?", DefinitionState.DELETING)
    else:
        select.where("state=?", DefinitionState.SUSPENDED if wanted.suspended else DefinitionState.ACTIVE)
    rows: list[Row] = yield select.page(order, after, limit, descending=descending).fetch()
    return rows
