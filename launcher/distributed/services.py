"""The services of the distributed profile."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Service:
    """A service: how it runs, what the gateway sends it, where it listens and where its tables are declared."""

    name: str
    module: str
    """What `python -m` runs."""
    package: str
    """The proto package whose calls go to it."""
    port: int
    admin_port: int
    migrations: str = ""
    """The package of its migrations; empty where it has no database."""
    head: str = ""
    """`module:NAME` of the version that its database must have."""


ENGINE = Service(
    "engine",
    "engine_svc.main",
    "flowmesh.engine.v1",
    3001,
    9301,
    "engine_svc.storage.migrations",
    "engine_svc.storage.migrations:HEAD",
)
HISTORY = Service(
    "history",
    "history_svc.main",
    "flowmesh.history.v1",
    3005,
    9305,
    "history_svc.storage.migrations",
    "history_svc.storage.schema:HEAD",
)
IDENTITY = Service(
    "identity",
    "identity_svc.main",
    "flowmesh.identity.v1",
    3002,
    9302,
    "identity_svc.storage.migrations",
    "identity_svc.storage.schema:HEAD",
)
FORM = Service(
    "form",
    "form_svc.main",
    "flowmesh.form.v1",
    3003,
    9303,
    "form_svc.storage.migrations",
    "form_svc.storage.schema:HEAD",
)
NOTIFICATION = Service(
    "notification",
    "notification_svc.main",
    "flowmesh.notification.v1",
    3004,
    9304,
    "notification_svc.storage.migrations",
    "notification_svc.storage.schema:HEAD",
)
MONITORING = Service("monitoring", "monitoring_svc.main", "flowmesh.monitoring.v1", 3006, 9306)
SERVICES = (ENGINE, IDENTITY, FORM, NOTIFICATION, HISTORY, MONITORING)
WITH_DATABASE = tuple(service for service in SERVICES if service.migrations)
