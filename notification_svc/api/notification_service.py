"""`flowmesh.notification.v1.NotificationService`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from flowmesh.notification.v1 import notification_pb2
from flowmesh.notification.v1 import notification_service_pb2 as pb
from google.api.httpbody_pb2 import HttpBody
from google.protobuf.empty_pb2 import Empty

from mesh.call import current_call
from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.errors import DomainError, InvalidField, Violation
from mesh.paging import decode_page_token, encode_page_token, page_size_of
from mesh.status import domain_of, status_from
from notification_svc.api import event_stream
from notification_svc.api.callers import own
from notification_svc.api.mapping import notification_message
from notification_svc.commands import inbox as commands
from notification_svc.commands.refusals import notification_missing
from notification_svc.commands.writing import CommandWriter
from notification_svc.queries.caller import Caller
from notification_svc.queries.inbox import (
    Cursor,
    InboxFilter,
    InboxPage,
    changes_since,
    get_own,
    list_inbox,
    now_cursor,
    parse_cursor,
)
from notification_svc.queries.inbox_signals import InboxSignals
from notification_svc.storage.layout import ChannelType
from notification_svc.texts.wording import Wording

HEARTBEAT_SECONDS = 10.0
STREAM_PAGE = 100
_DOMAIN = domain_of(pb.DESCRIPTOR.services_by_name["NotificationService"].full_name)


@dataclass(slots=True)
class NotificationServicer:
    """Serves NotificationService."""

    database: Database
    writer: CommandWriter
    wording: Wording
    signals: InboxSignals

    async def ListNotifications(self, request: pb.ListNotificationsRequest) -> pb.ListNotificationsResponse:
        """See the contract."""
        size = page_size_of(request)
        after = decode_page_token(request, int)
        wanted = InboxFilter(
            request.read if request.HasField("read") else None,
            request.obsolete if request.HasField("obsolete") else None,
            request.event_type,
            request.process_instance_id,
            request.task_id,
        )
        last = int(after[0] or 0) if after else None
        page = await self.database.read(list_inbox(own(), wanted, last, size + 1))
        more = len(page.rows) > size
        return pb.ListNotificationsResponse(
            notifications=[await self._message(page, number) for number in range(min(size, len(page.rows)))],
            next_page_token=encode_page_token(request, [page.rows[size - 1].number]) if more else "",
            unread_count=page.unread,
            cursor=page.cursor.text(),
        )

    async def GetNotification(self, request: pb.GetNotificationRequest) -> pb.GetNotificationResponse:
        """See the contract."""
        page = await self.database.read(get_own(own(), request.id))
        if not page.rows:
            raise notification_missing(request.id)
        return pb.GetNotificationResponse(notification=await self._message(page, 0))

    async def MarkNotificationRead(self, request: pb.MarkNotificationReadRequest) -> pb.MarkNotificationReadResponse:
        """See the contract."""
        marked = await self._mark(request, read=True)
        return pb.MarkNotificationReadResponse(notification=marked)

    async def MarkNotificationUnread(
        self, request: pb.MarkNotificationUnreadRequest
    ) -> pb.MarkNotificationUnreadResponse:
        """See the contract."""
        marked = await self._mark(request, read=False)
        return pb.MarkNotificationUnreadResponse(notification=marked)

    async def MarkAllNotificationsRead(self, request: pb.MarkAllNotificationsReadRequest) -> bytes:
        """See the contract."""
        caller = own()

        def work(now: int) -> Program[pb.MarkAllNotificationsReadResponse]:
            marked, more = yield from commands.mark_all_read(caller, now)
            return pb.MarkAllNotificationsReadResponse(marked=marked, more=more)

        answer = await self.writer.change(caller.id, request, work)
        self.signals.tell([caller.id])
        return answer

    async def DeleteNotification(self, request: pb.DeleteNotificationRequest) -> bytes:
        """See the contract."""
        caller = own()

        def work(now: int) -> Program[pb.DeleteNotificationResponse]:
            yield from commands.delete(caller, request.id, now)
            return pb.DeleteNotificationResponse()

        answer = await self.writer.change(caller.id, request, work)
        self.signals.tell([caller.id])
        return answer

    async def WatchNotifications(
        self, request: pb.WatchNotificationsRequest
    ) -> AsyncIterator[pb.WatchNotificationsResponse]:
        """See the contract."""
        async for message in self._changes(request.cursor):
            yield message

    async def StreamNotifications(self, request: pb.StreamNotificationsRequest) -> AsyncIterator[HttpBody]:
        """See the contract."""
        # Who reads server-sent events goes on by the header; the URL is that of the first time.
        async for message in self._changes(current_call().last_event_id or request.cursor):
            yield HttpBody(content_type=event_stream.CONTENT_TYPE, data=event_stream.event_of(message))

    async def _changes(self, begin: str) -> AsyncIterator[pb.WatchNotificationsResponse]:
        caller, draining = own(), current_call().draining
        cursor = await self._begin(caller, begin)
        # Tells a caller at once that the stream is open, and where it begins.
        yield _heartbeat(cursor)
        try:
            with self.signals.listening(caller.id) as changed:
                while not draining.is_set():
                    changed.clear()
                    page = await self.database.read(changes_since(caller, cursor, STREAM_PAGE))
                    for number, row in enumerate(page.rows):
                        message = await self._message(page, number)
                        cursor = Cursor(row.change_number, row.id)
                        yield pb.WatchNotificationsResponse(notification=message, cursor=cursor.text())
                    # Behind what is not for the caller to see as well.
                    moved, cursor = page.cursor != cursor or bool(page.rows), page.cursor
                    if not moved and not await _woken(changed, draining):
                        yield _heartbeat(cursor)
        except DomainError as error:
            yield pb.WatchNotificationsResponse(error=status_from(error, _DOMAIN), cursor=cursor.text())

    async def _begin(self, caller: Caller, text: str) -> Cursor:
        now = await self.database.read(now_cursor(caller))
        if not text:
            return now
        cursor = parse_cursor(text)
        if cursor is None or cursor.number > now.number:
            raise InvalidField(
                "NOTIFICATION_CURSOR_INVALID",
                "the cursor was not given by this stream; leave it out to begin now",
                violations=[Violation("cursor", "Must be the cursor of the last message that was got.")],
            )
        return cursor

    async def _mark(
        self, request: pb.MarkNotificationReadRequest | pb.MarkNotificationUnreadRequest, *, read: bool
    ) -> notification_pb2.Notification:
        caller = own()

        def work(now: int) -> Program[Empty]:
            yield from commands.mark(caller, request.id, now, read=read)
            # It is answered as it is, in the reader's words of now.
            return Empty()

        await self.writer.change(caller.id, request, work)
        self.signals.tell([caller.id])
        page = await self.database.read(get_own(caller, request.id))
        if not page.rows:
            raise notification_missing(request.id)
        return await self._message(page, 0)

    async def _message(self, page: InboxPage, number: int) -> notification_pb2.Notification:
        row = page.rows[number]
        return notification_message(row, await self.wording.say(row, ChannelType.INBOX, page.library))


def _heartbeat(cursor: Cursor) -> pb.WatchNotificationsResponse:
    return pb.WatchNotificationsResponse(heartbeat=pb.WatchNotificationsResponse.Heartbeat(), cursor=cursor.text())


async def _woken(changed: asyncio.Event, draining: asyncio.Event) -> bool:
    """Wait for a change or the end of the server; False where a heartbeat is due before."""
    waits = [asyncio.ensure_future(changed.wait()), asyncio.ensure_future(draining.wait())]
    try:
        done, _ = await asyncio.wait(waits, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    return bool(done)
