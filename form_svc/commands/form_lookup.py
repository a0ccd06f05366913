"""Which form a task or a start event means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from flowmesh.engine.v1.form_host_service_pb2 import FormReference

from form_svc.commands.bundles import Bundles
from form_svc.commands.form_reading import ReadForm, SchemaReader, schema_invalid
from form_svc.commands.listed_fields import renamed_in, schema_of
from form_svc.commands.refusals import named_form_missing, no_form
from form_svc.schema import FormSchemaInvalid
from form_svc.storage.definitions import (
    Definition,
    find_in_deployment,
    find_newest,
    find_resource,
    find_tagged,
    find_version,
    read_schema,
)
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.errors import Violation

IN_MODEL = "camunda-forms:bpmn:"
IN_DEPLOYMENT = "camunda-forms:deployment:"
MAX_VERSION_DIGITS = 9

T = TypeVar("T")


@dataclass(slots=True, frozen=True)
class Host:
    """What names a form: a task, or the start event of a definition."""

    id: str
    what: str
    """`the task`, for people."""
    tenant_id: str
    deployment_id: str
    form: FormReference


@dataclass(slots=True, frozen=True)
class FoundForm:
    """A form to show and to check by; without a definition where it lies in the model."""

    form: ReadForm
    key: str
    definition: Definition | None = None
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Variables by the keys that their fields have instead of their names."""

    def shown(self, variables: Mapping[str, T]) -> dict[str, T]:
        """Return variables as the form's data."""
        data = {name: value for name, value in variables.items() if name not in self.renamed}
        return data | {key: variables[name] for key, name in self.renamed.items() if name in variables}

    def taken_over(self, data: Mapping[str, T]) -> dict[str, T]:
        """Return the form's data as variables."""
        return {self.renamed.get(key, key): value for key, value in data.items()}

    @property
    def version(self) -> int:
        """The form's version; 0 where it has none of its own."""
        return self.definition.version if self.definition is not None else 0


@dataclass(slots=True, frozen=True)
class FormLookup:
    """Finds forms. `database` is one that calls are served from."""

    database: Database
    bundles: Bundles
    reader: SchemaReader

    async def find(self, host: Host) -> FoundForm:
        """Return the form that a host means.

        Raises `NotFound` (FORM_NOT_FOUND), `InvalidField` (FORM_SCHEMA_INVALID) where a form in the model cannot be
        read, `DependencyDown`.
        """
        reference = host.form
        if reference.embedded_schema:
            return FoundForm(await self._read(reference.embedded_schema), reference.key)
        if reference.key:
            return await self._named(host)
        if reference.fields:
            form = await self._read(schema_of("listed-fields", reference.fields))
            return FoundForm(form, "", renamed=renamed_in(reference.fields))
        raise no_form(host.id, host.what)

    async def _named(self, host: Host) -> FoundForm:
        key = host.form.key
        if host.deployment_id:
            # A deployment is told of a moment after it was made; whoever comes before that is not to miss its forms.
            await self.bundles.take_in(host.deployment_id)
        definition, how = await self.database.read(_definition(host))
        content = await self.database.read(read_schema(definition.id)) if definition is not None else None
        if definition is None or content is None:
            raise named_form_missing(host.id, key, how)
        return FoundForm(await self._read(content), definition.form_key, definition)

    async def _read(self, content: bytes) -> ReadForm:
        try:
            return await self.reader.read(content)
        except FormSchemaInvalid as error:
            problems = [Violation(problem.path, problem.message) for problem in error.problems]
            raise schema_invalid(problems) from error


def _definition(host: Host) -> Program[tuple[Definition | None, str]]:
    """Return the version that is meant, and what is said where there is none."""
    reference, key, tenant_id = host.form, host.form.key, host.tenant_id
    binding = reference.binding
    if key.startswith(IN_MODEL):
        return None, "the model has no form of this id"
    if key.startswith(IN_DEPLOYMENT):
        name = key.removeprefix(IN_DEPLOYMENT)
        found = yield from find_resource(host.deployment_id, name) if host.deployment_id else _nothing()
        return found, f"its deployment has no file {name}"
    if binding == FormReference.BINDING_DEPLOYMENT:
        found = yield from find_in_deployment(host.deployment_id, key) if host.deployment_id else _nothing()
        return found, "its deployment has no form of this id"
    if binding == FormReference.BINDING_VERSION:
        found = yield from find_version(tenant_id, key, _number_of(reference.version))
        return found, f"there is no version {reference.version}"
    if binding == FormReference.BINDING_VERSION_TAG:
        found = yield from find_tagged(tenant_id, key, reference.version)
        return found, f"no version has the tag {reference.version}"
    found = None
    if binding == FormReference.BINDING_UNSPECIFIED and host.deployment_id:
        found = yield from find_in_deployment(host.deployment_id, key)
    if found is None:
        found = yield from find_newest(tenant_id, key)
    return found, "deploy a form of this id, in the same tenant"


def _number_of(version: str) -> int:
    """Return a version's number; 0, which none has, for texts that are none."""
    return int(version) if version.isdecimal() and len(version) <= MAX_VERSION_DIGITS else 0


def _nothing() -> Program[Definition | None]:
    return None
    yield  # makes it a program
