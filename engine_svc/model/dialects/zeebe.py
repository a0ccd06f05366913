"""The `zeebe:` dialect of Camunda 8: static values, and the part of FEEL that `feel_subset` translates."""

from __future__ import annotations

from lxml import etree

from engine_svc.model.context import Site, local_name, split_names, written_name
from engine_svc.model.dialects import events
from engine_svc.model.dialects.dialect import (
    Dialect,
    claim,
    informative,
    keep_extension,
    not_in_effect,
    refused,
    whole_number,
)
from engine_svc.model.dialects.feel_subset import feel_text, feel_value
from engine_svc.model.dialects.flowmesh import process_properties
from engine_svc.model.dialects.listeners import zeebe_execution_listeners, zeebe_task_listeners
from engine_svc.model.dialects.mappings import io_mapping
from engine_svc.model.elements import (
    AdHocSubProcess,
    BpmnElement,
    CallActivity,
    CallBinding,
    FlowNode,
    FormBinding,
    ListValue,
    ModelText,
    Process,
    ScriptTask,
    ServiceTask,
    StartEvent,
    UserTask,
)
from engine_svc.model.namespaces import ZEEBE as NAMESPACES
from engine_svc.model.namespaces import split
from engine_svc.model.rules import Rule
from engine_svc.model.work import WorkDraft


def settings(element: etree._Element, site: Site, *known: str, passed: tuple[str, ...] = ()) -> dict[str, ModelText]:
    """Return the attributes of an extension element; unknown ones and FEEL that is not understood are reported.

    Those in `passed` are read by the caller.
    """
    values: dict[str, ModelText] = {}
    for key, value in element.attrib.items():
        namespace, name = split(str(key))
        text = str(value).strip()
        if name in passed:
            continue
        if namespace or name not in known:
            site.warning(Rule.NOT_IN_EFFECT, f"The attribute {name} of {site.origin} is not known and has no effect.")
        elif text:
            found = feel_text(Site(site.context, site.element, f"{name} of {site.origin}"), text)
            if found is not None:
                values[name] = found
    for child in element:
        site.error(
            Rule.ELEMENT_NOT_SUPPORTED,
            f"{written_name(child)} within {site.origin} is not supported. Remove it.",
        )
    return values


def _version_tag(node: Process, element: etree._Element, site: Site) -> None:
    node.version_tag = element.get("value", "")


def _task_definition(node: WorkDraft, element: etree._Element, site: Site) -> None:
    given = settings(element, site, "type", "retries")
    if "type" in given:
        if claim(node, "job_type", site):
            node.job_type = given["type"]
    else:
        node.reported = True
    if not element.get("type", "").strip():
        site.error(
            Rule.SERVICE_TASK_IMPLEMENTATION_MISSING,
            f"{site.origin} needs the attribute type: the job type that workers poll for.",
        )
    if "retries" in given:
        retries = given["retries"]
        if element.get("retries", "").strip().startswith("="):
            node.retries_text = retries
        else:
            node.retries = whole_number(retries.text, site, 0, 1000)


def _task_headers(node: WorkDraft, element: etree._Element, site: Site) -> None:
    for child in element:
        key = child.get("key", "")
        if local_name(child) != "header" or not key:
            site.warning(
                Rule.NOT_IN_EFFECT,
                f"{site.origin} holds header elements with the attributes key and value only; another is passed over.",
            )
        elif key in node.headers:
            site.error(Rule.ATTRIBUTE_CONFLICT, f"The header {key!r} is given twice. Keep one of them.")
        else:
            node.headers[key] = child.get("value", "")


def _assignment(node: UserTask, element: etree._Element, site: Site) -> None:
    given = settings(element, site, "assignee", passed=("candidateGroups", "candidateUsers"))
    if "assignee" in given and claim(node, "assignee", site):
        node.assignee = given["assignee"]
    for name, owners in (("candidateUsers", node.candidate_users), ("candidateGroups", node.candidate_groups)):
        text = element.get(name, "").strip()
        if not text.startswith("="):
            owners.extend(site.literal(part) for part in split_names(text))
            continue
        value = feel_value(Site(site.context, element, f"{name} of {site.origin}"), text)
        match value:
            case ModelText():
                owners.append(value)
            case ListValue(items=items):
                owners.extend(item for item in items if isinstance(item, ModelText))
            case _:
                pass


def _form(node: UserTask | StartEvent, element: etree._Element, site: Site) -> None:
    given = settings(element, site, "formKey", "formId", "externalReference", "bindingType", "versionTag")
    node.form_binding = FormBinding.LATEST
    if "bindingType" in given:
        known = {
            binding.value: binding for binding in (FormBinding.LATEST, FormBinding.DEPLOYMENT, FormBinding.VERSION_TAG)
        }
        written = given["bindingType"].text
        if written not in known:
            site.error(
                Rule.ATTRIBUTE_VALUE_INVALID,
                f'bindingType="{written[:60]}" of {site.origin} must be one of {", ".join(known)}.',
            )
        else:
            node.form_binding = known[written]
    if "versionTag" in given:
        node.form_version = given["versionTag"].text
    if node.form_binding is FormBinding.VERSION_TAG and not node.form_version:
        site.error(Rule.ATTRIBUTE_VALUE_INVALID, f"{site.origin} binds to a version tag: name it in versionTag.")
    for name in ("formKey", "formId", "externalReference"):
        if name in given and claim(node, "form_key", site):
            node.form_key = given[name]


