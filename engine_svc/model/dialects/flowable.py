"""The `flowable:` dialect, and `activiti:` from which it comes."""

from __future__ import annotations

from lxml import etree

from engine_svc.model.context import Site, text_of
from engine_svc.model.dialects import activiti, events
from engine_svc.model.dialects.dialect import (
    Dialect,
    ElementReader,
    informative,
    keep_extension,
    not_in_effect,
    plain,
    switch,
)
from engine_svc.model.dialects.flowmesh import process_properties
from engine_svc.model.dialects.mappings import called_mapping
from engine_svc.model.elements import (
    BpmnElement,
    CallActivity,
    CallBinding,
    ErrorMapping,
    FlowNode,
    ModelText,
    Process,
    ScriptTask,
    ServiceTask,
    StartEvent,
    UserTask,
)
from engine_svc.model.namespaces import FLOWABLE as NAMESPACES
from engine_svc.model.rules import Rule
from engine_svc.model.work import WorkDraft


def _called_element_type(node: CallActivity, value: str, site: Site) -> None:
    if value == "id":
        node.binding = CallBinding.ID
    elif value != "key":
        site.error(Rule.ATTRIBUTE_VALUE_INVALID, f'{site.origin}="{value[:60]}" must be key or id.')


def _same_deployment(node: CallActivity, value: str, site: Site) -> None:
    if value.strip().lower() == "true" and node.binding is CallBinding.LATEST:
        node.binding = CallBinding.DEPLOYMENT


def _map_exception(node: WorkDraft, element: etree._Element, site: Site) -> None:
    code = element.get("errorCode", "").strip()
    if not code:
        site.error(Rule.ERROR_CODE_MISSING, f"{site.origin} needs an errorCode. Add it.")
        return
    node.error_mappings.append(
        ErrorMapping(
            error_code=code,
            exception=text_of(element),
            include_children=element.get("includeChildExceptions") == "true",
        )
    )


def _event_parameter(node: WorkDraft, element: etree._Element, site: Site) -> None:
    source, expression = element.get("source", ""), element.get("sourceExpression", "")
    name = element.get("target", "") or element.get("targetExpression", "")
    if name and (source or expression):
        node.injected.setdefault(name, site.template(expression or source))


def _work_in(node: WorkDraft, element: etree._Element, site: Site) -> None:
    # What an external worker is given beside the variables, as Flowable does.
    mapping = called_mapping(element, site)
    if mapping is not None and isinstance(mapping.value, ModelText):
        node.injected.setdefault(mapping.target.text, mapping.value)


def _script_in(node: ScriptTask, element: etree._Element, site: Site) -> None:
    mapping = called_mapping(element, site)
    if mapping is not None:
        node.inputs.append(mapping)


def _work_out(node: ServiceTask, element: etree._Element, site: Site) -> None:
    mapping = called_mapping(element, site)
    if mapping is not None:
        node.outputs.append(mapping)


def _event_header(name: str) -> ElementReader:
    def read(node: WorkDraft, element: etree._Element, site: Site) -> None:
        node.headers.setdefault(name, text_of(element))

    return read


def _http_handler(node: WorkDraft, element: etree._Element, site: Site) -> None:
    site.warning(
        Rule.NOT_IN_EFFECT, f"{site.origin} is Java code and is not called: the worker that sends the request decides."
    )


def _event_listener(node: Process, element: etree._Element, site: Site) -> None:
    if element.get("throwEvent"):
        site.error(
            Rule.ELEMENT_NOT_SUPPORTED,
            f"{site.origin} throws an event when the engine reports one. Subscribe to the event stream and send the "
            "signal or message from there.",
        )
    else:
        site.warning(
            Rule.NOT_IN_EFFECT, f"{site.origin} is Java code and is not called. Subscribe to the event stream instead."
        )


