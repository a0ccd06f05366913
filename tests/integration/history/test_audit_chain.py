"""The chain of the audit on both databases: whatever is done to its rows is found, and where it was done."""

from __future__ import annotations

import asyncio
import os
import random
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

import pytest
from flowmesh.history.v1 import audit_service_pb2 as pb

from history_svc.api.audit_service import AuditServicer
from history_svc.audit.entry import CHAIN_COLUMNS, ChainedEntry, Entry, chained_of, hash_of
from history_svc.audit.head import HEAD_COLUMNS, START, Head, Signer
from history_svc.storage.audit import (
    CHAIN_TABLE,
    CHECKPOINT_ENTRIES,
    CHECKPOINT_TABLE,
    HEAD_TABLE,
    START_TABLE,
    TakenOut,
    add_checkpoint,
    append,
    take_out_older,
)
from mesh.access.rows import ALL_ROWS
from mesh.call import CallContext, as_call
from mesh.db.database import ConstraintViolated, Database, TransientFailure
from mesh.db.sqlite import SqliteDatabase
from mesh.db.statements import Execute, Fetch, InsertMany, Program, Row, fetch
from mesh.ids import new_id

ENTRIES = 2_600
APPENDED = 1_800_000_000_000_000
"""When entries are added, in microseconds."""
SECRET = "a secret of the mesh with more than 32 characters"
SIGNER = Signer(SECRET)
Kind = pb.AuditProblem.Kind
Found = tuple[str, int, int]


def entry(number: int, **fields: Any) -> Entry:
    values: dict[str, Any] = {
        "event_id": new_id(),
        "time_micros": 1_700_000_000_000_000 + number,
        "kind": 1,
        "service": "engine",
        "method": "flowmesh.engine.v1.UserTaskService/CompleteUserTask",
        "action": "",
        "resource_type": "processInstance",
        "resource_id": f"instance-{number % 7}",
        "tenant_id": "acme",
        "tenants_json": '["acme"]',
        "mesh_wide": 0,
        "definition_key": "review",
        "user_id": f"user-{number % 5}",
        "session_id": "",
        "acting_for": "",
        "client_address": "192.0.2.1",
        "correlation_id": new_id(),
        "traceparent": "",
        "outcome": 1,
        "reason": "",
        "call_count": 1,
        "before_json": b"",
        "after_json": b'{"number":%d,"\xe5\x90\x8d":"\xe5\xad\x97"}' % number,
    }
    return Entry(**{**values, **fields})


async def added(database: Database, entries: Sequence[Entry], signer: Signer = SIGNER, seen: int = 0) -> int:
    appended = await database.write(append(entries, signer, APPENDED, seen))
    return appended.entries


async def filled(database: Database, count: int = ENTRIES) -> None:
    for start in range(0, count, 500):
        await added(database, [entry(number) for number in range(start, min(start + 500, count))])


async def verified(database: Database, signer: Signer = SIGNER, **fields: Any) -> list[Found]:
    """What a check of the whole chain finds, in as many calls as it takes."""
    servicer = AuditServicer(database, signer)
    found: list[Found] = []
    request = pb.VerifyAuditRecordsRequest(**fields)
    while True:
        async for answer in servicer.VerifyAuditRecords(request):
            found += [(Kind.Name(one.kind)[5:], one.first_sequence, one.last_sequence) for one in answer.problems]
        if answer.complete:
            return found
        assert answer.next_sequence
        request.begin_sequence = answer.next_sequence


async def rows_between(database: Database, first: int, last: int) -> list[Row]:
    columns = ",".join(CHAIN_COLUMNS)
    sql = f"SELECT {columns} FROM {CHAIN_TABLE} WHERE sequence>=? AND sequence<=? ORDER BY sequence"
    return await database.read(fetch(Fetch(sql, (first, last))))


def replaced(first: int, last: int, rows: Sequence[Row]) -> Program[None]:
    """Put other rows in the place of some."""
    yield Execute(f"DELETE FROM {CHAIN_TABLE} WHERE sequence>=? AND sequence<=?", (first, last))
    for start in range(0, len(rows), 200):
        yield InsertMany(CHAIN_TABLE, CHAIN_COLUMNS, rows[start : start + 200])


