"""A form that has been read and found good."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from form_svc.schema.expressions import Expression, UnaryTests
from form_svc.schema.field_types import FieldType
from form_svc.schema.patterns import Pattern

Path = tuple[str, ...]


class _Missing(enum.Enum):
    MISSING = "MISSING"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing.MISSING
"""Stands for a value that is not there, as JavaScript's `undefined` does; None is JSON's null."""


class DateTimeKind(enum.StrEnum):
    """What a datetime field asks for."""

    DATE = "date"
    TIME = "time"
    DATE_TIME = "datetime"


class TimeZoneFormat(enum.StrEnum):
    """How a datetime field writes the time zone."""

    WITH_OFFSET = "utc_offset"
    AS_UTC = "utc_normalized"
    NONE = "no_timezone"


class ValidationType(enum.StrEnum):
    """Patterns that have a name."""

    NONE = ""
    CUSTOM = "custom"
    EMAIL = "email"
    PHONE = "phone"


Bound = int | float | str | Expression
"""A number, a number as text, or an expression that gives one."""


@dataclass(slots=True, frozen=True, kw_only=True)
class Constraints:
    """What a field's value must keep to."""

    required: bool = False
    min: Bound | None = None
    max: Bound | None = None
    min_length: Bound | None = None
    max_length: Bound | None = None
    pattern: Pattern | None = None
    pattern_message: str = ""
    validation_type: ValidationType = ValidationType.NONE


@dataclass(slots=True, frozen=True)
class StaticOptions:
    """Options that stand in the form."""

    values: list[Any]


@dataclass(slots=True, frozen=True)
class OptionsFromVariable:
    """Options that a variable holds."""

    name: str


@dataclass(slots=True, frozen=True)
class OptionsFromExpression:
    """Options that an expression gives."""

    expression: Expression


OptionSource = StaticOptions | OptionsFromVariable | OptionsFromExpression


@dataclass(slots=True, frozen=True, kw_only=True)
class NumberFormat:
    """How a number field writes numbers."""

    decimal_digits: int | None = None
    increment: str = ""
    """A decimal numeral; empty where any step will do."""
    as_text: bool = False


@dataclass(slots=True, frozen=True, kw_only=True)
class DateTimeFormat:
    """What a datetime field takes and how it writes it."""

    kind: DateTimeKind = DateTimeKind.DATE
    zone_format: TimeZoneFormat = TimeZoneFormat.NONE
    interval_minutes: int = 15
    disallow_passed: bool = False


@dataclass(slots=True, frozen=True, kw_only=True)
class ListFormat:
    """How the rows of a list come and go."""

    can_grow_and_shrink: bool = True
    first_rows: int = 1


@dataclass(slots=True, frozen=True, kw_only=True)
class FileFormat:
    """Which files a file picker takes."""

    accept: str | Expression = ""
    multiple: bool | Expression = False


@dataclass(slots=True, frozen=True, kw_only=True)
class Computation:
    """What an expression field computes, and when."""

    expression: Expression | None
    on_submit: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class Field:
    """One component of a form: a field with a value, a container, or something that is only shown."""

    id: str
    type: FieldType
    json_path: str
    label: str = ""
    binding: Path = ()
    """The segments of its key, or of its path."""
    value_path: Path = ()
    """From the form's data down to its value, without the rows' numbers."""
    parent: Field | None = None
    components: tuple[Field, ...] = ()
    hide: UnaryTests | None = None
    disabled: bool = False
    readonly: bool | UnaryTests = False
    default: Any = MISSING
    constraints: Constraints = field(default_factory=Constraints)
    options: OptionSource | None = None
    number: NumberFormat = field(default_factory=NumberFormat)
    date_time: DateTimeFormat = field(default_factory=DateTimeFormat)
    rows: ListFormat = field(default_factory=ListFormat)
    files: FileFormat = field(default_factory=FileFormat)
    computation: Computation | None = None

    def walk(self) -> Iterator[Field]:
        """Yield this field and all below it, in the document's order."""
        yield self
        for component in self.components:
            yield from component.walk()


@dataclass(slots=True, frozen=True, eq=False)
class FormSchema:
    """A form."""

    id: str
    version: int | None
    """Version of the schema's format; None where the document does not say."""
    root: Field
    fields: dict[str, Field]
    """All fields by id, the form itself included, in the document's order."""
    has_conditions: bool
    """Whether any field can be hidden."""
    data_roots: frozenset[str]
    """Names of the variables that hold the form's own values."""
