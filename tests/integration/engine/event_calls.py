"""Calls and models of tests about messages, signals and start events."""

from __future__ import annotations

from typing import Any

from flowmesh.engine.v1 import (
    activity_instance_service_pb2,
    condition_service_pb2,
    event_subscription_service_pb2,
    message_service_pb2,
    signal_service_pb2,
)
from flowmesh.engine.v1.activity_instance_service_pb2_grpc import ActivityInstanceServiceStub
from flowmesh.engine.v1.condition_service_pb2_grpc import ConditionServiceStub
from flowmesh.engine.v1.event_subscription_service_pb2_grpc import EventSubscriptionServiceStub
from flowmesh.engine.v1.message_service_pb2_grpc import MessageServiceStub
from flowmesh.engine.v1.signal_service_pb2_grpc import SignalServiceStub
from flowmesh.engine.v1.user_task_pb2 import UserTask

from engine_svc.workers.start_timers import StartTimers
from engine_svc.workers.thrown_events import ThrownEvents
from mesh.json_values import to_values
from tests.integration.engine.serving import Engine, seconds
from tests.unit.bpmn_models import definitions, flow

Message = message_service_pb2.Message


class Events:
    """The event services of an engine, and its background work on events, to be run when the test says so."""

    def __init__(self, engine: Engine) -> None:
        self.delivery = engine.service._delivery
        self.executor = self.delivery.messages._executor
        self.start_timers = StartTimers(self.executor)
        self.thrown_events = ThrownEvents(self.executor, self.delivery)
        self.engine = engine
        self.messages: Any = MessageServiceStub(engine.channel)
        self.signals: Any = SignalServiceStub(engine.channel)
        self.subscriptions: Any = EventSubscriptionServiceStub(engine.channel)
        self.activities: Any = ActivityInstanceServiceStub(engine.channel)
        self.conditions: Any = ConditionServiceStub(engine.channel)

    async def correlate(self, name: str, **fields: Any) -> message_service_pb2.CorrelateMessageResponse:
        for given in ("variables", "local_variables", "correlation_variables"):
            fields[given] = to_values(fields.get(given, {}))
        request = message_service_pb2.CorrelateMessageRequest(name=name, **fields)
        answer: message_service_pb2.CorrelateMessageResponse = await self.messages.CorrelateMessage(request)
        return answer

    async def publish(self, name: str, key: str = "", ttl: float = 0, **fields: Any) -> message_service_pb2.Message:
        fields["variables"] = to_values(fields.get("variables", {}))
        request = message_service_pb2.PublishMessageRequest(
            name=name, correlation_key=key, ttl=seconds(ttl) if ttl else None, **fields
        )
        message: message_service_pb2.Message = (await self.messages.PublishMessage(request)).message
        return message

    async def kept(self, **filters: Any) -> list[message_service_pb2.Message]:
        return list((await self.messages.ListMessages(message_service_pb2.ListMessagesRequest(**filters))).messages)

    async def broadcast(self, name: str, **fields: Any) -> signal_service_pb2.BroadcastSignalResponse:
        fields["variables"] = to_values(fields.get("variables", {}))
        request = signal_service_pb2.BroadcastSignalRequest(name=name, **fields)
        answer: signal_service_pb2.BroadcastSignalResponse = await self.signals.BroadcastSignal(request)
        return answer

    async def waiting(self, **filters: Any) -> list[event_subscription_service_pb2.EventSubscription]:
        request = event_subscription_service_pb2.ListEventSubscriptionsRequest(**filters)
        return list((await self.subscriptions.ListEventSubscriptions(request)).event_subscriptions)

    async def running(self, instance_id: str, **fields: Any) -> list[activity_instance_service_pb2.ActivityInstance]:
        request = activity_instance_service_pb2.ListActivityInstancesRequest(process_instance_id=instance_id, **fields)
        return list((await self.activities.ListActivityInstances(request)).activity_instances)

    async def trigger(self, activity_id: str, **fields: Any) -> Any:
        for given in ("variables", "transient_variables"):
            fields[given] = to_values(fields.get(given, {}))
        request = activity_instance_service_pb2.TriggerActivityInstanceRequest(id=activity_id, **fields)
        return await self.activities.TriggerActivityInstance(request)

    async def evaluate(self, instance_id: str, variables: dict[str, Any]) -> int:
        request = condition_service_pb2.EvaluateInstanceConditionsRequest(
            id=instance_id, variables=to_values(variables)
        )
        fired: int = (await self.conditions.EvaluateInstanceConditions(request)).fired
        return fired

    async def evaluate_starts(
        self, variables: dict[str, Any], **fields: Any
    ) -> condition_service_pb2.EvaluateStartConditionsResponse:
        request = condition_service_pb2.EvaluateStartConditionsRequest(variables=to_values(variables), **fields)
        answer: condition_service_pb2.EvaluateStartConditionsResponse = await self.conditions.EvaluateStartConditions(
            request
        )
        return answer

    async def tasks_of(self, instance_id: str) -> list[UserTask]:
        return await self.engine.user_tasks(process_instance_id=instance_id)


