"""The `flowable:` dialect, and `activiti:` from which it comes."""

from __future__ import annotations

from engine_svc.model.dialects import activiti
from engine_svc.model.dialects.dialect import Dialect, informative, must_be_false, plain, switch
from engine_svc.model.elements import (
    BpmnElement,
    ErrorCatch,
    FlowNode,
    Process,
    ServiceTask,
    StartEvent,
    Termination,
    UserTask,
)

FLOWABLE = Dialect(
    name="flowable",
    namespaces=frozenset({"http://flowable.org/bpmn", "http://activiti.org/bpmn"}),
    attributes={
        **activiti.ATTRIBUTES,
        (Process, "isEagerExecutionFetching"): informative,
        # Flowable has neither; models that came from Camunda keep them, and they mean the same.
        (Process, "versionTag"): plain("version_tag"),
        (Process, "historyTimeToLive"): informative,
        (FlowNode, "asyncLeave"): must_be_false,
        (FlowNode, "triggerable"): must_be_false,
        (StartEvent, "formFieldValidation"): informative,
        (StartEvent, "sameDeployment"): informative,
        (UserTask, "formFieldValidation"): informative,
        (UserTask, "sameDeployment"): informative,
        (UserTask, "category"): informative,
        (ServiceTask, "type"): activiti.external_type("external-worker"),
        (ServiceTask, "topic"): activiti.external_topic("external-worker"),
        (ServiceTask, "extensionId"): informative,
        (ServiceTask, "useLocalScopeForResultVariable"): must_be_false,
        (ServiceTask, "storeResultVariableAsTransient"): must_be_false,
        (ServiceTask, "parallelInSameTransaction"): must_be_false,
        # Flowable stores the code there.
        (ErrorCatch, "errorVariableName"): plain("code_variable"),
        (ErrorCatch, "errorVariableLocalScope"): must_be_false,
        (ErrorCatch, "errorVariableTransient"): must_be_false,
        (Termination, "terminateAll"): switch("everything"),
        (Termination, "terminateMultiInstance"): must_be_false,
    },
    elements={
        **activiti.ELEMENTS,
        (BpmnElement, "localization"): informative,
        (Process, "potentialStarter"): informative,
    },
)
