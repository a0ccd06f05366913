"""What the two databases say in different ways."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from mesh.db.database import Database
from mesh.db.sqlite import SqliteDatabase

_ANY, _ONE = object(), object()


@dataclass(slots=True, frozen=True)
class Dialect:
    """How one of the databases says it. No text may hold a percent sign or a question mark that is not a value's."""

    sqlite: bool

    def like(self, expression: str, pattern: str) -> tuple[str, tuple[str, ...]]:
        """Return the condition for a text that looks like a pattern: `%` any text, `_` one character, `\\` takes the
        next sign as it is. Upper and lower case are told apart."""
        if self.sqlite:
            # Its LIKE takes upper and lower case of ASCII for the same.
            signs = {_ANY: "*", _ONE: "?", "*": "[*]", "?": "[?]", "[": "[[]"}
            return f"{expression} GLOB ?", ("".join(signs.get(sign, str(sign)) for sign in _signs(pattern)),)
        signs = {_ANY: "%", _ONE: "_", "%": "!%", "_": "!_", "!": "!!"}
        text = "".join(signs.get(sign, str(sign)) for sign in _signs(pattern))
        return f"{expression} LIKE ? ESCAPE '!'", (text,)

    def joined(self, first: str, second: str) -> str:
        """Return the text of two expressions put together."""
        return f"{first}||{second}" if self.sqlite else f"CONCAT({first},{second})"


def dialect_of(database: Database) -> Dialect:
    """Return what a database speaks."""
    return Dialect(isinstance(database, SqliteDatabase))


def literal_prefix(pattern: str) -> str:
    """Return what every text begins with that looks like a pattern."""
    prefix = ""
    for sign in _signs(pattern):
        if not isinstance(sign, str):
            break
        prefix += sign
    return prefix


def _signs(pattern: str) -> Iterator[object]:
    signs = iter(pattern)
    for sign in signs:
        if sign == "%":
            yield _ANY
        elif sign == "_":
            yield _ONE
        elif sign == "\\":
            # At the end it stands for itself.
            yield next(signs, sign)
        else:
            yield sign
