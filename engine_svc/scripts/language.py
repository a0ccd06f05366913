"""Which script languages of a model run here."""

from __future__ import annotations

import enum


class ScriptLanguage(enum.Enum):
    """How a script runs."""

    JAVASCRIPT = "javascript"
    """In the sandbox; see `engine_svc.scripts.sandbox`."""
    EXPRESSION = "juel"
    """As an expression text: `engine_svc.expressions.compile_value` compiles it."""


_FORMATS = {
    # What Flowable takes where the model names no format
    "": ScriptLanguage.EXPRESSION,
    "juel": ScriptLanguage.EXPRESSION,
    "uel": ScriptLanguage.EXPRESSION,
    "el": ScriptLanguage.EXPRESSION,
    "expression": ScriptLanguage.EXPRESSION,
    "javascript": ScriptLanguage.JAVASCRIPT,
    "js": ScriptLanguage.JAVASCRIPT,
    "ecmascript": ScriptLanguage.JAVASCRIPT,
    "securejavascript": ScriptLanguage.JAVASCRIPT,
    "nashorn": ScriptLanguage.JAVASCRIPT,
    "rhino": ScriptLanguage.JAVASCRIPT,
    "graal.js": ScriptLanguage.JAVASCRIPT,
    "application/javascript": ScriptLanguage.JAVASCRIPT,
    "application/ecmascript": ScriptLanguage.JAVASCRIPT,
    "application/x-javascript": ScriptLanguage.JAVASCRIPT,
    "text/javascript": ScriptLanguage.JAVASCRIPT,
    "text/ecmascript": ScriptLanguage.JAVASCRIPT,
}


def script_language(script_format: str) -> ScriptLanguage | None:
    """Return the language of a `scriptFormat`, None where such scripts do not run. Case does not count."""
    return _FORMATS.get(script_format.strip().lower())


def refusal(script_format: str) -> str:
    """Return the sentence for authors of a model whose scripts do not run here."""
    shown = script_format.strip()
    shown = shown if len(shown) <= 40 else shown[:40] + "..."
    return (
        f"Scripts in {shown!r} do not run here. Rewrite it in JavaScript (scriptFormat='javascript'), or make it a "
        "service task that a worker of yours carries out."
    )
