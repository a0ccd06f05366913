"""Transforms tasks (BPMN 2.0.2, 10.3.3 and 10.3.4)."""

from __future__ import annotations

from collections.abc import Mapping

from engine_svc.compile.executable import (
    ElementKind,
    ExpressionTaskSpec,
    ExternalTaskSpec,
    UserTaskSpec,
)
from engine_svc.compile.texts import compiled, compiled_all, compiled_or_none, tolerant
from engine_svc.compile.transform import Transform, Transformation
from engine_svc.model.elements import FlowNode, PassThroughTask, ServiceTask, UserTask

_DEFAULT_RETRIES = 3


def _pass_through(node: PassThroughTask, index_of: Mapping[str, int]) -> Transformation:
    return Transformation(ElementKind.PASS_THROUGH_TASK)


def _user_task(node: UserTask, index_of: Mapping[str, int]) -> Transformation:
    spec = UserTaskSpec(
        name=tolerant(node.name),
        description=tolerant(node.documentation) if node.documentation else None,
        assignee=compiled_or_none(node.assignee),
        candidate_users=compiled_all(node.candidate_users),
        candidate_groups=compiled_all(node.candidate_groups),
        priority=compiled_or_none(node.priority),
        due_date=compiled_or_none(node.due_date),
        follow_up_date=compiled_or_none(node.follow_up_date),
        form_key=compiled_or_none(node.form_key),
    )
    return Transformation(ElementKind.USER_TASK, spec)


def _service_task(node: ServiceTask, index_of: Mapping[str, int]) -> Transformation:
    if node.expression is not None:
        expression = ExpressionTaskSpec(compiled(node.expression), node.result_variable)
        return Transformation(ElementKind.EXPRESSION_TASK, expression)
    assert node.job_type is not None, "a valid service task has an implementation"
    external = ExternalTaskSpec(
        job_type=compiled(node.job_type),
        retries=_DEFAULT_RETRIES if node.retries is None else node.retries,
        priority=node.priority or 0,
        headers=dict(node.headers),
        inputs={name: compiled(text) for name, text in node.fields.items()},
    )
    return Transformation(ElementKind.EXTERNAL_TASK, external)


TRANSFORMS: Mapping[type[FlowNode], Transform] = {
    PassThroughTask: _pass_through,
    UserTask: _user_task,
    ServiceTask: _service_task,
}