async def test_a_chain_that_nobody_touched_has_no_problems(history: Database) -> None:
    assert await verified(history) == []
    await filled(history)
    assert await verified(history) == []
    assert await verified(history, max_entries=700) == []
    assert await verified(history, begin_sequence=1_234) == []
    assert await verified(history, begin_sequence=ENTRIES + 1) == []
    await history.write(add_checkpoint(SIGNER, 1_900_000_000_000_000))
    assert await history.write(add_checkpoint(SIGNER, 1_900_000_000_000_000)) is None
    await added(history, [entry(1)])
    assert await verified(history) == []


async def test_a_checkpoint_that_is_made_while_the_chain_is_checked_is_no_problem(history: Database) -> None:
    # Its entry is the last one of a page that was read before it was made.
    await added(history, [entry(number) for number in range(500)])
    servicer = AuditServicer(history, SIGNER)
    checking = servicer.VerifyAuditRecords(pb.VerifyAuditRecordsRequest())
    found = list((await anext(checking)).problems)
    await history.write(add_checkpoint(SIGNER, 1_900_000_000_000_000))
    await added(history, [entry(number) for number in range(600, 1_200)])
    await history.write(add_checkpoint(SIGNER, 1_900_000_000_000_000))
    async for answer in checking:
        found += answer.problems
    assert not found


async def test_an_event_makes_one_entry_however_often_it_comes(history: Database) -> None:
    entries = [entry(number) for number in range(10)]
    assert await added(history, entries[:6]) == 6
    assert await added(history, entries) == 4
    assert await added(history, [*entries, *entries]) == 0
    assert [row[1] for row in await rows_between(history, 1, 99)] == [one.event_id for one in entries]
    assert await verified(history) == []


async def test_several_that_add_at_once_make_one_chain(history: Database) -> None:
    async def add_some(who: int) -> None:
        for start in range(10):
            while True:
                try:
                    await added(history, [entry(who * 1000 + start * 10 + number) for number in range(10)])
                except (TransientFailure, ConstraintViolated):
                    await asyncio.sleep(0.01 * random.random())
                else:
                    break

    await asyncio.gather(*map(add_some, range(6)))
    rows = await rows_between(history, 0, 10_000)
    assert [row[0] for row in rows] == list(range(1, 601))
    assert await verified(history) == []


