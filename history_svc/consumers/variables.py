"""Variable events → variable rows, each with the last value, and a row for each change.

A variable that was deleted keeps its row, so that no value told late brings it back. A change is told by one event
alone, so its row is only ever added.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any, Final, NamedTuple

from flowmesh.events.v1.workflow_pb2 import (
    ProcessInstanceRef,
    ProcessInstanceStarted,
    VariablesDeleted,
    VariablesUpdated,
)
from google.protobuf.struct_pb2 import Value

from history_svc.consumers.position import NEVER, position_of
from history_svc.consumers.searched import SearchedChanges
from history_svc.consumers.words import WordChanges
from history_svc.storage.event_id import event_id
from history_svc.storage.joined_rows import write_joined
from history_svc.storage.layout import (
    LONG_VALUE_COLUMNS,
    LONG_VALUE_TABLE,
    VARIABLE_CHANGE_COLUMNS,
    VARIABLE_CHANGE_TABLE,
    VARIABLE_COLUMNS,
    VARIABLE_TABLE,
)
from history_svc.storage.record_kinds import VARIABLE
from history_svc.storage.values import WITH_TEXTS, compared, texts_in, value_to_json
from history_svc.storage.variable_id import name_part, scope_prefix
from history_svc.storage.words import beginning_of
from mesh.db.statements import FetchKeys, Program, UpsertMany

SHORT_VALUE_BYTES: Final = 4_096
"""A longer value of a change lies apart."""

_CHANGE_KEY: Final = ("process_instance_id", "id")


class _Told(NamedTuple):
    """A value as an event tells it, None: deleted."""

    reference: ProcessInstanceRef
    variable_id: str
    scope_activity_id: str
    name: str
    value: Value | None
    micros: int
    position: int
    user_id: str


class VariableChanges:
    """What one batch of events says about variables; `words` is told the texts in their values, `searched` which may
    have had some or have some now."""

    def __init__(self, words: WordChanges, searched: SearchedChanges) -> None:
        self._words = words
        self._searched = searched
        self._with_text: set[str] = set()
        self._last: dict[str, _Told] = {}
        self._changes: dict[tuple[str, int], _Told] = {}

    def started(self, micros: int, event: ProcessInstanceStarted, user_id: str = "") -> None:
        """Add the variables of a `ProcessInstanceStarted`."""
        self._add(micros, event.process_instance, "", event.variables.items(), user_id)

    def updated(self, micros: int, event: VariablesUpdated, user_id: str = "") -> None:
        """Add a `VariablesUpdated`."""
        self._add(micros, event.process_instance, event.scope_activity_id, event.variables.items(), user_id)

    def deleted(self, micros: int, event: VariablesDeleted, user_id: str = "") -> None:
        """Add a `VariablesDeleted`."""
        names = [(name, None) for name in event.names]
        self._add(micros, event.process_instance, event.scope_activity_id, names, user_id)

    def write(self) -> Program[None]:
        """Write the values that are later than what is stored, and the changes: one read, four writes at most."""
        if not self._last:
            return
        keys = [(key,) for key in self._last]
        stored = yield FetchKeys(VARIABLE_TABLE, ("id", "position"), ("id",), keys, lock=True)
        known: dict[str, int] = dict(stored)
        # A value is mostly the last one and a change; it is looked into once.
        values = {
            key: (b"" if told.value is None else value_to_json(told.value), compared(told.value))
            for key, told in self._changes.items()
        }
        rows = [
            (
                key,
                told.reference.id,
                told.reference.process_definition_key,
                told.reference.tenant_id,
                told.scope_activity_id,
                told.name,
                values[key, told.position][0],
                told.micros,
                int(told.value is None),
                told.position,
                *values[key, told.position][1],
            )
            for key, told in sorted(self._last.items())
            if told.position > known.get(key, NEVER)
        ]
        self._searched.add(VARIABLE, (row[0] for row in rows if row[0] in known or row[0] in self._with_text))
        yield from write_joined(VARIABLE_TABLE, VARIABLE_COLUMNS, stored, rows)
        changes: list[tuple[Any, ...]] = []
        long_values: list[tuple[Any, ...]] = []
        for key, told in self._changes.items():
            change_id = _change_id(told)
            text, (value_type, _, _) = values[key]
            is_long = len(text) > SHORT_VALUE_BYTES
            if is_long:
                long_values.append((told.reference.id, change_id, text))
            changes.append(
                (
                    change_id,
                    told.reference.id,
                    told.reference.process_definition_key,
                    told.reference.tenant_id,
                    told.variable_id,
                    told.scope_activity_id,
                    told.name,
                    told.micros,
                    int(told.value is None),
                    told.user_id,
                    value_type,
                    len(text),
                    None if is_long else text,
                )
            )
        changes.sort()
        yield UpsertMany(VARIABLE_CHANGE_TABLE, VARIABLE_CHANGE_COLUMNS, _CHANGE_KEY, (), changes)
        if long_values:
            yield UpsertMany(LONG_VALUE_TABLE, LONG_VALUE_COLUMNS, _CHANGE_KEY, (), sorted(long_values))

    def _add(
        self,
        micros: int,
        reference: ProcessInstanceRef,
        scope_activity_id: str,
        variables: Iterable[tuple[str, Value | None]],
        user_id: str,
    ) -> None:
        position = position_of(reference)
        prefix = scope_prefix(reference.id, scope_activity_id)
        for name, value in variables:
            key = prefix + name_part(name)
            told = _Told(reference, key, scope_activity_id, name, value, micros, position, user_id)
            self._changes[key, position] = told
            last = self._last.get(key)
            if last is None or position > last.position:
                self._last[key] = told
            if value is not None and value.WhichOneof("kind") in WITH_TEXTS:
                text = beginning_of(texts_in(value))
                if text:
                    self._with_text.add(key)
                self._words.add(VARIABLE, key, reference, text)


def _change_id(told: _Told) -> str:
    """Return the id of a change: those of an instance are in their order."""
    variable = blake2b(told.variable_id.encode(), digest_size=8).hexdigest()
    return f"{event_id(told.reference.id, told.position)}.{variable}"
