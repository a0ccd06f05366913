"""The texts that there are without anybody writing any: all events in Chinese and English."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Final

from notification_svc.templates.template import Medium, MessageTemplate

LANGUAGES: Final = ("en", "zh")
_TEXTS = Path(__file__).parent / "texts"


def find_built_in(event_type: str, medium: Medium, language: str) -> MessageTemplate | None:
    """Return a built-in template, None where there is none."""
    return _all(language).get((event_type, medium)) if language in LANGUAGES else None


@lru_cache(maxsize=len(LANGUAGES))
def _all(language: str) -> dict[tuple[str, Medium], MessageTemplate]:
    found: dict[tuple[str, Medium], MessageTemplate] = {}
    for file in sorted((_TEXTS / language).glob("*.toml")):
        texts = tomllib.loads(file.read_text(encoding="utf-8"))
        for medium in Medium:
            # E-mail has texts of its own; everything else is read at a glance.
            parts = texts["email" if medium is Medium.EMAIL else "short"]
            found[file.stem, medium] = MessageTemplate(file.stem, medium, language, **parts)
    return found
