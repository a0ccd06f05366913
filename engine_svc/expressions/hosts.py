"""The engine objects whose names expressions know when the model is deployed.

The runtime's `HostObject` of that name offers at least these members and methods. A model that uses
anything else of them is refused at deployment, not when the instance arrives there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(slots=True, frozen=True)
class HostContract:
    """What expressions may use of one engine object."""

    members: frozenset[str]
    methods: Mapping[str, tuple[int, int]]
    """Method name -> fewest and most arguments."""


_VARIABLE_METHODS: Mapping[str, tuple[int, int]] = {
    "getVariable": (1, 1),
    "setVariable": (2, 2),
    "hasVariable": (1, 1),
    "removeVariable": (1, 1),
    "getVariables": (0, 0),
    "setVariables": (1, 1),
    "getVariableNames": (0, 0),
    "hasVariables": (0, 0),
    "getVariableLocal": (1, 1),
    "setVariableLocal": (2, 2),
    "hasVariableLocal": (1, 1),
    "removeVariableLocal": (1, 1),
    "getVariablesLocal": (0, 0),
    "setVariablesLocal": (1, 1),
    "getVariableNamesLocal": (0, 0),
    "getTransientVariable": (1, 1),
    "setTransientVariable": (2, 2),
    "removeTransientVariable": (1, 1),
}

EXECUTION = HostContract(
    members=frozenset(
        {
            "id",
            "processInstanceId",
            "rootProcessInstanceId",
            "processDefinitionId",
            "processDefinitionKey",
            "processDefinitionVersion",
            "processDefinitionName",
            "businessKey",
            "processBusinessKey",
            "processInstanceBusinessKey",
            "currentActivityId",
            "currentActivityName",
            "eventName",
            "tenantId",
            "parentId",
            "superExecutionId",
            "variables",
        }
    ),
    methods=_VARIABLE_METHODS,
)

TASK = HostContract(
    members=frozenset(
        {
            "id",
            "name",
            "description",
            "assignee",
            "owner",
            "priority",
            "dueDate",
            "category",
            "formKey",
            "createTime",
            "eventName",
            "taskDefinitionKey",
            "processInstanceId",
            "processDefinitionId",
            "executionId",
            "tenantId",
            "candidateUsers",
            "candidateGroups",
            "variables",
        }
    ),
    methods={
        **_VARIABLE_METHODS,
        "setAssignee": (1, 1),
        "setName": (1, 1),
        "setDescription": (1, 1),
        "setPriority": (1, 1),
        "setDueDate": (1, 1),
        "setOwner": (1, 1),
        "setCategory": (1, 1),
        "setFormKey": (1, 1),
        "addCandidateUser": (1, 1),
        "addCandidateUsers": (1, 1),
        "addCandidateGroup": (1, 1),
        "addCandidateGroups": (1, 1),
        "deleteCandidateUser": (1, 1),
        "deleteCandidateGroup": (1, 1),
    },
)
"""The object `task` of task listeners and of a user task's expressions. Elsewhere `task` is a variable like any other,
so that its uses are not checked when the model is deployed."""

HOSTS: Mapping[str, HostContract] = {"execution": EXECUTION}
"""Name of an engine object -> its contract. No variable of that name is visible to expressions."""

VARIABLE_READING_METHODS = frozenset(
    {"getVariable", "hasVariable", "getVariableLocal", "hasVariableLocal", "getTransientVariable"}
)
"""Methods of `execution` whose first argument names a variable that the expression reads."""


def getter_member(method: str) -> str | None:
    """Return the member that a JavaBean getter reads (`getProcessInstanceId`), None for other methods."""
    if len(method) > 3 and method.startswith("get") and method[3].isupper():
        return method[3].lower() + method[4:]
    return None