def _schedule(node: UserTask, element: etree._Element, site: Site) -> None:
    given = settings(element, site, "dueDate", "followUpDate")
    if "dueDate" in given and claim(node, "due_date", site):
        node.due_date = given["dueDate"]
    if "followUpDate" in given and claim(node, "follow_up_date", site):
        node.follow_up_date = given["followUpDate"]


def _priority(node: UserTask, element: etree._Element, site: Site) -> None:
    given = settings(element, site, "priority")
    if "priority" in given and claim(node, "priority", site):
        node.priority = given["priority"]


def _job_priority(node: FlowNode | Process, element: etree._Element, site: Site) -> None:
    given = settings(element, site, "priority")
    if "priority" in given and claim(node, "job_priority", site):
        node.job_priority = given["priority"]


def _called_element(node: CallActivity, element: etree._Element, site: Site) -> None:
    given = settings(
        element,
        site,
        "processId",
        "propagateAllChildVariables",
        "propagateAllParentVariables",
        "bindingType",
        "versionTag",
        "businessId",
    )
    if "processId" in given:
        node.called_element = given["processId"]
    node.return_variables = element.get("propagateAllChildVariables", "true").strip() != "false"
    node.inherit_variables = element.get("propagateAllParentVariables", "true").strip() != "false"
    binding = element.get("bindingType", "latest").strip()
    bindings = {
        "latest": CallBinding.LATEST,
        "deployment": CallBinding.DEPLOYMENT,
        "versionTag": CallBinding.VERSION_TAG,
    }
    if binding not in bindings:
        site.error(Rule.ATTRIBUTE_VALUE_INVALID, f'bindingType="{binding[:60]}" must be one of {", ".join(bindings)}.')
        return
    node.binding = bindings[binding]
    node.version = given.get("versionTag")


def _script(node: ServiceTask, element: etree._Element, site: Site) -> None:
    given = settings(element, site, "expression", "resultVariable")
    if isinstance(node, WorkDraft):
        if "expression" not in given:
            node.reported = bool(element.get("expression", "").strip())
        elif claim(node, "evaluated", site):
            node.evaluated = given["expression"]
    node.result_variable = element.get("resultVariable", "").strip()


def _called_decision(node: WorkDraft, element: etree._Element, site: Site) -> None:
    node.decision = element.get("decisionId", "").strip() or "decision"


def _ad_hoc(node: AdHocSubProcess, element: etree._Element, site: Site) -> None:
    given = settings(element, site, "activeElementsCollection", "outputCollection", "outputElement")
    node.active_elements = given.get("activeElementsCollection")
    for name in ("outputCollection", "outputElement"):
        if name in given:
            site.error(
                Rule.ELEMENT_NOT_SUPPORTED,
                f"{name} of {site.origin} is not supported. Set the variables in the activities themselves.",
            )


ZEEBE = Dialect(
    name="zeebe",
    namespaces=NAMESPACES,
    attributes={
        (BpmnElement, "modelerTemplate"): informative,
        (BpmnElement, "modelerTemplateVersion"): informative,
        (BpmnElement, "modelerTemplateIcon"): informative,
    },
    elements={
        **events.ZEEBE_ELEMENTS,
        (BpmnElement, "properties"): keep_extension,
        (Process, "properties"): process_properties,
        (BpmnElement, "exampleOutputJson"): informative,
        (Process, "versionTag"): _version_tag,
        (Process, "userTaskForm"): keep_extension,
        (Process, "executionListeners"): zeebe_execution_listeners,
        (Process, "jobPriorityDefinition"): _job_priority,
        (FlowNode, "jobPriorityDefinition"): _job_priority,
        (FlowNode, "executionListeners"): zeebe_execution_listeners,
        (FlowNode, "ioMapping"): io_mapping,
        (WorkDraft, "taskDefinition"): _task_definition,
        (WorkDraft, "taskHeaders"): _task_headers,
        (WorkDraft, "linkedResources"): not_in_effect,
        (WorkDraft, "calledDecision"): _called_decision,
        (ServiceTask, "script"): _script,
        (ScriptTask, "script"): _script,
        (CallActivity, "calledElement"): _called_element,
        (AdHocSubProcess, "adHoc"): _ad_hoc,
        (AdHocSubProcess, "taskDefinition"): refused(
            "a worker would choose the activities. List them in activeElementsCollection, or enable them by the API."
        ),
        (UserTask, "userTask"): informative,
        (UserTask, "taskHeaders"): keep_extension,
        (UserTask, "assignmentDefinition"): _assignment,
        (UserTask, "formDefinition"): _form,
        (UserTask, "taskSchedule"): _schedule,
        (UserTask, "priorityDefinition"): _priority,
        (UserTask, "taskListeners"): zeebe_task_listeners,
        (StartEvent, "formDefinition"): _form,
    },
)
