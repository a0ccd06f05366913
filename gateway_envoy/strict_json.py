"""The strict check of REST requests: tables out of the contracts, over a fixed script.

Envoy's transcoder drops unknown body fields in silence and says little about wrong types. The script answers 400
with `ErrorInfo` and a `BadRequest` that names each field, before the transcoder sees the request. The values of
`google.protobuf.Value`, `Struct`, `ListValue` and `Any` are free, but must be JSON; a `google.api.HttpBody` is
not looked at.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2

from gateway_envoy.caching import cache_control, never_changes
from gateway_envoy.contract import HTTP_BODY, Contract, ContractError, Field, HttpRule, Method

SCRIPT = Path(__file__).with_suffix(".lua")

_Proto = descriptor_pb2.FieldDescriptorProto
_SCALARS: dict[int, str] = {
    _Proto.TYPE_STRING: "s",
    _Proto.TYPE_BYTES: "s",
    _Proto.TYPE_BOOL: "b",
    _Proto.TYPE_DOUBLE: "n",
    _Proto.TYPE_FLOAT: "n",
    _Proto.TYPE_INT32: "i",
    _Proto.TYPE_SINT32: "i",
    _Proto.TYPE_SFIXED32: "i",
    _Proto.TYPE_UINT32: "u",
    _Proto.TYPE_FIXED32: "u",
    _Proto.TYPE_INT64: "I",
    _Proto.TYPE_SINT64: "I",
    _Proto.TYPE_SFIXED64: "I",
    _Proto.TYPE_UINT64: "U",
    _Proto.TYPE_FIXED64: "U",
}
_WELL_KNOWN = {
    "google.protobuf.Value": "*",
    "google.protobuf.Any": "*",
    "google.protobuf.Struct": "O",
    "google.protobuf.ListValue": "L",
    "google.protobuf.Timestamp": "t",
    "google.protobuf.Duration": "d",
    "google.protobuf.FieldMask": "s",
    "google.protobuf.StringValue": "s",
    "google.protobuf.BytesValue": "s",
    "google.protobuf.BoolValue": "b",
    "google.protobuf.DoubleValue": "n",
    "google.protobuf.FloatValue": "n",
    "google.protobuf.Int32Value": "i",
    "google.protobuf.UInt32Value": "u",
    "google.protobuf.Int64Value": "I",
    "google.protobuf.UInt64Value": "U",
    HTTP_BODY: "*",
}


def lua_filter(contract: Contract, tag: str = '""') -> dict[str, Any]:
    """Return the HTTP filter that runs the check; `tag` is the entity tag of answers that never change."""
    return {
        "name": "envoy.filters.http.lua",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua",
            "default_source_code": {"inline_string": lua_source(contract, tag)},
        },
    }


def lua_source(contract: Contract, tag: str = '""') -> str:
    """Return the whole script: generated tables, then the walker."""
    messages = _reachable(contract)
    numbers = {name: index for index, name in enumerate(messages, start=1)}
    enums = sorted({field.type_name for name in messages for field in _leaves(contract.messages[name])})
    lines = [f"local TAG = {_quote(tag[1:-1])}", "local MESSAGES, ENUMS, VERBS = {}, {}, {}", "local LIST = {}"]
    enum_numbers = {name: index for index, name in enumerate(enums, start=1)}
    for name, index in enum_numbers.items():
        values = contract.enums[name]
        members = ",".join(f"[{_quote(value)}]=true" for value in values)
        lines.append(f"ENUMS[{index}] = {{{members},[LIST]={_quote(', '.join(values))}}}")
    for name, index in numbers.items():
        # A function of its own for each table: Lua limits the constants of one function.
        rows: list[str] = []
        pairs: list[str] = []
        for position, field in enumerate(contract.messages[name], start=1):
            rows.append(_field_row(field, numbers, enum_numbers))
            spellings = dict.fromkeys((field.json_name, field.name))
            pairs.extend(f"[{_quote(spelling)}]=f[{position}]" for spelling in spellings)
        body = f"local f = {{{','.join(rows)}}} return {{{','.join(pairs)}}}"
        lines.append(f"MESSAGES[{index}] = (function() {body} end)()")
    verbs = sorted({rule.template.verb for method in contract.methods for rule in method.rules} - {""})
    lines.append("VERBS = {" + ",".join(f"[{_quote(verb)}]=true" for verb in verbs) + "}")
    lines.append("local ROUTES = " + _lua_node(_route_tree(contract, numbers)))
    return "\n".join(lines) + "\n" + SCRIPT.read_text("utf-8")


def _reachable(contract: Contract) -> list[str]:
    """Return the request messages and every message in them that the walker has to look into."""
    found: dict[str, None] = {}
    waiting = sorted({method.input_type for method in contract.methods}, reverse=True)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found[name] = None
        for field in contract.messages[name]:
            inner = field.value or field
            if inner.kind == _Proto.TYPE_MESSAGE and inner.type_name not in _WELL_KNOWN:
                waiting.append(inner.type_name)
    return list(found)


def _leaves(fields: list[Field]) -> list[Field]:
    inner = [field.value or field for field in fields]
    return [field for field in inner if field.kind == _Proto.TYPE_ENUM]


def _field_row(field: Field, messages: dict[str, int], enums: dict[str, int]) -> str:
    """Return `{name, kind, shape, detail}`; shape 0 is one value, 1 a list, 2 a map."""
    shape = 2 if field.value else 1 if field.repeated else 0
    inner = field.value or field
    if inner.kind == _Proto.TYPE_ENUM:
        kind, detail = "e", f",ENUMS[{enums[inner.type_name]}]"
    elif inner.kind == _Proto.TYPE_MESSAGE:
        known = _WELL_KNOWN.get(inner.type_name)
        kind, detail = (known, "") if known else ("o", f",{messages[inner.type_name]}")
    elif inner.kind in _SCALARS:
        kind, detail = _SCALARS[inner.kind], ""
    else:
        raise ContractError(f"{field.name}: groups are not supported")
    return f"{{{_quote(field.name)},{_quote(kind)},{shape}{detail}}}"


class _Node:
    """A step of the paths: what ends here, by HTTP verb, and what goes on, by literal or by variable."""

    def __init__(self) -> None:
        self.ends: dict[str, str] = {}
        self.literals: dict[str, _Node] = {}
        self.variable: _Node | None = None


def _route_tree(contract: Contract, numbers: dict[str, int]) -> _Node:
    root = _Node()
    for method in contract.methods:
        for rule in method.rules:
            node = root
            for segment in rule.template.segments:
                if segment is None:
                    node.variable = node.variable or _Node()
                    node = node.variable
                else:
                    node = node.literals.setdefault(segment, _Node())
            verb = rule.template.verb
            node.ends[f"{rule.verb}:{verb}" if verb else rule.verb] = _rule_table(contract, method, rule, numbers)
    return root


def _rule_table(contract: Contract, method: Method, rule: HttpRule, numbers: dict[str, int]) -> str:
    parts = [f"query={numbers[method.input_type]}"]
    if method.server_streaming:
        parts.append("stream=true")
    if (control := cache_control(method)) and rule.verb == "GET":
        parts.append(f"keep={_quote(control)}")
        if never_changes(method):
            parts.append("tagged=true")
    if rule.template.variables:
        bound = ",".join(f"[{_quote(name)}]=true" for name in rule.template.variables)
        parts.append(f"bound={{{bound}}}")
    if rule.body:
        parts.append(f"body_field={_quote(rule.body)}")
        target = method.input_type
        if rule.body != "*":
            fields = {field.name: field for field in contract.messages[method.input_type]}
            target = fields[rule.body].type_name
        if target == HTTP_BODY:
            parts.append("raw=true")
        elif target in numbers:
            parts.append(f"body={numbers[target]}")
        else:
            raise ContractError(f"{method.name}: a body must be a message of its own or HttpBody")
    return "{" + ",".join(parts) + "}"


def _lua_node(node: _Node) -> str:
    ends = ",".join(f"[{_quote(verb)}]={table}" for verb, table in sorted(node.ends.items()))
    literals = ",".join(f"[{_quote(name)}]={_lua_node(child)}" for name, child in sorted(node.literals.items()))
    variable = _lua_node(node.variable) if node.variable else "false"
    return f"{{{{{ends}}},{{{literals}}},{variable}}}"


def _quote(value: str) -> str:
    if not value.isascii() or not value.isprintable() or '"' in value or "\\" in value:
        raise ContractError(f"{value!r} cannot be a name")
    return f'"{value}"'
