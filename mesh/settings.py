"""Settings of a process, from the environment and from arguments.

A field `drain_seconds` is set by `FLOWMESH_DRAIN_SECONDS` for every service, or by `FLOWMESH_ENGINE_DRAIN_SECONDS` for
the engine alone, which wins. pydantic-settings was measured and left out: 240 ms and 19 MB at import.
"""

from __future__ import annotations

import dataclasses
import difflib
import os
import re
import socket
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self
from urllib.parse import quote

from mesh.db.database import DatabaseLimits
from mesh.listening import is_loopback
from mesh.startup import StartupError
from mesh.tls import TlsFiles

PREFIX = "FLOWMESH_"

SERVICES = ("engine", "identity", "form", "history", "notification", "platform", "monitoring", "gateway", "launcher")
"""Names a variable may be narrowed to; a process leaves alone what is narrowed to another one."""

REQUIRED = "required"
OFF = "off"

_DATA_DIR = Path(".flowmesh")
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class SettingsError(StartupError):
    """A setting is missing, unknown or out of range; the message names the variable and what is allowed."""


def setting(
    default: object,
    about: str,
    *,
    minimum: float | None = None,
    maximum: float | None = None,
    choices: tuple[str, ...] = (),
    pattern: str = "",
    example: str = "",
    secret: bool = False,
) -> Any:
    """Declare a field of a settings class: default, what it does, and what is allowed.

    `pattern` is a regular expression the whole text must match, `example` shows one that does. `secret` keeps
    the value out of `describe` and `repr`.
    """
    limits = _Limits(about, minimum, maximum, choices, pattern, example, secret)
    return dataclasses.field(default=default, repr=not secret, metadata={"limits": limits})


