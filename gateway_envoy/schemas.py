"""JSON schemas of messages and enums, with the validation rules that JSON Schema can say."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from buf.validate import validate_pb2
from google.protobuf import descriptor_pb2, duration_pb2

from gateway_envoy.comments import Comments
from gateway_envoy.contract import HTTP_BODY, ContractError

STATUS = "google.rpc.Status"

_Proto = descriptor_pb2.FieldDescriptorProto
_INTEGERS = {
    _Proto.TYPE_INT32: "int32",
    _Proto.TYPE_SINT32: "int32",
    _Proto.TYPE_SFIXED32: "int32",
    _Proto.TYPE_UINT32: "uint32",
    _Proto.TYPE_FIXED32: "uint32",
}
_LONGS = {
    _Proto.TYPE_INT64: "int64",
    _Proto.TYPE_SINT64: "int64",
    _Proto.TYPE_SFIXED64: "int64",
    _Proto.TYPE_UINT64: "uint64",
    _Proto.TYPE_FIXED64: "uint64",
}
_NUMBERS = {_Proto.TYPE_DOUBLE: "double", _Proto.TYPE_FLOAT: "float"}
_DURATION_PATTERN = r"^-?[0-9]+(\.[0-9]{1,9})?s$"
_WELL_KNOWN: dict[str, dict[str, Any]] = {
    "google.protobuf.Timestamp": {"type": "string", "format": "date-time"},
    "google.protobuf.Duration": {"type": "string", "pattern": _DURATION_PATTERN, "examples": ["30s"]},
    "google.protobuf.FieldMask": {"type": "string"},
    "google.protobuf.Value": {},
    "google.protobuf.Struct": {"type": "object", "additionalProperties": True},
    "google.protobuf.ListValue": {"type": "array", "items": {}},
    "google.protobuf.Empty": {"type": "object"},
    "google.protobuf.Any": {
        "type": "object",
        "properties": {"@type": {"type": "string"}},
        "required": ["@type"],
        "additionalProperties": True,
    },
    "google.protobuf.StringValue": {"type": ["string", "null"]},
    "google.protobuf.BoolValue": {"type": ["boolean", "null"]},
    "google.protobuf.Int32Value": {"type": ["integer", "null"], "format": "int32"},
    "google.protobuf.UInt32Value": {"type": ["integer", "null"], "format": "uint32"},
    "google.protobuf.Int64Value": {"type": ["string", "null"], "format": "int64"},
    "google.protobuf.UInt64Value": {"type": ["string", "null"], "format": "uint64"},
    "google.protobuf.DoubleValue": {"type": ["number", "null"], "format": "double"},
    "google.protobuf.FloatValue": {"type": ["number", "null"], "format": "float"},
    "google.protobuf.BytesValue": {"type": ["string", "null"], "contentEncoding": "base64"},
    HTTP_BODY: {"type": "string", "format": "binary"},
}
_STATUS_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "Why a call failed.",
    "properties": {
        "code": {"type": "integer", "format": "int32", "description": "Code of gRPC: 5 is NOT_FOUND."},
        "message": {"type": "string", "description": "For people; programs look at the reason."},
        "details": {
            "type": "array",
            "items": {
                "oneOf": [
                    {"$ref": "#/components/schemas/ErrorInfo"},
                    {"$ref": "#/components/schemas/BadRequest"},
                    {"$ref": "#/components/schemas/RetryInfo"},
                    {"$ref": "#/components/schemas/OtherDetail"},
                ]
            },
        },
    },
    "required": ["code", "message", "details"],
}


def _detail(name: str, description: str, properties: dict[str, Any]) -> dict[str, Any]:
    kind = {"type": "string", "const": f"type.googleapis.com/google.rpc.{name}"}
    return {
        "type": "object",
        "description": description,
        "properties": {"@type": kind, **properties},
        "required": ["@type", *properties],
    }


_TEXT = {"type": "string"}
_DETAILS = ("ErrorInfo", "BadRequest", "RetryInfo")
_STATUS_COMPONENTS = {
    "Status": _STATUS_SCHEMA,
    "ErrorInfo": _detail(
        "ErrorInfo",
        "The cause, for programs.",
        {
            "reason": {"type": "string", "description": "JOB_NOT_FOUND for example."},
            "domain": {"type": "string", "description": "The service that failed: `flowmesh.engine` for example."},
            "metadata": {"type": "object", "additionalProperties": {"type": "string"}},
        },
    ),
    "BadRequest": _detail(
        "BadRequest",
        "The fields that are to blame.",
        {
            "fieldViolations": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"field": _TEXT, "description": _TEXT},
                    "required": ["field", "description"],
                },
            }
        },
    ),
    "RetryInfo": _detail(
        "RetryInfo", "When to come back.", {"retryDelay": {"type": "string", "pattern": _DURATION_PATTERN}}
    ),
    "OtherDetail": {
        "type": "object",
        "properties": {
            "@type": {
                "type": "string",
                "not": {
                    "enum": [
                        f"type.googleapis.com/google.rpc.{name}" for name in ("ErrorInfo", "BadRequest", "RetryInfo")
                    ]
                },
            }
        },
        "required": ["@type"],
        "additionalProperties": True,
    },
}


def camel_case(name: str) -> str:
    """Return a field's name, or the last one of a field path, as JSON has it."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


