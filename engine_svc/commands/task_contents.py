"""Commands on the comments and attachments of tasks and instances.

They are open to whom the instance is open: they are listed with it, and stay when the task is gone that they were
written on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from google.protobuf.message import Message

from engine_svc.commands.executor import Effect, InstanceExecutor, instance_missing
from engine_svc.commands.user_tasks import task_key_of, task_missing
from engine_svc.runtime import user_task_commands as tasks
from engine_svc.state.instance import Instance
from engine_svc.storage import task_contents as stored
from engine_svc.storage.commit import RequestRecord
from mesh.db.statements import Row
from mesh.errors import DomainError, NotFound
from mesh.ids import split_member_id

Respond = Callable[[Row], Message]
"""Makes the answer from the row of a comment or an attachment."""


@dataclass(slots=True, frozen=True)
class Owner:
    """What a comment or an attachment is on: a task, or with a key of 0 an instance."""

    instance_id: str
    task_key: int
    missing: Callable[[], DomainError]

    @property
    def is_task(self) -> bool:
        """Whether it is a task."""
        return self.task_key > 0


def task_owner(task_id: str) -> Owner:
    """Return a task as owner. Raises `NotFound`."""
    instance_id, key = task_key_of(task_id)
    return Owner(instance_id, key, lambda: task_missing(task_id))


def instance_owner(instance_id: str) -> Owner:
    """Return an instance as owner."""
    return Owner(instance_id, 0, lambda: instance_missing(instance_id))


async def add_comment(
    executor: InstanceExecutor, owner: Owner, user: str, text: str, request: RequestRecord | None, respond: Respond
) -> bytes:
    """Write a comment. Raises `NotFound`, `WrongState`."""

    def work(instance: Instance, now: int) -> Effect:
        key, changes = tasks.add_comment(instance, owner.task_key, user, text, now)
        row = (instance.id, key, owner.task_key, instance.definition.id, user, text, now)
        return Effect(changes, lambda: respond(row), statements=[stored.insert_comment(row)])

    return await executor.change(owner.instance_id, work, request, owner.missing, task_trees=owner.is_task)


async def delete_comment(
    executor: InstanceExecutor, comment_id: str, request: RequestRecord | None, respond: Callable[[], Message]
) -> bytes:
    """Delete a comment. Raises `NotFound`."""
    instance_id, key = _parts(comment_id, comment_missing)
    read: list[Row | None] = []

    async def prepare() -> None:
        read[:] = [await executor.database.read(stored.fetch_comment(instance_id, key))]

    def work(instance: Instance, now: int) -> Effect:
        row = read[0]
        if row is None:
            raise comment_missing(comment_id)
        changes = tasks.delete_comment(instance, key, row[2], now)
        return Effect(changes, respond, statements=[stored.delete_comment(instance_id, key)])

    return await executor.change(
        instance_id, work, request, lambda: comment_missing(comment_id), prepare=prepare, task_trees=True
    )


@dataclass(slots=True, frozen=True)
class NewAttachment:
    """An attachment to be made: with content, or the address of it."""

    user: str
    name: str
    description: str
    content_type: str
    content: bytes
    url: str


async def add_attachment(
    executor: InstanceExecutor, owner: Owner, made: NewAttachment, request: RequestRecord | None, respond: Respond
) -> bytes:
    """Attach a document, or the address of one. Raises `NotFound`, `WrongState`."""
    size = len(made.content)
    facts = tasks.AttachmentFacts(made.user, made.name, made.content_type, made.url, size)

    def work(instance: Instance, now: int) -> Effect:
        key, changes = tasks.add_attachment(instance, owner.task_key, facts, now)
        row = (
            instance.id,
            key,
            owner.task_key,
            instance.definition.id,
            made.user,
            made.name,
            made.description,
            made.content_type,
            made.url,
            size,
            now,
        )
        return Effect(changes, lambda: respond(row), statements=stored.insert_attachment(row, made.content))

    return await executor.change(owner.instance_id, work, request, owner.missing, task_trees=owner.is_task)


async def delete_attachment(
    executor: InstanceExecutor, attachment_id: str, request: RequestRecord | None, respond: Callable[[], Message]
) -> bytes:
    """Delete an attachment. Raises `NotFound`."""
    instance_id, key = _parts(attachment_id, attachment_missing)
    read: list[Row | None] = []

    async def prepare() -> None:
        read[:] = [await executor.database.read(stored.fetch_attachment(instance_id, key))]

    def work(instance: Instance, now: int) -> Effect:
        row = read[0]
        if row is None:
            raise attachment_missing(attachment_id)
        changes = tasks.delete_attachment(instance, key, row[2], now)
        return Effect(changes, respond, statements=stored.delete_attachment(instance_id, key))

    return await executor.change(
        instance_id, work, request, lambda: attachment_missing(attachment_id), prepare=prepare, task_trees=True
    )


async def read_attachment(executor: InstanceExecutor, attachment_id: str) -> Row:
    """Return the row of an attachment. Raises `NotFound`."""
    instance_id, key = _parts(attachment_id, attachment_missing)
    await executor.require(instance_id, lambda: attachment_missing(attachment_id))
    row = await executor.database.read(stored.fetch_attachment(instance_id, key))
    if row is None:
        raise attachment_missing(attachment_id)
    return row


async def read_content(executor: InstanceExecutor, attachment_id: str) -> tuple[str, bytes]:
    """Return media type and content of an attachment. Raises `NotFound`."""
    instance_id, key = _parts(attachment_id, attachment_missing)
    await executor.require(instance_id, lambda: attachment_missing(attachment_id))
    found = await executor.database.read(stored.fetch_attachment_content(instance_id, key))
    if found is None:
        raise attachment_missing(attachment_id)
    return found


def comment_missing(comment_id: str) -> NotFound:
    """Return the error for a comment that does not exist."""
    return NotFound("COMMENT_NOT_FOUND", f"there is no comment {comment_id}", metadata={"id": comment_id})


def attachment_missing(attachment_id: str) -> NotFound:
    """Return the error for an attachment that does not exist or has no content."""
    return NotFound(
        "ATTACHMENT_NOT_FOUND", f"there is no attachment {attachment_id} kept here", metadata={"id": attachment_id}
    )


def _parts(member: str, missing: Callable[[str], NotFound]) -> tuple[str, int]:
    parts = split_member_id(member)
    if parts is None:
        raise missing(member)
    return parts
