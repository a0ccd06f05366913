"""When what was gathered is told together."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

from notification_svc.timing.wall_clock import MICROS, minute_of_day, wall_time, when_shown


def next_full_hour(now: int, zone: ZoneInfo) -> int:
    """Return when the clock on the wall shows the next full hour, in microseconds."""
    shown = wall_time(now, zone)
    return now - now % MICROS + (3600 - shown.minute * 60 - shown.second) * MICROS


def next_day_time(now: int, zone: ZoneInfo, minute: int) -> int:
    """Return when the clock on the wall shows a minute of the day for the next time, in microseconds."""
    shown = wall_time(now, zone)
    day = shown.date()
    if minute_of_day(shown) >= minute:
        day += timedelta(days=1)
    return when_shown(day, minute, zone, now)
