"""Random block-structured models: each block emits its elements and knows what running it must lead to.

Blocks have one way in and one way out, so what must happen can be told without an engine: a block adds to the
counters of the elements that complete, and the order in which the tokens move does not change the sums.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.unit.bpmn_models import process


@dataclass
class Writer:
    """Collects elements with ids of their own."""

    ids: int = 0
    elements: list[str] = field(default_factory=list)

    def new(self, prefix: str) -> str:
        self.ids += 1
        return f"{prefix}{self.ids}"

    def add(self, text: str) -> None:
        self.elements.append(text)

    def flow(self, source: str, target: str, condition: str = "") -> str:
        identifier = self.new("flow")
        body = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
        self.add(f'<sequenceFlow id="{identifier}" sourceRef="{source}" targetRef="{target}">{body}</sequenceFlow>')
        return identifier


@dataclass
class Expected:
    """What a run must lead to."""

    completed: Counter[str] = field(default_factory=Counter)
    variables: dict[str, Any] = field(default_factory=dict)

    def add(self, other: Expected, times: int = 1) -> None:
        for name, count in other.completed.items():
            self.completed[name] += count * times
        self.variables.update(other.variables)


@dataclass(frozen=True)
class Node:
    """An element by itself."""

    kind: str

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        name = out.new(self.kind)
        expected = Expected(Counter({name: 1}))
        match self.kind:
            case "user":
                out.add(f'<userTask id="{name}"/>')
            case "job":
                out.add(f'<serviceTask id="{name}" flowable:type="external-worker" flowable:topic="work"/>')
            case "set":
                out.add(
                    f'<serviceTask id="{name}" flowable:expression="${{6 * 7}}" flowable:resultVariable="v_{name}"/>'
                )
                expected.variables[f"v_{name}"] = 42
            case _:
                out.add(f'<task id="{name}"/>')
        return name, name, expected


@dataclass(frozen=True)
class Sequence:
    """Blocks one after another."""

    blocks: tuple[Any, ...]

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        first, last, expected = self.blocks[0].write(out)
        for block in self.blocks[1:]:
            start, end, more = block.write(out)
            out.flow(last, start)
            last = end
            expected.add(more)
        return first, last, expected


@dataclass(frozen=True)
class Exclusive:
    """One of several branches; `chosen` is the one that runs, the last one stands by as the default."""

    blocks: tuple[Any, ...]
    chosen: int

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        split, merge = out.new("split"), out.new("merge")
        expected = Expected(Counter({split: 1, merge: 1}))
        default = ""
        for position, block in enumerate(self.blocks):
            start, end, inside = block.write(out)
            if position == len(self.blocks) - 1:
                default = out.flow(split, start)
            else:
                out.flow(split, start, "${true}" if position >= self.chosen else "${false}")
            out.flow(end, merge)
            if position == self.chosen:
                expected.add(inside)
        out.add(f'<exclusiveGateway id="{split}" default="{default}"/><exclusiveGateway id="{merge}"/>')
        return split, merge, expected


@dataclass(frozen=True)
class Parallel:
    """All branches."""

    blocks: tuple[Any, ...]

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        fork, join = out.new("fork"), out.new("join")
        expected = Expected(Counter({fork: 1, join: len(self.blocks)}))
        out.add(f'<parallelGateway id="{fork}"/><parallelGateway id="{join}"/>')
        for block in self.blocks:
            start, end, inside = block.write(out)
            out.flow(fork, start)
            out.flow(end, join)
            expected.add(inside)
        return fork, join, expected


@dataclass(frozen=True)
class Inclusive:
    """Those branches that are chosen, and one that always is; `implicit`: a task forks in place of a gateway."""

    blocks: tuple[Any, ...]
    chosen: tuple[bool, ...]
    implicit: bool

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        split, join = out.new("split"), out.new("join")
        expected = Expected(Counter({split: 1}))
        kind = "task" if self.implicit else "inclusiveGateway"
        out.add(f'<{kind} id="{split}"/><inclusiveGateway id="{join}"/>')
        for position, block in enumerate(self.blocks):
            taken = position == 0 or self.chosen[position]
            start, end, inside = block.write(out)
            out.flow(split, start, "${true}" if taken else "${false}")
            out.flow(end, join)
            if taken:
                expected.completed[join] += 1
                expected.add(inside)
        return split, join, expected


@dataclass(frozen=True)
class Loop:
    """A block that runs several times, counted by a variable."""

    block: Any
    rounds: int

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        zero, merge, count, again = out.new("zero"), out.new("merge"), out.new("count"), out.new("again")
        variable = f"n_{again}"
        start, end, inside = self.block.write(out)
        # The way out is an element of its own: loops in loops would share a gateway otherwise.
        after = out.new("after")
        out.add(
            f'<serviceTask id="{zero}" flowable:expression="${{0}}" flowable:resultVariable="{variable}"/>'
            f'<exclusiveGateway id="{merge}"/><task id="{after}"/>'
            f'<serviceTask id="{count}" flowable:resultVariable="{variable}"'
            f' flowable:expression="${{{variable} + 1}}"/>'
        )
        out.flow(zero, merge)
        out.flow(merge, start)
        out.flow(end, count)
        out.flow(count, again)
        out.flow(again, merge, f"${{{variable} &lt; {self.rounds}}}")
        default = out.flow(again, after)
        out.add(f'<exclusiveGateway id="{again}" default="{default}"/>')
        expected = Expected(Counter({zero: 1, after: 1}), {variable: self.rounds})
        expected.completed.update({merge: self.rounds, count: self.rounds, again: self.rounds})
        expected.add(inside, self.rounds)
        return zero, after, expected


@dataclass(frozen=True)
class SubProcess:
    """A block in a scope of its own."""

    block: Any

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        name, begin, finish = out.new("sub"), out.new("begin"), out.new("finish")
        outside, out.elements = out.elements, []
        start, end, expected = self.block.write(out)
        out.flow(begin, start)
        out.flow(end, finish)
        inside, out.elements = out.elements, outside
        out.add(
            f'<subProcess id="{name}"><startEvent id="{begin}"/><endEvent id="{finish}"/>{"".join(inside)}</subProcess>'
        )
        expected.completed.update({name: 1, begin: 1, finish: 1})
        return name, name, expected


@dataclass(frozen=True)
class Interrupted:
    """A sub-process that ends by an error, caught at its boundary or by a handler inside, or by a terminate end event.

    In a branch beside the block something waits that nobody ever does.
    """

    block: Any
    way: str
    specific: bool

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        name, begin, fork, idle = out.new("sub"), out.new("begin"), out.new("fork"), out.new("idle")
        finish, caught, after = out.new("finish"), out.new("caught"), out.new("after")
        outside, out.elements = out.elements, []
        start, end, expected = self.block.write(out)
        definition = (
            "<terminateEventDefinition/>" if self.way == "terminate" else '<errorEventDefinition errorRef="E"/>'
        )
        out.add(
            f'<startEvent id="{begin}"/><parallelGateway id="{fork}"/>'
            f'<endEvent id="{finish}">{definition}</endEvent>{_never(idle)}'
        )
        out.flow(begin, fork)
        out.flow(fork, start)
        out.flow(fork, f"{idle}j")
        out.flow(end, finish)
        reference = 'errorRef="E"' if self.specific else ""
        if self.way == "handler":
            handler, starts = out.new("handler"), out.new("starts")
            out.add(
                f'<subProcess id="{handler}" triggeredByEvent="true"><startEvent id="{starts}">'
                f"<errorEventDefinition {reference}/></startEvent></subProcess>"
            )
            expected.completed.update({handler: 1, starts: 1})
        inside, out.elements = out.elements, outside
        out.add(f'<subProcess id="{name}">{"".join(inside)}</subProcess><task id="{after}"/>')
        expected.completed.update({begin: 1, fork: 1, finish: 1, after: 1})
        out.flow(name, after)
        out.add(
            f'<boundaryEvent id="{caught}" attachedToRef="{name}"><errorEventDefinition {reference}/></boundaryEvent>'
        )
        out.flow(caught, after)
        expected.completed[caught if self.way == "boundary" else name] += 1
        return name, after, expected


def _never(name: str) -> str:
    """A join that gets one token and waits for one that nothing sends."""
    return (
        f'<parallelGateway id="{name}j"/><endEvent id="{name}e"/><task id="{name}t"/>'
        f'<sequenceFlow id="{name}f" sourceRef="{name}t" targetRef="{name}j"/>'
        f'<sequenceFlow id="{name}g" sourceRef="{name}j" targetRef="{name}e"/>'
    )


def model_of(block: Any) -> tuple[bytes, Expected]:
    """The file of a process made of a block, and what its run must lead to."""
    out = Writer()
    start, end, expected = block.write(out)
    out.add('<startEvent id="start"/><endEvent id="end"/>')
    out.flow("start", start)
    out.flow(end, "end")
    expected.completed.update({"start": 1, "end": 1})
    return process("".join(out.elements)), expected


def blocks() -> st.SearchStrategy[Any]:
    """Random blocks."""
    return st.recursive(
        st.sampled_from([Node(kind) for kind in ("user", "job", "set", "task")]),
        lambda inner: st.one_of(
            st.lists(inner, min_size=2, max_size=4).map(lambda found: Sequence(tuple(found))),
            st.lists(inner, min_size=2, max_size=3).flatmap(
                lambda found: st.integers(0, len(found) - 1).map(lambda chosen: Exclusive(tuple(found), chosen))
            ),
            st.lists(inner, min_size=2, max_size=3).map(lambda found: Parallel(tuple(found))),
            st.builds(
                lambda found, chosen, implicit: Inclusive(tuple(found), tuple(chosen), implicit),
                st.lists(inner, min_size=2, max_size=3),
                st.lists(st.booleans(), min_size=3, max_size=3),
                st.booleans(),
            ),
            st.builds(Loop, inner, st.integers(1, 3)),
            inner.map(SubProcess),
            st.builds(Interrupted, inner, st.sampled_from(["terminate", "boundary", "handler"]), st.booleans()),
        ),
        max_leaves=8,
    )
