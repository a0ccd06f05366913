"""`flowmesh forms`: definitions of forms, forms of tasks and starts, what was submitted."""

from __future__ import annotations

import hashlib
import mimetypes
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from pathlib import Path

from flowmesh.form.v1 import (
    form_definition_service_pb2,
    form_file_service_pb2,
    form_pb2,
    start_form_service_pb2,
    submission_pb2,
    submission_service_pb2,
    task_form_service_pb2,
)
from google.api import httpbody_pb2
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Value

from launcher.client.connection import Connection, new_request_id
from launcher.client.definitions import find_definition
from launcher.client.failure import CommandFailed
from launcher.client.output import Output, moment, to_json
from launcher.client.variables import parse_variables

UploadRequest = form_file_service_pb2.UploadTaskFormFileRequest | form_file_service_pb2.UploadStartFormFileRequest
UploadResponse = form_file_service_pb2.UploadTaskFormFileResponse | form_file_service_pb2.UploadStartFormFileResponse
Metadata = tuple[tuple[str, str], ...]

_PIECE = 256 * 1024
_UPLOAD_SECONDS = 600.0
_STATES = {
    submission_pb2.Submission.STATE_PENDING: "pending",
    submission_pb2.Submission.STATE_SETTLED: "settled",
    submission_pb2.Submission.STATE_REFUSED: "refused",
    submission_pb2.Submission.STATE_UNCLEAR: "unclear",
}


