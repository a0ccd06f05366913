"""Sub-processes and called processes, and how they end."""

from __future__ import annotations

from dataclasses import dataclass

from tests.property.engine.blocks.activities import Again, Several, activity
from tests.property.engine.blocks.writer import Block, Expected, Writer


@dataclass(frozen=True)
class SubProcess:
    """A block in a scope of its own, once or several times."""

    block: Block
    kind: str = "subProcess"
    marks: str = ""
    loop: Several | Again | None = None

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        name, begin, finish = out.new("sub"), out.new("begin"), out.new("finish")
        with out.within(name, self.kind, self.marks, self.loop.text if self.loop else ""):
            start, end, inside = self.block.write(out)
            out.add(f'<startEvent id="{begin}"/><endEvent id="{finish}"/>')
            out.path(begin, start)
            out.path(end, finish)
        expected = Expected()
        expected.add(inside.once(name, begin, finish), self.loop.rounds if self.loop else 1)
        return name, name, expected


@dataclass(frozen=True)
class Call:
    """A block in a process of its own, which ends as usual, or with an error that its caller catches."""

    block: Block
    fails: bool = False
    loop: Several | Again | None = None

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        name, begin, finish, after = (out.new(prefix) for prefix in ("call", "begin", "finish", "after"))
        outside, out.elements = out.elements, []
        start, end, inside = self.block.write(out)
        thrown = '<errorEventDefinition errorRef="E"/>' if self.fails else ""
        out.add(f'<startEvent id="{begin}"/><endEvent id="{finish}">{thrown}</endEvent>')
        out.path(begin, start)
        out.path(end, finish)
        content, out.elements = out.elements, outside
        key = f"{out.key}.{name}"
        out.processes.append(f'<process id="{key}" isExecutable="true">{"".join(content)}</process>')
        loop = self.loop.text if self.loop else ""
        out.add(f'<callActivity id="{name}" calledElement="{key}">{loop}</callActivity><task id="{after}"/>')
        out.path(name, after)
        # What the called process sets is its own.
        inside.variables.clear()
        inside.once(begin, finish)
        if self.fails:
            caught = out.new("caught")
            out.add(f'<boundaryEvent id="{caught}" attachedToRef="{name}"><errorEventDefinition/></boundaryEvent>')
            out.path(caught, after)
            inside.once(caught)
        else:
            inside.once(name)
        expected = Expected().once(after)
        expected.add(inside, self.loop.rounds if self.loop else 1)
        return name, after, expected


@dataclass(frozen=True)
class Interrupted:
    """A sub-process that ends by an error, caught at its boundary or by a handler inside, or by a terminate end event.

    In a branch beside the block something waits that nobody ever does.
    """

    block: Block
    way: str
    specific: bool
    loop: Several | Again | None = None

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        name, begin, fork, finish = (out.new(prefix) for prefix in ("sub", "begin", "fork", "finish"))
        after, idle = out.new("after"), out.new("idle")
        reference = 'errorRef="E"' if self.specific else ""
        ending = "<terminateEventDefinition/>" if self.way == "terminate" else '<errorEventDefinition errorRef="E"/>'
        with out.within(name, first=self.loop.text if self.loop else ""):
            start, end, inside = self.block.write(out)
            out.add(
                f'<startEvent id="{begin}"/><parallelGateway id="{fork}"/><endEvent id="{finish}">{ending}</endEvent>'
            )
            out.add(_never(idle))
            out.path(begin, fork, start)
            out.path(fork, f"{idle}j")
            out.path(end, finish)
            inside.once(begin, fork, finish)
            if self.way == "handler":
                handler, starts = out.new("handler"), out.new("starts")
                with out.within(handler, attributes='triggeredByEvent="true"'):
                    caught_by = f"<errorEventDefinition {reference}/>"
                    out.add(f'<startEvent id="{starts}">{caught_by}</startEvent>')
                inside.once(handler, starts)
        out.add(f'<task id="{after}"/>')
        out.path(name, after)
        expected = Expected().once(after)
        if self.way == "boundary":
            caught = out.new("caught")
            definition = f"<errorEventDefinition {reference}/>"
            out.add(f'<boundaryEvent id="{caught}" attachedToRef="{name}">{definition}</boundaryEvent>')
            out.path(caught, after)
            inside.once(caught)
        else:
            inside.once(name)
        expected.add(inside, self.loop.rounds if self.loop else 1)
        return name, after, expected


def _never(name: str) -> str:
    """A join that gets one token and waits for one that nothing sends, and a task that nobody does."""
    return (
        f'<parallelGateway id="{name}j"/><endEvent id="{name}e"/><userTask id="{name}t"/>'
        f'<sequenceFlow id="{name}f" sourceRef="{name}t" targetRef="{name}j"/>'
        f'<sequenceFlow id="{name}g" sourceRef="{name}j" targetRef="{name}e"/>'
    )


