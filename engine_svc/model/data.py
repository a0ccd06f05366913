"""BPMN data elements (10.4): data objects with values are variables; associations draw where data goes.

Flowable and Camunda 7 move no data along associations of tasks. Those into work of an external worker become inputs
of that work, where a worker expects them.
"""

from __future__ import annotations

import json
import math
from typing import Any

from lxml import etree

from engine_svc.model.context import ParseContext, Site, boolean, local_name, text_of
from engine_svc.model.dialects.mappings import variable_text
from engine_svc.model.elements import DataObject
from engine_svc.model.namespaces import ACTIVITI, BPMN, CAMUNDA, FLOWABLE
from engine_svc.model.rules import Rule
from engine_svc.model.schema import describe
from engine_svc.model.work import WorkDraft

_DOCUMENTATION_ENDS = frozenset(
    {"dataObject", "dataObjectReference", "dataStoreReference", "dataStore", "dataInput", "dataOutput"}
)

_VALUE = tuple(f"{{{uri}}}value" for uri in FLOWABLE | ACTIVITI | CAMUNDA)


def read_data_object(context: ParseContext, element: etree._Element) -> DataObject | None:
    """Return the variable that a data object is; None for one that only documents, as one without a name does."""
    name = element.get("name", "").strip()
    kind = _kind_of(element)
    if not name or kind is None:
        return None
    text = next(
        (text_of(value) for uri in FLOWABLE | ACTIVITI | CAMUNDA for value in element.iter(f"{{{uri}}}value")), ""
    )
    data = DataObject(id=element.get("id", ""), name=name, source=context.source(element))
    if text:
        try:
            data.value = _value(kind, text)
        except ValueError:
            context.error(
                Rule.ATTRIBUTE_VALUE_INVALID,
                element,
                f"The value {text[:60]!r} of {describe(element)} is no {kind}. Correct the value, or its type.",
            )
    return data


def read_input_association(context: ParseContext, element: etree._Element, node: Any) -> None:
    """Read what an association moves into an activity: an input of a worker's work, otherwise nothing."""
    if not isinstance(node, WorkDraft) or any(local_name(child) == "transformation" for child in element):
        read_data_association(context, element, node)
        return
    site = Site(context, element, "dataInputAssociation")
    target = _input_name(element, _reference(element, "targetRef"))
    assignments = [child for child in element if local_name(child) == "assignment"]
    for assignment in assignments:
        value = _reference(assignment, "from")
        name = _input_name(element, _reference(assignment, "to")) or target
        if name and value:
            node.injected.setdefault(name, site.template(value))
    source = _variable_name(element, _reference(element, "sourceRef"))
    if not assignments and source and target:
        node.injected.setdefault(target, variable_text(source, site))


def read_output_association(context: ParseContext, element: etree._Element, node: Any) -> None:
    """Read what an association moves out of an activity: nothing, workers set the variables themselves."""
    read_data_association(context, element, node)


def read_data_association(context: ParseContext, element: etree._Element, node: Any) -> None:
    """Accept an association; warn of one that says it moves values."""
    if any(local_name(child) in ("assignment", "transformation") for child in element):
        _warn(context, element)
        return
    ends = [text_of(child) for child in element if local_name(child) in ("sourceRef", "targetRef")]
    if ends and context.data_ids.isdisjoint(ends):
        _warn(context, element)


def data_ids(root: etree._Element) -> frozenset[str]:
    """Return the ids of the file's data elements."""
    return frozenset(
        element.get("id", "") for element in root.iter(*(f"{{{BPMN}}}{name}" for name in _DOCUMENTATION_ENDS))
    )


def _kind_of(element: etree._Element) -> str | None:
    """Return the type of a data object by its itemSubjectRef: of Flowable's types, string where it names another."""
    reference = element.get("itemSubjectRef", "").strip()
    _, colon, kind = reference.rpartition(":")
    if not colon:
        return "string"
    if kind in ("string", "boolean", "int", "long", "double", "datetime", "json"):
        return kind
    structure = element.getroottree().getroot().find(f"{{{BPMN}}}itemDefinition[@id='{kind}']") if kind else None
    return "string" if structure is not None else None


def _value(kind: str, text: str) -> Any:
    match kind:
        case "int" | "long":
            return int(text)
        case "double":
            number = float(text)
            if not math.isfinite(number):
                raise ValueError(text)
            return number
        case "boolean":
            value = boolean(text)
            if value is None:
                raise ValueError(text)
            return value
        case "json":
            return json.loads(text)
        case _:
            return text


def _reference(element: etree._Element, name: str) -> str:
    return next((text_of(child) for child in element if local_name(child) == name), "")


def _input_name(association: etree._Element, reference: str) -> str:
    """Return the name of the declared input that `reference` is the id of, empty where it is none."""
    activity = association.getparent()
    declared = () if activity is None else activity.iter(f"{{{BPMN}}}dataInput")
    found = next((item for item in declared if item.get("id") == reference), None) if reference else None
    return "" if found is None else found.get("name", "").strip() or reference


def _variable_name(association: etree._Element, reference: str) -> str:
    """Return the variable that `reference` means: a data object's name, or what is no data element's id."""
    declared: dict[str, etree._Element] = {}
    for element in association.getroottree().getroot().iter(*(f"{{{BPMN}}}{name}" for name in _DOCUMENTATION_ENDS)):
        declared.setdefault(element.get("id", ""), element)
    found = declared.get(reference)
    if found is None:
        return reference
    if local_name(found) == "dataObjectReference":
        found = declared.get(found.get("dataObjectRef", ""), found)
    return found.get("name", "").strip() if local_name(found).startswith("dataObject") else ""


def _warn(context: ParseContext, element: etree._Element) -> None:
    context.warning(
        Rule.NOT_IN_EFFECT,
        element,
        f"{describe(element)} moves no data: tasks read and write process variables directly.",
    )
