"""Reads activities (10.3) as nodes: tasks, call activities and sub-processes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar

from lxml import etree

from engine_svc.model.context import ParseContext, Site, boolean, local_name, text_of
from engine_svc.model.data import read_input_association, read_output_association
from engine_svc.model.dialects.feel_subset import feel_text
from engine_svc.model.dialects.mappings import variable_text
from engine_svc.model.dialects.scripts import expression_or_script
from engine_svc.model.elements import (
    AdHocSubProcess,
    CallActivity,
    CallBinding,
    EventSubProcess,
    FlowNode,
    MessageDefinition,
    PassThroughTask,
    ReceiveTask,
    Script,
    ScriptTask,
    SendTask,
    ServiceTask,
    SubProcess,
    Transaction,
    UnsupportedNode,
    UserTask,
    VariableMapping,
)
from engine_svc.model.event_definitions import read_message_reference
from engine_svc.model.formal_expression import read_formal_expression
from engine_svc.model.loops import read_multi_instance, read_standard_loop
from engine_svc.model.namespaces import ACTIVITI, FLOWABLE, ZEEBE
from engine_svc.model.node_types import NODE_SCHEMA, Finish, NodeType
from engine_svc.model.roles import read_human_performer, read_potential_owner
from engine_svc.model.rules import Rule
from engine_svc.model.schema import ANY_VALUE, describe, pass_over
from engine_svc.model.work import WorkDraft, implementation_of

N = TypeVar("N", bound=FlowNode)

_ONE = frozenset({"1"})


@dataclasses.dataclass(eq=False, kw_only=True)
class _ServiceTaskDraft(ServiceTask, WorkDraft):
    """A service task while its attributes and extensions are read."""

    message_ref: str = ""


_ACTIVITY = NODE_SCHEMA.extended(
    {
        "default": ANY_VALUE,
        "isForCompensation": ANY_VALUE,
        "startQuantity": _ONE,
        "completionQuantity": _ONE,
    },
    {
        "ioSpecification": pass_over,
        "dataInputAssociation": read_input_association,
        "dataOutputAssociation": read_output_association,
        "multiInstanceLoopCharacteristics": read_multi_instance,
        "standardLoopCharacteristics": read_standard_loop,
        # Resource roles other than those of user tasks: nobody is assigned by them.
        **dict.fromkeys(("resourceRole", "performer", "humanPerformer", "potentialOwner"), pass_over),
    },
)
_IMPLEMENTED = _ACTIVITY.extended(
    {
        "implementation": ANY_VALUE,
        "operationRef": ANY_VALUE,
        "messageRef": ANY_VALUE,
    }
)


def _activity(finish: Finish | None = None) -> Finish:
    """Return what completes an activity: what all of them have, then what `finish` adds."""

    def complete(context: ParseContext, element: etree._Element, node: Any) -> FlowNode:
        compensates = element.get("isForCompensation", "false")
        if (found := boolean(compensates)) is None:
            context.error(
                Rule.ATTRIBUTE_VALUE_INVALID, element, f'isForCompensation="{compensates[:40]}" must be true or false.'
            )
        node.for_compensation = found is True
        return node if finish is None else finish(context, element, node)

    return complete


def _finish_user_task(context: ParseContext, element: etree._Element, node: UserTask) -> FlowNode:
    if node.name.startswith("="):
        node.task_name = feel_text(Site(context, element, "name"), node.name)
    if node.timeouts and (node.multi_instance is not None or node.loop is not None):
        context.error(
            Rule.ELEMENT_NOT_SUPPORTED,
            element,
            f"{describe(element)} is carried out several times and has a task listener for a timeout, which belongs to "
            "a single task. Put the task into a sub-process that is repeated in its place.",
        )
    return node


def _finish_service_task(context: ParseContext, element: etree._Element, node: _ServiceTaskDraft) -> FlowNode:
    node.operation = element.get("operationRef", "").strip()
    found = implementation_of(context, element, node)
    if found is None:
        return _unsupported(node)
    if found.work is None and found.expression is None:
        if local_name(element) == "sendTask" and element.get("messageRef", "").strip():
            return _send_task(context, element, node)
        if not node.reported:
            context.error(
                Rule.SERVICE_TASK_IMPLEMENTATION_MISSING,
                element,
                f"{describe(element)} does not say what it does. Give it an expression, an external "
                "topic, a class, or a zeebe:taskDefinition.",
            )
        return _unsupported(node)
    if found.expression is not None and node.injected:
        context.warning(
            Rule.NOT_IN_EFFECT,
            element,
            f"The field injection of {describe(element)} has no effect: its expression is evaluated by the engine.",
        )
    node.work = found.work
    node.expression = found.expression
    return _plain(ServiceTask, node)


def _send_task(context: ParseContext, element: etree._Element, draft: _ServiceTaskDraft) -> SendTask:
    node = _plain(SendTask, draft)
    node.definition = MessageDefinition(id=node.id, source=node.source)
    read_message_reference(context, element, node.definition)
    return node


def _finish_receive_task(context: ParseContext, element: etree._Element, node: ReceiveTask) -> FlowNode:
    node.instantiate = boolean(element.get("instantiate", "false")) is True
    if element.get("messageRef", "").strip():
        node.definition = MessageDefinition(id=node.id, source=node.source)
        read_message_reference(context, element, node.definition)
    return node


def _read_script(context: ParseContext, element: etree._Element, node: ScriptTask) -> None:
    text = text_of(element)
    if text:
        node.script = Script(format="", source_text=text, source=context.source(element))


def _finish_script_task(context: ParseContext, element: etree._Element, node: ScriptTask) -> FlowNode:
    if node.script is None:
        # A script that a resource attribute or extension was refused for is reported already.
        if not _names_resource(element):
            context.error(
                Rule.SCRIPT_MISSING, element, f"{describe(element)} has no script. Add a script element with its text."
            )
        return _unsupported(node)
    automatic = any(boolean(element.get(f"{{{uri}}}autoStoreVariables", "")) is True for uri in FLOWABLE | ACTIVITI)
    found = expression_or_script(
        element.get("scriptFormat", ""),
        node.script.source_text,
        Site(context, element, "script"),
        auto_store=automatic,
    )
    if found is None:
        return _unsupported(node)
    if isinstance(found, Script):
        node.script = found
        return node
    task = _plain(ServiceTask, node)
    task.expression = found
    return task


def _names_resource(element: etree._Element) -> bool:
    return any(str(key).endswith("}resource") for key in element.attrib)


def _finish_call_activity(context: ParseContext, element: etree._Element, node: CallActivity) -> FlowNode:
    called = element.get("calledElement", "").strip()
    if called and not node.called_element.text:
        node.called_element = Site(context, element, "calledElement").template(called)
    if not node.called_element.text and not _refers_to_case(element):
        context.error(
            Rule.CALLED_ELEMENT_MISSING,
            element,
            f"{describe(element)} does not say which process it calls. Add calledElement with the key of a process.",
        )
    # The caller goes on in a job of its own, as it does where it is left asynchronously.
    node.async_after = node.async_after or node.complete_async
    if node.binding in (CallBinding.VERSION, CallBinding.VERSION_TAG) and node.version is None:
        context.error(
            Rule.ATTRIBUTE_VALUE_INVALID,
            element,
            f"{describe(element)} calls a fixed version and does not say which. Add it, or bind to the latest one.",
        )
    if _is_zeebe_call(element) and not node.inherit_variables:
        # There, the variables that inputs set are the ones that are passed on.
        node.called_inputs.extend(
            VariableMapping(target=mapping.target, value=variable_text(mapping.target.text, Site(context, element, "")))
            for mapping in node.inputs
        )
    return node


def _refers_to_case(element: etree._Element) -> bool:
    return any(str(key).endswith("}caseRef") for key in element.attrib)


def _is_zeebe_call(element: etree._Element) -> bool:
    return any(element.find(f".//{{{uri}}}calledElement") is not None for uri in ZEEBE)


def _finish_ad_hoc(context: ParseContext, element: etree._Element, node: AdHocSubProcess) -> FlowNode:
    node.sequential = element.get("ordering", "Parallel").strip().lower() == "sequential"
    node.cancel_remaining = boolean(element.get("cancelRemainingInstances", "true")) is not False
    return node


def _read_completion_condition(context: ParseContext, element: etree._Element, node: AdHocSubProcess) -> None:
    node.completion_condition = read_formal_expression(context, element)


def _plain(kind: type[N], draft: FlowNode) -> N:
    """Return a node of `kind` with everything of `draft` that such a node has."""
    names = {field.name for field in dataclasses.fields(draft)} - {"script"}
    return kind(**{field.name: getattr(draft, field.name) for field in dataclasses.fields(kind) if field.name in names})


def _unsupported(node: FlowNode) -> UnsupportedNode:
    return UnsupportedNode(
        id=node.id, source=node.source, name=node.name, bpmn_type=node.bpmn_type, default=node.default
    )


_SERVICE = NodeType(_ServiceTaskDraft, _IMPLEMENTED, _activity(_finish_service_task))
_SCRIPT = NodeType(
    ScriptTask,
    _ACTIVITY.extended({"scriptFormat": ANY_VALUE}, {"script": _read_script}),
    _activity(_finish_script_task),
)

ACTIVITY_NODE_TYPES: Mapping[str, NodeType] = {
    "task": NodeType(PassThroughTask, _ACTIVITY, _activity()),
    "manualTask": NodeType(PassThroughTask, _ACTIVITY, _activity()),
    "userTask": NodeType(
        UserTask,
        _ACTIVITY.extended(
            {"implementation": ANY_VALUE},
            {
                "humanPerformer": read_human_performer,
                "potentialOwner": read_potential_owner,
                "rendering": pass_over,
            },
        ),
        _activity(_finish_user_task),
    ),
    "serviceTask": _SERVICE,
    "sendTask": _SERVICE,
    "businessRuleTask": _SERVICE,
    "scriptTask": _SCRIPT,
    "receiveTask": NodeType(
        ReceiveTask,
        _ACTIVITY.extended(dict.fromkeys(("implementation", "messageRef", "operationRef", "instantiate"), ANY_VALUE)),
        _activity(_finish_receive_task),
    ),
    "callActivity": NodeType(
        CallActivity, _ACTIVITY.extended({"calledElement": ANY_VALUE}), _activity(_finish_call_activity)
    ),
}
"""Tasks and call activities by their XML element."""

SUB_PROCESS_TYPES: Mapping[str, NodeType] = {
    "subProcess": NodeType(SubProcess, _ACTIVITY.extended({"triggeredByEvent": ANY_VALUE}), _activity()),
    "transaction": NodeType(
        Transaction,
        _ACTIVITY.extended(dict.fromkeys(("triggeredByEvent", "method", "protocol"), ANY_VALUE)),
        _activity(),
    ),
    "adHocSubProcess": NodeType(
        AdHocSubProcess,
        _ACTIVITY.extended(
            dict.fromkeys(("triggeredByEvent", "ordering", "cancelRemainingInstances"), ANY_VALUE),
            {"completionCondition": _read_completion_condition},
        ),
        _activity(_finish_ad_hoc),
    ),
}
"""Activities that hold flow nodes, by their XML element. What they hold is read apart."""

EVENT_SUB_PROCESS_TYPE = NodeType(EventSubProcess, _ACTIVITY.extended({"triggeredByEvent": ANY_VALUE}), _activity())


def activity_type_of(element: etree._Element) -> NodeType | None:
    """Return how a task or call activity becomes a node; None for another element."""
    name = local_name(element)
    if name == "scriptTask" and _is_zeebe_script(element):
        return _SERVICE
    return ACTIVITY_NODE_TYPES.get(name)


def _is_zeebe_script(element: etree._Element) -> bool:
    return any(
        element.find(f".//{{{uri}}}{name}") is not None for uri in ZEEBE for name in ("script", "taskDefinition")
    )