@dataclass(frozen=True)
class Escalated:
    """A sub-process that throws an escalation after a block; what catches it leads to another block."""

    block: Block
    caught: Block
    interrupting: bool

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        return SubProcess(_Escalation(self.block, self.caught, self.interrupting)).write(out)


@dataclass(frozen=True)
class _Escalation:
    block: Block
    caught: Block
    interrupting: bool

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        name, begin, throw, rest = (out.new(prefix) for prefix in ("sub", "begin", "throw", "rest"))
        event, after, over = out.new("caught"), out.new("after"), out.new("over")
        definition = '<escalationEventDefinition escalationRef="X"/>'
        with out.within(name):
            start, end, expected = self.block.write(out)
            idle = out.new("idle")
            out.add(f'<startEvent id="{begin}"/><endEvent id="{rest}"/>{activity("user", idle)}')
            out.add(f'<intermediateThrowEvent id="{throw}">{definition}</intermediateThrowEvent>')
            out.path(begin, start)
            out.path(end, throw, *([idle] if self.interrupting else []), rest)
        start, end, inside = self.caught.write(out)
        cancels = str(self.interrupting).lower()
        out.add(
            f'<boundaryEvent id="{event}" attachedToRef="{name}" cancelActivity="{cancels}">{definition}</boundaryEvent>'
            f'<task id="{after}"/><endEvent id="{over}"/>'
        )
        out.path(event, start)
        out.path(end, after if self.interrupting else over)
        out.path(name, after)
        expected.add(inside)
        expected.once(begin, event, after)
        # What interrupts the scope ends the event that threw it as well.
        return name, after, expected if self.interrupting else expected.once(name, throw, rest, over)


@dataclass(frozen=True)
class Compensated:
    """Two activities that are undone once a block is over: by a throw event, or because a transaction is cancelled.

    The ways are `cancel`; `all`, by one throw event; and `named`, by throw events that name what they undo. Neither of
    them waits for what undoes: the sub-process around it all does.
    """

    done: tuple[str, str]
    undone: tuple[str, str]
    block: Block
    way: str

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        return SubProcess(_Compensation(self.done, self.undone, self.block, self.way)).write(out)


@dataclass(frozen=True)
class _Compensation:
    done: tuple[str, str]
    undone: tuple[str, str]
    block: Block
    way: str

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        name, begin, finish, after = (out.new(prefix) for prefix in ("sub", "begin", "finish", "after"))
        transaction = self.way == "cancel"
        with out.within(name, "transaction" if transaction else "subProcess"):
            start, end, expected = self.block.write(out)
            names = [
                self._undoable(out, done, undo, expected) for done, undo in zip(self.done, self.undone, strict=True)
            ]
            throws = [self._throw(out, which) for which in self._thrown(names)]
            ending = "<cancelEventDefinition/>" if transaction else ""
            out.add(f'<startEvent id="{begin}"/><endEvent id="{finish}">{ending}</endEvent>')
            out.path(begin, *names, start)
            out.path(end, *throws, finish)
        out.add(f'<task id="{after}"/>')
        out.path(name, after)
        expected.once(begin, finish, after, *names, *throws)
        if not transaction:
            return name, after, expected.once(name)
        cancelled = out.new("cancelled")
        out.add(f'<boundaryEvent id="{cancelled}" attachedToRef="{name}"><cancelEventDefinition/></boundaryEvent>')
        out.path(cancelled, after)
        return name, after, expected.once(cancelled)

    def _undoable(self, out: Writer, done: str, undo: str, expected: Expected) -> str:
        name, handler, event = out.new(done), out.new(undo), out.new("undo")
        out.add(activity(done, name) + activity(undo, handler, 'isForCompensation="true"'))
        out.add(
            f'<boundaryEvent id="{event}" attachedToRef="{name}"><compensateEventDefinition/></boundaryEvent>'
            f'<association id="{event}a" sourceRef="{event}" targetRef="{handler}" associationDirection="One"/>'
        )
        expected.once(handler)
        return name

    def _thrown(self, names: list[str]) -> list[str]:
        return {"cancel": [], "named": list(reversed(names)), "all": [""]}[self.way]

    def _throw(self, out: Writer, which: str) -> str:
        name = out.new("throw")
        reference = f'activityRef="{which}"' if which else ""
        out.add(
            f'<intermediateThrowEvent id="{name}"><compensateEventDefinition {reference}/></intermediateThrowEvent>'
        )
        return name
