"""Submitting: the data is kept, then the engine does its part; as one operation, whatever is killed in between.

A submission is a row before the engine hears of it. What the engine is asked is stored with it and never changes, and
has a request id made of the submission's: so it may be asked any number of times, by the call that submits or by the
worker that comes after it, and does it once. The row says PENDING until the engine has answered; what it refuses, with
which nothing has changed there, is REFUSED, and the files are free again.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson
from flowmesh.engine.v1 import form_host_service_pb2 as host_pb
from google.rpc import status_pb2

from form_svc.commands.checking import CheckedData
from form_svc.commands.form_lookup import FoundForm
from form_svc.commands.refusals import data_too_large, file_missing, still_pending, unclear
from form_svc.commands.writing import fingerprint_of
from form_svc.engine.failures import REFUSALS, refusal_of
from form_svc.engine.host import EngineHost
from form_svc.storage.audit import SUBMISSION, tell_operation
from form_svc.storage.drafts import delete_drafts
from form_svc.storage.files import File, attach_files, find_files, place_files, release_files
from form_svc.storage.layout import PENDING, REFUSED, SETTLED, STATE_NAMES, TASK, UNCLEAR
from form_svc.storage.requests import request_id_reused
from form_svc.storage.submissions import (
    Content,
    Submission,
    claim_attempt,
    due_submissions,
    find_by_scope,
    find_submission,
    insert_submission,
    postpone,
    read_content,
    settle,
)
from mesh.audit.operation import Maker, maker_of
from mesh.call import CallContext, as_call, find_call
from mesh.clock import Clock
from mesh.db.database import ConstraintViolated, Database
from mesh.db.served_database import write_again
from mesh.db.statements import Program
from mesh.errors import DomainError, InvalidField, NotFound
from mesh.ids import new_id
from mesh.logs import get_log
from mesh.status import status_from

MAX_MESSAGE = 4_000
LONGEST_PAUSE_SECONDS = 60.0
RETAINED_SHARE = 0.9
"""Of the time for which the engine remembers requests: what takes longer is not relied on."""
GONE = frozenset({"USER_TASK_NOT_FOUND", "USER_TASK_ALREADY_COMPLETED", "PROCESS_INSTANCE_NOT_RUNNING"})
"""What the engine says of a task that is done: by this submission, if it has forgotten the request."""
DOMAIN = "flowmesh.form"
MAX_REQUEST_BYTES = 4 << 20
"""Of what the engine is sent. It is stored with the data in one statement, of which MariaDB takes 16 MiB, escaped."""
PAGE = 20

_log = get_log(__name__)


@dataclass(slots=True, frozen=True)
class Wanted:
    """A submission that was checked."""

    kind: int
    tenant_id: str
    process_definition_id: str
    process_definition_key: str
    process_instance_id: str
    user_task_id: str
    element_id: str
    found: FoundForm
    outcome: str
    checked: CheckedData


@dataclass(slots=True, frozen=True)
class Asked:
    """A request to submit: whose it is, and what makes it the same when it is sent again."""

    method: str
    user_id: str
    request_id: str
    content: bytes

    @property
    def scope(self) -> str:
        """A digest over method, user and request id."""
        return hashlib.blake2b(
            f"{self.method}:{len(self.user_id)}:{self.user_id}:{self.request_id}".encode(), digest_size=32
        ).hexdigest()

    @property
    def fingerprint(self) -> str:
        """A digest of the content."""
        return fingerprint_of(self.content)


@dataclass(slots=True, frozen=True)
class Times:
    """How long things take; in microseconds. `attempt`: before another attempt may begin beside one."""

    attempt: int
    engine_retention: int
    file_retention: int


@dataclass(slots=True, frozen=True)
class Kept:
    """A submission that is there; `begun`: nobody else is at its first attempt."""

    submission: Submission
    begun: bool = False


MakeRequest = Callable[[str, Mapping[str, Any]], bytes]
"""Makes what the engine is asked, given the request id and the data."""


@dataclass(slots=True, frozen=True)
class Submitting:
    """Keeps submissions and brings them to their end. `database` is one that calls are served from."""

    database: Database
    clock: Clock
    engine: EngineHost
    times: Times
    ended: Callable[[int], None] = lambda state: None
    """Is told the state that a submission has come to."""

    async def known(self, asked: Asked) -> Submission | None:
        """Return the submission of a request that was sent before. Raises `RequestIdReused`, `DependencyDown`."""
        if not asked.request_id:
            return None
        found = await self.database.read(find_by_scope(asked.scope))
        if found is not None and found.fingerprint != asked.fingerprint:
            raise request_id_reused(asked.method, asked.request_id)
        return found

    async def usable_files(
        self, named: Mapping[str, Sequence[str]], user_id: str, process_definition_id: str, user_task_id: str = ""
    ) -> dict[str, File]:
        """Return those files that a submission may name, by their ids: all others are as if they never were."""
        found = await self.database.read(find_files([each for ids in named.values() for each in ids]))
        return {
            file.id: file
            for file in found.values()
            if submission_takes(file, user_id, process_definition_id, user_task_id)
        }

    async def kept(
        self, asked: Asked, check: Callable[[], Awaitable[Wanted]], actor_rows: bytes, make: MakeRequest
    ) -> Kept:
        """Return the submission that a request has made, or check what is wanted and keep it.

        Raises what `check` and `keep` raise.
        """
        found = await self.known(asked)
        if found is None:
            try:
                wanted = await check()
            except (NotFound, InvalidField):
                # The same request at the same time may have done it meanwhile: the task is gone, the files are taken.
                found = await self.known(asked)
                if found is None:
                    raise
            else:
                return await self.keep(asked, wanted, actor_rows, make)
        return Kept(found)

    async def keep(self, asked: Asked, wanted: Wanted, actor_rows: bytes, make: MakeRequest) -> Kept:
        """Keep a submission as pending; return it, or the one that the same request has made meanwhile.

        Its first attempt has begun with that, for who keeps it. Raises `NotFound` (FORM_FILE_NOT_FOUND),
        `InvalidField` for too much data, `RequestIdReused`, `DependencyDown`.
        """
        submission_id = new_id()
        if not asked.request_id:
            asked = replace(asked, request_id=submission_id)
        maker = maker_of(find_call())

        def program() -> Program[Kept]:
            now = self.clock.now_micros()
            submission = _pending(submission_id, asked, wanted, now, now + self.times.attempt)
            files = yield from find_files(wanted.checked.file_ids, lock=True)
            for file_id in wanted.checked.file_ids:
                if not submission_takes(
                    files.get(file_id),
                    submission.submitted_by,
                    submission.process_definition_id,
                    submission.user_task_id,
                ):
                    raise file_missing(file_id)
            data = wanted.checked.with_files(files)
            engine_request = make(f"form:{submission_id}", data)
            if len(engine_request) > MAX_REQUEST_BYTES:
                raise data_too_large(len(engine_request), MAX_REQUEST_BYTES, "as the engine gets it")
            content = Content(orjson.dumps(data), actor_rows, engine_request)
            yield from insert_submission(submission, content)
            yield from attach_files(wanted.checked.file_ids, submission_id)
            yield from _tell(maker, now, submission, _told(submission, data, wanted.checked.file_ids), {})
            return Kept(submission, begun=True)

        try:
            return await write_again(self.database, program)
        except (ConstraintViolated, NotFound):
            # The same request at the same time, which has the files then as well.
            found = await self.known(asked)
            if found is None:
                raise
            return Kept(found)

    async def drive(self, kept: Kept) -> tuple[Submission, bytes]:
        """Bring a submission to its end; return it with the engine's answer.

        Raises what the engine has refused it with, `WrongState` (FORM_SUBMISSION_UNCLEAR), and `DependencyDown`
        (FORM_SUBMISSION_PENDING) where it cannot be told now.
        """
        submission = kept.submission
        if submission.state == PENDING:
            await self._attempt(submission, begun=kept.begun)
            found = await self.database.read(find_submission(submission.id))
            assert found is not None
            submission = found
        if submission.state == PENDING:
            raise still_pending(submission.id, "it does not answer")
        answer = (await self.database.read(read_content(submission.id))).engine_answer
        if submission.state == REFUSED:
            raise refusal_of(status_pb2.Status.FromString(answer))
        if submission.state == UNCLEAR:
            raise unclear(submission.id)
        return submission, answer

    async def drive_due(self) -> int:
        """Take up submissions whose calls broke off; return how many."""
        due = await self.database.read(due_submissions(self.clock.now_micros(), PAGE))
        await asyncio.gather(*map(self._take_up, due))
        return len(due)

    async def _take_up(self, submission: Submission) -> None:
        call = CallContext(new_id(), user_id=submission.submitted_by or None)
        try:
            with as_call(call):
                await self._attempt(submission)
        except DomainError as error:
            _log.warning(
                "A submission could not be settled yet",
                submission=submission.id,
                reason=error.reason,
                explanation=error.message,
            )

    async def _attempt(self, submission: Submission, *, begun: bool = False) -> None:
        """Ask the engine once, and write down what it says. Raises `DependencyDown` where that cannot be done."""
        now = self.clock.now_micros()
        if not begun and not await write_again(
            self.database, lambda: claim_attempt(submission, now + self.times.attempt)
        ):
            # Somebody else is at it. Asking twice does no harm, and the caller waits for the answer.
            found = await self.database.read(find_submission(submission.id))
            if found is None or found.state != PENDING:
                return
            submission = found
        if submission.kind != TASK and self._is_forgotten(submission):
            # A task is completed once whatever the engine remembers; an instance would be started again.
            await self._refused(submission, unclear(submission.id), UNCLEAR)
            return
        content = await self.database.read(read_content(submission.id))
        try:
            instance_id, answer = await self._ask(submission, content)
        except REFUSALS as error:
            doubtful = error.reason in GONE and self._is_forgotten(submission)
            await self._refused(submission, error, UNCLEAR if doubtful else REFUSED)
        except DomainError as error:
            # The next attempt comes soon where this one has just failed, and later the longer it goes on.
            await self._wait(submission)
            raise still_pending(submission.id, error.message) from error
        else:
            maker = maker_of(find_call())
            if await write_again(self.database, lambda: self._settled(submission, instance_id, answer, maker)):
                self.ended(SETTLED)

    async def _ask(self, submission: Submission, content: Content) -> tuple[str, bytes]:
        if submission.kind == TASK:
            completed = await self.engine.complete(
                host_pb.CompleteSubmittedTaskRequest.FromString(content.engine_request)
            )
            return completed.completion.process_instance_id, completed.completion.SerializeToString()
        started = await self.engine.start_instance(
            host_pb.StartSubmittedInstanceRequest.FromString(content.engine_request)
        )
        return started.start.process_instance.id, started.start.SerializeToString()

    def _settled(self, submission: Submission, instance_id: str, answer: bytes, maker: Maker) -> Program[bool]:
        now = self.clock.now_micros()
        changed = yield from settle(submission.id, SETTLED, answer, now, process_instance_id=instance_id)
        if changed:
            if submission.kind != TASK:
                yield from place_files(submission.id, instance_id)
            if submission.user_task_id:
                yield from delete_drafts(submission.user_task_id)
            yield from _tell_end(maker, now, submission, SETTLED, processInstanceId=instance_id)
        return changed

    def _is_forgotten(self, submission: Submission) -> bool:
        """Tell whether the engine may have been asked so long ago that it has forgotten what it did then."""
        age = self.clock.now_micros() - submission.created_at
        return age > self.times.engine_retention * RETAINED_SHARE

    async def _refused(self, submission: Submission, error: DomainError, state: int) -> None:
        if state == UNCLEAR:
            _log.error("Nobody knows what became of a submission", submission=submission.id, reason=error.reason)
        now = self.clock.now_micros()
        status = status_from(error, DOMAIN).SerializeToString()
        maker = maker_of(find_call())

        def program() -> Program[bool]:
            changed = yield from settle(
                submission.id, state, status, now, reason=error.reason[:64], message=error.message[:MAX_MESSAGE]
            )
            if changed and state == REFUSED:
                yield from release_files(submission.id, now + self.times.file_retention)
            if changed:
                yield from _tell_end(maker, now, submission, state, reason=error.reason)
            return changed

        if await write_again(self.database, program):
            self.ended(state)

    async def _wait(self, submission: Submission) -> None:
        pause = min(2.0 ** min(submission.attempts, 10), LONGEST_PAUSE_SECONDS)
        until = self.clock.now_micros() + int(pause * 1_000_000)
        await write_again(self.database, lambda: postpone(submission.id, until))


def _pending(submission_id: str, asked: Asked, wanted: Wanted, now: int, next_attempt_at: int) -> Submission:
    definition = wanted.found.definition
    return Submission(
        id=submission_id,
        kind=wanted.kind,
        state=PENDING,
        tenant_id=wanted.tenant_id,
        process_definition_id=wanted.process_definition_id,
        process_definition_key=wanted.process_definition_key,
        process_instance_id=wanted.process_instance_id,
        user_task_id=wanted.user_task_id,
        element_id=wanted.element_id,
        form_definition_id=definition.id if definition is not None else "",
        form_key=wanted.found.key[:512],
        form_version=wanted.found.version,
        submitted_by=asked.user_id,
        outcome=wanted.outcome,
        created_at=now,
        settled_at=0,
        attempts=1,
        next_attempt_at=next_attempt_at,
        refusal_reason="",
        refusal_message="",
        scope=asked.scope,
        fingerprint=asked.fingerprint,
    )


def _told(submission: Submission, data: Mapping[str, Any], file_ids: Sequence[str]) -> dict[str, Any]:
    about = {
        "state": STATE_NAMES[submission.state],
        "formKey": submission.form_key,
        "formVersion": submission.form_version,
        "formDefinitionId": submission.form_definition_id,
        "processDefinitionId": submission.process_definition_id,
        "processInstanceId": submission.process_instance_id,
        "userTaskId": submission.user_task_id,
        "outcome": submission.outcome,
        "fields": sorted(data),
        "files": list(file_ids),
    }
    return {name: value for name, value in about.items() if value not in ("", [])}


def _tell_end(maker: Maker, now: int, submission: Submission, state: int, **more: str) -> Program[None]:
    after = {"state": STATE_NAMES[state], **{name: value for name, value in more.items() if value}}
    yield from _tell(maker, now, submission, after, {"state": STATE_NAMES[PENDING]})


def _tell(
    maker: Maker, now: int, submission: Submission, after: Mapping[str, Any], before: Mapping[str, Any]
) -> Program[None]:
    yield from tell_operation(
        maker,
        now,
        SUBMISSION,
        submission.id,
        submission.tenant_id,
        # The mesh itself has no method where it brings a submission to its end.
        action="" if maker.method else "submissions.settle",
        definition_key=submission.process_definition_key,
        before=before,
        after=after,
    )


def submission_takes(file: File | None, user_id: str, process_definition_id: str, user_task_id: str) -> bool:
    """Tell whether a file may stand in a submission: it was uploaded by the same user, for the same thing."""
    return (
        file is not None
        and not file.submission_id
        and file.uploaded_by == user_id
        and file.user_task_id == user_task_id
        and (bool(file.user_task_id) or file.process_definition_id == process_definition_id)
    )
