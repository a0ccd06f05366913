"""Mappings of variables: `in`/`out` of calls, `inputOutput` of Camunda 7, `ioMapping` of Camunda 8."""

from __future__ import annotations

from lxml import etree

from engine_svc.model.context import Site, boolean, local_name, text_of, written_name
from engine_svc.model.dialects.feel_subset import feel_value
from engine_svc.model.dialects.scripts import read_script_element
from engine_svc.model.elements import (
    CallActivity,
    FlowNode,
    ListValue,
    MapValue,
    ModelText,
    ModelValue,
    Script,
    VariableMapping,
)
from engine_svc.model.rules import Rule


def called_in(node: CallActivity, element: etree._Element, site: Site) -> None:
    """Read `in` of a call activity: a variable, all of them, or the business key."""
    if "businessKey" in element.attrib:
        if node.business_key is None:
            node.business_key = site.template(element.get("businessKey", ""))
        return
    if element.get("variables") == "all":
        node.inherit_variables = True
        return
    _keep(node.called_inputs, called_mapping(element, site))


def called_out(node: CallActivity, element: etree._Element, site: Site) -> None:
    """Read `out` of a call activity: a variable, or all of them."""
    if element.get("variables") == "all":
        node.return_variables = True
        return
    _keep(node.called_outputs, called_mapping(element, site))


def called_mapping(element: etree._Element, site: Site) -> VariableMapping | None:
    """Return what an `in` or `out` element copies, None where that was reported."""
    source = element.get("source", "").strip()
    expression = element.get("sourceExpression", "").strip()
    target = element.get("target", "").strip()
    target_expression = element.get("targetExpression", "").strip()
    if not (source or expression) or not (target or target_expression):
        site.error(
            Rule.ATTRIBUTE_VALUE_INVALID,
            f"{site.origin} needs a source or sourceExpression, and a target. Add what is missing.",
        )
        return None
    return VariableMapping(
        target=site.literal(target) if target else site.template(target_expression),
        value=site.template(expression) if expression else variable_text(source, site),
        transient=boolean(element.get("transient", "")) is True,
    )


def variable_text(name: str, site: Site) -> ModelText:
    """Return the expression that reads a variable by its name; null where there is no such variable."""
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    return ModelText(f"${{execution.getVariable('{quoted}')}}", site.source, site.origin)


def input_output(node: FlowNode, element: etree._Element, site: Site) -> None:
    """Read `camunda:inputOutput` of an activity or event."""
    for child in element:
        inner = Site(site.context, child, written_name(child))
        name = local_name(child)
        if name not in ("inputParameter", "outputParameter") or not child.get("name"):
            inner.error(
                Rule.ELEMENT_NOT_SUPPORTED,
                f"{site.origin} holds inputParameter and outputParameter elements with a name, not {inner.origin}.",
            )
            continue
        value = parameter_value(child, inner)
        if value is not None:
            mapping = VariableMapping(target=inner.literal(child.get("name", "")), value=value)
            (node.inputs if name == "inputParameter" else node.outputs).append(mapping)


def parameter_value(element: etree._Element, site: Site) -> ModelValue | None:
    """Return what a parameter, list item or map entry holds; None where that was reported."""
    child = next(iter(element), None)
    if child is None:
        text = text_of(element)
        return site.template(text or "${null}")
    inner = Site(site.context, child, written_name(child))
    match local_name(child):
        case "list":
            items = [_item(item, inner) for item in child]
            return ListValue([item for item in items if item is not None])
        case "map":
            entries = {entry.get("key", ""): parameter_value(entry, inner) for entry in child}
            return MapValue({key: value for key, value in entries.items() if value is not None})
        case "script":
            script = read_script_element(child, inner)
            if isinstance(script, Script):
                inner.error(
                    Rule.ELEMENT_NOT_SUPPORTED,
                    f"A {script.format} script in a parameter is not run. Write an expression, or compute the value "
                    "in a script task before.",
                )
                return None
            return script
        case _:
            inner.error(Rule.ELEMENT_NOT_SUPPORTED, f"{inner.origin} in a parameter is not supported. Use text.")
            return None


def _item(element: etree._Element, site: Site) -> ModelValue | None:
    inner = Site(site.context, element, written_name(element))
    if local_name(element) == "script":
        script = read_script_element(element, inner)
        if isinstance(script, ModelText):
            return script
        inner.error(Rule.ELEMENT_NOT_SUPPORTED, "A script in a list is not run. Write an expression.")
        return None
    return parameter_value(element, inner)


def io_mapping(node: FlowNode, element: etree._Element, site: Site) -> None:
    """Read `zeebe:ioMapping`: inputs and outputs with a source in FEEL and a target path."""
    for child in element:
        inner = Site(site.context, child, written_name(child))
        name = local_name(child)
        target = child.get("target", "").strip()
        if name not in ("input", "output") or not target:
            inner.error(
                Rule.ATTRIBUTE_VALUE_INVALID,
                f"{site.origin} holds input and output elements with source and target only.",
            )
            continue
        source = child.get("source", "")
        value = feel_value(inner, source) if source.strip() else inner.template("${null}")
        if value is not None:
            variable, _, path = target.partition(".")
            mapping = VariableMapping(target=inner.literal(variable), value=value, target_path=path)
            (node.inputs if name == "input" else node.outputs).append(mapping)


def _keep(mappings: list[VariableMapping], mapping: VariableMapping | None) -> None:
    if mapping is not None:
        mappings.append(mapping)
