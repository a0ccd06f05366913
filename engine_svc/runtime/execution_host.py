"""The object `execution` of expressions: what a model may ask and change of the instance it runs in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine_svc.expressions.errors import OperationError
from engine_svc.expressions.evaluation import HostObject

if TYPE_CHECKING:
    from engine_svc.compile.executable import Element
    from engine_svc.runtime.execution import Execution


class ExecutionHost(HostObject):
    """The host object for one scope of a running step."""

    __slots__ = ("_element", "_execution", "_scope_key")

    def __init__(self, execution: Execution, scope_key: int, element: Element | None = None) -> None:
        self._execution = execution
        self._scope_key = scope_key
        self._element = element

    @property
    def members(self) -> Mapping[str, Callable[[], Any]]:
        """Properties that expressions may read."""
        instance = self._execution.instance
        return {
            "processInstanceId": lambda: instance.id,
            "processInstanceBusinessKey": lambda: instance.business_key or None,
        }

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """Methods that expressions may call."""
        return {
            "getVariable": self._get_variable,
            "setVariable": self._set_variable,
            "hasVariable": self._has_variable,
        }

    def _get_variable(self, name: Any) -> Any:
        try:
            return self._execution.reader(self._scope_key).lookup(_name(name))
        except KeyError:
            return None

    def _set_variable(self, name: Any, value: Any) -> None:
        self._execution.set_variable(self._scope_key, _name(name), value)

    def _has_variable(self, name: Any) -> bool:
        try:
            self._execution.reader(self._scope_key).lookup(_name(name))
        except KeyError:
            return False
        return True


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value or value == "execution":
        raise OperationError(f"a variable's name must be a non-empty text, not {value!r}")
    return value
