"""What Flowable and Camunda 7 both inherited from Activiti 5."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from engine_svc.model.context import Site, boolean, split_names, text_of
from engine_svc.model.dialects.dialect import (
    AttributeReader,
    ElementReader,
    claim,
    informative,
    keep_form_field,
    plain,
    switch,
    template,
    templates,
    text_element,
)
from engine_svc.model.dialects.fields import injected_field, keep_field
from engine_svc.model.dialects.listeners import execution_listener, task_listener
from engine_svc.model.dialects.mappings import called_in, called_out
from engine_svc.model.elements import (
    Activity,
    CallActivity,
    FlowNode,
    Process,
    ScriptTask,
    SequenceFlow,
    ServiceTask,
    StartEvent,
    UserTask,
)
from engine_svc.model.owners import owners_in
from engine_svc.model.rules import Rule
from engine_svc.model.work import WorkDraft


def literal(field: str) -> AttributeReader:
    """Return a reader that stores the attribute, as it is written, as a text in `field`."""

    def read(node: object, value: str, site: Site) -> None:
        if value.strip() and claim(node, field, site):
            setattr(node, field, site.literal(value.strip()))

    return read


def _skip_expression(node: Activity | SequenceFlow, value: str, site: Site) -> None:
    if "${" in value or "#{" in value or boolean(value) is not None:
        node.skip_expression = site.template(value)
    elif value.strip():
        site.warning(Rule.NOT_IN_EFFECT, f'{site.origin}="{value[:60]}" is no expression and skips nothing.')


def _injected_field(node: WorkDraft, element: etree._Element, site: Site) -> None:
    found = injected_field(element, site)
    if found is not None:
        keep_field(node.injected, found, site)


def _potential_starter(node: Process, element: etree._Element, site: Site) -> None:
    users, groups = owners_in([site.template(text_of(element))])
    node.candidate_starter_users.extend(users)
    node.candidate_starter_groups.extend(groups)


ATTRIBUTES: Mapping[tuple[type, str], AttributeReader] = {
    (Process, "candidateStarterUsers"): templates("candidate_starter_users", split_names),
    (Process, "candidateStarterGroups"): templates("candidate_starter_groups", split_names),
    (StartEvent, "initiator"): plain("initiator"),
    (StartEvent, "formKey"): template("form_key"),
    (FlowNode, "async"): switch("async_before"),
    (FlowNode, "exclusive"): switch("exclusive"),
    (Activity, "skipExpression"): _skip_expression,
    (SequenceFlow, "skipExpression"): _skip_expression,
    (UserTask, "assignee"): template("assignee"),
    (UserTask, "owner"): template("owner"),
    (UserTask, "candidateUsers"): templates("candidate_users", split_names),
    (UserTask, "candidateGroups"): templates("candidate_groups", split_names),
    (UserTask, "priority"): template("priority"),
    (UserTask, "dueDate"): template("due_date"),
    (UserTask, "followUpDate"): template("follow_up_date"),
    (UserTask, "category"): template("category"),
    (UserTask, "formKey"): template("form_key"),
    (WorkDraft, "type"): plain("work_type"),
    (WorkDraft, "topic"): template("topic"),
    # The class or bean lives in a Java program: its name becomes the type of a job that a worker takes.
    (WorkDraft, "class"): literal("class_name"),
    (WorkDraft, "delegateExpression"): literal("delegate"),
    (WorkDraft, "expression"): template("evaluated"),
    (WorkDraft, "extensionId"): informative,
    (ServiceTask, "resultVariable"): plain("result_variable"),
    (ServiceTask, "resultVariableName"): plain("result_variable"),
    (ScriptTask, "resultVariable"): plain("result_variable"),
    (ScriptTask, "resultVariableName"): plain("result_variable"),
    (CallActivity, "businessKey"): template("business_key"),
}

ELEMENTS: Mapping[tuple[type, str], ElementReader] = {
    (StartEvent, "formProperty"): keep_form_field,
    (UserTask, "formProperty"): keep_form_field,
    (WorkDraft, "field"): _injected_field,
    (Process, "executionListener"): execution_listener,
    (SequenceFlow, "executionListener"): execution_listener,
    (FlowNode, "executionListener"): execution_listener,
    (UserTask, "taskListener"): task_listener,
    (FlowNode, "failedJobRetryTimeCycle"): text_element("retry_cycle"),
    (CallActivity, "in"): called_in,
    (CallActivity, "out"): called_out,
    (Process, "potentialStarter"): _potential_starter,
}
