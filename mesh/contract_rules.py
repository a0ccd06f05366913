"""Whether a message surely keeps the rules of its contract.

protovalidate takes some 16 µs for an event, most of it to walk over the message. The few kinds of rules that events
have are compiled here into comparisons, once for each type of message. What they do not find right, and every type with
a rule of another kind, is left to protovalidate, which alone says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from buf.validate import validate_pb2
from google.protobuf.descriptor import Descriptor, FieldDescriptor, OneofDescriptor
from google.protobuf.message import Message

Test = Callable[[Any], bool]

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
    return _test_of(message.DESCRIPTOR, apart_from)(message)


@cache
def _test_of(descriptor: Descriptor, apart_from: str) -> Test:
    try:
        tests = _tests(descriptor, (), apart_from)
    except _Unknown:
        return lambda message: False
    return partial(_all, tests)


def _all(tests: tuple[Test, ...], message: Any) -> bool:
    # A generator for `all` would cost more than the comparisons.
    for test in tests:  # noqa: SIM110
        if not test(message):
            return False
    return True


def _tests(descriptor: Descriptor, inside: tuple[Descriptor, ...], apart_from: str = "") -> tuple[Test, ...]:
    """Return what a message must pass; `inside`: the types that it is a part of, `apart_from`: a field left out."""
    if descriptor in inside or descriptor.GetOptions().HasExtension(_MESSAGE_RULES):
        raise _Unknown
    inside = (*inside, descriptor)
    tests = [_oneof_test(oneof, inside) for oneof in descriptor.oneofs]
    for field in descriptor.fields:
        if field.containing_oneof is None and field.name != apart_from:
            tests += _field_tests(field, inside)
    return tuple(tests)


def _oneof_test(oneof: OneofDescriptor, inside: tuple[Descriptor, ...]) -> Test:
    required = oneof.GetOptions().Extensions[_ONEOF_RULES].required
    members = {}
    for field in oneof.fields:
        if field.GetOptions().HasExtension(_FIELD_RULES):
            raise _Unknown
        members[field.name] = _part_test(field, inside)

    def test(message: Any) -> bool:
        name = message.WhichOneof(oneof.name)
        if name is None:
            return not required
        part = members[name]
        return part is None or part(getattr(message, name))

    return test


def _part_test(field: FieldDescriptor, inside: tuple[Descriptor, ...]) -> Test | None:
    """Return what the message in a field must pass, or each of them; None where that is nothing."""
    kind = field.message_type
    if kind is None or _is_well_known(kind):
        return None
    try:
        tests = _tests(kind, inside)
    except _Unknown:
        return lambda message: False
    return partial(_all, tests) if tests else None


def _field_tests(field: FieldDescriptor, inside: tuple[Descriptor, ...]) -> list[Test]:
    name, rules = field.name, field.GetOptions().Extensions[_FIELD_RULES]
    kinds = {rule.name for rule, _ in rules.ListFields()} - {"required"}
    part = _part_test(field, inside)
    if field.is_repeated:
        if kinds or rules.required or (part is not None and _is_map(field)):
            raise _Unknown
        return [] if part is None else [_each(name, part)]
    tests: list[Test] = []
    if rules.required:
        if not field.has_presence:
            raise _Unknown
        tests.append(lambda message: message.HasField(name))
    if part is not None:
        tests.append(lambda message: not message.HasField(name) or part(getattr(message, name)))
    if kinds and field.has_presence:
        raise _Unknown
    tests += [_value(name, fits) for kind in kinds for fits in _limits(kind, getattr(rules, kind))]
    return tests


def _each(name: str, part: Test) -> Test:
    return lambda message: all(map(part, getattr(message, name)))


def _value(name: str, fits: Test) -> Test:
    return lambda message: fits(getattr(message, name))


def _is_map(field: FieldDescriptor) -> bool:
    return field.message_type is not None and field.message_type.GetOptions().map_entry


def _is_well_known(descriptor: Descriptor) -> bool:
    return descriptor.full_name.startswith("google.protobuf.")


def _limits(kind: str, rules: Any) -> list[Test]:
    """Return what a value must pass."""
    if kind not in ("string", "int32", "int64"):
        raise _Unknown
    return [_comparison(kind, rule.name, allowed) for rule, allowed in rules.ListFields()]


def _comparison(kind: str, rule: str, allowed: Any) -> Test:
    match kind, rule:
        case "string", "min_len":
            return lambda value: len(value) >= allowed
        case "string", "max_len":
            return lambda value: len(value) <= allowed
        case "string", "uuid" if allowed:
            return lambda value: _UUID.fullmatch(value) is not None
        case "string", "pattern" if _PLAIN_PATTERN.fullmatch(allowed) and not re.search(r"\\[a-zA-Z]", allowed):
            whole = re.compile(allowed[1:-1])
            return lambda value: whole.fullmatch(value) is not None
        case "int32" | "int64", "gte":
            return lambda value: bool(value >= allowed)
        case "int32" | "int64", "lte":
            return lambda value: bool(value <= allowed)
    raise _Unknown
