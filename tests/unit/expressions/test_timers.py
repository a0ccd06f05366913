"""When timers are due: dates, durations, repeating intervals and cron expressions."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from engine_svc.expressions.timers import EPOCH, Cycle, InvalidTimer, date_time, due_date, duration

NOW = date_time("2026-01-01T00:00:00Z")  # A Thursday.


def written(micros: int) -> str:
    """A time without what is zero in it."""
    text = (EPOCH + timedelta(microseconds=micros)).strftime("%Y-%m-%dT%H:%M:%S")
    return text.removesuffix("T00:00:00")


def firings(text: str, count: int = 5, end_date: str | None = None) -> list[str]:
    """The first times of a cycle, which is written and read back before each, and whether it ends with them."""
    cycle = Cycle.parse(text, NOW, end_date)
    due = cycle.first()
    found: list[str] = []
    while due is not None and len(found) < count:
        found.append(written(due))
        cycle = Cycle.from_dict(json.loads(json.dumps(cycle.to_dict())))
        due = cycle.next(due, len(found))
    return found if due is not None or len(found) == count else [*found, "end"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2030-01-31", "2030-01-31"),
        ("2030-01-31T09:00:00Z", "2030-01-31T09:00:00"),
        ("2030-01-31T09:00", "2030-01-31T09:00:00"),
        ("2030-01-31 09:00:00", "2030-01-31T09:00:00"),
        ("2030-01-31T09:00:00+02:00", "2030-01-31T07:00:00"),
        ("2030-01-31T09:00:00.000-01:00", "2030-01-31T10:00:00"),
        ("1999-12-31", "1999-12-31"),
        (" PT90S\n", "2026-01-01T00:01:30"),
        ("P1Y2M3DT4H", "2027-03-04T04:00:00"),
        ("P2W", "2026-01-15"),
        ("PT0S", "2026-01-01"),
    ],
)
def test_due_dates(text: str, expected: str) -> None:
    assert written(due_date(text, NOW)) == expected


@pytest.mark.parametrize("text", ["", "soon", "P", "-P1D", "PT-5M", "2030-13-01", "P9999Y", "R3/PT1S", "31.1.2030"])
def test_what_is_no_due_date(text: str) -> None:
    with pytest.raises(InvalidTimer):
        due_date(text, NOW)


def test_months_are_as_long_as_the_calendar_has_them() -> None:
    assert written(duration("P1M").after(date_time("2026-01-31"))) == "2026-02-28"
    assert written(duration("P1M").after(date_time("2026-01-31"), 2)) == "2026-03-31"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("R3/PT10S", ["2026-01-01T00:00:10", "2026-01-01T00:00:20", "2026-01-01T00:00:30", "end"]),
        ("R0/PT10S", ["2026-01-01T00:00:10", "end"]),
        ("R/PT12H", ["2026-01-01T12:00:00", "2026-01-02", "2026-01-02T12:00:00", "2026-01-03", "2026-01-03T12:00:00"]),
        ("R-1/P4D", ["2026-01-05", "2026-01-09", "2026-01-13", "2026-01-17", "2026-01-21"]),
        ("R2/2027-01-01/P1D", ["2027-01-01", "2027-01-02", "end"]),
        ("R2/2027-01-01/2027-01-03", ["2027-01-01", "2027-01-03", "end"]),
        ("R9/P1D/2026-01-03", ["2026-01-02", "2026-01-03", "end"]),
        ("R/2020-01-31/P1M", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31"]),
        ("R/2020-01-31/P9D", ["2026-01-08", "2026-01-17", "2026-01-26", "2026-02-04", "2026-02-13"]),
        ("R3/2025-12-31/P1D", ["2026-01-02", "2026-01-03", "2026-01-04", "end"]),
        ("R2/2020-01-01/P1D", ["2026-01-01", "2026-01-02", "end"]),
        ("0 0/20 * * * ?", ["2026-01-01T00:20:00", "2026-01-01T00:40:00", "2026-01-01T01:00:00"]),
        ("*/30 * * * *", ["2026-01-01T00:30:00", "2026-01-01T01:00:00"]),
        ("15,45 59 23 * * *", ["2026-01-01T23:59:15", "2026-01-01T23:59:45", "2026-01-02T23:59:15"]),
        ("0 0 0 ? * MON-FRI", ["2026-01-02", "2026-01-05", "2026-01-06"]),
        ("0 0 0 ? * 1", ["2026-01-04", "2026-01-11"]),
        ("0 0 * * 0", ["2026-01-04", "2026-01-11"]),
        ("0 0 * * 7", ["2026-01-04", "2026-01-11"]),
        ("0 0 0 ? * FRI-SUN", ["2026-01-02", "2026-01-03", "2026-01-04", "2026-01-09"]),
        ("0 0 0 ? * 6#3", ["2026-01-16", "2026-02-20"]),
        ("0 0 0 ? * SUN#5", ["2026-03-29", "2026-05-31"]),
        ("0 0 0 ? * 6L", ["2026-01-30", "2026-02-27"]),
        ("0 0 0 ? * L", ["2026-01-03", "2026-01-10"]),
        ("0 0 0 L * ?", ["2026-01-31", "2026-02-28"]),
        ("0 0 0 LW * ?", ["2026-01-30", "2026-02-27"]),
        ("0 0 0 L-2 * ?", ["2026-01-29", "2026-02-26"]),
        ("0 0 0 1W,15 2,8 ?", ["2026-02-02", "2026-02-15", "2026-08-03", "2026-08-15"]),
        ("0 0 0 31 * ?", ["2026-01-31", "2026-03-31"]),
        ("0 0 0 29 FEB ?", ["2028-02-29", "2032-02-29"]),
        ("0 0 0 1 JAN ? 2028-2029", ["2028-01-01", "2029-01-01", "end"]),
        ("0 0 1 * FRI", ["2026-01-02", "2026-01-09", "2026-01-16", "2026-01-23", "2026-01-30", "2026-02-01"]),
        ("@daily", ["2026-01-02", "2026-01-03"]),
    ],
)
def test_cycles(text: str, expected: list[str]) -> None:
    assert firings(text, len(expected)) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("PT10S", "neither a repeating interval"),
        ("R3", "no repeating interval"),
        ("Rx/PT1S", "no repeating interval"),
        ("R/2030-01-01", "has no duration"),
        ("R/PT0S", "without pause"),
        ("R/-PT1S", "negative"),
        ("R/2030-01-01/2029-01-01", "ends before"),
        ("0 0 0 30 2 ?", "names no day that exists"),
        ("0 0 0 1 * MON", "both a day of the month and a day of the week"),
        ("60 0 0 * * ?", "no second from 0 to 59"),
        ("0 0 0 ? * 8", "no day of the week from 1 to 7"),
        ("0 0 0 ? * FOO", "no day of the week"),
        ("0/0 * * * * ?", "no second from 1"),
    ],
)
def test_what_is_no_cycle(text: str, reason: str) -> None:
    with pytest.raises(InvalidTimer, match=reason):
        Cycle.parse(text, NOW)


def test_a_cycle_ends_at_its_end_date() -> None:
    assert firings("R/PT12H", end_date="P1D") == ["2026-01-01T12:00:00", "2026-01-02", "end"]
    assert firings("0 0 0 * * ?", end_date="2026-01-03") == ["2026-01-02", "2026-01-03", "end"]
    assert firings("R/PT12H", end_date="2025-01-01") == ["end"]
    assert firings("R/P1D/2026-01-01", end_date="2026-01-02") == ["2026-01-02", "end"]


def test_what_a_standstill_missed() -> None:
    late = NOW + 35_000_000
    endless, counted = Cycle.parse("R/PT10S", NOW), Cycle.parse("R3/PT10S", NOW)
    first = NOW + 10_000_000
    assert endless.next(first, 1, now=late) == NOW + 40_000_000
    assert counted.next(first, 1, now=late) == NOW + 20_000_000
    assert counted.next(NOW + 30_000_000, 3, now=late) is None
    assert Cycle.parse("0/10 * * * * ?", NOW).next(first, 1, now=late) == NOW + 40_000_000
