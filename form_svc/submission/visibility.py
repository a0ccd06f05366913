"""Which fields are on the page, and what their expressions see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from form_svc.schema.expressions import Budget, Context
from form_svc.schema.model import Field, FormSchema
from form_svc.submission.initial import own_copy
from form_svc.submission.values import Step, get, remove, without_gaps


@dataclass(slots=True, frozen=True)
class Instance:
    """A field that is on the page: those in the rows of lists are there once for each row."""

    field: Field
    path: tuple[Step, ...]
    """Where its value lies in the data."""
    context: Context
    """What its expressions see."""


def variables_seen(data: Mapping[str, Any], this: Any, parent: Any, rows: list[int]) -> dict[str, Any]:
    """Return what expressions see: the data, and `this`, `parent` and `i`, which the data may hide."""
    return {"this": this, "parent": parent, "i": rows, **data, "_this_": this, "_parent_": parent, "_i_": rows}


@dataclass(slots=True, frozen=True)
class Conditions:
    """When expressions are evaluated, and how long they may take."""

    now: datetime
    budget: Budget


def visible_data(schema: FormSchema, data: Mapping[str, Any], conditions: Conditions) -> Mapping[str, Any]:
    """Return data without the values of hidden fields."""
    if not schema.has_conditions:
        return data
    return _Filter(schema, data, conditions).run()


class _Filter:
    """As form-js's condition checker: conditions see all data here, those of hidden fields too."""

    def __init__(self, schema: FormSchema, data: Mapping[str, Any], conditions: Conditions) -> None:
        self._schema = schema
        self._data = data
        self._conditions = conditions
        self._result = own_copy(schema, data)

    def run(self) -> dict[str, Any]:
        self._below(self._schema.root, (), self._context(self._data, None, []), self._data, [], hidden=False)
        return without_gaps(self._result)  # type: ignore[no-any-return]

    def _context(self, this: Any, parent: Any, rows: list[int]) -> Context:
        self._conditions.budget.check()
        seen = variables_seen(self._data, this, parent, rows)
        return Context(seen, self._conditions.now, self._conditions.budget)

    def _below(
        self, container: Field, base: tuple[Step, ...], context: Context, this: Any, rows: list[int], *, hidden: bool
    ) -> None:
        for field in container.components:
            if not (field.type.is_keyed or field.type.has_path):
                continue
            path = base + field.binding
            is_hidden = hidden or (field.hide is not None and field.hide.holds(context))
            if field.type.is_list:
                if is_hidden:
                    remove(self._result, path)
                else:
                    self._rows(field, path, this, rows)
            elif field.type.is_keyed:
                if is_hidden:
                    remove(self._result, path)
            else:
                self._below(field, path, context, this, rows, hidden=is_hidden)

    def _rows(self, field: Field, path: tuple[Step, ...], this: Any, rows: list[int]) -> None:
        values = get(self._data, path)
        if not isinstance(values, list):
            return
        for at, row in enumerate(values):
            numbers = [*rows, at + 1]
            self._below(field, (*path, at), self._context(row, this, numbers), row, numbers, hidden=False)


class Page:
    """What is on the page with some data."""

    def __init__(
        self, schema: FormSchema, initial: Mapping[str, Any], data: Mapping[str, Any], conditions: Conditions
    ) -> None:
        self.instances: list[Instance] = []
        """The fields with values, in the form's order."""
        self.lists: list[Instance] = []
        self._data = data
        self._conditions = conditions
        # Hidden fields are seen as they were at first.
        self._seen = {**initial, **visible_data(schema, data, conditions)}
        self.context = self._context(self._seen, None, [])
        """What expressions see outside of lists."""
        root = schema.root
        if root.hide is None or not root.hide.holds(self.context):
            self._below(root, (), self.context, self._seen, None, [])

    def _below(
        self, container: Field, base: tuple[Step, ...], context: Context, this: Any, parent: Any, rows: list[int]
    ) -> None:
        for field in container.components:
            if field.hide is not None and field.hide.holds(context):
                continue
            path = base + field.binding
            if field.type.is_keyed:
                self.instances.append(Instance(field, path, context))
            elif field.type.is_list:
                self.lists.append(Instance(field, path, context))
                self._rows(field, path, this, parent, rows)
            elif field.type.is_container:
                self._below(field, path, context, this, parent, rows)

    def _rows(self, field: Field, path: tuple[Step, ...], this: Any, parent: Any, rows: list[int]) -> None:
        values = get(self._data, path)
        if not isinstance(values, list):
            return
        above = variables_seen(this if isinstance(this, dict) else {}, this, parent, rows)
        for at, row in enumerate(values):
            numbers = [*rows, at + 1]
            self._below(field, (*path, at), self._context(row, above, numbers), row, above, numbers)

    def _context(self, this: Any, parent: Any, rows: list[int]) -> Context:
        self._conditions.budget.check()
        seen = variables_seen(self._seen, this, parent, rows)
        return Context(seen, self._conditions.now, self._conditions.budget)
