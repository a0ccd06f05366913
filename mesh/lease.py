"""Leases: numbered pieces of work that are shared out evenly among the processes alive, each done by one of them.

A holder is a row with a beat that it raises, one statement for all the leases it has. Nobody's clock counts: who sees
a beat stand still for the lease's time, by its own monotonic clock, deletes the holder's row and frees its leases in
one transaction. A holder relies on a beat for less than that time, and its transactions lock its row, so what a holder
that woke up late wants to write is undone.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

from mesh.clock import steady_seconds
from mesh.db.database import Database, DatabaseError, OutcomeUnknown
from mesh.db.statements import Execute, Fetch, FetchKeys, InsertMany, Program, Row, UpdateKeys, UpsertMany
from mesh.logs import get_log
from mesh.process_owner import is_surely_dead, new_owner

_log = get_log(__name__)

NOBODY = ""
_LEASE_KEY = ("name", "number", "owner")


class FencedOff(Exception):
    """Others have the leases now; the transaction that asked is undone."""


@dataclass(slots=True, frozen=True)
class _Round:
    """What a round left behind, as read in its transaction. `beats`: of the other holders, by their names."""

    mine: list[int]
    beats: dict[str, int]
    share: int


@dataclass(slots=True, frozen=True)
class _Beat:
    """The beat of another holder, and when it was seen first, by `steady_seconds`."""

    beat: int
    seen: float


class Leases:
    """One process's part of the leases `0..count-1` of a name, held by `keep`, or `renew` every `interval` seconds."""

    def __init__(self, database: Database, name: str, count: int, *, seconds: float) -> None:
        """`seconds`: how long a holder that does not beat keeps its leases."""
        self._database = database
        self._name = name
        self._count = count
        self._seconds = seconds
        self._owner = new_owner()
        self._registered = False
        self._numbers: list[int] = []
        self._share = 0
        self._valid_until = 0.0
        self._looked = 0.0
        self._others: dict[str, _Beat] = {}
        self._changing = asyncio.Lock()

    @property
    def holder(self) -> str | None:
        """Under which name the leases are held now, None where they may not be relied on.

        The last tenth of their time does not count, so that what is begun now is done before another may take them.
        """
        return self._owner if steady_seconds() < self._valid_until else None

    @property
    def numbers(self) -> frozenset[int]:
        """The leases that are held and stay so: those to be given up are left out."""
        return frozenset(self._numbers[: self._share]) if self.holder is not None else frozenset()

    @property
    def surplus(self) -> bool:
        """Whether there are leases to be given up, as others have fewer."""
        return self.holder is not None and len(self._numbers) > self._share

    @property
    def interval(self) -> float:
        """Seconds until `renew` is due; short while others have still to give up what is to come here."""
        return self._seconds / (3 if self._registered and len(self._numbers) >= self._share else 10)

    async def keep(self, stopping: asyncio.Event, renewed: Callable[[int], Awaitable[None]]) -> None:
        """Renew until `stopping`, through failures; `renewed` hears each time how many leases were taken."""
        failed = False
        while not stopping.is_set():
            try:
                await renewed(await self.renew())
                failed = False
            except Exception as error:  # noqa: BLE001 - a bug as well: without its leases the process does nothing
                if not failed:
                    log = _log.warning if isinstance(error, DatabaseError | OutcomeUnknown) else _log.error
                    log("Leases could not be renewed and will be tried again", error=error, leases=self._name)
                failed = True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), self.interval)

    async def renew(self) -> int:
        """Beat, free the leases of the dead, take what is free up to a fair share; return how many were taken.

        Raises `DatabaseError`, `OutcomeUnknown`.
        """
        async with self._changing:
            started = steady_seconds()
            if started - self._looked > self._seconds / 2:
                # Nobody could be seen to beat meanwhile.
                self._others = {}
            try:
                done = await self._database.write(self._round(started))
            except FencedOff:
                self._begin_anew()
                return 0
            taken = len(set(done.mine).difference(self._numbers))
            self._registered = True
            self._numbers = done.mine
            self._share = done.share
            self._valid_until = started + self._seconds * 0.9
            self._looked = looked = steady_seconds()
            self._others = {
                other: seen
                if (seen := self._others.get(other)) is not None and seen.beat == beat
                else _Beat(beat, looked)
                for other, beat in done.beats.items()
            }
            return taken

    async def give_up_surplus(self) -> None:
        """Let others have what is more than a fair share; call it when nothing of it is being worked on.

        Raises `DatabaseError`, `OutcomeUnknown`.
        """
        async with self._changing:
            surplus = self._numbers[self._share :]
            # Before the commit: where its outcome is not known they must not be relied on; `renew` reads them again.
            self._numbers = self._numbers[: self._share]
            if surplus:
                await self._database.write(self._free(surplus))

    async def release(self) -> None:
        """Give all leases up. Raises `DatabaseError`, `OutcomeUnknown`."""
        async with self._changing:
            owner, registered = self._owner, self._registered
            self._begin_anew()
            if registered:
                await self._database.write(self._leave(owner))

    def distrust(self) -> None:
        """Rely on the leases no longer until they are renewed."""
        self._valid_until = 0.0

    @staticmethod
    def fence(holder: str) -> Program[None]:
        """Keep others, until the transaction ends, from taking the leases of a `holder`.

        Raises `FencedOff` where they have: the transaction must end with it.
        """
        rows: list[Row] = yield FetchKeys("lease_holder", ("owner",), ("owner",), [(holder,)], lock=True)
        if not rows:
            raise FencedOff(holder)

    def _begin_anew(self) -> None:
        # Under the old name nothing may be written any more, not even by a transaction that is still on its way.
        self._owner = new_owner()
        self._registered = False
        self._numbers = []
        self._share = 0
        self._valid_until = 0.0

    def _is_dead(self, owner: str, beat: int, now: float) -> bool:
        seen = self._others.get(owner)
        return (seen is not None and seen.beat == beat and now - seen.seen > self._seconds) or is_surely_dead(owner)

    def _round(self, now: float) -> Program[_Round]:
        owner = self._owner
        if not (yield UpdateKeys("lease_holder", "beat=beat+1", (), ("owner",), [(owner,)])):
            if self._registered:
                raise FencedOff(owner)
            yield InsertMany("lease_holder", ("owner", "name", "beat"), [(owner, self._name, 0)])
        # The leases first: whose owner is not among the holders that are read later is gone, not about to come.
        owners = yield from self._owners()
        if len(owners) < self._count:
            rows = [(self._name, number, NOBODY) for number in range(self._count)]
            yield UpsertMany("lease", _LEASE_KEY, ("name", "number"), (), rows)
            owners = yield from self._owners()
        holders: list[Row] = yield Fetch("SELECT owner, beat FROM lease_holder WHERE name=?", (self._name,))
        alive: dict[str, int] = dict(holders)
        for other, beat in holders:
            if other != owner and self._is_dead(other, beat, now):
                del alive[other]
                # A beat that came in between keeps it alive.
                if (yield Execute("DELETE FROM lease_holder WHERE owner=? AND beat=?", (other, beat))):
                    yield Execute("UPDATE lease SET owner=? WHERE name=? AND owner=?", (NOBODY, self._name, other))
                    owners = {number: NOBODY if of == other else of for number, of in owners.items()}
                else:
                    alive[other] = beat
        mine = [number for number, of in owners.items() if of == owner]
        share = self._fair_share(owner, alive, Counter(owners.values()))
        wanted = [(self._name, number, of) for number, of in owners.items() if of == NOBODY or of not in alive]
        if wanted := wanted[: max(0, share - len(mine))]:
            yield UpdateKeys("lease", "owner=?", (owner,), _LEASE_KEY, wanted)
            owners = yield from self._owners()
            mine = [number for number, of in owners.items() if of == owner]
        del alive[owner]
        return _Round(mine, alive, share)

    def _fair_share(self, owner: str, alive: Collection[str], held: Counter[str]) -> int:
        each, left = divmod(self._count, len(alive))
        # Who has more keeps what does not come out even, so that nothing moves for its sake.
        return each + (sorted(alive, key=lambda one: (-held[one], one)).index(owner) < left)

    def _owners(self) -> Program[dict[int, str]]:
        rows: list[Row] = yield Fetch("SELECT number, owner FROM lease WHERE name=? ORDER BY number", (self._name,))
        return dict(rows)

    def _free(self, numbers: Collection[int]) -> Program[None]:
        keys = [(self._name, number, self._owner) for number in numbers]
        yield UpdateKeys("lease", "owner=?", (NOBODY,), _LEASE_KEY, keys)

    def _leave(self, owner: str) -> Program[None]:
        yield Execute("DELETE FROM lease_holder WHERE owner=?", (owner,))
        yield Execute("UPDATE lease SET owner=? WHERE name=? AND owner=?", (NOBODY, self._name, owner))
