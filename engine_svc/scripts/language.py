"""Which script languages of a model run here."""

from __future__ import annotations

import enum


class Language(enum.Enum):
    """How a script runs."""

    JAVASCRIPT = "javascript"
    """In the sandbox; see `engine_svc.scripts.sandbox`."""
    JUEL = "juel"
    """As an expression text: `engine_svc.expressions.compile_value` compiles it."""


_FORMATS = {
    # What Flowable takes where the model names no format
    "": Language.JUEL,
    "juel": Language.JUEL,
    "expression": Language.JUEL,
    "javascript": Language.JAVASCRIPT,
    "js": Language.JAVASCRIPT,
    "ecmascript": Language.JAVASCRIPT,
    "securejavascript": Language.JAVASCRIPT,
    "nashorn": Language.JAVASCRIPT,
    "rhino": Language.JAVASCRIPT,
    "graal.js": Language.JAVASCRIPT,
    "application/javascript": Language.JAVASCRIPT,
    "application/ecmascript": Language.JAVASCRIPT,
    "application/x-javascript": Language.JAVASCRIPT,
    "text/javascript": Language.JAVASCRIPT,
    "text/ecmascript": Language.JAVASCRIPT,
}


def script_language(script_format: str) -> Language | None:
    """Return the language of a `scriptFormat`, None where such scripts do not run. Case does not count."""
    return _FORMATS.get(script_format.strip().lower())


def refusal(script_format: str) -> str:
    """Return the sentence for authors of a model whose scripts do not run here."""
    shown = script_format.strip()
    shown = shown if len(shown) <= 40 else shown[:40] + "..."
    return (
        f'scripts in {shown!r} do not run here; rewrite it in JavaScript (scriptFormat="javascript"), '
        "or make it a service task that a worker of yours carries out"
    )
