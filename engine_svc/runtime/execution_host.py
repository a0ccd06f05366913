"""The object `execution` of expressions: what a model may ask and change of the instance it runs in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from engine_svc.expressions.errors import OperationError
from engine_svc.expressions.evaluation import HostObject
from engine_svc.state.instance import ROOT_SCOPE

if TYPE_CHECKING:
    from engine_svc.compile.executable import Element
    from engine_svc.runtime.execution import Execution


class VariableHost(HostObject):
    """What engine objects that see the variables of a scope have in common. Values are never changed in place."""

    __slots__ = ("_execution", "_scope_key")

    def __init__(self, execution: Execution, scope_key: int) -> None:
        self._execution = execution
        self._scope_key = scope_key

    @property
    def methods(self) -> Mapping[str, Callable[..., Any]]:
        """Methods that expressions may call."""
        return {
            "getVariable": self._get_variable,
            "setVariable": self._set_variable,
            "hasVariable": self._has_variable,
            "removeVariable": self._remove_variable,
            "getVariables": self.visible,
            "setVariables": self._set_variables,
            "getVariableNames": lambda: list(self.visible()),
            "hasVariables": lambda: bool(self.visible()),
            "getVariableLocal": lambda name: self._local().get(_name(name)),
            "setVariableLocal": self._set_local,
            "hasVariableLocal": lambda name: _name(name) in self._local(),
            "removeVariableLocal": self._remove_local,
            "getVariablesLocal": lambda: dict(self._local()),
            "setVariablesLocal": self._set_variables_local,
            "getVariableNamesLocal": lambda: list(self._local()),
            "getTransientVariable": self._get_transient,
            "setTransientVariable": self._set_transient,
            "removeTransientVariable": self._remove_transient,
        }

    def facts(self) -> dict[str, Any]:
        """Return the properties with their values, for a script. Variables are not among them."""
        return {name: read() for name, read in self.members.items() if name != "variables"}

    def visible(self) -> dict[str, Any]:
        """Return all variables that are visible from the scope."""
        return self._execution.visible(self._scope_key)

    def _local(self) -> dict[str, Any]:
        return self._execution.instance.scopes[self._scope_key].variables

    def _get_variable(self, name: Any) -> Any:
        try:
            return self._execution.reader(self._scope_key).lookup(_name(name))
        except KeyError:
            return None

    def _has_variable(self, name: Any) -> bool:
        try:
            self._execution.reader(self._scope_key).lookup(_name(name))
        except KeyError:
            return False
        return True

    def _set_variable(self, name: Any, value: Any) -> None:
        transients = self._transients_with(_name(name))
        if transients is not None:
            transients[name] = value
        else:
            self._execution.set_variable(self._scope_key, name, value)

    def _set_variables(self, values: Any) -> None:
        for name, value in _named(values).items():
            self._set_variable(name, value)

    def _remove_variable(self, name: Any) -> None:
        transients = self._transients_with(_name(name))
        if transients is not None:
            del transients[name]
        else:
            self._execution.remove_variable(self._scope_key, name)

    def _set_local(self, name: Any, value: Any) -> None:
        self._execution.set_local(self._scope_key, _name(name), value)

    def _set_variables_local(self, values: Any) -> None:
        for name, value in _named(values).items():
            self._set_local(name, value)

    def _remove_local(self, name: Any) -> None:
        self._execution.remove_variable(self._scope_key, _name(name), local=True)

    def _get_transient(self, name: Any) -> Any:
        return (self._transients_with(_name(name)) or {}).get(name)

    def _set_transient(self, name: Any, value: Any) -> None:
        self._execution.set_transient(self._scope_key, _name(name), value)

    def _remove_transient(self, name: Any) -> None:
        transients = self._transients_with(_name(name))
        if transients is not None:
            del transients[name]

    def _transients_with(self, name: str) -> dict[str, Any] | None:
        """Return the transient variables of the nearest scope where one has this name."""
        transient = self._execution.transient
        if not transient:
            return None
        scopes = self._execution.instance.scopes
        key = self._scope_key
        while name not in transient.get(key, ()):
            if key == ROOT_SCOPE:
                return None
            key = scopes[key].parent_key
        return transient[key]


class ExecutionHost(VariableHost):
    """The object `execution` for one scope of a running step.

    `key` is that of the activity, 0 while none has begun; `event` is what a listener is called for.
    """

    __slots__ = ("_element", "_event", "_key")

    def __init__(
        self, execution: Execution, scope_key: int, element: Element | None = None, *, key: int = 0, event: str = ""
    ) -> None:
        super().__init__(execution, scope_key)
        self._element = element
        self._key = key
        self._event = event

    @property
    def members(self) -> Mapping[str, Callable[[], Any]]:
        """Properties that expressions may read."""
        instance, element = self._execution.instance, self._element
        definition = instance.definition

        def business_key() -> str | None:
            return instance.business_key or None

        return {
            "id": lambda: f"{instance.id}.{self._key}" if self._key else instance.id,
            "processInstanceId": lambda: instance.id,
            "rootProcessInstanceId": lambda: instance.root_id,
            "processDefinitionId": lambda: definition.id,
            "processDefinitionKey": lambda: definition.key,
            "processDefinitionVersion": lambda: definition.version,
            "processDefinitionName": lambda: definition.process.name or None,
            "businessKey": business_key,
            "processBusinessKey": business_key,
            "processInstanceBusinessKey": business_key,
            "currentActivityId": lambda: element.id if element is not None else None,
            "currentActivityName": lambda: (element.name or None) if element is not None else None,
            "eventName": lambda: self._event or None,
            "tenantId": lambda: instance.tenant_id or None,
            "parentId": lambda: instance.parent_id or None,
            "superExecutionId": lambda: f"{instance.parent_id}.{instance.parent_key}" if instance.parent_id else None,
            "variables": self.visible,
        }

    def _set_local(self, name: Any, value: Any) -> None:
        token = self._execution.instance.tokens.get(self._key) if self._event else None
        if token is not None:
            # What a listener keeps to itself belongs to its activity, not to all that is around it.
            self._scope_key = self._execution.local_scope(token).key
        super()._set_local(name, value)


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value or value == "execution":
        raise OperationError(f"a variable's name must be a non-empty text, not {value!r}")
    return value


def _named(values: Any) -> dict[str, Any]:
    if type(values) is not dict:
        raise OperationError("variables are set from an object of names and values")
    return values
