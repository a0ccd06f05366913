"""Quiet hours and digests by the clock on the wall, also where it is put forward or back."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from notification_svc.timing.digests import next_day_time, next_full_hour
from notification_svc.timing.quiet_hours import quiet_until
from notification_svc.timing.wall_clock import find_zone, wall_time, zone_of

BERLIN, SHANGHAI, KOLKATA = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai"), ZoneInfo("Asia/Kolkata")
NIGHT = (22 * 60, 7 * 60)


def at(text: str, zone: ZoneInfo = BERLIN, *, fold: int = 0) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=zone, fold=fold)
    return int(moment.timestamp() * 1_000_000)


@pytest.mark.parametrize(
    ("now", "end"),
    [
        ("2026-01-10T21:59:59", None),
        ("2026-01-10T22:00:00", "2026-01-11T07:00:00"),
        ("2026-01-11T06:59:59", "2026-01-11T07:00:00"),
        ("2026-01-11T07:00:00", None),
        # The night in which the clock is put forward has an hour less, the other one an hour more.
        ("2026-03-28T23:00:00", "2026-03-29T07:00:00"),
        ("2026-10-24T23:00:00", "2026-10-25T07:00:00"),
    ],
)
def test_a_night_is_quiet(now: str, end: str | None) -> None:
    assert quiet_until(at(now), BERLIN, *NIGHT) == (None if end is None else at(end))


def test_the_length_of_the_night_follows_the_clock_on_the_wall() -> None:
    hour = 3_600_000_000
    for now, hours in (("2026-01-10T22:00:00", 9), ("2026-03-28T22:00:00", 8), ("2026-10-24T22:00:00", 10)):
        until = quiet_until(at(now), BERLIN, *NIGHT)
        assert until is not None
        assert until - at(now) == hours * hour


def test_an_end_that_the_clock_leaves_out_is_when_it_is_put_forward() -> None:
    # 02:00 becomes 03:00: there is no 02:30.
    assert quiet_until(at("2026-03-29T01:30:00"), BERLIN, 60, 150) == at("2026-03-29T03:00:00")
    assert quiet_until(at("2026-03-29T03:00:00"), BERLIN, 60, 150) is None


def test_an_end_that_the_clock_shows_twice() -> None:
    # 03:00 becomes 02:00: 02:30 comes at 00:30 and at 01:30 UTC.
    first, second = at("2026-10-25T02:30:00"), at("2026-10-25T02:30:00", fold=1)
    assert second - first == 3_600_000_000
    assert quiet_until(at("2026-10-25T02:10:00"), BERLIN, 60, 150) == first
    # The clock on the wall shows 02:10 again.
    assert quiet_until(at("2026-10-25T02:10:00", fold=1), BERLIN, 60, 150) == second


def test_quiet_hours_of_a_day() -> None:
    lunch = (12 * 60, 13 * 60 + 30)
    assert quiet_until(at("2026-01-10T12:15:00", SHANGHAI), SHANGHAI, *lunch) == at("2026-01-10T13:30:00", SHANGHAI)
    assert quiet_until(at("2026-01-10T13:30:00", SHANGHAI), SHANGHAI, *lunch) is None


def test_digests() -> None:
    assert next_full_hour(at("2026-01-10T10:20:30.5"), BERLIN) == at("2026-01-10T11:00:00")
    # Half an hour off.
    assert next_full_hour(at("2026-01-10T10:20:00", KOLKATA), KOLKATA) == at("2026-01-10T11:00:00", KOLKATA)
    assert next_full_hour(at("2026-01-10T11:00:00"), BERLIN) == at("2026-01-10T12:00:00")
    assert next_day_time(at("2026-01-10T07:59:00"), BERLIN, 480) == at("2026-01-10T08:00:00")
    assert next_day_time(at("2026-01-10T08:00:00"), BERLIN, 480) == at("2026-01-11T08:00:00")
    assert next_day_time(at("2026-03-28T08:30:00"), BERLIN, 480) == at("2026-03-29T08:00:00")
    # The day on which 02:30 is left out.
    assert next_day_time(at("2026-03-28T12:00:00"), BERLIN, 150) == at("2026-03-29T03:00:00")


def test_zones() -> None:
    assert zone_of("", "Asia/Shanghai").key == "Asia/Shanghai"
    assert zone_of("Nowhere/At_All", "").key == "UTC"
    for wrong in ("Asia", "../etc/passwd", "", "/etc/localtime", "\0"):
        assert find_zone(wrong) is None, wrong
    assert wall_time(0, ZoneInfo("UTC")) == datetime(1970, 1, 1, tzinfo=UTC)
