"""Reads multi-instance and standard loop characteristics (10.3.8), in the notation of every dialect."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lxml import etree

from engine_svc.model.context import ParseContext, Site, boolean, local_name, text_of, written_name
from engine_svc.model.dialects.feel_subset import feel_value
from engine_svc.model.dialects.mappings import variable_text
from engine_svc.model.elements import Activity, MapValue, ModelText, MultiInstance, StandardLoop
from engine_svc.model.formal_expression import read_formal_expression
from engine_svc.model.namespaces import ACTIVITI, BPMN, CAMUNDA, FLOWABLE, XSI, ZEEBE, split
from engine_svc.model.rules import Rule

_ACTIVITI_FAMILY = FLOWABLE | ACTIVITI | CAMUNDA
_INDEX = re.compile(r"[0-9]+")


def read_multi_instance(context: ParseContext, element: etree._Element, node: Activity) -> None:
    """Read `multiInstanceLoopCharacteristics` of an activity."""
    site = Site(context, element, "multiInstanceLoopCharacteristics")
    if node.multi_instance is not None or node.loop is not None:
        site.error(Rule.ATTRIBUTE_CONFLICT, "The activity has loop characteristics twice. Keep one of them.")
        return
    loop = MultiInstance(
        sequential=boolean(element.get("isSequential", "false")) is True, source=context.source(element)
    )
    behavior = element.get("behavior", "All").strip()
    if behavior != "All":
        site.warning(Rule.NOT_IN_EFFECT, f'behavior="{behavior[:40]}" has no effect: no event is thrown by instances.')
    _read_attributes(element, loop, site)
    for child in element:
        namespace, name = split(str(child.tag))
        if namespace == BPMN:
            _read_child(context, child, name, loop)
    for child in element.iterfind(f"{{{BPMN}}}extensionElements/*"):
        _read_extension(context, child, loop)
    if loop.collection is None and loop.cardinality is None:
        site.error(
            Rule.MULTI_INSTANCE_INCOMPLETE,
            "The multi-instance activity says neither how many instances there are nor over what they run. Give it a "
            "loopCardinality or a collection.",
        )
    node.multi_instance = loop


def read_standard_loop(context: ParseContext, element: etree._Element, node: Activity) -> None:
    """Read `standardLoopCharacteristics` of an activity."""
    site = Site(context, element, "standardLoopCharacteristics")
    if node.multi_instance is not None or node.loop is not None:
        site.error(Rule.ATTRIBUTE_CONFLICT, "The activity has loop characteristics twice. Keep one of them.")
        return
    loop = StandardLoop(test_before=boolean(element.get("testBefore", "false")) is True)
    maximum = element.get("loopMaximum", "").strip()
    if maximum:
        if _INDEX.fullmatch(maximum) and len(maximum) < 10:
            loop.maximum = int(maximum)
        else:
            site.error(Rule.ATTRIBUTE_VALUE_INVALID, f'loopMaximum="{maximum[:40]}" must be a whole number.')
    for child in element:
        if local_name(child) == "loopCondition":
            loop.condition = read_formal_expression(context, child)
    if loop.condition is None and not maximum:
        # Flowable and Camunda 7 know no loops and carry the activity out once; without a bound it would never end.
        site.warning(
            Rule.MULTI_INSTANCE_INCOMPLETE,
            "The loop has neither a loopCondition nor a loopMaximum: the activity is carried out once. Add one of "
            "them.",
        )
        return
    node.loop = loop


def _read_attributes(element: etree._Element, loop: MultiInstance, site: Site) -> None:
    for key, raw in element.attrib.items():
        namespace, name = split(str(key))
        value = str(raw).strip()
        inner = Site(site.context, element, name)
        if namespace in _ACTIVITI_FAMILY:
            match name:
                case "collection":
                    loop.collection = collection_text(value, inner)
                case "elementVariable":
                    loop.element_variable = value
                case "elementIndexVariable":
                    loop.index_variable = value
                case "noWaitStatesAsyncLeave":
                    loop.no_wait_states_async_leave = boolean(value) is True
                case "async" | "asyncBefore" | "asyncAfter" if boolean(value) is True:
                    inner.warning(
                        Rule.NOT_IN_EFFECT,
                        f"{name} of the loop characteristics has no effect: its instances run in the transaction of "
                        "the activity, which may be asynchronous itself.",
                    )
                case "async" | "asyncBefore" | "asyncAfter" | "exclusive":
                    pass
                case _:
                    inner.warning(
                        Rule.NOT_IN_EFFECT, f"The attribute {name} of the loop characteristics has no effect."
                    )
        elif not namespace and name not in (
            "id",
            "isSequential",
            "behavior",
            "oneBehaviorEventRef",
            "noneBehaviorEventRef",
        ):
            inner.error(Rule.ATTRIBUTE_NOT_SUPPORTED, f"The attribute {name} of the loop characteristics is not known.")
        elif namespace and namespace not in ZEEBE and namespace != XSI:
            inner.warning(Rule.FOREIGN_EXTENSION, f"{name} of the namespace {namespace!r} is kept, but has no effect.")


def _read_child(context: ParseContext, child: etree._Element, name: str, loop: MultiInstance) -> None:
    site = Site(context, child, written_name(child))
    match name:
        case "loopCardinality":
            loop.cardinality = read_formal_expression(context, child)
        case "completionCondition":
            loop.completion_condition = read_formal_expression(context, child)
        case "loopDataInputRef":
            if loop.collection is None and text_of(child):
                loop.collection = collection_text(text_of(child), site)
        case "inputDataItem":
            if not loop.element_variable:
                loop.element_variable = child.get("name", "") or child.get("id", "")
        case "loopDataOutputRef":
            if not loop.output_collection:
                loop.output_collection = text_of(child)
        case "outputDataItem":
            if loop.output_element is None and (item := child.get("name", "") or child.get("id", "")):
                loop.output_element = variable_text(item, site)
        case "documentation" | "extensionElements":
            pass
        case "complexBehaviorDefinition":
            site.error(
                Rule.ELEMENT_NOT_SUPPORTED,
                "complexBehaviorDefinition is not supported. Throw the event in the activity itself.",
            )
        case _:
            site.warning(Rule.NOT_IN_EFFECT, f"{site.origin} of the loop characteristics has no effect.")


def _read_extension(context: ParseContext, child: etree._Element, loop: MultiInstance) -> None:
    namespace, name = split(str(child.tag))
    site = Site(context, child, written_name(child))
    if namespace in ZEEBE and name == "loopCharacteristics":
        _read_zeebe(child, loop, site)
    elif namespace in _ACTIVITI_FAMILY and name == "collection":
        _read_collection(child, loop, site)
    elif namespace in _ACTIVITI_FAMILY and name == "variableAggregation":
        _read_aggregation(child, loop, site)
    elif name != "failedJobRetryTimeCycle":
        site.warning(Rule.FOREIGN_EXTENSION, f"{site.origin} of the loop characteristics is kept, but has no effect.")


def _read_zeebe(element: etree._Element, loop: MultiInstance, site: Site) -> None:
    given: Mapping[str, str] = {str(name): str(value).strip() for name, value in element.attrib.items()}
    if given.get("inputCollection"):
        loop.collection = feel_value(site, given["inputCollection"]) or loop.collection
        if loop.collection is None:
            # It was reported: nothing else is missing.
            loop.collection = site.literal("")
    loop.element_variable = given.get("inputElement", "") or loop.element_variable
    loop.output_collection = given.get("outputCollection", "")
    if given.get("outputElement"):
        loop.output_element = feel_value(site, given["outputElement"])


def _read_collection(element: etree._Element, loop: MultiInstance, site: Site) -> None:
    if _is_done_by_java(element):
        site.error(
            Rule.ELEMENT_NOT_SUPPORTED,
            f"{site.origin} is parsed by Java code. Put a list into a variable, and name the variable.",
        )
    for child in element:
        text = text_of(child)
        if local_name(child) == "string":
            # The text of the element is the collection's expression, or what a handler would parse.
            loop.collection = collection_text(text, site)
        elif local_name(child) == "expression":
            loop.collection = site.template(text)
    if not len(element) and text_of(element):
        loop.collection = collection_text(text_of(element), site)


def _read_aggregation(element: etree._Element, loop: MultiInstance, site: Site) -> None:
    if _is_done_by_java(element):
        site.error(
            Rule.ELEMENT_NOT_SUPPORTED,
            f"{site.origin} is done by Java code. List the variables that each instance adds.",
        )
        return
    target = element.get("target", "").strip()
    if not target or element.get("targetExpression"):
        site.error(
            Rule.ELEMENT_NOT_SUPPORTED,
            f"{site.origin} needs the name of its variable as target; expressions are not taken.",
        )
        return
    if loop.output_collection:
        site.error(
            Rule.ELEMENT_NOT_SUPPORTED,
            f"A second {site.origin} is not supported. Put all variables of an instance into one.",
        )
        return
    entries: dict[str, ModelText | MapValue] = {}
    for child in element:
        inner = Site(site.context, child, written_name(child))
        source, expression = child.get("source", "").strip(), child.get("sourceExpression", "").strip()
        name = child.get("target", "").strip() or source
        if local_name(child) != "variable" or not name or child.get("targetExpression"):
            inner.error(
                Rule.ATTRIBUTE_VALUE_INVALID,
                f"{inner.origin} needs a source or sourceExpression, and a target by name.",
            )
            continue
        entries[name] = inner.template(expression) if expression else variable_text(source, inner)
    loop.output_collection = target
    loop.own_variables = True
    loop.output_element = MapValue(dict(entries))


def _is_done_by_java(element: etree._Element) -> bool:
    return any(split(str(key))[1] in ("class", "delegateExpression") for key in element.attrib)


def collection_text(text: str, site: Site) -> ModelText:
    """Return an expression for a collection, or the name of a variable that holds it."""
    return site.template(text) if "${" in text or "#{" in text else site.literal(text)
