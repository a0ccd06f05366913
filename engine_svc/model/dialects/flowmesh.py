"""What Flowmesh itself adds to BPMN, in a namespace of its own; other dialects say it by a property of the process."""

from __future__ import annotations

from typing import Final

from lxml import etree

from engine_svc.expressions.timers import InvalidTimer, duration
from engine_svc.model.context import Site, local_name
from engine_svc.model.dialects.dialect import Dialect, claim, keep_extension
from engine_svc.model.elements import Process
from engine_svc.model.namespaces import FLOWMESH as NAMESPACES
from engine_svc.model.rules import Rule

COMPLETION_ACKNOWLEDGEMENT: Final = "completionAcknowledgement"
LEAST_SECONDS: Final = 1
MOST_SECONDS: Final = 30 * 86_400
"""Each repetition doubles it, so that the last one ends after 15 times as long."""


def _acknowledgement(node: Process, value: str, site: Site) -> None:
    try:
        micros = duration(value).after(0)
    except InvalidTimer as error:
        site.error(Rule.ATTRIBUTE_VALUE_INVALID, f"{site.origin}: {error}.")
        return
    if not LEAST_SECONDS * 1_000_000 <= micros <= MOST_SECONDS * 1_000_000:
        site.error(
            Rule.ATTRIBUTE_VALUE_INVALID,
            f'{site.origin}="{value[:60]}" must be a duration from one second (PT1S) to thirty days (P30D).',
        )
    elif claim(node, "acknowledgement_micros", site):
        node.acknowledgement_micros = micros


def process_properties(node: Process, element: etree._Element, site: Site) -> None:
    """Keep the properties of a process; one that Flowmesh knows counts as the attribute of its name."""
    keep_extension(node, element, site)
    for child in element:
        if local_name(child) == "property" and child.get("name") == COMPLETION_ACKNOWLEDGEMENT:
            where = Site(site.context, child, f"the property {COMPLETION_ACKNOWLEDGEMENT}")
            _acknowledgement(node, child.get("value", ""), where)


FLOWMESH = Dialect(
    name="flowmesh",
    namespaces=NAMESPACES,
    attributes={(Process, COMPLETION_ACKNOWLEDGEMENT): _acknowledgement},
    elements={},
)
