"""The audit trail's tables: adding to the chain, and reading pieces of it.

Who adds locks the head's row for the length of the transaction, so that one at a time adds, however many processes
there are; what a killed process had not committed was never there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from history_svc.audit.checking import ChainCheck, Kind, Problem
from history_svc.audit.entry import CHAIN_COLUMNS, TAMPERING, ChainedEntry, Entry, chained_of, hash_of, text_of
from history_svc.audit.head import HEAD_COLUMNS, NO_HEAD, START, Head, Signer, head_of
from mesh.db.statements import DeleteMany, Fetch, FetchKeys, InsertMany, Program, Row, UpsertMany

CHAIN_TABLE: Final = "history_audit"
HEAD_TABLE: Final = "history_audit_head"
CHECKPOINT_TABLE: Final = "history_audit_checkpoint"
CHECKPOINT_ENTRIES: Final = 1_000
"""So many entries behind a checkpoint there is another one."""
LEAP: Final = 1_000_000
"""So far behind the head the end of the chain is looked for."""
FAR: Final = 1 << 62
"""So far where the head is not to be believed."""
LAST_PLACE: Final = (1 << 63) - 1
START_TABLE: Final = "history_audit_start"
MAX_CHECKPOINTS: Final = 10_000
"""Checkpoints that are read with a page of entries at most: between two entries there may be many where somebody has
removed what was between them."""

_HEAD_ID: Final = 1
_SELECT: Final = f"SELECT {','.join(CHAIN_COLUMNS)} FROM {CHAIN_TABLE}"
_CHECKPOINTS: Final = f"SELECT {','.join(HEAD_COLUMNS)} FROM {CHECKPOINT_TABLE}"


@dataclass(slots=True)
class Appended:
    """What a transaction has added: how many entries, the head after it, and the checkpoints among them."""

    entries: int
    head: Head
    checkpoints: list[Head] = field(default_factory=list)


@dataclass(slots=True)
class ChainPart:
    """A piece of the chain. `before`: the entry before it; `head` and `behind`: at the end, see `ChainCheck.end`;
    `start`: see `ChainCheck.begin`."""

    before: ChainedEntry | None
    entries: list[ChainedEntry]
    checkpoints: list[Head]
    last_sequence: int
    ended: bool
    head: Head | None = None
    behind: list[Head] = field(default_factory=list)
    checkpoint_before: int = 0
    start: Head | None = None


def append(entries: Sequence[Entry], signer: Signer, now: int, seen: int) -> Program[Appended]:
    """Add the entries that are not there yet, by their event ids, in their order.

    `now`: microseconds since the Unix epoch; `seen`: a sequence that this process knows the chain to have reached.
    Where the end of the chain is not what it must be, an entry is added that says so, before the others.
    """
    heads: list[Row] = yield FetchKeys(HEAD_TABLE, HEAD_COLUMNS, ("id",), [(_HEAD_ID,)], lock=True)
    by_id = {entry.event_id: entry for entry in entries}
    known: list[Row] = yield FetchKeys(CHAIN_TABLE, ("event_id",), ("event_id",), [(event_id,) for event_id in by_id])
    for (event_id,) in known:
        del by_id[event_id]
    head = head_of(heads[0]) if heads else None
    if not by_id:
        return Appended(0, head or NO_HEAD)
    last, fault = yield from _end_of_chain(head, signer, seen)
    new = list(by_id.values())
    if fault:
        new.insert(0, _noted(fault, new[0].event_id, now))
    sequence, previous = last.sequence, last.hash
    checkpoint = last.checkpoint
    rows: list[ChainedEntry] = []
    checkpoints: list[Head] = []
    for entry in new:
        sequence += 1
        chained = ChainedEntry(sequence, entry, previous, hash_of(previous, entry))
        previous = chained.hash
        rows.append(chained)
        if sequence - checkpoint >= CHECKPOINT_ENTRIES:
            checkpoints.append(signer.sign(Head(sequence, previous, now, checkpoint)))
            checkpoint = sequence
    after = signer.sign(Head(sequence, previous, now, checkpoint))
    yield InsertMany(CHAIN_TABLE, CHAIN_COLUMNS, [row.row() for row in rows])
    if checkpoints:
        # One that an attacker has put there beforehand is overwritten.
        yield UpsertMany(CHECKPOINT_TABLE, HEAD_COLUMNS, ("sequence",), HEAD_COLUMNS[1:], checkpoints)
    yield from _keep_head(after)
    return Appended(len(by_id), after, checkpoints)


def add_checkpoint(signer: Signer, now: int) -> Program[Head | None]:
    """Make a checkpoint of the head, where it is behind the last one and can be believed; return it."""
    heads: list[Row] = yield FetchKeys(HEAD_TABLE, HEAD_COLUMNS, ("id",), [(_HEAD_ID,)], lock=True)
    head = head_of(heads[0]) if heads else NO_HEAD
    if head.sequence <= head.checkpoint or signer.fault(head):
        return None
    checkpoint = signer.sign(head._replace(time_micros=now))
    yield UpsertMany(CHECKPOINT_TABLE, HEAD_COLUMNS, ("sequence",), HEAD_COLUMNS[1:], [checkpoint])
    yield from _keep_head(signer.sign(head._replace(time_micros=now, checkpoint=head.sequence)))
    return checkpoint


def _keep_head(head: Head) -> Program[None]:
    yield UpsertMany(HEAD_TABLE, ("id", *HEAD_COLUMNS), ("id",), HEAD_COLUMNS, [(_HEAD_ID, *head)])


def _end_of_chain(head: Head | None, signer: Signer, seen: int) -> Program[tuple[Head, str]]:
    """Return where the next entry goes, and what is wrong with the end that was found."""
    # An entry that somebody has put far behind the end must not take the places away in which the chain goes on.
    believed = head is not None and head.sequence < LAST_PLACE - LEAP and not signer.fault(head)
    bound = max(head.sequence if head is not None and believed else FAR, seen) + LEAP
    last, last_hash = yield from _last_up_to(bound)
    if head is not None and believed and (head.sequence, head.hash) != (last, last_hash):
        last, last_hash = yield from _last_up_to(max(bound, FAR))
    if head is not None and (head.sequence, head.hash) == (last, last_hash):
        fault = signer.fault(head)
        if not fault and head.sequence < seen:
            fault = f"the chain had {seen} entries"
        if not fault:
            return head, ""
        checkpoint = head.checkpoint
    else:
        found = "nothing" if head is None else f"entry {head.sequence} with the hash {head.hash}"
        fault = f"the head named {found}, the last entry was {last} with the hash {last_hash}"
        checkpoint = 0 if head is None else head.checkpoint
    # On from the last entry that is there: what follows hangs on it, and the entry that says so is a part of the chain.
    return Head(max(last, 0), last_hash, 0, min(checkpoint, last)), fault


def _last_up_to(bound: int) -> Program[tuple[int, str]]:
    sql = f"SELECT sequence, hash FROM {CHAIN_TABLE} WHERE sequence<=? ORDER BY sequence DESC LIMIT 1"
    rows: list[Row] = yield Fetch(sql, (min(bound, LAST_PLACE),))
    return (rows[0][0], text_of(rows[0][1])) if rows else (0, NO_HEAD.hash)


def _noted(fault: str, event_id: str, now: int) -> Entry:
    # An id of its own, and the same where the transaction is repeated.
    own_id = f"{event_id[:-1]}{'0' if event_id[-1] == 'f' else 'f'}"
    return Entry(
        event_id=own_id,
        time_micros=now,
        kind=TAMPERING,
        service="history",
        method="",
        action="audit.headRefused",
        resource_type="audit",
        resource_id="",
        tenant_id="",
        tenants_json="[]",
        mesh_wide=1,
        definition_key="",
        user_id="",
        session_id="",
        acting_for="",
        client_address="",
        correlation_id="",
        traceparent="",
        outcome=3,
        reason=fault[:255],
        call_count=1,
        before_json=b"",
        after_json=b"",
    )


def read_part(begin: int, limit: int, *, first: bool) -> Program[ChainPart]:
    """Read entries from a place on. `first`: with what stands before them.

    The checkpoint of the entry before is among those that are read: it may be new. So is the one before where what is
    kept begins behind the place: while a chain is read, retention may take out what was not read yet.
    """
    before: ChainedEntry | None = None
    checkpoint_before = 0
    starts: list[Row] = yield FetchKeys(START_TABLE, HEAD_COLUMNS, ("id",), [(_HEAD_ID,)])
    start = head_of(starts[0]) if starts else None
    kept_from = start.sequence + 1 if start is not None else 1
    if first or begin < kept_from:
        if begin > kept_from:
            rows: list[Row] = yield Fetch(f"{_SELECT} WHERE sequence<? ORDER BY sequence DESC LIMIT 1", (begin,))
            before = chained_of(rows[0]) if rows else None
        bound = max(begin, kept_from)
        marks: list[Row] = yield Fetch(f"{_CHECKPOINTS} WHERE sequence<? ORDER BY sequence DESC LIMIT 1", (bound,))
        checkpoint_before = max(0, marks[0][0]) if marks else 0
    rows = yield Fetch(f"{_SELECT} WHERE sequence>=? ORDER BY sequence LIMIT ?", (begin, limit))
    entries = [chained_of(row) for row in rows]
    ended = len(entries) < limit or entries[-1].sequence == LAST_PLACE
    heads: list[Row] = yield FetchKeys(HEAD_TABLE, HEAD_COLUMNS, ("id",), [(_HEAD_ID,)])
    head = head_of(heads[0]) if heads else None
    last = entries[-1].sequence if entries else max(begin - 1, 0)
    found: list[Row] = yield Fetch(
        f"{_CHECKPOINTS} WHERE sequence>=? AND sequence<=? ORDER BY sequence LIMIT ?",
        (begin - 1, last, MAX_CHECKPOINTS),
    )
    part = ChainPart(
        before,
        entries,
        [head_of(row) for row in found],
        max(last, head.sequence if head is not None else 0),
        ended,
        checkpoint_before=checkpoint_before,
        start=start,
    )
    if ended:
        part.head = head
        behind: list[Row] = yield Fetch(f"{_CHECKPOINTS} WHERE sequence>? ORDER BY sequence LIMIT 1000", (last,))
        part.behind = [head_of(row) for row in behind]
    return part


@dataclass(slots=True, frozen=True)
class TakenOut:
    """What retention took out of the chain: all up to `start`, None: nothing. `problem`: what keeps it from more."""

    start: Head | None = None
    problem: Problem | None = None


def take_out_older(signer: Signer, before: int, now: int) -> Program[TakenOut]:
    """Take the oldest entries out, up to the next checkpoint, where that is older than a time, in microseconds.

    What is kept begins with a signed note of the last one that is gone. The last entry of all stays: the next one
    hangs on it. What somebody has changed stays as well, and all behind it: it shows what was done.
    """
    starts: list[Row] = yield FetchKeys(START_TABLE, HEAD_COLUMNS, ("id",), [(_HEAD_ID,)], lock=True)
    heads: list[Row] = yield FetchKeys(HEAD_TABLE, HEAD_COLUMNS, ("id",), [(_HEAD_ID,)])
    start = head_of(starts[0]) if starts else None
    after = start.sequence if start is not None else 0
    marks: list[Row] = yield Fetch(f"{_CHECKPOINTS} WHERE sequence>? ORDER BY sequence LIMIT 1", (after,))
    if not marks or not heads:
        return TakenOut()
    checkpoint = head_of(marks[0])
    if checkpoint.time_micros >= before or checkpoint.sequence >= heads[0][0]:
        return TakenOut()
    rows: list[Row] = yield Fetch(
        f"{_SELECT} WHERE sequence<=? ORDER BY sequence LIMIT ?", (checkpoint.sequence, CHECKPOINT_ENTRIES + 1)
    )
    entries = [chained_of(row) for row in rows]
    check = ChainCheck(signer)
    check.begin(None, start)
    check.start_behind(after)
    check.page(entries, [checkpoint])
    problems = [problem for problem in check.problems if problem.kind != Kind.NOTED]
    last = entries[-1].sequence if entries else after
    if not problems and last != checkpoint.sequence:
        problems = [Problem(Kind.REMOVED, last + 1, checkpoint.sequence, "the entry of a checkpoint is not there")]
    if problems:
        return TakenOut(problem=problems[0])
    yield DeleteMany(CHAIN_TABLE, ("sequence",), [(entry.sequence,) for entry in entries])
    if after:
        # That of the new start stays: the next checkpoint names it.
        yield DeleteMany(CHECKPOINT_TABLE, ("sequence",), [(after,)])
    begins = signer.sign(Head(checkpoint.sequence, checkpoint.hash, now, checkpoint.sequence), START)
    yield UpsertMany(START_TABLE, ("id", *HEAD_COLUMNS), ("id",), HEAD_COLUMNS, [(_HEAD_ID, *begins)])
    return TakenOut(begins)


def read_checkpoints(before: int | None, limit: int) -> Program[list[Head]]:
    """Read checkpoints, the latest first, before a place."""
    where, parameters = ("", ()) if before is None else (" WHERE sequence<?", (before,))
    rows: list[Row] = yield Fetch(f"{_CHECKPOINTS}{where} ORDER BY sequence DESC LIMIT ?", (*parameters, limit))
    return [head_of(row) for row in rows]
