"""Sequences, branches and loops of blocks."""

from __future__ import annotations

from dataclasses import dataclass

from tests.property.engine.blocks.writer import Block, Expected, Writer


@dataclass(frozen=True)
class Sequence:
    """Blocks one after another."""

    blocks: tuple[Block, ...]

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

    blocks: tuple[Block, ...]
    chosen: int

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        split, merge = out.new("split"), out.new("merge")
        expected = Expected().once(split, merge)
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

    blocks: tuple[Block, ...]

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        fork, join = out.new("fork"), out.new("join")
        expected = Expected().once(fork, *[join] * len(self.blocks))
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

    blocks: tuple[Block, ...]
    chosen: tuple[bool, ...]
    implicit: bool

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        split, join = out.new("split"), out.new("join")
        expected = Expected().once(split)
        kind = "task" if self.implicit else "inclusiveGateway"
        out.add(f'<{kind} id="{split}"/><inclusiveGateway id="{join}"/>')
        for position, block in enumerate(self.blocks):
            taken = position == 0 or self.chosen[position]
            start, end, inside = block.write(out)
            out.flow(split, start, "${true}" if taken else "${false}")
            out.flow(end, join)
            if taken:
                expected.once(join).add(inside)
        return split, join, expected


@dataclass(frozen=True)
class Loop:
    """A block that runs several times, counted by a variable."""

    block: Block
    rounds: int

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        # The way out is an element of its own: loops in loops would share a gateway otherwise.
        zero, merge, count, again, after = (out.new(name) for name in ("zero", "merge", "count", "again", "after"))
        variable = f"n_{again}"
        start, end, inside = self.block.write(out)
        out.add(
            f'<serviceTask id="{zero}" flowable:expression="${{0}}" flowable:resultVariable="{variable}"/>'
            f'<exclusiveGateway id="{merge}"/><task id="{after}"/>'
            f'<serviceTask id="{count}" flowable:resultVariable="{variable}"'
            f' flowable:expression="${{{variable} + 1}}"/>'
        )
        out.path(zero, merge, start)
        out.path(end, count, again)
        out.flow(again, merge, f"${{{variable} &lt; {self.rounds}}}")
        default = out.flow(again, after)
        out.add(f'<exclusiveGateway id="{again}" default="{default}"/>')
        expected = Expected(variables={variable: self.rounds}).once(zero, after)
        expected.add(Expected().once(merge, count, again), self.rounds)
        expected.add(inside, self.rounds)
        return zero, after, expected
