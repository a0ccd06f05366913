"""Dates, times and durations: literals, functions, properties, arithmetic (DMN 1.4, 10.3.2.3 and tables 56 to 61)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from mesh.feel import YearsMonths, json_value
from tests.unit.feel.tables import value, written

TABLE = {
    # literals and conversion
    'date("2024-02-29")': "2024-02-29",
    'date("2023-02-29")': "null",
    'date("2024-2-9")': "null",
    'date("24-02-29")': "null",
    'date(" 2024-02-29")': "null",
    'date(@"2024-01-01T10:00:00")': "2024-01-01",
    "date(2024, 2, 29)": "2024-02-29",
    "date(2023, 2, 29)": "null",
    "date(10000, 1, 1)": "null",
    "date(year: 2024, month: 1, day: 2)": "2024-01-02",
    'time("10:30:00")': "10:30:00",
    'time("10:30:00.125")': "10:30:00.125",
    'time("10:30:00Z")': "10:30:00Z",
    'time("10:30:00+02:00")': "10:30:00+02:00",
    'time("10:30:00+00:00")': "10:30:00Z",
    'time("10:30:00@Europe/Paris")': "10:30:00@Europe/Paris",
    'time("10:30:00@Nowhere/City")': "null",
    'time("10:30:00@../../etc/passwd")': "null",
    'time("10:30:00+19:00")': "null",
    'time("24:00:00")': "null",
    'time("10:30")': "null",
    "time(10, 30, 0)": "10:30:00",
    "time(10, 30, 1.5)": "10:30:01.5",
    "time(10, 30, 60)": "null",
    'time(10, 30, 0, @"PT2H")': "10:30:00+02:00",
    'time(10, 30, 0, @"P2D")': "null",
    'time(@"2024-01-01T10:00:00Z")': "10:00:00Z",
    'time(@"2024-01-01")': "00:00:00Z",
    'date and time("2024-01-01T10:00:00")': "2024-01-01T10:00:00",
    'date and time("2024-01-01T10:00:00+02:00")': "2024-01-01T10:00:00+02:00",
    'date and time("2024-01-01T10:00:00@Asia/Shanghai")': "2024-01-01T10:00:00@Asia/Shanghai",
    'date and time("2024-01-01T24:00:00")': "2024-01-02T00:00:00",
    'date and time("2024-01-01")': "2024-01-01T00:00:00",
    'date and time("2024-01-01T10:00")': "null",
    'date and time(@"2024-01-01", @"10:00:00Z")': "2024-01-01T10:00:00Z",
    'date and time(@"2024-01-01T23:00:00+05:00", @"10:00:00")': "2024-01-01T10:00:00",
    "date and time(2024, 1, 2, 3, 4, 5)": "2024-01-02T03:04:05",
    'date and time(2024, 1, 2, 3, 4, 5, @"PT1H")': "2024-01-02T03:04:05+01:00",
    'date and time(2024, 1, 2, 3, 4, 5, "Asia/Tokyo")': "2024-01-02T03:04:05@Asia/Tokyo",
    'date and time(@"2024-01-01T00:00:00Z", "Asia/Shanghai")': "2024-01-01T08:00:00@Asia/Shanghai",
    'duration("P1DT2H30M")': "P1DT2H30M",
    'duration("PT36H")': "P1DT12H",
    'duration("PT90S")': "PT1M30S",
    'duration("-PT0.5S")': "-PT0.5S",
    'duration("P14M")': "P1Y2M",
    'duration("P0D")': "PT0S",
    'duration("P0Y")': "P0M",
    'duration("P1Y1D")': "null",
    'duration("P")': "null",
    'duration("PT")': "null",
    'duration("P1DT")': "null",
    'duration("1D")': "null",
    'years and months duration(@"2011-12-22", @"2013-08-24")': "P1Y8M",
    'years and months duration(@"2013-08-24", @"2011-12-22")': "-P1Y8M",
    'years and months duration(@"2024-01-31", @"2024-02-29")': "P0M",
    '@"2024-01-01"': "2024-01-01",
    '@"10:00:00"': "10:00:00",
    '@"T10:00:00"': "10:00:00",
    '@"2024-01-01T10:00:00Z"': "2024-01-01T10:00:00Z",
    '@"P1Y"': "P1Y",
    '@"-P1D"': "-P1D",
    '@"nothing"': "null",
    # properties
    '@"2024-05-06".year': "2024",
    '@"2024-05-06".month': "5",
    '@"2024-05-06".day': "6",
    '@"2024-05-06".weekday': "1",
    '@"2024-05-06".hour': "null",
    '@"2024-05-06T10:20:30.5+02:00".hour': "10",
    '@"2024-05-06T10:20:30.5+02:00".second': "30",
    '@"2024-05-06T10:20:30+02:00".time offset': "PT2H",
    '@"2024-05-06T10:20:30".time offset': "null",
    '@"2024-07-01T10:00:00@Europe/Paris".time offset': "PT2H",
    '@"2024-01-01T10:00:00@Europe/Paris".time offset': "PT1H",
    '@"2024-01-01T10:00:00@Europe/Paris".timezone': '"Europe/Paris"',
    '@"10:20:30".minute': "20",
    '@"10:20:30-03:00".time offset': "-PT3H",
    '@"P1DT2H3M4S".days': "1",
    '@"P1DT2H3M4S".hours': "2",
    '@"P1DT2H3M4S".minutes': "3",
    '@"-P1DT2H3M4S".seconds': "-4",
    '@"P14M".years': "1",
    '@"-P14M".months': "-2",
    '@"P1D".years': "null",
    # order and equality
    '@"2024-01-01" < @"2024-02-01"': "true",
    '@"2024-01-01T10:00:00Z" = @"2024-01-01T12:00:00+02:00"': "true",
    '@"2024-01-01T10:00:00Z" = @"2024-01-01T10:00:00"': "false",
    '@"2024-01-01T10:00:00Z" < @"2024-01-01T10:00:00"': "null",
    '@"2024-01-01T10:00:00@Europe/Paris" = @"2024-01-01T09:00:00Z"': "true",
    '@"2024-01-01" = @"2024-01-01T00:00:00"': "null",
    '@"10:00:00Z" = @"11:00:00+01:00"': "true",
    '@"10:00:00" < @"11:00:00"': "true",
    '@"10:00:00@Europe/Paris" = @"09:00:00Z"': "true",
    '@"P1Y" = @"P12M"': "true",
    '@"P1D" = @"PT24H"': "true",
    '@"P1D" < @"P1M"': "null",
    '@"0001-01-01T00:00:00+14:00" < @"9999-12-31T23:59:59-12:00"': "true",
    '@"2024-01-15" in [@"2024-01-01"..@"2024-01-31"]': "true",
    '@"2024-01-15" between @"2024-01-01" and @"2024-01-10"': "false",
    # arithmetic
    '@"2024-01-31" + @"P1M"': "2024-02-29",
    '@"2024-02-29" - @"P1Y"': "2023-02-28",
    '@"2024-01-31" + @"P1D"': "2024-02-01",
    '@"P1D" + @"2024-01-31"': "2024-02-01",
    '@"2024-01-31" + @"PT36H"': "2024-02-01",
    '@"2024-03-01" - @"2024-02-01"': "P29D",
    '@"2024-01-01T00:00:00" + @"PT1H"': "2024-01-01T01:00:00",
    '@"2024-01-31T10:00:00Z" + @"P1M"': "2024-02-29T10:00:00Z",
    '@"2024-03-30T12:00:00@Europe/Paris" + @"P1D"': "2024-03-31T13:00:00@Europe/Paris",
    '@"2024-01-02T00:00:00Z" - @"2024-01-01T00:00:00+02:00"': "P1DT2H",
    '@"2024-01-02T00:00:00Z" - @"2024-01-01T00:00:00"': "null",
    '@"2024-01-02T00:00:00Z" - @"2024-01-01"': "P1D",
    '@"10:00:00" - @"08:30:00"': "PT1H30M",
    '@"23:00:00" + @"PT2H"': "01:00:00",
    '@"01:00:00Z" - @"PT2H"': "23:00:00Z",
    '@"10:00:00" + @"P1M"': "null",
    '@"PT1H" + @"PT30M"': "PT1H30M",
    '@"P1Y" - @"P1M"': "P11M",
    '@"P1Y" + @"P1D"': "null",
    '@"PT1H" * 1.5': "PT1H30M",
    '2 * @"P1Y"': "P2Y",
    '@"P1Y" * 0.3': "P3M",
    '@"PT1H" / 2': "PT30M",
    '@"PT3H" / @"PT2H"': "1.5",
    '@"P1Y" / @"P1M"': "12",
    '@"PT1H" / 0': "null",
    '@"PT1H" / @"P1M"': "null",
    '-@"P1D"': "-P1D",
    '@"2024-01-01" + @"2024-01-01"': "null",
    '@"2024-01-01" + 1': "null",
    '@"9999-12-31" + @"P1D"': "null",
    '@"0001-01-01" - @"P1M"': "null",
    '@"9999-12-31T23:00:00-05:00" + @"PT3H"': "null",
    '@"P999999999D" + @"P999999999D"': "null",
    '@"P1D" * 1e300': "null",
    'sum(for d in [1, 2] return @"PT1H" * d)': "PT3H",
    'string(@"2024-01-01T10:00:00.120Z")': '"2024-01-01T10:00:00.12Z"',
}  # fmt: skip


@pytest.mark.parametrize("text", TABLE)
def test_value(text: str) -> None:
    assert written(text) == TABLE[text]


def test_values_are_those_of_python() -> None:
    assert value('@"2024-01-01"') == date(2024, 1, 1)
    assert value('@"10:00:00+08:00"') == time(10, tzinfo=timezone(timedelta(hours=8)))
    assert value('@"2024-01-01T10:00:00@Asia/Shanghai"').tzinfo == ZoneInfo("Asia/Shanghai")
    assert value('@"P1DT1H"') == timedelta(days=1, hours=1)
    assert value('@"P1Y2M"') == YearsMonths(14)


def test_variables_may_hold_values_of_python() -> None:
    due = datetime(2024, 5, 6, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert value('due < @"2024-05-06T05:00:00Z"', due=due) is True
    assert value("due.day + 1", due=due) == 7
    assert value("due + x", due=date(2024, 1, 1), x=timedelta(days=2)) == date(2024, 1, 3)


def test_constant_moments_are_read_when_compiled() -> None:
    # And not where the function is another one.
    assert written('{date: function(x) 1, y: date("2024-01-01")}.y') == "1"
    assert value('date("2024-01-01")') is value('date("2024-01-01")')


def test_fractions_beyond_microseconds_are_cut_off() -> None:
    assert written('@"10:00:00.123456789"') == "10:00:00.123456"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('@"2024-01-01T10:00:00+08:00"', "2024-01-01T10:00:00+08:00"),
        ('@"P1Y"', "P1Y"),
        ("[1, 2.5, 1e30]", [1, 2.5, 1e30]),
        ('{a: @"10:00:00", b: [1..3)}', {
            "a": "10:00:00",
            "b": {"start": 1, "end": 3, "start included": True, "end included": False},
        }),
        ("function(x) x", None),
    ],
)  # fmt: skip
def test_json_values(text: str, expected: object) -> None:
    assert json_value(value(text)) == expected
