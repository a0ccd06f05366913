"""Cron expressions as Quartz reads them, and the five fields of Unix; all times are in UTC.

Six or seven fields are Quartz's: second, minute, hour, day of month, month, day of week (1 is Sunday), year. Five are
Unix's: they begin with the minute, and Sunday is 0 or 7.
"""

from __future__ import annotations

import bisect
import calendar
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

LAST_YEAR = 2199
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

_MONTHS = {
    name: index
    for index, name in enumerate(
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1
    )
}
_QUARTZ_DAYS = {name: index for index, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], 1)}
_UNIX_DAYS = {name: index - 1 for name, index in _QUARTZ_DAYS.items()}
_MACROS = {
    "@yearly": "0 0 0 1 1 ?",
    "@annually": "0 0 0 1 1 ?",
    "@monthly": "0 0 0 1 * ?",
    "@weekly": "0 0 0 ? * 1",
    "@daily": "0 0 0 * * ?",
    "@midnight": "0 0 0 * * ?",
    "@hourly": "0 0 * * * ?",
}
_FROM_LAST = re.compile(r"L(?:-(\d{1,2}))?(W?)", re.ASCII)
_NEAREST = re.compile(r"(\d{1,2})W", re.ASCII)
_NTH = re.compile(r"(\w+)#([1-5])", re.ASCII)
_LAST_DAY = re.compile(r"(\w+)L", re.ASCII)
_NUMBER = re.compile(r"\d{1,4}", re.ASCII)

DayRule = Callable[[int, int], set[int]]
"""Gives, for a year and a month, days of that month."""


class InvalidCron(Exception):
    """The text is no cron expression. The message is one clause and says which part is wrong."""


@dataclass(slots=True, frozen=True)
class Cron:
    """A cron expression that was read."""

    text: str
    seconds: Sequence[int]
    minutes: Sequence[int]
    hours: Sequence[int]
    days: DayRule
    months: Sequence[int]
    years: Sequence[int] | None

    def next_after(self, micros: int) -> int | None:
        """Return the first time later than `micros`, both in microseconds since the Unix epoch; None if there is none.

        It looks no further than the year 2199.
        """
        second = _EPOCH + timedelta(microseconds=micros)
        earliest = second.replace(microsecond=0) + timedelta(seconds=1)
        for day in self._days_from(earliest.date()):
            times = self._times_from(earliest if day == earliest.date() else None)
            for hour, minute, at in times:
                moment = datetime(day.year, day.month, day.day, hour, minute, at, tzinfo=UTC)
                return (moment - _EPOCH) // _MICROSECOND
        return None

    def _days_from(self, first: date) -> Iterator[date]:
        years = self.years if self.years is not None else range(first.year, LAST_YEAR + 1)
        for year in years:
            if year < first.year:
                continue
            for month in self.months:
                if (year, month) < (first.year, first.month):
                    continue
                for day in sorted(self.days(year, month)):
                    if (found := date(year, month, day)) >= first:
                        yield found

    def _times_from(self, first: datetime | None) -> Iterator[tuple[int, int, int]]:
        if first is None:
            yield self.hours[0], self.minutes[0], self.seconds[0]
            return
        for hour in self.hours[bisect.bisect_left(self.hours, first.hour) :]:
            if hour > first.hour:
                yield hour, self.minutes[0], self.seconds[0]
                return
            for minute in self.minutes[bisect.bisect_left(self.minutes, first.minute) :]:
                if minute > first.minute:
                    yield hour, minute, self.seconds[0]
                    return
                position = bisect.bisect_left(self.seconds, first.second)
                if position < len(self.seconds):
                    yield hour, minute, self.seconds[position]
                    return


def parse_cron(text: str) -> Cron:
    """Return the schedule that `text` describes; raise `InvalidCron`."""
    fields = _MACROS.get(text.strip().lower(), text).upper().split()
    if len(fields) not in (5, 6, 7):
        raise InvalidCron(
            f"a cron expression has 6 or 7 fields (second minute hour day month weekday [year]) or 5, not {len(fields)}"
        )
    unix = len(fields) == 5
    if unix:
        fields.insert(0, "0")
    second, minute, hour, day, month, weekday, *year = fields
    return Cron(
        text,
        sorted(_values(second, 0, 59, "second")),
        sorted(_values(minute, 0, 59, "minute")),
        sorted(_values(hour, 0, 23, "hour")),
        _day_rule(day, weekday, unix=unix),
        sorted(_values(month, 1, 12, "month", _MONTHS)),
        sorted(_values(year[0], 1970, LAST_YEAR, "year")) if year and year[0] != "*" else None,
    )


