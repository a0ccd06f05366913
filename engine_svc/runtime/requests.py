"""What a step needs from outside while it runs: it yields a request and is sent the answer.

So a step stays free of I/O: whoever runs it finds definitions, loads instances and runs scripts.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from engine_svc.scripts.call import ScriptCall

T = TypeVar("T")


@dataclass(slots=True)
class FindDefinition:
    """A process that is called. Answer: `Definition`. Whoever answers throws `NotFound` where there is none.

    `binding` is one of `CallActivitySpec.binding`, or `migration` for an id that may be suspended; `version` the
    number, tag or id that it needs.
    """

    key: str
    tenant_id: str
    binding: str
    version: str
    caller_definition_id: str
    resume: Resume


@dataclass(slots=True)
class LoadInstance:
    """A caller or a called instance. Answer: `Instance`, or None where there is none any more.

    Many called instances may come back to one caller at once: whoever answers lets them wait for each other.
    """

    instance_id: str
    resume: Resume
    caller: bool = False


@dataclass(slots=True)
class RunScript:
    """A script for the sandbox. Answer: `ScriptResult`. Whoever answers throws `WrongState` where it fails."""

    call: ScriptCall
    element_id: str
    resume: Resume


Request = FindDefinition | LoadInstance | RunScript
Resume = Callable[[Any], Request | None]
"""Takes the answer; may need something else."""
Program = Generator[Request, Any, T]
"""A step: yields requests, is sent the answers, returns a `T`."""


def run_alone(program: Program[T]) -> T:
    """Run a step that is known to need nothing from outside."""
    try:
        request = next(program)
    except StopIteration as stop:
        result: T = stop.value
        return result
    program.close()
    raise AssertionError(f"the step asks for {request}")
