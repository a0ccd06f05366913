"""The options from which a value can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from form_svc.schema.model import MISSING, Field, OptionsFromVariable, StaticOptions
from form_svc.submission.values import identity, is_blank

Choices = frozenset[Any]
"""Identities of the values that can be chosen."""


def fixed_options(field: Field, variables: Mapping[str, Any]) -> Any:
    """Return the options of a field that has them from the form or from a variable."""
    match field.options:
        case StaticOptions(values):
            return values
        case OptionsFromVariable(name):
            return variables.get(name, MISSING)
        case _:
            return MISSING


def choices(options: Any) -> Choices:
    """Return what can be chosen of some options; what form-js would not show is left out."""
    if not isinstance(options, list):
        return frozenset()
    return frozenset(identity(value) for option in options if (value := _value(option)) is not MISSING)


def _value(option: Any) -> Any:
    if not isinstance(option, dict):
        return option if _is_simple(option) else MISSING
    value = option.get("value", MISSING)
    label = option.get("label")
    if _is_simple(value):
        return value
    has_label = isinstance(label, str) and bool(label)
    return value if has_label and isinstance(value, dict) and value else MISSING


def _is_simple(value: Any) -> bool:
    """Tell whether a value can be an option by itself."""
    if isinstance(value, bool):
        return True
    return isinstance(value, str | int | float) and (value == 0 or not is_blank(value))