@dataclass(frozen=True, slots=True)
class OwnedField:
    """A field together with the full name of its message."""

    owner: str
    proto: descriptor_pb2.FieldDescriptorProto

    @property
    def name(self) -> str:
        """The name in the proto file."""
        return self.proto.name

    @property
    def json_name(self) -> str:
        """The name in JSON."""
        return self.proto.json_name

    @property
    def type_name(self) -> str:
        """Full name of the message or enum, else empty."""
        return self.proto.type_name.lstrip(".")

    @property
    def repeated(self) -> bool:
        """A list or a map."""
        return self.proto.label == _Proto.LABEL_REPEATED

    @property
    def rules(self) -> validate_pb2.FieldRules:
        """The validation rules; empty ones where the contract has none."""
        extensions: Any = self.proto.options.Extensions
        rules: validate_pb2.FieldRules = extensions[validate_pb2.field]
        return rules


class Schemas:
    """Makes schemas and keeps those that were referred to."""

    def __init__(self, files: descriptor_pb2.FileDescriptorSet, comments: Comments, requests: Collection[str]) -> None:
        """`requests` are the messages that callers send: they and what is in them may hold no unknown field."""
        self._comments = comments
        self._messages: dict[str, descriptor_pb2.DescriptorProto] = {}
        self._enums: dict[str, descriptor_pb2.EnumDescriptorProto] = {}
        for file in files.file:
            for message in file.message_type:
                self._add_message(f"{file.package}.{message.name}", message)
            for enum in file.enum_type:
                self._enums[f"{file.package}.{enum.name}"] = enum
        self._packages = sorted({file.package for file in files.file}, key=len, reverse=True)
        self._components: dict[str, dict[str, Any]] = {}
        self._owners: dict[str, str] = {}
        self._closed: set[str] = set()
        waiting = list(requests)
        while waiting:
            name = waiting.pop()
            if name in self._messages and name not in self._closed:
                self._closed.add(name)
                waiting.extend(field.type_name for field in self.fields(name))

    def components(self) -> dict[str, dict[str, Any]]:
        """Return the schemas that were referred to, by name."""
        return dict(sorted({**self._components, **_STATUS_COMPONENTS}.items()))

    def fields(self, message: str) -> list[OwnedField]:
        """Return a message's fields in the order of the file."""
        return [OwnedField(message, field) for field in self._messages[message].field]

    def field(self, message: str, name: str) -> OwnedField:
        """Return a field by its name. Raises `ContractError` where the message has none such."""
        for field in self.fields(message):
            if field.name == name:
                return field
        raise ContractError(f"{message} has no field {name}")

    def reference(self, name: str) -> dict[str, Any]:
        """Return a reference to the schema of a message or enum, which is made where it is not yet."""
        if name == STATUS:
            return {"$ref": "#/components/schemas/Status"}
        package = next(package for package in self._packages if name.startswith(f"{package}."))
        component = name.removeprefix(f"{package}.")
        if component in _STATUS_COMPONENTS or self._owners.setdefault(component, name) != name:
            raise ContractError(f"two types are called {component}; one of them is {name}")
        if component not in self._components:
            # Stands before its making ends: messages may hold themselves.
            self._components[component] = {}
            schema = self._of_enum(name) if name in self._enums else self.of_message(name)
            self._components[component].update(schema)
        return {"$ref": f"#/components/schemas/{component}"}

    def of_message(self, name: str, without: Collection[str] = ()) -> dict[str, Any]:
        """Return the schema of a message, without some fields."""
        fields = [field for field in self.fields(name) if field.name not in without]
        schema: dict[str, Any] = {"type": "object"}
        choices = [
            f"At most one of {', '.join(f'`{field.json_name}`' for field in members)} is set."
            for index, oneof in enumerate(self._messages[name].oneof_decl)
            if (members := [f for f in fields if f.proto.HasField("oneof_index") and f.proto.oneof_index == index])
            and not members[0].proto.proto3_optional
        ]
        if description := " ".join(filter(None, (self._comments.of(name), *choices))):
            schema["description"] = description
        schema["properties"] = {field.json_name: self.of_field(field) for field in fields}
        if required := [field.json_name for field in fields if self.required(field)]:
            schema["required"] = required
        if name in self._closed:
            schema["additionalProperties"] = False
        return schema

    def of_field(self, field: OwnedField) -> dict[str, Any]:
        """Return the schema of a field with its comment and its rules."""
        rules = field.rules
        if entry := self._map_entry(field):
            key, value = (OwnedField(field.type_name, part) for part in entry.field)
            schema: dict[str, Any] = {
                "type": "object",
                "additionalProperties": {**self._of_one(value), **_limits(value, rules.map.values)},
                **_present(minProperties=_of(rules.map, "min_pairs"), maxProperties=_of(rules.map, "max_pairs")),
            }
            if names := _limits(key, rules.map.keys):
                schema["propertyNames"] = names
        elif field.repeated:
            schema = {
                "type": "array",
                "items": {**self._of_one(field), **_limits(field, rules.repeated.items)},
                **_present(minItems=_of(rules.repeated, "min_items"), maxItems=_of(rules.repeated, "max_items")),
            }
            if rules.repeated.unique:
                schema["uniqueItems"] = True
        else:
            schema = {**self._of_one(field), **_limits(field, rules)}
        description = self._comments.of(f"{field.owner}.{field.name}")
        if (bounds := _duration_bounds(rules)) and bounds.lower() not in description.lower():
            description = f"{description} {bounds}".strip()
        return {"description": description, **schema} if description else schema

    def required(self, field: OwnedField) -> bool:
        """Whether a request without the field is refused."""
        rules = field.rules
        # A member of a oneof can be left out, as an optional field can; its rules are for when it is there.
        optional = field.proto.proto3_optional or field.proto.HasField("oneof_index")
        if optional or rules.ignore == validate_pb2.IGNORE_IF_ZERO_VALUE:
            return bool(rules.required)
        return bool(
            rules.required
            or rules.string.min_len
            or rules.string.len
            or (rules.string.pattern and not re.search(rules.string.pattern, ""))
            or rules.bytes.min_len
            or rules.repeated.min_items
            or rules.map.min_pairs
        )

    def fits_query(self, field: OwnedField) -> bool:
        """Whether the field can be given as a query parameter: scalars, times and durations, and lists of them."""
        if field.proto.type != _Proto.TYPE_MESSAGE:
            return True
        return _WELL_KNOWN.get(field.type_name, {}).get("type") == "string" and field.type_name != HTTP_BODY

    def _add_message(self, name: str, message: descriptor_pb2.DescriptorProto) -> None:
        self._messages[name] = message
        for nested in message.nested_type:
            self._add_message(f"{name}.{nested.name}", nested)
        for enum in message.enum_type:
            self._enums[f"{name}.{enum.name}"] = enum

    def _map_entry(self, field: OwnedField) -> descriptor_pb2.DescriptorProto | None:
        message = self._messages.get(field.type_name)
        return message if message is not None and message.options.map_entry else None

    def _of_enum(self, name: str) -> dict[str, Any]:
        enum = self._enums[name]
        lines = [self._comments.of(name)] if self._comments.of(name) else []
        scope = name
        for value in enum.value:
            if text := self._comments.of(f"{scope}.{value.name}"):
                lines.append(f"- `{value.name}`: {text}")
        schema: dict[str, Any] = {"type": "string", "enum": [value.name for value in enum.value]}
        return {"description": "\n".join(lines), **schema} if lines else schema

    def _of_one(self, field: OwnedField) -> dict[str, Any]:
        """Return the schema of one value of the field's type, without rules."""
        kind = field.proto.type
        if kind in (_Proto.TYPE_MESSAGE, _Proto.TYPE_ENUM):
            known = _WELL_KNOWN.get(field.type_name)
            return dict(known) if known is not None else self.reference(field.type_name)
        if kind in _INTEGERS:
            return {"type": "integer", "format": _INTEGERS[kind]}
        if kind in _LONGS:
            return {"type": "string", "format": _LONGS[kind]}
        if kind in _NUMBERS:
            return {"type": "number", "format": _NUMBERS[kind]}
        if kind == _Proto.TYPE_BOOL:
            return {"type": "boolean"}
        if kind == _Proto.TYPE_BYTES:
            return {"type": "string", "contentEncoding": "base64"}
        return {"type": "string"}


