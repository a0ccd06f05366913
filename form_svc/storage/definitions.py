"""Versions of forms."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields, replace

from mesh.access.row_conditions import row_condition
from mesh.access.rows import Rows
from mesh.db.select import Select
from mesh.db.statements import (
    DeleteMany,
    Execute,
    Fetch,
    FetchKeys,
    InsertMany,
    Program,
    Row,
    UpdateKeys,
    UpsertMany,
)


@dataclass(slots=True, frozen=True)
class Definition:
    """A row of `form_definition`; times in microseconds."""

    id: str
    form_key: str
    version: int
    tenant_id: str
    name: str
    version_tag: str
    deployment_id: str
    resource_name: str
    schema_version: int
    size_bytes: int
    sha256: str
    created_at: int
    created_by: str
    deployed_at: int
    latest: int = 0


COLUMNS = tuple(field.name for field in fields(Definition))
_SELECT = f"SELECT {','.join(COLUMNS)} FROM form_definition"
_NEWEST = "ORDER BY deployed_at DESC, version DESC LIMIT 1"


@dataclass(slots=True, frozen=True)
class DefinitionFilter:
    """What a list is narrowed to; empty values narrow nothing."""

    tenant_id: str = ""
    form_key: str = ""
    deployment_id: str = ""
    latest_only: bool = False


def insert_definition(new: Definition, content: bytes) -> Program[Definition]:
    """Give a form its next version. Versions of one form are made one after another."""
    key = (new.tenant_id, new.form_key)
    yield UpsertMany(
        "form_counter", ("tenant_id", "form_key", "last_version"), ("tenant_id", "form_key"), (), [(*key, 0)]
    )
    # From here on nobody else counts this form until the transaction ends.
    yield Execute("UPDATE form_counter SET last_version=last_version+1 WHERE tenant_id=? AND form_key=?", key)
    rows: list[Row] = yield FetchKeys("form_counter", ("last_version",), ("tenant_id", "form_key"), [key])
    stored = replace(new, version=rows[0][0])
    yield InsertMany("form_definition", COLUMNS, [astuple(stored)])
    yield InsertMany("form_schema", ("id", "content"), [(new.id, content)])
    latest = yield from _mark_latest(*key)
    return replace(stored, latest=int(latest == stored.id))


def delete_definitions(found: list[Definition]) -> Program[list[Definition]]:
    """Delete versions; the ones before become the newest again. Return those that were there still."""
    if not found:
        return []
    for tenant_id, form_key in sorted({(each.tenant_id, each.form_key) for each in found}):
        yield Fetch(
            "SELECT last_version FROM form_counter WHERE tenant_id=? AND form_key=?", (tenant_id, form_key), lock=True
        )
    # Behind the locks: somebody else may have deleted some meanwhile.
    rows: list[Row] = yield FetchKeys("form_definition", COLUMNS, ("id",), [(each.id,) for each in found])
    ids = [(row[0],) for row in rows]
    if not ids:
        return []
    yield DeleteMany("form_definition", ("id",), ids)
    yield DeleteMany("form_schema", ("id",), ids)
    for tenant_id, form_key in sorted({(each.tenant_id, each.form_key) for each in found}):
        yield from _mark_latest(tenant_id, form_key)
    return [Definition(*row) for row in rows]


def _mark_latest(tenant_id: str, form_key: str) -> Program[str]:
    """Mark the newest version of a form; return its id, empty where there is none."""
    rows: list[Row] = yield Fetch(
        f"SELECT id FROM form_definition WHERE tenant_id=? AND form_key=? {_NEWEST}", (tenant_id, form_key)
    )
    yield Execute(
        "UPDATE form_definition SET latest=0 WHERE tenant_id=? AND form_key=? AND latest=1", (tenant_id, form_key)
    )
    if not rows:
        return ""
    yield UpdateKeys("form_definition", "latest=1", (), ("id",), [(rows[0][0],)])
    newest: str = rows[0][0]
    return newest


def find_definition(definition_id: str) -> Program[Definition | None]:
    """Read a version."""
    rows: list[Row] = yield FetchKeys("form_definition", COLUMNS, ("id",), [(definition_id,)])
    return Definition(*rows[0]) if rows else None


def find_newest(tenant_id: str, form_key: str) -> Program[Definition | None]:
    """Read the newest version of a form."""
    return (yield from _first(f"{_SELECT} WHERE tenant_id=? AND form_key=? {_NEWEST}", tenant_id, form_key))


def lock_newest(tenant_id: str, form_key: str) -> Program[Definition | None]:
    """Read the newest version of a form, and let nobody make another one until the transaction ends."""
    key = (tenant_id, form_key)
    yield UpsertMany(
        "form_counter", ("tenant_id", "form_key", "last_version"), ("tenant_id", "form_key"), (), [(*key, 0)]
    )
    yield Fetch("SELECT last_version FROM form_counter WHERE tenant_id=? AND form_key=?", key, lock=True)
    return (yield from find_newest(tenant_id, form_key))


def find_version(tenant_id: str, form_key: str, version: int) -> Program[Definition | None]:
    """Read a version by its number."""
    return (
        yield from _first(f"{_SELECT} WHERE tenant_id=? AND form_key=? AND version=?", tenant_id, form_key, version)
    )


def find_tagged(tenant_id: str, form_key: str, version_tag: str) -> Program[Definition | None]:
    """Read the newest version with a tag."""
    return (
        yield from _first(
            f"{_SELECT} WHERE tenant_id=? AND form_key=? AND version_tag=? {_NEWEST}", tenant_id, form_key, version_tag
        )
    )


def find_in_deployment(deployment_id: str, form_key: str) -> Program[Definition | None]:
    """Read the form of a key that came with a deployment."""
    return (yield from _first(f"{_SELECT} WHERE deployment_id=? AND form_key=? {_NEWEST}", deployment_id, form_key))


def find_resource(deployment_id: str, resource_name: str) -> Program[Definition | None]:
    """Read the form that came with a deployment in a file."""
    return (
        yield from _first(
            f"{_SELECT} WHERE deployment_id=? AND resource_name=? {_NEWEST}", deployment_id, resource_name
        )
    )


def definitions_of(deployment_id: str) -> Program[list[Definition]]:
    """Read all that came with a deployment."""
    rows: list[Row] = yield Fetch(
        f"{_SELECT} WHERE deployment_id=? ORDER BY resource_name LIMIT 1000", (deployment_id,)
    )
    return [Definition(*row) for row in rows]


def read_schema(definition_id: str) -> Program[bytes | None]:
    """Read the bytes of a schema."""
    rows: list[Row] = yield FetchKeys("form_schema", ("content",), ("id",), [(definition_id,)])
    return bytes(rows[0][0]) if rows else None


def list_definitions(
    wanted: DefinitionFilter, opened: Rows, after: str | None, limit: int
) -> Program[list[Definition]]:
    """Read versions that are open to a call, the newest first."""
    select = (
        Select("form_definition", COLUMNS)
        .open_to(row_condition(opened, "tenant_id"))
        .equal("tenant_id", wanted.tenant_id)
        .equal("form_key", wanted.form_key)
        .equal("deployment_id", wanted.deployment_id)
        .equal("latest", int(wanted.latest_only))
        .page(("id",), None if after is None else (after,), limit, descending=True)
    )
    rows: list[Row] = yield select.fetch()
    return [Definition(*row) for row in rows]


def intake_of(deployment_id: str, *, lock: bool = False) -> Program[int | None]:
    """Return whether a deployment was taken in (0), or is gone again (1); None where neither."""
    rows: list[Row] = yield Fetch(
        "SELECT deleted FROM deployment_intake WHERE deployment_id=?", (deployment_id,), lock=lock
    )
    return rows[0][0] if rows else None


def note_intake(deployment_id: str, now: int, *, deleted: bool) -> Program[None]:
    """Note that a deployment was taken in, or is gone; what is gone stays so."""
    columns = ("deployment_id", "deleted", "taken_at")
    row = (deployment_id, int(deleted), now)
    yield UpsertMany("deployment_intake", columns, ("deployment_id",), columns[1:] if deleted else (), [row])


def _first(sql: str, *parameters: object) -> Program[Definition | None]:
    rows: list[Row] = yield Fetch(sql, parameters)
    return Definition(*rows[0]) if rows else None