FLOWABLE = Dialect(
    name="flowable",
    namespaces=NAMESPACES,
    attributes={
        **activiti.ATTRIBUTES,
        **events.FLOWABLE_ATTRIBUTES,
        (Process, "isEagerExecutionFetching"): informative,
        (FlowNode, "asyncLeave"): switch("async_after"),
        (FlowNode, "asyncLeaveExclusive"): informative,
        (FlowNode, "notExclusive"): informative,
        (FlowNode, "sameDeployment"): informative,
        # Flowable has neither; models that came from Camunda keep them, and they mean the same.
        (Process, "versionTag"): plain("version_tag"),
        (Process, "historyTimeToLive"): informative,
        (StartEvent, "formFieldValidation"): informative,
        (UserTask, "formFieldValidation"): informative,
        (UserTask, "businessCalendarName"): not_in_effect,
        (UserTask, "taskIdVariableName"): plain("id_variable"),
        (UserTask, "activeTaskIdVariableName"): plain("id_variable"),
        (UserTask, "taskCompleterVariableName"): not_in_effect,
        (ServiceTask, "useLocalScopeForResultVariable"): switch("local_result"),
        (ServiceTask, "storeResultVariableAsTransient"): switch("transient_result"),
        (ServiceTask, "parallelInSameTransaction"): informative,
        (ServiceTask, "doNotIncludeVariables"): informative,
        (WorkDraft, "triggerable"): switch("triggerable"),
        (WorkDraft, "decisionRef"): plain("decision"),
        (WorkDraft, "ruleVariablesInput"): plain("rules"),
        (WorkDraft, "rules"): plain("rules"),
        (WorkDraft, "exclude"): informative,
        (ScriptTask, "autoStoreVariables"): informative,
        (ScriptTask, "doNotIncludeVariables"): informative,
        (ScriptTask, "skipExceptions"): switch("skip_exceptions"),
        (CallActivity, "calledElementType"): _called_element_type,
        (CallActivity, "sameDeployment"): _same_deployment,
        (CallActivity, "fallbackToDefaultTenant"): informative,
        (CallActivity, "inheritBusinessKey"): switch("inherit_business_key"),
        (CallActivity, "inheritVariables"): switch("inherit_variables"),
        (CallActivity, "processInstanceName"): not_in_effect,
        (CallActivity, "completeAsync"): switch("complete_async"),
        (CallActivity, "useLocalScopeForOutParameters"): switch("local_outputs"),
        (CallActivity, "processInstanceIdVariableName"): plain("id_variable"),
        (CallActivity, "idVariableName"): plain("id_variable"),
    },
    elements={
        **activiti.ELEMENTS,
        **events.FLOWABLE_ELEMENTS,
        (BpmnElement, "localization"): informative,
        (BpmnElement, "properties"): keep_extension,
        (Process, "properties"): process_properties,
        (Process, "eventListener"): _event_listener,
        (WorkDraft, "in"): _work_in,
        (ServiceTask, "out"): _work_out,
        (ScriptTask, "in"): _script_in,
        (WorkDraft, "mapException"): _map_exception,
        (CallActivity, "mapException"): not_in_effect,
        (WorkDraft, "eventType"): _event_header("eventType"),
        (WorkDraft, "triggerEventType"): _event_header("triggerEventType"),
        (WorkDraft, "sendSynchronously"): informative,
        (WorkDraft, "eventInParameter"): _event_parameter,
        (WorkDraft, "eventOutParameter"): informative,
        (WorkDraft, "eventCorrelationParameter"): informative,
        (WorkDraft, "triggerEventCorrelationParameter"): informative,
        (WorkDraft, "channelKey"): informative,
        (WorkDraft, "triggerChannelKey"): informative,
        (WorkDraft, "httpRequestHandler"): _http_handler,
        (WorkDraft, "httpResponseHandler"): _http_handler,
        (WorkDraft, "decisionReferenceType"): informative,
        (UserTask, "customResource"): not_in_effect,
    },
)
