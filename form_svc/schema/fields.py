"""Reads the properties of one component, each by its type."""

from __future__ import annotations

from typing import Any, Final

from form_svc.schema.expressions import UnaryTests, is_expression
from form_svc.schema.field_types import CONSTRAINTS, FieldType, Input
from form_svc.schema.limits import MAX_KEY_CHARACTERS, MAX_OPTIONS, MAX_PATTERN_CHARACTERS, MAX_REPETITIONS
from form_svc.schema.model import (
    MISSING,
    Computation,
    Constraints,
    DateTimeFormat,
    DateTimeKind,
    FileFormat,
    ListFormat,
    NumberFormat,
    OptionsFromExpression,
    OptionsFromVariable,
    OptionSource,
    Path,
    StaticOptions,
    TimeZoneFormat,
    ValidationType,
)
from form_svc.schema.patterns import Pattern, PatternInvalid, compile_pattern
from form_svc.schema.properties import Properties, is_decimal, shown

_SHOWN_TEXTS: Final = ("label", "description", "text", "content", "source", "alt", "url", "title")
_INTERVALS: Final = (1, 5, 10, 15, 30, 60)
_DEFAULT_INTERVAL: Final = 15
_MAX_DECIMAL_DIGITS: Final = 100
_MAX_LENGTH: Final = 2**31
_RESERVED: Final = frozenset({"__proto__", "constructor"})
"""Names that form-js refuses, as they mean something to JavaScript."""

_DEFAULT_OPTIONS: Final = [{"label": "Value", "value": "value"}]


def read_binding(properties: Properties, field_type: FieldType) -> Path:
    """Return the segments of a field's key, or of a container's path."""
    name = "key" if field_type.is_keyed else "path"
    text = properties.text(name)
    if not text and properties.raw(name) in (MISSING, None, ""):
        if field_type.is_keyed:
            properties.problem(name, "the field has no key, so nothing could be kept; give it one, such as amount")
        elif field_type.is_list:
            properties.problem(name, "the list has no path, so nothing could be kept; give it one, such as items")
        return ()
    if not text:
        return ()
    if len(text) > MAX_KEY_CHARACTERS:
        properties.problem(name, f"it has {len(text)} characters; use at most {MAX_KEY_CHARACTERS}")
        return ()
    segments = tuple(text.split("."))
    for segment in segments:
        if not segment.strip():
            properties.problem(name, f"{shown(text)} has an empty part; write names with single dots between them")
        elif segment in _RESERVED:
            properties.problem(name, f"the name {segment} is reserved; choose another")
        elif segment.isascii() and segment.isdigit():
            properties.problem(name, f"the part {segment} is a number; rows are made by dynamic lists, so use a name")
        else:
            continue
        return ()
    return segments


def is_name(text: str) -> bool:
    """Tell whether a text is a key of one part."""
    return (
        bool(text.strip())
        and len(text) <= MAX_KEY_CHARACTERS
        and "." not in text
        and text not in _RESERVED
        and not (text.isascii() and text.isdigit())
    )


def check_shown(properties: Properties, field_type: FieldType) -> None:
    """Check what is only shown, for the expressions in it."""
    for name in _SHOWN_TEXTS:
        properties.check_shown_text(name)
    appearance = properties.part("appearance")
    for name in ("prefixAdorner", "suffixAdorner"):
        appearance.check_shown_text(name)
    if field_type.name in ("table", "documentPreview"):
        properties.check_shown_text("dataSource")
    if field_type.name == "table":
        properties.expression("columnsExpression")
    if field_type.name == "button":
        properties.one_of("action", ("submit", "reset"), "submit")


def read_readonly(properties: Properties) -> bool | UnaryTests:
    """Return whether the field can be changed, or the condition for it."""
    if is_expression(properties.raw("readonly")):
        return properties.unary_tests("readonly") or False
    return properties.flag("readonly")


def read_constraints(properties: Properties, field_type: FieldType) -> Constraints:
    """Return what the value must keep to."""
    validate = properties.part("validate")
    for name in sorted(CONSTRAINTS - field_type.constraints):
        if name in validate and validate.raw(name) is not None:
            validate.problem(name, f"fields of type {field_type.name} have no {name}; remove it")
    known = field_type.constraints
    lengths = "minLength" in known
    return Constraints(
        required=validate.flag("required"),
        min=validate.bound("min", whole=False) if "min" in known else None,
        max=validate.bound("max", whole=False) if "max" in known else None,
        min_length=validate.bound("minLength", whole=True) if lengths else None,
        max_length=validate.bound("maxLength", whole=True) if lengths else None,
        pattern=_pattern(validate) if "pattern" in known else None,
        pattern_message=validate.text("patternErrorMessage") if "pattern" in known else "",
        validation_type=ValidationType(
            validate.one_of("validationType", [each.value for each in ValidationType], ValidationType.NONE.value)
        )
        if "validationType" in known
        else ValidationType.NONE,
    )


def _pattern(validate: Properties) -> Pattern | None:
    text = validate.text("pattern")
    if not text:
        return None
    if len(text) > MAX_PATTERN_CHARACTERS:
        validate.problem("pattern", f"it has {len(text)} characters; use at most {MAX_PATTERN_CHARACTERS}")
        return None
    try:
        return compile_pattern(text)
    except PatternInvalid as error:
        validate.problem("pattern", f"{shown(text)} is no regular expression of JavaScript: {error}")
        return None


