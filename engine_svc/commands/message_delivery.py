"""Brings published messages to what waits for them, each to one instance and once.

Who publishes stores the message and then looks for who waits; who begins to wait is stored and then looks for
messages. So one of the two finds the other, however close together they come; where both do, the commit decides: it
takes the message's row (`Claim`) together with the instance's. What a crash left between the two steps is found by
`MessageBuffer`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import orjson
from google.protobuf.message import Message
from google.protobuf.wrappers_pb2 import StringValue

from engine_svc.commands.executor import Beside, Effect, InstanceExecutor, Start, instance_missing
from engine_svc.runtime import step
from engine_svc.runtime.requests import Program
from engine_svc.state.instance import Instance
from engine_svc.storage.commit import (
    REQUEST_COLUMNS,
    THROWN_COLUMNS,
    AlreadyAnswered,
    Claim,
    ClaimLost,
    Commit,
    RequestRecord,
    StaleRevision,
)
from engine_svc.storage.messages import (
    MessageState,
    NewMessage,
    Waiting,
    fetch_message,
    find_buffered,
    find_waiting,
    message_claim,
    note_refusal,
    stored_message,
    taken,
)
from engine_svc.storage.start_events import MESSAGE_START_KEY, FoundStart, find_message_start, message_start_row
from mesh.db.database import ConstraintViolated
from mesh.db.served_database import write_again
from mesh.db.statements import DeleteMany, FetchKeys, InsertMany, Row, Statement, UpdateKeys
from mesh.db.statements import Program as Statements
from mesh.errors import AlreadyExists, Conflict, NotFound, WrongState
from mesh.ids import new_id

ATTEMPTS = 20
MESSAGE_ID = "PublishMessage.message_id"
"""Method under which message ids are kept among the request ids."""
GONE = frozenset(
    {
        "ACTIVITY_NOT_FOUND",
        "PROCESS_INSTANCE_NOT_FOUND",
        "PROCESS_INSTANCE_NOT_RUNNING",
        "PROCESS_DEFINITION_SUSPENDED",
        "MESSAGE_NOT_CORRELATED",
    }
)
"""Reasons for which who waited does so no more."""
NOBODY = "nothing waited for its name and correlation key when it came, and it was not to be kept"


@dataclass(slots=True, frozen=True)
class StartByMessage:
    """A start event that waits for a message.

    `previous` is the instance that the same name and correlation key started before, where there is such a key.
    """

    name: str
    tenant_id: str
    correlation_key: str
    previous: str


Target = Waiting | StartByMessage
Record = Callable[[str, int, bool], Beside]
"""What is written together with the instance that takes a message: its id, the time, and whether it is started."""


class LookAgain(Exception):
    """Who waited for a message does so no more, or another one came in between."""


class Refused(Exception):
    """Who waits for a message cannot take it: its step fails."""


class MessageDelivery:
    """Publishes messages, and gives those that are kept to who comes to wait."""

    def __init__(self, executor: InstanceExecutor) -> None:
        self._executor = executor

    async def publish(self, new: NewMessage, request: RequestRecord | None) -> Row:
        """Give a message to what waits for it, or keep it; return its row. A repeated request does not send it again.

        Raises `AlreadyExists` (MESSAGE_DUPLICATE), `RequestIdReused`, `DependencyDown`.
        """
        answer = await self._executor.answer_to(request)
        if answer is not None:
            return await self._repeated(answer)
        explanation = NOBODY
        for _ in range(ATTEMPTS):
            await self._refuse_duplicate(new)
            target = await self._target(new)
            if target is None:
                break
            try:
                return await self._give(new, target, request, self._as_correlated(new))
            except LookAgain:
                continue
            except Refused as refused:
                explanation = str(refused)
                break
        stored = await self._store(new, request, explanation)
        return await self.match(stored) if stored[5] == MessageState.BUFFERED else stored

    async def match(self, row: Row) -> Row:
        """Give a message that is kept, a row of `MESSAGE_COLUMNS`, to what waits for it; return the row as it is then.

        Raises `DependencyDown`.
        """
        new = stored_message(row)

        def record(instance_id: str, now: int, started: bool) -> Beside:
            return Beside([message_claim(new.id)], [taken(new.id, instance_id, now, started=started)])

        for _ in range(ATTEMPTS):
            target = await self._target(new)
            if target is None:
                return row
            try:
                await self._give(new, target, None, record)
                break
            except LookAgain:
                continue
            except ClaimLost:
                break
            except Refused as refused:
                await write_again(self._executor.database, partial(note_refusal, new.id, str(refused)))
                break
        return await self._executor.database.read(fetch_message(new.id)) or row

    async def match_subscription(self, tenant_id: str, name: str, correlation_key: str) -> None:
        """Give the oldest message that is kept for a name and key to what waits for it. Raises `DependencyDown`."""
        now = self._executor.clock.now_micros()
        row = await self._executor.database.read(find_buffered(tenant_id, name, correlation_key, now))
        if row is not None:
            await self.match(row)

    async def deliver_thrown(self, row: Row) -> None:
        """Give a message that an instance sent, a row of `THROWN_COLUMNS`, to what waits for it now, if anything.

        Raises `DependencyDown`.
        """
        thrown_id, _, name, correlation_key, variables, _, _, tenant_id, _ = row
        new = NewMessage(new_id(), name, correlation_key, tenant_id, orjson.loads(variables))
        claim = Claim("thrown_event", ("id",), (thrown_id,), THROWN_COLUMNS[1:2], (row[1],))
        delete = DeleteMany("thrown_event", ("id",), [(thrown_id,)])

        def record(instance_id: str, now: int, started: bool) -> Beside:
            told = new.row(MessageState.CORRELATED, now, instance_id=instance_id, started=started)
            return Beside([claim], [delete], [told])

        explanation = NOBODY
        try:
            for _ in range(ATTEMPTS):
                target = await self._target(new)
                if target is None:
                    break
                try:
                    await self._give(new, target, None, record)
                except LookAgain:
                    continue
                return
        except Refused as refused:
            explanation = str(refused)
        except ClaimLost:
            return
        now = self._executor.clock.now_micros()
        commit = Commit(now, claims=[claim], statements=[delete])
        commit.messages.append(new.row(MessageState.UNMATCHED, now, explanation=explanation))
        try:
            await self._executor.commit(commit)
        except ClaimLost:
            return

    async def _target(self, new: NewMessage) -> Target | None:
        return await self._executor.database.read(_find_target(new.tenant_id, new.name, new.correlation_key))

    async def _give(self, new: NewMessage, target: Target, request: RequestRecord | None, record: Record) -> Row:
        """Let a target take a message. Raises `Refused`, `ClaimLost`, `LookAgain`."""
        try:
            if isinstance(target, Waiting):
                answer = await self._trigger(new, target, request, record)
            else:
                answer = await self._start(new, target, request, record)
        except (NotFound, WrongState) as error:
            if error.reason in GONE:
                raise LookAgain from error
            who = f"instance {target.instance_id}" if isinstance(target, Waiting) else "the process that it starts"
            raise Refused(f"{who} could not take it: {error.reason}: {error.message}") from error
        except (Conflict, ConstraintViolated) as error:
            raise LookAgain from error
        return await self._repeated(answer)

    async def _trigger(self, new: NewMessage, target: Waiting, request: RequestRecord | None, record: Record) -> bytes:
        def work(instance: Instance, now: int) -> Program[Effect]:
            changes = yield from step.trigger(instance, target.key, dict(new.variables), now)
            beside = record(instance.id, now, False)
            return Effect(
                changes,
                lambda: _answer(new, beside),
                statements=beside.statements,
                claims=beside.claims,
                messages=beside.messages,
            )

        return await self._executor.change(
            target.instance_id, work, request, lambda: instance_missing(target.instance_id)
        )

    async def _start(
        self, new: NewMessage, target: StartByMessage, request: RequestRecord | None, record: Record
    ) -> bytes:
        written = Beside()

        def beside(instances: list[Instance], now: int) -> Beside:
            nonlocal written
            (instance,) = instances
            written = record(instance.id, now, True)
            if not new.correlation_key:
                return written
            key = (target.tenant_id, target.name, target.correlation_key)
            claims = list(written.claims)
            statement: Statement
            if target.previous:
                claims.append(Claim("message_start", MESSAGE_START_KEY, key, ("instance_id",), (target.previous,)))
                statement = UpdateKeys("message_start", "instance_id=?", (instance.id,), MESSAGE_START_KEY, [key])
            else:
                statement = InsertMany("message_start", (*MESSAGE_START_KEY, "instance_id"), [(*key, instance.id)])
            return Beside(claims, [*written.statements, statement], written.messages)

        start = Start("", "", 0, new.tenant_id, "", dict(new.variables), "", message_name=new.name)

        def respond(instances: list[Instance]) -> Message:
            return _answer(new, written)

        return await self._executor.create([start], request, respond, beside)

    def _as_correlated(self, new: NewMessage) -> Record:
        def record(instance_id: str, now: int, started: bool) -> Beside:
            row = new.row(MessageState.CORRELATED, now, instance_id=instance_id, started=started)
            return Beside(statements=_keep_message_id(new, now), messages=[row])

        return record

    async def _store(self, new: NewMessage, request: RequestRecord | None, explanation: str) -> Row:
        for _ in range(ATTEMPTS):
            now = self._executor.clock.now_micros()
            if new.ttl:
                row = new.row(MessageState.BUFFERED, now, explanation="" if explanation is NOBODY else explanation)
            else:
                row = new.row(MessageState.UNMATCHED, now, explanation=explanation)
            commit = Commit(now, request, messages=[row], statements=_keep_message_id(new, now))
            if request is not None:
                request.response = _answer(new, Beside(messages=[row])).SerializeToString()
            try:
                await self._executor.commit(commit)
            except AlreadyAnswered as answered:
                return await self._repeated(answered.response)
            except StaleRevision:
                continue
            except ConstraintViolated:
                await self._refuse_duplicate(new)
            else:
                return row
        raise Conflict("REVISION_CONFLICT", f"message {new.name} could not be stored; try again", metadata={"id": ""})

    async def _repeated(self, answer: bytes) -> Row:
        recorded = orjson.loads(StringValue.FromString(answer).value)
        # It is forgotten before the answer is: then the answer is what is known.
        return await self._executor.database.read(fetch_message(recorded[0])) or (*recorded, b"{}")

    async def _refuse_duplicate(self, new: NewMessage) -> None:
        if not new.message_id:
            return
        found = await self._executor.database.read(_find_message_id(new))
        if found:
            raise AlreadyExists(
                "MESSAGE_DUPLICATE",
                f"message id {new.message_id} was used before for the name {new.name} and this correlation key",
                metadata={"message_id": new.message_id, "id": found},
            )


def _answer(new: NewMessage, written: Beside) -> Message:
    """Return the answer that is kept for the request: the message's row, its variables aside."""
    row = written.messages[0] if written.messages else new.row(MessageState.CORRELATED, 0)
    return StringValue(value=orjson.dumps(row[:-1]).decode())


