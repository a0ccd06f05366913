from __future__ import annotations

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from mesh import errors
from mesh.status import (
    DETAILS_KEY,
    MAX_STATUS_BYTES,
    code_of,
    domain_of,
    error_info_of,
    grpc_code,
    reason_of,
    status_from,
    status_of,
)


def failed(code: grpc.StatusCode, details: str, *trailers: tuple[str, str | bytes]) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(*trailers), details, "")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.NotFound, "NOT_FOUND"),
        (errors.InvalidField, "INVALID_ARGUMENT"),
        (errors.InvalidModel, "INVALID_ARGUMENT"),
        (errors.RequestIdReused, "INVALID_ARGUMENT"),
        (errors.AlreadyExists, "ALREADY_EXISTS"),
        (errors.WrongState, "FAILED_PRECONDITION"),
        (errors.LeaseLost, "FAILED_PRECONDITION"),
        (errors.Conflict, "ABORTED"),
        (errors.Unauthenticated, "UNAUTHENTICATED"),
        (errors.Denied, "PERMISSION_DENIED"),
        (errors.Overload, "RESOURCE_EXHAUSTED"),
        (errors.DependencyDown, "UNAVAILABLE"),
        (errors.DomainError, "UNKNOWN"),
    ],
)
def test_code_of_each_error(kind: type[errors.DomainError], code: str) -> None:
    assert code_of(kind("REASON", "text")).name == code
    assert status_from(kind("REASON", "text"), "flowmesh.engine").code == grpc.StatusCode[code].value[0]


def test_every_kind_of_error_has_a_code() -> None:
    def below(kind: type[errors.DomainError]) -> list[type[errors.DomainError]]:
        children = kind.__subclasses__()
        return [kind, *(found for child in children for found in below(child))]

    mesh_errors = [kind for kind in below(errors.DomainError)[1:] if kind.__module__ == "mesh.errors"]
    assert all(code_of(kind("R", "t")) is not grpc.StatusCode.UNKNOWN for kind in mesh_errors)


def test_domain_is_the_service_without_its_version() -> None:
    assert domain_of("flowmesh.engine.v1.JobService") == "flowmesh.engine"


def test_unknown_number() -> None:
    assert grpc_code(99) is grpc.StatusCode.UNKNOWN


def test_status_comes_back_from_the_trailers() -> None:
    error = errors.InvalidField(
        "FIELD_INVALID", "id: wrong", metadata={"a": "b"}, violations=[errors.Violation("id", "Wrong.")]
    )
    status = status_from(error, "flowmesh.engine")
    raised = failed(grpc.StatusCode.INVALID_ARGUMENT, "id: wrong", (DETAILS_KEY, status.SerializeToString()))
    assert status_of(raised) == status
    info = error_info_of(raised)
    assert info == error_details_pb2.ErrorInfo(reason="FIELD_INVALID", domain="flowmesh.engine", metadata={"a": "b"})
    assert reason_of(raised) == "FIELD_INVALID"


@pytest.mark.parametrize(
    "trailers",
    [
        (),
        ((DETAILS_KEY, b"\xff\xff"),),
        ((DETAILS_KEY, status_pb2.Status(code=13, message="other").SerializeToString()),),
    ],
)
def test_status_without_usable_details(trailers: tuple[tuple[str, bytes], ...]) -> None:
    raised = failed(grpc.StatusCode.NOT_FOUND, "gone", *trailers)
    assert status_of(raised) == status_pb2.Status(code=5, message="gone")
    assert error_info_of(raised) is None
    assert reason_of(raised) == ""


def test_status_of_an_error_that_is_no_call() -> None:
    assert status_of(grpc.RpcError("odd")) == status_pb2.Status(code=2, message="odd")


@pytest.mark.parametrize("length", [10, 300, 5000])
def test_large_errors_fit_a_header(length: int) -> None:
    faults = [errors.Violation(f"a.bpmn#element{number}", "很" * length) for number in range(400)]
    error = errors.InvalidModel("BPMN_INVALID", "x" * 5000, violations=faults)
    status = status_from(error, "flowmesh.engine")
    assert status.ByteSize() <= MAX_STATUS_BYTES
    info, bad_request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(bad_request)
    assert int(info.metadata["violations_omitted"]) == 400 - len(bad_request.field_violations)
