"""Formal expressions (8.4.7): which languages are accepted, and what they hold."""

from __future__ import annotations

from lxml import etree

from engine_svc.model.context import ParseContext, Site, local_name, text_of, written_name
from engine_svc.model.dialects.feel_subset import feel_text
from engine_svc.model.elements import ModelText
from engine_svc.model.namespaces import BPMN, XSI, split
from engine_svc.model.rules import Rule

_ACCEPTED = frozenset({"", "juel", "uel", "el"})
_SILENT = frozenset({"id", "evaluatesToTypeRef", "language"})


def read_formal_expression(
    context: ParseContext, element: etree._Element, also_known: frozenset[str] = frozenset()
) -> ModelText | None:
    """Return the text of an expression element; None where it is empty or cannot be evaluated.

    `also_known` names attributes that the caller reads.
    """
    site = Site(context, element, written_name(element))
    text = text_of(element)
    usable = _language_accepted(site, element.get("language", ""), text)
    for key in element.attrib:
        namespace, name = split(str(key))
        if name in also_known:
            continue
        if namespace in ("", BPMN) and name not in _SILENT:
            site.warning(
                Rule.NOT_IN_EFFECT,
                f"The attribute {name} of {local_name(element)} has no effect: the expression is the element's text.",
            )
        elif namespace not in ("", BPMN, XSI):
            usable = False
            site.error(
                Rule.ATTRIBUTE_NOT_SUPPORTED,
                f"The attribute {name} of {local_name(element)} is not supported. Write the expression "
                "itself into the element.",
            )
    if not text or not usable:
        return None
    if _is_feel(element.get("language", "")):
        return feel_text(site, text if text.startswith("=") else f"={text}")
    return feel_text(site, text) if text.startswith("=") else site.template(text)


def _is_feel(language: str) -> bool:
    return "feel" in language.lower()


def _language_accepted(site: Site, language: str, text: str) -> bool:
    name = language.strip().lower()
    if name in _ACCEPTED or _is_feel(name):
        return True
    # What is written as ${...} or as = and FEEL shows its language; editors put any URI beside it.
    if "/" in name and text.startswith(("${", "#{", "=")):
        return True
    site.error(
        Rule.EXPRESSION_LANGUAGE_NOT_SUPPORTED,
        f"The expression language {language!r} is not supported. Remove the attribute language and write ${{...}}.",
    )
    return False
