"""The OpenAPI 3.1 document of the REST interface, out of the contracts with their comments.

    python -m gateway_envoy.openapi DESCRIPTORS OUT

`DESCRIPTORS` is a serialized `FileDescriptorSet` with source info. The same contracts give the same bytes. What is
said here about names, unset fields and streams is what the gateway's transcoder does.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2

from gateway_envoy.comments import Comments
from gateway_envoy.contract import HTTP_BODY, ContractError, HttpRule, Method, read_contract
from gateway_envoy.schemas import STATUS, Schemas, camel_case

REASONS_ENUM = "flowmesh.errors.v1.ErrorReason"
REASON_PREFIX = "ERROR_REASON_"
SECURITY_SCHEME = "accessToken"
_ERRORS: dict[str, tuple[str, dict[str, str]]] = {
    "Error": ("The call failed.", {}),
    "Unauthenticated": (
        "There is no access token, or it is not good: CREDENTIALS_INVALID, TOKEN_EXPIRED, SESSION_REVOKED.",
        {"www-authenticate": "RFC 6750."},
    ),
    "Denied": ("The caller lacks the permission: ACCESS_DENIED.", {}),
    "RateLimited": (
        "The caller, or everybody at its address who is not signed in, has made too many calls: RATE_LIMITED; or the "
        "service has more work than it may queue: BACKPRESSURE.",
        {"retry-after": "Seconds."},
    ),
}
_DESCRIPTION = """\
The REST interface of Flowmesh. Every method is also a gRPC method of the same name on the same port.

Field names are camelCase; bodies may use the names of the proto files as well. Unknown fields and query parameters
are refused, and `null` is a field left out. In answers, fields stand even where they are `false`, `0`, `""`, `[]` or
`{}`; messages, times and durations that are not set do not. 64-bit integers and durations are strings, times are
RFC 3339, bytes are base64.

Every error is a `google.rpc.Status`: `details` holds an `ErrorInfo` whose `reason` names the cause, and a
`BadRequest` where fields are to blame. Every answer carries `x-correlation-id`, the caller's or a new one.

Every call but those to sign in needs an access token in the header `authorization: Bearer …`, and for most of them
its owner needs a permission, which stands with each. What a caller may not see does not exist for it.

