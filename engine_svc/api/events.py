"""Messages, signals and what waits for them as messages of the contract."""

from __future__ import annotations

from flowmesh.engine.v1 import event_subscription_service_pb2, message_service_pb2

from engine_svc.api.messages import process_instance, timestamp
from engine_svc.commands.correlation import Correlated
from engine_svc.commands.signal_delivery import Failure
from engine_svc.state.instance import Wait
from mesh.db.statements import Row
from mesh.ids import member_id

_Subscription = event_subscription_service_pb2.EventSubscription
SUBSCRIPTION_TYPES = {
    Wait.MESSAGE: _Subscription.TYPE_MESSAGE,
    Wait.SIGNAL: _Subscription.TYPE_SIGNAL,
    Wait.CONDITION: _Subscription.TYPE_CONDITION,
}
WAITS = {contract: int(wait) for wait, contract in SUBSCRIPTION_TYPES.items()}


def correlation(taken: Correlated) -> message_service_pb2.MessageCorrelation:
    """Return who took a message, as it will be once the commit that is being prepared is written."""
    return message_service_pb2.MessageCorrelation(
        process_instance=process_instance(taken.instance),
        activity_id=member_id(taken.instance.id, taken.key) if taken.key else "",
        element_id=taken.element_id,
        started=not taken.key,
    )


def failure(found: Failure) -> message_service_pb2.DeliveryFailure:
    """Return who could not take a signal or message."""
    return message_service_pb2.DeliveryFailure(
        process_instance_id=found.instance_id,
        process_definition_id=found.definition_id,
        reason=found.reason,
        message=found.message,
    )


def message_of_row(row: Row) -> message_service_pb2.Message:
    """Return a row in the order of `MESSAGE_COLUMNS`."""
    (
        row_id,
        name,
        correlation_key,
        message_id,
        tenant_id,
        state,
        created_at,
        expires_at,
        _,
        instance_id,
        started,
        explanation,
        _,
    ) = row
    return message_service_pb2.Message(
        id=row_id,
        name=name,
        correlation_key=correlation_key,
        message_id=message_id,
        tenant_id=tenant_id,
        state=state,
        create_time=timestamp(created_at),
        expire_time=timestamp(expires_at),
        process_instance_id=instance_id,
        started=bool(started),
        explanation=explanation,
    )


def subscription_of_row(row: Row) -> event_subscription_service_pb2.EventSubscription:
    """Return a row in the order of `SUBSCRIPTION_COLUMNS`."""
    (
        instance_id,
        key,
        kind,
        name,
        correlation_key,
        created_at,
        element_id,
        activity_key,
        definition_id,
        definition_key,
        business_key,
        tenant_id,
    ) = row
    return _Subscription(
        id=member_id(instance_id, key),
        type=SUBSCRIPTION_TYPES[Wait(kind)],
        name=name,
        correlation_key=correlation_key,
        element_id=element_id,
        process_instance_id=instance_id,
        # The events of an event sub-process belong to the instance itself where it is directly in the process.
        activity_id=member_id(instance_id, activity_key) if activity_key else "",
        process_definition_id=definition_id,
        process_definition_key=definition_key,
        business_key=business_key,
        tenant_id=tenant_id,
        create_time=timestamp(created_at),
    )


def start_subscription_of_row(row: Row) -> event_subscription_service_pb2.EventSubscription:
    """Return a row in the order of `START_SUBSCRIPTION_COLUMNS`."""
    definition_id, element_id, kind, name, _, definition_key, tenant_id, created_at = row
    return _Subscription(
        id=f"{definition_id}.{element_id}",
        type=SUBSCRIPTION_TYPES[Wait(kind)],
        name=name,
        element_id=element_id,
        process_definition_id=definition_id,
        process_definition_key=definition_key,
        tenant_id=tenant_id,
        create_time=timestamp(created_at),
    )
