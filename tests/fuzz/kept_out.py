"""What a run leaves alone, because it would end the run and not find anything: each with its reason."""

from __future__ import annotations

from typing import Any

OWN_SESSION = {
    "Revoke": "ends the session that it is called with where no other is named",
    "ChangePassword": "ends the other sessions of the caller",
}
"""Operations that are called with a session of their own, which they may end."""

ENDLESS = {"StreamJobs", "StreamNotifications", "WatchNotifications"}
"""Operations whose answer does not end by itself: its beginning is read."""

SHORTENED = {
    "requestTimeout": "a long poll waits for up to a minute where there is no work; it waits a hundredth of a second",
}
"""Fields whose valid values are made smaller."""
SHORT = "0.01s"

REFRAINED = {
    "revokeNow": "ends the tokens of everybody, and the gateway learns new keys within half a minute",
}
"""Fields that are not set to true."""

NO_FAULTS = {
    "became null)": "`null` is a field left out; the document says it once, and not in each of its schemas",
    "Invalid component: positive test case": "what was to be a wrong request turned out right: its body was left out",
}
"""How a wrong request that was taken is told where it was not wrong."""

PROTECTED = {
    "cli": "the service account that the run signs in as: disabled or deleted, every other answer would be 401",
}
"""Values that are never put into a request. The ids of its API key and of its role are added at the start."""


def spared(value: Any) -> Any:
    """Return the body of a request without what ends a run. What is wrong stays wrong as it is."""
    if isinstance(value, dict):
        return {name: _spared(name, part) for name, part in value.items()}
    return [spared(part) for part in value] if isinstance(value, list) else value


def _spared(name: str, value: Any) -> Any:
    if name in SHORTENED and _waits(value):
        return SHORT
    return False if name in REFRAINED and value is True else spared(value)


def _waits(value: Any) -> bool:
    if not isinstance(value, str) or not value.endswith("s"):
        return False
    try:
        return float(value[:-1]) > 0
    except ValueError:
        return False
