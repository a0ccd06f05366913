"""Events that come, or do not come, while something else is open."""

from __future__ import annotations

from dataclasses import dataclass

from tests.property.engine.blocks.activities import activity
from tests.property.engine.blocks.scopes import SubProcess
from tests.property.engine.blocks.writer import SOON, Block, Expected, Writer

TWICE = "<timerEventDefinition><timeCycle>R2/PT0.1S</timeCycle></timerEventDefinition>"


@dataclass(frozen=True)
class Boundary:
    """An activity with an interrupting event on its boundary that leads to a block, and comes or does not come."""

    host: str
    cause: str
    comes: bool
    block: Block

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        name = out.new("idle" if self.comes else self.host)
        event, after = out.new("caught" if self.comes else "idle"), out.new("after")
        expected = Expected().once(after)
        if self.host == "sub":
            begin, inside = out.new("begin"), out.new("idle" if self.comes else "user")
            with out.within(name):
                out.add(f'<startEvent id="{begin}"/>{activity("user", inside)}')
                out.path(begin, inside)
            expected.once(begin, *([] if self.comes else [inside]))
        else:
            out.add(activity(self.host, name))
        start, end, handled = self.block.write(out)
        definition = out.event(self.cause, event)
        out.add(f'<boundaryEvent id="{event}" attachedToRef="{name}">{definition}</boundaryEvent><task id="{after}"/>')
        out.path(name, after)
        out.path(event, start)
        out.path(end, after)
        if self.comes:
            expected.add(handled.once(event))
        return name, after, expected if self.comes else expected.once(name)


@dataclass(frozen=True)
class Beside:
    """A timer that does not interrupt an activity, on its boundary or in an event sub-process; it leads to a block.

    `times`: once, or by a cycle twice. The blocks of the two may run at the same time.
    """

    host: str
    place: str
    times: int
    block: Block

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        return SubProcess(_Beside(self.host, self.place, self.times, self.block)).write(out)


@dataclass(frozen=True)
class _Beside:
    host: str
    place: str
    times: int
    block: Block

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        name, event, over = out.new("held"), out.new("frees"), out.new("over")
        definition = SOON if self.times == 1 else TWICE
        out.add(activity(self.host, name))
        expected = Expected().once(name)
        if self.place == "boundary":
            out.add(
                f'<boundaryEvent id="{event}" attachedToRef="{name}" cancelActivity="false">{definition}</boundaryEvent>'
            )
            inside = self._handling(out, event, over)
        else:
            handler = out.new("handler")
            with out.within(handler, attributes='triggeredByEvent="true"'):
                out.add(f'<startEvent id="{event}" isInterrupting="false">{definition}</startEvent>')
                inside = self._handling(out, event, over)
            inside.once(handler)
        expected.add(inside, self.times)
        return name, name, expected

    def _handling(self, out: Writer, event: str, over: str) -> Expected:
        start, end, inside = self.block.write(out)
        out.add(f'<endEvent id="{over}"/>')
        out.path(event, start)
        out.path(end, over)
        return inside.once(event, over)


@dataclass(frozen=True)
class Choice:
    """An event-based gateway; the event `chosen` comes and leads to the block."""

    causes: tuple[str, ...]
    chosen: int
    block: Block

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        gateway, merge = out.new("choice"), out.new("merge")
        out.add(f'<eventBasedGateway id="{gateway}"/><exclusiveGateway id="{merge}"/>')
        start, end, expected = self.block.write(out)
        for position, cause in enumerate(self.causes):
            comes = position == self.chosen
            event = out.new("comes" if comes else "idle")
            out.path(gateway, event, start if comes else merge)
            if cause == "receive":
                out.add(activity("receive", event))
            else:
                definition = out.event(cause, event)
                out.add(f'<intermediateCatchEvent id="{event}">{definition}</intermediateCatchEvent>')
            if comes:
                expected.once(event)
        out.path(end, merge)
        return gateway, merge, expected.once(gateway, merge)


