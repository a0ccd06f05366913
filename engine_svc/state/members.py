"""What an instance is made of, as it is stored: scopes, tokens and pages, each with a key of its own.

An instance with many of them is stored in parts of neighbouring keys, so that a commit writes the parts that changed
and costs what it changes, however large the instance is. A small one has no parts and pays nothing for them.
"""

from __future__ import annotations

from typing import Any, TypeVar

SPAN = 32
"""Keys to a part."""


class Member:
    """Something of an instance that is stored under its key.

    `encoded` is the stored form, None where it changed since. `changed_parts` is where its part is noted then; None
    while it belongs to no instance that is stored in parts.
    """

    __slots__ = ("_encoded", "changed_parts", "key")

    key: int

    def __init__(self, key: int) -> None:
        self.key = key
        self._encoded: bytes | None = None
        self.changed_parts: set[int] | None = None

    @property
    def encoded(self) -> bytes | None:
        """The stored form, None where it changed since."""
        return self._encoded

    @encoded.setter
    def encoded(self, content: bytes | None) -> None:
        self._encoded = content
        if content is None and self.changed_parts is not None:
            self.changed_parts.add(self.key // SPAN)


M = TypeVar("M", bound=Member)


class PartedMembers(dict[int, M]):
    """Members by key, of an instance that is stored in parts: notes the parts that change."""

    def __init__(self, members: dict[int, M], changed_parts: set[int]) -> None:
        super().__init__(members)
        self._changed = changed_parts
        for key, member in members.items():
            member.changed_parts = changed_parts
            changed_parts.add(key // SPAN)

    def __setitem__(self, key: int, member: M) -> None:
        super().__setitem__(key, member)
        member.changed_parts = self._changed
        self._changed.add(key // SPAN)

    def __delitem__(self, key: int) -> None:
        self[key].changed_parts = None
        super().__delitem__(key)
        self._changed.add(key // SPAN)

    def pop(self, key: int, *default: Any) -> Any:
        """Remove a member and return it; the default where it is not here."""
        if key in self:
            member = self[key]
            del self[key]
            return member
        return super().pop(key, *default)

    def clear(self) -> None:
        """Remove all members."""
        for key in list(self):
            del self[key]


def plain(members: dict[int, M]) -> dict[int, M]:
    """Return members as those of an instance that is not stored in parts."""
    for member in members.values():
        member.changed_parts = None
    return dict(members)


class Parts:
    """The parts that an instance is stored in."""

    __slots__ = ("changed", "sizes")

    def __init__(self) -> None:
        self.changed: set[int] = set()
        """Numbers of the parts that changed since they were stored."""
        self.sizes: dict[int, int] = {}
        """Stored bytes by number."""


class LargeValue:
    """The value of a variable that is stored apart from its scope, under the hash of its content."""

    __slots__ = ("content_hash", "size", "value")

    def __init__(self, value: Any, content_hash: str, size: int) -> None:
        self.value = value
        self.content_hash = content_hash
        self.size = size


class LargeValues:
    """Those of an instance. A value that several variables have is stored once."""

    __slots__ = ("scopes", "sizes")

    def __init__(self) -> None:
        self.scopes: set[int] = set()
        """Keys of the scopes that may have any."""
        self.sizes: dict[str, int] = {}
        """Stored bytes by hash."""
