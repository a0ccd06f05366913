"""From a notification to words: which template, with which data, for which reader."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from mesh.db.statements import Program
from mesh.logs import get_log
from notification_svc.planning.facts import NAMES, moment
from notification_svc.storage.directory import TIME_ZONE, Subject, read_subjects
from notification_svc.storage.layout import ChannelType
from notification_svc.storage.notifications import NotificationRow
from notification_svc.storage.preferences import Preference, read_preferences
from notification_svc.storage.templates import DIGEST, TemplateRow, templates_for
from notification_svc.templates.built_in import find_built_in
from notification_svc.templates.faults import RenderingFailed, TemplateInvalid
from notification_svc.templates.renderer import Renderer
from notification_svc.templates.selection import select
from notification_svc.templates.template import Medium, MessageTemplate, Reader, Rendered
from notification_svc.timing.wall_clock import zone_of

DIGEST_EVENT = "digest"
MEDIA = {
    ChannelType.INBOX: Medium.INBOX,
    ChannelType.EMAIL: Medium.EMAIL,
    ChannelType.SMS: Medium.SMS,
    ChannelType.PUSH: Medium.PUSH,
    ChannelType.CHAT: Medium.CHAT,
}
_CHANNELS = {medium: channel for channel, medium in MEDIA.items()}
_PEOPLE = (("task", "assignee"), ("actor", "id"), ("comment", "author"))

_log = get_log(__name__)


@dataclass(frozen=True, slots=True)
class Library:
    """What is needed to word some notifications, read together: readers, the people they name, tenants' templates."""

    subjects: Mapping[str, Subject]
    preferences: Mapping[str, Preference]
    templates: Mapping[tuple[str, int, int, str], TemplateRow] = field(repr=False)

    def reader(self, user_id: str) -> Reader:
        """Return how somebody reads."""
        subject, preference = self.subjects.get(user_id), self.preferences.get(user_id)
        chosen = preference.language if preference is not None else ""
        known = subject.row.locale if subject is not None else ""
        zones = (
            preference.time_zone if preference is not None else "",
            subject.attributes.get(TIME_ZONE, "") if subject is not None else "",
        )
        return Reader(chosen or known or "en", zone_of(*zones))

    def name(self, user_id: str) -> str:
        """Return how somebody is called."""
        subject = self.subjects.get(user_id)
        return user_id if subject is None else subject.name


def read_library(
    rows: Iterable[NotificationRow],
    channels: Collection[ChannelType],
    readers: Collection[str] = (),
    digests_of: Collection[str] = (),
) -> Program[Library]:
    """Read what is needed to word notifications for some channels. `digests_of`: tenants of digests."""
    found = list(rows)
    people = {name for row in found for name in people_in(row)}
    uses = {(row.tenant_id, row.event_type, int(channel)) for row in found for channel in channels}
    uses |= {(tenant_id, DIGEST, int(channel)) for tenant_id in digests_of for channel in channels}
    users = {*readers, *(row.recipient_id for row in found)}
    subjects = yield from read_subjects({one for one in users | people if len(one) <= 64})
    preferences = yield from read_preferences(users)
    templates = yield from templates_for(uses)
    return Library(subjects, preferences, templates)


def people_in(row: NotificationRow) -> list[str]:
    """Return the ids of the people that a notification names."""
    data = orjson.loads(row.data)
    found = [data.get(what, {}).get(who, "") for what, who in _PEOPLE]
    return [one for one in found if one]


class Wording:
    """Words notifications. `console_url`: where people look at tasks and instances, empty for no links."""

    def __init__(self, renderer: Renderer, console_url: str = "") -> None:
        self._renderer = renderer
        self._console_url = console_url.rstrip("/")

    async def say(self, row: NotificationRow, channel: ChannelType, library: Library) -> Rendered:
        """Word a notification. Where a tenant's own template fails, the built-in one says it."""
        event = NAMES[row.event]
        data = self._data(row, library)
        return await self._say(event, row.event_type, row.tenant_id, row.recipient_id, channel, data, library)

    async def say_digest(
        self, rows: list[NotificationRow], user_id: str, tenant_id: str, now: int, more: int, library: Library
    ) -> Rendered:
        """Word a digest of notifications, the newest first; `more` are not among them."""
        entries = []
        for row in rows:
            title = (await self.say(row, ChannelType.INBOX, library)).subject
            entry = {"title": title, "event_type": NAMES[row.event], "event_time": moment(row.event_at)}
            entries.append(entry | self._link(row))
        data: dict[str, Any] = {
            **self._reader_data(user_id, library),
            "event_time": moment(now),
            "count": len(rows) + more,
            "entries": entries,
            "more": more,
        }
        return await self._say(DIGEST_EVENT, DIGEST, tenant_id, user_id, ChannelType.EMAIL, data, library)

    async def _say(
        self,
        event: str,
        event_type: int,
        tenant_id: str,
        user_id: str,
        channel: ChannelType,
        data: Mapping[str, Any],
        library: Library,
    ) -> Rendered:
        reader = library.reader(user_id)

        def find_own(name: str, medium: Medium, language: str) -> MessageTemplate | None:
            row = library.templates.get((tenant_id, event_type, int(_CHANNELS[medium]), language))
            if row is None:
                return None
            return MessageTemplate(name, medium, language, row.subject, row.text, row.html)

        medium = MEDIA[channel]
        template = select(event, medium, reader.language, find_own, find_built_in)
        assert template is not None, f"there is no text for {event}"
        try:
            return await self._renderer.render(template, data, reader)
        except (TemplateInvalid, RenderingFailed) as error:
            built_in = select(event, medium, reader.language, find_built_in)
            if built_in is None or built_in == template:
                return _bare(event, error)
            _log.warning("A template failed, the built-in one is used", tenant=tenant_id, event=event, error=error)
        try:
            return await self._renderer.render(built_in, data, reader)
        except (TemplateInvalid, RenderingFailed) as error:
            return _bare(event, error)

    def _data(self, row: NotificationRow, library: Library) -> dict[str, Any]:
        data: dict[str, Any] = orjson.loads(row.data)
        if (task := data.get("task")) and task.get("assignee"):
            data["task"] = {**task, "assignee": library.name(task["assignee"])}
        if actor := data.get("actor"):
            data["actor"] = {"id": actor["id"], "name": library.name(actor["id"])}
        if comment := data.get("comment"):
            data["comment"] = {**comment, "author": library.name(comment["author"])}
        own = {**self._reader_data(row.recipient_id, library), "event_time": moment(row.event_at), **self._link(row)}
        return data | own

    def _reader_data(self, user_id: str, library: Library) -> dict[str, Any]:
        data: dict[str, Any] = {"recipient": {"id": user_id, "name": library.name(user_id)}}
        if self._console_url:
            data["preferences_link"] = f"{self._console_url}/preferences"
        return data

    def _link(self, row: NotificationRow) -> dict[str, str]:
        if not self._console_url:
            return {}
        place = f"tasks/{row.task_id}" if row.task_id else f"instances/{row.process_instance_id}"
        return {"link": f"{self._console_url}/{place}"}


def _bare(event: str, error: Exception) -> Rendered:
    """Return the name of an event: one notification without words must not keep those beside it from their readers."""
    _log.error("A notification cannot be worded", event=event, error=error)
    title = event.replace(".", " ").replace("_", " ").capitalize()
    return Rendered(title, f"{title}\n")
