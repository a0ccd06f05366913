"""Where files stand in what is taken over, and what a failed call of the engine says."""

from __future__ import annotations

import json

import grpc
import grpc.aio
import pytest

from form_svc.commands.checking import CheckedData, check_data
from form_svc.commands.form_lookup import FoundForm
from form_svc.commands.form_reading import ReadForm
from form_svc.engine.failures import failure_of, refusal_of
from form_svc.schema import parse
from form_svc.storage.files import File
from mesh.errors import Conflict, DependencyDown, DomainError, InvalidField, NotFound, Overload, Violation, WrongState
from mesh.resilience.breaker import BreakerOpen
from mesh.status import DETAILS_KEY, status_from
from tests.unit.form.forms import document

FILE = File("f-1", 2, "a.txt", "text/plain", 3, "00", "", "", "", "", "", "", "", "", "", 0, 0)
TOLD = [{"fileId": "f-1", "name": "a.txt", "contentType": "text/plain", "size": 3, "sha256": "00"}]


def test_files_stand_where_their_texts_stood() -> None:
    data = {"a": "files::1", "rows": [{"b": {"c": "files::1"}}, {"b": {"c": "other"}}, {}], "d": "files::1"}
    checked = CheckedData(data, {"files::1": ["f-1"]}, [("a",), ("rows", "b", "c"), ("missing", "x")])
    assert checked.file_ids == ["f-1"]
    assert checked.with_files({"f-1": FILE}) == {
        "a": TOLD,
        "rows": [{"b": {"c": TOLD}}, {"b": {"c": "other"}}, {}],
        # No field for files.
        "d": "files::1",
    }
    # What was checked stays as it was.
    assert data["a"] == "files::1"


def test_data_without_files_stays_as_it_is() -> None:
    data = {"a": "files::1"}
    assert CheckedData(data, {}, [("a",)]).with_files({}) is data


@pytest.mark.parametrize("ids", [[], ["f-1", "f-2"]])
async def test_a_text_that_stands_for_no_file_is_a_fault_of_its_field(ids: list[str]) -> None:
    content = document(
        {"type": "filepicker", "id": "p", "key": "cv", "validate": {"required": True}},
        {"type": "textfield", "id": "t", "key": "name", "validate": {"required": True}},
    )
    found = FoundForm(ReadForm(parse(content), json.loads(content), "", len(content)), "f")
    with pytest.raises(InvalidField) as raised:
        await check_data(found, {"cv": "files::1"}, {}, {"files::1": ids}, {"f-1": FILE}, "en", 0)
    assert [each.field for each in raised.value.violations] == ["cv", "name"]


def _failed(error: DomainError, code: grpc.StatusCode) -> grpc.aio.AioRpcError:
    status = status_from(error, "flowmesh.engine")
    trailers = grpc.aio.Metadata((DETAILS_KEY, status.SerializeToString()))
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), trailers, details=status.message)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("USER_TASK_NOT_FOUND", "none", metadata={"id": "1"}), grpc.StatusCode.NOT_FOUND),
        (WrongState("USER_TASK_ALREADY_COMPLETED", "done"), grpc.StatusCode.FAILED_PRECONDITION),
        (
            InvalidField("FIELD_INVALID", "bad", violations=[Violation("a", "b"), Violation("c", "d")]),
            grpc.StatusCode.INVALID_ARGUMENT,
        ),
        (Conflict("REVISION_CONFLICT", "again"), grpc.StatusCode.ABORTED),
        (Overload("BACKPRESSURE", "later", retry_after_seconds=1.5), grpc.StatusCode.RESOURCE_EXHAUSTED),
    ],
)
def test_errors_of_the_engine_come_as_they_are(error: DomainError, code: grpc.StatusCode) -> None:
    for found in (failure_of(_failed(error, code)), refusal_of(status_from(error, "flowmesh.engine"))):
        assert type(found) is type(error)
        assert (found.reason, found.message, found.metadata, found.violations, found.retry_after_seconds) == (
            error.reason,
            error.message,
            error.metadata,
            error.violations,
            error.retry_after_seconds,
        )


@pytest.mark.parametrize(
    "code",
    [
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.UNAUTHENTICATED,
        grpc.StatusCode.CANCELLED,
        # From something in between, not from the engine: nobody has refused anything.
        grpc.StatusCode.NOT_FOUND,
        grpc.StatusCode.INVALID_ARGUMENT,
    ],
)
def test_everything_else_may_be_tried_again(code: grpc.StatusCode) -> None:
    error = grpc.aio.AioRpcError(code, grpc.aio.Metadata(), grpc.aio.Metadata(), details="x")
    assert isinstance(failure_of(error), DependencyDown)


def test_breaker() -> None:
    assert isinstance(failure_of(BreakerOpen("engine", 1.0)), DependencyDown)
