"""Which field owns which part of the data: no two fields may write to the same place."""

from __future__ import annotations

from form_svc.schema.model import Field, Path


class _Node:
    __slots__ = ("below", "holder", "is_value", "rows_of")

    def __init__(self, holder: Field) -> None:
        self.below: dict[str, _Node] = {}
        self.is_value = False
        self.rows_of: Field | None = None
        self.holder = holder


class PathClaims:
    """The paths that fields have claimed so far, in the document's order, by form-js's rules."""

    def __init__(self) -> None:
        self._top: dict[str, _Node] = {}

    def claim(self, field: Field) -> Field | None:
        """Claim a field's path; return the field in the way, None where there is none."""
        path = field.value_path
        obstacle = self._obstacle(field, path)
        if obstacle is not None:
            return obstacle
        below = self._top
        node: _Node | None = None
        for segment in path:
            node = below.get(segment)
            if node is None:
                node = below[segment] = _Node(field)
            below = node.below
        if node is not None:
            node.is_value = node.is_value or field.type.is_keyed
            if field.type.is_list:
                node.rows_of = field
        return None

    def _obstacle(self, field: Field, path: Path) -> Field | None:
        below = self._top
        node: _Node | None = None
        for segment in path:
            node = below.get(segment)
            if node is None:
                return None
            if node.is_value:
                return node.holder
            if node.rows_of is not None and not _is_within(field, node.rows_of):
                return node.rows_of
            below = node.below
        # The path ends where others go on: a group may share it, a value or a list may not.
        if node is not None and (field.type.is_keyed or field.type.is_list):
            return node.holder
        return None


def _is_within(field: Field, container: Field) -> bool:
    above = field.parent
    while above is not None:
        if above is container:
            return True
        above = above.parent
    return False
