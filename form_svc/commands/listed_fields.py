"""Turns the fields that a model lists (`flowable:formProperty`, `camunda:formField`) into a schema of form-js."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from flowmesh.engine.v1.form_host_service_pb2 import FormHostField

from form_svc.commands.listed_dates import default_date
from form_svc.schema.fields import is_name

SCHEMA_VERSION = 16
_HOURS = re.compile("[HhKk]")
"""In a pattern of Java's SimpleDateFormat."""
_TEXT = {"string", "text", "", "uuid"}
_WHOLE = {"long", "integer", "int", "short"}
_NUMBER = {"double", "float", "decimal", "number"}
_CHOICE = {"enum"}
MAX_EXACT = 2**53
"""Above it JSON's numbers are not whole."""
_YES = {"true", ""}
"""A constraint without a value holds."""


def schema_of(form_id: str, fields: Sequence[FormHostField]) -> bytes:
    """Return the schema of a form with these fields; those that must not be read are left out."""
    components = [_component(field, number, key) for number, field, key in _shown(fields)]
    document = {
        "type": "default",
        "id": form_id,
        "schemaVersion": SCHEMA_VERSION,
        "components": components,
    }
    return orjson.dumps(document)


def renamed_in(fields: Sequence[FormHostField]) -> dict[str, str]:
    """Return the variables, by the keys of their fields, whose names are no keys for form-js: `customer.name`."""
    return {key: variable_of(field) for _, field, key in _shown(fields) if key != variable_of(field)}


def variable_of(field: FormHostField) -> str:
    """Return the name of the variable that a field is about."""
    return field.variable or field.id


def _shown(fields: Sequence[FormHostField]) -> Iterator[tuple[int, FormHostField, str]]:
    """Yield the fields that are shown, with their numbers and keys; of several about a variable the first."""
    names = {variable_of(field) for field in fields}
    seen: set[str] = set()
    for number, field in enumerate(fields):
        name = variable_of(field)
        if not field.readable or name in seen:
            continue
        seen.add(name)
        key = name if is_name(name) else f"field_{number}"
        while key != name and key in names:
            key += "_"
        yield number, field, key


def _component(field: FormHostField, number: int, key: str) -> dict[str, Any]:
    rules = {constraint.name.lower(): constraint.config for constraint in field.constraints}
    component: dict[str, Any] = {
        "id": f"Field_{number}",
        "key": key,
        "label": _literal(field.name or field.id),
        **_kind(field),
    }
    validate = _validation(field, rules, component["type"])
    if validate:
        component["validate"] = validate
    if not field.writable or rules.get("readonly", "false").lower() in _YES:
        component["readonly"] = True
    default = _default(field, component)
    if default is not None:
        component["defaultValue"] = default
    return component


def _kind(field: FormHostField) -> dict[str, Any]:
    name = field.type.strip().lower()
    if name in _WHOLE:
        return {"type": "number", "decimalDigits": 0}
    if name in _NUMBER:
        return {"type": "number"}
    if name == "boolean":
        return {"type": "checkbox"}
    if name == "date":
        label = _literal(field.name or field.id)
        if _HOURS.search(field.date_pattern):
            # A time of the clock on the wall, to the minute, as the pattern has no zone.
            time = {"timeLabel": label, "timeInterval": 1, "timeSerializingFormat": "no_timezone"}
            return {"type": "datetime", "subtype": "datetime", "dateLabel": label, **time}
        return {"type": "datetime", "subtype": "date", "dateLabel": label}
    if name in _CHOICE:
        values = [{"value": value.id, "label": _literal(value.name or value.id)} for value in field.values]
        return {"type": "select", "values": values}
    return {"type": "textfield"}


def _literal(text: str) -> str:
    """Return a text that is shown as it is: no expression, no template."""
    text = text.replace("{{", "{ {")
    return f" {text}" if text.startswith("=") else text


def _validation(field: FormHostField, rules: dict[str, str], kind: str) -> dict[str, Any]:
    validate: dict[str, Any] = {}
    # A checkbox that is required has to be ticked; a boolean property that is required has to have a value.
    if kind != "checkbox" and (field.required or rules.get("required", "false").lower() in _YES):
        validate["required"] = True
    for name, config in rules.items():
        bound = _number(config)
        if bound is None:
            continue
        if kind == "number" and name in ("min", "max"):
            validate[name] = bound
        elif kind == "textfield" and name in ("minlength", "maxlength") and isinstance(bound, int) and bound >= 0:
            validate["minLength" if name == "minlength" else "maxLength"] = bound
    return validate


def _default(field: FormHostField, component: dict[str, Any]) -> Any:
    text = field.default_value
    # An expression is the engine's to evaluate; it does not for form fields.
    if not text or "${" in text or "#{" in text:
        return None
    match component["type"]:
        case "number":
            number = _number(text)
            return None if isinstance(number, float) and "decimalDigits" in component else number
        case "checkbox":
            return text.strip().lower() == "true"
        case "select":
            return text if any(value["value"] == text for value in component["values"]) else None
        case "textfield":
            return text
        case "datetime":
            return default_date(text, field.date_pattern, with_time=component["subtype"] == "datetime")
        case _:
            return None


def _number(text: str) -> int | float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    if number != number or number in (float("inf"), float("-inf")):
        return None
    return int(number) if number.is_integer() and abs(number) <= MAX_EXACT else number
