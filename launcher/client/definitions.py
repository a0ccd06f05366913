"""`flowmesh definitions`."""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from pathlib import Path

from flowmesh.engine.v1 import process_definition_pb2, process_definition_service_pb2

from launcher.client.connection import Connection, new_request_id
from launcher.client.failure import CommandFailed
from launcher.client.output import Output, moment

LONG_SECONDS = 600.0
"""For calls that work through all instances of a definition."""

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def list_definitions(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List definitions, newest first."""
    request = process_definition_service_pb2.ListProcessDefinitionsRequest(
        key=arguments.key,
        latest_only=arguments.latest,
        version_tag=arguments.version_tag,
        tenant_id=arguments.tenant,
        suspended=True if arguments.suspended else None,
    )
    found = connection.pages(
        connection.definitions.ListProcessDefinitions,
        request,
        lambda page: page.process_definitions,
        arguments.limit,
    )
    columns = {
        "id": lambda definition: definition.id,
        "process": lambda definition: f"{definition.key} v{definition.version}",
        "name": lambda definition: definition.name,
        "tag": lambda definition: definition.version_tag,
        "state": _state,
        "deployed": lambda definition: moment(definition.create_time),
        "deployment": lambda definition: definition.deployment_id,
    }
    output.messages(found, columns, "There are no process definitions.")


def suspend(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Let nobody start a definition."""
    request = process_definition_service_pb2.SuspendProcessDefinitionRequest(
        request_id=new_request_id(), id=find_definition(connection, arguments), include_instances=arguments.instances
    )
    answer = connection.call(connection.definitions.SuspendProcessDefinition, request, LONG_SECONDS)
    paused = f", {_instances(answer.instance_count)} paused" if arguments.instances else ""
    output.message(answer, f"{_title(answer.process_definition)} is suspended{paused}.")


def resume(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Let a definition be started again."""
    request = process_definition_service_pb2.ResumeProcessDefinitionRequest(
        request_id=new_request_id(), id=find_definition(connection, arguments), include_instances=arguments.instances
    )
    answer = connection.call(connection.definitions.ResumeProcessDefinition, request, LONG_SECONDS)
    resumed = f", {_instances(answer.instance_count)} resumed" if arguments.instances else ""
    output.message(answer, f"{_title(answer.process_definition)} can be started{resumed}.")


def xml(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Write a definition's file, byte for byte."""
    request = process_definition_service_pb2.GetProcessDefinitionXmlRequest(id=find_definition(connection, arguments))
    _write(connection.call(connection.definitions.GetProcessDefinitionXml, request).data, arguments.out, output)


def diagram(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Write a definition's picture."""
    request = process_definition_service_pb2.GetProcessDefinitionDiagramRequest(
        id=find_definition(connection, arguments), highlight=arguments.highlight
    )
    _write(connection.call(connection.definitions.GetProcessDefinitionDiagram, request).data, arguments.out, output)


def find_definition(connection: Connection, arguments: Namespace) -> str:
    """Return the id of a definition that is named by its id, by KEY or by KEY:VERSION."""
    named: str = arguments.definition
    if _ID.fullmatch(named):
        return named
    key, colon, version = named.rpartition(":")
    by_version = bool(colon) and version.isdecimal() and 0 < int(version) < 2**31
    request = process_definition_service_pb2.ListProcessDefinitionsRequest(
        page_size=2,
        key=key if by_version else named,
        version=int(version) if by_version else 0,
        latest_only=not by_version,
        tenant_id=arguments.tenant,
    )
    found = connection.call(connection.definitions.ListProcessDefinitions, request).process_definitions
    if not found:
        raise CommandFailed(f"There is no process definition {named}; flowmesh definitions list shows them.")
    if len(found) > 1:
        raise CommandFailed(f"Several tenants have a process {named}; say which one by --tenant, or give an id.")
    return found[0].id


def _write(content: bytes, path: Path | None, output: Output) -> None:
    if path is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    try:
        path.write_bytes(content)
    except OSError as error:
        raise CommandFailed(f"{path} cannot be written: {error.strerror}.") from None
    if output.as_json:
        output.json({"file": str(path), "bytes": len(content)})
    else:
        output.say(f"{path} has {len(content)} bytes.")


def _title(definition: process_definition_pb2.ProcessDefinition) -> str:
    return f"{definition.key} version {definition.version}"


def _state(definition: process_definition_pb2.ProcessDefinition) -> str:
    state = "suspended" if definition.suspended else "active"
    return f"{state}, newest" if definition.latest else state


def _instances(count: int) -> str:
    return f"{count} instance{'' if count == 1 else 's'}"