def list_forms(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List versions of forms."""
    request = form_definition_service_pb2.ListFormDefinitionsRequest(
        key=arguments.key, tenant_id=arguments.tenant, latest_only=not arguments.all
    )
    columns = {
        "id": lambda form: form.id,
        "form": lambda form: form.key,
        "version": lambda form: form.version,
        "name": lambda form: form.name,
        "tenant": lambda form: form.tenant_id,
        "file": lambda form: form.resource_name,
        "created": lambda form: moment(form.create_time),
    }
    found = connection.pages(
        connection.forms.ListFormDefinitions, request, lambda page: page.form_definitions, arguments.limit
    )
    output.messages(found, columns, "There are no forms.")


def create(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Make a version of a form out of a file."""
    request = form_definition_service_pb2.CreateFormDefinitionRequest(
        request_id=new_request_id(),
        tenant_id=arguments.tenant,
        resource_name=arguments.file.name,
        schema=httpbody_pb2.HttpBody(content_type="application/json", data=_content(arguments.file)),
        force=arguments.force,
    )
    answer = connection.call(connection.forms.CreateFormDefinition, request)
    form = answer.form_definition
    already = " (unchanged)" if answer.duplicate else ""
    output.message(form, f"{form.key} version {form.version} is deployed{already}.")


def validate(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Tell every problem of a file; raises CommandFailed where there is one."""
    body = httpbody_pb2.HttpBody(content_type="application/json", data=_content(arguments.file))
    request = form_definition_service_pb2.ValidateFormDefinitionRequest(schema=body)
    answer = connection.call(connection.forms.ValidateFormDefinition, request)
    if output.as_json:
        output.json(to_json(answer))
    if not answer.deployable:
        lines = [f"{problem.path}: {problem.message}" for problem in answer.problems]
        raise CommandFailed("\n".join([*lines, f"{arguments.file} cannot be deployed."]))
    output.say(f"{arguments.file} can be deployed.")


def schema(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Print the schema of a version, byte for byte."""
    request = form_definition_service_pb2.GetFormDefinitionSchemaRequest(id=arguments.id)
    sys.stdout.buffer.write(connection.call(connection.forms.GetFormDefinitionSchema, request).data)
    sys.stdout.buffer.flush()


def delete(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Delete a version of a form."""
    request = form_definition_service_pb2.DeleteFormDefinitionRequest(request_id=new_request_id(), id=arguments.id)
    connection.call(connection.forms.DeleteFormDefinition, request)
    output.say(f"Form {arguments.id} is deleted.")


def show(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show the form of a task with its data, or with --start that of a process definition."""
    answer: Message
    if arguments.start:
        start = start_form_service_pb2.GetStartFormRequest(process_definition_id=find_definition(connection, arguments))
        answer = connection.call(connection.start_forms.GetStartForm, start)
    else:
        task = task_form_service_pb2.GetTaskFormRequest(user_task_id=arguments.definition)
        answer = connection.call(connection.task_forms.GetTaskForm, task)
    output.json(to_json(answer))


def submit(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Submit the form of a task, which completes it."""
    data, files = _entered(connection, arguments)
    request = task_form_service_pb2.SubmitTaskFormRequest(
        request_id=arguments.request_id or new_request_id(),
        user_task_id=arguments.id,
        data=data,
        files=files,
        outcome=arguments.outcome,
        language=arguments.language,
    )
    submission = connection.call(connection.task_forms.SubmitTaskForm, request).submission
    output.message(submission, f"Task {arguments.id} is completed by submission {submission.id}.")


def start(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Submit the start form of a process definition, which starts an instance."""
    definition_id = find_definition(connection, arguments)
    data, files = _entered(connection, arguments, definition_id)
    request = start_form_service_pb2.SubmitStartFormRequest(
        request_id=arguments.request_id or new_request_id(),
        process_definition_id=definition_id,
        data=data,
        files=files,
        business_key=arguments.business_key,
        language=arguments.language,
    )
    submission = connection.call(connection.start_forms.SubmitStartForm, request).submission
    output.message(submission, f"Instance {submission.process_instance_id} is started.")


def _entered(
    connection: Connection, arguments: Namespace, definition_id: str = ""
) -> tuple[dict[str, Value], dict[str, form_pb2.FormFileIds]]:
    """Return the values of fields, and the files that they name, which are uploaded now.

    `definition_id`: that of a start form; a task's form has none.
    The ids of uploads are made of the request's: the same request id names the same files.
    """
    data, named = parse_variables(arguments.var), dict[str, list[Path]]()
    for text in arguments.file:
        field, equals, path = text.partition("=")
        if not equals or not field or not path:
            raise CommandFailed(f"A file reads FIELD=PATH, not {text!r}.")
        if field in data:
            raise CommandFailed(f"The field {field!r} is given twice: by --var and by --file.")
        named.setdefault(field, []).append(Path(path))
    contents = {path: _content(path) for paths in named.values() for path in paths}
    files: dict[str, form_pb2.FormFileIds] = {}
    for field, paths in named.items():
        text = f"files::{field}"
        ids = []
        for number, path in enumerate(paths):
            upload_id = new_request_id()
            if arguments.request_id:
                upload_id = hashlib.sha256(f"{arguments.request_id}:{field}:{number}".encode()).hexdigest()
            host_id = definition_id or arguments.id
            first = _first_piece(host_id, path, field, contents[path], start=bool(definition_id), request_id=upload_id)
            ids.append(_upload(connection, first, contents[path]).id)
        files[text] = form_pb2.FormFileIds(ids=ids)
    return data | {field: Value(string_value=f"files::{field}") for field in named}, files


def submissions(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List what was submitted."""
    states = {name: state for state, name in _STATES.items()}
    request = submission_service_pb2.ListSubmissionsRequest(
        form_key=arguments.form,
        process_instance_id=arguments.instance,
        user_task_id=arguments.task,
        tenant_id=arguments.tenant,
        state=states.get(arguments.state, submission_pb2.Submission.STATE_UNSPECIFIED),
    )
    columns = {
        "id": lambda one: one.id,
        "form": lambda one: one.form_key,
        "state": lambda one: _STATES.get(one.state, ""),
        "by": lambda one: one.submitted_by,
        "process": lambda one: one.process_definition_key,
        "task": lambda one: one.user_task_id,
        "refused": lambda one: one.refusal_reason,
        "submitted": lambda one: moment(one.create_time),
    }
    found = connection.pages(
        connection.submissions.ListSubmissions, request, lambda page: page.submissions, arguments.limit
    )
    output.messages(found, columns, "Nothing was submitted.")


def submission(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show what was submitted once."""
    request = submission_service_pb2.GetSubmissionRequest(id=arguments.id)
    output.json(to_json(connection.call(connection.submissions.GetSubmission, request).submission))


def upload(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Upload a file for the form of a task."""
    content = _content(arguments.file)
    first = _first_piece(
        arguments.task,
        arguments.file,
        arguments.field,
        content,
        start=False,
        request_id=new_request_id(),
        content_type=arguments.type,
    )
    file = _upload(connection, first, content)
    output.message(file, f"{file.name} is uploaded as {file.id}.")


def _first_piece(
    host_id: str, path: Path, field: str, content: bytes, *, start: bool, request_id: str, content_type: str = ""
) -> UploadRequest:
    """Return the request that begins an upload. `host_id`: the task, or with `start` the definition."""
    first: UploadRequest
    if start:
        first = form_file_service_pb2.UploadStartFormFileRequest(process_definition_id=host_id)
    else:
        first = form_file_service_pb2.UploadTaskFormFileRequest(user_task_id=host_id)
    first.request_id, first.field_key, first.file_name = request_id, field, path.name
    first.sha256 = hashlib.sha256(content).hexdigest()
    first.content.content_type = content_type or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return first


def _upload(connection: Connection, first: UploadRequest, content: bytes) -> form_file_service_pb2.FormFile:
    kind, service = type(first), connection.form_files
    at_start = isinstance(first, form_file_service_pb2.UploadStartFormFileRequest)
    method: Callable[..., UploadResponse] = service.UploadStartFormFile if at_start else service.UploadTaskFormFile

    def pieces() -> Iterator[UploadRequest]:
        first.content.data = content[:_PIECE]
        yield first
        for at in range(_PIECE, len(content), _PIECE):
            yield kind(content=httpbody_pb2.HttpBody(data=content[at : at + _PIECE]))

    def send(request: UploadRequest, timeout: float | None = None, metadata: Metadata | None = None) -> UploadResponse:
        # The pieces are made anew where the call is made again, with another token.
        return method(pieces(), timeout=timeout, metadata=metadata)

    return connection.call(send, first, _UPLOAD_SECONDS).file


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CommandFailed(f"{path} cannot be read: {error.strerror}.") from None
