"""Who may work on a user task, in the notation of BPMN (10.3.1, resource roles)."""

from __future__ import annotations

from lxml import etree

from engine_svc.model.context import ParseContext, Site, local_name
from engine_svc.model.elements import ModelText, UserTask
from engine_svc.model.formal_expression import read_formal_expression
from engine_svc.model.owners import owners_in
from engine_svc.model.rules import Rule


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
    users, groups = owners_in(_assignments(context, element))
    node.candidate_users.extend(users)
    node.candidate_groups.extend(groups)


def _assignments(context: ParseContext, element: etree._Element) -> list[ModelText]:
    texts = []
    for child in element:
        # A resourceRef names somebody outside of the file: it says nothing that could be assigned.
        if local_name(child) == "resourceAssignmentExpression":
            for expression in child:
                text = read_formal_expression(context, expression)
                if text is not None:
                    texts.append(text)
    return texts
