"""Rows: what grants open, told by Python and by SQL alike."""

from __future__ import annotations

import sqlite3
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from mesh.access.row_conditions import row_condition
from mesh.access.rows import ALL_ROWS, RowGrant, Rows, rows_from_json

TENANTS: Final = ("", "a", "b", "B")
KEYS: Final = ("", "order", "orders", "Order", "review", "re", "好", "好事")
PATTERNS: Final = (*KEYS[1:], "*", "o*", "order*", "R*", "re*", "好*")

GRANTS = st.builds(
    RowGrant,
    st.none() | st.frozensets(st.sampled_from(TENANTS)),
    st.none() | st.lists(st.sampled_from(PATTERNS), max_size=3).map(tuple),
    st.booleans(),
)
ROWS = st.builds(Rows, st.lists(GRANTS, max_size=3).map(tuple), st.sampled_from(("", "ann")))


def _stored() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE thing (tenant TEXT, key TEXT, involved INTEGER)")
    rows = [(tenant, key, involved) for tenant in TENANTS for key in KEYS for involved in (0, 1)]
    connection.executemany("INSERT INTO thing VALUES (?,?,?)", rows)
    return connection


STORED: Final = _stored()


@given(ROWS)
def test_sql_finds_what_is_open_and_nothing_else(rows: Rows) -> None:
    sql, values = row_condition(rows, "tenant", "key", ("involved=?", (1,))) or ("1=1", ())
    found = set(STORED.execute(f"SELECT tenant, key, involved FROM thing WHERE {sql}", values))
    everything = STORED.execute("SELECT tenant, key, involved FROM thing")
    assert found == {row for row in everything if rows.allow(row[0], row[1], involved=bool(row[2]))}


@given(ROWS)
def test_what_cannot_be_told_opens_nothing(rows: Rows) -> None:
    sql, values = row_condition(rows, "tenant") or ("1=1", ())
    found = {row[0] for row in STORED.execute(f"SELECT DISTINCT tenant FROM thing WHERE {sql}", values)}
    plain = [grant for grant in rows.grants if grant.keys is None and not grant.involved_only]
    assert found == {tenant for tenant in TENANTS if any(grant.opens(tenant, "", involved=False) for grant in plain)}


@given(ROWS)
def test_the_parts_are_the_whole(rows: Rows) -> None:
    parts = rows.parts()
    assert sorted(map(repr, (grant for part in parts for grant in part.grants))) == sorted(map(repr, rows.grants))
    assert all(len({grant.involved_only for grant in part.grants}) == 1 for part in parts)


@given(ROWS, st.frozensets(st.sampled_from(("it", "sales"))))
def test_rows_are_stored_and_read(rows: Rows, groups: frozenset[str]) -> None:
    given_rows = Rows(rows.grants, rows.user_id, groups)
    assert rows_from_json(given_rows.to_json()) == given_rows


def test_all_rows_are_all() -> None:
    assert ALL_ROWS.unrestricted
    assert not Rows(()).unrestricted
    assert not Rows((RowGrant(involved_only=True),)).unrestricted
    assert Rows((RowGrant(frozenset({"a"})), RowGrant())).unrestricted
    assert not Rows(()).allow("", "")
    assert row_condition(ALL_ROWS, "tenant") is None
