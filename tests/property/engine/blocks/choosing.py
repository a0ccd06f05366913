"""Random blocks, by a seed."""

from __future__ import annotations

import random

from tests.property.engine.blocks.activities import ACTIVITIES, EVENTS, Activity, Again, Event, Several
from tests.property.engine.blocks.events import (
    Beside,
    Boundary,
    Choice,
    Conditional,
    EventSubProcess,
    Signalled,
)
from tests.property.engine.blocks.flow import Exclusive, Inclusive, Loop, Parallel, Sequence
from tests.property.engine.blocks.scopes import Call, Compensated, Escalated, Interrupted, SubProcess
from tests.property.engine.blocks.writer import Block

BEFORE, AFTER = 'flowable:async="true"', 'flowable:asyncLeave="true"'
CAUSES = ("timer", "message", "signal")
DEPTH = 4
COMPOUND = (
    "sequence",
    "exclusive",
    "parallel",
    "inclusive",
    "sub",
    "call",
    "interrupted",
    "escalated",
    "compensated",
    "boundary",
    "beside",
    "choice",
    "event_sub",
)
ALONE = ("loop", "conditional", "signalled")
"""Those that use variables or signals of the instance: two runs at the same time would disturb each other."""


class Chooser:
    """Makes blocks of at most `leaves` activities, or a few more."""

    def __init__(self, chance: random.Random, leaves: int) -> None:
        self.chance = chance
        self.leaves = leaves

    def block(self, depth: int = DEPTH, *, alone: bool = True) -> Block:
        """Return a block; `alone`: it never runs twice at the same time in one instance."""
        if depth == 0 or self.leaves <= 0 or (depth < DEPTH and self.chance.random() < 0.15):
            return self.leaf()
        kind = self.chance.choice(COMPOUND + (ALONE if alone else ()))
        if kind in ("sequence", "exclusive", "parallel", "inclusive"):
            return self._branches(kind, depth - 1, alone)
        if kind in ("boundary", "beside", "choice", "event_sub"):
            return self._event(kind, depth - 1, alone)
        return self._scope(kind, depth - 1, alone)

    def leaf(self) -> Block:
        """Return a single activity or event."""
        self.leaves -= 1
        chance = self.chance
        if chance.random() < 0.25:
            return Event(chance.choice(EVENTS), chance.choice(["", "", BEFORE, AFTER]))
        kind = chance.choice(ACTIVITIES)
        match chance.randrange(6):
            case 0:
                # Where the leaving waits, a completion condition is looked at after more have completed.
                enough = chance.randint(0, 3)
                marks = "" if enough else chance.choice(["", BEFORE, AFTER])
                return Activity(kind, marks, Several(chance.randint(0, 4), chance.random() < 0.5, enough))
            case 1:
                return Activity(kind, chance.choice(["", BEFORE]), Again(chance.randint(1, 3)))
            case _:
                return Activity(kind, chance.choice(["", "", "", BEFORE, AFTER, f"{BEFORE} {AFTER}"]))

    def _branches(self, kind: str, depth: int, alone: bool) -> Block:
        blocks = tuple(self.block(depth, alone=alone) for _ in range(self.chance.randint(2, 3)))
        match kind:
            case "sequence":
                return Sequence(blocks)
            case "exclusive":
                return Exclusive(blocks, self.chance.randrange(len(blocks)))
            case "parallel":
                return Parallel(blocks)
            case _:
                chosen = tuple(self.chance.random() < 0.5 for _ in blocks)
                return Inclusive(blocks, chosen, self.chance.random() < 0.5)

    def _event(self, kind: str, depth: int, alone: bool) -> Block:
        chance = self.chance
        comes = chance.random() < 0.6
        match kind:
            case "boundary":
                host, cause = chance.choice(["user", "job", "receive", "sub"]), chance.choice(CAUSES)
                return Boundary(host, cause, comes, self.block(depth, alone=alone))
            case "beside":
                host, place, times = chance.choice(["user", "job"]), chance.choice(["boundary", "inside"]), 1 + comes
                return Beside(host, place, times, self.block(depth, alone=alone and times == 1))
            case "choice":
                causes = tuple(chance.sample([*CAUSES, "receive"], chance.randint(2, 3)))
                return Choice(causes, chance.randrange(len(causes)), self.block(depth, alone=alone))
            case _:
                first, second = self.block(depth, alone=alone), self.block(depth, alone=alone)
                return EventSubProcess(chance.choice(CAUSES), comes, first, second)

    def _scope(self, kind: str, depth: int, alone: bool) -> Block:
        chance = self.chance
        loop = self._loop()
        one_at_a_time = alone and not (isinstance(loop, Several) and not loop.sequential)
        match kind:
            case "sub":
                block = self.block(depth, alone=one_at_a_time)
                kind = chance.choice(["subProcess", "subProcess", "transaction"])
                return SubProcess(block, kind, chance.choice(["", "", BEFORE, AFTER]), loop)
            case "call":
                # A called process has variables of its own.
                fails = chance.random() < 0.3
                return Call(self.block(depth), fails, None if fails else loop)
            case "interrupted":
                way = chance.choice(["terminate", "boundary", "handler"])
                if way == "boundary":
                    loop, one_at_a_time = None, alone
                return Interrupted(self.block(depth, alone=one_at_a_time), way, chance.random() < 0.5, loop)
            case "escalated":
                return Escalated(self.block(depth, alone=alone), self.block(depth, alone=alone), chance.random() < 0.5)
            case "compensated":
                done = (chance.choice(ACTIVITIES), chance.choice(ACTIVITIES))
                undone = (chance.choice(ACTIVITIES), chance.choice(ACTIVITIES))
                way = chance.choice(["cancel", "named", "all"])
                return Compensated(done, undone, self.block(depth, alone=alone), way)
            case "loop":
                return Loop(self.block(depth), chance.randint(1, 3))
            case "conditional":
                return Conditional(self.block(depth), chance.random() < 0.5)
            case _:
                return Signalled(self.block(depth))

    def _loop(self) -> Several | Again | None:
        chance = self.chance
        match chance.randrange(6):
            case 0:
                return Several(chance.randint(0, 3))
            case 1:
                return Several(chance.randint(0, 3), sequential=True, enough=chance.randint(0, 2))
            case 2:
                return Again(chance.randint(1, 2))
            case _:
                return None


class PlainChooser(Chooser):
    """Makes blocks of what documents in JSON and YAML can say as well."""

    def block(self, depth: int = DEPTH, *, alone: bool = True) -> Block:
        """Return a block."""
        if depth == 0 or self.leaves <= 0 or (depth < DEPTH and self.chance.random() < 0.15):
            return self.leaf()
        match self.chance.randrange(7):
            case 0:
                return Loop(self.block(depth - 1), self.chance.randint(1, 3))
            case 1:
                return SubProcess(self.block(depth - 1))
            case 2:
                way = self.chance.choice(["terminate", "boundary", "handler"])
                return Interrupted(self.block(depth - 1), way, self.chance.random() < 0.5)
            case number:
                return self._branches(("sequence", "exclusive", "parallel", "inclusive")[number - 3], depth - 1, alone)

    def leaf(self) -> Block:
        """Return a single activity."""
        self.leaves -= 1
        return Activity(self.chance.choice(("user", "job", "set", "task")))


def random_block(seed: int, leaves: int = 10, *, plain: bool = False) -> Block:
    """Return the block of a seed; equal arguments give an equal block."""
    return (PlainChooser if plain else Chooser)(random.Random(seed), leaves).block()
