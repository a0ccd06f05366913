"""Scripts of cases, run by the interpreter that the sandbox's processes run."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import orjson

import engine_svc.scripts
from engine_svc.scripts.call import ScriptCall, ScriptResult
from engine_svc.scripts.sandbox import ScriptLimits, _decoded
from engine_svc.scripts.worker import Interpreter

LIMITS = ScriptLimits()


@cache
def _interpreter() -> Interpreter:
    folder = Path(engine_svc.scripts.__path__[0])
    texts = [(folder / name).read_text(encoding="utf-8") for name in ("prelude.js", "java.js", "task.js")]
    interpreter = Interpreter(texts=texts, seconds=LIMITS.seconds, memory=LIMITS.memory_bytes, stack=LIMITS.stack_bytes)
    interpreter.prepare()
    return interpreter


def run_script(call: ScriptCall) -> ScriptResult:
    """Run a script in this process. Raises `ScriptError`."""
    given = {
        "scopes": list(call.scopes),
        "execution": call.execution,
        "task": call.task,
        "auto_store": call.auto_store,
        "now_millis": None if call.now_micros is None else call.now_micros / 1000,
    }
    interpreter = _interpreter()
    answer = interpreter.run(call.source, orjson.dumps(given).decode(), has_task=call.task is not None)
    interpreter.prepare()
    return _decoded(answer.encode(), LIMITS)