def _values(text: str, least: int, most: int, what: str, names: Mapping[str, int] | None = None) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        bounds, slash, step = part.partition("/")
        every = _value(step, 1, most, what, None) if slash else 1
        first, dash, last = bounds.partition("-")
        if bounds == "*" or (bounds == "" and slash):
            start, end = least, most
        else:
            start = _value(first, least, most, what, names)
            end = _value(last, least, most, what, names) if dash else (most if slash else start)
        if start <= end:
            found.update(range(start, end + 1, every))
        else:
            # A range over the end, such as FRI-MON or 22-4, goes on at the beginning.
            size = most - least + 1
            found.update((value - least) % size + least for value in range(start, end + size + 1, every))
    return found


def _value(text: str, least: int, most: int, what: str, names: Mapping[str, int] | None) -> int:
    if names and text in names:
        return names[text]
    if _NUMBER.fullmatch(text) is None or not least <= int(text) <= most:
        raise InvalidCron(f"{text!r} is no {what} from {least} to {most}")
    return int(text)


def _day_rule(day: str, weekday: str, *, unix: bool) -> DayRule:
    any_day, any_weekday = day in ("*", "?"), weekday in ("*", "?")
    if any_weekday:
        return _every_day if any_day else _of_month(day)
    if any_day:
        return _of_week(weekday, unix=unix)
    if not unix:
        raise InvalidCron("it names both a day of the month and a day of the week; write ? for one of them")
    by_month, by_week = _of_month(day), _of_week(weekday, unix=True)
    return lambda year, month: by_month(year, month) | by_week(year, month)


def _every_day(year: int, month: int) -> set[int]:
    return set(range(1, calendar.monthrange(year, month)[1] + 1))


def _of_month(text: str) -> DayRule:
    rules: list[DayRule] = []
    plain: list[str] = []
    for part in text.split(","):
        if match := _FROM_LAST.fullmatch(part):
            rules.append(_last_of_month(int(match[1] or 0), weekday=bool(match[2])))
        elif match := _NEAREST.fullmatch(part):
            rules.append(_nearest_weekday(_value(match[1], 1, 31, "day", None)))
        else:
            plain.append(part)
    days = _values(",".join(plain), 1, 31, "day of the month") if plain else set()
    if days:
        rules.append(lambda year, month: days & _every_day(year, month))
    return _any_of(rules)


def _last_of_month(before: int, *, weekday: bool) -> DayRule:
    def rule(year: int, month: int) -> set[int]:
        day = calendar.monthrange(year, month)[1] - before
        if day < 1:
            return set()
        return {_working_day(year, month, day)} if weekday else {day}

    return rule


def _nearest_weekday(day: int) -> DayRule:
    def rule(year: int, month: int) -> set[int]:
        return {_working_day(year, month, day)} if day <= calendar.monthrange(year, month)[1] else set()

    return rule


def _working_day(year: int, month: int, day: int) -> int:
    """Return the day from Monday to Friday of the month that is nearest to `day`."""
    last = calendar.monthrange(year, month)[1]
    match calendar.weekday(year, month, day):
        case calendar.SATURDAY:
            return day - 1 if day > 1 else day + 2
        case calendar.SUNDAY:
            return day + 1 if day < last else day - 2
        case _:
            return day


def _of_week(text: str, *, unix: bool) -> DayRule:
    names = _UNIX_DAYS if unix else _QUARTZ_DAYS
    least, most, sunday = (0, 7, 0) if unix else (1, 7, 1)

    def weekday(value: int) -> int:
        return (value - sunday - 1) % 7

    rules: list[DayRule] = []
    plain: list[str] = []
    for part in text.split(","):
        if match := _NTH.fullmatch(part):
            rules.append(_nth(weekday(_value(match[1], least, most, "day of the week", names)), int(match[2])))
        elif part != "L" and (match := _LAST_DAY.fullmatch(part)):
            rules.append(_nth(weekday(_value(match[1], least, most, "day of the week", names)), -1))
        else:
            plain.append("SAT" if part == "L" else part)
    values = _values(",".join(plain), least, most, "day of the week", names) if plain else set()
    days = {weekday(value) for value in values}
    if days:
        rules.append(
            lambda year, month: {day for day in _every_day(year, month) if calendar.weekday(year, month, day) in days}
        )
    return _any_of(rules)


def _nth(weekday: int, number: int) -> DayRule:
    def rule(year: int, month: int) -> set[int]:
        days = [day for day in sorted(_every_day(year, month)) if calendar.weekday(year, month, day) == weekday]
        if number < 0:
            return {days[-1]}
        return {days[number - 1]} if number <= len(days) else set()

    return rule


def _any_of(rules: Sequence[DayRule]) -> DayRule:
    return lambda year, month: set().union(*(rule(year, month) for rule in rules))
