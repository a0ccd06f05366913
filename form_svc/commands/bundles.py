"""Takes in the forms of the engine's deployments, each deployment once: when it is told of, or needed earlier."""

from __future__ import annotations

from dataclasses import dataclass

from flowmesh.engine.v1.form_host_service_pb2 import GetDeploymentFormsResponse

from form_svc.commands.definitions import definition_of, told
from form_svc.commands.form_reading import SchemaReader
from form_svc.engine.host import EngineHost
from form_svc.schema import FormSchemaInvalid
from form_svc.storage.audit import FORM, tell_operation
from form_svc.storage.definitions import (
    Definition,
    definitions_of,
    delete_definitions,
    insert_definition,
    intake_of,
    note_intake,
)
from mesh.audit.operation import NOBODY
from mesh.clock import Clock
from mesh.db.database import ConstraintViolated, Database
from mesh.db.served_database import write_again
from mesh.db.statements import InsertMany, Program
from mesh.errors import NotFound
from mesh.logs import get_log

_log = get_log(__name__)


@dataclass(slots=True, frozen=True)
class Bundles:
    """Knows which deployments were taken in. `database` is one that calls are served from."""

    database: Database
    clock: Clock
    engine: EngineHost
    reader: SchemaReader

    async def take_in(self, deployment_id: str) -> None:
        """Make versions of the forms of a deployment, unless that was done.

        Raises `DependencyDown` where the engine or the database does not answer.
        """
        if await self.database.read(intake_of(deployment_id)) is not None:
            return
        try:
            found = await self.engine.deployment_forms(deployment_id)
        except NotFound:
            await self.remove(deployment_id)
            return
        forms = await self._read(found)

        def program() -> Program[None]:
            now = self.clock.now_micros()
            # Whoever comes second fails here.
            yield InsertMany("deployment_intake", ("deployment_id", "deleted", "taken_at"), [(deployment_id, 0, now)])
            for definition, content in forms:
                stored = yield from insert_definition(definition, content)
                # Who has deployed it stands in the engine's entry of the deployment.
                yield from tell_operation(
                    NOBODY, now, FORM, stored.id, stored.tenant_id, action="forms.create", after=told(stored)
                )

        try:
            await write_again(self.database, program)
        except ConstraintViolated:
            if await self.database.read(intake_of(deployment_id)) is None:
                raise

    async def remove(self, deployment_id: str) -> None:
        """Delete the forms of a deployment that is gone. Raises `DependencyDown`."""

        def program() -> Program[None]:
            now = self.clock.now_micros()
            yield from note_intake(deployment_id, now, deleted=True)
            for gone in (yield from delete_definitions((yield from definitions_of(deployment_id)))):
                yield from tell_operation(
                    NOBODY, now, FORM, gone.id, gone.tenant_id, action="forms.delete", before=told(gone)
                )

        await write_again(self.database, program)

    async def _read(self, found: GetDeploymentFormsResponse) -> list[tuple[Definition, bytes]]:
        deployment = found.deployment
        forms = []
        for resource in sorted(found.forms, key=lambda each: each.name):
            try:
                form = await self.reader.read(resource.content)
            except FormSchemaInvalid as error:
                # The engine had it checked; only another release of this service can have thought otherwise.
                _log.error(
                    "A form of a deployment cannot be used",
                    deployment=deployment.id,
                    resource=resource.name,
                    detail=str(error),
                )
                continue
            definition = definition_of(
                form,
                deployment.tenant_id,
                resource.name,
                deployment.create_time.ToMicroseconds(),
                deployment_id=deployment.id,
            )
            forms.append((definition, resource.content))
        return forms
