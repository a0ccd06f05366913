"""The `camunda:` dialect of Camunda 7."""

from __future__ import annotations

from lxml import etree

from engine_svc.model.context import Site, local_name, written_name
from engine_svc.model.dialects import activiti, events
from engine_svc.model.dialects.dialect import (
    Dialect,
    claim,
    informative,
    keep_extension,
    keep_form_field,
    must_be_false,
    plain,
    template,
    whole_number,
)
from engine_svc.model.elements import (
    BpmnElement,
    Definitions,
    ErrorDeclaration,
    FlowNode,
    Process,
    ServiceTask,
    StartEvent,
    UserTask,
)
from engine_svc.model.rules import Rule


def _form_data(node: StartEvent | UserTask, element: etree._Element, site: Site) -> None:
    for child in element:
        if local_name(child) == "formField":
            keep_form_field(node, child, Site(site.context, child, written_name(child)))
        else:
            site.error(
                Rule.ELEMENT_NOT_SUPPORTED,
                f"{site.origin} may hold formField, not {written_name(child)}. Remove it.",
            )
    if element.get("businessKey") is not None:
        site.error(
            Rule.ATTRIBUTE_NOT_SUPPORTED,
            f"businessKey of {site.origin} is not supported. Give it when starting the instance.",
        )


def _form_reference(node: StartEvent | UserTask, value: str, site: Site) -> None:
    if claim(node, "form_key", site):
        node.form_key = site.template(value)


def _form_binding(node: StartEvent | UserTask, value: str, site: Site) -> None:
    if value != "latest":
        site.error(
            Rule.ATTRIBUTE_NOT_SUPPORTED,
            f'{site.origin}="{value}" is not supported: the newest form is used. Set it to latest.',
        )


def _task_priority(node: ServiceTask, value: str, site: Site) -> None:
    node.priority = whole_number(value, site, -(2**31), 2**31 - 1)


CAMUNDA = Dialect(
    name="camunda",
    namespaces=frozenset({"http://camunda.org/schema/1.0/bpmn"}),
    attributes={
        **activiti.ATTRIBUTES,
        **events.CAMUNDA_ATTRIBUTES,
        (BpmnElement, "modelerTemplate"): informative,
        (BpmnElement, "modelerTemplateVersion"): informative,
        (BpmnElement, "modelerTemplateIcon"): informative,
        (Definitions, "diagramRelationId"): informative,
        (Process, "versionTag"): plain("version_tag"),
        (Process, "historyTimeToLive"): informative,
        (Process, "isStartableInTasklist"): informative,
        # Priority of asynchronous jobs, which a model with asynchronous continuations is refused for.
        (Process, "jobPriority"): informative,
        (FlowNode, "jobPriority"): informative,
        (FlowNode, "asyncBefore"): must_be_false,
        (FlowNode, "asyncAfter"): must_be_false,
        (StartEvent, "formRef"): _form_reference,
        (StartEvent, "formRefBinding"): _form_binding,
        (UserTask, "formRef"): _form_reference,
        (UserTask, "formRefBinding"): _form_binding,
        (ServiceTask, "type"): activiti.external_type("external"),
        (ServiceTask, "topic"): activiti.external_topic("external"),
        (ServiceTask, "taskPriority"): _task_priority,
        (ErrorDeclaration, "errorMessage"): template("message"),
    },
    elements={
        **activiti.ELEMENTS,
        **events.CAMUNDA_ELEMENTS,
        (BpmnElement, "properties"): keep_extension,
        (Process, "potentialStarter"): informative,
        (StartEvent, "formData"): _form_data,
        (UserTask, "formData"): _form_data,
    },
)
