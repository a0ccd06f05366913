"""`flowmesh.engine.v1.FormHostService`: what the form service asks and does for users that it has let in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson
from flowmesh.engine.v1 import deployment_pb2
from flowmesh.engine.v1 import form_host_service_pb2 as pb
from flowmesh.engine.v1.user_task_service_pb2 import GetUserTaskRequest

from engine_svc.api import messages
from engine_svc.api.process_instance_service import ProcessInstanceServicer
from engine_svc.api.user_task_service import UserTaskServicer
from engine_svc.commands import user_tasks
from engine_svc.commands.definition_contents import DefinitionContents
from engine_svc.commands.model_forms import ModelForm, ModelForms, ModelFormsCache
from engine_svc.compile.load import is_form
from engine_svc.model.elements import FormBinding
from engine_svc.storage.definition_suspension import definition_missing
from engine_svc.storage.definitions import DEFINITION_COLUMNS, read_definition, read_deployment, read_resource
from engine_svc.storage.instances import SUMMARY_COLUMNS, fetch_summary
from mesh.access.rows import rows_from_json
from mesh.call import CallContext, as_call, current_call, open_rows
from mesh.db.database import Database
from mesh.db.statements import Row
from mesh.errors import InvalidField, NotFound, Violation
from mesh.json_values import to_values

_BINDINGS = {
    FormBinding.UNSAID: pb.FormReference.BINDING_UNSPECIFIED,
    FormBinding.LATEST: pb.FormReference.BINDING_LATEST,
    FormBinding.DEPLOYMENT: pb.FormReference.BINDING_DEPLOYMENT,
    FormBinding.VERSION: pb.FormReference.BINDING_VERSION,
    FormBinding.VERSION_TAG: pb.FormReference.BINDING_VERSION_TAG,
}
_KEY, _TENANT, _RESOURCE, _DEPLOYMENT = map(
    DEFINITION_COLUMNS.index, ("definition_key", "tenant_id", "resource_name", "deployment_id")
)

_ROOT = SUMMARY_COLUMNS.index("root_id")


@dataclass(slots=True)
class FormHostServicer:
    """Serves FormHostService."""

    database: Database
    contents: DefinitionContents
    tasks: UserTaskServicer
    instances: ProcessInstanceServicer
    _forms: ModelFormsCache = field(default_factory=ModelFormsCache)

    async def GetTaskFormHost(self, request: pb.GetTaskFormHostRequest) -> pb.GetTaskFormHostResponse:
        """See the contract."""
        with _acting(request.actor):
            task = (await self.tasks.GetUserTask(GetUserTaskRequest(id=request.user_task_id))).user_task
            answer = pb.GetTaskFormHostResponse(user_task=task)
            if request.with_variables:
                variables = await user_tasks.read_task_variables(self.tasks.executor, request.user_task_id, local=False)
                for name, value in to_values(variables).items():
                    answer.variables[name].CopyFrom(value)
        if not task.process_definition_id:
            answer.form.key = task.form_key
            return answer
        instance = await self.database.read(fetch_summary(task.process_instance_id))
        if instance is None:
            raise user_tasks.task_missing(task.id)
        answer.root_process_instance_id = instance[_ROOT]
        row, forms = await self._read_forms(task.process_definition_id)
        answer.deployment_id = row[_DEPLOYMENT]
        answer.form.CopyFrom(_reference(forms, forms.tasks.get(task.element_id, ModelForm()), task.form_key))
        return answer

    async def GetStartFormHost(self, request: pb.GetStartFormHostRequest) -> pb.GetStartFormHostResponse:
        """See the contract."""
        definition_id = request.process_definition_id
        row = await self.database.read(read_definition(definition_id))
        with _acting(request.actor):
            if row is None or not open_rows().allow(row[_TENANT], row[_KEY]):
                raise definition_missing(definition_id)
        _, forms = await self._read_forms(definition_id)
        return pb.GetStartFormHostResponse(
            process_definition=messages.definition_of_row(row),
            form=_reference(forms, forms.start, forms.start.key),
            element_id=forms.start.element_id,
        )

    async def CompleteSubmittedTask(self, request: pb.CompleteSubmittedTaskRequest) -> pb.CompleteSubmittedTaskResponse:
        """See the contract."""
        with _acting(request.actor):
            content = await self.tasks.CompleteUserTask(request.completion)
        answer = pb.CompleteSubmittedTaskResponse()
        answer.completion.ParseFromString(content)
        return answer

    async def StartSubmittedInstance(
        self, request: pb.StartSubmittedInstanceRequest
    ) -> pb.StartSubmittedInstanceResponse:
        """See the contract."""
        with _acting(request.actor):
            content = await self.instances.CreateProcessInstance(request.start)
        answer = pb.StartSubmittedInstanceResponse()
        answer.start.ParseFromString(content)
        return answer

    async def GetDeploymentForms(self, request: pb.GetDeploymentFormsRequest) -> pb.GetDeploymentFormsResponse:
        """See the contract."""
        stored = await self.database.read(read_deployment(request.deployment_id))
        if stored is None:
            raise NotFound(
                "DEPLOYMENT_NOT_FOUND",
                f"there is no deployment {request.deployment_id}",
                metadata={"id": request.deployment_id},
            )
        forms = []
        for name in stored.resource_names:
            content = await self.database.read(read_resource(request.deployment_id, name)) if is_form(name) else None
            if content is not None:
                forms.append(deployment_pb2.Resource(name=name, content=content))
        return pb.GetDeploymentFormsResponse(deployment=messages.deployment(stored), forms=forms)

    async def _read_forms(self, definition_id: str) -> tuple[Row, ModelForms]:
        found = await self.contents.read([definition_id])
        if not found:
            raise definition_missing(definition_id)
        row, content = found[0]
        return row, await self._forms.read(definition_id, row[_KEY], row[_RESOURCE], content)


@contextmanager
def _acting(actor: pb.FormActor) -> Iterator[None]:
    """Run the block as the user. Raises `InvalidField` for rows that cannot be read."""
    served = current_call()
    call = CallContext(
        served.correlation_id,
        served.traceparent,
        actor.user_id or None,
        served.deadline,
        served.method,
        served.draining,
    )
    call.session_id, call.told_address = actor.session_id, actor.client_address
    try:
        call.narrow(rows_from_json(actor.rows))
    except (orjson.JSONDecodeError, ValueError, TypeError) as error:
        description = "must be rows as the mesh writes them down"
        raise InvalidField(
            "FIELD_INVALID", f"actor.rows: {description}", violations=[Violation("actor.rows", description)]
        ) from error
    # Whom the request names was looked at by the form service, which sends its own caller alone.
    with as_call(call):
        yield


def _reference(forms: ModelForms, form: ModelForm, key: str) -> pb.FormReference:
    return pb.FormReference(
        key=key,
        binding=_BINDINGS[form.binding],
        version=form.version,
        embedded_schema=forms.embedded_schema(key),
        fields=[
            pb.FormHostField(
                id=each.id,
                name=each.name,
                type=each.type,
                required=each.required,
                default_value=each.default,
                variable=each.variable,
                readable=each.readable,
                writable=each.writable,
                date_pattern=each.date_pattern,
                values=[pb.FormHostValue(id=value, name=name) for value, name in each.values],
                constraints=[pb.FormHostConstraint(name=name, config=config) for name, config in each.constraints],
            )
            for each in form.fields
        ],
    )
