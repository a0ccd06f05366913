"""Numbers written as text."""

from __future__ import annotations

import re
from typing import Final

_NUMERAL: Final = re.compile(r"-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
MAX_CHARACTERS: Final = 400


def is_numeral(text: str) -> bool:
    """Tell whether a text is a decimal number, as form-js computes with them."""
    return len(text) <= MAX_CHARACTERS and _NUMERAL.fullmatch(text) is not None
