"""Transforms tasks and call activities (BPMN 2.0.2, 10.3.3, 10.3.4 and 10.3.6)."""

from __future__ import annotations

from collections.abc import Mapping

from engine_svc.compile.executable import (
    CallActivitySpec,
    ElementKind,
    ErrorMappingSpec,
    ExpressionTaskSpec,
    ExternalTaskSpec,
    MessageThrowSpec,
    MessageTrigger,
    ReceiveTaskSpec,
    ScriptTaskSpec,
    UserTaskSpec,
)
from engine_svc.compile.texts import compiled, compiled_all, compiled_condition_or_none, compiled_or_none, tolerant
from engine_svc.compile.transform import Transform, Transformation
from engine_svc.compile.wrapping import listeners, mappings, script_of
from engine_svc.model.elements import (
    CallActivity,
    ExternalWork,
    FlowNode,
    PassThroughTask,
    ReceiveTask,
    ScriptTask,
    SendTask,
    ServiceTask,
    UserTask,
)

_DEFAULT_RETRIES = 3


def external_task(work: ExternalWork, *, result_variable: str = "", ends: bool = False) -> ExternalTaskSpec:
    """Return the job that a task or message event makes."""
    return ExternalTaskSpec(
        job_type=compiled(work.job_type),
        retries=_DEFAULT_RETRIES if work.retries is None else work.retries,
        retries_text=compiled_or_none(work.retries_text),
        priority=compiled_or_none(work.priority),
        headers=dict(work.headers),
        inputs={name: compiled(text) for name, text in work.fields.items()},
        error_mappings=tuple(
            ErrorMappingSpec(mapping.error_code, mapping.exception, compiled_condition_or_none(mapping.condition))
            for mapping in work.error_mappings
        ),
        result_variable=result_variable,
        ends=ends,
    )


def _pass_through(node: PassThroughTask, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.PASS_THROUGH_TASK)


def _user_task(node: UserTask, index_of: Mapping[str, int]) -> Transformation:
    spec = UserTaskSpec(
        name=tolerant(node.name) if node.task_name is None else tolerant(node.task_name.text),
        description=tolerant(node.documentation) if node.documentation else None,
        assignee=compiled_or_none(node.assignee),
        owner=compiled_or_none(node.owner),
        candidate_users=compiled_all(node.candidate_users),
        candidate_groups=compiled_all(node.candidate_groups),
        priority=compiled_or_none(node.priority),
        due_date=compiled_or_none(node.due_date),
        follow_up_date=compiled_or_none(node.follow_up_date),
        category=compiled_or_none(node.category),
        form_key=compiled_or_none(node.form_key),
        id_variable=node.id_variable,
        listeners=listeners([*node.task_listeners, *(timeout.listener for timeout in node.timeouts)]),
    )
    return Transformation(ElementKind.USER_TASK, spec)


def _service_task(node: ServiceTask, index_of: Mapping[str, int]) -> Transformation:
    if node.expression is not None:
        expression = ExpressionTaskSpec(
            compiled(node.expression), node.result_variable, node.local_result, node.transient_result
        )
        return Transformation(ElementKind.EXPRESSION_TASK, expression)
    assert node.work is not None, "a valid service task has an implementation"
    return Transformation(ElementKind.EXTERNAL_TASK, external_task(node.work, result_variable=node.result_variable))


def _script_task(node: ScriptTask, index_of: Mapping[str, int]) -> Transformation:
    assert node.script is not None, "a valid script task has a script"
    return Transformation(ElementKind.SCRIPT_TASK, ScriptTaskSpec(script_of(node.script), node.result_variable))


def _send_task(node: SendTask, index_of: Mapping[str, int]) -> Transformation:
    assert node.definition is not None, "a valid send task has a message"
    definition = node.definition
    return Transformation(
        ElementKind.MESSAGE_THROW,
        MessageThrowSpec(compiled(definition.message), compiled_or_none(definition.correlation_key)),
    )


def _receive_task(node: ReceiveTask, index_of: Mapping[str, int]) -> Transformation:
    definition = node.definition
    trigger = None
    if definition is not None:
        trigger = MessageTrigger(compiled(definition.message), compiled_or_none(definition.correlation_key))
    return Transformation(ElementKind.RECEIVE_TASK, ReceiveTaskSpec(trigger))


def _call_activity(node: CallActivity, index_of: Mapping[str, int]) -> Transformation:
    spec = CallActivitySpec(
        called_element=compiled(node.called_element),
        binding=node.binding.value,
        version=compiled_or_none(node.version),
        business_key=compiled_or_none(node.business_key),
        inherit_business_key=node.inherit_business_key,
        inherit_variables=node.inherit_variables,
        return_variables=node.return_variables,
        inputs=mappings(node.called_inputs),
        outputs=mappings(node.called_outputs),
        id_variable=node.id_variable,
        local_outputs=node.local_outputs,
    )
    return Transformation(ElementKind.CALL_ACTIVITY, spec)


TRANSFORMS: Mapping[type[FlowNode], Transform] = {
    PassThroughTask: _pass_through,
    UserTask: _user_task,
    ServiceTask: _service_task,
    ScriptTask: _script_task,
    SendTask: _send_task,
    ReceiveTask: _receive_task,
    CallActivity: _call_activity,
}
