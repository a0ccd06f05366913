"""Text → words to find it by.

Text of scripts that set words apart is cut into these. Chinese, Japanese, Korean, Thai and others set no words apart:
such text is cut into its characters and into each two neighbours, so that every word of two characters is found by one
look-up, and a longer one by those of its pairs.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

MAX_WORD_CHARACTERS: Final = 64
MAX_TEXT_CHARACTERS: Final = 4_096
MAX_WORDS: Final = 512
"""Of one record: what is longer is found by its beginning."""
CACHED_TEXTS: Final = 2_048
CACHED_CHARACTERS: Final = 128

_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3040-\u30ff\u3105-\u312f"
    "\u31a0-\u31bf\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_PART: Final = re.compile(rf"[{_UNSPACED}]+|[^\W{_UNSPACED}]+")
_RUN: Final = re.compile(rf"[{_UNSPACED}]")


def plain(text: str) -> str:
    """Return a text as it is compared: whatever way its characters are written, and without case."""
    # Folding may bring up what composes anew.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text[:MAX_TEXT_CHARACTERS]).casefold())


def beginning_of(texts: Iterable[str]) -> str:
    """Return texts as one, as much of it as is looked into; no more of them are asked for."""
    found: list[str] = []
    length = 0
    for text in texts:
        found.append(text)
        length += len(text) + 1
        if length > MAX_TEXT_CHARACTERS:
            break
    return "\n".join(found)[:MAX_TEXT_CHARACTERS]


def parts_of(plain_text: str) -> list[str]:
    """Return the words and the unspaced runs of a text that is plain, in their order."""
    return _PART.findall(plain_text)


def is_run(part: str) -> bool:
    """Tell whether a part is a run of characters that no spaces set apart."""
    return _RUN.match(part) is not None


def words_of_part(part: str) -> list[str]:
    """Return the words to find a part by."""
    if is_run(part):
        return [*part, *(part[place : place + 2] for place in range(len(part) - 1))]
    return [part[:MAX_WORD_CHARACTERS]]


def words_of(text: str) -> tuple[str, ...]:
    """Return the words to find a text by, each once."""
    return _cached(text) if len(text) <= CACHED_CHARACTERS else _words(text)


def _words(text: str) -> tuple[str, ...]:
    words: dict[str, None] = {}
    for part in parts_of(plain(text)):
        for word in words_of_part(part):
            words[word] = None
            if len(words) >= MAX_WORDS:
                return tuple(words)
    return tuple(words)


_cached = lru_cache(CACHED_TEXTS)(_words)
