"""Which texts of the model take part in execution."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator, Mapping
from typing import Any

from engine_svc.model.elements import FlowContainer, ModelText

_CONDITIONS = frozenset({"condition", "completion_condition", "activation_condition", "skip_expression"})
"""Fields whose text must give true or false."""


@dataclasses.dataclass(slots=True, frozen=True)
class HeldText:
    """A text, and how it is read."""

    text: ModelText
    field: str
    """Name of the field that holds it."""

    @property
    def is_condition(self) -> bool:
        """Whether it must give true or false."""
        return self.field in _CONDITIONS


def texts_in(element: Any) -> Iterator[HeldText]:
    """Yield the texts of an element of the model and of its parts, but not of the nodes that a sub-process holds."""
    yield from _texts("", element)


def _texts(name: str, value: Any) -> Iterator[HeldText]:
    if isinstance(value, ModelText):
        yield HeldText(value, name)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(name, item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(name, item)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type | FlowContainer):
        for field in _fields(type(value)):
            yield from _texts(field, getattr(value, field))


@functools.cache
def _fields(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))
