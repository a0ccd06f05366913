"""Functions on dates (DMN 1.4, 10.3.4.7), and the time."""

from __future__ import annotations

import calendar
from datetime import date, datetime
from typing import Any

from mesh.feel.calls import feel
from mesh.feel.evaluation import Run

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


@feel("day of year", "date: day")
def _day_of_year(run: Run, value: date) -> int:
    return value.timetuple().tm_yday


@feel("day of week", "date: day")
def _day_of_week(run: Run, value: date) -> str:
    return _DAYS[value.weekday()]


@feel("month of year", "date: day")
def _month_of_year(run: Run, value: date) -> str:
    return _MONTHS[value.month - 1]


@feel("week of year", "date: day")
def _week_of_year(run: Run, value: date) -> int:
    return value.isocalendar()[1]


@feel("now")
def _now(run: Run) -> datetime:
    return run.now


@feel("today")
def _today(run: Run) -> date:
    return run.now.date()


# Camunda's


@feel("last day of month", "date: day")
def _last_day(run: Run, value: Any) -> date:
    return date(value.year, value.month, calendar.monthrange(value.year, value.month)[1])
