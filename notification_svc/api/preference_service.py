"""`flowmesh.notification.v1.PreferenceService`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flowmesh.notification.v1 import preference_service_pb2 as pb

from mesh.db.database import Database
from mesh.db.statements import Program
from mesh.errors import Denied
from mesh.ids import new_id
from notification_svc.api.callers import administering, own
from notification_svc.api.mapping import clock_minute, preferences_message
from notification_svc.api.masks import masked_fields
from notification_svc.channels.port import AddressInvalid, Channel
from notification_svc.commands import preferences as commands
from notification_svc.commands.refusals import field_invalid, user_missing
from notification_svc.commands.writing import CommandWriter
from notification_svc.queries.caller import Caller
from notification_svc.sealing import Seal
from notification_svc.storage.directory import Subject, read_subjects
from notification_svc.storage.layout import ChannelType, Digest, EventType
from notification_svc.storage.preferences import NO_QUIET_HOURS, Address, Preference, read_preferences

_FIELDS = (
    "language",
    "time_zone",
    "quiet_hours",
    "digest",
    "digest_time",
    "event_channels",
    "addresses",
)
_UPDATE = "preferences.update"


@dataclass(slots=True)
class PreferenceServicer:
    """Serves PreferenceService. `push`: by what addresses are checked, None where there is no such channel."""

    database: Database
    writer: CommandWriter
    seal: Seal
    push: Channel | None

    async def GetOwnPreferences(self, request: pb.GetOwnPreferencesRequest) -> pb.GetOwnPreferencesResponse:
        """See the contract."""
        user_id = own().id
        found = await self.database.read(read_preferences([user_id]))
        preference = found.get(user_id) or Preference(user_id)
        return pb.GetOwnPreferencesResponse(preferences=preferences_message(preference))

    async def UpdateOwnPreferences(self, request: pb.UpdateOwnPreferencesRequest) -> bytes:
        """See the contract."""
        caller = own()
        values = await self._values(caller.id, request)

        def work(now: int) -> Program[pb.UpdateOwnPreferencesResponse]:
            changed = yield from commands.update(caller, caller.id, values, request.etag, now)
            return pb.UpdateOwnPreferencesResponse(preferences=preferences_message(changed))

        return await self.writer.change(caller.id, request, work)

    async def GetPreferences(self, request: pb.GetPreferencesRequest) -> pb.GetPreferencesResponse:
        """See the contract."""
        found = await self.database.read(_of_other(administering(), request.user_id))
        return pb.GetPreferencesResponse(preferences=preferences_message(found))

    async def UpdatePreferences(self, request: pb.UpdatePreferencesRequest) -> bytes:
        """See the contract."""
        caller = administering()
        values = await self._values(request.user_id, request)

        def work(now: int) -> Program[pb.UpdatePreferencesResponse]:
            subject = yield from _visible(caller, request.user_id)
            if caller.tenants is not None and (subject.tenants is None or not subject.tenants <= caller.tenants):
                text = f"user {request.user_id} belongs to more tenants than the caller may change"
                raise Denied("ACCESS_DENIED", text, metadata={"permission": _UPDATE})
            changed = yield from commands.update(caller, request.user_id, values, request.etag, now)
            return pb.UpdatePreferencesResponse(preferences=preferences_message(changed))

        return await self.writer.change(caller.id, request, work)

    async def _values(
        self, user_id: str, request: pb.UpdateOwnPreferencesRequest | pb.UpdatePreferencesRequest
    ) -> dict[str, Any]:
        given = request.preferences
        values: dict[str, Any] = {}
        for field in masked_fields(given, request.update_mask, _FIELDS):
            if field == "quiet_hours":
                quiet = given.quiet_hours
                there = given.HasField("quiet_hours")
                values["quiet_start"] = clock_minute(quiet.start) if there else NO_QUIET_HOURS
                values["quiet_end"] = clock_minute(quiet.end) if there else NO_QUIET_HOURS
            elif field == "digest":
                values["digest"] = Digest(given.digest)
            elif field == "digest_time":
                values["digest_minute"] = clock_minute(given.digest_time)
            elif field == "event_channels":
                values["channels"] = {
                    EventType(one.event_type): tuple(ChannelType(channel) for channel in one.channels)
                    for one in given.event_channels
                }
            elif field == "addresses":
                values["addresses"] = await self._addresses(user_id, given)
            else:
                values[field] = getattr(given, field)
        return values

    async def _addresses(self, user_id: str, given: pb.Preferences) -> list[Address]:
        addresses: list[Address] = []
        for place, one in enumerate(given.addresses):
            field = f"preferences.addresses[{place}]"
            channel = ChannelType(one.channel)
            if any(other.channel == channel for other in addresses):
                raise field_invalid(f"{field}.channel", "there is one address for each channel")
            if not one.url:
                addresses.append(Address(one.id, channel, one.label, b""))
                continue
            if self.push is None:
                raise field_invalid(f"{field}.url", "this mesh sends nothing to chats, phones and devices")
            try:
                await self.push.check(one.url)
            except AddressInvalid as error:
                raise field_invalid(f"{field}.url", str(error)) from None
            address_id = new_id()
            sealed = self.seal.close(f"{user_id}/{address_id}", one.url.encode())
            addresses.append(Address(address_id, channel, one.label, sealed))
        return addresses


def _of_other(caller: Caller, user_id: str) -> Program[Preference]:
    yield from _visible(caller, user_id)
    return (yield from read_preferences([user_id])).get(user_id) or Preference(user_id)


def _visible(caller: Caller, user_id: str) -> Program[Subject]:
    subject = (yield from read_subjects([user_id])).get(user_id)
    seen = subject is not None and (
        caller.tenants is None or subject.tenants is None or bool(subject.tenants & caller.tenants)
    )
    if subject is None or not seen:
        raise user_missing(user_id)
    return subject