def _limits(field: OwnedField, rules: validate_pb2.FieldRules) -> dict[str, Any]:
    """Return what JSON Schema can say of the rules of a single value."""
    kind = rules.WhichOneof("type")
    if kind is None or field.proto.type in _LONGS:
        return {}
    of = getattr(rules, kind)
    if kind == "string":
        exact = _of(of, "len")
        return _present(
            minLength=exact or _of(of, "min_len"),
            maxLength=exact or _of(of, "max_len"),
            pattern=_of(of, "pattern"),
            enum=list(getattr(of, "in")) or None,
            format=next((name for name in ("uuid", "email", "uri", "hostname") if _of(of, name)), None),
        )
    if kind == "bytes":
        longest = _of(of, "max_len")
        return _present(minLength=1 if of.min_len else None, maxLength=-(-longest // 3) * 4 if longest else None)
    if field.proto.type in _INTEGERS or field.proto.type in _NUMBERS:
        return _present(
            minimum=_of(of, "gte"),
            exclusiveMinimum=_of(of, "gt"),
            maximum=_of(of, "lte"),
            exclusiveMaximum=_of(of, "lt"),
            enum=list(getattr(of, "in")) or None,
        )
    return {}


def _duration_bounds(rules: validate_pb2.FieldRules) -> str:
    if rules.WhichOneof("type") != "duration":
        return ""
    words = {"gte": "at least", "gt": "more than", "lte": "at most", "lt": "less than"}
    given = {name: _seconds(getattr(rules.duration, name)) for name in words if rules.duration.HasField(name)}
    if given.get("gte") == 0:
        del given["gte"]
    bounds = [f"{words[name]} {seconds:.9f}".rstrip("0").rstrip(".") + " s" for name, seconds in given.items()]
    text = ", ".join(bounds)
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _seconds(duration: duration_pb2.Duration) -> float:
    return duration.seconds + duration.nanos / 1e9


def _of(rules: Any, name: str) -> Any:
    """Return a rule's value, None where it is not given."""
    return getattr(rules, name) if rules.HasField(name) else None


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
