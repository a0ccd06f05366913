"""Which passwords are good enough: long, and not what everybody tries first (NIST SP 800-63B, 5.1.1.2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mesh.errors import InvalidField, Violation

LEAST_OWN_CHARACTERS = 5
"""So many characters must be left of a password without the words, runs and repetitions that guessing begins with."""

_WORDS = Path(__file__).with_name("common_words.txt")
_ROWS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "qazwsxedcrfvtgbyhnujm",
)
_LEAST_RUN = 3
_LOOKED_AT_ONCE = 64
"""The time it takes rises with the square of it."""
_LOOKED_AT = 128
"""What a password has to have of its own it has among so many characters; it takes some milliseconds to look."""
_SPELLINGS = str.maketrans("@$!|3510748", "asiiesioatb")
"""How words are disguised: `p@ssw0rd`."""


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """How many characters a password has at least and at most."""

    least: int = 12
    most: int = 1024

    def check(self, password: str, user_id: str, field: str) -> None:
        """Raise InvalidField (PASSWORD_TOO_WEAK), naming the `field`, for a password that is not good enough."""
        faults = [Violation(field, fault) for fault in self._faults(password, user_id)]
        if faults:
            text = f"The password is too weak: {' '.join(fault.description for fault in faults)}"
            raise InvalidField("PASSWORD_TOO_WEAK", text, violations=faults)

    def _faults(self, password: str, user_id: str) -> Iterator[str]:
        if len(password) < self.least:
            yield f"It needs {self.least} characters or more."
        if len(password) > self.most:
            yield f"It may have {self.most} characters at most."
            return
        if len(user_id) >= _LEAST_RUN and user_id.casefold() in password.casefold():
            yield "It must not contain the id of the user."
        if len(password) >= self.least and own_characters(password) < LEAST_OWN_CHARACTERS:
            yield "It is made of what is guessed first: common words, runs of keys, repetitions. Add words of your own."


def own_characters(password: str) -> int:
    """Count the characters that are in no common word, run of keys or repetition, each distinct one once.

    Counts no further than it takes to be enough.
    """
    own: set[str] = set()
    for start in range(0, min(len(password), _LOOKED_AT), _LOOKED_AT_ONCE):
        own |= _own_characters(password[start : start + _LOOKED_AT_ONCE].casefold())
        if len(own) >= LEAST_OWN_CHARACTERS:
            break
    return len(own)


def _own_characters(plain: str) -> set[str]:
    covered = [False] * len(plain)
    for text in (plain, plain.translate(_SPELLINGS)):
        for start in range(len(text)):
            for end in range(start, start + _longest_guess(text, start)):
                covered[end] = True
    return {character for character, known in zip(plain, covered, strict=True) if not known}


def _longest_guess(text: str, start: int) -> int:
    return max(_word(text, start), _run(text, start), _repetition(text, start))


def _word(text: str, start: int) -> int:
    words, longest = _common_words()
    for length in range(min(longest, len(text) - start), 2, -1):
        if text[start : start + length] in words:
            return length
    return 0


def _run(text: str, start: int) -> int:
    best = 0
    for row in _ROWS:
        for keys in (row, row[::-1]):
            length = _LEAST_RUN
            while start + length <= len(text) and text[start : start + length] in keys:
                best = max(best, length)
                length += 1
    return best


def _repetition(text: str, start: int) -> int:
    """Return how long the same characters come again and again: `aaa`, `abcabc`, `xyxyxy`."""
    best = 0
    for width in range(1, (len(text) - start) // 2 + 1):
        part = text[start : start + width]
        end = start + width
        while text[end : end + width] == part:
            end += width
        length = end - start
        if length >= max(2 * width, _LEAST_RUN):
            # What is repeated counts once.
            best = max(best, length - width if width > 1 else length)
            break
    return best


@cache
def _common_words() -> tuple[frozenset[str], int]:
    lines = _WORDS.read_text(encoding="utf-8").splitlines()
    words = frozenset(word for line in lines if not line.startswith("#") for word in line.split())
    return words, max(map(len, words))
