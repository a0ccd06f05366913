"""The comments of the contracts, by full name, with field names as REST users write them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from google.protobuf import descriptor_pb2

# Field numbers of descriptor.proto, of which the paths of source info are made.
_MESSAGE, _ENUM, _SERVICE = 4, 5, 6
_FIELD, _NESTED_MESSAGE, _NESTED_ENUM = 2, 3, 4
_VALUE, _METHOD = 2, 2

_Path = tuple[int, ...]


class Comments:
    """Finds the comment of a message, field, enum, value, service or method."""

    def __init__(self, files: descriptor_pb2.FileDescriptorSet) -> None:
        self._texts: dict[str, str] = {}
        fields: dict[str, str] = {}
        for file in files.file:
            texts = {tuple(location.path): location for location in file.source_code_info.location}
            for name, path in _names(file):
                if location := texts.get(path):
                    text = location.leading_comments or location.trailing_comments
                    self._texts[name] = "\n".join(line.removeprefix(" ").rstrip() for line in text.splitlines()).strip()
            for message in file.message_type:
                fields.update((field.name, field.json_name) for field in _all_fields(message))
        for name, text in self._texts.items():
            # Metadata keys of errors stay as they are on the wire.
            if not name.startswith("flowmesh.errors."):
                self._texts[name] = re.sub(r"`(\w+)`", lambda match: f"`{fields.get(match[1], match[1])}`", text)

    def of(self, full_name: str) -> str:
        """Return the comment, empty where there is none."""
        return self._texts.get(full_name, "")


def _all_fields(message: descriptor_pb2.DescriptorProto) -> Iterator[descriptor_pb2.FieldDescriptorProto]:
    yield from message.field
    for nested in message.nested_type:
        yield from _all_fields(nested)


def _names(file: descriptor_pb2.FileDescriptorProto) -> Iterator[tuple[str, _Path]]:
    for index, message in enumerate(file.message_type):
        yield from _message_names(message, f"{file.package}.{message.name}", (_MESSAGE, index))
    for index, enum in enumerate(file.enum_type):
        yield from _enum_names(enum, f"{file.package}.{enum.name}", (_ENUM, index))
    for index, service in enumerate(file.service):
        name, path = f"{file.package}.{service.name}", (_SERVICE, index)
        yield name, path
        for number, method in enumerate(service.method):
            yield f"{name}.{method.name}", (*path, _METHOD, number)


def _message_names(message: descriptor_pb2.DescriptorProto, name: str, path: _Path) -> Iterator[tuple[str, _Path]]:
    yield name, path
    for index, field in enumerate(message.field):
        yield f"{name}.{field.name}", (*path, _FIELD, index)
    for index, nested in enumerate(message.nested_type):
        yield from _message_names(nested, f"{name}.{nested.name}", (*path, _NESTED_MESSAGE, index))
    for index, enum in enumerate(message.enum_type):
        yield from _enum_names(enum, f"{name}.{enum.name}", (*path, _NESTED_ENUM, index))


def _enum_names(enum: descriptor_pb2.EnumDescriptorProto, name: str, path: _Path) -> Iterator[tuple[str, _Path]]:
    yield name, path
    for index, value in enumerate(enum.value):
        yield f"{name}.{value.name}", (*path, _VALUE, index)