class Tampering:
    """Something that is done to the rows of a chain; `lines` are sequences of which one must be in what is found."""

    def __init__(self, chance: random.Random, rows: dict[int, Row]) -> None:
        self.chance = chance
        self.rows = rows
        self.last = max(rows)

    def place(self, margin: int = 10) -> int:
        return self.chance.randrange(margin, self.last - margin)

    def changed_column(self) -> tuple[str, list[int]]:
        place = self.place()
        at = self.chance.randrange(1, len(CHAIN_COLUMNS))
        row = list(self.rows[place])
        value = row[at]
        if CHAIN_COLUMNS[at] == "event_id":
            row[at] = new_id()
        elif isinstance(value, bytes):
            row[at] = value + b" "
        elif isinstance(value, int):
            row[at] = value + 1
        elif "hash" in CHAIN_COLUMNS[at]:
            row[at] = ("1" if value[0] == "0" else "0") + value[1:]
        else:
            row[at] = value[:-1] if value else "x"
        self.rows[place] = tuple(row)
        return f"{CHAIN_COLUMNS[at]} of {place}", [place]

    def changed_with_a_hash_of_its_own(self) -> tuple[str, list[int]]:
        place = self.place()
        self.rows[place] = _rehashed(self.rows[place], user_id="mallory")
        return f"{place} rehashed", [place, place + 1]

    def rewritten_from_here_to_the_end(self) -> tuple[str, list[int]]:
        place = self.place()
        previous = self.rows[place - 1][-1]
        for sequence in range(place, self.last + 1):
            found = chained_of(self.rows[sequence])
            changed = found.entry._replace(user_id="mallory") if sequence == place else found.entry
            chained = ChainedEntry(sequence, changed, previous, hash_of(previous, changed))
            previous = chained.hash
            self.rows[sequence] = chained.row()
        # Known to no better than what was signed before and behind it.
        return f"all from {place}", [place]

    def removed(self) -> tuple[str, list[int]]:
        place, count = self.place(), self.chance.randrange(1, 5)
        for sequence in range(place, place + count):
            del self.rows[sequence]
        return f"{count} from {place} removed", [place]

    def removed_and_the_gap_closed(self) -> tuple[str, list[int]]:
        place, count = self.place(), self.chance.randrange(1, 5)
        for sequence in range(place, self.last + 1):
            following = self.rows.pop(sequence + count, None) if sequence + count <= self.last else None
            if following is None:
                self.rows.pop(sequence, None)
            else:
                self.rows[sequence] = (sequence, *following[1:])
        return f"{count} from {place} removed, the rest moved up", [place - 1, place]

    def inserted(self) -> tuple[str, list[int]]:
        place = self.place()
        previous = self.rows[place - 1][-1]
        forged = entry(place, user_id="mallory")
        for sequence in range(self.last, place - 1, -1):
            self.rows[sequence + 1] = (sequence + 1, *self.rows[sequence][1:])
        self.rows[place] = ChainedEntry(place, forged, previous, hash_of(previous, forged)).row()
        return f"inserted at {place}", [place, place + 1]

    def inserted_behind_the_end(self) -> tuple[str, list[int]]:
        forged = entry(0, user_id="mallory")
        previous = self.rows[self.last][-1]
        self.rows[self.last + 1] = ChainedEntry(self.last + 1, forged, previous, hash_of(previous, forged)).row()
        return "one behind the end", [self.last + 1]

    def inserted_before_the_beginning(self) -> tuple[str, list[int]]:
        place = -self.chance.randrange(0, 3)
        forged = entry(0, user_id="mallory")
        self.rows[place] = ChainedEntry(place, forged, "0" * 64, hash_of("0" * 64, forged)).row()
        return f"one at {place}", [place]

    def swapped(self) -> tuple[str, list[int]]:
        one = self.place()
        other = self.chance.choice([one + 1, one - 1, self.place()])
        if one != other:
            first, second = self.rows[one], self.rows[other]
            self.rows[one], self.rows[other] = (one, *second[1:]), (other, *first[1:])
        return f"{one} and {other} swapped", [one, other] if one != other else []

    def cut_off(self) -> tuple[str, list[int]]:
        count = self.chance.randrange(1, 900)
        for sequence in range(self.last - count + 1, self.last + 1):
            del self.rows[sequence]
        return f"the last {count} cut off", [self.last - count + 1, self.last]


def _rehashed(row: Row, **fields: Any) -> Row:
    found = chained_of(row)
    changed = found.entry._replace(**fields)
    return ChainedEntry(found.sequence, changed, found.previous_hash, hash_of(found.previous_hash, changed)).row()


async def test_values_of_another_kind_are_found_and_the_rest_is_listed(history: Database) -> None:
    """SQLite keeps values of any kind in any column."""
    if not isinstance(history, SqliteDatabase):
        pytest.skip("columns have kinds of their own")
    await filled(history, 60)
    (good,) = await rows_between(history, 30, 30)
    servicer = AuditServicer(history, SIGNER)
    call = CallContext("c")
    call.narrow(ALL_ROWS)
    for column in CHAIN_COLUMNS[1:]:
        for value in ("0.5", "CAST(x'ff41' AS TEXT)", "x'ff41'", "CAST('x' AS BLOB)", "'x'", "9e300"):
            await history.write(_execute(f"UPDATE {CHAIN_TABLE} SET {column}={value} WHERE sequence=30"))
            found = await verified(history)
            assert ("CHANGED", 30, 30) in found, (column, value, found)
            assert {problem for problem in found if problem[1] != 30} <= {("UNLINKED", 30, 31)}
            with as_call(call):
                listed = (await servicer.ListAuditRecords(pb.ListAuditRecordsRequest(page_size=100))).audit_records
            assert [record.sequence for record in listed] == list(range(60, 0, -1))
            assert column == "event_id" or listed[30].event_id == good[1]
        await history.write(replaced(30, 30, [good]))
    # Nor does it stop who adds.
    for column in ("hash", "previous_hash"):
        await history.write(_execute(f"UPDATE {CHAIN_TABLE} SET {column}=CAST(x'ff41' AS TEXT) WHERE sequence=60"))
        assert await added(history, [entry(1)]) == 1
    for column in HEAD_COLUMNS:
        await history.write(_execute(f"UPDATE {HEAD_TABLE} SET {column}=x'ff41'"))
        assert await added(history, [entry(2)]) == 1
    assert ("CHANGED", 60, 60) in await verified(history)


