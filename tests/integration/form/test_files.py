"""Files: streamed in and out, kept with what is submitted."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from typing import Any

import grpc.aio
import pytest
from flowmesh.form.v1 import form_file_service_pb2 as pb
from flowmesh.form.v1 import submission_pb2

from form_svc.commands.uploads import Announced, Limits, Place, Uploads
from form_svc.commands.writing import RequestWriter
from form_svc.storage.files import delete_file, find_files, insert_chunk
from form_svc.workers.retention import Retention
from mesh.access.rows import RowGrant
from mesh.audit.operation import maker_of
from mesh.call import CallContext, as_call
from mesh.db.database import Database, OutcomeUnknown
from mesh.db.served_database import ServedDatabase
from mesh.db.statements import Execute, Fetch, Program, fetch
from mesh.errors import DependencyDown
from mesh.status import reason_of
from tests.infrastructure.walls import caller
from tests.integration.engine.serving import ENDS, TurnedClock, model, refusal, until
from tests.integration.form.forms import Forms, faults_of, form, pieces

ANN, BOB = caller("ann", RowGrant()), caller("bob", RowGrant(involved_only=True))
PICKER = {"type": "filepicker", "id": "fp", "key": "file", "label": "File", "multiple": True}


@pytest.fixture
async def task(forms: Forms) -> str:
    await forms.create(form("request", PICKER))
    second = '<userTask id="u" flowable:candidateUsers="bob"/>'
    await forms.engine.deploy(
        model("review", ENDS + '<userTask id="t" flowable:formKey="request"/>' + second, "s>t", "t>u", "u>e")
    )
    return await forms.task()


async def test_content_comes_back(forms: Forms, task: str) -> None:
    forms.as_(ANN)
    for content in (b"", b"small", os.urandom(700_000)):
        digest = hashlib.sha256(content).hexdigest()
        file = await forms.upload(task, content, file_name="报告.txt", sha256=digest)
        assert (file.name, file.content_type, file.size_bytes, file.sha256) == (
            "报告.txt",
            "text/plain",
            len(content),
            digest,
        )
        assert await forms.download(file.id) == content
        assert await forms.download_for(task, file.id) == content
        assert (await forms.files.GetFormFile(pb.GetFormFileRequest(id=file.id))).file == file


async def test_the_same_upload_again(forms: Forms, task: str) -> None:
    first = await forms.upload(task, b"one", request_id="r")
    assert await forms.upload(task, b"one", request_id="r") == first
    assert (await refusal(forms.upload(task, b"two", request_id="r"))).reason == "REQUEST_ID_REUSED"
    rows = await forms.service._database.read(fetch(Fetch("SELECT COUNT(*) FROM form_file")))
    assert rows[0][0] == 1


@pytest.mark.parametrize(
    ("fields", "content", "reason"),
    [
        ({"sha256": "0" * 64}, b"x", "FORM_FILE_DAMAGED"),
        ({}, b"x" * 2_000_000, "FORM_FILE_TOO_LARGE"),
        ({"file_name": ""}, b"x", "FIELD_INVALID"),
        ({"file_name": "a/b"}, b"x", "FIELD_INVALID"),
        ({"content_type": "image/png"}, b"x", "FORM_FILE_TYPE_REFUSED"),
        ({"content_type": "not a type"}, b"x", "FIELD_INVALID"),
    ],
)
async def test_refused_uploads_leave_nothing(
    forms: Forms, task: str, fields: dict[str, object], content: bytes, reason: str
) -> None:
    uploads = forms.service
    limits = type(_limits(uploads))(1_500_000, 3, 86_400_000_000, ("text/*",))
    object.__setattr__(_uploads(uploads), "limits", limits)
    assert (await refusal(forms.upload(task, content, **fields))).reason == reason
    for table in ("form_file", "form_file_chunk"):
        rows = await forms.service._database.read(fetch(Fetch(f"SELECT COUNT(*) FROM {table}")))
        assert rows[0][0] == 0


def _uploads(service: object) -> object:
    return service.uploads  # type: ignore[attr-defined]


def _limits(service: object) -> object:
    return service.uploads.limits  # type: ignore[attr-defined]


async def test_number_of_loose_files(forms: Forms, task: str) -> None:
    limits = type(_limits(forms.service))(1_500_000, 2, 86_400_000_000, ("*/*",))
    object.__setattr__(_uploads(forms.service), "limits", limits)
    files = [await forms.upload(task, b"x") for _ in range(2)]
    assert (await refusal(forms.upload(task, b"x"))).reason == "FORM_FILES_TOO_MANY"
    delete = pb.DeleteFormFileRequest(id=files[0].id, request_id="d")
    await forms.files.DeleteFormFile(delete)
    await forms.files.DeleteFormFile(delete)
    await forms.upload(task, b"x")


async def test_files_of_a_submission(forms: Forms, task: str) -> None:
    forms.as_(ANN)
    files = [await forms.upload(task, content) for content in (b"one", b"two")]
    named = {"files::a": {"ids": [each.id for each in files]}, "files::unused": {"ids": [files[0].id]}}
    answer = await forms.submit(task, {"file": "files::a"}, files=named)
    instance = answer.submission.process_instance_id
    told = (await forms.engine.variables(instance))["file"]
    assert [each["fileId"] for each in told] == [each.id for each in files]
    assert told[0]["size"] == 3
    kept = (await forms.files.GetFormFile(pb.GetFormFileRequest(id=files[0].id))).file
    assert (kept.submission_id, kept.process_instance_id) == (answer.submission.id, instance)
    refused = await refusal(forms.files.DeleteFormFile(pb.DeleteFormFileRequest(id=files[0].id)))
    assert refused.reason == "FORM_FILE_IN_USE"
    # Who has the next task sees them, and nothing else.
    (following,) = await forms.engine.user_tasks(process_instance_id=instance)
    forms.as_(BOB)
    assert await forms.download_for(following.id, files[1].id) == b"two"
    assert (await refusal(_all(forms.files.DownloadFormFile(pb.DownloadFormFileRequest(id=files[1].id))))).reason == (
        "FORM_FILE_NOT_FOUND"
    )
    other = await forms.as_(ANN).task()
    assert (await refusal(forms.download_for(other, files[1].id))).reason == "FORM_FILE_NOT_FOUND"
    # They cannot be submitted a second time.
    await _unknown(forms.submit(other, {"file": "files::a"}, files=named))


async def _all(stream: object) -> None:
    async for _ in stream:  # type: ignore[attr-defined]
        pass


async def test_files_of_others(forms: Forms, task: str) -> None:
    """They are as if they never were: a fault of the field, which says nothing of them."""
    file = await forms.as_(ANN).upload(task, b"mine", file_name="divorce.txt")
    elsewhere = await forms.task()
    forms.as_(caller("eve", RowGrant()))
    said = set()
    for file_id in (file.id, "01890000-0000-7000-8000-000000000005"):
        said.add(await _unknown(forms.submit(task, {"file": "files::a"}, files={"files::a": {"ids": [file_id]}})))
    assert len(said) == 1
    assert "divorce" not in said.pop()
    # Nor is one's own where it was uploaded for another task.
    await _unknown(forms.as_(ANN).submit(elsewhere, {"file": "files::a"}, files={"files::a": {"ids": [file.id]}}))
    assert await forms.list_submissions() == []


async def test_a_file_in_two_submissions_at_once(forms: Forms, task: str) -> None:
    """Two requests name it at the same time: one of them has it."""
    file = await forms.upload(task, b"x")
    named = {"files::a": {"ids": [file.id]}}
    results = await asyncio.gather(
        *(forms.submit(task, {"file": "files::a"}, files=named, request_id=f"r-{n}") for n in range(4)),
        return_exceptions=True,
    )
    assert sum(not isinstance(each, BaseException) for each in results) == 1
    reasons = {reason_of(each) for each in results if isinstance(each, grpc.aio.AioRpcError)}
    assert reasons <= {"FORM_FILE_NOT_FOUND", "FORM_DATA_INVALID", "USER_TASK_NOT_FOUND", "USER_TASK_ALREADY_COMPLETED"}
    (settled,) = await forms.list_submissions(state=submission_pb2.Submission.STATE_SETTLED)
    assert (await forms.files.GetFormFile(pb.GetFormFileRequest(id=file.id))).file.submission_id == settled.id


async def test_the_same_submission_with_a_file_at_once(forms: Forms, task: str) -> None:
    """It is one: nobody hears that the file is taken, or the task gone."""
    file = await forms.upload(task, b"x")
    named = {"files::a": {"ids": [file.id]}}
    results = await asyncio.gather(
        *(forms.submit(task, {"file": "files::a"}, files=named, request_id="r") for _ in range(8))
    )
    assert len({each.submission.id for each in results}) == 1
    assert {each.submission.state for each in results} == {submission_pb2.Submission.STATE_SETTLED}


async def _rows(forms: Forms) -> list[int]:
    found = []
    for table in ("form_file", "form_file_chunk"):
        rows = await forms.service._database.read(fetch(Fetch(f"SELECT COUNT(*) FROM {table}")))
        found.append(rows[0][0])
    return found


async def test_interrupted_uploads_leave_nothing(forms: Forms, task: str) -> None:
    """Given up by the caller at any moment, while a piece is being written too."""
    kind = pb.UploadTaskFormFileRequest
    for number in range(12):
        sent = asyncio.Event()

        async def stream(sent: asyncio.Event = sent, number: int = number) -> AsyncIterator[Any]:
            first = kind(user_task_id=task, file_name="a.txt", field_key="file")
            for at, message in enumerate(pieces(kind, first, b"x" * 2_000_000)):
                yield message
                if at == number:
                    sent.set()
            await asyncio.sleep(60)

        call = forms.files.UploadTaskFormFile(stream())
        async with asyncio.timeout(20):
            await sent.wait()
        await asyncio.sleep(0.003 * number)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    async def gone() -> bool:
        return await _rows(forms) == [0, 0]

    await until(gone)
    # And it stays so: nothing was on its way still.
    await asyncio.sleep(0.5)
    assert await _rows(forms) == [0, 0]


class BreaksOff:
    """A database that fails a call when its third write, by which a file of one piece is ready, has been committed."""

    def __init__(self, database: Database, error: BaseException) -> None:
        self._database, self._error, self._writes = database, error, 0

    async def write(self, program: Program[Any]) -> Any:
        result = await self._database.write(program)
        self._writes += 1
        if self._writes == 3:
            raise self._error
        return result

    async def read(self, program: Program[Any]) -> Any:
        return await self._database.read(program)

    async def close(self) -> None:
        await self._database.close()


class GoesOn(BreaksOff):
    """A database whose first write, by which a file begins, goes on when its caller goes away."""

    def __init__(self, database: Database) -> None:
        super().__init__(database, RuntimeError())
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()

    async def write(self, program: Program[Any]) -> Any:
        if self.begun.is_set():
            return await self._database.write(program)
        self.begun.set()
        return await asyncio.shield(asyncio.ensure_future(self._write_later(program)))

    async def _write_later(self, program: Program[Any]) -> Any:
        await self.go_on.wait()
        return await self._database.write(program)


async def _upload_by(database: Database, clock: TurnedClock) -> str:
    """Upload a file of one piece with the request id r."""
    served = ServedDatabase(database)
    uploads = Uploads(served, clock, RequestWriter(served, clock), Limits(1_000, 10, 86_400_000_000, ("*/*",)))

    async def content() -> AsyncIterator[bytes]:
        yield b"hello"

    call = CallContext("c", user_id="ann")
    with as_call(call):
        answer = await uploads.receive(
            maker_of(call),
            Place("", "d", "k", "i", "i", "t"),
            Announced("UploadTaskFormFile", "r", "file", "a.txt", "text/plain", ""),
            content(),
            lambda file: pb.UploadTaskFormFileResponse(file=pb.FormFile(id=file.id)),
        )
    return pb.UploadTaskFormFileResponse.FromString(answer).file.id


async def test_an_upload_that_breaks_off_at_its_beginning_leaves_nothing(
    form_database: Database, clock: TurnedClock
) -> None:
    database = GoesOn(form_database)
    upload = asyncio.create_task(_upload_by(database, clock))
    await database.begun.wait()
    upload.cancel()
    asyncio.get_running_loop().call_later(0.2, database.go_on.set)
    with pytest.raises(asyncio.CancelledError):
        await upload
    await database.go_on.wait()
    await asyncio.sleep(0.2)
    assert (await form_database.read(fetch(Fetch("SELECT COUNT(*) FROM form_file"))))[0][0] == 0


@pytest.mark.parametrize(
    ("error", "raised"), [(asyncio.CancelledError(), asyncio.CancelledError), (OutcomeUnknown(), DependencyDown)]
)
async def test_a_file_stays_that_was_ready_when_its_call_broke_off(
    form_database: Database, clock: TurnedClock, error: BaseException, raised: type[BaseException]
) -> None:
    """The request is answered with it when it is sent again."""
    served = BreaksOff(form_database, error)
    with pytest.raises(raised):
        await _upload_by(served, clock)
    file_id = await _upload_by(served, clock)
    assert list(await form_database.read(find_files([file_id]))) == [file_id]
    rows = await form_database.read(fetch(Fetch("SELECT COUNT(*) FROM form_file")))
    assert rows[0][0] == 1


async def test_a_file_that_is_deleted_while_it_is_read_does_not_end_well(forms: Forms, task: str) -> None:
    file = await forms.upload(task, b"x" * 600_000)

    def cut() -> Program[None]:
        yield Execute("DELETE FROM form_file_chunk WHERE number>0", ())

    await forms.service._database.write(cut())
    assert (await refusal(forms.download(file.id))).reason == "FORM_FILE_NOT_FOUND"
    assert (await refusal(forms.download_for(task, file.id))).reason == "FORM_FILE_NOT_FOUND"


async def test_a_late_piece_of_a_file_that_is_gone(forms: Forms, task: str) -> None:
    file = await forms.upload(task, b"x")
    assert await forms.service._database.write(insert_chunk(file.id, 1, b"y"))
    await forms.service._database.write(delete_file(file.id))
    assert not await forms.service._database.write(insert_chunk(file.id, 2, b"z"))
    assert await _rows(forms) == [0, 0]


async def _unknown(call: Any) -> str:
    """Expect that a submission is refused for its file; return what is said."""
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await call
    assert reason_of(raised.value) == "FORM_DATA_INVALID"
    (said,) = faults_of(raised.value).items()
    assert said[0] == "file"
    return said[1]


async def test_files_of_a_refused_submission_are_free_again(forms: Forms, task: str) -> None:
    file = await forms.upload(task, b"x")
    instance = (await forms.engine.user_tasks())[0].process_instance_id
    await forms.engine.suspend(instance)
    named = {"files::a": {"ids": [file.id]}}
    await refusal(forms.submit(task, {"file": "files::a"}, files=named))
    await forms.engine.resume(instance)
    await forms.submit(task, {"file": "files::a"}, files=named)


async def test_loose_files_are_deleted(forms: Forms, task: str, clock: TurnedClock) -> None:
    loose, kept = await forms.upload(task, b"x" * 600_000), await forms.upload(task, b"kept")
    await forms.submit(task, {"file": "files::a"}, files={"files::a": {"ids": [kept.id]}})
    clock.forward(90_000)
    retention = Retention(forms.service._database, clock, 86_400, 86_400)
    await retention.run()
    assert (await refusal(forms.files.GetFormFile(pb.GetFormFileRequest(id=loose.id)))).reason == "FORM_FILE_NOT_FOUND"
    assert await forms.download(kept.id) == b"kept"
    rows = await forms.service._database.read(fetch(Fetch("SELECT COUNT(*) FROM form_file_chunk")))
    assert rows[0][0] == 1


async def test_upload_without_a_message(forms: Forms, task: str) -> None:
    assert (await refusal(forms.files.UploadTaskFormFile(iter(())))).reason == "FIELD_INVALID"
    nowhere = pb.UploadTaskFormFileRequest(file_name="a")
    assert (await refusal(forms.files.UploadTaskFormFile(iter([nowhere])))).reason == "FIELD_INVALID"


async def test_file_of_a_start_form(forms: Forms) -> None:
    await forms.create(form("order", PICKER))
    (definition,) = (
        await forms.engine.deploy(
            model("p", ENDS.replace('id="s"', 'id="s" flowable:formKey="order"') + '<userTask id="t"/>', "s>t", "t>e")
        )
    ).process_definitions
    first = pb.UploadStartFormFileRequest(process_definition_id=definition.id, file_name="a.txt", field_key="file")
    file = (await forms.files.UploadStartFormFile(pieces(pb.UploadStartFormFileRequest, first, b"hello"))).file
    answer = await forms.submit_start(definition.id, {"file": "files::a"}, files={"files::a": {"ids": [file.id]}})
    instance = answer.submission.process_instance_id
    assert (await forms.files.GetFormFile(pb.GetFormFileRequest(id=file.id))).file.process_instance_id == instance
    (task,) = await forms.engine.user_tasks(process_instance_id=instance)
    assert await forms.download_for(task.id, file.id) == b"hello"


async def test_files_of_the_process_that_calls(forms: Forms) -> None:
    """The called one is handed the variable that names them, and its tasks show them."""
    await forms.create(form("request", PICKER))
    inner = '<userTask id="v"/>'
    await forms.engine.deploy(model("inner", ENDS + inner, "s>v", "v>e"))
    call = """<callActivity id="c" calledElement="inner"/>"""
    await forms.engine.deploy(
        model("outer", ENDS + '<userTask id="t" flowable:formKey="request"/>' + call, "s>t", "t>c", "c>e")
    )
    task = await forms.task("outer")
    file = await forms.upload(task, b"x")
    answer = await forms.submit(task, {"file": "files::a"}, files={"files::a": {"ids": [file.id]}})
    (called,) = await forms.engine.user_tasks()
    assert called.process_instance_id != answer.submission.process_instance_id
    assert await forms.download_for(called.id, file.id) == b"x"
    stranger = await forms.task("outer")
    assert (await refusal(forms.download_for(stranger, file.id))).reason == "FORM_FILE_NOT_FOUND"
