"""The `camunda:` dialect of Camunda 7."""

from __future__ import annotations

from lxml import etree

from engine_svc.model.context import Site, local_name, text_of, written_name
from engine_svc.model.dialects import activiti, events
from engine_svc.model.dialects.dialect import (
    AttributeReader,
    Dialect,
    claim,
    informative,
    keep_extension,
    keep_form_field,
    not_in_effect,
    plain,
    refused,
    switch,
    template,
)
from engine_svc.model.dialects.flowmesh import process_properties
from engine_svc.model.dialects.mappings import input_output, parameter_value
from engine_svc.model.elements import (
    BpmnElement,
    CallActivity,
    CallBinding,
    Definitions,
    ErrorDeclaration,
    ErrorMapping,
    FlowNode,
    FormBinding,
    ModelText,
    Process,
    ScriptTask,
    StartEvent,
    UserTask,
    VariableMapping,
)
from engine_svc.model.namespaces import BPMN
from engine_svc.model.namespaces import CAMUNDA as NAMESPACES
from engine_svc.model.rules import Rule
from engine_svc.model.work import WorkDraft
from engine_svc.scripts.language import refusal, script_language


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
        site.warning(
            Rule.NOT_IN_EFFECT,
            f"businessKey of {site.origin} has no effect. Give the business key when starting the instance.",
        )


def _form_reference(node: StartEvent | UserTask, value: str, site: Site) -> None:
    if claim(node, "form_key", site):
        node.form_key = site.template(value)


def _form_binding(node: StartEvent | UserTask, value: str, site: Site) -> None:
    known = {binding.value: binding for binding in (FormBinding.LATEST, FormBinding.DEPLOYMENT, FormBinding.VERSION)}
    if value not in known:
        site.error(Rule.ATTRIBUTE_VALUE_INVALID, f'{site.origin}="{value[:60]}" must be one of {", ".join(known)}.')
        return
    node.form_binding = known[value]
    version = site.element.get(f"{{{next(iter(NAMESPACES))}}}formRefVersion", "").strip()
    if node.form_binding is FormBinding.VERSION and not version.isdigit():
        site.error(
            Rule.ATTRIBUTE_VALUE_INVALID,
            f"{site.origin} is version, so formRefVersion must name one by its number.",
        )


def _form_version(node: StartEvent | UserTask, value: str, site: Site) -> None:
    node.form_version = value.strip()


def _binding(node: CallActivity, value: str, site: Site) -> None:
    known = {
        "latest": CallBinding.LATEST,
        "deployment": CallBinding.DEPLOYMENT,
        "version": CallBinding.VERSION,
        "versionTag": CallBinding.VERSION_TAG,
    }
    if value not in known:
        site.error(Rule.ATTRIBUTE_VALUE_INVALID, f'{site.origin}="{value[:60]}" must be one of {", ".join(known)}.')
    else:
        node.binding = known[value]


def _version(binding: CallBinding) -> AttributeReader:
    def read(node: CallActivity, value: str, site: Site) -> None:
        # A file may carry both; the binding says which of them counts.
        if (
            node.version is None
            or site.element.get(f"{{{next(iter(NAMESPACES))}}}calledElementBinding") == binding.value
        ):
            node.version = site.template(value)

    return read


def _connector(node: WorkDraft, element: etree._Element, site: Site) -> None:
    for child in element:
        inner = Site(site.context, child, written_name(child))
        if local_name(child) == "connectorId":
            if claim(node, "job_type", inner):
                node.job_type = inner.literal(text_of(child))
        elif local_name(child) == "inputOutput":
            _connector_parameters(node, child, inner)
    if node.job_type is None:
        node.reported = True
        site.error(Rule.SERVICE_TASK_IMPLEMENTATION_MISSING, f"{site.origin} needs a connectorId. Add it.")


def _connector_parameters(node: WorkDraft, element: etree._Element, site: Site) -> None:
    for child in element:
        inner = Site(site.context, child, written_name(child))
        name = child.get("name", "")
        value = parameter_value(child, inner)
        if value is None or not name:
            continue
        if local_name(child) == "outputParameter" and isinstance(node, FlowNode):
            node.outputs.append(VariableMapping(target=inner.literal(name), value=value))
        elif isinstance(value, ModelText):
            node.injected[name] = value
        elif isinstance(node, FlowNode):
            # A list or map has no field: it becomes a variable of the task's own scope, which the worker sees.
            node.inputs.append(VariableMapping(target=inner.literal(name), value=value))