def _execute(sql: str) -> Program[None]:
    yield Execute(sql)


@pytest.mark.parametrize("place", [2**63 - 1, 2**62, 3_000_000, 1_000_015, 25])
async def test_an_entry_far_behind_the_end_does_not_stop_who_adds(history: Database, place: int) -> None:
    await filled(history, 20)
    forged = entry(0, user_id="mallory")
    row = ChainedEntry(place, forged, "0" * 64, hash_of("0" * 64, forged)).row()
    await history.write(replaced(place, place, [row]))
    for number in range(10):
        assert await added(history, [entry(number)]) == 1
    # Or what is told is the gap before it.
    assert any(low <= place <= high + 1 for _, low, high in await verified(history))
    # Nor does a head that names it.
    await history.write(_execute(f"UPDATE {HEAD_TABLE} SET sequence={place}, hash='{row[-1]}'"))
    for signer in (SIGNER, Signer("")):
        for number in range(10):
            assert await added(history, [entry(number)], signer) == 1


KINDS: tuple[Callable[[Tampering], tuple[str, list[int]]], ...] = (
    Tampering.changed_column,
    Tampering.changed_column,
    Tampering.changed_with_a_hash_of_its_own,
    Tampering.rewritten_from_here_to_the_end,
    Tampering.removed,
    Tampering.removed_and_the_gap_closed,
    Tampering.inserted,
    Tampering.inserted_behind_the_end,
    Tampering.inserted_before_the_beginning,
    Tampering.swapped,
    Tampering.cut_off,
)


async def test_a_hundred_tamperings_are_found_and_located(history: Database) -> None:
    await filled(history)
    good = {row[0]: row for row in await rows_between(history, 1, ENTRIES)}
    chance = random.Random(7)
    done = 0
    while done < 100:
        rows = dict(good)
        about, places = KINDS[done % len(KINDS)](Tampering(chance, rows))
        if not places:
            continue
        touched = sorted(sequence for sequence in {*good, *rows} if good.get(sequence) != rows.get(sequence))
        first, last = touched[0], touched[-1]
        before = [row for sequence, row in sorted(good.items()) if first <= sequence <= last]
        after = [row for sequence, row in sorted(rows.items()) if first <= sequence <= last]
        await history.write(replaced(first, last, after))
        found = await verified(history)
        assert found, about
        located = [place for place in places if any(low <= place <= high for _, low, high in found)]
        assert located == places or (located and "removed" in about) or (located and "inserted" in about), (
            about,
            found,
        )
        # What is found lies where it was done, or where it is told by the next checkpoint or the end.
        assert min(low for _, low, _ in found) >= _signed_before(min(places)), (about, found)
        await history.write(replaced(first, last, before))
        done += 1
    assert await verified(history) == []


def _signed_before(place: int) -> int:
    """The place behind the last checkpoint before an entry."""
    return max(0, place - 1) // CHECKPOINT_ENTRIES * CHECKPOINT_ENTRIES if place > 0 else place


async def test_many_tamperings_at_once_are_all_found(history: Database) -> None:
    await filled(history)
    chance = random.Random(3)
    places = sorted(chance.sample(range(20, ENTRIES - 20, 20), 60))
    rows = {row[0]: row for row in await rows_between(history, 1, ENTRIES)}

    def tamper() -> Program[None]:
        for number, place in enumerate(places):
            match number % 3:
                case 0:
                    yield Execute(f"UPDATE {CHAIN_TABLE} SET outcome=3 WHERE sequence=?", (place,))
                case 1:
                    yield Execute(f"DELETE FROM {CHAIN_TABLE} WHERE sequence=?", (place,))
                case _:
                    yield from replaced(place, place, [_rehashed(rows[place], user_id="mallory")])

    await history.write(tamper())
    found = await verified(history)
    for place in places:
        assert any(low <= place <= high for kind, low, high in found if kind != "REWRITTEN"), place
    assert len(found) == len(places)


