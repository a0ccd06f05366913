"""Which activity compensates which: associations from compensation boundary events (10.6.7)."""

from __future__ import annotations

from collections.abc import Iterable

from engine_svc.model.elements import Activity, BoundaryEvent, CompensationDefinition, Process, containers


def link_handlers(process: Process, associations: Iterable[tuple[str, str]]) -> None:
    """Fill in the compensation links of each scope from associations anywhere in the process.

    An association may be drawn in either direction.
    """
    pairs = list(associations)
    for _, body in containers(process):
        catches = {
            node.id
            for node in body.nodes
            if isinstance(node, BoundaryEvent) and isinstance(node.definition, CompensationDefinition)
        }
        if not catches:
            continue
        activities = {node.id for node in body.nodes if isinstance(node, Activity)}
        for source, target in pairs:
            if source in catches and target in activities:
                link = (source, target)
            elif target in catches and source in activities:
                link = (target, source)
            else:
                continue
            if link not in body.compensation_links:
                body.compensation_links.append(link)
