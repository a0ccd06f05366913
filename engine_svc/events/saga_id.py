"""Ids of sagas: `saga:process:<instance id>`."""

from __future__ import annotations

from typing import Final

PREFIX: Final = "saga:process:"


def saga_id_of(instance_id: str) -> str:
    """Return the id of the completion saga of an instance."""
    return PREFIX + instance_id


def instance_of(saga_id: str) -> str:
    """Return the id of the instance that a saga belongs to; empty for what is no id of a saga."""
    return saga_id.removeprefix(PREFIX) if saga_id.startswith(PREFIX) else ""
