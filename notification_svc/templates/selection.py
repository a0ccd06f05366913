"""Which template is taken: by language, then by whose it is."""

from __future__ import annotations

from collections.abc import Callable

from notification_svc.templates.template import Medium, MessageTemplate

FALLBACK = "en"
_MOST_PARTS = 4

Finder = Callable[[str, Medium, str], MessageTemplate | None]
"""Finds a template by event, medium and language."""


def languages_for(tag: str) -> tuple[str, ...]:
    """Return the languages to look for, the best first: `zh-Hans-CN`, `zh-Hans`, `zh`, `en`; in lower case."""
    parts = [part for part in tag.lower().replace("_", "-").split("-") if part][:_MOST_PARTS]
    found = ["-".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return tuple(dict.fromkeys([*found, FALLBACK]))


def select(event_type: str, medium: Medium, language: str, *finders: Finder) -> MessageTemplate | None:
    """Return the template of the best language that any finder has, of the first finder that has it.

    So the texts of a tenant win over the built-in ones of the same language, and a built-in one in the reader's
    language wins over a tenant's in English.
    """
    for each in languages_for(language):
        for find in finders:
            template = find(event_type, medium, each)
            if template is not None:
                return template
    return None
