"""Fields that nobody could change while the form was filled in, and the values that they may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from form_svc.schema.expressions import Context
from form_svc.schema.model import Field, FormSchema
from form_svc.submission.entering import first_value
from form_svc.submission.values import Step, get, identity, is_same
from form_svc.submission.visibility import Page

_SCOPE_NAMES: Final = frozenset({"this", "parent", "i", "_this_", "_parent_", "_i_"})


class FixedValues:
    """What the fields that can only be read held when the form was shown."""

    def __init__(self, schema: FormSchema, page: Page, data: Mapping[str, Any]) -> None:
        self._schema = schema
        self._data = data
        self._values: dict[str, dict[tuple[Step, ...], Any]] = {
            field.id: {}
            for field in schema.fields.values()
            if field.type.is_keyed and self._never_changes(field, page.context)
        }
        for instance in page.instances:
            values = self._values.get(instance.field.id)
            if values is not None:
                values[instance.path] = get(data, instance.path)

    def is_fixed(self, field: Field) -> bool:
        """Tell whether a field could only be read, however the form was filled in."""
        return field.id in self._values

    def may_be(self, field: Field, path: tuple[Step, ...], value: Any) -> bool:
        """Tell whether a fixed field may have a value."""
        known = self._values[field.id]
        if not in_changing_list(field):
            return is_same(known[path] if path in known else get(self._data, path), value)
        # Rows may have been taken out above this one, and new ones begin with the field's default.
        allowed = {identity(each) for each in known.values()} | {identity(first_value(field))}
        return identity(value) in allowed

    def _never_changes(self, field: Field, context: Context) -> bool:
        if isinstance(field.readonly, bool):
            return field.readonly
        # A condition that reads what the user can change may have been otherwise when the field was filled in.
        reads_entries = field.readonly.names & (self._schema.data_roots | _SCOPE_NAMES)
        return not reads_entries and field.readonly.holds(context)


def in_changing_list(field: Field) -> bool:
    """Tell whether a field is in rows that can be added and removed."""
    above = field.parent
    while above is not None:
        if above.type.is_list and above.rows.can_grow_and_shrink:
            return True
        above = above.parent
    return False
