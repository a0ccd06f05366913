"""Whether a message surely keeps the rules of its contract.

protovalidate takes some 16 µs for an event, most of it to walk over the message. The few kinds of rules that events
have are compiled here into comparisons, once for each type of message. What they do not find right, and every type with
a rule of another kind, is left to protovalidate, which alone says what is wrong.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, OneofDescriptor
from google.protobuf.message import Message

Test = Callable[[Any], Any]
"""Returns what is true where a message keeps its rules."""

_FIELD_RULES: Any = validate_pb2.field
_MESSAGE_RULES: Any = validate_pb2.message
_ONEOF_RULES: Any = validate_pb2.oneof
_UUID = re.compile(r"[0-9a-fA-F]{8}-([0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")
_PLAIN_PATTERN = re.compile(r"\^[\w.\-\[\](){}+*,\\]*\$")
"""Patterns that mean the same to Python and to RE2, apart from a line feed at the end and from classes like `\\d`."""


class _Unknown(Exception):
    """A rule of a kind that is not compiled."""


def surely_valid(message: Message, *, apart_from: str = "") -> bool:
    """Tell whether a message keeps all rules, apart from those of one of its fields; False also where not known."""
    # What is not right may be any value that is not true.
    return bool(_test_of(message.DESCRIPTOR, apart_from)(message))


@cache
def _test_of(descriptor: Descriptor, apart_from: str) -> Test:
    try:
        return _Rules(descriptor, (), apart_from).compiled()
    except _Unknown:
        return lambda message: False


class _Rules:
    """What a message must keep, as conditions of one expression: a call for each of them would cost more than they do.

    `inside`: the types that it is a part of, `apart_from`: a field left out. Raises `_Unknown`. The conditions hold
    names of fields and numbers alone; what else they need they find in `_used`.
    """

    def __init__(self, descriptor: Descriptor, inside: tuple[Descriptor, ...], apart_from: str = "") -> None:
        if descriptor in inside or descriptor.GetOptions().HasExtension(_MESSAGE_RULES):
            raise _Unknown
        self._inside = (*inside, descriptor)
        self._used: dict[str, Any] = {}
        self._conditions: list[str] = []
        for oneof in descriptor.oneofs:
            self._conditions.append(f"{self._named(self._oneof(oneof))}(message)")
        for field in descriptor.fields:
            if field.containing_oneof is None and field.name != apart_from:
                self._add(field)

    def __bool__(self) -> bool:
        return bool(self._conditions)

    def compiled(self) -> Test:
        """Return the test."""
        text = f"lambda message: {' and '.join(self._conditions) or 'True'}"
        test: Test = eval(text, self._used)  # noqa: S307 - made of the contract's own descriptors
        return test

    def _named(self, value: Any) -> str:
        name = f"used_{len(self._used)}"
        self._used[name] = value
        return name

    def _oneof(self, oneof: OneofDescriptor) -> Test:
        required = oneof.GetOptions().Extensions[_ONEOF_RULES].required
        members = {}
        for field in oneof.fields:
            if field.GetOptions().HasExtension(_FIELD_RULES):
                raise _Unknown
            members[field.name] = self._part(field)
        oneof_name = oneof.name

        def test(message: Any) -> bool:
            name = message.WhichOneof(oneof_name)
            if name is None:
                return not required
            part = members[name]
            return part is None or part(getattr(message, name))

        return test

    def _part(self, field: FieldDescriptor) -> Test | None:
        """Return what the message in a field must pass, or each of them; None where that is nothing."""
        kind = field.message_type
        if kind is None or _is_well_known(kind):
            return None
        try:
            rules = _Rules(kind, self._inside)
        except _Unknown:
            return lambda message: False
        return rules.compiled() if rules else None

    def _add(self, field: FieldDescriptor) -> None:
        rules = field.GetOptions().Extensions[_FIELD_RULES]
        kinds = {rule.name for rule, _ in rules.ListFields()} - {"required"}
        value = f"message.{field.name}"
        if not field.name.isidentifier() or keyword.iskeyword(field.name):
            raise _Unknown
        part = self._part(field)
        if field.is_repeated:
            if kinds or rules.required or (part is not None and _is_map(field)):
                raise _Unknown
            if part is not None:
                self._conditions.append(f"all(map({self._named(part)}, {value}))")
            return
        if rules.required:
            if not field.has_presence:
                raise _Unknown
            self._conditions.append(f"message.HasField({field.name!r})")
        if part is not None:
            missing = "" if rules.required else f"not message.HasField({field.name!r}) or "
            self._conditions.append(f"({missing}{self._named(part)}({value}))")
        if kinds and field.has_presence:
            raise _Unknown
        for kind in kinds:
            self._conditions += self._limits(kind, getattr(rules, kind), value)

    def _limits(self, kind: str, rules: Any, value: str) -> list[str]:
        """Return what a value must keep."""
        if kind not in ("string", "int32", "int64"):
            raise _Unknown
        return [self._comparison(kind, rule.name, allowed, value) for rule, allowed in rules.ListFields()]

    def _comparison(self, kind: str, rule: str, allowed: Any, value: str) -> str:
        match kind, rule:
            case "string", "min_len":
                return value if allowed == 1 else f"len({value}) >= {int(allowed)}"
            case "string", "max_len":
                return f"len({value}) <= {int(allowed)}"
            case "string", "uuid" if allowed:
                return f"{self._named(_UUID.fullmatch)}({value}) is not None"
            case "string", "pattern" if _PLAIN_PATTERN.fullmatch(allowed) and not re.search(r"\\[a-zA-Z]", allowed):
                return f"{self._named(re.compile(allowed[1:-1]).fullmatch)}({value}) is not None"
            case "int32" | "int64", "gte":
                return f"{value} >= {int(allowed)}"
            case "int32" | "int64", "lte":
                return f"{value} <= {int(allowed)}"
        raise _Unknown


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _is_well_known(descriptor: Descriptor) -> bool:
    return descriptor.full_name.startswith("google.protobuf.")
