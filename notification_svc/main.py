"""The notification service: where its parts are wired. `python -m notification_svc.main` runs it alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack

import grpc.aio
from flowmesh.events.v1.event_pb2 import EventEnvelope
from flowmesh.identity.v1 import directory_service_pb2
from flowmesh.notification.v1 import (
    clock_service_pb2,
    delivery_service_pb2,
    notification_service_pb2,
    preference_service_pb2,
    rule_service_pb2,
    template_service_pb2,
    webhook_service_pb2,
)

from mesh.admin_http import Readiness
from mesh.audit.refusals import RefusalLog
from mesh.bus.port import Bus
from mesh.bus.topics import USER_PERMISSION_EVENTS, WORKFLOW_EXECUTION_EVENTS, all_topics
from mesh.channels import open_channel
from mesh.clock import Clock, ControlledClock, SystemClock
from mesh.consumer import ConsumerLoop
from mesh.database_clock import DatabaseClock
from mesh.db.database import Database
from mesh.db.served_database import ServedDatabase
from mesh.logs import configure_logs, get_log
from mesh.metrics import Metrics
from mesh.periodic import Periodic
from mesh.process import run, until_stopped
from mesh.resilience.breaker import BreakerMetrics, CircuitBreaker
from mesh.rpc_metrics import RpcMetrics
from mesh.server import Authorize, MeshServer
from mesh.serving import serving
from mesh.shared_work import Kind, SharedWork
from mesh.stores import database_check
from mesh.telemetry import Telemetry
from notification_svc.api.clock_service import NotificationClockServicer
from notification_svc.api.delivery_service import DeliveryServicer
from notification_svc.api.notification_service import NotificationServicer
from notification_svc.api.preference_service import PreferenceServicer
from notification_svc.api.rule_service import NotificationRuleServicer
from notification_svc.api.template_service import TemplateServicer
from notification_svc.api.webhook_service import WebhookServicer
from notification_svc.channels.opening import Channels, open_channels
from notification_svc.commands.writing import CommandWriter
from notification_svc.consumers.consuming import KeptConsumer
from notification_svc.consumers.directory import follow_directory
from notification_svc.consumers.workflow import WorkflowNotifications
from notification_svc.delivery.composing import Composer
from notification_svc.delivery.sending import Lane, Retries, Sender
from notification_svc.planning.reminding import ReminderTimes
from notification_svc.planning.telling import Limits, Told
from notification_svc.queries.inbox_signals import InboxSignals
from notification_svc.sealing import Seal
from notification_svc.settings import CONTROLLED, NotificationSettings
from notification_svc.storage.layout import BY_ADDRESS, ChannelType
from notification_svc.storage.schema import HEAD, MIGRATIONS
from notification_svc.templates.renderer import Renderer
from notification_svc.texts.wording import Wording
from notification_svc.timing.wall_clock import MICROS
from notification_svc.workers import directory_reading, reminding, retention
from notification_svc.workers.directory_reading import DirectoryReading
from notification_svc.workers.reminding import Reminding
from notification_svc.workers.retention import Retention

MIGRATIONS_HEAD = HEAD

WORKFLOW_GROUP = "notification-service"
DIRECTORY_GROUP = "notification-directory"
INBOX_SECONDS = 3_600
"""What is told has keys of its own, so that the inbox only saves work and may be short."""
CHANNEL_SLACK_SECONDS = 2.0
"""By what a lane waits longer than the channel's own limits."""
_OBSERVED = {
    "received": "Messages read from the bus.",
    "handled": "Events taken in.",
    "duplicates": "Events that had been taken in before.",
    "retries": "Attempts at single events after a failure.",
    "dead_letters": "Events that could not be taken in.",
}
_SENT = {
    "delivered": "Messages that the other side has taken.",
    "failed": "Attempts that failed.",
    "dead": "Messages that became dead letters.",
    "skipped": "Messages that were not sent, as their matter was over or there is no address.",
}

_log = get_log(__name__)


