"""The URL of a database on a server: where it is, how to sign in, and whether the way there is encrypted.

`mariadb://USER:PASSWORD@HOST:PORT/DATABASE[?tls=on][&ca=FILE][&certificate=FILE&key=FILE]`

With any of the options the connection is encrypted, the server's certificate is checked against the authorities in `ca`
(the system's without it), and its name against HOST. `certificate` and `key` are shown to a server that asks for them.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from mesh.db.database import DatabaseRefused
from mesh.tls import TlsFault, client_context

OPTIONS = ("tls", "ca", "certificate", "key")
DEFAULT_PORT = 3306


@dataclass(frozen=True, slots=True)
class MariadbAddress:
    """A database on a server, with who calls."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    tls: bool = False
    ca: str = ""
    certificate: str = ""
    key: str = ""

    def context(self) -> ssl.SSLContext | None:
        """Return what a driver needs to encrypt; None where it is not to. Raises `DatabaseRefused` for wrong files."""
        if not self.tls:
            return None
        try:
            return client_context(self.ca, self.certificate, self.key)
        except TlsFault as fault:
            raise DatabaseRefused(f"cannot connect to {self}: {fault}") from fault

    def __str__(self) -> str:
        return f"the database {self.database} at {self.host}:{self.port}"


def parse_mariadb_url(url: str) -> MariadbAddress:
    """Read a URL. Raises `DatabaseRefused` for an option that is not known; its message does not have the password."""
    parts = urlsplit(url)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(set(options) - set(OPTIONS)):
        raise DatabaseRefused(
            f"the URL of a MariaDB database knows no option {unknown[0]!r}; it knows {', '.join(OPTIONS)}"
        )
    if options.get("tls", "on") not in ("on", "off"):
        raise DatabaseRefused(f"tls in the URL of a MariaDB database is on or off, not {options['tls']!r}")
    files = {name: options.get(name, "") for name in OPTIONS[1:]}
    if options.get("tls") == "off" and any(files.values()):
        raise DatabaseRefused("tls=off in the URL of a MariaDB database goes with neither ca nor certificate and key")
    return MariadbAddress(
        host=parts.hostname or "localhost",
        port=parts.port or DEFAULT_PORT,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=parts.path.lstrip("/"),
        tls=options.get("tls") == "on" or any(files.values()),
        **files,
    )
