"""How a dialect says what its extension attributes and elements mean for the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lxml import etree

from engine_svc.model.context import Site, boolean, text_of
from engine_svc.model.elements import BpmnElement, Extension, FormField
from engine_svc.model.rules import Rule

AttributeReader = Callable[[Any, str, Site], None]
"""Puts the value of an attribute into the element of the model."""

ElementReader = Callable[[Any, etree._Element, Site], None]
"""Puts an extension element into the element of the model."""


@dataclass(slots=True, frozen=True)
class Dialect:
    """The extension attributes and elements that are known, each by the model class it stands on.

    What is not listed is refused: it may change the execution.
    """

    name: str
    namespaces: frozenset[str]
    attributes: Mapping[tuple[type, str], AttributeReader]
    elements: Mapping[tuple[type, str], ElementReader]

    def attribute(self, node: BpmnElement, name: str) -> AttributeReader | None:
        """Return what reads the attribute `name` on an element such as `node`."""
        for kind in type(node).__mro__:
            reader = self.attributes.get((kind, name))
            if reader is not None:
                return reader
        return None

    def element(self, node: BpmnElement, name: str) -> ElementReader | None:
        """Return what reads the extension element `name` of an element such as `node`."""
        for kind in type(node).__mro__:
            reader = self.elements.get((kind, name))
            if reader is not None:
                return reader
        return None


def informative(node: Any, value: Any, site: Site) -> None:
    """Pass over what only informs people or other tools."""


def not_in_effect(node: Any, value: Any, site: Site) -> None:
    """Accept a setting that the engine has no use for, and say so."""
    site.warning(Rule.NOT_IN_EFFECT, f"{site.origin} is kept, but has no effect here.")


def refused(reason: str) -> Callable[[Any, Any, Site], None]:
    """Return a reader, of an attribute or element, that refuses it for `reason`, with what to do instead."""

    def read(node: Any, value: Any, site: Site) -> None:
        site.error(Rule.ELEMENT_NOT_SUPPORTED, f"{site.origin} is not supported: {reason}")

    return read


def switch(field: str) -> AttributeReader:
    """Return a reader that stores a boolean attribute in `field`."""

    def read(node: Any, value: str, site: Site) -> None:
        wanted = boolean(value)
        if wanted is None:
            site.error(Rule.ATTRIBUTE_VALUE_INVALID, f'{site.origin}="{value[:60]}" must be true or false.')
        else:
            setattr(node, field, wanted)

    return read


def template(field: str) -> AttributeReader:
    """Return a reader that stores the attribute as a text with expressions in `field`."""

    def read(node: Any, value: str, site: Site) -> None:
        if value.strip() and claim(node, field, site):
            setattr(node, field, site.template(value))

    return read


def plain(field: str) -> AttributeReader:
    """Return a reader that stores the attribute as it is in `field`."""

    def read(node: Any, value: str, site: Site) -> None:
        if value.strip() and claim(node, field, site):
            setattr(node, field, value.strip())

    return read


def templates(field: str, split: Callable[[str], list[str]]) -> AttributeReader:
    """Return a reader that appends each part of the attribute to the list `field`."""

    def read(node: Any, value: str, site: Site) -> None:
        getattr(node, field).extend(site.template(part) for part in split(value))

    return read


def claim(node: Any, field: str, site: Site) -> bool:
    """Tell whether `field` is still free; report a conflict where it is not."""
    if not getattr(node, field):
        return True
    site.error(
        Rule.ATTRIBUTE_CONFLICT,
        f"{site.origin} says again what another attribute or element of this element said. Keep one of them.",
    )
    return False


def whole_number(value: str, site: Site, least: int, most: int) -> int | None:
    """Return the number that `value` holds; report and return None where it holds none in the range."""
    try:
        number = int(value.strip()) if len(value) <= 20 else None
    except ValueError:
        number = None
    if number is None or not least <= number <= most:
        site.error(
            Rule.ATTRIBUTE_VALUE_INVALID,
            f'{site.origin}="{value[:60]}" must be a whole number from {least} to {most}.',
        )
        return None
    return number


def text_element(field: str) -> ElementReader:
    """Return a reader that stores the text of an element, which may hold expressions, in `field`."""

    def read(node: Any, element: etree._Element, site: Site) -> None:
        text = text_of(element)
        if text and claim(node, field, site):
            setattr(node, field, site.template(text))

    return read


def keep_form_field(node: Any, element: etree._Element, site: Site) -> None:
    """Keep a form field, which the engine does not enforce."""
    children = [(etree.QName(child).localname, child) for child in element.iter(etree.Element) if child is not element]
    constraints = tuple(
        (child.get("name", ""), child.get("config", "")) for name, child in children if name == "constraint"
    )
    node.form_fields.append(
        FormField(
            id=element.get("id", ""),
            name=element.get("name", "") or element.get("label", ""),
            type=element.get("type", ""),
            required=boolean(element.get("required", "")) is True,
            # Of Camunda's form fields and Flowable's form properties.
            default=element.get("value", "") or element.get("defaultValue", "") or element.get("default", ""),
            variable=element.get("variable", ""),
            readable=boolean(element.get("readable", "")) is not False,
            writable=boolean(element.get("writable", "")) is not False,
            date_pattern=element.get("datePattern", ""),
            values=tuple((child.get("id", ""), child.get("name", "")) for name, child in children if name == "value"),
            constraints=constraints,
        )
    )
    site.warning(
        Rule.NOT_IN_EFFECT,
        f"The form field {element.get('id', '')!r} ({site.origin}) is not enforced by the engine: values "
        "that are not submitted by the task's form are accepted unchecked.",
    )


def keep_extension(node: BpmnElement, element: etree._Element, site: Site) -> None:
    """Keep an extension element as it is."""
    tag = etree.QName(element)
    content = etree.tostring(element, encoding="unicode", with_tail=False)
    node.extensions.append(Extension(tag.namespace or "", tag.localname, content))
