"""`flowmesh notifications`: programs that are told."""

from __future__ import annotations

from argparse import Namespace

from flowmesh.notification.v1 import webhook_service_pb2 as pb
from flowmesh.notification.v1.notification_pb2 import EventType

from launcher.client.connection import Connection, new_request_id
from launcher.client.inbox import event_type
from launcher.client.output import Output


def list_webhooks(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List webhooks."""
    columns = {
        "id": lambda one: one.id,
        "state": _state,
        "url": lambda one: one.details.url,
        "tenant": lambda one: one.tenant_id,
        "events": lambda one: ", ".join(map(_event, one.details.event_types)) or "all",
        "failures": lambda one: one.consecutive_failures or "",
        "why": lambda one: one.failure,
    }
    request = pb.ListWebhooksRequest(tenant_id=arguments.tenant or None)
    call = connection.webhooks.ListWebhooks
    found = connection.pages(call, request, lambda page: page.webhooks, arguments.limit)
    output.messages(found, columns, "There are no webhooks.")


def create(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Make a webhook."""
    details = pb.WebhookDetails(
        url=arguments.target,
        # The numbers are those of the contract.
        event_types=map(event_type, arguments.event),  # type: ignore[arg-type]
        process_definition_keys=arguments.key,
        description=arguments.description,
    )
    request = pb.CreateWebhookRequest(request_id=new_request_id(), tenant_id=arguments.tenant, details=details)
    made = connection.call(connection.webhooks.CreateWebhook, request)
    output.message(made, _with_secret(made.webhook, made.secret))


def rotate(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Give a webhook a new secret."""
    request = pb.RotateWebhookSecretRequest(request_id=new_request_id(), id=arguments.id)
    made = connection.call(connection.webhooks.RotateWebhookSecret, request)
    output.message(made, _with_secret(made.webhook, made.secret))


def enable(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Let a webhook be used."""
    request = pb.EnableWebhookRequest(request_id=new_request_id(), id=arguments.id)
    _tell(output, connection.call(connection.webhooks.EnableWebhook, request).webhook)


def disable(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Send nothing to a webhook."""
    request = pb.DisableWebhookRequest(request_id=new_request_id(), id=arguments.id)
    _tell(output, connection.call(connection.webhooks.DisableWebhook, request).webhook)


def delete(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Delete a webhook."""
    request = pb.DeleteWebhookRequest(request_id=new_request_id(), id=arguments.id)
    output.message(connection.call(connection.webhooks.DeleteWebhook, request), f"{arguments.id} is deleted.")


def _with_secret(webhook: pb.Webhook, secret: str) -> str:
    return f"{webhook.id} is {_state(webhook)}. Its secret, which is not shown again:\n{secret}"


def _tell(output: Output, webhook: pb.Webhook) -> None:
    output.message(webhook, f"{webhook.id} is {_state(webhook)}.")


def _state(webhook: pb.Webhook) -> str:
    return pb.Webhook.State.Name(webhook.state).removeprefix("STATE_")


def _event(number: EventType) -> str:
    return EventType.Name(number).removeprefix("EVENT_TYPE_").lower()
