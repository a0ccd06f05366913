"""Reads what every BPMN element has: attributes, documentation, extensions, and its known children."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from engine_svc.model.context import ParseContext, Site, local_name, text_of, written_name
from engine_svc.model.dialects import DIALECTS
from engine_svc.model.dialects.dialect import keep_extension
from engine_svc.model.elements import BpmnElement, Extension
from engine_svc.model.namespaces import BPMN, DIAGRAM, XML, XSI, split
from engine_svc.model.rules import Rule

ChildReader = Callable[[ParseContext, etree._Element, Any], None]
"""Reads a BPMN child element into the element of the model."""

ANY_VALUE: frozenset[str] = frozenset()
"""For an attribute that may hold whatever it likes."""


@dataclass(slots=True, frozen=True)
class Schema:
    """The BPMN attributes and children of an element that are understood, or known to inform only."""

    attributes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Attribute -> the values it may have; any where the set is empty."""
    children: Mapping[str, ChildReader] = field(default_factory=dict)

    def extended(
        self,
        attributes: Mapping[str, frozenset[str]] | None = None,
        children: Mapping[str, ChildReader] | None = None,
    ) -> Schema:
        """Return a schema that knows more."""
        return Schema({**self.attributes, **(attributes or {})}, {**self.children, **(children or {})})


def pass_over(context: ParseContext, element: etree._Element, node: Any) -> None:
    """Pass over a child that only informs people or other tools."""


def not_supported(context: ParseContext, element: etree._Element, owner: str = "") -> None:
    """Report `element` as one that would execute and cannot."""
    name = written_name(element)
    where = f" in {owner}" if owner else ""
    context.error(
        Rule.ELEMENT_NOT_SUPPORTED,
        element,
        f"{name}{where} is not supported. Remove it, or model it with elements that are supported.",
    )


def describe(element: etree._Element) -> str:
    """Return type and id of `element`, for messages."""
    identifier = element.get("id", "")
    return f"{local_name(element)} {identifier!r}" if identifier else local_name(element)


def read_common(context: ParseContext, element: etree._Element, node: BpmnElement, schema: Schema) -> None:
    """Read everything of `element` that `schema` and the dialects know into `node`; report the rest."""
    node.source = context.source(element)
    node.name = element.get("name", "")
    _read_attributes(context, element, node, schema)
    foreign: dict[str, list[str]] = {}
    for child in element:
        namespace, name = split(str(child.tag))
        if namespace == BPMN:
            if name == "documentation":
                text = text_of(child)
                node.documentation = f"{node.documentation}\n{text}" if node.documentation else text
            elif name == "extensionElements":
                _read_extensions(context, child, node, foreign)
            elif name in schema.children:
                schema.children[name](context, child, node)
            else:
                not_supported(context, child, describe(element))
        elif namespace in DIALECTS:
            context.error(
                Rule.ELEMENT_NOT_SUPPORTED,
                child,
                f"{written_name(child)} must stand within extensionElements. Move it there.",
            )
        elif namespace not in DIAGRAM:
            _keep_foreign(context, child, node, foreign)
    _warn_foreign(context, element, foreign)


def _read_attributes(context: ParseContext, element: etree._Element, node: BpmnElement, schema: Schema) -> None:
    foreign: dict[str, list[str]] = {}
    for key, raw in element.attrib.items():
        namespace, name = split(str(key))
        value = str(raw)
        if not namespace:
            _check_attribute(context, element, schema, name, value)
        elif namespace in DIALECTS:
            dialect = DIALECTS[namespace]
            site = Site(context, element, f"{_prefix(element, namespace)}:{name}")
            reader = dialect.attribute(node, name)
            if reader is not None:
                reader(node, value, site)
            else:
                # The engines of the dialects pass over what they do not know; what changes the execution is known here.
                site.warning(
                    Rule.ATTRIBUTE_UNKNOWN,
                    f"The attribute {site.origin} of {describe(element)} is not known there and has no effect.",
                )
        elif namespace not in (XSI, XML):
            node.extensions.append(Extension(namespace, name, value))
            foreign.setdefault(namespace, []).append(name)
    _warn_foreign(context, element, foreign)


def _check_attribute(context: ParseContext, element: etree._Element, schema: Schema, name: str, value: str) -> None:
    if name in ("id", "name"):
        return
    allowed = schema.attributes.get(name)
    if allowed is None:
        context.warning(
            Rule.ATTRIBUTE_UNKNOWN,
            element,
            f"The attribute {name} of {describe(element)} is not known there and has no effect. Correct its name, give "
            "it the prefix of its dialect, or remove it.",
        )
    elif allowed and value.strip() not in allowed:
        context.error(
            Rule.ATTRIBUTE_NOT_SUPPORTED,
            element,
            f'{name}="{value}" of {describe(element)} is not supported. Remove it, or set it to '
            f"{' or '.join(sorted(allowed))}.",
        )


def _read_extensions(
    context: ParseContext, container: etree._Element, node: BpmnElement, foreign: dict[str, list[str]]
) -> None:
    owner = container.getparent()
    assert owner is not None
    for child in container:
        namespace, name = split(str(child.tag))
        if namespace not in DIALECTS:
            _keep_foreign(context, child, node, foreign)
            continue
        reader = DIALECTS[namespace].element(node, name)
        if reader is not None:
            reader(node, child, Site(context, child, written_name(child)))
        else:
            keep_extension(node, child, Site(context, child, written_name(child)))
            context.warning(
                Rule.FOREIGN_EXTENSION,
                child,
                f"{written_name(child)} of {describe(owner)} is not known there and has no effect.",
            )


def _keep_foreign(
    context: ParseContext, child: etree._Element, node: BpmnElement, foreign: dict[str, list[str]]
) -> None:
    keep_extension(node, child, Site(context, child, written_name(child)))
    foreign.setdefault(etree.QName(child).namespace or "", []).append(local_name(child))


def _warn_foreign(context: ParseContext, element: etree._Element, foreign: dict[str, list[str]]) -> None:
    for namespace, names in foreign.items():
        known = ", ".join(sorted(set(names))[:10])
        context.warning(
            Rule.FOREIGN_EXTENSION,
            element,
            f"{known} of the namespace {namespace!r} on {describe(element)} is kept, but has no effect. "
            "Nothing need be done unless it should change the execution.",
        )


def _prefix(element: etree._Element, namespace: str) -> str:
    return next((prefix for prefix, uri in element.nsmap.items() if uri == namespace and prefix), "")
