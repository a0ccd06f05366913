"""What blocks write into, and what they tell."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

from tests.unit.bpmn_models import definitions

SOON = "<timerEventDefinition><timeDuration>PT0.2S</timeDuration></timerEventDefinition>"
NEVER = "<timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition>"


@dataclass
class Expected:
    """What a run must lead to: how often each element completes, and variables of the instance's own scope."""

    completed: Counter[str] = field(default_factory=Counter)
    variables: dict[str, Any] = field(default_factory=dict)

    def add(self, other: Expected, times: int = 1) -> None:
        for name, count in other.completed.items():
            self.completed[name] += count * times
        if times:
            self.variables.update(other.variables)

    def once(self, *names: str) -> Expected:
        """Count elements that complete once; return itself."""
        self.completed.update(names)
        return self


@dataclass
class Writer:
    """Collects elements with ids of their own, and the other processes and declarations of the file."""

    key: str = "p"
    ids: int = 0
    elements: list[str] = field(default_factory=list)
    declarations: list[str] = field(default_factory=list)
    processes: list[str] = field(default_factory=list)

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

    def path(self, *names: str) -> None:
        """Connect elements one after another."""
        for position in range(len(names) - 1):
            self.flow(names[position], names[position + 1])

    @contextlib.contextmanager
    def within(self, name: str, kind: str = "subProcess", attributes: str = "", first: str = "") -> Iterator[None]:
        """Put what is added in the block into an element of its own, after the text `first`."""
        outside, self.elements = self.elements, []
        yield
        inside, self.elements = self.elements, outside
        self.add(f'<{kind} id="{name}" {attributes}>{first}{"".join(inside)}</{kind}>')

    def event(self, cause: str, name: str) -> str:
        """The definition of an event that comes from outside: a timer, a message or a signal, by the event's name."""
        match cause:
            case "timer":
                return NEVER if name.startswith("idle") else SOON
            case "message" | "signal":
                # Keys keep the models of one engine apart: a signal is for all.
                self.declarations.append(f'<{cause} id="{cause}.{name}" name="{self.key}.{name}"/>')
                return f'<{cause}EventDefinition {cause}Ref="{cause}.{name}"/>'
            case _:
                raise AssertionError(cause)


class Block(Protocol):
    """A part of a model with one way in and one way out."""

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        """Add its elements; return the first and the last of them, and what running it once leads to."""


def model_of(block: Block, key: str = "p") -> tuple[bytes, Expected]:
    """The file of a process made of a block, and what its run must lead to."""
    out = Writer(key)
    start, end, expected = block.write(out)
    out.add('<startEvent id="start"/><endEvent id="end"/>')
    out.path("start", start)
    out.path(end, "end")
    content = f'<process id="{key}" isExecutable="true">{"".join(out.elements)}</process>'
    declared = '<error id="E" errorCode="E"/><escalation id="X" escalationCode="X"/>' + "".join(out.declarations)
    return definitions(declared + content + "".join(out.processes)), expected.once("start", "end")
