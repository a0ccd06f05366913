"""A stand-alone user task with its parts: an instance that runs no process.

It lies in the table of the instances, where its revision guards it like any other, but is listed as a task alone.
"""

from __future__ import annotations

from typing import Final

from engine_svc.compile.executable import ExecutableProcess
from engine_svc.state.definition import Definition
from engine_svc.state.instance import ROOT_SCOPE, Instance, Scope

NO_PROCESS: Final = Definition(
    "", "", 0, "", ExecutableProcess("", "", "", "", start=0, elements=(), flows=(), by_id={})
)
"""The definition of what runs no process. Its id is empty in the database as well."""


def new_task_tree(instance_id: str, tenant_id: str, now: int) -> Instance:
    """Return a tree without a task. `now` in microseconds since the Unix epoch."""
    instance = Instance(instance_id, NO_PROCESS, tenant_id=tenant_id, business_key="", start_micros=now)
    instance.scopes[ROOT_SCOPE] = Scope(ROOT_SCOPE, ROOT_SCOPE, {})
    return instance


def is_task_tree(instance: Instance) -> bool:
    """Say whether an instance is a stand-alone task."""
    return instance.definition is NO_PROCESS
