"""Which script languages the engine runs."""

from __future__ import annotations

import enum


class ScriptLanguage(enum.Enum):
    """A language that scripts of a model may be written in."""

    JAVASCRIPT = "javascript"
    EXPRESSION = "juel"
    """The expressions of conditions: `${...}`."""


_FORMATS = {
    "javascript": ScriptLanguage.JAVASCRIPT,
    "ecmascript": ScriptLanguage.JAVASCRIPT,
    "js": ScriptLanguage.JAVASCRIPT,
    "text/javascript": ScriptLanguage.JAVASCRIPT,
    "application/javascript": ScriptLanguage.JAVASCRIPT,
    "": ScriptLanguage.EXPRESSION,
    "juel": ScriptLanguage.EXPRESSION,
    "uel": ScriptLanguage.EXPRESSION,
    "el": ScriptLanguage.EXPRESSION,
}


def script_language(script_format: str) -> ScriptLanguage | None:
    """Return the language that a model's `scriptFormat` names, None where the engine does not run it."""
    return _FORMATS.get(script_format.strip().lower())


def refusal(script_format: str) -> str:
    """Return the sentence that says why a format is refused and what to do."""
    return (
        f"Scripts in {script_format!r} are not run: the engine runs JavaScript and ${{...}} expressions. Rewrite the "
        "script in JavaScript, or do its work in an external worker."
    )
