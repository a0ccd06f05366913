"""Single activities and events, asynchronous or not, once or several times."""

from __future__ import annotations

from dataclasses import dataclass

from tests.property.engine.blocks.writer import Expected, Writer

WORK, IDLE = "work", "idle"
"""Types of jobs: those that are done, and those that never are."""
SCRIPT = "6 * 7"
"""The only JavaScript of the models."""
ACTIVITIES = ("user", "job", "set", "task", "receive", "juel", "script")
EVENTS = ("message", "signal", "timer", "none")


@dataclass(frozen=True)
class Several:
    """Multi-instance marks: `enough` is how many complete until the completion condition holds, 0: without one."""

    count: int
    sequential: bool = False
    enough: int = 0

    @property
    def text(self) -> str:
        until = f"${{nrOfCompletedInstances &gt;= {self.enough}}}"
        condition = f"<completionCondition>{until}</completionCondition>" if self.enough else ""
        return (
            f'<multiInstanceLoopCharacteristics isSequential="{str(self.sequential).lower()}">'
            f"<loopCardinality>{self.count}</loopCardinality>{condition}</multiInstanceLoopCharacteristics>"
        )

    @property
    def rounds(self) -> int:
        return min(self.count, self.enough or self.count)


@dataclass(frozen=True)
class Again:
    """A standard loop that its maximum ends."""

    rounds: int

    @property
    def text(self) -> str:
        return (
            f'<standardLoopCharacteristics loopMaximum="{self.rounds}"><loopCondition>${{true}}</loopCondition>'
            "</standardLoopCharacteristics>"
        )


def activity(kind: str, name: str, attributes: str = "", inside: str = "") -> str:
    """The text of an activity that is one element."""
    result = f'flowable:resultVariable="v_{name}"'
    match kind:
        case "user":
            return f'<userTask id="{name}" {attributes}>{inside}</userTask>'
        case "job":
            topic = f'flowable:type="external-worker" flowable:topic="{IDLE if name.startswith(IDLE) else WORK}"'
            return f'<serviceTask id="{name}" {topic} {attributes}>{inside}</serviceTask>'
        case "receive":
            return f'<receiveTask id="{name}" {attributes}>{inside}</receiveTask>'
        case "set":
            return f'<serviceTask id="{name}" flowable:expression="${{6 * 7}}" {result} {attributes}>{inside}</serviceTask>'
        case "juel" | "script":
            language, text = ("juel", "${6 * 7}") if kind == "juel" else ("javascript", SCRIPT)
            script = f"{inside}<script>{text}</script>"
            return f'<scriptTask id="{name}" scriptFormat="{language}" {result} {attributes}>{script}</scriptTask>'
        case _:
            return f'<task id="{name}" {attributes}>{inside}</task>'


@dataclass(frozen=True)
class Activity:
    """An activity; `marks`: attributes that make it asynchronous."""

    kind: str
    marks: str = ""
    loop: Several | Again | None = None

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        name = out.new(self.kind)
        out.add(activity(self.kind, name, self.marks, self.loop.text if self.loop else ""))
        rounds = self.loop.rounds if self.loop else 1
        expected = Expected()
        expected.completed[name] = rounds
        if rounds and self.kind in ("set", "juel", "script"):
            expected.variables[f"v_{name}"] = 42
        return name, name, expected


@dataclass(frozen=True)
class Event:
    """An intermediate event: one that is waited for, or one that passes."""

    cause: str
    marks: str = ""

    def write(self, out: Writer) -> tuple[str, str, Expected]:
        name = out.new(self.cause)
        if self.cause == "none":
            out.add(f'<intermediateThrowEvent id="{name}" {self.marks}/>')
        else:
            definition = out.event(self.cause, name)
            out.add(f'<intermediateCatchEvent id="{name}" {self.marks}>{definition}</intermediateCatchEvent>')
        return name, name, Expected().once(name)