async def test_what_is_signed_cannot_be_forged_from_within_the_database(history: Database) -> None:
    await filled(history)
    (head,) = await history.read(fetch(Fetch(f"SELECT {','.join(HEAD_COLUMNS)} FROM {HEAD_TABLE}")))

    async def spoilt(table: str, assignment: str, where: str = "") -> list[Found]:
        rows = await history.read(fetch(Fetch(f"SELECT {','.join(HEAD_COLUMNS)} FROM {table} ORDER BY sequence")))

        def restore() -> Program[None]:
            yield Execute(f"DELETE FROM {table}")
            if table == HEAD_TABLE:
                yield InsertMany(table, ("id", *HEAD_COLUMNS), [(1, *row) for row in rows])
            else:
                yield InsertMany(table, HEAD_COLUMNS, rows)

        def spoil() -> Program[None]:
            sql = f"UPDATE {table} SET {assignment}" if assignment else f"DELETE FROM {table}"
            yield Execute(sql + where)

        await history.write(spoil())
        found = await verified(history)
        await history.write(restore())
        return found

    assert await spoilt(CHECKPOINT_TABLE, "time_micros=time_micros+1", " WHERE sequence=1000") == [
        ("CHECKPOINT", 1000, 1000)
    ]
    assert await spoilt(CHECKPOINT_TABLE, "signature=''", " WHERE sequence=2000") == [("CHECKPOINT", 2000, 2000)]
    assert ("CHECKPOINT", 1000, 2000) in await spoilt(CHECKPOINT_TABLE, "", " WHERE sequence=1000")
    assert ("CHECKPOINT", 2000, 2000) in await spoilt(CHECKPOINT_TABLE, "", " WHERE sequence=2000")
    assert ("CHECKPOINT", ENTRIES, ENTRIES) in await spoilt(HEAD_TABLE, "")
    assert ("CHECKPOINT", ENTRIES, ENTRIES) in await spoilt(HEAD_TABLE, "key_id='0000000000000000'")
    assert ("CHECKPOINT", ENTRIES - 1, ENTRIES - 1) in await spoilt(HEAD_TABLE, f"sequence={ENTRIES - 1}")
    assert await verified(history) == []
    # A chain that is cut off with its head put back as it once was is found by what is kept elsewhere.
    anchor = {"anchor_sequence": ENTRIES, "anchor_hash": head[1]}
    assert await verified(history, **anchor) == []
    old = SIGNER.sign(Head(1000, (await rows_between(history, 1000, 1000))[0][-1], APPENDED, 1000))

    def roll_back() -> Program[None]:
        yield Execute(f"DELETE FROM {CHAIN_TABLE} WHERE sequence>1000")
        yield Execute(f"DELETE FROM {CHECKPOINT_TABLE} WHERE sequence>1000")
        yield Execute(f"DELETE FROM {HEAD_TABLE}")
        yield InsertMany(HEAD_TABLE, ("id", *HEAD_COLUMNS), [(1, *old)])

    await history.write(roll_back())
    assert await verified(history) == []
    assert await verified(history, **anchor) == [("TRUNCATED", 1001, ENTRIES)]


async def test_who_adds_to_a_chain_that_was_tampered_with_says_so(history: Database) -> None:
    await filled(history, 20)
    forged = entry(0, user_id="mallory")
    (last,) = await rows_between(history, 20, 20)

    def forge() -> Program[None]:
        row = ChainedEntry(21, forged, last[-1], hash_of(last[-1], forged))
        yield InsertMany(CHAIN_TABLE, CHAIN_COLUMNS, [row.row()])
        yield Execute(f"UPDATE {HEAD_TABLE} SET sequence=21, hash=?", (row.hash,))

    await history.write(forge())
    await added(history, [entry(1)])
    found = await verified(history)
    assert found == [("NOTED", 22, 22)]
    (noted,) = await rows_between(history, 22, 22)
    assert "signature" in chained_of(noted).entry.reason
    await added(history, [entry(2)])
    assert await verified(history) == found


async def test_a_process_that_goes_on_notices_that_the_end_was_put_back(history: Database) -> None:
    await filled(history, 20)
    kept = [(1, *row) for row in await history.read(fetch(Fetch(f"SELECT {','.join(HEAD_COLUMNS)} FROM {HEAD_TABLE}")))]
    await added(history, [entry(number) for number in range(5)])

    def put_back() -> Program[None]:
        yield Execute(f"DELETE FROM {CHAIN_TABLE} WHERE sequence>20")
        yield Execute(f"DELETE FROM {HEAD_TABLE}")
        yield InsertMany(HEAD_TABLE, ("id", *HEAD_COLUMNS), kept)

    await history.write(put_back())
    await added(history, [entry(1)], seen=25)
    assert await verified(history) == [("NOTED", 21, 21)]
    (noted,) = await rows_between(history, 21, 21)
    assert chained_of(noted).entry.reason == "the chain had 25 entries"


