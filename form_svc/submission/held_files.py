"""Files that a process has from before, in the fields for files of a form that shows them again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from form_svc.schema.field_types import Input
from form_svc.schema.model import Field
from form_svc.submission.readonly import in_changing_list
from form_svc.submission.values import Step, get, identity, is_blank, is_same


class HeldFiles:
    """What fields for files held when the form was shown, and which of it stays.

    form-js shows no files that it has not uploaded itself, and hands over null for them.
    """

    def __init__(self, initial: Mapping[str, Any]) -> None:
        self._initial = initial
        self._removed: set[tuple[Step, ...]] = set()
        self._sent_back: dict[tuple[Step, ...], Any] = {}
        self._in_rows: dict[str, frozenset[Any]] = {}

    def take(self, field: Field, path: tuple[Step, ...], value: Any) -> Any:
        """Return what a submitted value is as form-js has it: null for files from before, or for their removal."""
        if value == []:
            self._removed.add(path)
            return None
        if are_files(value) and self._were_there(field, path, value):
            self._sent_back[path] = value
            return None
        return value

    def settled(self, field: Field, path: tuple[Step, ...], value: Any) -> Any:
        """Return what is in a field in the end."""
        if field.type.input is not Input.FILES or not is_blank(value) or path in self._removed:
            return value
        if path in self._sent_back:
            return self._sent_back[path]
        # Where rows come and go, nobody knows whose files those at a position were.
        held = None if in_changing_list(field) else get(self._initial, path)
        return held if are_files(held) else value

    def _were_there(self, field: Field, path: tuple[Step, ...], value: Any) -> bool:
        if in_changing_list(field):
            if field.id not in self._in_rows:
                self._in_rows[field.id] = self._all_at(field)
            return identity(value) in self._in_rows[field.id]
        return is_same(get(self._initial, path), value)

    def _all_at(self, field: Field) -> frozenset[Any]:
        held: list[Any] = [self._initial]
        for name in field.value_path:
            rows = [row for each in held for row in (each if isinstance(each, list) else [each])]
            held = [row[name] for row in rows if isinstance(row, dict) and name in row]
        return frozenset(identity(each) for each in held)


def are_files(value: Any) -> bool:
    """Tell whether a value is what a process is told of files."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(each, dict) and isinstance(each.get("fileId"), str) for each in value)
    )
