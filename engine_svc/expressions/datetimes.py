"""Points in time in expressions: an ISO 8601 text in UTC as a value, and the object that `dateTime()` gives."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from engine_svc.expressions.errors import OperationError
from engine_svc.expressions.evaluation import HostObject

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def iso_text(micros: int) -> str:
    """Return a time, in microseconds since the Unix epoch, as an ISO 8601 text in UTC with milliseconds."""
    return _text(_EPOCH + timedelta(microseconds=micros))


def _text(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class DateTime(HostObject):
    """A point in time that can be moved: `dateTime().plusDays(3).toDate()`. Its value is its ISO text."""

    __slots__ = ("_moment",)

    def __init__(self, micros: int) -> None:
        self._moment = _EPOCH + timedelta(microseconds=micros)

    def value(self) -> str:
        """Return the ISO 8601 text in UTC."""
        return _text(self._moment)

    @property
    def members(self) -> Mapping[str, Callable[[], Any]]:
        """Fields, named as Joda-Time names them."""
        moment = self._moment
        return {
            "millis": lambda: (moment - _EPOCH) // _MICROSECOND // 1000,
            "year": lambda: moment.year,
            "monthOfYear": lambda: moment.month,
            "dayOfMonth": lambda: moment.day,
            "dayOfWeek": moment.isoweekday,
            "hourOfDay": lambda: moment.hour,
            "minuteOfHour": lambda: moment.minute,
            "secondOfMinute": lambda: moment.second,
        }

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """Moves to another point in time, and the ISO text."""
        return {
            **{f"{name}{unit}": self._mover(unit, sign) for unit in _UNITS for name, sign in _SIGNS},
            **{f"{name}{unit}": self._month_mover(unit, sign) for unit in _MONTHS for name, sign in _SIGNS},
            "withTimeAtStartOfDay": lambda: _at(self._moment.replace(hour=0, minute=0, second=0, microsecond=0)),
            "toDate": self.value,
            "toString": self.value,
        }

    def _mover(self, unit: str, sign: int) -> Callable[[Any], DateTime]:
        def move(count: Any) -> DateTime:
            try:
                return _at(self._moment + sign * _whole(count) * _UNITS[unit])
            except OverflowError as error:
                raise OperationError("the time is out of range") from error

        return move

    def _month_mover(self, unit: str, sign: int) -> Callable[[Any], DateTime]:
        def move(count: Any) -> DateTime:
            months = self._moment.year * 12 + self._moment.month - 1 + sign * _whole(count) * _MONTHS[unit]
            year, month = divmod(months, 12)
            if not 1 <= year <= 9999:
                raise OperationError("the time is out of range")
            day = min(self._moment.day, calendar.monthrange(year, month + 1)[1])
            return _at(self._moment.replace(year=year, month=month + 1, day=day))

        return move


def _at(moment: datetime) -> DateTime:
    return DateTime((moment - _EPOCH) // _MICROSECOND)


def _whole(count: Any) -> int:
    if type(count) is not int:
        raise OperationError(f"a whole number is needed, not {count!r:.40}")
    return count


_SIGNS = (("plus", 1), ("minus", -1))
_UNITS: Mapping[str, timedelta] = {
    "Weeks": timedelta(weeks=1),
    "Days": timedelta(days=1),
    "Hours": timedelta(hours=1),
    "Minutes": timedelta(minutes=1),
    "Seconds": timedelta(seconds=1),
    "Millis": timedelta(milliseconds=1),
}
_MONTHS: Mapping[str, int] = {"Months": 1, "Years": 12}
