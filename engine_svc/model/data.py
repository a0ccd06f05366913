"""BPMN data elements (10.4): documentation as long as nothing in them would be executed."""

from __future__ import annotations

from typing import Any

from lxml import etree

from engine_svc.model.context import ParseContext, local_name, text_of
from engine_svc.model.namespaces import BPMN, split
from engine_svc.model.rules import Rule
from engine_svc.model.schema import describe

_DOCUMENTATION_ENDS = frozenset(
    {"dataObject", "dataObjectReference", "dataStoreReference", "dataStore", "dataInput", "dataOutput"}
)


def read_data_object(context: ParseContext, element: etree._Element, node: Any) -> None:
    """Accept a data object without value; one with a value would set a variable."""
    for child in element.iter():
        if child is not element and local_name(child) == "value" and split(str(child.tag))[0] != BPMN:
            context.error(
                Rule.ELEMENT_NOT_SUPPORTED,
                child,
                f"The value of {describe(element)} is not supported. Remove it and pass the variable when "
                "starting the instance, or set it in a service task.",
            )


def read_data_association(context: ParseContext, element: etree._Element, node: Any) -> None:
    """Accept an association that only draws data to or from a task; one that moves values would execute."""
    if any(local_name(child) in ("assignment", "transformation") for child in element):
        _moves_values(context, element)
        return
    ends = [text_of(child) for child in element if local_name(child) in ("sourceRef", "targetRef")]
    if ends and context.data_ids.isdisjoint(ends):
        _moves_values(context, element)


def data_ids(root: etree._Element) -> frozenset[str]:
    """Return the ids of the file's data elements, which hold no values while a process runs."""
    return frozenset(
        element.get("id", "") for element in root.iter(*(f"{{{BPMN}}}{name}" for name in _DOCUMENTATION_ENDS))
    )


def _moves_values(context: ParseContext, element: etree._Element) -> None:
    context.error(
        Rule.ELEMENT_NOT_SUPPORTED,
        element,
        f"{describe(element)} would move data and is not supported. Remove it: tasks read and write process "
        "variables directly.",
    )
