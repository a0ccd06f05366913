"""The types of fields that form-js has, and what each of them can do."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

_SHARED: Final = frozenset({"required"})


class Input(enum.Enum):
    """What kind of value a field gives."""

    NOTHING = enum.auto()
    TEXT = enum.auto()
    NUMBER = enum.auto()
    FLAG = enum.auto()
    CHOICE = enum.auto()
    CHOICES = enum.auto()
    DATE_TIME = enum.auto()
    FILES = enum.auto()
    COMPUTED = enum.auto()


@dataclass(slots=True, frozen=True, kw_only=True)
class FieldType:
    """One type of field."""

    name: str
    input: Input = Input.NOTHING
    is_container: bool = False
    has_path: bool = False
    """Whether its children's values lie under a path of its own."""
    is_list: bool = False
    constraints: frozenset[str] = frozenset()
    """Members of `validate` that mean something for this type."""
    one_line: bool = False

    @property
    def is_keyed(self) -> bool:
        """Whether it has a value of its own, under its key."""
        return self.input is not Input.NOTHING

    @property
    def has_options(self) -> bool:
        """Whether its value is taken from a list of options."""
        return self.input in (Input.CHOICE, Input.CHOICES)


_LENGTHS: Final = frozenset({"minLength", "maxLength"})
_PATTERN: Final = frozenset({"pattern", "patternErrorMessage"})

CONSTRAINTS: Final = _SHARED | _LENGTHS | _PATTERN | {"min", "max", "validationType"}
"""All that form-js looks at in `validate`."""

FIELD_TYPES: Final = {
    field_type.name: field_type
    for field_type in (
        FieldType(
            name="textfield",
            input=Input.TEXT,
            constraints=_SHARED | _LENGTHS | _PATTERN | {"validationType"},
            one_line=True,
        ),
        FieldType(name="textarea", input=Input.TEXT, constraints=_SHARED | _LENGTHS | _PATTERN | {"validationType"}),
        FieldType(name="number", input=Input.NUMBER, constraints=_SHARED | {"min", "max"}),
        FieldType(name="datetime", input=Input.DATE_TIME, constraints=_SHARED),
        FieldType(name="expression", input=Input.COMPUTED, constraints=_SHARED),
        FieldType(name="filepicker", input=Input.FILES, constraints=_SHARED),
        FieldType(name="checkbox", input=Input.FLAG, constraints=_SHARED),
        FieldType(name="checklist", input=Input.CHOICES, constraints=_SHARED),
        FieldType(name="radio", input=Input.CHOICE, constraints=_SHARED),
        FieldType(name="select", input=Input.CHOICE, constraints=_SHARED),
        FieldType(name="taglist", input=Input.CHOICES, constraints=_SHARED),
        FieldType(name="text"),
        FieldType(name="html"),
        FieldType(name="image"),
        FieldType(name="table"),
        FieldType(name="documentPreview"),
        FieldType(name="spacer"),
        FieldType(name="separator"),
        FieldType(name="iframe"),
        FieldType(name="button"),
        FieldType(name="group", is_container=True, has_path=True),
        FieldType(name="dynamiclist", is_container=True, has_path=True, is_list=True),
    )
}

FORM: Final = FieldType(name="default", is_container=True)
"""The form itself."""
