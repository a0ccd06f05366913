"""Rows of how users want to be told."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import orjson

from mesh.db.statements import FetchKeys, Program, Row, UpsertMany
from notification_svc.storage.layout import BY_ADDRESS, ChannelType, Digest, EventType

_COLUMNS = (
    "user_id",
    "language",
    "time_zone",
    "quiet_start",
    "quiet_end",
    "digest",
    "digest_minute",
    "channels",
    "addresses",
    "revision",
)
NO_QUIET_HOURS = -1
DEFAULT_DIGEST_MINUTE = 8 * 60
DEFAULT_CHANNELS = (ChannelType.INBOX, ChannelType.EMAIL)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a user is reached. `sealed`: its URL, encrypted."""

    id: str
    channel: ChannelType
    label: str
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Preference:
    """How a user wants to be told. Times of day are minutes; see the contract for what holds where nothing is set."""

    user_id: str
    language: str = ""
    time_zone: str = ""
    quiet_start: int = NO_QUIET_HOURS
    quiet_end: int = NO_QUIET_HOURS
    digest: Digest = Digest.NONE
    digest_minute: int = DEFAULT_DIGEST_MINUTE
    channels: Mapping[EventType, tuple[ChannelType, ...]] = field(default_factory=dict)
    addresses: tuple[Address, ...] = ()
    revision: int = 0

    @property
    def quiet(self) -> tuple[int, int] | None:
        """Start and end of the quiet hours, None where there are none."""
        return None if self.quiet_start == NO_QUIET_HOURS else (self.quiet_start, self.quiet_end)

    def sent_by(self, event_type: EventType) -> list[ChannelType]:
        """Return the channels by which something is sent for an event: the inbox is none of them."""
        wanted = self.channels.get(event_type, DEFAULT_CHANNELS)
        reached = {address.channel for address in self.addresses}
        return [one for one in wanted if one == ChannelType.EMAIL or (one in BY_ADDRESS and one in reached)]


def read_preferences(user_ids: Collection[str]) -> Program[dict[str, Preference]]:
    """Return the preferences of those of some users who have set any."""
    if not user_ids:
        return {}
    rows: list[Row] = yield FetchKeys("preference", _COLUMNS, ("user_id",), [(one,) for one in sorted(user_ids)])
    return {row[0]: _preference(row) for row in rows}


def write_preference(preference: Preference) -> Program[None]:
    """Write the preferences of a user."""
    channels = {str(int(event)): [int(one) for one in chosen] for event, chosen in preference.channels.items()}
    addresses = [[one.id, int(one.channel), one.label, one.sealed.hex()] for one in preference.addresses]
    row = (
        preference.user_id,
        preference.language,
        preference.time_zone,
        preference.quiet_start,
        preference.quiet_end,
        int(preference.digest),
        preference.digest_minute,
        orjson.dumps(channels),
        orjson.dumps(addresses),
        preference.revision,
    )
    yield UpsertMany("preference", _COLUMNS, ("user_id",), _COLUMNS[1:], [row])


def _preference(row: Row) -> Preference:
    user_id, language, time_zone, quiet_start, quiet_end, digest, minute, channels, addresses, revision = row
    return Preference(
        user_id,
        language,
        time_zone,
        quiet_start,
        quiet_end,
        Digest(digest),
        minute,
        {
            EventType(int(event)): tuple(ChannelType(one) for one in chosen)
            for event, chosen in orjson.loads(channels).items()
        },
        tuple(
            Address(one, ChannelType(channel), label, bytes.fromhex(sealed))
            for one, channel, label, sealed in orjson.loads(addresses)
        ),
        revision,
    )
