"""Texts: how wide they are about, how they are broken into lines, and where they go."""

from __future__ import annotations

import unicodedata

from engine_svc.diagram.items import Bounds, Point
from engine_svc.diagram.svg import escaped, number, tag

FONT_SIZE = 12
LINE_HEIGHT = 14.4
LABEL_WIDTH = 90.0
"""Least width of a label outside its shape."""
MAX_LABEL_LINES = 12

_NARROW = frozenset("iIjl|.,:;'!`")
_SLIM = frozenset('frt()[]{}-/\\" ')
_BROAD = frozenset("mwMW@%")


def text_width(text: str) -> float:
    """Return about how wide a text is at `FONT_SIZE`."""
    return sum(_character_width(character) for character in text)


def _character_width(character: str) -> float:
    if character in _NARROW:
        return 3.2
    if character in _SLIM:
        return 4.4
    if character in _BROAD:
        return 10.4
    if character < "\x7f":
        return 8.6 if character.isupper() else 6.9
    if unicodedata.combining(character):
        return 0.0
    return 12.0 if unicodedata.east_asian_width(character) in "WF" else 7.5


def wrapped(text: str, width: float, max_lines: int) -> list[str]:
    """Return the lines of a text; words that are too long are cut, and so is what does not fit the lines."""
    lines: list[str] = []
    for paragraph in text.splitlines():
        current = ""
        for word in paragraph.split():
            joined = f"{current} {word}" if current else word
            if text_width(joined) <= width:
                current = joined
                continue
            if current:
                lines.append(current)
            *full, current = _cut(word, width)
            lines += full
            if len(lines) > max_lines:
                break
        if current:
            lines.append(current)
        if len(lines) > max_lines:
            break
    if len(lines) > max_lines:
        last = lines[max_lines - 1]
        while last and text_width(last + "…") > width:
            last = last[:-1]
        lines = [*lines[: max_lines - 1], last.rstrip() + "…"]
    return lines


def _cut(word: str, width: float) -> list[str]:
    parts = [""]
    used = 0.0
    for character in word:
        size = _character_width(character)
        if used + size > width and parts[-1]:
            # East Asian text breaks anywhere; a long word of another script does where it must.
            parts.append("")
            used = 0.0
        parts[-1] += character
        used += size
    return parts


def text_block(lines: list[str], x: float, top: float, anchor: str = "middle") -> str:
    """Return lines below each other; `x` is their middle, or their left edge where `anchor` is `start`."""
    if not lines:
        return ""
    rows = "".join(
        f'<tspan x="{number(x)}" y="{number(top + FONT_SIZE * 0.95 + LINE_HEIGHT * row)}">{escaped(line)}</tspan>'
        for row, line in enumerate(lines)
    )
    return tag("text", rows, text_anchor=anchor, class_="label")


def inside(text: str, bounds: Bounds, padding: float = 5.0) -> str:
    """Return a text in the middle of a rectangle."""
    most = max(1, int((bounds.height - 2 * padding) // LINE_HEIGHT))
    lines = wrapped(text, max(bounds.width - 2 * padding, FONT_SIZE), most)
    x, y = bounds.center
    return text_block(lines, x, y - LINE_HEIGHT * len(lines) / 2)


def at_top(text: str, bounds: Bounds) -> str:
    """Return a text at the upper edge of a rectangle."""
    lines = wrapped(text, max(bounds.width - 20, FONT_SIZE), 2)
    return text_block(lines, bounds.center[0], bounds.y + 5)


def along_left(text: str, bounds: Bounds, band: float) -> str:
    """Return a text that runs upwards along the left edge of a rectangle."""
    lines = wrapped(text, max(bounds.height - 10, FONT_SIZE), max(1, int(band // LINE_HEIGHT)))
    if not lines:
        return ""
    x, y = bounds.x + band / 2, bounds.center[1]
    block = text_block(lines, 0, -LINE_HEIGHT * len(lines) / 2)
    return tag("g", block, transform=f"translate({number(x)} {number(y)}) rotate(-90)")


def outside(text: str, place: Bounds | None, below: Point) -> tuple[str, Bounds | None]:
    """Return a label in its place, or under the point `below`; and the room that it takes."""
    if not text:
        return "", None
    width = max(place.width, LABEL_WIDTH) if place is not None else LABEL_WIDTH
    lines = wrapped(text, width, MAX_LABEL_LINES)
    x, top = (place.center[0], place.y) if place is not None else below
    widest = max((text_width(line) for line in lines), default=0.0)
    taken = Bounds(x - widest / 2, top, max(widest, 1.0), LINE_HEIGHT * max(len(lines), 1))
    return text_block(lines, x, top), taken
