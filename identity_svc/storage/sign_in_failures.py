"""Who failed to sign in, and for how long nobody may try.

Counted by the name that was typed, whether there is such a user or not, and once more over all names: one password
tried on many names. In the database, so that it holds for every process and after a restart.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from mesh.db.statements import DeleteMany, Fetch, FetchKeys, Program, Row, UpsertMany

PRUNE_BATCH = 1000
EVERYBODY = "*"
"""The name under which all failures are counted."""

_COLUMNS = ("name", "failures", "locks", "counted_from", "last_at", "locked_until")
_MICROS = 1_000_000
_MOST_DOUBLINGS = 20


@dataclass(frozen=True, slots=True)
class LockOut:
    """After so many `failures` within `window` seconds nobody may try for `first` seconds; twice as long each time
    that it happens again, up to `longest`. After `forget` seconds without a failure all is forgotten.

    With `each` a single failure after a lock brings the next one.
    """

    failures: int
    window: float
    first: float
    longest: float
    forget: float
    each: bool = True


@dataclass(frozen=True, slots=True)
class Failures:
    """What is counted under a name. Times in microseconds since the Unix epoch."""

    name: str
    failures: int = 0
    locks: int = 0
    counted_from: int = 0
    last_at: int = 0
    locked_until: int = 0

    def after_failure(self, rule: LockOut, now: int) -> Failures:
        """Return what is counted after one more failure."""
        before = self if now - self.last_at < rule.forget * _MICROS else Failures(self.name)
        within = before.failures > 0 and now - before.counted_from < rule.window * _MICROS
        failures = before.failures + 1 if within else 1
        counted_from = before.counted_from if within else now
        if failures < rule.failures and not (rule.each and before.locks):
            return Failures(self.name, failures, before.locks, counted_from, now, before.locked_until)
        seconds = min(rule.first * 2 ** min(before.locks, _MOST_DOUBLINGS), rule.longest)
        return Failures(self.name, 0, before.locks + 1, now, now, now + int(seconds * _MICROS))


def name_of(user: str) -> str:
    """Return the name under which failures of a user are counted, by what was typed."""
    return hashlib.sha256(user.strip().lower().encode()).hexdigest()


def locked_seconds(name: str, now: int) -> Program[float]:
    """Return for how many seconds nobody may try under a name; 0 where one may."""
    rows: list[Row] = yield FetchKeys("sign_in_failure", _COLUMNS, ("name",), [(name,), (EVERYBODY,)])
    return _left([Failures(*row) for row in rows], now)


def lock_out_of(name: str, now: int) -> Program[float]:
    """Return the seconds for which nobody may try under a name, which stays so until the transaction ends.

    For who has the right password: attempts under the same name that run at once are decided one after the other.
    """
    own: list[Row] = yield FetchKeys("sign_in_failure", _COLUMNS, ("name",), [(name,)], lock=True)
    all_: list[Row] = yield FetchKeys("sign_in_failure", _COLUMNS, ("name",), [(EVERYBODY,)])
    return _left([Failures(*row) for row in (*own, *all_)], now)


def lock_failures(name: str, now: int) -> Program[tuple[Failures, Failures, float]]:
    """Return what is counted under a name and under all, locked until the transaction ends, and the seconds for which
    nobody may try."""
    # Both rows are there and locked, in their order, before anything is decided.
    names = sorted((name, EVERYBODY))
    yield UpsertMany("sign_in_failure", _COLUMNS, ("name",), (), [(each, 0, 0, now, now, 0) for each in names])
    rows: list[Row] = yield FetchKeys("sign_in_failure", _COLUMNS, ("name",), [(each,) for each in names], lock=True)
    counted = {row[0]: Failures(*row) for row in rows}
    return counted[name], counted[EVERYBODY], _left(list(counted.values()), now)


def store_failures(counted: list[Failures]) -> Program[None]:
    """Store what is counted."""
    yield UpsertMany(
        "sign_in_failure",
        _COLUMNS,
        ("name",),
        _COLUMNS[1:],
        [(one.name, one.failures, one.locks, one.counted_from, one.last_at, one.locked_until) for one in counted],
    )


def forget_failures(name: str) -> Program[None]:
    """Forget what is counted under a name: its user has signed in."""
    yield DeleteMany("sign_in_failure", ("name",), [(name,)])


def prune_failures(before: int) -> Program[int]:
    """Forget a bounded batch of names under which nobody has failed since a time; return how many."""
    rows: list[Row] = yield Fetch(
        f"SELECT name FROM sign_in_failure WHERE last_at<? ORDER BY last_at LIMIT {PRUNE_BATCH}", (before,)
    )
    if rows:
        yield DeleteMany("sign_in_failure", ("name",), rows)
    return len(rows)


def _left(counted: list[Failures], now: int) -> float:
    return max([0.0, *((one.locked_until - now) / _MICROS for one in counted)])