def _error_definition(node: WorkDraft, element: etree._Element, site: Site) -> None:
    reference = element.get("errorRef", "").strip()
    expression = element.get("expression", "").strip()
    declared = element.getroottree().getroot().find(f"{{{BPMN}}}error[@id='{reference}']") if reference else None
    code = reference if declared is None else declared.get("errorCode", "")
    if not code:
        site.error(Rule.ERROR_CODE_MISSING, f"{site.origin} needs an errorRef to an error with an errorCode. Add it.")
        return
    node.error_mappings.append(
        ErrorMapping(error_code=code, condition=site.template(expression) if expression else None)
    )


def _script_of_file(node: ScriptTask, value: str, site: Site) -> None:
    script_format = site.element.get("scriptFormat", "")
    if script_language(script_format) is None:
        site.error(Rule.SCRIPT_LANGUAGE_NOT_SUPPORTED, f"{site.origin}: {refusal(script_format)}")
    else:
        site.error(
            Rule.ELEMENT_NOT_SUPPORTED,
            f"{site.origin} takes the script from the file {value[:60]!r}, which is not part of the model. Write the "
            "script into the element.",
        )


_JAVA_MAPPING = refused("it maps variables in Java. Use in and out elements.")

CAMUNDA = Dialect(
    name="camunda",
    namespaces=NAMESPACES,
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
        (Process, "jobPriority"): template("job_priority"),
        (Process, "taskPriority"): not_in_effect,
        (FlowNode, "jobPriority"): template("job_priority"),
        (FlowNode, "asyncBefore"): switch("async_before"),
        (FlowNode, "asyncAfter"): switch("async_after"),
        (StartEvent, "formRef"): _form_reference,
        (StartEvent, "formRefBinding"): _form_binding,
        (StartEvent, "formRefVersion"): _form_version,
        (StartEvent, "formHandlerClass"): not_in_effect,
        (UserTask, "formRef"): _form_reference,
        (UserTask, "formRefBinding"): _form_binding,
        (UserTask, "formRefVersion"): _form_version,
        (UserTask, "formHandlerClass"): not_in_effect,
        (UserTask, "businessCalendarName"): not_in_effect,
        (WorkDraft, "taskPriority"): template("work_priority"),
        (WorkDraft, "decisionRef"): plain("decision"),
        (WorkDraft, "decisionRefBinding"): informative,
        (WorkDraft, "decisionRefVersion"): informative,
        (WorkDraft, "decisionRefVersionTag"): informative,
        (WorkDraft, "decisionRefTenantId"): informative,
        (WorkDraft, "mapDecisionResult"): informative,
        (ScriptTask, "resource"): _script_of_file,
        (CallActivity, "calledElementBinding"): _binding,
        (CallActivity, "calledElementVersion"): _version(CallBinding.VERSION),
        (CallActivity, "calledElementVersionTag"): _version(CallBinding.VERSION_TAG),
        (CallActivity, "calledElementTenantId"): not_in_effect,
        (CallActivity, "caseRef"): refused("cases (CMMN) are not executed. Call a process instead."),
        (CallActivity, "caseBinding"): informative,
        (CallActivity, "caseVersion"): informative,
        (CallActivity, "caseTenantId"): informative,
        (CallActivity, "variableMappingClass"): _JAVA_MAPPING,
        (CallActivity, "variableMappingDelegateExpression"): _JAVA_MAPPING,
        (ErrorDeclaration, "errorMessage"): template("message"),
    },
    elements={
        **activiti.ELEMENTS,
        **events.CAMUNDA_ELEMENTS,
        (BpmnElement, "properties"): keep_extension,
        (Process, "properties"): process_properties,
        (StartEvent, "formData"): _form_data,
        (UserTask, "formData"): _form_data,
        (FlowNode, "inputOutput"): input_output,
        (WorkDraft, "connector"): _connector,
        (WorkDraft, "errorEventDefinition"): _error_definition,
    },
)
