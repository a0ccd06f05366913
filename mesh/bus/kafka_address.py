"""The URL of a Kafka cluster: where it is, how to sign in, and how its topics are to be kept.

`kafka://[USER:PASSWORD@]HOST:PORT[,HOST:PORT...][?OPTION=VALUE&...]`
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from mesh.bus.port import BusError
from mesh.tls import TlsFault, client_context

REQUEST_TIMEOUT_MS = 10_000
RETRY_BACKOFF_MS = 100
METADATA_MAX_AGE_MS = 60_000
OPTIONS = ("replication", "min_insync", "prefix", "security", "mechanism", "ca", "certificate", "key")
SECURITY = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_FILES = ("ca", "certificate", "key")
_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:,/@]+):[0-9]{1,5}")
_PREFIX = re.compile(r"[A-Za-z0-9._-]{0,64}")


class BadAddress(BusError):
    """The URL of the bus is not of the form that is understood."""


@dataclass(slots=True, frozen=True)
class KafkaAddress:
    """A cluster and how to use it.

    `replication`: copies of each partition; `min_insync`: how many must have a message before it counts as published;
    `prefix`: goes before the names of topics and groups, so that several meshes can share a cluster. `security`: one of
    `SECURITY`; `mechanism`: one of `MECHANISMS`. With SSL the brokers' certificates and names are checked; `ca`: file
    of the authorities, the system's where empty; `certificate` and `key`: files to show to brokers that ask for them.
    """

    servers: tuple[str, ...]
    replication: int = 1
    min_insync: int = 1
    prefix: str = ""
    user: str = ""
    password: str = ""
    security: str = "PLAINTEXT"
    mechanism: str = "PLAIN"
    ca: str = ""
    certificate: str = ""
    key: str = ""

    def client_options(self) -> dict[str, Any]:
        """Return what every client of aiokafka is told. Raises `BadAddress` for files that are no use."""
        options: dict[str, Any] = {
            "bootstrap_servers": list(self.servers),
            "request_timeout_ms": REQUEST_TIMEOUT_MS,
            "retry_backoff_ms": RETRY_BACKOFF_MS,
            "metadata_max_age_ms": METADATA_MAX_AGE_MS,
            "security_protocol": self.security,
        }
        if self.security.endswith("SSL"):
            try:
                options["ssl_context"] = client_context(self.ca, self.certificate, self.key)
            except TlsFault as fault:
                raise BadAddress(str(fault)) from fault
        if self.security.startswith("SASL"):
            options |= {
                "sasl_mechanism": self.mechanism,
                "sasl_plain_username": self.user,
                "sasl_plain_password": self.password,
            }
        return options

    def real(self, name: str) -> str:
        """Return what a topic or group is called on the cluster."""
        return self.prefix + name

    def ours(self, name: str) -> str | None:
        """Return what a topic or group of the cluster is called here; None for one of others."""
        return name[len(self.prefix) :] if name.startswith(self.prefix) else None


def parse_address(url: str) -> KafkaAddress:
    """Read a URL. Raises `BadAddress`; its message does not have the password."""
    if not url.startswith("kafka://"):
        raise BadAddress("the URL of a Kafka bus starts with kafka://")
    place, _, query = url.removeprefix("kafka://").partition("?")
    credentials, _, hosts = place.rpartition("@")
    servers = tuple(hosts.removesuffix("/").split(","))
    if wrong := [server for server in servers if not _SERVER.fullmatch(server)]:
        raise BadAddress(f"the URL of a Kafka bus names servers as HOST:PORT with commas between, not {wrong[0]!r}")
    options = dict(parse_qsl(query, keep_blank_values=True))
    if unknown := sorted(set(options) - set(OPTIONS)):
        raise BadAddress(f"the URL of a Kafka bus knows no option {unknown[0]!r}; it knows {', '.join(OPTIONS)}")
    user, _, password = credentials.partition(":")
    replication = _number(options, "replication")
    min_insync = _number(options, "min_insync")
    if min_insync > replication:
        raise BadAddress(f"min_insync={min_insync} can never be reached with replication={replication}")
    prefix = options.get("prefix", "")
    if not _PREFIX.fullmatch(prefix):
        raise BadAddress("a prefix has at most 64 letters, digits, dots, underscores and hyphens")
    security = _choice(options, "security", SECURITY, "SASL_SSL" if user else "PLAINTEXT")
    if security.startswith("SASL") and not (user and password):
        raise BadAddress(f"security={security} needs USER:PASSWORD@ before the servers")
    if user and not security.startswith("SASL"):
        raise BadAddress(f"security={security} sends no password: leave out USER:PASSWORD@")
    if not security.endswith("SSL") and (file := next((name for name in _FILES if options.get(name)), None)):
        raise BadAddress(f"{file} is for security=SSL or SASL_SSL, not {security}")
    return KafkaAddress(
        servers,
        replication,
        min_insync,
        prefix,
        unquote(user),
        unquote(password),
        security,
        _choice(options, "mechanism", MECHANISMS, "PLAIN"),
        *(options.get(name, "") for name in _FILES),
    )


def _number(options: Mapping[str, str], name: str) -> int:
    text = options.get(name, "1")
    if not re.fullmatch(r"[1-9][0-9]?", text, re.ASCII):
        raise BadAddress(f"{name} is a number from 1 to 99, not {text!r}")
    return int(text)


def _choice(options: Mapping[str, str], name: str, allowed: tuple[str, ...], default: str) -> str:
    value = options.get(name, default).upper()
    if value not in allowed:
        raise BadAddress(f"{name} is one of {', '.join(allowed)}")
    return value
