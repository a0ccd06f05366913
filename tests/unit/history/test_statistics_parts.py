"""Durations in buckets, stored counts, periods of time zones."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from history_svc.queries.statistics import by_month
from history_svc.statistics.contributions import month_number, month_of
from history_svc.statistics.durations import BUCKETS, RELATIVE_ERROR, bucket_of, percentiles, value_of
from history_svc.statistics.periods import DAY, HOUR, TimeZoneUnknown, TooManyPeriods, periods, zone_of
from history_svc.statistics.sparse_counts import decode, encode
from tests.unit.history.counted import nearest_rank

HOUR_MICROS = 3_600_000_000
SHARES = (0.5, 0.9, 0.99)


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=200))
def test_percentiles_are_as_near_as_they_say(values: list[int]) -> None:
    sketch: dict[int, int] = {}
    for value in values:
        sketch[bucket_of(value)] = sketch.get(bucket_of(value), 0) + 1
    for share, found in zip(SHARES, percentiles(sketch, SHARES), strict=True):
        exact = nearest_rank(values, share)
        assert abs(found - exact) <= RELATIVE_ERROR * exact


def test_buckets_fit_in_what_is_stored() -> None:
    assert bucket_of(0) == 0
    assert bucket_of(2**62) == BUCKETS - 1 < 65_536
    assert value_of(0) == 0
    assert value_of(BUCKETS - 1) >= 10**16
    assert [value_of(bucket_of(micros)) for micros in range(1, 100)] == list(range(1, 100))


def test_there_are_no_percentiles_of_nothing() -> None:
    assert percentiles({}, SHARES) == percentiles({3: 0}, SHARES) == []


@given(st.dictionaries(st.integers(0, 65_535), st.integers(-(2**62), 2**62), max_size=20))
def test_counts_are_read_as_they_were_written(counts: dict[int, int]) -> None:
    kept = {number: count for number, count in counts.items() if count}
    assert decode(encode(counts)) == kept
    assert encode(dict(reversed(counts.items()))) == encode(counts)


@pytest.mark.parametrize("content", [b"\x03", b"\x01abc", b"\x02" + b"x" * 6])
def test_counts_of_another_format_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="unknown format"):
        decode(content)


def _at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def _shown(bounds: list[int]) -> list[str]:
    return [datetime.fromtimestamp(micros / 1e6, UTC).strftime("%m-%d %H:%M") for micros in bounds]


def test_hours_and_days_of_utc() -> None:
    assert _shown(periods(_at("2026-03-01T10:20"), _at("2026-03-01T12:00"), HOUR, zone_of(""))) == [
        "03-01 10:00",
        "03-01 11:00",
        "03-01 12:00",
    ]
    assert _shown(periods(_at("2026-03-01T10:20"), _at("2026-03-02T00:01"), DAY, zone_of("UTC"))) == [
        "03-01 00:00",
        "03-02 00:00",
        "03-03 00:00",
    ]


@pytest.mark.parametrize(
    ("zone", "bounds"),
    [
        ("Asia/Shanghai", ["02-28 16:00", "03-01 16:00"]),
        ("Asia/Kolkata", ["02-28 18:30", "03-01 18:30"]),
        ("Asia/Kathmandu", ["02-28 18:15", "03-01 18:15"]),
        ("America/St_Johns", ["03-01 03:30", "03-02 03:30"]),
    ],
)
def test_days_of_zones(zone: str, bounds: list[str]) -> None:
    assert _shown(periods(_at("2026-03-01T12:00"), _at("2026-03-01T12:01"), DAY, zone_of(zone))) == bounds


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29T12:00", 23), ("2026-10-25T12:00", 25), ("2026-07-01T12:00", 24)]
)
def test_days_on_which_the_clock_is_changed(day: str, hours: int) -> None:
    begin, end = periods(_at(day), _at(day) + 1, DAY, zone_of("Europe/Berlin"))
    assert end - begin == hours * HOUR_MICROS
    assert len(periods(begin, end, HOUR, zone_of("Europe/Berlin"))) == hours + 1


def test_a_midnight_that_a_zone_leaves_out() -> None:
    bounds = periods(_at("2026-09-04T12:00"), _at("2026-09-07T12:00"), DAY, zone_of("America/Santiago"))
    assert _shown(bounds) == ["09-04 04:00", "09-05 04:00", "09-06 04:00", "09-07 03:00", "09-08 03:00"]


@given(
    st.integers(-(2**50), 2**52),
    st.integers(1, 40 * 24 * HOUR_MICROS),
    st.sampled_from(["", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Tehran", "Pacific/Apia", "Africa/Monrovia"]),
    st.sampled_from([HOUR, DAY]),
)
def test_periods_have_all_of_the_time_once(start: int, length: int, zone: str, kind: str) -> None:
    try:
        bounds = periods(start, start + length, kind, zone_of(zone))
    except TooManyPeriods:
        assert kind == HOUR
        return
    assert bounds == sorted(set(bounds))
    # Of zones of long ago, which were no quarters of an hour from UTC, a part of one is in the period before.
    assert bounds[0] <= start + 900_000_000
    assert bounds[-1] >= start + length
    assert all(bound % 900_000_000 == 0 for bound in bounds)


def test_more_periods_than_may_be_asked_for() -> None:
    start = _at("2026-01-01T00:00")
    assert len(periods(start, start + 1_000 * HOUR_MICROS, HOUR, zone_of(""))) == 1_001
    with pytest.raises(TooManyPeriods):
        periods(start, start + 1_001 * HOUR_MICROS, HOUR, zone_of(""))


def test_the_end_of_all_times() -> None:
    last = 253_402_300_799_000_000
    assert len(periods(last - 1, last, DAY, zone_of("Pacific/Kiritimati"))) >= 2


@pytest.mark.parametrize("name", ["Mars/Olympus", "../etc/passwd", "Europe", "x" * 64, "a\0b"])
def test_zones_that_there_are_not(name: str) -> None:
    with pytest.raises(TimeZoneUnknown):
        zone_of(name)


def test_days_by_whole_months() -> None:
    def day(text: str) -> int:
        return _at(text) // (24 * HOUR_MICROS)

    def months(first: int, last: int) -> range:
        return range(month_number(2026, first), month_number(2026, last) + 1)

    for start, end, parts in (
        ("2026-01-05", "2026-01-20", None),
        ("2026-01-31", "2026-02-02", None),
        ("2026-02-01", "2026-02-28", None),
        ("2026-02-01", "2026-03-01", [months(2, 2)]),
        ("2026-01-30", "2026-03-01", [range(day("2026-01-30"), day("2026-02-01")), months(2, 2)]),
        ("2026-01-01", "2026-12-03", [months(1, 11), range(day("2026-12-01"), day("2026-12-03"))]),
    ):
        days = range(day(start), day(end))
        assert by_month(days) == (parts or [days]), (start, end)


@given(st.integers(-719_000, 2_932_000), st.integers(1, 400))
def test_whole_months_have_as_many_days(start: int, length: int) -> None:
    parts = by_month(range(start, start + length))
    assert len(parts) <= 3
    covered = sum(len(part) for part in parts if part.start > -(2**29))
    for part in parts:
        if part.start <= -(2**29):
            covered += sum(1 for one in range(start, start + length) if month_of(one) in part)
    assert covered == length


def test_a_time_that_no_calendar_has() -> None:
    assert month_of(10**9) == month_of(-(10**9)) < month_number(1, 1)
