"""Rows as messages."""

from __future__ import annotations

from typing import Any

import orjson
from flowmesh.form.v1 import form_definition_pb2, form_file_service_pb2, form_pb2, submission_pb2
from google.protobuf.struct_pb2 import Struct, Value
from google.protobuf.timestamp_pb2 import Timestamp

from form_svc.commands.form_lookup import FoundForm
from form_svc.storage.definitions import Definition
from form_svc.storage.drafts import Draft
from form_svc.storage.files import File
from form_svc.storage.submissions import Submission
from mesh.errors import InvalidField, Violation
from mesh.json_values import NumberNotFinite, from_value, to_values


def timestamp(micros: int) -> Timestamp | None:
    """Return a time in microseconds as a message, None for 0."""
    return Timestamp(seconds=micros // 1_000_000, nanos=micros % 1_000_000 * 1000) if micros else None


def definition_message(row: Definition) -> form_definition_pb2.FormDefinition:
    """Return a version of a form."""
    return form_definition_pb2.FormDefinition(
        id=row.id,
        key=row.form_key,
        version=row.version,
        tenant_id=row.tenant_id,
        name=row.name,
        version_tag=row.version_tag,
        deployment_id=row.deployment_id,
        resource_name=row.resource_name,
        schema_version=row.schema_version,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        create_time=timestamp(row.created_at),
        created_by=row.created_by,
    )


def rendered_message(found: FoundForm) -> form_pb2.RenderedForm:
    """Return a form to be shown."""
    schema = Struct()
    for name, value in to_values(found.form.document).items():
        schema.fields[name].CopyFrom(value)
    return form_pb2.RenderedForm(
        form_definition_id=found.definition.id if found.definition is not None else "",
        key=found.key,
        version=found.version,
        schema=schema,
    )


def draft_message(row: Draft) -> form_pb2.FormDraft:
    """Return a draft."""
    message = form_pb2.FormDraft(
        user_task_id=row.user_task_id, update_time=timestamp(row.updated_at), etag=str(row.revision)
    )
    put_values(message.data, orjson.loads(row.data))
    return message


def submission_message(row: Submission, data: bytes = b"") -> submission_pb2.Submission:
    """Return a submission; without its data in lists."""
    message = submission_pb2.Submission(
        id=row.id,
        kind=row.kind,  # type: ignore[arg-type] # the numbers are those of the enum
        state=row.state,  # type: ignore[arg-type]
        tenant_id=row.tenant_id,
        process_definition_id=row.process_definition_id,
        process_definition_key=row.process_definition_key,
        process_instance_id=row.process_instance_id,
        user_task_id=row.user_task_id,
        element_id=row.element_id,
        form_definition_id=row.form_definition_id,
        form_key=row.form_key,
        form_version=row.form_version,
        submitted_by=row.submitted_by,
        create_time=timestamp(row.created_at),
        settle_time=timestamp(row.settled_at),
        attempts=row.attempts,
        refusal_reason=row.refusal_reason,
        refusal_message=row.refusal_message,
        outcome=row.outcome,
    )
    if data:
        put_values(message.data, orjson.loads(data))
    return message


def file_message(row: File) -> form_file_service_pb2.FormFile:
    """Return what is known of a file."""
    return form_file_service_pb2.FormFile(
        id=row.id,
        name=row.name,
        content_type=row.content_type,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        tenant_id=row.tenant_id,
        field_key=row.field_key,
        process_definition_key=row.process_definition_key,
        process_instance_id=row.process_instance_id,
        user_task_id=row.user_task_id,
        submission_id=row.submission_id,
        uploaded_by=row.uploaded_by,
        create_time=timestamp(row.created_at),
        expire_time=None if row.submission_id else timestamp(row.expires_at),
    )


def put_values(target: Any, values: dict[str, Any]) -> None:
    """Put JSON values into a map of values."""
    for name, value in to_values(values).items():
        target[name].CopyFrom(value)


def read_values(values: Any, field: str) -> dict[str, Any]:
    """Return a map of values as JSON. Raises `InvalidField` for numbers that JSON does not have."""
    plain: dict[str, Any] = {}
    for name, value in values.items():
        assert isinstance(value, Value)
        try:
            plain[name] = from_value(value)
        except NumberNotFinite as error:
            path = f'{field}["{name}"]'
            raise InvalidField("FIELD_INVALID", f"{path}: {error}", violations=[Violation(path, str(error))]) from error
    return plain
