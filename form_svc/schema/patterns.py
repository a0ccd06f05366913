"""Regular expressions of forms: run by a JavaScript interpreter, so that they mean what they do in a browser.

A pattern comes from a form's author and its text from anybody: the interpreter holds the bounds on time and memory.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Final

_SECONDS: Final = 0.05
_MEMORY_BYTES: Final = 16 * 1024 * 1024
_STACK_BYTES: Final = 512 * 1024
_MAX_PATTERNS: Final = 500
"""Compiled patterns that are kept; at more, the interpreter is made anew."""

_TEST: Final = """
(() => {
  const compiled = new Map();
  return (pattern, text) => {
    let expression = compiled.get(pattern);
    if (expression === undefined) {
      expression = new RegExp(pattern);
      compiled.set(pattern, expression);
    }
    return expression.test(text);
  };
})()
"""


class PatternInvalid(ValueError):
    """The text is no regular expression."""


class PatternTooSlow(Exception):
    """The pattern did not come to an end on this text within the bounds."""


class _Interpreter(threading.local):
    def __init__(self) -> None:
        self._test: Any = None
        self._known: set[str] = set()

    def test(self, pattern: str, text: str) -> bool:
        # Imported here: services that have no form with a pattern do not pay for the interpreter.
        import _quickjs

        if self._test is None or (pattern not in self._known and len(self._known) >= _MAX_PATTERNS):
            context = _quickjs.Context()
            context.set_memory_limit(_MEMORY_BYTES)
            context.set_max_stack_size(_STACK_BYTES)
            context.set_time_limit(_SECONDS)
            self._test = context.eval(_TEST)
            self._known = set()
        try:
            found = bool(self._test(pattern, text))
        except _quickjs.JSException as error:
            reason = str(error).partition("\n")[0]
            if reason.startswith("SyntaxError"):
                raise PatternInvalid(reason.removeprefix("SyntaxError: ")) from None
            # The interpreter may be left in any state.
            self._test = None
            raise PatternTooSlow(reason) from None
        self._known.add(pattern)
        return found


_interpreter: Final = _Interpreter()


@dataclass(slots=True, frozen=True)
class Pattern:
    """A regular expression that has been found good."""

    text: str

    def found_in(self, text: str) -> bool:
        """Tell whether it matches somewhere in the text. Raises `PatternTooSlow`."""
        return _interpreter.test(self.text, text)


def compile_pattern(text: str) -> Pattern:
    """Return the pattern. Raises `PatternInvalid`."""
    try:
        _interpreter.test(text, "")
    except PatternTooSlow as error:
        raise PatternInvalid(f"it takes too long: {error}") from None
    return Pattern(text)
