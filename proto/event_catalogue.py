"""The catalogue of events, out of the contracts: for people `docs/events.md`, for programs their types by payload.

    python -m proto.event_catalogue DESCRIPTORS TYPES [PAGE]

`DESCRIPTORS` is a serialized `FileDescriptorSet` with source info, `TYPES` the Python module to write, `PAGE` the page.
The type of an event stands first in the comment of its message.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from google.protobuf import descriptor_pb2

from gateway_envoy.comments import Comments
from mesh.bus.topics import topic_of_type

PACKAGE = "flowmesh.events.v1"
FIRST_PAYLOAD_FIELD = 100
_TYPE = re.compile(r"`([a-z]+(?:\.[a-z_]+){2}\.v[0-9]+)`[:.]?\s*")
_KEYS = {
    "identity": "the id of the user, service account, group or role",
    "deployment": "`tenant:` with the id of the tenant behind it",
    "audit": "the id of what was changed, of a refusal that of the caller",
    "workflow.deployment": "the deployment's id",
    "workflow.definition": "the process definition's id",
}
"""What the key of the messages of a domain, or of an entity of it, is, where it is not the process instance's id."""
_HEAD = """\
# Events

What the services tell each other and whoever else listens. Generated from the contracts in
[`proto/flowmesh/events/v1`](../proto/flowmesh/events/v1) by `make gen`; do not edit.

Every message on the bus is one `{envelope}`. Its key is `biz_id`: events with the same key stay in order, and come at
least once; `event_id` tells those that come again. The headers have the attributes of CloudEvents 1.0 in binary mode
(`ce_specversion`, `ce_id`, `ce_type`, `ce_source`, `ce_time`, `content-type: application/protobuf`), `traceparent` and
`correlation-id`. What a consumer could not deal with lies in the topic's dead-letter topic, `<topic>.dlq`.

With `FLOWMESH_EVENT_TOPICS=type` or `both`, events go to a topic for each type, named like the type; see
[operations](operations.md#one-topic-for-each-type-of-event).
"""


class CatalogueError(Exception):
    """The contracts do not say what the catalogue needs."""


@dataclass(slots=True, frozen=True)
class Event:
    """An event: type, the field of the envelope that has its payload, the payload's message, what it tells."""

    event_type: str
    payload: str
    message: descriptor_pb2.DescriptorProto
    about: str


def read_events(files: descriptor_pb2.FileDescriptorSet) -> list[Event]:
    """Return the events of the envelope, in its order. Raises `CatalogueError`."""
    messages = _messages(files)
    comments = Comments(files)
    events = []
    for field in messages["EventEnvelope"].field:
        if field.number < FIRST_PAYLOAD_FIELD:
            continue
        name = field.type_name.rpartition(".")[2]
        about = comments.of(f"{PACKAGE}.{name}")
        found = _TYPE.match(about)
        if found is None:
            raise CatalogueError(f"the comment of {name} does not begin with the type of the event")
        events.append(Event(found[1], field.name, messages[name], about[found.end() :]))
    types = [event.event_type for event in events]
    if twice := {kind for kind in types if types.count(kind) > 1}:
        raise CatalogueError(f"two events are of the type {min(twice)}")
    return events


def types_module(events: Sequence[Event]) -> str:
    """Return the Python module with the events' types."""
    rows = "".join(f'    "{event.payload}": "{event.event_type}",\n' for event in events)
    return (
        '"""The type of each event by the field of `EventEnvelope` that has its payload. Generated."""\n\n'
        f"EVENT_TYPES: dict[str, str] = {{\n{rows}}}\n"
    )


def page(files: descriptor_pb2.FileDescriptorSet) -> str:
    """Return the page of all events. Raises `CatalogueError`."""
    messages, comments = _messages(files), Comments(files)
    events = read_events(files)
    lines = [_HEAD.format(envelope="EventEnvelope")]
    lines += ["| type | topic | payload |", "| --- | --- | --- |"]
    for event in events:
        anchor = re.sub(r"[^a-z0-9_]", "", event.event_type)
        lines.append(
            f"| [`{event.event_type}`](#{anchor}) | `{topic_of_type(event.event_type)}` | `{event.message.name}` |"
        )
    lines += ["", "## EventEnvelope", ""]
    lines += _fields("EventEnvelope", messages["EventEnvelope"], comments, below=FIRST_PAYLOAD_FIELD)
    for event in events:
        lines += ["", f"## {event.event_type}", ""]
        if event.about:
            lines += [_text(event.about)[0].upper() + _text(event.about)[1:], ""]
        lines += [
            f"Topic `{topic_of_type(event.event_type)}`, key: {_key_of(event)}, payload `{event.payload}`.",
            "",
        ]
        lines += _fields(event.message.name, event.message, comments)
    payloads = {event.message.name for event in events}
    for name, message in messages.items():
        if name not in payloads and name != "EventEnvelope":
            lines += ["", f"## {name}", ""]
            if about := comments.of(f"{PACKAGE}.{name}"):
                lines += [_text(about), ""]
            lines += _fields(name, message, comments)
    return "\n".join(lines) + "\n"


def _key_of(event: Event) -> str:
    domain, entity = event.event_type.split(".")[:2]
    return _KEYS.get(f"{domain}.{entity}") or _KEYS.get(domain, "the process instance's id")


def _messages(files: descriptor_pb2.FileDescriptorSet) -> Mapping[str, descriptor_pb2.DescriptorProto]:
    return {message.name: message for file in files.file if file.package == PACKAGE for message in file.message_type}


def _fields(
    name: str, message: descriptor_pb2.DescriptorProto, comments: Comments, below: int = 1 << 30
) -> Iterator[str]:
    yield "| field | type | |"
    yield "| --- | --- | --- |"
    entries = {nested.name: nested for nested in message.nested_type if nested.options.map_entry}
    for field in message.field:
        if field.number < below:
            about = _text(comments.of(f"{PACKAGE}.{name}.{field.name}")).replace("|", "\\|")
            yield f"| `{field.name}` | {_type(field, entries)} | {about} |"


def _type(field: descriptor_pb2.FieldDescriptorProto, entries: Mapping[str, descriptor_pb2.DescriptorProto]) -> str:
    if field.type not in (field.TYPE_MESSAGE, field.TYPE_ENUM):
        kind = descriptor_pb2.FieldDescriptorProto.Type.Name(field.type).removeprefix("TYPE_").lower()
    else:
        kind = field.type_name.rpartition(".")[2]
        if (entry := entries.get(kind)) is not None:
            key, value = entry.field
            return f"map of {_type(key, {})} to {_type(value, {})}"
    return f"list of {kind}" if field.label == field.LABEL_REPEATED else kind


def _text(comment: str) -> str:
    return " ".join(comment.split())


def main(arguments: Sequence[str]) -> None:
    """Run the command line."""
    descriptors, types, *pages = map(Path, arguments)
    files = descriptor_pb2.FileDescriptorSet.FromString(descriptors.read_bytes())
    for file in files.file:
        for message in file.message_type:
            for field in message.field:
                # In comments fields are called as REST calls them; here they are Protobuf's.
                field.json_name = field.name
    types.write_text(types_module(read_events(files)), encoding="utf-8")
    for path in pages:
        path.write_text(page(files), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
