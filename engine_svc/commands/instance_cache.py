"""Instances kept in memory between their commands, bounded by number and by the size of their state."""

from __future__ import annotations

from collections import OrderedDict

from engine_svc.state.instance import Instance

MAX_STORED_BYTES = 8 * 1024 * 1024
"""Stored state of all cached instances together; in memory it takes several times as much."""


class InstanceCache:
    """The least recently kept instances are dropped beyond `max_instances` or `max_stored_bytes`."""

    def __init__(self, max_instances: int, max_stored_bytes: int = MAX_STORED_BYTES) -> None:
        self._max_instances = max_instances
        self._max_stored_bytes = max_stored_bytes
        self._instances: OrderedDict[str, tuple[Instance, int]] = OrderedDict()
        self._stored_bytes = 0

    def __len__(self) -> int:
        return len(self._instances)

    def take(self, instance_id: str) -> Instance | None:
        """Remove an instance and return it, None where it is not here."""
        entry = self._instances.pop(instance_id, None)
        if entry is None:
            return None
        self._stored_bytes -= entry[1]
        return entry[0]

    def find(self, instance_id: str) -> Instance | None:
        """Return an instance that stays here, None where it is not."""
        entry = self._instances.get(instance_id)
        return None if entry is None else entry[0]

    def keep(self, instance: Instance, stored_bytes: int) -> None:
        """Add an instance whose stored state has so many bytes, in place of an older state of it."""
        self.take(instance.id)
        self._instances[instance.id] = (instance, stored_bytes)
        self._stored_bytes += stored_bytes
        while len(self._instances) > self._max_instances or self._stored_bytes > self._max_stored_bytes:
            _, (_, dropped) = self._instances.popitem(last=False)
            self._stored_bytes -= dropped
