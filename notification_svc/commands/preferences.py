"""Changes of how users want to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mesh.db.statements import Program
from notification_svc.commands.refusals import check_etag, field_invalid
from notification_svc.planning.facts import NAMES
from notification_svc.queries.caller import Caller
from notification_svc.storage.audit import tell_change
from notification_svc.storage.directory import read_subjects
from notification_svc.storage.preferences import Preference, read_preferences, write_preference
from notification_svc.timing.wall_clock import find_zone


def update(caller: Caller, user_id: str, values: Mapping[str, Any], etag: str, now: int) -> Program[Preference]:
    """Change the fields of a user's preferences. Raises `InvalidField`, `Conflict`."""
    before = (yield from read_preferences([user_id])).get(user_id) or Preference(user_id)
    check_etag(etag, before.revision, "the preferences of", user_id)
    values = dict(values)
    if "addresses" in values:
        values["addresses"] = tuple(_kept(before, address, place) for place, address in enumerate(values["addresses"]))
    changed = replace(before, **values)
    if changed.time_zone and find_zone(changed.time_zone) is None:
        raise field_invalid("preferences.time_zone", f"there is no time zone {changed.time_zone}; IANA: Asia/Shanghai")
    if changed.quiet is not None and changed.quiet_start == changed.quiet_end:
        raise field_invalid("preferences.quiet_hours", "start and end must differ; leave it out for no quiet hours")
    if changed == before:
        return before
    changed = replace(changed, revision=before.revision + 1)
    yield from write_preference(changed)
    subject = (yield from read_subjects([user_id])).get(user_id)
    tenants = None if subject is None or subject.tenants is None else sorted(subject.tenants)
    yield from tell_change(caller.maker, now, "preferences", user_id, tenants, _told(before), _told(changed))
    return changed


def _told(preference: Preference) -> dict[str, Any]:
    return {
        "language": preference.language,
        "timeZone": preference.time_zone,
        "quietMinutes": preference.quiet,
        "digest": preference.digest.name,
        "digestMinute": preference.digest_minute,
        "channels": {NAMES[event]: [one.name for one in chosen] for event, chosen in preference.channels.items()},
        # Which ones there are, not where they lead.
        "addresses": [{"id": one.id, "channel": one.channel.name} for one in preference.addresses],
    }


def _kept(before: Preference, address: Any, place: int) -> Any:
    if address.sealed:
        return address
    known = next((one for one in before.addresses if one.id == address.id and one.channel == address.channel), None)
    if known is None:
        raise field_invalid(f"preferences.addresses[{place}].url", "a new address needs a URL")
    return replace(known, label=address.label)