@dataclass(frozen=True)
class EventSubProcess:
    """A sub-process with an interrupting event sub-process whose event comes while all is idle, or does not come."""

    cause: str
    comes: bool
    block: Block
    handling: Block

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        name, begin, finish = out.new("sub"), out.new("begin"), out.new("finish")
        handler, starts, over = out.new("handler"), out.new("starts" if self.comes else "idle"), out.new("over")
        expected = Expected().once(name, begin)
        with out.within(name):
            start, end, inside = self.block.write(out)
            before = [out.new("idle")] if self.comes else []
            out.add(f'<startEvent id="{begin}"/><endEvent id="{finish}"/>')
            out.elements += [activity("user", idle) for idle in before]
            out.path(begin, *before, start)
            out.path(end, finish)
            with out.within(handler, attributes='triggeredByEvent="true"'):
                start, end, handled = self.handling.write(out)
                out.add(
                    f'<startEvent id="{starts}">{out.event(self.cause, starts)}</startEvent><endEvent id="{over}"/>'
                )
                out.path(starts, start)
                out.path(end, over)
        expected.add(handled.once(handler, starts, over) if self.comes else inside.once(finish))
        return name, name, expected


@dataclass(frozen=True)
class Conditional:
    """A condition that begins to hold when a block is over; it lets an event go on, or interrupts a sub-process."""

    block: Block
    interrupts: bool

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        zero, fork, turn, event, after = (out.new(name) for name in ("zero", "fork", "turn", "event", "after"))
        variable = f"c_{event}"
        setting = f'flowable:resultVariable="{variable}" flowable:expression'
        condition = f'<condition xsi:type="tFormalExpression">${{{variable} == 1}}</condition>'
        definition = f"<conditionalEventDefinition>{condition}</conditionalEventDefinition>"
        out.add(f'<serviceTask id="{zero}" {setting}="${{0}}"/>')
        expected = Expected(variables={variable: 1}).once(zero, fork, turn, event, after)
        if self.interrupts:
            name, begin, idle = out.new("sub"), out.new("begin"), out.new("idle")
            with out.within(name):
                start, end, inside = self.block.write(out)
                out.add(f'<startEvent id="{begin}"/><parallelGateway id="{fork}"/>{activity("user", idle)}')
                out.add(f'<serviceTask id="{turn}" {setting}="${{1}}"/>')
                out.path(begin, fork, start)
                out.path(end, turn)
                out.path(fork, idle)
            out.add(f'<boundaryEvent id="{event}" attachedToRef="{name}">{definition}</boundaryEvent>')
            out.add(f'<task id="{after}"/>')
            out.path(zero, name, after)
            out.path(event, after)
            expected.once(begin)
        else:
            join = out.new("join")
            start, end, inside = self.block.write(out)
            out.add(f'<parallelGateway id="{fork}"/><parallelGateway id="{join}"/><task id="{after}"/>')
            out.add(f'<serviceTask id="{turn}" {setting}="${{1}}"/>')
            out.add(f'<intermediateCatchEvent id="{event}">{definition}</intermediateCatchEvent>')
            out.path(zero, fork, event, join, after)
            out.path(fork, start)
            out.path(end, turn, join)
            expected.once(join, join)
        expected.add(inside)
        return zero, after, expected


@dataclass(frozen=True)
class Signalled:
    """A signal within the instance: what a block throws at its end, an event beside it waits for."""

    block: Block

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        fork, gate, throw, event, join = (out.new(name) for name in ("fork", "user", "throw", "thrown", "join"))
        scope = 'flowable:scope="processInstance"'
        out.declarations.append(f'<signal id="signal.{throw}" name="{out.key}.{throw}" {scope}/>')
        definition = f'<signalEventDefinition signalRef="signal.{throw}"/>'
        start, end, expected = self.block.write(out)
        out.add(
            f'<parallelGateway id="{fork}"/><parallelGateway id="{join}"/>{activity("user", gate)}'
            f'<intermediateThrowEvent id="{throw}">{definition}</intermediateThrowEvent>'
            f'<intermediateCatchEvent id="{event}">{definition}</intermediateCatchEvent>'
        )
        # The task makes sure that the signal comes after the event has begun to wait.
        out.path(fork, gate, start)
        out.path(end, throw, join)
        out.path(fork, event, join)
        return fork, join, expected.once(fork, gate, throw, event, join, join)
