"""What the gateway needs to know of the contracts, read from a serialized descriptor set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from flowmesh.auth.v1 import permission_pb2
from google.api import annotations_pb2
from google.protobuf import descriptor_pb2

_Field = descriptor_pb2.FieldDescriptorProto
# Its generated type says less than it is.
_METHOD_PERMISSION: Any = permission_pb2.method_permission

HTTP_BODY = "google.api.HttpBody"


class ContractError(ValueError):
    """The contracts use something that the gateway cannot carry."""


@dataclass(frozen=True, slots=True)
class PathTemplate:
    """A path of `google.api.http`: `/v1/jobs/{id}:complete` has two literals, a variable and a verb.

    A segment is a literal, or `None` for a variable; `variables` are the variables' field paths in order.
    """

    segments: tuple[str | None, ...]
    variables: tuple[str, ...]
    verb: str

    @classmethod
    def parse(cls, text: str) -> PathTemplate:
        """Read a template. Raises `ContractError` for wildcards that span segments."""
        head, slash, last = text.rpartition("/")
        verb = ""
        if ":" in last.rpartition("}")[2]:
            last, _, verb = last.rpartition(":")
        segments: list[str | None] = []
        variables: list[str] = []
        for segment in f"{head}{slash}{last}".lstrip("/").split("/"):
            if segment.startswith("{") and segment.endswith("}"):
                name, _, pattern = segment[1:-1].partition("=")
                if pattern not in ("", "*"):
                    raise ContractError(f"{text}: variables that span segments are not supported")
                segments.append(None)
                variables.append(name)
            elif "{" in segment or "*" in segment:
                raise ContractError(f"{text}: only whole segments may be variables")
            else:
                segments.append(segment)
        return cls(tuple(segments), tuple(variables), verb)


@dataclass(frozen=True, slots=True)
class HttpRule:
    """One way to call a method by HTTP. `body` is `*`, a field's name, or empty for none."""

    verb: str
    path: str
    body: str
    response_body: str

    @property
    def template(self) -> PathTemplate:
        """The path, taken apart."""
        return PathTemplate.parse(self.path)


@dataclass(frozen=True, slots=True)
class Method:
    """An RPC that has HTTP rules."""

    package: str
    service: str
    """Full name."""
    name: str
    rules: tuple[HttpRule, ...]
    input_type: str
    output_type: str
    client_streaming: bool
    server_streaming: bool
    public: bool
    """It may be called without credentials."""
    permission: str
    """What its caller needs; empty for a public method, and where being signed in is enough."""

    @property
    def grpc_path(self) -> str:
        """The `:path` of a gRPC call."""
        return f"/{self.service}/{self.name}"

    @property
    def idempotent(self) -> bool:
        """A retry cannot change more than the first attempt: the method is offered as GET and answers once."""
        return not self.server_streaming and any(rule.verb == "GET" for rule in self.rules)


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a message. `type_name` is the full name of a message or enum, else empty."""

    name: str
    json_name: str
    kind: int
    """`FieldDescriptorProto.Type`."""
    type_name: str
    repeated: bool
    key: Field | None = None
    """Set for maps together with `value`."""
    value: Field | None = None


@dataclass(slots=True)
class Contract:
    """The methods with HTTP rules and every message and enum, by full name."""

    methods: list[Method] = field(default_factory=list)
    messages: dict[str, list[Field]] = field(default_factory=dict)
    enums: dict[str, list[str]] = field(default_factory=dict)

    @property
    def services(self) -> list[str]:
        """Full names of the services that have HTTP rules, sorted."""
        return sorted({method.service for method in self.methods})

    @property
    def packages(self) -> list[str]:
        """Packages of those services, sorted."""
        return sorted({method.package for method in self.methods})

    def waits_for_work(self, method: Method) -> bool:
        """Whether the caller says by `request_timeout` how long a unary call may wait (a long poll)."""
        names = {field.name for field in self.messages[method.input_type]}
        return not method.server_streaming and "request_timeout" in names


def read_contract(descriptor_set: bytes) -> Contract:
    """Read a serialized `FileDescriptorSet` that holds every import.

    Raises `google.protobuf.message.DecodeError` where it is none and `ContractError` for HTTP rules that the
    gateway cannot carry.
    """
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptor_set)
    contract = Contract()
    for file in files.file:
        for message in file.message_type:
            _read_message(contract, f"{file.package}.{message.name}", message)
        for enum in file.enum_type:
            contract.enums[f"{file.package}.{enum.name}"] = [value.name for value in enum.value]
        for service in file.service:
            for method in service.method:
                rules = tuple(_http_rules(method))
                permission = method.options.Extensions[_METHOD_PERMISSION]
                if rules and permission.mesh:
                    raise ContractError(f"{method.name} is for the mesh alone and must not have an HTTP rule")
                if rules:
                    contract.methods.append(
                        Method(
                            package=file.package,
                            service=f"{file.package}.{service.name}",
                            name=method.name,
                            rules=rules,
                            input_type=method.input_type.lstrip("."),
                            output_type=method.output_type.lstrip("."),
                            client_streaming=method.client_streaming,
                            server_streaming=method.server_streaming,
                            public=permission.public,
                            permission=permission.permission,
                        )
                    )
    return contract


def _read_message(contract: Contract, name: str, message: descriptor_pb2.DescriptorProto) -> None:
    for nested in message.nested_type:
        _read_message(contract, f"{name}.{nested.name}", nested)
    for enum in message.enum_type:
        contract.enums[f"{name}.{enum.name}"] = [value.name for value in enum.value]
    entries = {f"{name}.{n.name}": n for n in message.nested_type if n.options.map_entry}
    fields: list[Field] = []
    for proto in message.field:
        plain = _plain_field(proto)
        entry = entries.get(plain.type_name)
        if entry is None:
            fields.append(plain)
        else:
            key, value = (_plain_field(part) for part in entry.field)
            fields.append(
                Field(plain.name, plain.json_name, plain.kind, plain.type_name, repeated=False, key=key, value=value)
            )
    contract.messages[name] = fields


def _plain_field(proto: descriptor_pb2.FieldDescriptorProto) -> Field:
    return Field(
        name=proto.name,
        json_name=proto.json_name,
        kind=proto.type,
        type_name=proto.type_name.lstrip("."),
        repeated=proto.label == _Field.LABEL_REPEATED,
    )


def _http_rules(method: descriptor_pb2.MethodDescriptorProto) -> Iterator[HttpRule]:
    if not method.options.HasExtension(annotations_pb2.http):
        return
    first = method.options.Extensions[annotations_pb2.http]
    for rule in (first, *first.additional_bindings):
        verb = rule.WhichOneof("pattern")
        if verb is None or verb == "custom":
            raise ContractError(f"{method.name}: only get, put, post, delete and patch are supported")
        yield HttpRule(verb.upper(), getattr(rule, verb), rule.body, rule.response_body)
