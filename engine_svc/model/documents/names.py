"""Ids that the format lets people leave out: made from what they belong to, so that they stay when a model changes."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

START_ID = "_start"
FLOW_PREFIX = "_flow."


def start_id(scope_id: str) -> str:
    """Return the id of a start event that is left out; `scope_id` is empty for the process itself."""
    return f"{START_ID}.{scope_id}" if scope_id else START_ID


def timeout_id(task_id: str) -> str:
    """Return the id of the event for a task's timeout."""
    return f"_timeout.{task_id}"


def catch_id(task_id: str, position: int) -> str:
    """Return the id of an event at a 0-based position in a task's `catch`."""
    return f"_catch.{task_id}.{position + 1}"


def way_out_id(event_id: str) -> str:
    """Return the id of the only flow out of an event whose flow is not among the transitions."""
    return f"_to.{event_id}"


class FlowNames:
    """Ids of transitions that have none, given in the order of the BPMN file."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._numbers: dict[str, Iterator[int]] = {}

    def name(self, source: str, target: str) -> str:
        """Return the id of the next transition from `source` to `target`."""
        base = f"{FLOW_PREFIX}{source}.to.{target}"
        name = base
        while name in self._taken:
            # Counted on from the last one: many may have the same ends.
            name = f"{base}.{next(self._numbers.setdefault(base, itertools.count(2)))}"
        self._taken.add(name)
        return name