async def _taken_out(database: Database, before: int = APPENDED + 1, signer: Signer = SIGNER) -> TakenOut:
    """Take out all that is older; return what kept it from more, with the last start."""
    start: Head | None = None
    while True:
        taken = await database.write(take_out_older(signer, before, APPENDED + 5))
        start = taken.start or start
        if taken.start is None:
            return TakenOut(start, taken.problem)


async def test_what_is_past_its_retention_goes_and_the_chain_holds(history: Database) -> None:
    await filled(history)
    assert await _taken_out(history, APPENDED) == TakenOut()
    taken = await _taken_out(history)
    assert taken.start is not None
    assert taken.problem is None
    assert taken.start.sequence == 2_000
    assert [row[0] for row in await rows_between(history, 0, 2_002)] == [2_001, 2_002]
    await added(history, [entry(number) for number in range(500)])
    for fields in ({}, {"begin_sequence": 1}, {"begin_sequence": 2_001}, {"begin_sequence": 2_400}):
        assert await verified(history, **fields) == []
    assert await verified(history, max_entries=300) == []
    answers = [one async for one in AuditServicer(history, SIGNER).VerifyAuditRecords(pb.VerifyAuditRecordsRequest())]
    assert {answer.first_sequence for answer in answers} == {2_001}
    # On from where retention was: the chain has 3,100 entries now, and a checkpoint at 3,000.
    assert (await _taken_out(history)).start == SIGNER.sign(
        Head(3_000, (await history.read(_start()))[1], APPENDED + 5, 3_000), START
    )
    assert await verified(history) == []
    # What is not the last one of the chain alone.
    await history.write(add_checkpoint(SIGNER, APPENDED))
    assert await _taken_out(history) == TakenOut()
    assert await verified(history) == []


async def test_a_chain_is_checked_while_retention_takes_entries_out(history: Database) -> None:
    await filled(history)
    checking = AuditServicer(history, SIGNER).VerifyAuditRecords(pb.VerifyAuditRecordsRequest())
    found = list((await anext(checking)).problems)
    assert (await _taken_out(history)).start is not None
    async for answer in checking:
        found += answer.problems
    assert not found
    assert answer.first_sequence == 2_001


def _start() -> Program[Row]:
    rows: list[Row] = yield Fetch(f"SELECT {','.join(HEAD_COLUMNS)} FROM {START_TABLE}")
    return rows[0]


async def test_nobody_else_can_say_that_entries_are_past_their_retention(history: Database) -> None:
    await filled(history)
    await _taken_out(history, signer=SIGNER)
    start = await history.read(_start())
    rows = await rows_between(history, 2_001, 3_000)

    async def found_with(*statements: Execute | InsertMany) -> list[Found]:
        def spoil() -> Program[None]:
            for statement in statements:  # noqa: UP028 - results are sent, which a tuple takes none of
                yield statement

        def restore() -> Program[None]:
            yield Execute(f"DELETE FROM {START_TABLE}")
            yield InsertMany(START_TABLE, ("id", *HEAD_COLUMNS), [(1, *start)])
            yield Execute(f"DELETE FROM {CHAIN_TABLE}")
            yield InsertMany(CHAIN_TABLE, CHAIN_COLUMNS, rows)

        await history.write(spoil())
        found = await verified(history)
        await history.write(restore())
        return found

    assert await found_with(Execute(f"DELETE FROM {CHAIN_TABLE} WHERE sequence<2004")) == [("REMOVED", 2_001, 2_003)]
    forged = ChainedEntry(1_500, entry(1), "0" * 64, hash_of("0" * 64, entry(1))).row()
    assert await found_with(InsertMany(CHAIN_TABLE, CHAIN_COLUMNS, [forged])) == [("INSERTED", 1_500, 1_500)]
    assert ("CHECKPOINT", 2_000, 2_000) in await found_with(Execute(f"UPDATE {START_TABLE} SET time_micros=1"))
    found = await found_with(Execute(f"DELETE FROM {START_TABLE}"))
    # The checkpoint before the first one that is kept is missing as well.
    assert found == [("CHECKPOINT", 1, 1), ("REMOVED", 1, 2_000), ("CHECKPOINT", 1_000, 2_000)]
    # The end of the chain is signed as its end, and so not as its beginning.
    (head,) = await history.read(fetch(Fetch(f"SELECT {','.join(HEAD_COLUMNS)} FROM {HEAD_TABLE}")))
    as_start = [Execute(f"DELETE FROM {START_TABLE}"), InsertMany(START_TABLE, ("id", *HEAD_COLUMNS), [(1, *head)])]
    emptied = Execute(f"DELETE FROM {CHAIN_TABLE} WHERE sequence<=?", (head[0],))
    assert ("CHECKPOINT", ENTRIES, ENTRIES) in await found_with(*as_start, emptied)
    assert await verified(history) == []


