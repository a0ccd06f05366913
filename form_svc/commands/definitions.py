"""Versions of forms: making and deleting them."""

from __future__ import annotations

from typing import Any

from form_svc.commands.form_reading import ReadForm
from form_svc.commands.refusals import form_missing, tenant_missing
from form_svc.storage.audit import FORM, tell_operation
from form_svc.storage.definitions import (
    Definition,
    delete_definitions,
    find_definition,
    insert_definition,
    lock_newest,
)
from mesh.access.rows import Rows
from mesh.audit.operation import Maker
from mesh.db.statements import Program
from mesh.errors import WrongState
from mesh.ids import new_id


def definition_of(
    form: ReadForm, tenant_id: str, resource_name: str, now: int, *, deployment_id: str = "", created_by: str = ""
) -> Definition:
    """Return the row of a new version, not numbered yet. `now` in microseconds."""
    version = form.schema.version
    return Definition(
        id=new_id(),
        form_key=form.key,
        version=0,
        tenant_id=tenant_id,
        name=form.name,
        version_tag=form.version_tag,
        deployment_id=deployment_id,
        resource_name=resource_name or f"{form.key}.form"[:255],
        schema_version=version or 0,
        size_bytes=form.size_bytes,
        sha256=form.sha256,
        created_at=now,
        created_by=created_by,
        deployed_at=now,
    )


def create(
    opened: Rows, new: Definition, content: bytes, maker: Maker, *, force: bool
) -> Program[tuple[Definition, bool]]:
    """Make a version, or find that the newest one is the same; say which. Raises `NotFound` (TENANT_NOT_FOUND)."""
    if not opened.allow(new.tenant_id):
        raise tenant_missing(new.tenant_id)
    if not force:
        newest = yield from lock_newest(new.tenant_id, new.form_key)
        if newest is not None and newest.sha256 == new.sha256:
            return newest, True
    stored = yield from insert_definition(new, content)
    yield from tell_operation(maker, new.created_at, FORM, stored.id, stored.tenant_id, after=told(stored))
    return stored, False


def delete(opened: Rows, definition_id: str, maker: Maker, now: int) -> Program[None]:
    """Delete a version. Raises `NotFound`, `WrongState` (FORM_OF_DEPLOYMENT)."""
    found = yield from find_definition(definition_id)
    if found is None or not opened.allow(found.tenant_id):
        raise form_missing(definition_id)
    if found.deployment_id:
        raise WrongState(
            "FORM_OF_DEPLOYMENT",
            f"form {definition_id} came with deployment {found.deployment_id}; delete that one",
            metadata={"id": definition_id, "deployment_id": found.deployment_id},
        )
    if not (yield from delete_definitions([found])):
        raise form_missing(definition_id)
    yield from tell_operation(maker, now, FORM, found.id, found.tenant_id, before=told(found))


def told(definition: Definition) -> dict[str, Any]:
    """Return what the audit is told of a version."""
    about = {
        "key": definition.form_key,
        "version": definition.version,
        "versionTag": definition.version_tag,
        "deploymentId": definition.deployment_id,
        "resourceName": definition.resource_name,
        "sizeBytes": definition.size_bytes,
        "sha256": definition.sha256,
    }
    return {name: value for name, value in about.items() if value != ""}
