"""Headers as the configuration writes them."""

from __future__ import annotations

from typing import Any


def set_header(key: str, value: str) -> dict[str, Any]:
    """Return the option that gives a header one value, whatever it had before."""
    return {"header": {"key": key, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}
