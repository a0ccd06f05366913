"""Users that a text names after an `@`."""

from __future__ import annotations

import re
from typing import Final

MAX_MENTIONS: Final = 50

_MENTION: Final = re.compile(r"(?<![A-Za-z0-9._@-])@([A-Za-z0-9](?:[A-Za-z0-9._@-]{0,62}[A-Za-z0-9])?)")
"""Only ASCII counts as a part of a word, so that a name may stand in Chinese text without a space."""


def mentioned_in(text: str) -> list[str]:
    """Return the ids of the users that a text names, each once, in its order; `MAX_MENTIONS` at most."""
    return list(dict.fromkeys(_MENTION.findall(text)))[:MAX_MENTIONS]
