"""`flowmesh deploy`."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from flowmesh.engine.v1 import deployment_pb2, deployment_service_pb2

from launcher.client.connection import Connection, new_request_id
from launcher.client.failure import CommandFailed
from launcher.client.output import Output, to_json

_FORM = ".form"
_MANY = 5
"""From this number of files on progress is shown."""


def deploy(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Deploy each file by itself, all that can be; raises CommandFailed after the last where one could not.

    With the name of a bundle: all of them together.
    """
    if arguments.bundle:
        response = _deploy(connection, arguments.bundle, arguments.files, arguments)
        output.message(response, "\n".join([*_told(response), *_told_forms(response)]))
        return
    deployed: list[object] = []
    failures: list[str] = []
    with _progress(len(arguments.files), output) as advance:
        for path in arguments.files:
            try:
                response = _deploy(connection, path.name, [path], arguments)
            except CommandFailed as failure:
                failures.append(f"{path}: {failure}")
                if len(arguments.files) == 1:
                    raise
            else:
                deployed.append(to_json(response))
                for line in (*_told(response), *_told_forms(response)):
                    output.say(line)
            advance(path.name)
    if output.as_json:
        output.json(deployed)
    if failures:
        raise CommandFailed("\n".join([*failures, f"{len(failures)} of {len(arguments.files)} files failed."]))


def _deploy(
    connection: Connection, name: str, paths: Sequence[Path], arguments: Namespace
) -> deployment_service_pb2.CreateDeploymentResponse:
    resources = []
    for path in paths:
        try:
            resources.append(deployment_pb2.Resource(name=path.name, content=path.read_bytes()))
        except OSError as error:
            raise CommandFailed(f"{path} cannot be read: {error.strerror}.") from None
    request = deployment_service_pb2.CreateDeploymentRequest(
        request_id=new_request_id(),
        name=name,
        tenant_id=arguments.tenant,
        resources=resources,
        force=arguments.force,
    )
    return connection.call(connection.deployments.CreateDeployment, request)


def _told(response: deployment_service_pb2.CreateDeploymentResponse) -> Iterator[str]:
    for definition in response.deployment.process_definitions:
        already = " (unchanged)" if response.duplicate else ""
        yield f"{definition.key} version {definition.version} is deployed{already}."
    for warning in response.warnings:
        place = f"{warning.resource_name}:{warning.line}:{warning.column}" if warning.line else warning.resource_name
        yield f"  warning {warning.rule} at {place}: {warning.message}"


def _told_forms(response: deployment_service_pb2.CreateDeploymentResponse) -> Iterator[str]:
    for name in response.deployment.resource_names:
        if name.lower().endswith(_FORM):
            yield f"{name} is deployed{' (unchanged)' if response.duplicate else ''}."


class _Advance(Protocol):
    def __call__(self, name: str) -> None:
        """Say that a file is done."""


@contextmanager
def _progress(total: int, output: Output) -> Iterator[_Advance]:
    if total < _MANY or output.as_json or not sys.stderr.isatty():
        yield lambda name: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("Deploying", total=total)
        yield lambda name: progress.update(task, advance=1, description=f"Deploying {name}")
