"""Checking the chain: entry after entry, in pieces that may be far apart in time. Pure."""

from __future__ import annotations

import enum
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from history_svc.audit.entry import FIRST_HASH, TAMPERING, ChainedEntry, hash_of
from history_svc.audit.head import NO_HEAD, START, Head, Signer

REMEMBERED: Final = 4_000
"""Hashes of entries before that are kept, to tell where an entry was moved from."""


class Kind(enum.IntEnum):
    """What is wrong; the numbers are those of the contract."""

    CHANGED = 1
    REMOVED = 2
    INSERTED = 3
    MOVED = 4
    UNLINKED = 5
    TRUNCATED = 6
    REWRITTEN = 7
    CHECKPOINT = 8
    NOTED = 9


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with the entries from `first` to `last`."""

    kind: Kind
    first: int
    last: int
    detail: str


@dataclass(slots=True)
class _Before:
    """The entry before the one that is checked. `fitting`: the hash that its content makes."""

    sequence: int
    stored: str
    fitting: str
    previous_hash: str
    linked: bool = True


@dataclass(slots=True)
class ChainCheck:
    """Takes the entries of the chain in their order, a page at a time, and gathers what is wrong.

    It may begin anywhere: `begin` gets the entry before the first one, None at the beginning of what is kept.
    """

    signer: Signer
    anchors: Mapping[int, str] = field(default_factory=dict)
    """Hashes by place that are known from elsewhere."""
    problems: list[Problem] = field(default_factory=list)
    checked: int = 0
    _before: _Before = field(default_factory=lambda: _Before(0, FIRST_HASH, FIRST_HASH, ""))
    _hashes: OrderedDict[str, int] = field(default_factory=OrderedDict)
    _checkpoint: int = -1
    """The last checkpoint that was met; -1: none yet."""
    _agreed: int = 0
    """Up to where the chain is what was signed."""
    _first: int = 1

    def begin(self, before: ChainedEntry | None, start: Head | None = NO_HEAD) -> None:
        """Say what stands before the first entry.

        `start`: the last entry that is past its retention, `NO_HEAD` for none, None where that is not known.
        """
        if start is None:
            self._add(Kind.CHECKPOINT, 1, 1, "it is not known any more where the chain begins")
            start = NO_HEAD
        elif fault := self.signer.fault(start, START):
            detail = f"that the chain begins behind entry {start.sequence} is not to be believed: {fault}"
            self._add(Kind.CHECKPOINT, start.sequence, start.sequence, detail)
        self._first = start.sequence + 1
        if before is not None:
            self._before = _before(before)
            self._remember(before)
            self._agreed = before.sequence
        else:
            self._before = _Before(start.sequence, start.hash, start.hash, "")
            self._agreed = start.sequence

    def page(self, entries: Sequence[ChainedEntry], checkpoints: Sequence[Head]) -> None:
        """Check the next entries, with the checkpoints that lie among them."""
        ahead = {entry.hash: entry.sequence for entry in entries}
        signed = {head.sequence: head for head in checkpoints if head.sequence > max(self._checkpoint, 0)}
        before = self._before
        if (late := signed.pop(before.sequence, None)) is not None:
            # Made when the page before was read already.
            self._at_checkpoint(late, before.sequence, before.stored, before.fitting)
        for entry in entries:
            self._entry(entry, ahead)
            if (head := signed.pop(entry.sequence, None)) is not None:
                self._at_checkpoint(head, entry.sequence, entry.hash, self._before.fitting)
            if (wanted := self.anchors.get(entry.sequence)) is not None and wanted != entry.hash:
                detail = f"the hash of entry {entry.sequence} is not the one kept elsewhere"
                self._add(Kind.REWRITTEN, self._agreed + 1, entry.sequence, detail)
        for head in signed.values():
            self._check_signature(head)

    def end(self, head: Head | None, checkpoints_behind: Sequence[Head]) -> None:
        """Check the end of the chain, once its last entry was given.

        `checkpoints_behind`: those that lie behind the last entry, if any.
        """
        last = self._before
        for anchor in sorted(self.anchors):
            if anchor > last.sequence:
                detail = f"entry {anchor}, whose hash is kept elsewhere, is not there"
                self._add(Kind.TRUNCATED, last.sequence + 1, anchor, detail)
        for checkpoint in checkpoints_behind:
            detail = f"there is a checkpoint of entry {checkpoint.sequence}, and the chain ends before it"
            self._add(Kind.TRUNCATED, last.sequence + 1, checkpoint.sequence, detail)
        if head is None:
            self._add(Kind.CHECKPOINT, last.sequence, last.sequence, "the head of the chain is not there")
            return
        if fault := self.signer.fault(head):
            detail = f"the head of the chain is not to be believed: {fault}"
            self._add(Kind.CHECKPOINT, head.sequence, head.sequence, detail)
        if head.sequence > last.sequence:
            detail = f"the chain ended with entry {head.sequence}"
            self._add(Kind.TRUNCATED, last.sequence + 1, head.sequence, detail)
        elif head.sequence < last.sequence:
            detail = f"the chain ends with entry {head.sequence}, and there are entries behind it"
            self._add(Kind.INSERTED, head.sequence + 1, last.sequence, detail)
        elif head.hash not in (last.stored, last.fitting):
            detail = "the last entry is not the one that the head of the chain names"
            self._add(Kind.REWRITTEN, self._agreed + 1, last.sequence, detail)
        if self._checkpoint >= 0 and head.checkpoint > self._checkpoint:
            detail = f"the checkpoint of entry {head.checkpoint} is not there"
            self._add(Kind.CHECKPOINT, head.checkpoint, head.checkpoint, detail)

    def _entry(self, entry: ChainedEntry, ahead: Mapping[str, int]) -> None:
        self.checked += 1
        if entry.sequence < self._first:
            self._add(Kind.INSERTED, entry.sequence, entry.sequence, f"the chain begins with entry {self._first}")
            return
        before, sequence = self._before, entry.sequence
        here = _before(entry)
        gap = sequence != before.sequence + 1
        if gap:
            detail = f"between the entries {before.sequence} and {sequence} there is nothing"
            self._add(Kind.REMOVED, before.sequence + 1, sequence - 1, detail)
        if here.fitting != entry.hash:
            self._add(Kind.CHANGED, sequence, sequence, "the entry is not what its hash was made of")
        # Of an entry that was changed the link may be what was changed.
        elif not gap and entry.previous_hash not in (before.stored, before.fitting):
            here.linked = False
            self._unlinked(entry, before, ahead)
        if entry.entry.kind == TAMPERING:
            self._add(Kind.NOTED, sequence, sequence, f"noted when the entry was added: {entry.entry.reason}")
        self._before = here
        self._remember(entry)

    def _unlinked(self, entry: ChainedEntry, before: _Before, ahead: Mapping[str, int]) -> None:
        """Say why an entry does not follow the one before it, although each is what its hash was made of."""
        sequence = entry.sequence
        belongs_behind = self._hashes.get(entry.previous_hash, ahead.get(entry.previous_hash))
        if entry.previous_hash == before.previous_hash and before.sequence:
            detail = f"entry {sequence} follows the one before entry {before.sequence}"
            self._add(Kind.INSERTED, before.sequence, before.sequence, detail)
        elif belongs_behind is not None:
            detail = f"entry {sequence} was added behind what is entry {belongs_behind} now"
            self._add(Kind.MOVED, sequence, sequence, detail)
        else:
            detail = (
                f"entry {sequence} does not follow entry {before.sequence}: that one was rewritten, or what was "
                "between them removed"
            )
            self._add(Kind.UNLINKED, before.sequence, sequence, detail)

    def _at_checkpoint(self, head: Head, sequence: int, stored: str, fitting: str) -> None:
        believed = self._check_signature(head)
        if head.hash == stored:
            if believed:
                self._agreed = sequence
        elif head.hash != fitting:
            detail = f"entry {sequence} is not the one that was signed: the entries before it were rewritten"
            self._add(Kind.REWRITTEN, self._agreed + 1, sequence, detail)

    def _check_signature(self, head: Head) -> bool:
        fault = self.signer.fault(head)
        if fault:
            detail = f"the checkpoint of entry {head.sequence} is not to be believed: {fault}"
            self._add(Kind.CHECKPOINT, head.sequence, head.sequence, detail)
        elif self._checkpoint >= 0 and head.checkpoint != self._checkpoint:
            detail = f"the checkpoint before that of entry {head.sequence} was that of entry {head.checkpoint}"
            missing = head.checkpoint if head.checkpoint > self._checkpoint else head.sequence
            self._add(Kind.CHECKPOINT, missing, head.sequence, detail)
        self._checkpoint = head.sequence
        return not fault

    def start_behind(self, checkpoint: int) -> None:
        """Say which checkpoint lies before the first entry that is checked; 0: none."""
        self._checkpoint = checkpoint

    def _remember(self, entry: ChainedEntry) -> None:
        self._hashes[entry.hash] = entry.sequence
        while len(self._hashes) > REMEMBERED:
            self._hashes.popitem(last=False)

    def _add(self, kind: Kind, first: int, last: int, detail: str) -> None:
        self.problems.append(Problem(kind, first, max(first, last), detail))


def _before(entry: ChainedEntry) -> _Before:
    fitting = hash_of(entry.previous_hash, entry.entry)
    return _Before(entry.sequence, entry.hash, fitting, entry.previous_hash)
