"""The connection of a command to the mesh, and failed calls as lines for people."""

from __future__ import annotations

import uuid
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import grpc
from flowmesh.engine.v1 import (
    batch_service_pb2_grpc,
    clock_service_pb2_grpc,
    comment_service_pb2_grpc,
    deployment_service_pb2_grpc,
    explanation_service_pb2_grpc,
    incident_service_pb2_grpc,
    job_service_pb2_grpc,
    migration_service_pb2_grpc,
    process_definition_service_pb2_grpc,
    process_instance_service_pb2_grpc,
    user_task_service_pb2_grpc,
)
from flowmesh.history.v1 import history_service_pb2_grpc
from flowmesh.monitoring.v1 import consumer_group_service_pb2_grpc, dead_letter_service_pb2_grpc, topic_service_pb2_grpc
from google.rpc import error_details_pb2

from launcher.client.calls import CALL_SECONDS, Call, Calls, Request, Response
from launcher.client.failure import CommandFailed, Unreachable
from mesh.status import status_of

_MAX_MESSAGE_BYTES = 64 << 20
_PORTS = {"http": 80, "https": 443}


class Connection(Calls):
    """A channel to the gateway with a stub for each service. Use it in a `with` block."""

    def __init__(self, url: str, ca: Path | None = None) -> None:
        """`url`: `http://host:port` or `https://host:port`; `ca`: PEM file of the authority to trust instead of gRPC's.

        Raises CommandFailed for another URL, or a file that cannot be read.
        """
        self.url = url
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme not in _PORTS or not parts.hostname or parts.path not in ("", "/"):
            raise CommandFailed(f"--url must read http://HOST:PORT or https://HOST:PORT, not {url}")
        try:
            port = parts.port or _PORTS[parts.scheme]
        except ValueError:
            raise CommandFailed(f"--url has no usable port: {url}") from None
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        options = [("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES), ("grpc.enable_http_proxy", 0)]
        if parts.scheme == "https":
            self._channel = grpc.secure_channel(f"{host}:{port}", grpc.ssl_channel_credentials(_trusted(ca)), options)
        else:
            self._channel = grpc.insecure_channel(f"{host}:{port}", options)
        self.deployments = deployment_service_pb2_grpc.DeploymentServiceStub(self._channel)
        self.definitions = process_definition_service_pb2_grpc.ProcessDefinitionServiceStub(self._channel)
        self.instances = process_instance_service_pb2_grpc.ProcessInstanceServiceStub(self._channel)
        self.tasks = user_task_service_pb2_grpc.UserTaskServiceStub(self._channel)
        self.comments = comment_service_pb2_grpc.CommentServiceStub(self._channel)
        self.jobs = job_service_pb2_grpc.JobServiceStub(self._channel)
        self.explanations = explanation_service_pb2_grpc.ExplanationServiceStub(self._channel)
        self.incidents = incident_service_pb2_grpc.IncidentServiceStub(self._channel)
        self.migrations = migration_service_pb2_grpc.MigrationServiceStub(self._channel)
        self.batches = batch_service_pb2_grpc.BatchServiceStub(self._channel)
        self.clocks = clock_service_pb2_grpc.ClockServiceStub(self._channel)
        self.history = history_service_pb2_grpc.HistoryServiceStub(self._channel)
        self.topics = topic_service_pb2_grpc.TopicServiceStub(self._channel)
        self.groups = consumer_group_service_pb2_grpc.ConsumerGroupServiceStub(self._channel)
        self.dead_letters = dead_letter_service_pb2_grpc.DeadLetterServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._channel.close()

    def call(self, method: Call[Request, Response], request: Request, seconds: float = CALL_SECONDS) -> Response:
        """See `Calls.call`."""
        try:
            return method(request, timeout=seconds)
        except grpc.RpcError as error:
            raise self._failure(error) from error

    def _failure(self, error: grpc.RpcError) -> CommandFailed:
        status = status_of(error)
        info, bad_request = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
        for detail in status.details:
            if not detail.Unpack(info):
                detail.Unpack(bad_request)
        if status.code == grpc.StatusCode.UNAVAILABLE.value[0] and not info.reason:
            return Unreachable(
                f"Nothing answers at {self.url}: start the mesh (flowmesh up), or name another one by --url."
            )
        # The gateway answers for a service that is down or starting again.
        lines = [f"{status.message or 'The call failed.'}" + (f" ({info.reason})" if info.reason else "")]
        lines += [f"  {violation.field}: {violation.description}" for violation in bad_request.field_violations]
        if omitted := info.metadata.get("violations_omitted"):
            lines.append(f"  and {omitted} more")
        kind = Unreachable if status.code == grpc.StatusCode.UNAVAILABLE.value[0] else CommandFailed
        return kind("\n".join(lines), info.reason)


def _trusted(ca: Path | None) -> bytes | None:
    try:
        return None if ca is None else ca.read_bytes()
    except OSError as error:
        raise CommandFailed(f"--ca {ca} cannot be read: {error.strerror}") from None


def new_request_id() -> str:
    """Return a request id for a call that changes something."""
    return str(uuid.uuid4())