@dataclass(frozen=True, slots=True)
class _Limits:
    about: str
    minimum: float | None
    maximum: float | None
    choices: tuple[str, ...]
    pattern: str
    example: str
    secret: bool

    def fault(self, value: object) -> str | None:
        """Return what is allowed where the value is not, else None."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            below = self.minimum is not None and value < self.minimum
            above = self.maximum is not None and value > self.maximum
            # `not value == value` is true of NaN alone.
            return self._range() if below or above or value != value else None
        if isinstance(value, str):
            if self.choices and value not in self.choices:
                return f"one of {', '.join(self.choices)}"
            if self.pattern and re.fullmatch(self.pattern, value) is None:
                return f"of the form {self.example}"
        return None

    def _range(self) -> str:
        if self.maximum is None:
            return f"a number not below {self.minimum:g}"
        return f"a number from {self.minimum if self.minimum is not None else '-∞'} to {self.maximum:g}"


@dataclass(frozen=True, kw_only=True)
class MeshSettings:
    """What every service can be told. Services extend it with fields of their own and set `service_name`.

    Raises SettingsError where a value is not allowed.
    """

    service_name: ClassVar[str] = "mesh"
    default_port: ClassVar[int] = 0

    instance: str = setting(f"{socket.gethostname()}-{os.getpid()}", "Name of this process among its equals.")
    host: str = setting("127.0.0.1", "Address to listen on; 0.0.0.0 for all.", pattern=r"\S+", example="127.0.0.1")
    port: int | None = setting(None, "Port of gRPC; 0 for any free one.", minimum=0, maximum=65535)
    admin_port: int = setting(0, "Port of /metrics, /healthz, /readyz; 0 for any free one.", minimum=0, maximum=65535)
    data_dir: Path = setting(_DATA_DIR, "Folder of everything that is kept.")  # noqa: RUF009 - declares a field
    database_url: str = setting(
        "",
        "Database; empty for a SQLite file in data_dir.",
        pattern=r"|sqlite:///.+|mariadb://[^/]+/[^/?]+(\?.*)?",
        example="sqlite:///PATH or mariadb://USER:PASSWORD@HOST:PORT/DATABASE",
        secret=True,
    )
    bus_url: str = setting(
        "",
        "Event bus; empty for a SQLite file in data_dir.",
        pattern=r"|sqlite:///.+|kafka://\S+",
        example="sqlite:///PATH or kafka://HOST:PORT,HOST:PORT?replication=3&min_insync=2",
        secret=True,
    )
    event_topics: str = setting(
        "domain",
        "Topics of events: one for each domain, one for each type (history cannot read these), or both.",
        choices=("domain", "type", "both"),
    )
    cache_url: str = setting(
        "",
        "Redis that caches of several processes share; empty: each has its own alone.",
        pattern=r"|rediss?://([^@/?]*@)?(\[[0-9a-fA-F:]+\]|[^@:/?\[\]]+)(:\d{1,5})?(/\d*)?(\?.*)?",
        example="redis://USER:PASSWORD@HOST:PORT/DATABASE or rediss://...",
        secret=True,
    )
    tls_certificate_file: Path | None = setting(  # noqa: RUF009 - declares a field
        None, "Certificate (PEM) of this process among the services; with tls_key_file and tls_ca_file TLS is on."
    )
    tls_key_file: Path | None = setting(  # noqa: RUF009 - declares a field
        None, "Private key (PEM, not encrypted) of tls_certificate_file."
    )
    tls_ca_file: Path | None = setting(  # noqa: RUF009 - declares a field
        None, "Certificates (PEM) of the authorities that issue those of services and of who may call them."
    )
    tls_server_name: str = setting(
        "",
        "Name that the certificates of services must have; empty: the host that is called.",
        pattern=r"|[A-Za-z0-9_*]([A-Za-z0-9._-]*[A-Za-z0-9])?",
        example="flowmesh.internal",
    )
    cache_timeout_milliseconds: float = setting(
        20.0, "How long a call waits for Redis before it goes on without.", minimum=1, maximum=10_000
    )
    authentication: str = setting(
        "required",
        "Whether callers must have signed in; off: nobody is asked, on addresses of this machine alone.",
        choices=(REQUIRED, OFF),
    )
    form_address: str = setting(
        "127.0.0.1:3003",
        "Address of the form service, which the engine lets check the forms of deployments.",
        pattern=r"\S+:\d{1,5}",
    )
    engine_address: str = setting(
        "127.0.0.1:3001",
        "Address of the engine, which the form service asks about tasks and definitions.",
        pattern=r"\S+:\d{1,5}",
    )
    identity_address: str = setting(
        "127.0.0.1:3002",
        "Address of the identity service.",
        pattern=r"\S+:\d{1,5}",
        example="HOST:PORT, or ipv4:ADDRESS:PORT,ADDRESS:PORT for several",
    )
    mesh_secret: str = setting(
        "",
        "By which the services of a mesh know each other: the same text for all of them, known to nobody else.",
        pattern=r"|\S{32,}",
        example="at least 32 random characters without blanks",
        secret=True,
    )
    token_issuer: str = setting("flowmesh", "Who signs access tokens.", pattern=r"\S+", example="flowmesh")
    token_audience: str = setting("flowmesh", "Whom access tokens are for.", pattern=r"\S+", example="flowmesh")
    log_level: str = setting("info", "Lines from this level on.", choices=("debug", "info", "warning", "error"))
    otlp_endpoint: str | None = setting(
        None, "OTLP collector (gRPC); none without it.", pattern=r"https?://\S+", example="http://HOST:4317"
    )
    trace_sample_ratio: float = setting(1.0, "Share of new traces that are recorded.", minimum=0, maximum=1)
    max_message_bytes: int = setting(8 << 20, "Size a request may have.", minimum=1024, maximum=1 << 30)
    max_concurrent_calls: int = setting(2048, "Calls at work at once, before BACKPRESSURE.", minimum=1)
    backpressure_retry_seconds: float = setting(1.0, "When a caller refused for overload may come back.", minimum=0)
    default_deadline_seconds: float = setting(
        120.0, "Deadline of calls that come without one, streams apart.", minimum=0.1
    )
    max_deadline_seconds: float = setting(
        3600.0, "The longest deadline a call may have, streams apart; a longer one is cut.", minimum=0.1
    )
    slow_call_seconds: float = setting(1.0, "Calls that take longer are logged.", minimum=0)
    call_timeout_seconds: float = setting(10.0, "Deadline of outgoing calls that set none.", minimum=0.001)
    drain_notice_seconds: float = setting(
        0.0, "How long calls are still taken after health says NOT_SERVING.", minimum=0
    )
    drain_seconds: float = setting(10.0, "How long running calls may take once the server stops.", minimum=0)
    startup_wait_seconds: float = setting(
        60.0, "How long a starting process waits for what it needs: database server, migration, bus.", minimum=0
    )
    database_connections: int = setting(8, "Connections to a database server.", minimum=1, maximum=1000)
    database_connect_seconds: float = setting(5.0, "How long a connection to it may take.", minimum=0.1)
    database_answer_seconds: float = setting(
        15.0, "How long it may take for one statement; locks are waited for up to 10 s.", minimum=0.1
    )
    database_transaction_seconds: float = setting(60.0, "How long a transaction may take.", minimum=0.1)
    max_variable_bytes: int = setting(1 << 20, "Size of one variable's value.", minimum=1)
    max_instance_variable_bytes: int = setting(8 << 20, "Size of all variables of an instance.", minimum=1)

    clock: str = setting(
        "system",
        "Where the engine has its time from; controlled: callers turn it, for tests.",
        choices=("system", "controlled"),
    )

    def __post_init__(self) -> None:
        for name, (kind, limits) in _fields_of(type(self)).items():
            value = getattr(self, name)
            fault = _wrong_kind(value, kind) or (limits.fault(value) if limits and value is not None else None)
            if fault is not None:
                raise SettingsError(f"{self.variable(name)} must be {fault}, not {_shown(value, limits)}.")
        self.all_or_none("tls_certificate_file", "tls_key_file", "tls_ca_file")
        if self.authentication == OFF and not is_loopback(self.host):
            raise SettingsError(
                f"{self.variable('authentication')}={OFF} lets everybody in who reaches {self.host}: set "
                f"{self.variable('host')} to an address of this machine alone (127.0.0.1), or leave authentication on."
            )

    def all_or_none(self, *names: str) -> None:
        """Raise SettingsError where some of these fields are set and others are not."""
        missing = [name for name in names if getattr(self, name) is None]
        if missing and len(missing) < len(names):
            given = next(name for name in names if name not in missing)
            others = " and ".join(self.variable(name) for name in missing)
            raise SettingsError(f"{self.variable(given)} is set: set {others} as well, or none of them.")

    @classmethod
    def variable(cls, field: str) -> str:
        """Return the name of the environment variable of a field."""
        return PREFIX + field.upper()

    @classmethod
    def from_environment(
        cls, environ: Mapping[str, str] | None = None, *, also_known: Iterable[str] = (), **given: object
    ) -> Self:
        """Read the settings; `given` wins over the environment (None counts as not given).

        `also_known` names further `FLOWMESH_` variables that may be set. Raises SettingsError for a variable
        that is unknown or holds what is not allowed.
        """
        environ = os.environ if environ is None else environ
        fields = _fields_of(cls)
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        own = PREFIX + cls.service_name.upper() + "_"
        used = set(also_known)
        for name, (kind, limits) in fields.items():
            for variable in (own + name.upper(), cls.variable(name)):
                text = environ.get(variable)
                used.add(variable)
                if text is not None and name not in values:
                    values[name] = _parse(variable, text, kind, limits)
        others = tuple(f"{PREFIX}{service.upper()}_" for service in SERVICES if service != cls.service_name)
        for variable in sorted(environ):
            if variable.startswith(PREFIX) and variable not in used and not variable.startswith(others):
                raise SettingsError(_unknown(variable, used))
        return cls(**values)

    @property
    def own_database_url(self) -> str:
        """The database: as set, else a file in the data folder."""
        return self.database_url or f"sqlite:///{quote(str(self.data_dir / self.service_name))}.db"

    @property
    def own_bus_url(self) -> str:
        """The bus: as set, else a file in the data folder."""
        return self.bus_url or f"sqlite:///{quote(str(self.data_dir / 'bus.db'))}"

    @property
    def tls(self) -> TlsFiles | None:
        """The files of TLS among the services, None where it is off."""
        if self.tls_certificate_file is None or self.tls_key_file is None:
            return None
        return TlsFiles(self.tls_certificate_file, self.tls_key_file, self.tls_ca_file)

    @property
    def database_limits(self) -> DatabaseLimits:
        """What a database server is allowed."""
        return DatabaseLimits(
            self.database_connections,
            self.database_connect_seconds,
            self.database_answer_seconds,
            self.database_transaction_seconds,
        )

    @property
    def requires_authentication(self) -> bool:
        """Whether callers must have signed in."""
        return self.authentication == REQUIRED

    @property
    def listen_port(self) -> int:
        """The port of gRPC: as set, else the service's own."""
        return self.default_port if self.port is None else self.port

    def describe(self) -> dict[str, object]:
        """Return the settings by name, without what is secret, for the log line at the start."""
        return {
            name: getattr(self, name) if limits is None or not limits.secret else _redacted(getattr(self, name))
            for name, (_, limits) in _fields_of(type(self)).items()
        }


