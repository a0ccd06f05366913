"""What a script wrote, applied to the variables of its instance."""

from __future__ import annotations

from engine_svc.runtime.execution import Execution
from engine_svc.scripts.call import ScriptResult


def apply_writes(execution: Execution, scope_key: int, result: ScriptResult) -> None:
    """Set and remove the variables that a script set and removed."""
    for write in result.writes:
        if write.removed:
            execution.remove_variable(scope_key, write.name, local=write.scope == "local")
        elif write.scope == "transient":
            execution.set_transient(scope_key, write.name, write.value)
        elif write.scope == "local":
            execution.set_local(scope_key, write.name, write.value)
        else:
            execution.set_variable(scope_key, write.name, write.value)
