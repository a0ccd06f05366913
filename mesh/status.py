"""Domain errors as `google.rpc.Status` with details, and the way back for clients."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import grpc
from google.protobuf import any_pb2, message
from google.rpc import error_details_pb2, status_pb2

from mesh.errors import (
    AlreadyExists,
    Conflict,
    Denied,
    DependencyDown,
    DomainError,
    InvalidField,
    InvalidModel,
    NotFound,
    Overload,
    RequestIdReused,
    TooLate,
    Unauthenticated,
    Violation,
    WrongState,
)

DETAILS_KEY = "grpc-status-details-bin"
"""Trailing metadata that holds the serialized `google.rpc.Status`."""

MAX_STATUS_BYTES = 5_600
"""Serialized size a status may have. Clients refuse trailers above 8 KiB unless told otherwise, and the
status travels as base64."""

_MAX_MESSAGE_CHARACTERS = 800

_CODES: dict[type[DomainError], grpc.StatusCode] = {
    NotFound: grpc.StatusCode.NOT_FOUND,
    InvalidField: grpc.StatusCode.INVALID_ARGUMENT,
    InvalidModel: grpc.StatusCode.INVALID_ARGUMENT,
    RequestIdReused: grpc.StatusCode.INVALID_ARGUMENT,
    AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    WrongState: grpc.StatusCode.FAILED_PRECONDITION,
    Conflict: grpc.StatusCode.ABORTED,
    Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    Denied: grpc.StatusCode.PERMISSION_DENIED,
    Overload: grpc.StatusCode.RESOURCE_EXHAUSTED,
    DependencyDown: grpc.StatusCode.UNAVAILABLE,
    TooLate: grpc.StatusCode.DEADLINE_EXCEEDED,
}

_BY_NUMBER: dict[int, grpc.StatusCode] = {code.value[0]: code for code in grpc.StatusCode}


def domain_of(service: str) -> str:
    """Return the `ErrorInfo.domain` of a service: `flowmesh.engine` for `flowmesh.engine.v1.JobService`."""
    return ".".join(service.split(".")[:2])


def code_of(error: DomainError) -> grpc.StatusCode:
    """Return the gRPC code of a domain error: that of the nearest class the table knows."""
    for kind in type(error).__mro__:
        code = _CODES.get(kind)
        if code is not None:
            return code
    return grpc.StatusCode.UNKNOWN


def grpc_code(number: int) -> grpc.StatusCode:
    """Return the code of a number; UNKNOWN for one that gRPC does not define."""
    return _BY_NUMBER.get(number, grpc.StatusCode.UNKNOWN)


def status_from(error: DomainError, domain: str) -> status_pb2.Status:
    """Return the status of a domain error, for a service of the given `ErrorInfo.domain`.

    Violations that do not fit `MAX_STATUS_BYTES` are left out; `ErrorInfo.metadata` then says how many in
    `violations_omitted`.
    """
    details: list[message.Message] = []
    if isinstance(error, WrongState):
        details.append(
            error_details_pb2.PreconditionFailure(
                violations=[
                    error_details_pb2.PreconditionFailure.Violation(
                        type=error.reason,
                        subject=error.metadata.get("id", ""),
                        description=clipped(error.message),
                    )
                ]
            )
        )
    if isinstance(error, Overload | TooLate) or error.retry_after_seconds:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromNanoseconds(int(error.retry_after_seconds * 1_000_000_000))
        details.append(retry)
    return build_status(code_of(error), error.reason, domain, error.message, error.metadata, details, error.violations)


def build_status(
    code: grpc.StatusCode,
    reason: str,
    domain: str,
    text: str,
    metadata: dict[str, str] | None = None,
    details: Iterable[message.Message] = (),
    violations: Iterable[Violation] = (),
) -> status_pb2.Status:
    """Return a status with ErrorInfo first, then `details`, then BadRequest where there are violations."""
    info = error_details_pb2.ErrorInfo(
        reason=reason, domain=domain, metadata={key: clipped(value) for key, value in (metadata or {}).items()}
    )
    packed = [_packed(detail) for detail in details]
    budget = MAX_STATUS_BYTES - info.ByteSize() - sum(detail.ByteSize() for detail in packed)
    bad_request, omitted = _bad_request(violations, budget)
    if omitted:
        info.metadata["violations_omitted"] = str(omitted)
    if bad_request.field_violations:
        packed.append(_packed(bad_request))
    return status_pb2.Status(code=code.value[0], message=clipped(text), details=[_packed(info), *packed])


def clipped(text: str) -> str:
    """Return the text, cut where it is too long for a header."""
    return text if len(text) <= _MAX_MESSAGE_CHARACTERS else text[: _MAX_MESSAGE_CHARACTERS - 1] + "…"


def _packed(detail: message.Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(detail)
    return packed


def _bad_request(violations: Iterable[Violation], budget: int) -> tuple[error_details_pb2.BadRequest, int]:
    # The status message repeats the error's text, and Any, tags and lengths add a little to every part.
    budget -= _MAX_MESSAGE_CHARACTERS + 400
    bad_request = error_details_pb2.BadRequest()
    omitted = 0
    for violation in violations:
        fault = error_details_pb2.BadRequest.FieldViolation(
            field=clipped(violation.field), description=clipped(violation.description)
        )
        budget -= fault.ByteSize() + 4
        if budget < 0 and bad_request.field_violations:
            omitted += 1
        else:
            bad_request.field_violations.append(fault)
    return bad_request, omitted


def status_of(error: grpc.RpcError) -> status_pb2.Status:
    """Return the status a failed call brought; code and text alone where the server sent no details.

    An error that did not come from a call (neither code nor text) is UNKNOWN.
    """
    if not isinstance(error, grpc.Call | grpc.aio.AioRpcError):
        return status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error))
    code, text = error.code(), error.details()
    trailers: Any = error.trailing_metadata()
    for key, value in trailers or ():
        if key == DETAILS_KEY and isinstance(value, bytes):
            try:
                status = status_pb2.Status.FromString(value)
            except message.DecodeError:
                break
            # Details that belong to another status were added by something in between.
            if status.code == code.value[0]:
                return status
    return status_pb2.Status(code=code.value[0], message=text or "")


def error_info_of(error: grpc.RpcError) -> error_details_pb2.ErrorInfo | None:
    """Return the ErrorInfo of a failed call, None where it brought none."""
    info = error_details_pb2.ErrorInfo()
    for detail in status_of(error).details:
        if detail.Unpack(info):
            return info
    return None


def reason_of(error: grpc.RpcError) -> str:
    """Return the machine-readable reason of a failed call, empty where it brought none."""
    info = error_info_of(error)
    return "" if info is None else info.reason
