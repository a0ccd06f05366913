"""A process definition as instances refer to it."""

from __future__ import annotations

from dataclasses import dataclass

from engine_svc.compile.executable import ExecutableProcess


@dataclass(slots=True, frozen=True, eq=False)
class Definition:
    """One deployed version of a process with its executable graph."""

    id: str
    key: str
    version: int
    tenant_id: str
    process: ExecutableProcess
