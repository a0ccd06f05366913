"""Scripts within extension elements: listeners and parameters."""

from __future__ import annotations

from lxml import etree

from engine_svc.model.context import Site, text_of
from engine_svc.model.elements import ModelText, Script
from engine_svc.model.rules import Rule
from engine_svc.scripts.language import ScriptLanguage, refusal, script_language


def expression_or_script(
    script_format: str, text: str, site: Site, *, auto_store: bool = False
) -> ModelText | Script | None:
    """Return a script of the model; an expression where it is written as one, None where it was refused."""
    language = script_language(script_format)
    if language is None:
        site.error(Rule.SCRIPT_LANGUAGE_NOT_SUPPORTED, f"{site.origin}: {refusal(script_format)}")
        return None
    if language is ScriptLanguage.EXPRESSION:
        return site.template(text)
    return Script(format=language.value, source_text=text, source=site.source, auto_store=auto_store)


def read_script_element(element: etree._Element, site: Site) -> ModelText | Script | None:
    """Return what a `script` extension element holds, None where it was reported."""
    script_format = element.get("scriptFormat") or element.get("language") or ""
    if element.get("resource"):
        if script_language(script_format) is None:
            site.error(Rule.SCRIPT_LANGUAGE_NOT_SUPPORTED, f"{site.origin}: {refusal(script_format)}")
            return None
        site.error(
            Rule.ELEMENT_NOT_SUPPORTED,
            f"{site.origin} takes its text from the file {element.get('resource')!r}, which is not part of the model. "
            "Write the script into the element.",
        )
        return None
    if element.get("resultVariable"):
        site.warning(
            Rule.NOT_IN_EFFECT,
            f"The result variable of {site.origin} is not set. Set it in the script, with execution.setVariable.",
        )
    return expression_or_script(script_format, text_of(element), site)
