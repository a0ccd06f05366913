"""Variables for expressions under test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine_svc.expressions import HostObject, OperationError


class Variables:
    """A reader over a dict."""

    def __init__(self, **values: Any) -> None:
        self.values = values

    def lookup(self, name: str) -> Any:
        return self.values[name]


class Execution(HostObject):
    """A host object as the runtime has one."""

    def __init__(self, variables: dict[str, Any]) -> None:
        self.variables = variables
        self.secret = "not reachable"

    @property
    def members(self) -> Mapping[str, Callable[[], Any]]:
        return {
            "processInstanceId": lambda: "i-1",
            "processInstanceBusinessKey": lambda: None,
            "broken": lambda: object(),
        }

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        return {
            "getVariable": self.variables.get,
            "setVariable": self._set,
            "hasVariable": lambda name: name in self.variables,
            "fails": self._fails,
            "faulty": self._faulty,
        }

    def _set(self, name: str, value: Any) -> None:
        self.variables[name] = value

    def _fails(self) -> None:
        raise OperationError("the engine says no")

    def _faulty(self) -> None:
        raise TypeError("a bug in the engine")
