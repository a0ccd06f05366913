"""The servers that the distributed profile uses: their addresses, from the command line or the environment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from launcher.distributed.options import DistributedOptions
from launcher.distributed.services import WITH_DATABASE
from mesh.startup import StartupError

DEFAULT_PREFIX = "flowmesh"
_SERVER = re.compile(r"(?P<server>(?:mariadb|mysql)://[^/?]+)(?:/(?P<prefix>[^/?]*))?(?P<options>\?.*)?")
_BUS = re.compile(r"kafka://([^/?@\s]+@)?[^/?,@\s]+:\d+(,[^/?,@\s]+:\d+)*/?(\?\S*)?|sqlite:///.+")
_CACHE = re.compile(r"rediss?://\S+")


@dataclass(frozen=True, slots=True)
class Stores:
    """URLs. `databases`: by service; `cache` is empty where there is none."""

    databases: Mapping[str, str]
    bus: str
    cache: str


def settled_stores(options: DistributedOptions, environ: Mapping[str, str]) -> Stores:
    """Return the addresses; what the command line names wins. Raises StartupError where one is missing or wrong.

    The message shows no address, as it may hold a password.
    """
    return Stores(
        settled_databases(options.database, environ),
        _bus(options.bus or environ.get("FLOWMESH_BUS_URL", "")),
        _cache(options.cache or environ.get("FLOWMESH_CACHE_URL", "")),
    )


def settled_databases(given: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the database of each service, on the server that is given or else in the environment.

    Raises StartupError.
    """
    return {service.name: _database(service.name, given, environ) for service in WITH_DATABASE}


def _database(service: str, given: str | None, environ: Mapping[str, str]) -> str:
    own = environ.get(f"FLOWMESH_{service.upper()}_DATABASE_URL")
    if own and not given:
        return own
    server = given or environ.get("FLOWMESH_DATABASE_URL", "")
    if not server:
        raise StartupError(
            "The distributed profile needs a database server: name it by --database mariadb://USER:PASSWORD@HOST:PORT/ "
            "or FLOWMESH_DATABASE_URL."
        )
    parts = _SERVER.fullmatch(server)
    if parts is None:
        raise StartupError(
            "--database (FLOWMESH_DATABASE_URL) must read mariadb://USER:PASSWORD@HOST:PORT/ with the distributed "
            "profile; characters such as / and @ in the password are written as %2F and %40."
        )
    name = f"{parts['prefix'] or DEFAULT_PREFIX}_{service}"
    return f"{parts['server'].replace('mysql://', 'mariadb://', 1)}/{name}{parts['options'] or ''}"


def _bus(url: str) -> str:
    if not url:
        raise StartupError(
            "The distributed profile needs an event bus: name it by --bus kafka://HOST:PORT,HOST:PORT or "
            "FLOWMESH_BUS_URL."
        )
    if _BUS.fullmatch(url) is None:
        raise StartupError(
            "--bus (FLOWMESH_BUS_URL) must read kafka://HOST:PORT,HOST:PORT, or sqlite:///PATH for processes of one "
            "machine."
        )
    return url


def _cache(url: str) -> str:
    if url and _CACHE.fullmatch(url) is None:
        raise StartupError("--cache (FLOWMESH_CACHE_URL) must read redis://HOST:PORT/0.")
    return url
