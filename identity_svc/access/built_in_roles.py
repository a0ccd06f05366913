"""The roles that Flowmesh brings. They follow the permissions of the release and are not to be changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from identity_svc.access.grants import ALL_PERMISSIONS, Grant

ADMINISTRATOR: Final = "administrator"
_IDENTITY: Final = "flowmesh.identity."
_READING: Final = frozenset({"get", "list"})
_CHECKING: Final = frozenset({"auditRecords.verify", "history.search"})
"""Permissions to look closely at what is there, by which nothing is changed either."""


@dataclass(frozen=True, slots=True)
class BuiltInRole:
    """A role with its grants."""

    id: str
    display_name: str
    description: str
    grants: tuple[Grant, ...]


_DEVELOPER = (
    "deployments.*",
    "processDefinitions.*",
    "processInstances.*",
    "activityInstances.*",
    "archives.get",
    "archives.list",
    "adHocSubProcesses.*",
    "conditions.*",
    "eventSubscriptions.*",
    "formFiles.get",
    "forms.*",
    "history.*",
    "incidents.list",
    "jobs.get",
    "jobs.list",
    "messages.*",
    "notificationRules.*",
    "retentionPolicies.list",
    "signals.*",
    "statistics.get",
    "submissions.get",
    "submissions.list",
    "templates.*",
    "userTasks.get",
    "userTasks.list",
)
_WORKER = ("jobs.list", "jobs.get", "jobs.work", "messages.publish", "processInstances.create")
_USER_INVOLVED = (
    "userTasks.get",
    "userTasks.list",
    "userTasks.claim",
    "userTasks.complete",
    "userTasks.update",
    "userTasks.resolve",
    "userTasks.delegate",
    "comments.*",
    "attachments.*",
    "formFiles.*",
    "submissions.get",
    "submissions.list",
    "processInstances.get",
    "processInstances.list",
    "history.*",
)
_USER = ("processDefinitions.get", "processDefinitions.list", "processInstances.create")


def built_in_roles(permissions: Mapping[str, Sequence[str]]) -> tuple[BuiltInRole, ...]:
    """Return the roles, given every permission with the methods that ask for it."""
    operating = tuple(
        name for name, methods in permissions.items() if any(not method.startswith(_IDENTITY) for method in methods)
    )
    reading = tuple(name for name in permissions if name.rpartition(".")[2] in _READING or name in _CHECKING)
    return (
        BuiltInRole(
            ADMINISTRATOR,
            "Administrator",
            "Everything, also who else may do what.",
            (Grant((ALL_PERMISSIONS,)),),
        ),
        BuiltInRole("auditor", "Auditor", "Reads everything and changes nothing.", (Grant(reading),)),
        BuiltInRole(
            "developer",
            "Developer",
            "Deploys definitions, starts instances of them and looks at what they do.",
            (Grant(_DEVELOPER),),
        ),
        BuiltInRole(
            "operator",
            "Operator",
            "Everything about processes, their history and the bus; nothing about users.",
            (Grant(operating),),
        ),
        BuiltInRole(
            "user",
            "User",
            "Works on the tasks and sees the instances that the user is involved in, and starts new ones.",
            (Grant(_USER_INVOLVED, involved_only=True), Grant(_USER)),
        ),
        BuiltInRole("worker", "Worker", "Takes jobs and does them, publishes messages.", (Grant(_WORKER),)),
    )