def _find_target(tenant_id: str, name: str, correlation_key: str) -> Statements[Target | None]:
    waiting = yield from find_waiting(tenant_id, name, correlation_key)
    if waiting is not None:
        return waiting
    start: FoundStart | None
    start, _ = yield from find_message_start(tenant_id, name)
    if start is None or start.suspended:
        return None
    previous, running = "", False
    if correlation_key:
        previous, running = yield from message_start_row(tenant_id, name, correlation_key)
    return None if running else StartByMessage(name, tenant_id, correlation_key, previous)


def _digest(new: NewMessage) -> str:
    digest = hashlib.blake2b(digest_size=32)
    for part in (new.tenant_id, new.name, new.correlation_key, new.message_id):
        encoded = part.encode()
        digest.update(len(encoded).to_bytes(4, "big") + encoded)
    return digest.hexdigest()


def _keep_message_id(new: NewMessage, now: int) -> list[Statement]:
    if not new.message_id:
        return []
    return [InsertMany("request_record", REQUEST_COLUMNS, [(MESSAGE_ID, _digest(new), "", new.id.encode(), now)])]


def _find_message_id(new: NewMessage) -> Statements[str]:
    rows = yield FetchKeys("request_record", ("response",), ("method", "request_id"), [(MESSAGE_ID, _digest(new))])
    return bytes(rows[0][0]).decode() if rows else ""
