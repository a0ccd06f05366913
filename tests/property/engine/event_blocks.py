"""Blocks with events, several instances, calls and asynchronous jobs, for random models with a known outcome.

Which of several events comes is the driver's choice, so a block tells what must hold however it chooses: what completes
exactly so often, what at most so often, and of which elements together so many complete.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.unit.bpmn_models import definitions

Sum = tuple[frozenset[str], int]
WAITING = ("user", "job", "timer", "message", "signal", "receive")
AUTOMATIC = ("task", "set", "async")
EVENTS = {
    "timer": "<timerEventDefinition><timeDuration>PT5S</timeDuration></timerEventDefinition>",
    "message": '<messageEventDefinition messageRef="M"/>',
    "signal": '<signalEventDefinition signalRef="S"/>',
}


@dataclass
class Outcome:
    """What must have happened when all instances have ended."""

    exactly: Counter[str] = field(default_factory=Counter)
    most: Counter[str] = field(default_factory=Counter)
    sums: list[Sum] = field(default_factory=list)

    def add(self, other: Outcome, times: int = 1) -> None:
        """Take in what a part leads to that is done so often."""
        for name, count in other.exactly.items():
            self.exactly[name] += count * times
        for name, count in other.most.items():
            self.most[name] += count * times
        self.sums += [(names, total * times) for names, total in other.sums]

    def perhaps(self) -> Outcome:
        """Return what is left of it where something may end it before its time."""
        most = self.exactly + self.most
        for names, total in self.sums:
            most.update(dict.fromkeys(names - most.keys(), total))
        return Outcome(most=most)

    def violations(self, completed: Counter[str]) -> list[str]:
        """Return what does not hold."""
        known = {*self.exactly, *self.most, *[name for names, _ in self.sums for name in names]}
        return [
            *[
                f"{name}: {completed[name]}, not {count}"
                for name, count in self.exactly.items()
                if completed[name] != count
            ],
            *[f"{name}: {completed[name]} > {count}" for name, count in self.most.items() if completed[name] > count],
            *[
                f"{sorted(names)} together {sum(completed[name] for name in names)}, not {total}"
                for names, total in self.sums
                if sum(completed[name] for name in names) != total
            ],
            *[f"{name} is not expected" for name in completed.keys() - known],
        ]


class File:
    """Collects the elements of a process, and the processes that it calls."""

    def __init__(self) -> None:
        self.elements: list[str] = []
        self.called: list[str] = []
        self._ids = 0

    def new(self, prefix: str) -> str:
        """Return an id of its own."""
        self._ids += 1
        return f"{prefix}{self._ids}"

    def flow(self, source: str, target: str) -> None:
        """Connect two elements."""
        self.elements.append(f'<sequenceFlow id="{self.new("f")}" sourceRef="{source}" targetRef="{target}"/>')

    def within(self, block: Any) -> tuple[str, Outcome]:
        """Return the content of a scope of its own: start, block, end."""
        begin, finish = self.new("begin"), self.new("finish")
        outside, self.elements = self.elements, []
        start, end, outcome = block.write(self)
        self.flow(begin, start)
        self.flow(end, finish)
        inside, self.elements = self.elements, outside
        outcome.exactly.update({begin: 1, finish: 1})
        return f'<startEvent id="{begin}"/><endEvent id="{finish}"/>{"".join(inside)}', outcome


def _loop(children: int, sequential: bool) -> str:
    return (
        f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}">'
        f"<loopCardinality>{children}</loopCardinality></multiInstanceLoopCharacteristics>"
    )


@dataclass(frozen=True)
class Step:
    """An element by itself, done several times where `children` says so."""

    kind: str
    children: int = 0
    sequential: bool = False

    def write(self, out: File) -> tuple[str, str, Outcome]:
        """Add it; return way in, way out and outcome."""
        name = out.new(self.kind)
        many = _loop(self.children, self.sequential) if self.children and self.kind not in EVENTS else ""
        out.elements.append(_element(self.kind, name, many))
        return name, name, Outcome(Counter({name: self.children if many else 1}))


def _element(kind: str, name: str, many: str = "") -> str:
    match kind:
        case "user":
            return f'<userTask id="{name}">{many}</userTask>'
        case "job":
            return (
                f'<serviceTask id="{name}" flowable:type="external-worker" flowable:topic="work">{many}</serviceTask>'
            )
        case "receive":
            return f'<receiveTask id="{name}">{many}</receiveTask>'
        case "set":
            return f'<serviceTask id="{name}" flowable:expression="${{6 * 7}}">{many}</serviceTask>'
        case "async":
            return f'<task id="{name}" flowable:async="true">{many}</task>'
        case "task":
            return f'<task id="{name}">{many}</task>'
        case _:
            return f'<intermediateCatchEvent id="{name}">{EVENTS[kind]}</intermediateCatchEvent>'


@dataclass(frozen=True)
class Row:
    """Blocks one after another."""

    blocks: tuple[Any, ...]

    def write(self, out: File) -> tuple[str, str, Outcome]:
        """See `Step.write`."""
        first, last, outcome = self.blocks[0].write(out)
        for block in self.blocks[1:]:
            start, end, more = block.write(out)
            out.flow(last, start)
            last = end
            outcome.add(more)
        return first, last, outcome


@dataclass(frozen=True)
class Branches:
    """All branches, by parallel or inclusive gateways."""

    blocks: tuple[Any, ...]
    kind: str

    def write(self, out: File) -> tuple[str, str, Outcome]:
        """See `Step.write`."""
        fork, join = out.new("fork"), out.new("join")
        out.elements.append(f'<{self.kind} id="{fork}"/><{self.kind} id="{join}"/>')
        outcome = Outcome(Counter({fork: 1, join: len(self.blocks)}))
        for block in self.blocks:
            start, end, inside = block.write(out)
            out.flow(fork, start)
            out.flow(end, join)
            outcome.add(inside)
        return fork, join, outcome


@dataclass(frozen=True)
class FirstEvent:
    """An event-based gateway: of its branches the one goes on whose event comes first."""

    branches: tuple[tuple[str, Any], ...]

    def write(self, out: File) -> tuple[str, str, Outcome]:
        """See `Step.write`."""
        gateway, merge = out.new("first"), out.new("merge")
        out.elements.append(f'<eventBasedGateway id="{gateway}"/><exclusiveGateway id="{merge}"/>')
        outcome = Outcome(Counter({gateway: 1, merge: 1}))
        events = []
        for kind, block in self.branches:
            event = out.new(kind)
            out.elements.append(_element(kind, event))
            start, end, inside = block.write(out)
            out.flow(gateway, event)
            out.flow(event, start)
            out.flow(end, merge)
            outcome.add(inside.perhaps())
            events.append(event)
        outcome.sums.append((frozenset(events), 1))
        return gateway, merge, outcome


@dataclass(frozen=True)
class Scope:
    """A sub-process or a called process around a block, done several times where `children` says so."""

    block: Any
    called: bool
    children: int
    sequential: bool

    def write(self, out: File) -> tuple[str, str, Outcome]:
        """See `Step.write`."""
        name = out.new("scope")
        content, inside = out.within(self.block)
        many = _loop(self.children, self.sequential) if self.children else ""
        if self.called:
            out.called.append(f'<process id="called_{name}" isExecutable="true">{content}</process>')
            out.elements.append(f'<callActivity id="{name}" calledElement="called_{name}">{many}</callActivity>')
        else:
            out.elements.append(f'<subProcess id="{name}">{content}{many}</subProcess>')
        times = self.children or 1
        outcome = Outcome(Counter({name: times}))
        outcome.add(inside, times)
        return name, name, outcome


@dataclass(frozen=True)
class Guarded:
    """A sub-process with an event that may come while it is at work: on its boundary, or in an event sub-process.

    An interrupting one ends the block; the other way goes beside it.
    """

    block: Any
    aside: Any
    event: str
    interrupting: bool
    inside: bool

    def write(self, out: File) -> tuple[str, str, Outcome]:
        """See `Step.write`."""
        name, caught, after = out.new("guarded"), out.new("caught"), out.new("after")
        content, within = out.within(self.block)
        flag = "" if self.interrupting else 'cancelActivity="false"'
        outcome = Outcome(Counter({after: 1}))
        outcome.add(within.perhaps() if self.interrupting else within)
        if self.inside:
            starts = "" if self.interrupting else 'isInterrupting="false"'
            handler, finish = out.new("handler"), out.new("finish")
            outside, out.elements = out.elements, []
            start, end, beside = self.aside.write(out)
            out.flow(caught, start)
            out.flow(end, finish)
            inside, out.elements = out.elements, outside
            beside.exactly[finish] += 1
            content += (
                f'<subProcess id="{handler}" triggeredByEvent="true"><startEvent id="{caught}" {starts}>'
                f'{EVENTS[self.event]}</startEvent><endEvent id="{finish}"/>{"".join(inside)}</subProcess>'
            )
            outcome.add(beside.perhaps())
            outcome.most.update({caught: 1, handler: 1})
            outcome.exactly[name] += 1
            out.elements.append(f'<subProcess id="{name}">{content}</subProcess><task id="{after}"/>')
            out.flow(name, after)
            return name, after, outcome
        out.elements.append(
            f'<subProcess id="{name}">{content}</subProcess><task id="{after}"/>'
            f'<boundaryEvent id="{caught}" attachedToRef="{name}" {flag}>{EVENTS[self.event]}</boundaryEvent>'
        )
        start, end, beside = self.aside.write(out)
        out.flow(name, after)
        out.flow(caught, start)
        outcome.add(beside.perhaps())
        outcome.most.update({caught: 1})
        if self.interrupting:
            out.flow(end, after)
            outcome.sums.append((frozenset({name, caught}), 1))
            outcome.most.update({name: 1})
        else:
            ended = out.new("ended")
            out.elements.append(f'<endEvent id="{ended}"/>')
            out.flow(end, ended)
            outcome.most.update({ended: 1})
            outcome.exactly[name] += 1
        return name, after, outcome


def file_of(block: Any) -> tuple[bytes, Outcome]:
    """The file of a process `p` made of a block, and what its run must lead to."""
    out = File()
    content, outcome = out.within(block)
    return (
        definitions(
            '<message id="M" name="m"/><signal id="S" name="s"/>'
            f'<process id="p" isExecutable="true">{content}</process>{"".join(out.called)}'
        ),
        outcome,
    )


def blocks() -> st.SearchStrategy[Any]:
    """Random blocks."""
    children = st.sampled_from([0, 0, 2, 3])
    step = st.builds(Step, st.sampled_from(WAITING + AUTOMATIC), children, st.booleans())
    return st.recursive(
        step,
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=3).map(lambda found: Row(tuple(found))),
            st.builds(
                lambda found, kind: Branches(tuple(found), kind),
                st.lists(inner, min_size=2, max_size=3),
                st.sampled_from(["parallelGateway", "inclusiveGateway"]),
            ),
            st.lists(st.tuples(st.sampled_from(sorted(EVENTS)), inner), min_size=2, max_size=3).map(
                lambda found: FirstEvent(tuple(found))
            ),
            st.builds(Scope, inner, st.booleans(), children, st.booleans()),
            st.builds(Guarded, inner, inner, st.sampled_from(sorted(EVENTS)), st.booleans(), st.booleans()),
        ),
        max_leaves=7,
    )
