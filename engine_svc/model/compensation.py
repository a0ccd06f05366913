"""Which activity compensates which: associations from compensation boundary events (10.6.7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from engine_svc.model.elements import Activity, BoundaryEvent, CompensationDefinition, Process, containers


def link_handlers(process: Process, associations: Iterable[tuple[str, str]]) -> None:
    """Fill in the compensation links of each scope from associations anywhere in the process.

    An association may be drawn in either direction.
    """
    pairs = list(associations)
    compensated: dict[str, str] = {}
    for _, body in containers(process):
        catches = {
            node.id: node.attached_to
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
                compensated.setdefault(link[1], catches[link[0]])
    _name_activities(process, compensated)


def _name_activities(process: Process, compensated: Mapping[str, str]) -> None:
    """Let a throw that names a handler name the activity that it compensates, as older models mean it."""
    for _, body in containers(process):
        for node in body.nodes:
            definition = getattr(node, "definition", None)
            if isinstance(definition, CompensationDefinition):
                definition.activity_ref = compensated.get(definition.activity_ref, definition.activity_ref)
