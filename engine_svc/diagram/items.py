"""What is drawn: shapes and lines in their places, free of XML."""

from __future__ import annotations

from dataclasses import dataclass, field

Point = tuple[float, float]


@dataclass(slots=True, frozen=True)
class Bounds:
    """A rectangle; y grows downwards."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.height

    @property
    def center(self) -> Point:
        """The middle."""
        return self.x + self.width / 2, self.y + self.height / 2

    def moved(self, dx: float, dy: float) -> Bounds:
        """Return the same rectangle elsewhere."""
        return Bounds(self.x + dx, self.y + dy, self.width, self.height)


@dataclass(slots=True, frozen=True)
class Look:
    """What the model says about how an element looks."""

    id: str
    kind: str
    """Local name of the XML element."""
    name: str = ""
    trigger: str = ""
    """Of an event: `message`, `timer`, ..., `multiple`, `parallelMultiple`; empty: none."""
    throwing: bool = False
    interrupting: bool = True
    markers: tuple[str, ...] = ()
    """Of an activity, in the order they are drawn: `loop`, `parallel`, `sequential`, `compensation`, `adHoc`."""
    dashed: bool = False
    """An event sub-process."""
    instantiates: bool = False
    """A gateway or receive task that starts instances."""
    parallel_events: bool = False
    """An event-based gateway that waits for all its events."""
    collection: bool = False
    """A data object that stands for many."""
    has_process: bool = False
    """A pool whose process is in the file."""
    directions: str = ""
    """Of an association: `One` or `Both`; empty: no arrows."""
    default: bool = False
    """The default flow of its source."""
    conditional: bool = False
    """A flow with a condition that does not leave a gateway."""


@dataclass(slots=True, frozen=True)
class Shape:
    """A node in its place."""

    look: Look
    bounds: Bounds
    label: Bounds | None = None
    """Where a label outside the shape goes; None: below it."""
    expanded: bool = True
    horizontal: bool = True
    cross_visible: bool = True
    """An exclusive gateway shows its cross."""
    stroke: str = ""
    fill: str = ""


@dataclass(slots=True, frozen=True)
class Line:
    """A flow or an association along its points, two at least."""

    look: Look
    points: tuple[Point, ...]
    label: Bounds | None = None
    stroke: str = ""


@dataclass(slots=True)
class Drawing:
    """All that is drawn."""

    shapes: list[Shape] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.shapes) + len(self.lines)
