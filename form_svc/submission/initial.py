"""The data with which a form begins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from form_svc.schema.limits import MAX_INSTANCES
from form_svc.schema.model import MISSING, Field, FormSchema
from form_svc.submission.datetimes import Calendar
from form_svc.submission.entering import enter, first_value
from form_svc.submission.values import Step, copied, get, put
from form_svc.submission.violations import Fault

OnFault = Callable[[tuple[Step, ...], Fault], None]


class TooManyFields(Exception):
    """The rows of lists make for more fields than a form may show."""


def own_copy(schema: FormSchema, data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data with what the form writes to copied, and the rest shared."""
    roots = schema.data_roots
    return {name: copied(value) if name in roots else value for name, value in data.items()}


def initialised(
    schema: FormSchema, source: Mapping[str, Any], calendar: Calendar, on_fault: OnFault | None = None
) -> dict[str, Any]:
    """Return data with every field's value put into it, as form-js's import of a form gives it.

    Values that do not fit are emptied; `on_fault` is told. Raises `TooManyFields`.
    """
    return _Initialisation(schema, source, calendar, on_fault).run()


class _Initialisation:
    def __init__(
        self, schema: FormSchema, source: Mapping[str, Any], calendar: Calendar, on_fault: OnFault | None
    ) -> None:
        self._root = schema.root
        self._source = source
        self._data = own_copy(schema, source)
        self._calendar = calendar
        self._on_fault = on_fault
        self._count = 0

    def run(self) -> dict[str, Any]:
        self._below(self._root, ())
        return self._data

    def _below(self, container: Field, base: tuple[Step, ...]) -> None:
        for field in container.components:
            self._count += 1
            if self._count > MAX_INSTANCES:
                raise TooManyFields
            path = base + field.binding
            if field.type.is_keyed:
                self._value(field, path)
            elif field.type.is_list:
                self._rows(field, path)
            elif field.type.is_container:
                self._below(field, path)

    def _value(self, field: Field, path: tuple[Step, ...]) -> None:
        given = get(self._source, path)
        if given is MISSING:
            value = copied(first_value(field))
        else:
            entered = enter(field, given, self._source, self._calendar)
            value = copied(entered.value)
            if entered.fault is not None and self._on_fault is not None:
                self._on_fault(path, entered.fault)
        put(self._data, path, value)

    def _rows(self, field: Field, path: tuple[Step, ...]) -> None:
        given = get(self._source, path)
        rows: list[Any] = given if isinstance(given, list) else [{} for _ in range(field.rows.first_rows)]
        if len(rows) > MAX_INSTANCES:
            raise TooManyFields
        put(self._data, path, [copied(row) if isinstance(row, dict) else {} for row in rows])
        for at in range(len(rows)):
            self._below(field, (*path, at))