def _fields_of(cls: type[MeshSettings]) -> dict[str, tuple[Any, _Limits | None]]:
    hints = typing.get_type_hints(cls)
    return {field.name: (hints[field.name], field.metadata.get("limits")) for field in dataclasses.fields(cls)}


def _bare(kind: Any) -> tuple[type, bool]:
    """Return the type without None, and whether None is allowed."""
    if isinstance(kind, types.UnionType) or typing.get_origin(kind) is typing.Union:
        parts = [part for part in typing.get_args(kind) if part is not types.NoneType]
        return parts[0], True
    return kind, False


_PARSERS: dict[type, tuple[str, Callable[[str], object]]] = {
    str: ("a text", str),
    int: ("a whole number", int),
    float: ("a number", float),
    Path: ("a path", Path),
}


def _parse(variable: str, text: str, kind: Any, limits: _Limits | None) -> object:
    bare, _ = _bare(kind)
    if bare is bool:
        word = text.strip().lower()
        if word in _TRUE or word in _FALSE:
            return word in _TRUE
        raise SettingsError(f"{variable} must be true or false, not {_shown(text, limits)}.")
    name, parser = _PARSERS[bare]
    if bare is Path and not text:
        raise SettingsError(f"{variable} must be a path, not empty.")
    try:
        value = parser(text)
    except ValueError:
        raise SettingsError(f"{variable} must be {name}, not {_shown(text, limits)}.") from None
    fault = limits.fault(value) if limits else None
    if fault is not None:
        raise SettingsError(f"{variable} must be {fault}, not {_shown(text, limits)}.")
    return value


def _wrong_kind(value: object, kind: Any) -> str | None:
    bare, optional = _bare(kind)
    if value is None:
        return None if optional else "set"
    if bare is float and type(value) is int:
        return None
    if isinstance(value, bare) and not (isinstance(value, bool) and bare is not bool):
        return None
    return _PARSERS[bare][0] if bare in _PARSERS else "true or false"


def _shown(value: object, limits: _Limits | None) -> str:
    return "what was given" if limits is not None and limits.secret else repr(value)


def _redacted(text: str) -> str:
    if "://" not in text:
        return "***" if text else ""
    return re.sub(r"(//[^/:@]*):.*@", r"\1:***@", text)


def _unknown(variable: str, known: set[str]) -> str:
    # Without the prefix, which would make any two of them look alike.
    names = sorted(name.removeprefix(PREFIX) for name in known)
    near = difflib.get_close_matches(variable.removeprefix(PREFIX), names, n=1, cutoff=0.6)
    return f"{variable} is not a setting" + (f"; did you mean {PREFIX}{near[0]}?" if near else ".")