def message_model(key: str, nodes: str, *flows: str, messages: str = "", signals: str = "") -> bytes:
    """A file with a process, and messages `m1,m2` and signals: the id of each is its name; `order:${orderId}` gives
    a message a correlation key."""
    declared = ""
    for text in filter(None, messages.split(",")):
        name, _, correlation = text.partition(":")
        inner = (
            f'<extensionElements><zeebe:subscription correlationKey="{correlation}"/></extensionElements>'
            if correlation
            else ""
        )
        declared += f'<message id="{name}" name="{name}">{inner}</message>'
    for name in filter(None, signals.split(",")):
        declared += f'<signal id="{name}" name="{name}"/>'
    connected = "".join(flow(*text.split(">")) for text in flows)
    return definitions(f'{declared}<process id="{key}" isExecutable="true">{nodes}{connected}</process>')


def catches(key: str = "order", message: str = "paid", correlation: str = "=orderId") -> bytes:
    """A process that waits for a message, and then has a user task."""
    nodes = (
        f'<startEvent id="s"/><intermediateCatchEvent id="c"><messageEventDefinition messageRef="{message}"/>'
        '</intermediateCatchEvent><userTask id="t"/><endEvent id="e"/>'
    )
    named = f"{message}:{correlation}" if correlation else message
    return message_model(key, nodes, "s>c", "c>t", "t>e", messages=named)


def catches_signal(key: str = "alarmed", signal: str = "alarm") -> bytes:
    """A process that waits for a signal, and then has a user task."""
    nodes = (
        f'<startEvent id="s"/><intermediateCatchEvent id="c"><signalEventDefinition signalRef="{signal}"/>'
        '</intermediateCatchEvent><userTask id="t"/><endEvent id="e"/>'
    )
    return message_model(key, nodes, "s>c", "c>t", "t>e", signals=signal)


def started_by(key: str, event: str, *, task: str = "t", none_start: bool = False, **declared: str) -> bytes:
    """A process with a start event of this definition, and a user task."""
    start = f'<startEvent id="s">{event}</startEvent>'
    flows = [f"s>{task}", f"{task}>e"]
    if none_start:
        start = '<startEvent id="n"/>' + start
        flows.append(f"n>{task}")
    return message_model(key, f'{start}<userTask id="{task}"/><endEvent id="e"/>', *flows, **declared)


def message_start(key: str, name: str, **fields: Any) -> bytes:
    """A process that a message starts."""
    return started_by(key, f'<messageEventDefinition messageRef="{name}"/>', messages=name, **fields)


def signal_start(key: str, name: str, **fields: Any) -> bytes:
    """A process that a signal starts."""
    return started_by(key, f'<signalEventDefinition signalRef="{name}"/>', signals=name, **fields)


def throws(key: str, event: str, before: str = "go", **declared: str) -> bytes:
    """A process with a user task, and then a throw event of this definition."""
    nodes = (
        f'<startEvent id="s"/><userTask id="{before}"/><intermediateThrowEvent id="x">{event}'
        '</intermediateThrowEvent><userTask id="after"/><endEvent id="e"/>'
    )
    return message_model(key, nodes, f"s>{before}", f"{before}>x", "x>after", "after>e", **declared)
