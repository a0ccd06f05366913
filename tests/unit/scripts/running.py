"""One runner for a module's tests: a worker takes a while to start."""

from __future__ import annotations

from typing import Any

from engine_svc.scripts.call import ScriptCall, ScriptResult
from engine_svc.scripts.sandbox import ScriptRunner

HOST = {
    "id": "e-1",
    "processInstanceId": "i-1",
    "processInstanceBusinessKey": "order-7",
    "businessKey": "order-7",
    "currentActivityId": "script1",
    "eventName": "start",
    "tenantId": None,
}


async def run(runner: ScriptRunner, source: str, *scopes: dict[str, Any], **options: Any) -> ScriptResult:
    """Run a script with the scopes given, the innermost first; without any in one empty scope."""
    return await runner.run(ScriptCall(source=source, scopes=scopes or ({},), execution=HOST, **options))


def written(result: ScriptResult) -> list[tuple[Any, ...]]:
    return [(write.scope, write.name, write.value, write.removed) for write in result.writes]
