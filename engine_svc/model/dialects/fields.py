"""Field injection: values that Flowable and Camunda 7 give to a class, and the engine gives to a worker."""

from __future__ import annotations

from lxml import etree

from engine_svc.model.context import Site, local_name, text_of, written_name
from engine_svc.model.elements import ModelText
from engine_svc.model.rules import Rule


def injected_field(element: etree._Element, site: Site) -> tuple[str, ModelText] | None:
    """Return name and value of a `field` element, None where it was reported."""
    values: list[ModelText] = []
    if (text := element.get("stringValue")) is not None:
        values.append(site.literal(text))
    if (text := element.get("expression")) is not None:
        values.append(site.template(text))
    for child in element:
        name = local_name(child)
        if name == "string":
            values.append(site.literal(text_of(child)))
        elif name == "expression":
            values.append(site.template(text_of(child)))
        else:
            site.error(
                Rule.ELEMENT_NOT_SUPPORTED, f"{site.origin} may hold string or expression, not {written_name(child)}."
            )
    name = element.get("name", "")
    if not name or len(values) != 1:
        site.error(
            Rule.ATTRIBUTE_VALUE_INVALID,
            f"{site.origin} needs a name and exactly one value: stringValue or expression.",
        )
        return None
    return name, values[0]


def read_fields(element: etree._Element, site: Site) -> dict[str, ModelText]:
    """Return the fields within `element` by name; the first of several with one name is kept, the rest reported."""
    fields: dict[str, ModelText] = {}
    for child in element:
        if local_name(child) != "field":
            continue
        inner = Site(site.context, child, written_name(child))
        found = injected_field(child, inner)
        if found is not None:
            keep_field(fields, found, inner)
    return fields


def keep_field(fields: dict[str, ModelText], found: tuple[str, ModelText], site: Site) -> None:
    """Put a field beside the others; report a second one of the same name."""
    name, value = found
    if name in fields:
        site.error(Rule.ATTRIBUTE_CONFLICT, f"The field {name!r} is given twice. Keep one of them.")
    else:
        fields[name] = value
