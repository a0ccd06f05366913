"""What a definition says about the form that starts it."""

from __future__ import annotations

from dataclasses import dataclass

from engine_svc.model.elements import FormField, StartEvent
from engine_svc.model.parse import parse_bpmn


@dataclass(slots=True, frozen=True)
class StartForm:
    """A form as the model writes it; `key` is empty where it names none."""

    key: str = ""
    fields: tuple[FormField, ...] = ()


def read_start_form(content: bytes, process_key: str) -> StartForm:
    """Return the form of a process of a file: the one of the first start event that has one."""
    definitions = parse_bpmn(content).definitions
    for process in definitions.processes if definitions is not None else ():
        if process.id != process_key:
            continue
        for node in process.body.nodes:
            if isinstance(node, StartEvent) and (node.form_key is not None or node.form_fields):
                return StartForm(node.form_key.text if node.form_key is not None else "", tuple(node.form_fields))
    return StartForm()