class NotificationService:
    """A running notification service: its consumers, its workers and its gRPC server, on a database that is open and
    has its tables.

    What it is given it does not close, but `identity`, the channel to the identity service, is closed by `stop` where
    it is made here. `rpcs` is needed where several services share `metrics`. Raises `StartupError` for settings that
    are wrong.
    """

    def __init__(
        self,
        settings: NotificationSettings,
        database: Database,
        bus: Bus,
        metrics: Metrics,
        *,
        rpcs: RpcMetrics | None = None,
        telemetry: Telemetry | None = None,
        authorize: Authorize | None = None,
        breakers: BreakerMetrics | None = None,
        clock: Clock | None = None,
        identity: grpc.aio.Channel | None = None,
    ) -> None:
        self._settings = settings
        self._database = database
        self._bus = bus
        self._closing = AsyncExitStack()
        if clock is None and settings.clock == CONTROLLED:
            clock = ControlledClock()
        self._database_clock = DatabaseClock(database) if clock is None and settings.shares_database else None
        self.clock = clock or self._database_clock or SystemClock()
        self._seal = Seal(settings.own_secret)
        self._refusals = RefusalLog(bus, settings.service_name)
        self.server = MeshServer(
            settings, rpcs or RpcMetrics(metrics), telemetry=telemetry, authorize=authorize, refusals=self._refusals
        )
        self._telemetry = telemetry
        self._breaker = CircuitBreaker("identity directory", metrics=breakers)
        self._identity = identity
        self.signals = InboxSignals(database)
        self._writer = CommandWriter(database, self.clock, self._seal)
        self._times = ReminderTimes(
            due_soon=settings.due_soon_seconds * MICROS, escalated=settings.escalation_seconds * MICROS
        )
        self._limits = Limits(settings.max_group_recipients)
        self._notifications = WorkflowNotifications(self.clock, self._times, self._limits)
        self._sender: Sender | None = None
        self._reading: DirectoryReading | None = None
        self._consumers: list[KeptConsumer] = []
        self._works: list[Periodic | SharedWork] = []
        self._workflow = ConsumerLoop(
            bus,
            database,
            WORKFLOW_GROUP,
            (WORKFLOW_EXECUTION_EVENTS,),
            self._notifications.handle,
            clock=self.clock,
            max_batch=settings.consumer_batch,
            inbox_retention_seconds=INBOX_SECONDS,
            applied=self._applied,
        )
        self._directory = ConsumerLoop(
            bus,
            database,
            DIRECTORY_GROUP,
            (USER_PERMISSION_EVENTS,),
            follow_directory,
            clock=self.clock,
            max_batch=settings.consumer_batch,
            inbox_retention_seconds=INBOX_SECONDS,
        )
        for name, about in _OBSERVED.items():
            metrics.observe(f"flowmesh_notification_consumer_{name}", about, self._consumed(name))
        for name, about in _SENT.items():
            metrics.observe(f"flowmesh_notification_deliveries_{name}", about, self._sent(name))

    async def start(self) -> int:
        """Listen, and begin the work beside the calls; return the port.

        Raises `StartupError` where the port cannot be had or a channel's settings are wrong, `BusError` where the bus
        does not answer, `DatabaseError`.
        """
        settings = self._settings
        await self._bus.ensure_topics(all_topics())
        if self._database_clock is not None:
            await self._database_clock.start()
        channels = await self._closing.enter_async_context(open_channels(settings))
        renderer = self._closing.enter_context(Renderer())
        wording = Wording(renderer, settings.console_url)
        self._sender = sender = Sender(
            self._database,
            self.clock,
            Composer(wording, self._seal),
            _lanes(settings, channels),
            Retries(settings.retry_first_seconds, webhook_failures=settings.webhook_failures),
        )
        self._add_services(channels, renderer, wording, sender.wake)
        self._reading = reading = DirectoryReading(self._database, self.clock, self._open_identity())
        self._consumers = [
            KeptConsumer(DIRECTORY_GROUP, self._directory),
            KeptConsumer(WORKFLOW_GROUP, self._workflow, reading.known),
        ]
        self._works = self._make_works(reading)
        port = await self.server.serve(settings.host, settings.listen_port)
        for each in (self._refusals, *self._consumers, *self._works, self.signals, sender):
            each.start()
        return port

    async def stop(self) -> None:
        """Drain the server, and end the work beside the calls."""
        await self.server.stop()
        await self._refusals.stop()
        await self._writer.close()
        for consumer in self._consumers:
            await consumer.stop()
        for work in self._works:
            await work.stop()
        await self.signals.stop()
        if self._sender is not None:
            await self._sender.stop()
        if self._database_clock is not None:
            await self._database_clock.stop()
        await self._closing.aclose()

    def add_checks(self, readiness: Readiness) -> None:
        """Let a process say that it is ready only while the database answers; without events it is degraded."""
        readiness.add("notification database", database_check(self._database))
        # Inboxes can be read all the same.
        readiness.add("notification consumers", self._check_consumers, optional=True)
        self.server.follow(readiness)

    def _open_identity(self) -> grpc.aio.Channel:
        if self._identity is not None:
            return self._identity
        services = [directory_service_pb2.DESCRIPTOR.services_by_name["DirectoryService"]]
        channel = open_channel(
            self._settings.identity_address,
            self._settings,
            services,
            telemetry=self._telemetry,
            breaker=self._breaker,
            # In one process with it: that is not ready before this one has begun.
            follows_health=False,
        )
        self._closing.push_async_callback(channel.close)
        return channel

    def _add_services(self, channels: Channels, renderer: Renderer, wording: Wording, due: Callable[[], None]) -> None:
        served, writer, seal = ServedDatabase(self._database), self._writer, self._seal
        for module, name, servicer in (
            (
                notification_service_pb2,
                "NotificationService",
                NotificationServicer(served, writer, wording, self.signals),
            ),
            (preference_service_pb2, "PreferenceService", PreferenceServicer(served, writer, seal, channels.push)),
            (rule_service_pb2, "NotificationRuleService", NotificationRuleServicer(served, writer)),
            (template_service_pb2, "TemplateService", TemplateServicer(served, writer, renderer)),
            (webhook_service_pb2, "WebhookService", WebhookServicer(served, writer, seal, channels.webhook)),
            (delivery_service_pb2, "DeliveryService", DeliveryServicer(served, writer, due)),
            (clock_service_pb2, "NotificationClockService", NotificationClockServicer(self.clock, due)),
        ):
            self.server.add(module.DESCRIPTOR.services_by_name[name], servicer)

    def _make_works(self, reading: DirectoryReading) -> list[Periodic | SharedWork]:
        settings = self._settings
        reminders = Reminding(self._database, self.clock, self._times, self._limits, self._tell)
        old = Retention(
            self._database,
            self.clock,
            settings.notification_retention_seconds,
            settings.delivery_retention_seconds,
            settings.request_retention_seconds,
        )
        kinds = (
            Kind("reminders", reminding.INTERVAL_SECONDS, reminders.remind),
            Kind("rules of reminders", reminding.INTERVAL_SECONDS, reminders.follow_rules),
            Kind("reading the directory", directory_reading.INTERVAL_SECONDS, reading.run),
            Kind("notification retention", retention.INTERVAL_SECONDS, old.run),
        )
        return [
            SharedWork(self._database, "notification work", kinds),
            Periodic("looking for the directory", directory_reading.INTERVAL_SECONDS, reading.look),
        ]

    def _applied(self, _: Sequence[EventEnvelope]) -> None:
        self._tell(self._notifications.last)

    def _tell(self, told: Told) -> None:
        self.signals.tell(told.users)
        if told.sent and self._sender is not None:
            self._sender.wake()

    async def _check_consumers(self) -> str:
        return "; ".join([await consumer.check() for consumer in self._consumers])

    def _consumed(self, name: str) -> Callable[[], float]:
        counters = (self._workflow.counters, self._directory.counters)
        return lambda: float(sum(getattr(each, name) for each in counters))

    def _sent(self, name: str) -> Callable[[], float]:
        return lambda: 0.0 if self._sender is None else float(getattr(self._sender.counters, name))


