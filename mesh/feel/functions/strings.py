"""String functions."""

from __future__ import annotations

import base64
from typing import Any

from mesh.feel import patterns
from mesh.feel.calls import feel
from mesh.feel.evaluation import Run


@feel("substring", "string: string, start position: number, length?: number?")
def _substring(run: Run, text: str, start: Any, length: Any = None) -> Any:
    start, length = int(start), None if length is None else int(length)
    if start == 0 or start < -len(text):
        return run.refused("there is no such position")
    first = start - 1 if start > 0 else len(text) + start
    return text[first:] if length is None else text[first : first + max(length, 0)]


@feel("string length", "string: string")
def _length(run: Run, text: str) -> int:
    return len(text)


@feel("upper case", "string: string")
def _upper(run: Run, text: str) -> str:
    return run.text(text.upper())


@feel("lower case", "string: string")
def _lower(run: Run, text: str) -> str:
    return run.text(text.lower())


@feel("substring before", "string: string, match: string")
def _before(run: Run, text: str, match: str) -> str:
    before, found, _ = text.partition(match) if match else ("", "", "")
    return before if found else ""


@feel("substring after", "string: string, match: string")
def _after(run: Run, text: str, match: str) -> str:
    return text.partition(match)[2] if match else text


@feel("contains", "string: string, match: string")
def _contains(run: Run, text: str, match: str) -> bool:
    return match in text


@feel("starts with", "string: string, match: string")
def _starts(run: Run, text: str, match: str) -> bool:
    return text.startswith(match)


@feel("ends with", "string: string, match: string")
def _ends(run: Run, text: str, match: str) -> bool:
    return text.endswith(match)


@feel("matches", "input: string, pattern: string, flags?: string?")
def _matches(run: Run, text: str, pattern: str, flags: str | None = None) -> Any:
    compiled = patterns.compiled(run, pattern, flags or "")
    return None if compiled is None else patterns.matches(run, compiled, text)


@feel("replace", "input: string, pattern: string, replacement: string, flags?: string?")
def _replace(run: Run, text: str, pattern: str, replacement: str, flags: str | None = None) -> Any:
    compiled = patterns.compiled(run, pattern, flags or "")
    return None if compiled is None else patterns.replaced(run, compiled, text, replacement, "q" in (flags or ""))


@feel("split", "string: string, delimiter: string")
def _split(run: Run, text: str, delimiter: str) -> Any:
    compiled = patterns.compiled(run, delimiter, "")
    return None if compiled is None else patterns.split(run, compiled, text)


@feel("string join", "list: list, delimiter?: string?")
@feel("string join", "list: list, delimiter: string?, prefix: string?, suffix: string?")
def _join(
    run: Run, items: list[Any], delimiter: str | None = None, prefix: str | None = None, suffix: str | None = None
) -> Any:
    run.spend(len(items))
    texts = [item for item in items if item is not None]
    if any(type(text) is not str for text in texts):
        return run.refused("string join takes strings")
    between = delimiter or ""
    run.spend_text(sum(map(len, texts)) + len(between) * len(texts))
    return run.text(f"{prefix or ''}{between.join(texts)}{suffix or ''}")


# Camunda's


@feel("trim", "string: string")
def _trim(run: Run, text: str) -> str:
    return text.strip()


@feel("is blank", "string: string")
def _is_blank(run: Run, text: str) -> bool:
    return not text.strip()


@feel("to base64", "value: string")
def _to_base64(run: Run, text: str) -> str:
    return run.text(base64.b64encode(text.encode(errors="replace")).decode())


@feel("extract", "string: string, pattern: string")
def _extract(run: Run, text: str, pattern: str) -> Any:
    compiled = patterns.compiled(run, pattern, "")
    return None if compiled is None else patterns.found(run, compiled, text)
