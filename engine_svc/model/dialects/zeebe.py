"""The `zeebe:` dialect of Camunda 8: static values; its FEEL expressions (`=...`) are refused."""

from __future__ import annotations

from lxml import etree

from engine_svc.model.context import Site, local_name, split_names, written_name
from engine_svc.model.dialects import events
from engine_svc.model.dialects.activiti import claim_implementation, keep_follow_up_date
from engine_svc.model.dialects.dialect import (
    Dialect,
    claim,
    informative,
    keep_extension,
    whole_number,
)
from engine_svc.model.elements import BpmnElement, Process, ServiceTask, StartEvent, UserTask
from engine_svc.model.namespaces import split
from engine_svc.model.rules import Rule


def _settings(element: etree._Element, site: Site, *known: str) -> dict[str, str]:
    """Return the attributes of an extension element; report the unknown ones and the FEEL expressions."""
    values: dict[str, str] = {}
    for key, value in element.attrib.items():
        namespace, name = split(str(key))
        text = str(value)
        if namespace or name not in known:
            site.error(
                Rule.ATTRIBUTE_NOT_SUPPORTED,
                f"The attribute {name} of {site.origin} is not supported. Remove it.",
            )
        elif text.startswith("="):
            site.error(
                Rule.EXPRESSION_LANGUAGE_NOT_SUPPORTED,
                f"The attribute {name} of {site.origin} is a FEEL expression; FEEL comes with a later "
                "release. Write a static value.",
            )
        elif text.strip():
            values[name] = text.strip()
    for child in element:
        site.error(
            Rule.ELEMENT_NOT_SUPPORTED,
            f"{written_name(child)} within {site.origin} is not supported. Remove it.",
        )
    return values


def _version_tag(node: Process, element: etree._Element, site: Site) -> None:
    node.version_tag = _settings(element, site, "value").get("value", "")


def _task_definition(node: ServiceTask, element: etree._Element, site: Site) -> None:
    settings = _settings(element, site, "type", "retries")
    if "type" in settings:
        if claim_implementation(node, site):
            node.job_type = site.literal(settings["type"])
    elif not element.get("type"):
        site.error(
            Rule.SERVICE_TASK_IMPLEMENTATION_MISSING,
            f"{site.origin} needs the attribute type: the job type that workers poll for.",
        )
    if "retries" in settings:
        node.retries = whole_number(settings["retries"], site, 1, 1000)


def _task_headers(node: ServiceTask, element: etree._Element, site: Site) -> None:
    for child in element:
        key = child.get("key", "")
        if local_name(child) != "header" or not key:
            site.error(
                Rule.ATTRIBUTE_VALUE_INVALID,
                f"{site.origin} holds header elements with the attributes key and value only.",
            )
        elif key in node.headers:
            site.error(Rule.ATTRIBUTE_CONFLICT, f"The header {key!r} is given twice. Keep one of them.")
        else:
            node.headers[key] = child.get("value", "")


def _assignment(node: UserTask, element: etree._Element, site: Site) -> None:
    settings = _settings(element, site, "assignee", "candidateGroups", "candidateUsers")
    if "assignee" in settings and claim(node, "assignee", site):
        node.assignee = site.literal(settings["assignee"])
    for names, owners in (
        (settings.get("candidateUsers", ""), node.candidate_users),
        (settings.get("candidateGroups", ""), node.candidate_groups),
    ):
        owners.extend(site.literal(name) for name in split_names(names))


def _form(node: UserTask | StartEvent, element: etree._Element, site: Site) -> None:
    settings = _settings(element, site, "formKey", "formId", "externalReference", "bindingType")
    if settings.get("bindingType", "latest") != "latest":
        site.error(
            Rule.ATTRIBUTE_NOT_SUPPORTED,
            f"bindingType of {site.origin} is not supported: the newest form is used. Set it to latest.",
        )
    for name in ("formKey", "formId", "externalReference"):
        if name in settings and claim(node, "form_key", site):
            node.form_key = site.literal(settings[name])


def _schedule(node: UserTask, element: etree._Element, site: Site) -> None:
    settings = _settings(element, site, "dueDate", "followUpDate")
    if "dueDate" in settings and claim(node, "due_date", site):
        node.due_date = site.literal(settings["dueDate"])
    if "followUpDate" in settings:
        keep_follow_up_date(node, site.literal(settings["followUpDate"]), site)


def _priority(node: UserTask, element: etree._Element, site: Site) -> None:
    settings = _settings(element, site, "priority")
    if "priority" in settings and claim(node, "priority", site):
        node.priority = site.literal(settings["priority"])


ZEEBE = Dialect(
    name="zeebe",
    namespaces=frozenset({"http://camunda.org/schema/zeebe/1.0"}),
    attributes={
        (BpmnElement, "modelerTemplate"): informative,
        (BpmnElement, "modelerTemplateVersion"): informative,
        (BpmnElement, "modelerTemplateIcon"): informative,
    },
    elements={
        **events.ZEEBE_ELEMENTS,
        (BpmnElement, "properties"): keep_extension,
        (Process, "versionTag"): _version_tag,
        (Process, "userTaskForm"): keep_extension,
        (ServiceTask, "taskDefinition"): _task_definition,
        (ServiceTask, "taskHeaders"): _task_headers,
        (UserTask, "userTask"): informative,
        (UserTask, "assignmentDefinition"): _assignment,
        (UserTask, "formDefinition"): _form,
        (UserTask, "taskSchedule"): _schedule,
        (UserTask, "priorityDefinition"): _priority,
        (StartEvent, "formDefinition"): _form,
    },
)