def _lanes(settings: NotificationSettings, channels: Channels) -> list[Lane]:
    slack = CHANNEL_SLACK_SECONDS
    return [
        Lane(
            "e-mail",
            (ChannelType.EMAIL,),
            channels.email,
            settings.smtp_connections,
            settings.smtp_send_seconds + slack,
        ),
        Lane("push", BY_ADDRESS, channels.push, settings.push_threads, settings.push_seconds + slack),
        Lane(
            "webhooks",
            (ChannelType.WEBHOOK,),
            channels.webhook,
            settings.webhook_connections,
            settings.webhook_seconds + slack,
        ),
    ]


async def serve(settings: NotificationSettings) -> None:
    """Run the service alone until the process is told to stop.

    Raises `StartupError` where database, bus or ports cannot be used.
    """
    async with serving(settings) as process:
        await process.open_admin()
        database = await process.open_database(settings, MIGRATIONS, MIGRATIONS_HEAD)
        bus = await process.open_bus()
        service = NotificationService(
            settings,
            database,
            bus,
            process.metrics,
            telemetry=process.telemetry,
            authorize=process.open_access(),
            breakers=process.breakers,
        )
        service.add_checks(process.readiness)
        process.at_end(service.stop)
        port = await service.start()
        _log.info("Notifications are serving", host=settings.host, port=port)
        await until_stopped()


async def main() -> None:
    """Run the service alone, with the settings of the environment."""
    settings = NotificationSettings.from_environment()
    configure_logs(settings.service_name, settings.instance, settings.log_level)
    await serve(settings)


if __name__ == "__main__":
    run(main)
