"""`flowmesh notifications`: the inbox of who is signed in, and its stream."""

from __future__ import annotations

import time
from argparse import Namespace

from flowmesh.notification.v1 import notification_service_pb2 as pb
from flowmesh.notification.v1.notification_pb2 import EventType, Notification

from launcher.client.connection import Connection, new_request_id
from launcher.client.failure import CommandFailed, Unreachable
from launcher.client.output import Output, moment, to_json

PAUSE_SECONDS = 1.0


def list_inbox(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List notifications, the newest first."""
    columns = {
        "id": lambda one: one.id,
        "time": lambda one: moment(one.event_time),
        "": _mark,
        "what": lambda one: one.title,
        "instance": lambda one: one.process_instance_id,
    }
    request = pb.ListNotificationsRequest(read=False if arguments.unread else None)
    call = connection.notifications.ListNotifications
    found = connection.pages(call, request, lambda page: page.notifications, arguments.limit)
    output.messages(found, columns, "There are no notifications.")


def watch(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Print notifications as they come; where the connection breaks, go on where it broke off."""
    cursor, left = arguments.cursor, arguments.count
    while True:
        request = pb.WatchNotificationsRequest(cursor=cursor)
        try:
            for message in connection.stream(connection.notifications.WatchNotifications, request):
                cursor = message.cursor
                if message.HasField("error"):
                    break
                if message.HasField("notification"):
                    _print(output, message.notification, cursor)
                    left -= 1
                    if left == 0:
                        return
        except Unreachable:
            # Without a first message there is nothing to go on from.
            if not cursor:
                raise
        time.sleep(PAUSE_SECONDS)


def mark_read(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Mark one notification as read, or all."""
    service = connection.notifications
    if not arguments.all:
        request = pb.MarkNotificationReadRequest(request_id=new_request_id(), id=arguments.id)
        output.message(connection.call(service.MarkNotificationRead, request).notification, "It is read.")
        return
    marked = 0
    while True:
        everything = pb.MarkAllNotificationsReadRequest(request_id=new_request_id())
        answer = connection.call(service.MarkAllNotificationsRead, everything)
        marked += answer.marked
        if not answer.more:
            break
    output.say(f"{marked} notifications are read now.")
    if output.as_json:
        output.json({"marked": marked})


def delete(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Delete a notification."""
    request = pb.DeleteNotificationRequest(request_id=new_request_id(), id=arguments.id)
    output.message(connection.call(connection.notifications.DeleteNotification, request), "It is deleted.")


def event_type(text: str) -> int:
    """Return the event of a name. Raises CommandFailed."""
    known: dict[str, int] = {name.removeprefix("EVENT_TYPE_").lower(): value for name, value in EventType.items()}
    del known["unspecified"]
    found = known.get(text.lower().replace(".", "_").replace("-", "_"))
    if found is None:
        raise CommandFailed(f"{text} is no event; there are {', '.join(known)}.")
    return found


def _print(output: Output, notification: Notification, cursor: str) -> None:
    if output.as_json:
        output.json({**to_json(notification), "cursor": cursor})
    else:
        output.say(f"{moment(notification.event_time)}  {_mark(notification):9} {notification.title}  [{cursor}]")


def _mark(notification: Notification) -> str:
    if notification.deleted:
        return "deleted"
    if notification.obsolete:
        return "over"
    return "read" if notification.HasField("read_time") else "new"
