"""The URL of a search server: `https://USER:PASSWORD@HOST:PORT,HOST:PORT/PATH?index=NAME&shards=COUNT`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote

from mesh.settings import SettingsError

DEFAULT_PORT: Final = 9200
DEFAULT_INDEX: Final = "flowmesh-history"
MAX_SHARDS: Final = 64
_INDEX: Final = re.compile(r"[a-z][a-z0-9_-]{0,99}")
_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?:(?P<credentials>[^/?]*)@)?(?P<hosts>[^/?@]+)(?P<path>/[^?]*)?(?:\?(?P<options>.*))?"
)


@dataclass(slots=True, frozen=True)
class SearchAddress:
    """Where a search server is, and how its indexes are made. `index` is what their names begin with."""

    tls: bool
    hosts: tuple[tuple[str, int], ...]
    path: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    index: str = DEFAULT_INDEX
    shards: int = 1


def parse_search_url(url: str) -> SearchAddress:
    """Return what a URL says. Raises `SettingsError` without naming the password."""
    # Several hosts are no URL in the sense of urllib.
    found = _URL.fullmatch(url)
    if found is None:
        raise SettingsError("FLOWMESH_SEARCH_URL is not https://USER:PASSWORD@HOST:PORT,HOST:PORT")
    user, _, password = (found["credentials"] or "").partition(":")
    options = dict(parse_qsl(found["options"] or "", keep_blank_values=True))
    index, shards = options.pop("index", DEFAULT_INDEX), options.pop("shards", "1")
    if options:
        raise SettingsError(f"FLOWMESH_SEARCH_URL has unknown options: {', '.join(sorted(options))}")
    if not _INDEX.fullmatch(index):
        raise SettingsError("FLOWMESH_SEARCH_URL: index has small letters, digits, - and _, and begins with a letter")
    if not shards.isdigit() or not 1 <= int(shards) <= MAX_SHARDS:
        raise SettingsError(f"FLOWMESH_SEARCH_URL: shards has to be a number from 1 to {MAX_SHARDS}")
    return SearchAddress(
        found["scheme"] == "https",
        tuple(_host(one) for one in found["hosts"].split(",")),
        (found["path"] or "").rstrip("/"),
        unquote(user),
        unquote(password),
        index,
        int(shards),
    )


def _host(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or port.endswith("]"):
        host, port = text, str(DEFAULT_PORT)
    if not host or not port.isdigit() or not 0 < int(port) < 65_536:
        raise SettingsError(f"FLOWMESH_SEARCH_URL: {text!r} is no HOST:PORT")
    return host.strip("[]"), int(port)
