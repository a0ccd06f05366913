"""The engine objects whose names expressions know when the model is deployed.

The runtime's `HostObject` of that name offers at least these members and methods. A model that uses
anything else of them is refused at deployment, not when the instance arrives there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class HostContract:
    """What expressions may use of one engine object."""

    members: frozenset[str]
    methods: Mapping[str, tuple[int, int]]
    """Method name -> fewest and most arguments."""


HOSTS: Mapping[str, HostContract] = {
    "execution": HostContract(
        members=frozenset({"processInstanceId", "processInstanceBusinessKey"}),
        methods={"getVariable": (1, 1), "setVariable": (2, 2), "hasVariable": (1, 1)},
    ),
}
"""Name of an engine object -> its contract. No variable of that name is visible to expressions."""

VARIABLE_READING_METHODS = frozenset({"getVariable", "hasVariable"})
"""Methods of `execution` whose first argument names a variable that the expression reads."""


def getter_member(method: str) -> str | None:
    """Return the member that a JavaBean getter reads (`getProcessInstanceId`), None for other methods."""
    if len(method) > 3 and method.startswith("get") and method[3].isupper():
        return method[3].lower() + method[4:]
    return None
