"""What the file of a process says about the forms of its start and of its tasks."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

from engine_svc.compile.load import bpmn_of
from engine_svc.model.elements import FormBinding, FormField, Process, StartEvent, UserTask, body_of
from engine_svc.model.namespaces import ZEEBE
from engine_svc.model.parse import parse_bpmn

MAX_KEPT = 200
EMBEDDED_PREFIX = "camunda-forms:bpmn:"


@dataclass(slots=True, frozen=True)
class ModelForm:
    """What an element says of its form. `key` as the model writes it, with its expressions."""

    element_id: str = ""
    key: str = ""
    binding: FormBinding = FormBinding.UNSAID
    version: str = ""
    fields: tuple[FormField, ...] = ()


@dataclass(slots=True, frozen=True)
class ModelForms:
    """The forms of a process."""

    start: ModelForm = ModelForm()
    tasks: Mapping[str, ModelForm] = field(default_factory=dict)
    embedded: Mapping[str, bytes] = field(default_factory=dict)
    """Schemas that lie in the model, by their ids."""

    def embedded_schema(self, key: str) -> bytes:
        """Return the schema that a form key names in the model; empty where it names none there."""
        if not key.startswith(EMBEDDED_PREFIX):
            return b""
        return self.embedded.get(key.removeprefix(EMBEDDED_PREFIX), b"")


def read_model_forms(content: bytes, process_key: str) -> ModelForms:
    """Return the forms of a process of a BPMN file."""
    definitions = parse_bpmn(content).definitions
    for process in definitions.processes if definitions is not None else ():
        if process.id == process_key:
            return _forms_of(process)
    return ModelForms()


def _forms_of(process: Process) -> ModelForms:
    start = ModelForm()
    tasks: dict[str, ModelForm] = {}
    bodies = [process.body]
    for body in bodies:
        for node in body.nodes:
            if isinstance(node, UserTask):
                tasks[node.id] = _form_of(node)
            elif (
                body is process.body
                and isinstance(node, StartEvent)
                and not start.element_id
                and (node.form_key is not None or node.form_fields)
            ):
                start = _form_of(node)
            if (inner := body_of(node)) is not None:
                bodies.append(inner)
    embedded = {}
    for extension in process.extensions:
        if extension.name == "userTaskForm" and extension.namespace in ZEEBE:
            element = etree.fromstring(extension.content.encode())
            embedded[element.get("id", "")] = (element.text or "").strip().encode()
    return ModelForms(start, tasks, embedded)


def _form_of(node: UserTask | StartEvent) -> ModelForm:
    key = node.form_key.text if node.form_key is not None else ""
    return ModelForm(node.id, key, node.form_binding, node.form_version, tuple(node.form_fields))


class ModelFormsCache:
    """The forms of process definitions, which never change. Parsing a file again for each call would cost too much."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, ModelForms] = OrderedDict()

    async def read(self, definition_id: str, process_key: str, resource_name: str, content: bytes) -> ModelForms:
        """Return the forms of a definition, given its file."""
        forms = self._kept.get(definition_id)
        if forms is None:
            forms = await asyncio.to_thread(lambda: read_model_forms(bpmn_of(resource_name, content), process_key))
            self._kept[definition_id] = forms
        self._kept.move_to_end(definition_id)
        while len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return forms