Streams are one JSON object a line, or server-sent events where the request accepts `text/event-stream`. An error
after the start of a stream is its last message."""


def openapi_document(descriptor_set: bytes) -> dict[str, Any]:
    """Return the document. Raises `ContractError` where two methods share a name or a path."""
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set)
    contract = read_contract(descriptor_set)
    comments = Comments(files)
    schemas = Schemas(files, comments, {method.input_type for method in contract.methods})
    reasons = _reasons(files, comments)
    paths: dict[str, dict[str, Any]] = {}
    seen: set[str] = set()
    for method in sorted(contract.methods, key=lambda method: (method.service, method.rules[0].path)):
        for index, rule in enumerate(method.rules):
            operation_id = method.name if index == 0 else f"{method.name}_{index}"
            if operation_id in seen:
                raise ContractError(f"two methods are called {operation_id}")
            seen.add(operation_id)
            path = re.sub(r"{([^}=]+)[^}]*}", lambda match: "{" + camel_case(match[1]) + "}", rule.path)
            operations = paths.setdefault(path, {})
            if rule.verb.lower() in operations:
                raise ContractError(f"two methods are {rule.verb} {path}")
            operations[rule.verb.lower()] = {
                "operationId": operation_id,
                **_operation(method, rule, schemas, comments, reasons),
                **_needs(method),
            }
    services = contract.services
    return {
        "openapi": "3.1.0",
        "info": {"title": "Flowmesh", "version": "v1", "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "tags": [{"name": _tag(name), "description": comments.of(name)} for name in services],
        "security": [{SECURITY_SCHEME: []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "securitySchemes": {
                SECURITY_SCHEME: {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The access token that signing in gives (`/v1/sessions:login` and its like).",
                }
            },
            "responses": {name: _error(text, headers, schemas) for name, (text, headers) in _ERRORS.items()},
            "schemas": schemas.components(),
        },
    }


def _error(text: str, headers: dict[str, str], schemas: Schemas) -> dict[str, Any]:
    described = {
        "x-correlation-id": {"schema": {"type": "string"}},
        **{name: {"description": meaning, "schema": {"type": "string"}} for name, meaning in headers.items()},
    }
    content = {"application/json": {"schema": schemas.reference(STATUS)}}
    return {"description": text, "headers": described, "content": content}


def _needs(method: Method) -> dict[str, Any]:
    if method.public:
        return {"security": []}
    return {"x-permission": method.permission} if method.permission else {}


def _refusals(method: Method) -> dict[str, Any]:
    """Return the errors that any call of a method may end with before the method is looked at."""
    names = (
        {"429": "RateLimited"} if method.public else {"401": "Unauthenticated", "403": "Denied", "429": "RateLimited"}
    )
    return {status: {"$ref": f"#/components/responses/{name}"} for status, name in names.items()}


def openapi_json(descriptor_set: bytes) -> str:
    """Return the document as text that ends with a newline."""
    return json.dumps(openapi_document(descriptor_set), ensure_ascii=False, indent=1) + "\n"


def _operation(
    method: Method, rule: HttpRule, schemas: Schemas, comments: Comments, reasons: dict[str, str]
) -> dict[str, Any]:
    text = comments.of(f"{method.service}.{method.name}")
    summary, _, _ = re.sub(r"\s+", " ", text).partition(". ")
    operation: dict[str, Any] = {
        "tags": [_tag(method.service)],
        "summary": summary.rstrip("."),
        "description": text,
    }
    parameters = [*_path_parameters(method, rule, schemas), *_query_parameters(method, rule, schemas)]
    if parameters:
        operation["parameters"] = parameters
    if rule.body:
        operation["requestBody"] = _request_body(method, rule, schemas)
    operation["responses"] = {
        "200": _answer(method, schemas, comments),
        **_refusals(method),
        "default": {"$ref": "#/components/responses/Error"},
    }
    named = [name for name in dict.fromkeys(re.findall(r"\b[A-Z][A-Z_]+[A-Z]\b", text)) if name in reasons]
    if named:
        operation["x-error-reasons"] = {name: reasons[name] for name in named}
    return operation


def _path_parameters(method: Method, rule: HttpRule, schemas: Schemas) -> Iterable[dict[str, Any]]:
    for name in rule.template.variables:
        field = schemas.field(method.input_type, name)
        schema = schemas.of_field(field)
        yield _parameter(camel_case(name), "path", schema, required=True)


def _query_parameters(method: Method, rule: HttpRule, schemas: Schemas) -> Iterable[dict[str, Any]]:
    if rule.body == "*":
        return
    taken = {*rule.template.variables, rule.body}
    for field in schemas.fields(method.input_type):
        if field.name not in taken and schemas.fits_query(field):
            schema = schemas.of_field(field)
            yield _parameter(field.json_name, "query", schema, required=schemas.required(field))


def _parameter(name: str, place: str, schema: dict[str, Any], *, required: bool) -> dict[str, Any]:
    description = schema.pop("description", "")
    parameter: dict[str, Any] = {"name": name, "in": place}
    if description:
        parameter["description"] = description
    if required:
        parameter["required"] = True
    return {**parameter, "schema": schema}


def _request_body(method: Method, rule: HttpRule, schemas: Schemas) -> dict[str, Any]:
    if rule.body == "*":
        bound = set(rule.template.variables)
        whole = schemas.of_message(method.input_type, without=bound)
        schema = whole if bound else schemas.reference(method.input_type)
        required = "required" in whole
        return {"required": required, "content": {"application/json": {"schema": schema}}}
    field = schemas.field(method.input_type, rule.body)
    if field.type_name.lstrip(".") == HTTP_BODY:
        binary = {"schema": {"type": "string", "format": "binary"}}
        body = {"required": True, "content": {"application/xml": binary, "application/octet-stream": binary}}
        text = schemas.of_field(field).get("description")
        return {"description": text, **body} if text else body
    return {"required": True, "content": {"application/json": {"schema": schemas.of_field(field)}}}


def _answer(method: Method, schemas: Schemas, comments: Comments) -> dict[str, Any]:
    description = "The answer."
    if method.output_type == HTTP_BODY:
        # Any type of content, so nothing can be said of what is in it.
        return {
            "description": "What the operation says, with a content type of its own.",
            "content": {"*/*": {"schema": {}}},
        }
    schema = {"schema": schemas.reference(method.output_type)}
    if method.server_streaming:
        description = comments.of(method.output_type) or "A stream of messages."
        return {"description": description, "content": {"application/x-ndjson": schema, "text/event-stream": schema}}
    return {"description": description, "content": {"application/json": schema}}


def _tag(service: str) -> str:
    return service.rpartition(".")[2].removesuffix("Service")


def _reasons(files: descriptor_pb2.FileDescriptorSet, comments: Comments) -> dict[str, str]:
    package, _, name = REASONS_ENUM.rpartition(".")
    return {
        value.name.removeprefix(REASON_PREFIX): comments.of(f"{REASONS_ENUM}.{value.name}")
        for file in files.file
        if file.package == package
        for enum in file.enum_type
        if enum.name == name
        for value in enum.value
        if value.number
    }


def main() -> None:
    """Run the command line."""
    descriptors, out = sys.argv[1:]
    Path(out).write_text(openapi_json(Path(descriptors).read_bytes()), "utf-8")


if __name__ == "__main__":
    main()
