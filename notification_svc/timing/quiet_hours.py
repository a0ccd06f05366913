"""Hours of the day in which nothing is sent."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from notification_svc.timing.wall_clock import minute_of_day, wall_time, when_shown


def quiet_until(now: int, zone: ZoneInfo, start: int, end: int) -> int | None:
    """Return when the quiet hours end that a time is in, None where it is in none. Times are microseconds.

    `start` and `end` are minutes of the day; `end` before `start` is of the next day.
    """
    shown = wall_time(now, zone)
    minute = minute_of_day(shown)
    over_midnight = end < start
    inside = (minute >= start or minute < end) if over_midnight else start <= minute < end
    if not inside:
        return None
    day = shown.date()
    if over_midnight and minute >= start:
        day += timedelta(days=1)
    return when_shown(day, end, zone, now)
