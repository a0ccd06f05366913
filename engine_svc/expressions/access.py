"""Property, index and method access at run time: JSON values and `HostObject`s, nothing else."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from engine_svc.expressions.coercion import JSON_TYPES, require_json, to_string, type_name
from engine_svc.expressions.errors import OperationError
from engine_svc.expressions.evaluation import HostObject
from engine_svc.expressions.hosts import getter_member
from engine_svc.expressions.methods import METHODS_BY_TYPE


def read_property(owner: Any, name: str) -> Any:
    """Return `owner.name`: a key of an object, a member of an engine object, null where the owner is null.

    A key that is not there gives null, as a Java map does.
    """
    if type(owner) is dict:
        return owner.get(name)
    if owner is None:
        return None
    if isinstance(owner, HostObject):
        member = owner.members.get(name)
        if member is None:
            raise OperationError(f"the engine object has no property {name}")
        return _checked(member())
    require_json(owner)
    hint = f"; call {name}()" if name in METHODS_BY_TYPE[type(owner)] else ""
    raise OperationError(f"a {type_name(owner)} has no property {name}{hint}")


def read_index(owner: Any, key: Any) -> Any:
    """Return `owner[key]`; null where the list is shorter, the key is not there, or the owner is null."""
    if type(owner) is list:
        if type(key) is int:
            return owner[key] if 0 <= key < len(owner) else None
        if type(key) is float and key.is_integer():
            return read_index(owner, int(key))
        raise OperationError(f"the index of a list is a whole number, not a {type_name(key)}")
    if type(owner) is dict:
        return owner.get(key if type(key) is str else to_string(key))
    if owner is None:
        return None
    if isinstance(owner, HostObject) and type(key) is str:
        return read_property(owner, key)
    raise OperationError(f"a {type_name(owner)} has no elements")


def call_method(owner: Any, name: str, arguments: list[Any]) -> Any:
    """Call a whitelisted method of a value, or a method of an engine object."""
    methods = METHODS_BY_TYPE.get(type(owner))
    if methods is not None:
        method = methods.get(name)
        if method is None:
            raise OperationError(f"a {type_name(owner)} has no method {name}()")
        if not method.accepts(len(arguments)):
            raise OperationError(f"wrong number of arguments for {name}()")
        return method.function(owner, *[require_json(argument) for argument in arguments])
    if isinstance(owner, HostObject):
        return _call_host(owner, name, [require_json(argument) for argument in arguments])
    if owner is None:
        raise OperationError(f"{name}() is called on null")
    return require_json(owner)


def _call_host(owner: HostObject, name: str, arguments: list[Any]) -> Any:
    method = owner.methods.get(name)
    if method is None:
        member = getter_member(name)
        if member is None or arguments or member not in owner.members:
            raise OperationError(f"the engine object has no method {name}()")
        return _checked(owner.members[member]())
    try:
        return _checked(method(*arguments))
    except TypeError as error:
        if _accepts(method, arguments):
            raise
        raise OperationError(f"wrong number of arguments for {name}()") from error


def _accepts(method: Callable[..., Any], arguments: list[Any]) -> bool:
    try:
        inspect.signature(method).bind(*arguments)
    except TypeError:
        return False
    return True


def _checked(value: Any) -> Any:
    if type(value) in JSON_TYPES or isinstance(value, HostObject):
        return value
    return require_json(value)