def read_options(properties: Properties) -> OptionSource:
    """Return where the options come from; of several sources form-js's choice."""
    if "valuesKey" in properties and properties.raw("valuesKey") is not None:
        return OptionsFromVariable(properties.text("valuesKey"))
    if "values" in properties and properties.raw("values") is not None:
        return _static_options(properties)
    expression = properties.expression("valuesExpression")
    if expression is not None:
        return OptionsFromExpression(expression)
    return StaticOptions(_DEFAULT_OPTIONS)


def _static_options(properties: Properties) -> StaticOptions:
    values = properties.raw("values")
    if not isinstance(values, list):
        properties.problem("values", f"{shown(values)} is no list of options; write [{{label, value}}, …]")
        return StaticOptions([])
    if len(values) > MAX_OPTIONS:
        properties.problem("values", f"there are {len(values)} options; use at most {MAX_OPTIONS}")
        return StaticOptions([])
    return StaticOptions(values)


def read_number(properties: Properties) -> NumberFormat:
    """Return how a number field writes numbers."""
    increment = properties.decimal("increment")
    if increment is not None and float(increment) <= 0:
        properties.problem("increment", f"{shown(increment)} is not above 0; write a number above 0, or leave it out")
        increment = None
    return NumberFormat(
        decimal_digits=properties.whole("decimalDigits", _MAX_DECIMAL_DIGITS),
        increment="" if increment is None else str(increment),
        as_text=properties.flag("serializeToString"),
    )


def read_date_time(properties: Properties) -> DateTimeFormat:
    """Return what a datetime field takes."""
    kind = properties.one_of("subtype", [each.value for each in DateTimeKind], DateTimeKind.DATE.value)
    zone = properties.one_of(
        "timeSerializingFormat", [each.value for each in TimeZoneFormat], TimeZoneFormat.NONE.value
    )
    interval = properties.raw("timeInterval")
    if interval is MISSING or interval is None:
        interval = _DEFAULT_INTERVAL
    elif isinstance(interval, bool) or interval not in _INTERVALS:
        properties.problem(
            "timeInterval",
            f"{shown(interval)} is no interval that there is; write one of {', '.join(map(str, _INTERVALS))}",
        )
        interval = _DEFAULT_INTERVAL
    return DateTimeFormat(
        kind=DateTimeKind(kind),
        zone_format=TimeZoneFormat(zone),
        interval_minutes=int(interval),
        disallow_passed=properties.flag("disallowPassedDates"),
    )


def read_rows(properties: Properties) -> ListFormat:
    """Return how the rows of a list come and go."""
    if not properties.flag("isRepeating", default=True):
        properties.problem("isRepeating", "a list that does not repeat is a group; use type group")
    first = properties.whole("defaultRepetitions", MAX_REPETITIONS)
    return ListFormat(
        can_grow_and_shrink=properties.flag("allowAddRemove", default=True),
        first_rows=1 if first is None else first,
    )


def read_files(properties: Properties) -> FileFormat:
    """Return which files a file picker takes."""
    multiple = properties.raw("multiple")
    return FileFormat(
        accept=properties.text_or_expression("accept"),
        multiple=(properties.expression("multiple") or False)
        if is_expression(multiple)
        else properties.flag("multiple"),
    )


def read_computation(properties: Properties) -> Computation:
    """Return what an expression field computes."""
    expression = properties.expression("expression")
    if expression is None and properties.raw("expression") in (MISSING, None, ""):
        properties.problem("expression", "the field computes nothing; give it an expression that begins with =")
    when = properties.one_of("computeOn", ("change", "presubmit"), "change")
    return Computation(expression=expression, on_submit=when == "presubmit")


def read_default(
    properties: Properties, field_type: FieldType, number: NumberFormat, options: OptionSource | None
) -> Any:
    """Return the value with which the field begins; `MISSING` where there is none."""
    value = properties.raw("defaultValue")
    if value is MISSING or value is None:
        return MISSING
    wanted = _unfit(value, field_type, number)
    if wanted:
        properties.problem("defaultValue", f"{shown(value)} does not fit; write {wanted}, or leave it out")
        return MISSING
    if isinstance(options, StaticOptions):
        for chosen in value if isinstance(value, list) else [value]:
            if not any(_is_value_of(option, chosen) for option in options.values):
                properties.problem("defaultValue", f"{shown(chosen)} is none of the options; choose one of them")
                return MISSING
    return value


def _is_value_of(option: Any, chosen: Any) -> bool:
    value = option.get("value") if isinstance(option, dict) else option
    return isinstance(value, bool) is isinstance(chosen, bool) and bool(value == chosen)


def _unfit(value: Any, field_type: FieldType, number: NumberFormat) -> str:
    """Return what the default should be; empty where it is that."""
    match field_type.input:
        case Input.TEXT:
            return "" if isinstance(value, str) else "a text in quotes"
        case Input.NUMBER:
            if is_decimal(value) and (number.as_text or not isinstance(value, str)):
                return ""
            return "a number" + (" in quotes" if number.as_text else "")
        case Input.FLAG:
            return "" if isinstance(value, bool) else "true or false"
        case Input.CHOICES:
            return "" if isinstance(value, list) else "a list of values"
        case Input.DATE_TIME:
            return "" if isinstance(value, str) else "a text such as 2030-01-31"
        case Input.FILES:
            return "nothing: files are chosen by the user"
        case _:
            return ""
