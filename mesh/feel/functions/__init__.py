"""FEEL's functions (DMN 1.4, section 10.3.4), and some of Camunda's; importing this registers them."""

from mesh.feel.functions import (
    contexts,
    conversion,
    days,
    lists,
    numeric,
    ranges,
    strings,
)

__all__ = ["contexts", "conversion", "days", "lists", "numeric", "ranges", "strings"]
