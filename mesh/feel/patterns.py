"""Regular expressions, run by RE2: in time linear in the text, whatever the pattern.

XPath's flags are translated. What RE2 has not (back references, looking around, subtraction of character classes) is
no pattern here: null and a warning.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from mesh.feel.evaluation import Run
from mesh.feel.limits import MAX_PATTERN_LENGTH, MAX_PATTERN_MEMORY, STEPS_OF_PATTERN

_FLAGS = frozenset("smixq")
_REFERENCE = re.compile(r"\\(.)|\$([0-9]+)", re.DOTALL)
_CHARACTERS_PER_STEP = 8
_STATES = 16
_STEPS_OF_MATCH = 4


def compiled(run: Run, pattern: str, flags: str) -> Any:
    """Return the pattern, ready to use; null where there is no such pattern."""
    if not _FLAGS.issuperset(flags):
        return run.refused(f"unknown flags {flags[:20]!r}")
    if len(pattern) > MAX_PATTERN_LENGTH:
        return run.refused(f"a pattern is longer than {MAX_PATTERN_LENGTH} characters")
    run.spend(STEPS_OF_PATTERN + len(pattern))
    found = _compiled(pattern, "".join(sorted(set(flags))))
    if found is None:
        return run.refused(f"{pattern[:80]!r} is no pattern")
    return found


@lru_cache(maxsize=100)
def _compiled(pattern: str, flags: str) -> Any:
    # The library takes some milliseconds to load, and most expressions have no pattern.
    import re2

    options = re2.Options()
    options.max_mem = MAX_PATTERN_MEMORY
    options.log_errors = False
    options.dot_nl = "s" in flags
    options.case_sensitive = "i" not in flags
    options.literal = "q" in flags
    translated = pattern if "q" in flags else _translated(pattern, flags)
    try:
        return None if translated is None else re2.compile(translated, options)
    except (re2.error, UnicodeEncodeError):
        return None


def _translated(pattern: str, flags: str) -> str | None:
    """Return the pattern as RE2 reads it; None where it takes one class of characters from another."""
    parts: list[str] = ["(?m)"] if "m" in flags else []
    in_class = escaped = False
    for sign in pattern:
        if in_class and not escaped and sign == "[":
            return None
        if "x" in flags and not in_class and sign in " \t\n\r":
            continue
        # In XPath and in JavaScript a carriage return ends a line as well.
        dot = sign == "." and not escaped and not in_class and "s" not in flags
        parts.append("[^\\n\\r]" if dot else sign)
        if not escaped:
            in_class = sign == "[" or (in_class and sign != "]")
        escaped = sign == "\\" and not escaped
    return "".join(parts)


def _spend(run: Run, pattern: Any, text: str) -> None:
    # Where the automaton does not fit its memory each character takes time for each of its states.
    run.spend(len(text) * (1 + pattern.programsize // _STATES) // _CHARACTERS_PER_STEP)


def matches(run: Run, pattern: Any, text: str) -> bool | None:
    """Tell whether the pattern occurs in the text."""
    _spend(run, pattern, text)
    try:
        found: bool = pattern.search(text) is not None
    except UnicodeEncodeError:
        _broken(run)
        return None
    return found


def _broken(run: Run) -> Any:
    return run.refused("the string holds half a character")


def _occurrences(run: Run, pattern: Any, text: str) -> Iterator[Any]:
    _spend(run, pattern, text)
    for match in pattern.finditer(text):
        run.spend(_STEPS_OF_MATCH)
        yield match


def replaced(run: Run, pattern: Any, text: str, replacement: str, literal: bool) -> Any:
    """Return the text with each occurrence replaced; `$1` in the replacement is the first group."""
    parts = [("text", replacement)] if literal else _replacement(replacement)
    if parts is None:
        return run.refused("a '$' in a replacement is followed by a digit, or is '\\$'")
    pieces: list[str] = []
    end = 0
    try:
        for match in _occurrences(run, pattern, text):
            made = "".join([part if kind == "text" else _group(match, part, pattern.groups) for kind, part in parts])
            pieces += (text[end : match.start()], run.text(made))
            end = match.end()
    except UnicodeEncodeError:
        return _broken(run)
    return run.text("".join([*pieces, text[end:]]))


def _replacement(text: str) -> list[tuple[str, str]] | None:
    parts: list[tuple[str, str]] = []
    end = 0
    for match in _REFERENCE.finditer(text):
        plain, end = text[end : match.start()], match.end()
        if "$" in plain:
            return None
        parts += [("text", plain), ("text", match[1]) if match[1] is not None else ("group", match[2])]
    return None if "$" in text[end:] else [*parts, ("text", text[end:])]


def _group(match: Any, digits: str, groups: int) -> str:
    """Return the group with the longest number that there is, and the digits behind it."""
    number, rest = digits[:3], digits[3:]
    while len(number) > 1 and int(number) > groups:
        number, rest = number[:-1], number[-1] + rest
    found = match.group(int(number)) if int(number) <= groups else ""
    return (found or "") + rest


def split(run: Run, pattern: Any, text: str) -> Any:
    """Return the parts of the text between the occurrences of the pattern."""
    parts: list[str] = []
    end = 0
    try:
        for match in _occurrences(run, pattern, text):
            if match.end() == match.start() and match.start() in (0, len(text)):
                continue
            parts.append(text[end : match.start()])
            end = match.end()
    except UnicodeEncodeError:
        return _broken(run)
    run.reserve(len(parts))
    return [*parts, text[end:]]


def found(run: Run, pattern: Any, text: str) -> Any:
    """Return all occurrences of the pattern."""
    try:
        return [match.group(0) for match in _occurrences(run, pattern, text)]
    except UnicodeEncodeError:
        return _broken(run)
