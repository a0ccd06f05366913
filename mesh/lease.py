"""Leases: what only one process may do at a time, by a row that is changed with compare-and-set.

A lease has a token that rises each time it changes hands. Whoever woke up late finds that its token is no longer
the row's, and what it wanted to do in that transaction is undone. The clocks of the processes should agree to
within a fraction of the lease's time; where they do not, a lease is taken too early, and only the token protects.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from mesh.clock import Clock
from mesh.db.database import ConstraintViolated, Database
from mesh.db.statements import Execute, Fetch, InsertMany, Program, Row
from mesh.process_owner import is_surely_dead, new_owner

MICROS = 1_000_000


class FencedOff(Exception):
    """Another process has the lease now; the transaction that asked is undone."""


@dataclass(slots=True, frozen=True)
class Held:
    """A lease that is held. `valid_until`: by `time.monotonic`, when it may no longer be relied on."""

    token: int
    valid_until: float


class Lease:
    """One process's claim to a lease."""

    def __init__(self, database: Database, name: str, clock: Clock, *, seconds: float) -> None:
        self._database = database
        self._name = name
        self._clock = clock
        self._seconds = seconds
        self._owner = new_owner()
        self._held: Held | None = None

    @property
    def held(self) -> bool:
        """Whether the lease is ours and will be for a moment.

        The last tenth of its time does not count, so that what is begun now is done before another may take it.
        """
        return self._held is not None and time.monotonic() < self._held.valid_until

    @property
    def wants_renewal(self) -> bool:
        """Whether less than two thirds of its time are left."""
        return self._held is None or time.monotonic() > self._held.valid_until - self._seconds * 0.6

    async def acquire(self) -> bool:
        """Take the lease if it is free, over, or its owner is dead. Raises `DatabaseError`."""
        # Whoever waits asks without a write transaction.
        if not await self._database.read(self._is_free()):
            self._held = None
            return False
        started = time.monotonic()
        try:
            token = await self._database.write(self._acquire())
        except ConstraintViolated:
            # Two processes created the row at once, and the other one was faster.
            return False
        self._held = None if token is None else Held(token, self._end(started))
        return token is not None

    async def renew(self) -> bool:
        """Extend the lease; False where it is lost. Raises `DatabaseError`."""
        started = time.monotonic()
        try:
            await self._database.write(self.fence())
        except FencedOff:
            return False
        self.renewed(started)
        return True

    async def release(self) -> None:
        """Give the lease up. Raises `DatabaseError`."""
        if self._held is not None:
            held, self._held = self._held, None
            await self._database.write(self._release(held.token))

    def fence(self) -> Program[None]:
        """Extend the lease as part of a transaction, which holds off others until it ends.

        Raises `FencedOff` where the lease is lost: the transaction must end with it. Tell `renewed` after the
        commit.
        """
        if self._held is None:
            raise FencedOff(self._name)
        matched: int = yield Execute(
            "UPDATE lease SET expires_at=? WHERE name=? AND owner=? AND token=?",
            (self._clock.now_micros() + int(self._seconds * MICROS), self._name, self._owner, self._held.token),
        )
        if matched != 1:
            self._held = None
            raise FencedOff(self._name)

    def renewed(self, started: float) -> None:
        """Note that a transaction with `fence`, begun at `started` by `time.monotonic`, was committed."""
        if self._held is not None:
            self._held = Held(self._held.token, self._end(started))

    def lost(self) -> None:
        """Note that the lease can no longer be relied on."""
        self._held = None

    def _end(self, started: float) -> float:
        return started + self._seconds * 0.9

    def _is_free(self) -> Program[bool]:
        rows: list[Row] = yield Fetch("SELECT owner, expires_at FROM lease WHERE name=?", (self._name,))
        return not rows or self._may_take(*rows[0])

    def _may_take(self, owner: str, expires_at: int) -> bool:
        return not owner or owner == self._owner or expires_at <= self._clock.now_micros() or is_surely_dead(owner)

    def _acquire(self) -> Program[int | None]:
        expires_at = self._clock.now_micros() + int(self._seconds * MICROS)
        rows: list[Row] = yield Fetch(
            "SELECT owner, token, expires_at FROM lease WHERE name=?", (self._name,), lock=True
        )
        if not rows:
            row = (self._name, self._owner, 1, expires_at)
            yield InsertMany("lease", ("name", "owner", "token", "expires_at"), [row])
            return 1
        owner, token, until = rows[0]
        if not self._may_take(owner, until):
            return None
        yield Execute(
            "UPDATE lease SET owner=?, token=?, expires_at=? WHERE name=?",
            (self._owner, token + 1, expires_at, self._name),
        )
        return int(token) + 1

    def _release(self, token: int) -> Program[None]:
        yield Execute(
            "UPDATE lease SET owner='', expires_at=0 WHERE name=? AND owner=? AND token=?",
            (self._name, self._owner, token),
        )
