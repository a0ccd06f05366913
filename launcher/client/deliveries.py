"""`flowmesh notifications`: the delivery log and its dead letters."""

from __future__ import annotations

from argparse import Namespace

from flowmesh.notification.v1 import delivery_service_pb2 as pb
from flowmesh.notification.v1.notification_pb2 import ChannelType

from launcher.client.connection import Connection, new_request_id
from launcher.client.output import Output, moment, to_json


def list_deliveries(connection: Connection, output: Output, arguments: Namespace) -> None:
    """List deliveries, the newest first."""
    columns = {
        "id": lambda one: one.id,
        "state": _state,
        "channel": _channel,
        "to": lambda one: one.user_id or one.webhook_id,
        "made": lambda one: moment(one.create_time),
        "attempts": lambda one: one.attempts,
        "next": lambda one: moment(one.next_attempt_time) if one.HasField("next_attempt_time") else "",
        "why": lambda one: one.reason,
    }
    request = pb.ListDeliveriesRequest(
        state=f"STATE_{arguments.state.upper()}" if arguments.state else None,
        tenant_id=arguments.tenant or None,
        user_id=arguments.user,
        webhook_id=arguments.webhook,
        process_instance_id=arguments.instance,
    )
    call = connection.deliveries.ListDeliveries
    found = connection.pages(call, request, lambda page: page.deliveries, arguments.limit)
    output.messages(found, columns, "There are no deliveries.")


def show(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Show a delivery with its attempts."""
    found = connection.call(connection.deliveries.GetDelivery, pb.GetDeliveryRequest(id=arguments.id)).delivery
    if output.as_json:
        output.json(to_json(found))
        return
    rows = [
        [str(one.number), moment(one.time), "delivered" if one.delivered else "failed", one.detail]
        for one in found.attempt_log
    ]
    title = f"{found.id}: {_state(found)} by {_channel(found)} to {found.user_id or found.webhook_id}"
    output.table(("attempt", "time", "", "what was said"), rows, f"{title}. Nothing was sent.", title=title)


def resend(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Send a delivery again."""
    request = pb.ResendDeliveryRequest(request_id=new_request_id(), id=arguments.id)
    _tell(output, connection.call(connection.deliveries.ResendDelivery, request).delivery)


def discard(connection: Connection, output: Output, arguments: Namespace) -> None:
    """Give up a delivery."""
    request = pb.DiscardDeliveryRequest(request_id=new_request_id(), id=arguments.id)
    _tell(output, connection.call(connection.deliveries.DiscardDelivery, request).delivery)


def _tell(output: Output, delivery: pb.Delivery) -> None:
    output.message(delivery, f"{delivery.id} is {_state(delivery)}.")


def _state(delivery: pb.Delivery) -> str:
    return pb.Delivery.State.Name(delivery.state).removeprefix("STATE_").lower()


def _channel(delivery: pb.Delivery) -> str:
    return ChannelType.Name(delivery.channel).removeprefix("CHANNEL_TYPE_").lower()
