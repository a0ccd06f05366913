"""Changes of how users want to be told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from mesh.db.statements import Program
from notification_svc.commands.refusals import check_etag, field_invalid
from notification_svc.storage.preferences import Preference, read_preferences, write_preference
from notification_svc.timing.wall_clock import find_zone


def update(user_id: str, values: Mapping[str, Any], etag: str) -> Program[Preference]:
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
    return changed


def _kept(before: Preference, address: Any, place: int) -> Any:
    if address.sealed:
        return address
    known = next((one for one in before.addresses if one.id == address.id and one.channel == address.channel), None)
    if known is None:
        raise field_invalid(f"preferences.addresses[{place}].url", "a new address needs a URL")
    return replace(known, label=address.label)
