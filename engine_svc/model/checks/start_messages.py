"""Each message starts one process: two start events of a file cannot wait for the same (as Flowable)."""

from __future__ import annotations

from engine_svc.model.elements import Definitions, MessageDefinition, StartEvent
from engine_svc.model.problem import Findings
from engine_svc.model.rules import Rule


def check_start_messages(definitions: Definitions, findings: Findings) -> None:
    """Report start events of processes that wait for the message of another one."""
    first: dict[str, StartEvent] = {}
    for process in definitions.processes:
        for node in process.body.nodes:
            if not isinstance(node, StartEvent) or not isinstance(node.definition, MessageDefinition):
                continue
            name = node.definition.message.text
            other = first.setdefault(name, node)
            if name and other is not node:
                findings.error(
                    Rule.MESSAGE_START_DUPLICATE,
                    node.id,
                    node.source,
                    f"The start events {other.id!r} and {node.id!r} both wait for the message {name!r}. Only one can "
                    "be started by it: give one of them another message.",
                )
