"""Functions on contexts."""

from __future__ import annotations

from typing import Any

from mesh.feel.calls import feel
from mesh.feel.evaluation import Run


@feel("get value", "m: context, key: string")
def _get_value(run: Run, context: dict[str, Any], key: str) -> Any:
    return context.get(key)


@feel("get value", "context: context, keys: list")
def _get_deep_value(run: Run, context: dict[str, Any], keys: list[Any]) -> Any:
    found: Any = context
    for key in keys:
        if type(found) is not dict or type(key) is not str:
            return None
        found = found.get(key)
    return found


@feel("get entries", "m: context")
def _get_entries(run: Run, context: dict[str, Any]) -> list[Any]:
    run.spend(3 * len(context))
    return [{"key": key, "value": value} for key, value in context.items()]


@feel("context", "entries: list")
def _context(run: Run, entries: list[Any]) -> Any:
    run.spend(2 * len(entries))
    made: dict[str, Any] = {}
    for entry in entries:
        if type(entry) is not dict or "value" not in entry or type(entry.get("key")) is not str:
            return run.refused("an entry has a key, which is a string, and a value")
        if entry["key"] in made:
            return run.refused(f"the key {entry['key'][:40]!r} is there twice")
        made[entry["key"]] = entry["value"]
    return made


@feel("context put", "context: context, key: string, value: any?")
def _put(run: Run, context: dict[str, Any], key: str, value: Any) -> Any:
    run.spend(1 + len(context))
    return {**context, key: value}


@feel("context put", "context: context, keys: list, value: any?")
def _put_deep(run: Run, context: dict[str, Any], keys: list[Any], value: Any) -> Any:
    if not keys or any(type(key) is not str for key in keys):
        return run.refused("keys are strings, and there is one at least")
    made = dict(context)
    run.spend(1 + len(made))
    inner = made
    for key in keys[:-1]:
        below = inner.get(key)
        if type(below) is not dict:
            return run.refused(f"there is no context {key[:40]!r} within the context")
        run.spend(1 + len(below))
        inner[key] = dict(below)
        inner = inner[key]
    inner[keys[-1]] = value
    return made


@feel("context merge", "contexts: list")
def _merge(run: Run, contexts: list[Any]) -> Any:
    made: dict[str, Any] = {}
    for context in contexts:
        if type(context) is not dict:
            return run.refused("context merge takes contexts")
        run.spend(1 + len(context))
        made.update(context)
    return made


@feel("context merge", "...contexts: context")
def _merge_all(run: Run, contexts: list[Any]) -> Any:
    return _merge(run, contexts)
