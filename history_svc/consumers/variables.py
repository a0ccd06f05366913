"""Variable events → variable rows, each with the last value.

A variable that was deleted keeps its row, so that no value told late brings it back.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flowmesh.events.v1.workflow_pb2 import (
    ProcessInstanceRef,
    ProcessInstanceStarted,
    VariablesDeleted,
    VariablesUpdated,
)
from google.protobuf.struct_pb2 import Value

from history_svc.consumers.position import NEVER, position_of
from history_svc.storage.layout import VARIABLE_COLUMNS, VARIABLE_TABLE
from history_svc.storage.values import value_to_json
from history_svc.storage.variable_id import name_part, scope_prefix
from mesh.db.statements import FetchKeys, Program, UpsertMany


@dataclass(slots=True, frozen=True)
class _Told:
    """A value as an event tells it, None: deleted; turned into a row only where it turns out to be the last one."""

    reference: ProcessInstanceRef
    scope_activity_id: str
    name: str
    value: Value | None
    micros: int
    position: int


class VariableChanges:
    """What one batch of events says about variables."""

    def __init__(self) -> None:
        self._told: dict[str, _Told] = {}

    def started(self, micros: int, event: ProcessInstanceStarted) -> None:
        """Add the variables of a `ProcessInstanceStarted`."""
        self._add(micros, event.process_instance, "", event.variables.items())

    def updated(self, micros: int, event: VariablesUpdated) -> None:
        """Add a `VariablesUpdated`."""
        self._add(micros, event.process_instance, event.scope_activity_id, event.variables.items())

    def deleted(self, micros: int, event: VariablesDeleted) -> None:
        """Add a `VariablesDeleted`."""
        names = [(name, None) for name in event.names]
        self._add(micros, event.process_instance, event.scope_activity_id, names)

    def write(self) -> Program[None]:
        """Write the values that are later than what is stored: one read, one write."""
        if not self._told:
            return
        keys = [(key,) for key in self._told]
        stored = yield FetchKeys(VARIABLE_TABLE, ("id", "position"), ("id",), keys, lock=True)
        known: dict[str, int] = dict(stored)
        rows = [
            (
                key,
                told.reference.id,
                told.reference.process_definition_key,
                told.reference.tenant_id,
                told.scope_activity_id,
                told.name,
                b"" if told.value is None else value_to_json(told.value),
                told.micros,
                int(told.value is None),
                told.position,
            )
            for key, told in sorted(self._told.items())
            if told.position > known.get(key, NEVER)
        ]
        if rows:
            yield UpsertMany(VARIABLE_TABLE, VARIABLE_COLUMNS, ("id",), VARIABLE_COLUMNS[1:], rows)

    def _add(
        self,
        micros: int,
        reference: ProcessInstanceRef,
        scope_activity_id: str,
        variables: Iterable[tuple[str, Value | None]],
    ) -> None:
        position = position_of(reference)
        prefix = scope_prefix(reference.id, scope_activity_id)
        for name, value in variables:
            key = prefix + name_part(name)
            told = self._told.get(key)
            if told is None or position > told.position:
                self._told[key] = _Told(reference, scope_activity_id, name, value, micros, position)
