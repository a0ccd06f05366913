"""What Flowable and Camunda 7 both inherited from Activiti 5."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from engine_svc.model.context import Site, split_names, text_of
from engine_svc.model.dialects.dialect import (
    AttributeReader,
    ElementReader,
    claim,
    informative,
    keep_form_field,
    must_be_false,
    plain,
    template,
    templates,
)
from engine_svc.model.elements import FlowNode, ModelText, Process, ServiceTask, StartEvent, UserTask
from engine_svc.model.namespaces import split
from engine_svc.model.rules import Rule


def external_type(expected: str) -> AttributeReader:
    """Return a reader of `type` on a service task; `expected` is the value for external work."""

    def read(node: ServiceTask, value: str, site: Site) -> None:
        if value != expected:
            site.error(
                Rule.ELEMENT_NOT_SUPPORTED,
                f'A service task with {site.origin}="{value}" is not supported. Use '
                f'{site.origin}="{expected}" with a topic and do the work in a worker.',
            )
        elif _sibling(site, "topic") is None:
            site.error(
                Rule.SERVICE_TASK_IMPLEMENTATION_MISSING,
                f'{site.origin}="{expected}" needs a topic. Add the topic attribute that workers poll for.',
            )

    return read


def external_topic(expected: str) -> AttributeReader:
    """Return a reader of `topic`, which is the type of the job where `type` is `expected`."""

    def read(node: ServiceTask, value: str, site: Site) -> None:
        if _sibling(site, "type") is None:
            site.error(
                Rule.SERVICE_TASK_IMPLEMENTATION_MISSING,
                f'{site.origin} has no effect without type="{expected}" of the same namespace. Add it.',
            )
        if claim_implementation(node, site):
            node.job_type = site.template(value)

    return read


def claim_implementation(node: ServiceTask, site: Site) -> bool:
    """Tell whether the service task has no implementation yet; report a conflict where it has one."""
    return claim(node, "job_type", site) and claim(node, "expression", site)


def _delegate(node: ServiceTask, value: str, site: Site) -> None:
    # The class or bean lives in a Java program: its name becomes the type of a job that a worker takes.
    if value.strip() and claim_implementation(node, site):
        node.job_type = site.literal(value.strip())


def _expression(node: ServiceTask, value: str, site: Site) -> None:
    if value.strip() and claim_implementation(node, site):
        node.expression = site.template(value)


def _injected_field(node: ServiceTask, element: etree._Element, site: Site) -> None:
    name = element.get("name", "")
    namespace = etree.QName(element).namespace
    values: list[ModelText] = []
    if (text := element.get("stringValue")) is not None:
        values.append(site.literal(text))
    if (text := element.get("expression")) is not None:
        values.append(site.template(text))
    for child in element:
        if child.tag == f"{{{namespace}}}string":
            values.append(site.literal(text_of(child)))
        elif child.tag == f"{{{namespace}}}expression":
            values.append(site.template(text_of(child)))
        else:
            site.error(
                Rule.ELEMENT_NOT_SUPPORTED,
                f"{site.origin} may hold string or expression, not {split(str(child.tag))[1]}.",
            )
    if not name or len(values) != 1:
        site.error(
            Rule.ATTRIBUTE_VALUE_INVALID,
            f"{site.origin} needs a name and exactly one value: stringValue or expression.",
        )
    elif name in node.fields:
        site.error(Rule.ATTRIBUTE_CONFLICT, f"The field {name!r} is given twice. Keep one of them.")
    else:
        node.fields[name] = values[0]


def _follow_up_date(node: UserTask, value: str, site: Site) -> None:
    keep_follow_up_date(node, site.template(value), site)


def keep_follow_up_date(node: UserTask, text: ModelText, site: Site) -> None:
    """Keep a follow-up date, which has no effect yet."""
    if claim(node, "follow_up_date", site):
        node.follow_up_date = text
        site.warning(Rule.NOT_IN_EFFECT, f"{site.origin} is kept, but not yet in effect.")


def _sibling(site: Site, name: str) -> str | None:
    namespaces = site.element.nsmap
    prefix = site.origin.partition(":")[0]
    return site.element.get(f"{{{namespaces.get(prefix)}}}{name}")


ATTRIBUTES: Mapping[tuple[type, str], AttributeReader] = {
    (Process, "candidateStarterUsers"): informative,
    (Process, "candidateStarterGroups"): informative,
    (StartEvent, "initiator"): plain("initiator"),
    (StartEvent, "formKey"): template("form_key"),
    (FlowNode, "async"): must_be_false,
    (FlowNode, "exclusive"): informative,
    (UserTask, "assignee"): template("assignee"),
    (UserTask, "candidateUsers"): templates("candidate_users", split_names),
    (UserTask, "candidateGroups"): templates("candidate_groups", split_names),
    (UserTask, "priority"): template("priority"),
    (UserTask, "dueDate"): template("due_date"),
    (UserTask, "followUpDate"): _follow_up_date,
    (UserTask, "formKey"): template("form_key"),
    (ServiceTask, "class"): _delegate,
    (ServiceTask, "delegateExpression"): _delegate,
    (ServiceTask, "expression"): _expression,
    (ServiceTask, "resultVariable"): plain("result_variable"),
    (ServiceTask, "resultVariableName"): plain("result_variable"),
}

ELEMENTS: Mapping[tuple[type, str], ElementReader] = {
    (StartEvent, "formProperty"): keep_form_field,
    (UserTask, "formProperty"): keep_form_field,
    (ServiceTask, "field"): _injected_field,
}
