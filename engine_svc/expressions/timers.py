"""Times of timers: ISO 8601 dates, durations and repeating intervals, and cron expressions.

Times are microseconds since the Unix epoch. What has no zone is in UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import isodate

from engine_svc.expressions.cron import Cron, InvalidCron, parse_cron

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EARLIEST_MICROS = -62_135_596_800_000_000
LATEST_MICROS = 253_402_300_799_999_999
"""What a `google.protobuf.Timestamp` can hold: the years 1 to 9999."""

MAX_REPETITIONS = 2**31 - 1

_REPEAT = re.compile(r"R(-1|\d{0,10})", re.ASCII)
_SKIP_LIMIT = 1000


class InvalidTimer(Exception):
    """The text is no date, duration or cycle. The message says what is wrong and what would be right."""


@dataclass(slots=True, frozen=True)
class Duration:
    """A length of time; months and years are as long as the calendar has them."""

    text: str
    months: int
    rest: timedelta

    def after(self, micros: int, times: int = 1) -> int:
        """Return `micros` and `times` this duration later; raise `InvalidTimer` beyond the year 9999.

        The 31st of a month is the last day of a shorter one.
        """
        try:
            moment = EPOCH + timedelta(microseconds=micros)
            if self.months:
                moment = moment + isodate.Duration(months=self.months * times)
            moment = moment + self.rest * times
        except (OverflowError, ValueError) as error:
            raise InvalidTimer(f"{self.text!r} from now is after the year 9999; write a shorter duration") from error
        return (moment - EPOCH) // MICROSECOND

    @property
    def is_zero(self) -> bool:
        """Whether it takes no time."""
        return not self.months and not self.rest


def duration(text: str) -> Duration:
    """Return the duration that `text` holds, such as `PT15M`, `P1Y2M`, `P2W`; raise `InvalidTimer`."""
    text = text.strip()
    try:
        parsed = isodate.parse_duration(text.upper())
    except (ValueError, OverflowError, TypeError) as error:
        raise InvalidTimer(f"{text!r} is no ISO 8601 duration such as PT15M, P2D or P1M") from error
    months, rest = 0, parsed
    if isinstance(parsed, isodate.Duration):
        total = parsed.years * 12 + parsed.months
        if total != int(total):
            raise InvalidTimer(f"{text!r} has a part of a month; write it in days")
        months, rest = int(total), parsed.tdelta
    if months < 0 or rest < timedelta(0):
        raise InvalidTimer(f"{text!r} is negative; a timer goes forward")
    return Duration(text, months, rest)


def is_duration(text: str) -> bool:
    """Tell whether `text` is written as a duration, rather than as a date."""
    return text.strip().upper().startswith(("P", "-P", "+P"))


def date_time(text: str) -> int:
    """Return the time of an ISO 8601 date or date-time; raise `InvalidTimer`."""
    text = text.strip()
    try:
        if "T" in text:
            moment = isodate.parse_datetime(text)
        elif " " in text:
            moment = isodate.parse_datetime("T".join(text.split(None, 1)))
        else:
            moment = datetime.combine(isodate.parse_date(text), time())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        micros: int = (moment - EPOCH) // MICROSECOND
    except (ValueError, OverflowError, TypeError, isodate.ISO8601Error) as error:
        raise InvalidTimer(f"{text!r} is no ISO 8601 date (2030-01-31) or date-time (2030-01-31T09:00:00Z)") from error
    if not EARLIEST_MICROS <= micros <= LATEST_MICROS:
        raise InvalidTimer(f"{text!r} is outside the years 1 to 9999")
    return micros


def due_date(text: str, now: int) -> int:
    """Return when a timer of a date or duration is due; a date in the past is what it says. Raises `InvalidTimer`.

    Flowable reads both in `timeDate` as well as in `timeDuration`.
    """
    if not isinstance(text, str):
        raise InvalidTimer(f"a timer needs an ISO 8601 text, not {text!r}")
    return duration(text).after(now) if is_duration(text) else date_time(text)


@dataclass(slots=True, frozen=True)
class Cycle:
    """A timer that fires again and again.

    `index` occurrences of the interval after `base` comes the first one; of a cron expression, the first one after it.
    """

    text: str
    """The whole text, as the model has it."""
    base: int
    index: int
    times: int | None
    """None: without end."""
    end: int | None
    """Nothing is due after it."""
    interval: Duration | None = None
    cron: Cron | None = None

    @classmethod
    def parse(cls, text: str, now: int, end_date: str | None = None) -> Cycle:
        """Read `R3/PT10S`, `R/2030-01-31T09:00/P1D/2031-01-01`, or a cron expression; raise `InvalidTimer`.

        `end_date`: of `flowable:endDate`, a date or a duration from now; it goes before one in the text.
        """
        if not isinstance(text, str):
            raise InvalidTimer(f"a cycle needs a text such as R3/PT10S or a cron expression, not {text!r}")
        text = text.strip()
        end = due_date(end_date, now) if end_date is not None else None
        if not text.upper().startswith("R"):
            return cls(text, now, 0, None, end, cron=_cron(text))
        times, start, interval, own_end = _repeating_interval(text)
        if end is None:
            end = own_end
        base, index = _first_occurrence(start, interval, times, now)
        return cls(text, base, index, times, end, interval)

    @classmethod
    def from_dict(cls, state: dict[str, object]) -> Cycle:
        """Return the cycle that `to_dict` wrote."""
        text, base, index, times, end = (state[key] for key in ("text", "base", "index", "times", "end"))
        assert isinstance(text, str)
        assert isinstance(base, int)
        assert isinstance(index, int)
        assert times is None or isinstance(times, int)
        assert end is None or isinstance(end, int)
        if text.upper().startswith("R"):
            return cls(text, base, index, times, end, _repeating_interval(text)[2])
        return cls(text, base, index, times, end, cron=_cron(text))

    def to_dict(self) -> dict[str, object]:
        """Return what makes this cycle again, of JSON values only."""
        return {"text": self.text, "base": self.base, "index": self.index, "times": self.times, "end": self.end}

    def first(self) -> int | None:
        """Return when it is due for the first time; None where its end comes before."""
        due = self._occurrence(0) if self.interval is not None else self._after(self.base)
        return self._before_end(due)

    def next(self, previous_due: int, fired: int, now: int | None = None) -> int | None:
        """Return when it is due again after having fired `fired` times, at last for `previous_due`; None: no more.

        With `now`, a cycle without a number of repetitions passes over what would have been due up to then; one that
        has a number catches up.
        """
        if self.times is not None and fired >= self.times:
            return None
        if self.interval is None:
            return self._before_end(self._after(max(previous_due, now if now is not None else previous_due)))
        due = self._occurrence(fired)
        if due <= previous_due:
            due = self.interval.after(previous_due)
        if self.times is None and now is not None and due <= now:
            due = _next_aligned(due, self.interval, now)
        return self._before_end(due)

    def _occurrence(self, fired: int) -> int:
        assert self.interval is not None
        return self.interval.after(self.base, self.index + fired)

    def _after(self, micros: int) -> int | None:
        assert self.cron is not None
        return self.cron.next_after(micros)

    def _before_end(self, due: int | None) -> int | None:
        return None if due is None or (self.end is not None and due > self.end) else due


def _cron(text: str) -> Cron:
    try:
        cron = parse_cron(text)
    except InvalidCron as error:
        raise InvalidTimer(
            f"{text!r} is neither a repeating interval such as R3/PT10S nor a cron expression such as 0 0/5 * * * ?: "
            f"{error}"
        ) from error
    if cron.next_after(0) is None:
        raise InvalidTimer(f"the cron expression {text!r} names no day that exists")
    return cron


def _repeating_interval(text: str) -> tuple[int | None, int | None, Duration, int | None]:
    """Return how often, from when, how far apart, and until when."""
    head, *parts = (part.strip() for part in text.split("/"))
    match = _REPEAT.fullmatch(head.upper())
    if match is None or not 1 <= len(parts) <= 3:
        raise InvalidTimer(f"{text!r} is no repeating interval such as R3/PT10S, R/PT1H or R5/2030-01-31T09:00:00Z/P1D")
    # R0 repeats nothing, but its one occurrence is left.
    times = None if match[1] in ("", "-1") else min(max(int(match[1]), 1), MAX_REPETITIONS)
    start = None if is_duration(parts[0]) else date_time(parts.pop(0))
    if not parts:
        raise InvalidTimer(f"{text!r} has no duration; write it behind the start, such as R5/2030-01-31T09:00:00Z/P1D")
    if is_duration(parts[0]):
        interval = duration(parts[0])
        end = date_time(parts[1]) if len(parts) > 1 else None
    else:
        until = date_time(parts[0])
        if start is None or until <= start:
            raise InvalidTimer(f"{text!r} ends before it starts")
        interval, end = Duration(text, 0, timedelta(microseconds=until - start)), None
    if interval.is_zero and times is None:
        raise InvalidTimer(f"{text!r} would fire without pause; give it a longer duration")
    return times, start, interval, end


def _first_occurrence(start: int | None, interval: Duration, times: int | None, now: int) -> tuple[int, int]:
    if start is None:
        return now, 1
    if start > now:
        return start, 0
    if times is None:
        return _next_aligned(start, interval, now), 0
    for index in range(1, min(times, _SKIP_LIMIT)):
        if interval.after(start, index) > now:
            return start, index
    # All of it is past: it is due at once.
    return now, 0


def _next_aligned(due: int, interval: Duration, now: int) -> int:
    """Return the first occurrence after `now` of an interval that is due at `due`, which is not after `now`."""
    if interval.months:
        behind = (EPOCH + timedelta(microseconds=now)).year - (EPOCH + timedelta(microseconds=due)).year
        times = max(behind * 12 // interval.months - 2, 0)
    else:
        times = max((now - due) // (interval.rest // MICROSECOND), 0)
    while (following := interval.after(due, times)) <= now:
        times += 1
    return following
