"""Who may work on a user task, in the notation of BPMN (10.3.1, resource roles)."""

from __future__ import annotations

import re

from lxml import etree

from engine_svc.model.context import ParseContext, Site, local_name, split_names
from engine_svc.model.elements import ModelText, UserTask
from engine_svc.model.formal_expression import read_formal_expression
from engine_svc.model.rules import Rule
from engine_svc.model.schema import not_supported

_TYPED = re.compile(r"(user|group)\s*\((.*)\)", re.DOTALL)


def read_human_performer(context: ParseContext, element: etree._Element, node: UserTask) -> None:
    """Read `humanPerformer`: its expression is the assignee."""
    for text in _assignments(context, element):
        if node.assignee is None:
            node.assignee = text
        else:
            Site(context, element, "humanPerformer").error(
                Rule.ATTRIBUTE_CONFLICT, "The task has a second assignee. Keep one of them."
            )


def read_potential_owner(context: ParseContext, element: etree._Element, node: UserTask) -> None:
    """Read `potentialOwner`: `user(a), group(b)`; a bare name is a group, as in Activiti and Flowable."""
    for text in _assignments(context, element):
        for part in split_names(text.text):
            typed = _TYPED.fullmatch(part)
            name = typed[2].strip() if typed else part
            owners = node.candidate_users if typed and typed[1] == "user" else node.candidate_groups
            owners.append(ModelText(name, text.source, text.origin))


def _assignments(context: ParseContext, element: etree._Element) -> list[ModelText]:
    texts = []
    for child in element:
        if local_name(child) in ("documentation", "extensionElements"):
            continue
        if local_name(child) != "resourceAssignmentExpression":
            not_supported(context, child, local_name(element))
            continue
        for expression in child:
            if local_name(expression) not in ("formalExpression", "expression"):
                not_supported(context, expression, local_name(element))
                continue
            text = read_formal_expression(context, expression)
            if text is not None:
                texts.append(text)
    return texts
