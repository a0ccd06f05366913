"""What the engine answers a call with, as an error of this service."""

from __future__ import annotations

import grpc
import grpc.aio
from google.rpc import error_details_pb2, status_pb2

from mesh.errors import (
    AlreadyExists,
    Conflict,
    Denied,
    DependencyDown,
    DomainError,
    InvalidField,
    NotFound,
    Overload,
    Violation,
    WrongState,
)
from mesh.resilience.breaker import BreakerOpen
from mesh.status import grpc_code, status_of

RETRY_SECONDS = 1.0
TOO_LARGE = "MESSAGE_TOO_LARGE"
_REFUSALS: dict[grpc.StatusCode, type[DomainError]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidField,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: AlreadyExists,
    grpc.StatusCode.FAILED_PRECONDITION: WrongState,
    grpc.StatusCode.PERMISSION_DENIED: Denied,
}
_PASSING: dict[grpc.StatusCode, type[DomainError]] = {
    grpc.StatusCode.ABORTED: Conflict,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Overload,
}
REFUSALS = tuple(_REFUSALS.values())
"""Errors with which the engine says that it has not done a thing, and will not."""


def failure_of(error: grpc.aio.AioRpcError | BreakerOpen) -> DomainError:
    """Return what a failed call says: what the engine refuses, as it says it; else that it cannot be asked now."""
    if isinstance(error, BreakerOpen):
        return _down(error.message)
    return _of_status(status_of(error))


def refusal_of(status: status_pb2.Status) -> DomainError:
    """Return the error of a stored status."""
    return _of_status(status)


def _of_status(status: status_pb2.Status) -> DomainError:
    code = grpc_code(status.code)
    info, bad_request, retry = (
        error_details_pb2.ErrorInfo(),
        error_details_pb2.BadRequest(),
        error_details_pb2.RetryInfo(),
    )
    for detail in status.details:
        for message in (info, bad_request, retry):
            detail.Unpack(message)
    # However often it is sent, it stays as large.
    kind = InvalidField if info.reason == TOO_LARGE else _REFUSALS.get(code) or _PASSING.get(code)
    # Without a reason it is not the engine that speaks.
    if kind is None or not info.reason:
        return _down(f"{code.name}: {status.message}")
    return kind(
        info.reason,
        status.message,
        metadata=dict(info.metadata),
        violations=[Violation(each.field, each.description) for each in bad_request.field_violations],
        retry_after_seconds=retry.retry_delay.ToMilliseconds() / 1000,
    )


def _down(detail: str) -> DependencyDown:
    return DependencyDown(
        "DEPENDENCY_UNAVAILABLE",
        f"the engine does not answer ({detail}); send the call again, with the same request id where it has one",
        metadata={"dependency": "engine"},
        retry_after_seconds=RETRY_SECONDS,
    )
