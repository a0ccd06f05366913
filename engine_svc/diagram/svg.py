"""SVG text. Everything that comes from a model passes through `escaped`."""

from __future__ import annotations

from html import escape
from math import cos, pi, sin

from engine_svc.diagram.items import Point


def escaped(text: str) -> str:
    """Return text that can stand in an attribute or an element."""
    return escape(text, quote=True)


def number(value: float) -> str:
    """Return a coordinate with two places at most."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def tag(name: str, content: str = "", /, **attributes: str | float) -> str:
    """Return an element. `content` is SVG; `_` in attribute names stands for `-`, and is cut off at the end."""
    parts = [
        f' {key.rstrip("_").replace("_", "-")}="{escaped(value) if isinstance(value, str) else number(value)}"'
        for key, value in attributes.items()
    ]
    return f"<{name}{''.join(parts)}>{content}</{name}>" if content else f"<{name}{''.join(parts)}/>"


def group(content: str, /, **attributes: str | float) -> str:
    """Return a group."""
    return tag("g", content, **attributes)


def at(x: float, y: float, content: str, scale: float = 1.0) -> str:
    """Return content moved to a point and scaled."""
    size = f" scale({number(scale)})" if scale != 1.0 else ""
    return tag("g", content, transform=f"translate({number(x)} {number(y)}){size}")


def path(data: str, /, **attributes: str | float) -> str:
    """Return a path."""
    return tag("path", d=data, **attributes)


def circle(x: float, y: float, radius: float, /, **attributes: str | float) -> str:
    """Return a circle."""
    return tag("circle", cx=x, cy=y, r=radius, **attributes)


def rectangle(x: float, y: float, width: float, height: float, /, **attributes: str | float) -> str:
    """Return a rectangle."""
    return tag("rect", x=x, y=y, width=width, height=height, **attributes)


def points_text(points: list[Point]) -> str:
    """Return points as `points` attributes hold them."""
    return " ".join(f"{number(x)},{number(y)}" for x, y in points)


def polygon(points: list[Point], /, **attributes: str | float) -> str:
    """Return a polygon."""
    return tag("polygon", points=points_text(points), **attributes)


def around(count: int, radius: float, start: float = -pi / 2) -> list[Point]:
    """Return points on a circle about the origin, the first one at the angle `start`."""
    return [
        (radius * cos(start + 2 * pi * step / count), radius * sin(start + 2 * pi * step / count))
        for step in range(count)
    ]
