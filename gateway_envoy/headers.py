"""Headers as the configuration writes them."""

from __future__ import annotations

from typing import Any, Final

SUBJECT: Final = "x-flowmesh-sub"
"""Whose token the call carries; the gateway's limits and log go by it. Services read the token itself."""
KIND: Final = "x-flowmesh-kind"
CLIENT_ADDRESS: Final = "x-flowmesh-client-address"
"""Where a call came from, for the services' audit."""
SERVICE_ACCOUNT: Final = "service"
"""The claim `kind` of a service account's token; any other one is a user's."""


def set_header(key: str, value: str) -> dict[str, Any]:
    """Return the option that gives a header one value, whatever it had before."""
    return {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
