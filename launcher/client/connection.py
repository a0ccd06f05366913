"""The connection of a command to the mesh, and failed calls as lines for people."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

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
    saga_service_pb2_grpc,
    user_task_service_pb2_grpc,
)
from flowmesh.form.v1 import (
    form_definition_service_pb2_grpc,
    form_file_service_pb2_grpc,
    start_form_service_pb2_grpc,
    submission_service_pb2_grpc,
    task_form_service_pb2_grpc,
)
from flowmesh.history.v1 import (
    archive_service_pb2_grpc,
    audit_service_pb2_grpc,
    history_service_pb2_grpc,
    rebuild_service_pb2_grpc,
    retention_service_pb2_grpc,
    search_index_service_pb2_grpc,
    statistics_service_pb2_grpc,
)
from flowmesh.identity.v1 import (
    access_service_pb2_grpc,
    credential_service_pb2_grpc,
    group_service_pb2_grpc,
    role_assignment_service_pb2_grpc,
    role_service_pb2_grpc,
    service_account_service_pb2_grpc,
    session_service_pb2,
    session_service_pb2_grpc,
    tenant_service_pb2_grpc,
    user_service_pb2_grpc,
)
from flowmesh.monitoring.v1 import consumer_group_service_pb2_grpc, dead_letter_service_pb2_grpc, topic_service_pb2_grpc
from flowmesh.notification.v1 import clock_service_pb2_grpc as notification_clock_pb2_grpc
from flowmesh.notification.v1 import (
    delivery_service_pb2_grpc,
    notification_service_pb2_grpc,
    webhook_service_pb2_grpc,
)
from google.rpc import error_details_pb2

from launcher.client.calls import CALL_SECONDS, Call, Calls, Item, Request, Response
from launcher.client.credentials import Credentials
from launcher.client.failure import CommandFailed, NotSignedIn, Unreachable
from launcher.client.gateway_url import GatewayUrl
from launcher.client.signing import Nobody, Signing
from mesh.status import status_of

_MAX_MESSAGE_BYTES = 64 << 20


class Connection(Calls):
    """A channel to the gateway with a stub for each service. Use it in a `with` block."""

    def __init__(self, url: GatewayUrl, signing: Signing | None = None) -> None:
        """Calls are made as `signing` says, as nobody without it. Raises CommandFailed for a wrong file."""
        self.gateway = url
        self.url = url.text
        self.signing = signing or Nobody(url.text)
        options = [("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES), ("grpc.enable_http_proxy", 0)]
        if url.secure:
            self._channel = grpc.secure_channel(url.target, grpc.ssl_channel_credentials(_trusted(url.ca)), options)
        else:
            self._channel = grpc.insecure_channel(url.target, options)
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
        self.sagas = saga_service_pb2_grpc.SagaServiceStub(self._channel)
        self.clocks = clock_service_pb2_grpc.ClockServiceStub(self._channel)
        self.forms = form_definition_service_pb2_grpc.FormDefinitionServiceStub(self._channel)
        self.task_forms = task_form_service_pb2_grpc.TaskFormServiceStub(self._channel)
        self.start_forms = start_form_service_pb2_grpc.StartFormServiceStub(self._channel)
        self.form_files = form_file_service_pb2_grpc.FormFileServiceStub(self._channel)
        self.submissions = submission_service_pb2_grpc.SubmissionServiceStub(self._channel)
        self.history = history_service_pb2_grpc.HistoryServiceStub(self._channel)
        self.notifications = notification_service_pb2_grpc.NotificationServiceStub(self._channel)
        self.webhooks = webhook_service_pb2_grpc.WebhookServiceStub(self._channel)
        self.notification_clock = notification_clock_pb2_grpc.NotificationClockServiceStub(self._channel)
        self.deliveries = delivery_service_pb2_grpc.DeliveryServiceStub(self._channel)
        self.audit = audit_service_pb2_grpc.AuditServiceStub(self._channel)
        self.rebuilds = rebuild_service_pb2_grpc.RebuildServiceStub(self._channel)
        self.search_indexes = search_index_service_pb2_grpc.SearchIndexServiceStub(self._channel)
        self.statistics = statistics_service_pb2_grpc.StatisticsServiceStub(self._channel)
        self.retention = retention_service_pb2_grpc.RetentionServiceStub(self._channel)
        self.archives = archive_service_pb2_grpc.ArchiveServiceStub(self._channel)
        self.topics = topic_service_pb2_grpc.TopicServiceStub(self._channel)
        self.consumer_groups = consumer_group_service_pb2_grpc.ConsumerGroupServiceStub(self._channel)
        self.dead_letters = dead_letter_service_pb2_grpc.DeadLetterServiceStub(self._channel)
        self.sessions = session_service_pb2_grpc.SessionServiceStub(self._channel)
        self.access = access_service_pb2_grpc.AccessServiceStub(self._channel)
        self.users = user_service_pb2_grpc.UserServiceStub(self._channel)
        self.service_accounts = service_account_service_pb2_grpc.ServiceAccountServiceStub(self._channel)
        self.groups = group_service_pb2_grpc.GroupServiceStub(self._channel)
        self.tenants = tenant_service_pb2_grpc.TenantServiceStub(self._channel)
        self.roles = role_service_pb2_grpc.RoleServiceStub(self._channel)
        self.role_assignments = role_assignment_service_pb2_grpc.RoleAssignmentServiceStub(self._channel)
        self.credentials = credential_service_pb2_grpc.CredentialServiceStub(self._channel)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._channel.close()

    def call(self, method: Call[Request, Response], request: Request, seconds: float = CALL_SECONDS) -> Response:
        """See `Calls.call`. A token that has run out is renewed, once."""
        return self.call_as(self.signing, method, request, seconds)

    def call_as(
        self, signing: Signing, method: Call[Request, Response], request: Request, seconds: float = CALL_SECONDS
    ) -> Response:
        """Call a method as `signing` says. Raises as `call`."""
        token = signing.token()
        try:
            return self._call(method, request, seconds, token)
        except NotSignedIn as refusal:
            fresh = signing.renewed(token) if token else ""
            if not fresh:
                raise NotSignedIn(signing.advice, refusal.reason) from refusal
        try:
            return self._call(method, request, seconds, fresh)
        except NotSignedIn as refusal:
            raise NotSignedIn(signing.advice, refusal.reason) from refusal

    def stream(self, method: Callable[..., Iterable[Item]], request: object) -> Iterator[Item]:
        """Yield what a stream tells until it ends. A token that has run out is renewed, once. Raises as `call`."""
        token, told = self.signing.token(), False
        while True:
            metadata = (("authorization", f"Bearer {token}"),) if token else None
            try:
                for message in method(request, metadata=metadata):
                    told = True
                    yield message
            except grpc.RpcError as error:
                failure = self._failure(error)
                fresh = "" if told or not isinstance(failure, NotSignedIn) else self.signing.renewed(token)
                if not fresh:
                    raise failure from error
                token, told = fresh, True
            else:
                return

    def call_openly(self, method: Call[Request, Response], request: Request) -> Response:
        """Call a method that asks for no credentials. Raises as `call`."""
        return self._call(method, request, CALL_SECONDS, "")

    def _call(self, method: Call[Request, Response], request: Request, seconds: float, token: str) -> Response:
        metadata = (("authorization", f"Bearer {token}"),) if token else None
        try:
            return method(request, timeout=seconds, metadata=metadata)
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
        kind = _KINDS.get(status.code, CommandFailed)
        return kind("\n".join(lines), info.reason)


def _trusted(ca: Path | None) -> bytes | None:
    try:
        return None if ca is None else ca.read_bytes()
    except OSError as error:
        raise CommandFailed(f"--ca {ca} cannot be read: {error.strerror}") from None


_KINDS = {grpc.StatusCode.UNAVAILABLE.value[0]: Unreachable, grpc.StatusCode.UNAUTHENTICATED.value[0]: NotSignedIn}


class GatewaySignIns:
    """Signs in at a gateway; see `signing.SignIns`. It connects for each: commands seldom do it."""

    def __init__(self, url: GatewayUrl) -> None:
        self._url = url

    def exchange(self, api_key: str) -> Credentials:
        """Begin a session with an API key."""
        with Connection(self._url) as connection:
            request = session_service_pb2.ExchangeApiKeyRequest(api_key=api_key)
            return credentials_of(connection.call_openly(connection.sessions.ExchangeApiKey, request).tokens)

    def refresh(self, refresh_token: str, request_id: str) -> Credentials:
        """Go on with a session."""
        with Connection(self._url) as connection:
            request = session_service_pb2.RefreshRequest(refresh_token=refresh_token, request_id=request_id)
            return credentials_of(connection.call_openly(connection.sessions.Refresh, request).tokens)


def credentials_of(tokens: session_service_pb2.Tokens) -> Credentials:
    """Return what signing in gave as it is kept."""
    return Credentials(
        access_token=tokens.access_token,
        access_expires=tokens.access_expire_time.ToNanoseconds() / 1e9,
        session_id=tokens.session_id,
        subject_id=tokens.subject_id,
        refresh_token=tokens.refresh_token,
        refresh_expires=tokens.refresh_expire_time.ToNanoseconds() / 1e9,
    )


def new_request_id() -> str:
    """Return a request id for a call that changes something."""
    return str(uuid.uuid4())