async def test_retention_leaves_what_somebody_has_changed(history: Database) -> None:
    await filled(history)
    await history.write(replaced(1_500, 1_500, []))
    taken = await _taken_out(history)
    assert taken.start is not None
    assert taken.start.sequence == 1_000
    assert taken.problem is not None
    assert (taken.problem.first, taken.problem.last) == (1_500, 1_500)
    assert await verified(history) == [("REMOVED", 1_500, 1_500)]


async def test_keys(history: Database) -> None:
    assert not Signer("").signs
    await added(history, [entry(1)], Signer(""))
    assert await verified(history, Signer("")) == []
    older = Signer("another secret of the mesh, with 32 characters")
    assert await verified(history, older) == [("CHECKPOINT", 1, 1)]
    newer = Signer(SECRET, [older.public_key])
    await added(history, [entry(2)], older)
    assert await verified(history, newer) == [("NOTED", 2, 2)]
    await added(history, [entry(3)], newer)
    assert await verified(history, newer) == [("NOTED", 2, 2)]
    with pytest.raises(ValueError, match="hex"):
        Signer(SECRET, ["no key"])


async def test_a_secret_is_changed_while_several_processes_add(history: Database, tmp_path: Path) -> None:
    new_secret = "a new secret of the mesh, with 32 characters or more".replace(" ", "-")
    (tmp_path / "secret").write_text(f"{new_secret}\n")
    with (tmp_path / "secret").open() as secret:
        printed = await asyncio.to_thread(_public_key, secret)
    public_key = printed.strip()
    assert public_key == Signer(new_secret).public_key
    old, new = Signer(SECRET, [public_key]), Signer(new_secret, [SIGNER.public_key])
    for number in range(4):
        await added(history, [entry(number)], (old, new)[number % 2])
        await history.write(add_checkpoint((new, old)[number % 2], APPENDED))
    assert await verified(history, old) == await verified(history, new) == []
    assert ("CHECKPOINT", 1, 1) in await verified(history, SIGNER)


def _public_key(secret: TextIO) -> str:
    command = [sys.executable, "-m", "history_svc.audit.key"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(command, stdin=secret, env=environment, capture_output=True, check=True, text=True).stdout


async def test_lists_have_walls(history: Database) -> None:
    from mesh.access.rows import RowGrant, Rows

    of_acme, of_nobody = entry(1), entry(2, tenant_id="", tenants_json='["",""]', mesh_wide=1)
    of_two = entry(3, tenant_id="", tenants_json='["acme","other"]', mesh_wide=1)
    of_other = entry(4, tenant_id="other", tenants_json='["other"]')
    await added(history, [of_acme, of_nobody, of_two, of_other])
    servicer = AuditServicer(history, SIGNER)

    async def seen(*grants: RowGrant, **fields: Any) -> list[int]:
        call = CallContext("c")
        call.narrow(Rows(grants))
        with as_call(call):
            answer = await servicer.ListAuditRecords(pb.ListAuditRecordsRequest(**fields))
        return [record.sequence for record in answer.audit_records]

    assert await seen(RowGrant()) == [4, 3, 2, 1]
    assert await seen(RowGrant(), order_by="sequence", page_size=2) == [1, 2]
    assert await seen(RowGrant(frozenset({"acme"}))) == [1]
    assert await seen(RowGrant(frozenset({"acme", "other"}))) == [4, 1]
    assert await seen(RowGrant(frozenset({"acme"}), ("review",))) == []
    assert await seen(RowGrant(), tenant_id="acme", user_id="user-1") == [1]
    assert await seen(RowGrant(), resource_id="instance-3", service="engine") == [3]
