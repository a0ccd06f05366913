"""Files on their way in and out, a piece at a time."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import Message

from form_svc.commands.refusals import file_missing
from form_svc.commands.writing import RequestWriter, fingerprint_of
from form_svc.storage.audit import FILE, tell_operation
from form_svc.storage.files import (
    File,
    count_loose,
    delete_unfinished,
    find_files,
    finish_file,
    insert_chunk,
    insert_file,
    read_chunk,
)
from form_svc.storage.layout import UPLOADING
from mesh.audit.operation import Maker
from mesh.clock import Clock
from mesh.db.database import Database, DatabaseError, OutcomeUnknown
from mesh.db.served_database import write_again
from mesh.db.statements import Program
from mesh.errors import DependencyDown, InvalidField, TooLate, Violation, WrongState
from mesh.ids import new_id
from mesh.logs import get_log

CHUNK_BYTES = 256 * 1024
IDLE_SECONDS = 30.0
"""How long an upload may send nothing."""
UNKNOWN_TYPE = "application/octet-stream"
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")

AnswerWith = Callable[[File], Message]
"""Makes the answer that tells of a file."""

_log = get_log(__name__)


@dataclass(slots=True, frozen=True)
class Place:
    """What a file is uploaded for."""

    tenant_id: str
    process_definition_id: str
    process_definition_key: str
    process_instance_id: str = ""
    root_process_instance_id: str = ""
    user_task_id: str = ""


@dataclass(slots=True, frozen=True)
class Announced:
    """What the first message of an upload says."""

    method: str
    request_id: str
    field_key: str
    file_name: str
    content_type: str
    sha256: str


@dataclass(slots=True, frozen=True)
class Limits:
    """How large and how many files may be, and of which types."""

    max_bytes: int
    max_loose: int
    retention_micros: int
    types: tuple[str, ...]

    def takes(self, content_type: str) -> bool:
        """Tell whether files of a type are taken."""
        return any(
            kind in ("*/*", content_type) or (kind.endswith("/*") and content_type.startswith(kind[:-1]))
            for kind in self.types
        )


@dataclass(slots=True)
class _Received:
    size: int = 0
    chunks: int = 0
    pending: bytearray = field(default_factory=bytearray)


@dataclass(slots=True, frozen=True)
class Uploads:
    """Takes files in and gives them out. `database` is one that calls are served from."""

    database: Database
    clock: Clock
    writer: RequestWriter
    limits: Limits

    async def receive(
        self, maker: Maker, place: Place, announced: Announced, pieces: AsyncIterator[bytes], answer: AnswerWith
    ) -> bytes:
        """Keep a file; return the serialized answer.

        Raises `InvalidField` (FORM_FILE_TOO_LARGE, FORM_FILE_TYPE_REFUSED, FORM_FILE_DAMAGED, FIELD_INVALID),
        `WrongState` (FORM_FILES_TOO_MANY), `RequestIdReused`, `TooLate`, `DependencyDown`. Nothing is left then.
        """
        content_type = self._checked_type(announced.content_type)
        if not announced.file_name:
            raise _invalid(
                "file_name", "must be given: over REST as the parameter `fileName`, in a stream in its first message"
            )
        now = self.clock.now_micros()
        file = File(
            id=new_id(),
            state=UPLOADING,
            name=announced.file_name,
            content_type=content_type,
            size_bytes=0,
            sha256="",
            tenant_id=place.tenant_id,
            field_key=announced.field_key,
            process_definition_id=place.process_definition_id,
            process_definition_key=place.process_definition_key,
            process_instance_id=place.process_instance_id,
            root_process_instance_id=place.root_process_instance_id,
            user_task_id=place.user_task_id,
            submission_id="",
            uploaded_by=maker.user_id,
            created_at=now,
            expires_at=now + self.limits.retention_micros,
        )
        response = b""
        beginning = asyncio.ensure_future(self._begin(file))
        try:
            await asyncio.shield(beginning)
            size, digest = await self._take(file.id, pieces)
            if announced.sha256 and announced.sha256 != digest:
                raise InvalidField(
                    "FORM_FILE_DAMAGED",
                    f"what came has the SHA-256 {digest}, not {announced.sha256}: send the file again",
                    metadata={"sha256": digest},
                )
            response = await self._finish(file, announced, size, digest, maker, answer)
        finally:
            # An upload that was sent before is answered with the file of then. One whose call has broken off may be
            # ready all the same: then the request is answered with it from now on, and it stays.
            if file.id.encode() not in response:
                # A write goes on when its caller goes away: before its end there is nothing to delete.
                await asyncio.gather(beginning, return_exceptions=True)
                await self._throw_away(file.id)
        return response

    async def send(self, file: File) -> AsyncIterator[bytes]:
        """Yield the content of a file; one empty piece for an empty one.

        Raises `NotFound` (FORM_FILE_NOT_FOUND) where it is deleted meanwhile: half of it must not pass for the whole.
        """
        number = sent = 0
        while (chunk := await self.database.read(read_chunk(file.id, number))) is not None:
            yield chunk
            number += 1
            sent += len(chunk)
        if sent != file.size_bytes:
            raise file_missing(file.id)
        if not number:
            yield b""

    def _checked_type(self, announced: str) -> str:
        content_type = announced.partition(";")[0].strip().lower() or UNKNOWN_TYPE
        if not _TYPE.fullmatch(content_type):
            raise _invalid("content.content_type", "must be a media type such as application/pdf")
        if not self.limits.takes(content_type):
            allowed = ", ".join(self.limits.types)
            raise InvalidField(
                "FORM_FILE_TYPE_REFUSED",
                f"files of the type {content_type} are not taken; these are: {allowed}",
                metadata={"content_type": content_type, "allowed": allowed},
            )
        return content_type

    async def _begin(self, file: File) -> None:
        most = self.limits.max_loose

        def program() -> Program[None]:
            if (yield from count_loose(file.uploaded_by, most)) >= most:
                raise WrongState(
                    "FORM_FILES_TOO_MANY",
                    f"there are {most} files that were not submitted; submit or delete some of them first",
                    metadata={"limit": str(most)},
                )
            yield from insert_file(file)

        await write_again(self.database, program)

    async def _take(self, file_id: str, pieces: AsyncIterator[bytes]) -> tuple[int, str]:
        """Keep the pieces as they come; return size and checksum."""
        digest = hashlib.sha256()
        received = _Received()
        while True:
            try:
                async with asyncio.timeout(IDLE_SECONDS):
                    piece = await anext(pieces)
            except StopAsyncIteration:
                break
            except TimeoutError:
                raise TooLate(
                    "DEADLINE_EXCEEDED", f"nothing of the file came for {IDLE_SECONDS:g} s: send it again"
                ) from None
            received.size += len(piece)
            if received.size > self.limits.max_bytes:
                raise InvalidField(
                    "FORM_FILE_TOO_LARGE",
                    f"the file has more than {self.limits.max_bytes} bytes",
                    metadata={"limit": str(self.limits.max_bytes)},
                )
            # At the speed of hundreds of MB a second, a piece holds up nobody.
            digest.update(piece)
            received.pending += piece
            while len(received.pending) >= CHUNK_BYTES:
                await self._keep(file_id, received, CHUNK_BYTES)
        if received.pending:
            await self._keep(file_id, received, len(received.pending))
        return received.size, digest.hexdigest()

    async def _keep(self, file_id: str, received: _Received, size: int) -> None:
        content, number = bytes(received.pending[:size]), received.chunks
        del received.pending[:size]
        if not await write_again(self.database, lambda: insert_chunk(file_id, number, content)):
            raise _too_slow()
        received.chunks += 1

    async def _finish(
        self, file: File, announced: Announced, size: int, digest: str, maker: Maker, answer: AnswerWith
    ) -> bytes:
        """Make the file ready; return the answer."""

        def work(now: int) -> Program[Message]:
            if not (yield from finish_file(file.id, size, digest)):
                raise _too_slow()
            found = yield from find_files([file.id])
            yield from tell_operation(
                maker,
                now,
                FILE,
                file.id,
                file.tenant_id,
                definition_key=file.process_definition_key,
                after=told(found[file.id]),
            )
            return answer(found[file.id])

        what = (file.user_task_id, file.process_definition_id, announced.field_key, announced.file_name)
        fingerprint = fingerprint_of(*(part.encode() for part in (*what, file.content_type, digest)))
        return await self.writer.once(announced.method, announced.request_id, fingerprint, work)

    async def _throw_away(self, file_id: str) -> None:
        try:
            await asyncio.shield(write_again(self.database, lambda: delete_unfinished(file_id)))
        except (DependencyDown, DatabaseError, OutcomeUnknown) as error:
            # It is past its time tomorrow, and deleted then.
            _log.warning("An upload that failed could not be deleted yet", file=file_id, error=error)


def told(file: File) -> dict[str, Any]:
    """Return what the audit is told of a file; its name is what the user has filled in."""
    about = {
        "fieldKey": file.field_key,
        "contentType": file.content_type,
        "sizeBytes": file.size_bytes,
        "sha256": file.sha256,
        "userTaskId": file.user_task_id,
        "processDefinitionId": file.process_definition_id,
    }
    return {name: value for name, value in about.items() if value != ""}


def _too_slow() -> TooLate:
    return TooLate("DEADLINE_EXCEEDED", "the upload took so long that the file was thrown away: send it again")


def _invalid(name: str, description: str) -> InvalidField:
    return InvalidField("FIELD_INVALID", f"{name}: {description}", violations=[Violation(name, description)])
